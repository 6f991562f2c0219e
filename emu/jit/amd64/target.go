// Package amd64 writes machine code for x86-64 hosts with AVX2 and BMI2: the
// lowering of ir to instructions, and register allocation. The package asm encodes the
// instructions; enter has the assembly code that enters machine code and handles its
// signals.
//
// # Registers
//
// R15 is the context: it points into the CPU's frame. R14 is the base of guest
// memory, or where a TLB begins. The words that the guest uses most are pinned to registers (pinHosts)
// in all blocks, so that a jump from block to block moves nothing. R10, R11 and
// R13 hold everything else, within a block. RSP is no stack pointer but CPU.Left,
// the rest of the budget: Go's signal handlers have a stack of their own, and
// nothing here calls or pushes, except PUSHF, for which two words of Host are the
// stack. Who leaves takes Go's stack pointer from Host.SP.
//
// # Where values are
//
// Each frame word has a home in the frame. Within a block a word that is not
// pinned can be in a register, share one with another word of the same value, or
// be a constant, and its home can be out of date (dirty). Dirty slots are stored
// when the block ends or calls; where an access may fault, a table says where
// they are, so that the exact state can be put together without stores (see
// jit.Fault).
package amd64

import (
	"encoding/binary"

	"panda/emu/interp"
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
	"panda/emu/jit/amd64/enter"
	"panda/emu/vcpu"
	"panda/emu/x87"
)

// Target is the host as jit sees it.
type Target struct {
	l      lower
	pin    []asm.Reg           // by word; asm.NoReg for what is not pinned
	words  [ir.FrameWords]word // what is known at the start of a block
	base   ir.Ref
	pcWord ir.Ref
	arch   *vcpu.Arch
	x87    *x87.Family // nil if the guest has none
	interp interp.Engine

	helpers []*ir.Helper // that have a Body
	subs    map[*ir.Helper]uint32

	vecLo, vecHi ir.Ref // the vector registers
	fpEnv        ir.Ref
	lacking      [ir.NumVecOps]bool // the host has no instruction for it

	// Offsets of the code that all blocks share.
	leave     uint32 // where blocks leave
	call      uint32 // where they leave for a function to be called
	callAgain uint32 // the same, if all words and environments are at home: see frame.tidy
	landing   uint32 // where a block goes on that has faulted
	arena     uintptr
}

// New makes a target for a guest architecture.
func New(a *vcpu.Arch) *Target {
	t := &Target{arch: a, base: a.TempBase, pcWord: a.PC, vecLo: a.Vec, vecHi: a.TempBase, fpEnv: a.FPEnv, helpers: a.Subroutines, subs: map[*ir.Helper]uint32{}}
	for _, f := range a.Families {
		if x, ok := f.(*x87.Family); ok {
			t.x87 = x
		}
	}
	for n, w := range a.Hot {
		if n == len(pinHosts) {
			break
		}
		for int(w) >= len(t.pin) {
			t.pin = append(t.pin, asm.NoReg)
		}
		t.pin[w] = pinHosts[n]
	}
	for w := range t.words {
		t.words[w].reg = asm.NoReg
	}
	for w, r := range t.pin {
		t.words[w].reg = r
	}
	return t
}

func (t *Target) single(b *ir.Block, tb *vcpu.TB, i *ir.Insn, insn int) (*interp.Single, error) {
	return t.interp.Single(b, tb, i, insn)
}

// resumeReg has the address at which the entry at enter.ResumeAt continues.
const resumeReg = asm.R11

// Prologue writes the entry at offset 0, where blocks leave, where faults land, and the
// subroutines.
func (t *Target) Prologue(base uintptr) []byte {
	var a asm.Writer
	t.arena = base
	t.entry(&a)
	t.exits(&a)
	t.faultLands(&a)
	for _, h := range t.helpers {
		t.subs[h] = uint32(a.Pos())
		a.Buf = append(a.Buf, t.subroutine(h, uint32(a.Pos()))...)
	}
	return a.Buf
}

// entry loads the guest's registers and goes where Host.Target says.
func (t *Target) entry(a *asm.Writer) {
	a.Load(8, resumeReg, atTarget)
	if a.Pos() != enter.ResumeAt {
		panic("BUG: the entry for going on is elsewhere")
	}
	for w, r := range t.pin {
		if r != asm.NoReg {
			a.Load(8, r, home(ir.Ref(w)))
		}
	}
	a.Load(8, asm.R14, atBase)
	a.Load(8, leftReg, atLeft)
	t.fpCheck(a)
	a.JmpReg(resumeReg)
}

// exits are the three ways by which blocks return to enter.
func (t *Target) exits(a *asm.Writer) {
	t.leave = uint32(a.Pos())
	a.Store(4, atExit, exitReg)
	a.MovImm(callReg, 0)
	t.goHome(a, fpOff)
	t.call = uint32(a.Pos())
	t.goHome(a, fpStay)
	t.callAgain = uint32(a.Pos())
	a.Store(8, atLeft, leftReg)
	a.Load(8, asm.RSP, atSP)
	a.Ret()
}

// faultLands keeps what the signal handler cannot: vector registers and the x87.
func (t *Target) faultLands(a *asm.Writer) {
	t.landing = uint32(a.Pos())
	for n := range asm.Reg(16) {
		m := atVec
		m.Disp += 32 * int32(n)
		a.VRM(asm.VmovdquSt, true, n, 0, m)
	}
	a.AluMI(asm.AluCmp, 4, atX87, 0)
	quiet := a.Jcc8(asm.CcE)
	a.X87Mem(asm.Fnsave, atX87Image) // this leaves the environment that Go has
	a.StoreImm(4, atX87, 0)
	a.Patch8(quiet)
	a.Patch(a.Jmp(), int(t.leave))
}

// goHome stores the guest's registers and returns to enter.
func (t *Target) goHome(a *asm.Writer, fpOff func(a *asm.Writer, env ir.Ref)) {
	for w, r := range t.pin {
		if r != asm.NoReg {
			a.Store(8, home(ir.Ref(w)), r)
		}
	}
	a.Store(8, atLeft, leftReg)
	a.Load(8, asm.RSP, atSP)
	a.AluMI(asm.AluCmp, 4, atFP, 0)
	quiet := a.Jcc8(asm.CcE)
	fpOff(a, t.fpEnv)
	a.Patch8(quiet)
	a.AluMI(asm.AluCmp, 4, atX87, 0)
	quiet = a.Jcc8(asm.CcE)
	x87GoHome(a)
	a.Patch8(quiet)
	a.Vzeroupper()
	a.Ret()
}

// fpOff stores the guest's floating-point environment and takes Go's.
func fpOff(a *asm.Writer, env ir.Ref) {
	a.Stmxcsr(home(env))
	a.Ldmxcsr(atMXCSR)
	a.StoreImm(4, atFP, 0)
}

// fpStay stores the guest's floating-point environment. While a function is called
// the host stays in it if it differs from Go's in the flags alone, since to load
// it again takes longer than the call.
func fpStay(a *asm.Writer, env ir.Ref) {
	a.Stmxcsr(home(env))
	a.Load(4, exitReg, home(env))
	a.AluI(asm.AluAnd, 4, exitReg, ^fpFlags)
	a.AluI(asm.AluCmp, 4, exitReg, goMXCSR)
	stay := a.Jcc8(asm.CcE)
	a.Ldmxcsr(atMXCSR)
	a.StoreImm(4, atFP, 0)
	a.Patch8(stay)
}

// fpFlags are the exception flags of MXCSR (SDM vol. 1, 10.2.3).
const fpFlags = 0x3f

// fpCheck puts the guest's environment right, where it should be in force, after a
// function that may have changed it or the slot, or come back in another thread.
func (t *Target) fpCheck(a *asm.Writer) {
	a.AluMI(asm.AluCmp, 4, atFP, 0)
	quiet := a.Jcc8(asm.CcE)
	a.Stmxcsr(atScratch)
	a.Load(4, callReg, atScratch)
	a.AluM(asm.AluCmp, 4, callReg, home(t.fpEnv))
	same := a.Jcc8(asm.CcE)
	a.Ldmxcsr(home(t.fpEnv))
	a.Patch8(same)
	a.Patch8(quiet)
}

// Link makes the jump whose displacement is at a place lead to a position.
func (*Target) Link(buf []byte, place, to uint32) {
	binary.LittleEndian.PutUint32(buf[place:], to-place-4)
}

// goMXCSR and goCW are the environment that Go code runs in: all exceptions masked.
const (
	goMXCSR = 0x1f80
	goCW    = 0x37f
)

// Enter runs machine code from c.Host.Target.
func (t *Target) Enter(c *vcpu.CPU) {
	c.Host.Landing = t.arena + uintptr(t.landing)
	c.Host.MXCSR, ownOf(&c.Host).goCW = goMXCSR, goCW
	c.Host.Canonical = canonical
	enter.Run(c, t.arena)
}

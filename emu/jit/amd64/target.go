// Package amd64 writes machine code for x86-64 hosts with AVX2 and BMI2: the
// encoder, the lowering of ir to instructions, register allocation, and the
// assembly code that enters machine code and handles its signals.
//
// # Registers
//
// R15 is the context: it points into the CPU's frame. R14 is the base of guest
// memory. The words that the guest uses most are pinned to registers (pinHosts)
// in all blocks, so that a jump from block to block moves nothing. R10, R11 and
// R13 hold everything else, within a block. RSP is Go's. It moves only for PUSHF
// and within subroutines, where nothing can fault, so that the landing place of a
// fault finds the return address where it was.
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
	"panda/emu/vcpu"
)

// Target is the host as jit sees it.
type Target struct {
	l      lower
	pin    []Reg               // by word; noReg for what is not pinned
	words  [ir.FrameWords]word // what is known at the start of a block
	base   ir.Ref
	pcWord ir.Ref
	arch   *vcpu.Arch
	interp interp.Engine

	helpers []*ir.Helper // that have a Body
	subs    map[*ir.Helper]uint32

	vecLo, vecHi ir.Ref // the vector registers
	fpEnv        ir.Ref

	leave uint32 // where blocks leave
	call  uint32 // where they leave for a function to be called
	// where they do so when they have been there before, and all else is in order
	callAgain uint32
	landing   uint32 // where they land that have faulted
	arena     uintptr
}

// New makes a target for a guest architecture.
func New(a *vcpu.Arch) *Target {
	t := &Target{arch: a, base: a.TempBase, pcWord: a.PC, vecLo: a.Vec, vecHi: a.TempBase, fpEnv: a.FPEnv, helpers: a.Subroutines, subs: map[*ir.Helper]uint32{}}
	for n, w := range a.Hot {
		if n == len(pinHosts) {
			break
		}
		for int(w) >= len(t.pin) {
			t.pin = append(t.pin, noReg)
		}
		t.pin[w] = pinHosts[n]
	}
	for w := range t.words {
		t.words[w].reg = noReg
	}
	for w, r := range t.pin {
		t.words[w].reg = r
	}
	return t
}

func (t *Target) single(b *ir.Block, tb *vcpu.TB, i *ir.Insn, insn int) (*interp.Single, error) {
	return t.interp.Single(b, tb, i, insn)
}

// resumeAt is the offset of the entry that goes on at the address in resumeReg.
const (
	resumeAt  = 7
	resumeReg = R11
)

// Prologue writes the entry at offset 0, and the exit.
func (t *Target) Prologue(base uintptr) []byte {
	var a asm
	t.arena = base
	a.load(8, resumeReg, atTarget)
	if a.pos() != resumeAt {
		panic("BUG: the entry for going on is elsewhere")
	}
	for w, r := range t.pin {
		if r != noReg {
			a.load(8, r, home(ir.Ref(w)))
		}
	}
	a.load(8, R14, atMem)
	a.load(8, leftReg, atLeft)
	a.rr(0xff, 4, 4, resumeReg) // jmp
	t.leave = uint32(a.pos())
	a.store(4, atExit, exitReg)
	a.movImm(callReg, 0)
	t.goHome(&a)
	t.call = uint32(a.pos())
	t.goHome(&a)
	t.callAgain = uint32(a.pos())
	a.store(8, atLeft, leftReg)
	a.load(8, RSP, atSP)
	a.ret()
	t.landing = uint32(a.pos())
	for n := range Reg(16) {
		m := atVec
		m.Disp += 32 * int32(n)
		a.vrm(opVmovdquSt, true, n, 0, m)
	}
	a.patch(a.jmp(), int(t.leave))
	for _, h := range t.helpers {
		t.subs[h] = uint32(a.pos())
		a.byte(t.subroutine(h, uint32(a.pos()))...)
	}
	return a.code
}

// goHome stores the guest's registers and returns to enter.
func (t *Target) goHome(a *asm) {
	for w, r := range t.pin {
		if r != noReg {
			a.store(8, home(ir.Ref(w)), r)
		}
	}
	a.store(8, atLeft, leftReg)
	a.load(8, RSP, atSP)
	a.aluMI(aluCmp, 4, atFP, 0)
	quiet := a.jcc8(ccE)
	a.fpOff(t.fpEnv)
	a.patch8(quiet)
	a.byte(0xc5, 0xf8, 0x77) // vzeroupper
	a.ret()
}

// fpOff stores the guest's floating-point environment and takes Go's.
func (a *asm) fpOff(env ir.Ref) {
	a.rm(opMXCSR, 4, 3, home(env))
	a.rm(opMXCSR, 4, 2, atMXCSR)
	a.storeImm(4, atFP, 0)
}

const opMXCSR = 0x0fae // with 2 in the register field loads it, with 3 stores

// Link makes the jump whose displacement is at a place lead to a position.
func (*Target) Link(buf []byte, place, to uint32) {
	binary.LittleEndian.PutUint32(buf[place:], to-place-4)
}

// goMXCSR is the environment that Go code runs in: all exceptions masked.
const goMXCSR = 0x1f80

// Enter runs machine code from c.Host.Target.
func (t *Target) Enter(c *vcpu.CPU) {
	c.Host.Landing = t.arena + uintptr(t.landing)
	c.Host.MXCSR = goMXCSR
	c.Host.Canonical = canonical
	enterAt(c, t.arena)
}

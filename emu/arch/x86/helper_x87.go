package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
	"panda/emu/x87"
)

// The x87 in helpers. Problem: TOP moves at run time, so a register of the stack
// is no fixed slot; and an instruction has an outcome besides its result: stack
// faults, flags, C1, and whether an unmasked exception keeps the result back.
//
// Idea: a helper opens an fpu, reads operands, computes with softfloat, settles
// the status with done, and writes results only where that says so. Memory is
// read and written by the block around the helpers: loads before one, stores
// between two of them (see helpFstore).
//
// An fpu stays on the Go stack: it must not be handed to a function value.

// Status word bits (SDM vol. 1 figure 8-4).
const (
	fswSF = 1 << 6 // stack fault
	fswES = 1 << 7 // an unmasked exception is pending
	fswC0 = 1 << 8
	fswC1 = 1 << 9
	fswC2 = 1 << 10
	fswC3 = 1 << 14
	fswB  = 1 << 15 // as ES
)

// fpHow is what a helper knows of its instruction, with FOP in bits 32 to 42.
type fpHow = x87.How

func fop(h fpHow) uint64 { return uint64(h >> 32 & 0x7ff) }

// fpWords are the slots that x87 helpers look at and change.
var fpWords = func() []ir.Ref {
	rs := []ir.Ref{regs.FCW, regs.FSW, regs.FTop, regs.FTag, regs.FOP, regs.FNew}
	for r := regs.ST; r < regs.ST+16; r++ {
		rs = append(rs, r)
	}
	return rs
}()

type helperFunc = func(c *vcpu.CPU, a, b, d uint64) uint64

// x87Family are the words of the x87, for targets that know the family.
var x87Family = &x87.Family{CW: regs.FCW, SW: regs.FSW, Top: regs.FTop, Tag: regs.FTag, ST: regs.ST}

// fpHelper is a helper of a waiting instruction: it can raise #MF.
func fpHelper(name string, f helperFunc, op x87.Op) *ir.Helper {
	return &ir.Helper{Name: name, Fn: f, Reads: fpWords, Writes: fpWords, MayFault: true, Family: x87Family, Part: uint8(op)}
}

// fpu is the x87 during one instruction.
type fpu struct {
	softfloat.Env
	stackFault bool
	changes    uint16 // the condition codes that the instruction sets
	codes      uint16 // and their values
	how        fpHow
	w          *regs.Words
}

var exceptionMF = guest.Exception{Vector: regs.VecMF}

// open begins a waiting instruction: a pending exception comes first. The
// fields are set one by one because copying a struct just made is slow.
func (f *fpu) open(c *vcpu.CPU, how uint64) {
	if c.W[regs.FSW]&fswES != 0 {
		c.Raise(exceptionMF)
	}
	cw := c.W[regs.FCW]
	f.Round = softfloat.Rounding(cw >> 10 & 3)
	f.Precision = softfloat.Precision(cw >> 8 & 3)
	f.Masks = softfloat.Flags(cw) & softfloat.AllFlags
	f.how, f.w = fpHow(how), &c.W
}

// physical is the number of the register that st(i) is.
func (f *fpu) physical(i uint64) uint64 { return (f.w[regs.FTop] + i) & 7 }

func (f *fpu) full(i uint64) bool { return f.w[regs.FTag]>>f.physical(i)&1 != 0 }

// st is the contents of st(i), whether empty or not.
func (f *fpu) st(i uint64) softfloat.F80 {
	r := f.w[uint64(regs.ST)+2*f.physical(i):]
	return softfloat.F80{Man: r[0], SE: uint16(r[1])}
}

// set fills st(i).
func (f *fpu) set(i uint64, v softfloat.F80) {
	n := f.physical(i)
	r := f.w[uint64(regs.ST)+2*n:]
	r[0], r[1] = v.Man, uint64(v.SE)
	f.w[regs.FTag] |= 1 << n
}

func (f *fpu) push(v softfloat.F80) {
	f.w[regs.FTop] = f.physical(7)
	f.set(0, v)
}

// pop frees the registers that the instruction pops.
func (f *fpu) pop() { popFPU(f.w, f.how.Pops()) }

func popFPU(w *regs.Words, n uint64) {
	for range n {
		w[regs.FTag] &^= 1 << (w[regs.FTop] & 7)
		w[regs.FTop] = (w[regs.FTop] + 1) & 7
	}
}

// need reports whether st(i) holds a value; if not, that is a stack underflow.
func (f *fpu) need(i uint64) bool {
	if f.full(i) {
		return true
	}
	f.fault(false)
	return false
}

// room reports whether there is a register to push to; if not, that is a stack
// overflow.
func (f *fpu) room() bool {
	if !f.full(7) {
		return true
	}
	f.fault(true)
	return false
}

// fault notes a stack fault, where C1 tells overflow (SDM vol. 1 8.5.1.1).
func (f *fpu) fault(overflow bool) {
	f.Flags |= softfloat.IE
	f.stackFault, f.C1 = true, overflow
}

// keepC1 leaves C1 as it is, for instructions that never round, unless there was
// a stack fault.
func (f *fpu) keepC1() {
	if !f.stackFault {
		f.C1 = f.w[regs.FSW]&fswC1 != 0
	}
}

// setCodes has the instruction set condition codes.
func (f *fpu) setCodes(mask, codes uint16) { f.changes, f.codes = mask, codes }

// status is the status word that the instruction leaves.
func (f *fpu) status() uint64 {
	sw := f.w[regs.FSW]&^uint64(f.changes|fswC1) | uint64(f.codes) | uint64(f.Flags)
	if f.C1 {
		sw |= fswC1
	}
	if f.stackFault {
		sw |= fswSF
	}
	if f.Flags&^f.Masks != 0 {
		sw |= fswES | fswB
	}
	return sw
}

// Unmasked exceptions that keep a result from being written to a register:
// they are found before it is computed (SDM vol. 1 8.5).
const fpBefore = softfloat.IE | softfloat.DE | softfloat.ZE

// done settles the status and reports whether results are to be written.
func (f *fpu) done() bool {
	setFStatus(f.w, f.status(), fop(f.how))
	return f.Flags&^f.Masks&fpBefore == 0
}

// setFStatus sets the status at the end of a waiting instruction. FOP is that
// of the last instruction with an unmasked exception (SDM vol. 1 8.1.9.1).
func setFStatus(w *regs.Words, sw, fop uint64) {
	w[regs.FSW] = sw
	if sw&fswES != 0 {
		w[regs.FOP] = fop
	}
}

package x86

import (
	"encoding/binary"

	"panda/emu/arch/x86/regs"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
	"panda/emu/x87"
)

var (
	hFpush   = fpHelper("fpush", helpFpush, x87.Push)
	hFset    = fpHelper("fset", helpFset, x87.Set)
	hFstore  = fpHelper("fstore", helpFstore, x87.Store)
	hFstored = fpHelper("fstored", helpFstored, x87.Stored)
	hFxch    = fpHelper("fxch", helpFxch, x87.Xch)
	hFcmov   = fpHelper("fcmov", helpFcmov, x87.None)
	hFstack  = fpHelper("fstack", helpFstack, x87.None)
)

// helpFpush pushes a constant, st(src), or the value lo that was read from
// memory; hi are the bytes beyond 8 of the longer formats.
func helpFpush(c *vcpu.CPU, how, lo, hi uint64) uint64 {
	var f fpu
	f.open(c, how)
	v := softfloat.Indefinite80
	if (f.how.Kind() != x87.Reg || f.need(f.how.Src())) && f.room() {
		v = f.load(lo, hi)
	}
	f.done()
	if f.Flags&^f.Masks&softfloat.IE == 0 { // a denormal operand is pushed in any case
		f.push(v)
	}
	return 0
}

func (f *fpu) load(lo, hi uint64) softfloat.F80 {
	switch f.how.Kind() {
	case x87.Reg:
		return f.st(f.how.Src())
	case x87.F32:
		return f.F32ToF80(uint32(lo))
	case x87.F64:
		return f.F64ToF80(lo)
	case x87.F80:
		return softfloat.F80{Man: lo, SE: uint16(hi)}
	case x87.BCD:
		var b [10]byte
		binary.LittleEndian.PutUint64(b[:], lo)
		binary.LittleEndian.PutUint16(b[8:], uint16(hi))
		return f.BCDToF80(b)
	case x87.Const:
		return f.Load80(softfloat.Const80(f.how.Op()))
	}
	return f.I64ToF80(int64(lo))
}

// top is st(0), or the indefinite with a stack fault where it is empty.
func (f *fpu) top() softfloat.F80 {
	if !f.need(0) {
		return softfloat.Indefinite80
	}
	return f.st(0)
}

// helpFset is FST to a register: a copy, whatever the value. An undocumented FSTP
// pops an empty st(0), and no more.
func helpFset(c *vcpu.CPU, how, _, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	if f.how.Op() == x87.Unchecked && !f.full(0) {
		f.done()
		f.pop()
		return 0
	}
	v := f.top()
	if f.done() {
		f.set(f.how.Dst(), v)
		f.pop()
	}
	return 0
}

// A store to memory has three steps, so that a fault of the access finds the
// state of before: helpFstore computes the value and what there is to do after
// the access, the block stores, helpFstored does the rest.
//
// FNew says what is to be done:
//
//	0   status word   16  pops  18        32    FOP    43     48   hi   63
//	+-----------------+---------+---------+------------+------+---------+
//
// hi are the bytes of the value beyond 8.
const (
	fnewPops = 16
	fnewHigh = 48
)

// helpFstore also ends the instruction at once when an unmasked exception leaves
// memory and stack alone: here overflow and underflow do, too (SDM vol. 1 8.5.4,
// 8.5.5). fdp is the address of the operand.
func helpFstore(c *vcpu.CPU, how, fdp, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	lo, hi := f.store(f.top())
	f.w[regs.FNew] = f.status() | how&(0x7ff<<32) | hi<<fnewHigh | f.how.Pops()<<fnewPops
	if f.Flags&^f.Masks&^softfloat.PE != 0 {
		f.w[regs.FNew] &^= 3 << fnewPops
		helpFstored(c, 0, 0, 0)
		c.Show(c.Index())
		m := &c.TB.Marks[c.Index()]
		f.w[regs.FIP], f.w[regs.FDP] = m.PC, fdp
		f.w[regs.RIP] = m.PC + uint64(m.Len)
		panic(vcpu.Redirect{})
	}
	return lo
}

func helpFstored(c *vcpu.CPU, _, _, _ uint64) uint64 {
	after := c.W[regs.FNew]
	c.W[regs.FNew] = 0
	setFStatus(&c.W, after&0xffff, fop(fpHow(after)))
	popFPU(&c.W, after>>fnewPops&3)
	return 0
}

// store converts to the format of memory. The indefinite becomes that of every
// format.
func (f *fpu) store(v softfloat.F80) (lo, hi uint64) {
	switch f.how.Kind() {
	case x87.F32:
		return uint64(f.F80ToF32(v)), 0
	case x87.F64:
		return f.F80ToF64(v), 0
	case x87.F80:
		return v.Man, uint64(v.SE)
	case x87.BCD:
		b := f.F80ToBCD(v)
		return binary.LittleEndian.Uint64(b[:]), uint64(binary.LittleEndian.Uint16(b[8:]))
	}
	if f.how.Op() == x87.Trunc {
		f.Round = softfloat.TowardZero
	}
	switch f.how.Kind() {
	case x87.I16:
		return uint64(f.F80ToI16(v)), 0
	case x87.I32:
		return uint64(f.F80ToI32(v)), 0
	}
	return uint64(f.F80ToI64(v)), 0
}

// helpFxch exchanges st(0) and st(src); an empty one counts as the indefinite.
func helpFxch(c *vcpu.CPU, how, _, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	i := f.how.Src()
	a, b := f.st(0), f.st(i)
	if !f.need(0) {
		a = softfloat.Indefinite80
	}
	if !f.need(i) {
		b = softfloat.Indefinite80
	}
	if f.done() {
		f.set(0, b)
		f.set(i, a)
	}
	return 0
}

// helpFcmov copies st(src) to st(0) if cond is not 0. Both must hold values
// even if it is.
func helpFcmov(c *vcpu.CPU, how, cond, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	v := softfloat.Indefinite80
	if i := f.how.Src(); f.need(0) && f.need(i) {
		if cond == 0 {
			i = 0
		}
		v = f.st(i)
	}
	f.keepC1()
	if f.done() {
		f.set(0, v)
	}
	return 0
}

// Operations on the stack itself.
const (
	stackNop uint8 = iota
	stackFree
	stackInc
	stackDec
)

func helpFstack(c *vcpu.CPU, how, _, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	if f.how.Op() == stackNop {
		return 0
	}
	f.done()
	switch f.how.Op() {
	case stackFree:
		f.w[regs.FTag] &^= 1 << f.physical(f.how.Dst())
	case stackInc:
		f.w[regs.FTop] = f.physical(1)
	case stackDec:
		f.w[regs.FTop] = f.physical(7)
	}
	f.pop()
	return 0
}

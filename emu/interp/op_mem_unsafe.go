package interp

import (
	"unsafe"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Address forms: which of base, index and both an access has.
const (
	formBase = iota
	formIndex
	formAbs
	numForms
)

func form(i *ir.Insn) int {
	switch {
	case i.B != ir.None:
		return formIndex
	case i.A != ir.None:
		return formBase
	}
	return formAbs
}

// address computes a + b<<scale + imm. An absent base is the zero word.
func (o *op) address(c *vcpu.CPU) uint64 {
	return c.W[o.a&frameMask] + c.W[o.b&frameMask]<<(o.aux&ir.ScaleMask) + o.imm
}

// base computes a + imm.
func (o *op) base(c *vcpu.CPU) uint64 { return c.W[o.a&frameMask] + o.imm }

// at is the host address of a guest address, which must be below the limit or
// in the guard above it. The instruction is noted first: the access may fault.
func (o *op) at(c *vcpu.CPU, a uint64) unsafe.Pointer {
	c.Insn = int(o.insn)
	if a >= c.Limit {
		outside(a, guest.Read)
	}
	return unsafe.Add(c.Mem, a)
}

// atStore is at for a store.
func (o *op) atStore(c *vcpu.CPU, a uint64) unsafe.Pointer {
	c.Insn = int(o.insn) | vcpu.Storing
	if a >= c.Limit {
		outside(a, guest.Write)
	}
	return unsafe.Add(c.Mem, a)
}

// outside leaves by a panic that Enter turns into a fault.
func outside(a uint64, access guest.Access) {
	panic(&guest.MemFault{Addr: guest.Addr(a), Access: access})
}

// lookupAddress finds the function of a load, store or lea.
func lookupAddress(i *ir.Insn) fn {
	switch {
	case i.Op == ir.Lea:
		return leaFns[b2i(i.Type == ir.I64)][form(i)]
	case i.Op == ir.St:
		return stFns[i.Type][b2i(i.B != ir.None)]
	case i.Aux&ir.SignExt64 != 0:
		return lds64Fns[i.Type][b2i(i.B != ir.None)]
	case i.Aux&ir.SignExt != 0:
		return lds32Fns[i.Type][b2i(i.B != ir.None)]
	}
	return ldFns[i.Type][b2i(i.B != ir.None)]
}

// The accesses by [type][with index].
var (
	ldFns = [ir.NumTypes][2]fn{
		{ld8, ld8x}, {ld16, ld16x}, {ld32, ld32x}, {ld64, ld64x}, {ldv, ldv}, {ldv, ldv},
	}
	lds32Fns = [ir.NumTypes][2]fn{{lds8to32, lds8to32}, {lds16to32, lds16to32}, {ld32, ld32x}}
	lds64Fns = [ir.NumTypes][2]fn{{lds8to64, lds8to64}, {lds16to64, lds16to64}, {lds32to64, lds32to64x}, {ld64, ld64x}}
	stFns    = [ir.NumTypes][2]fn{
		{st8, st8x}, {st16, st16x}, {st32, st32x}, {st64, st64x}, {stv, stv}, {stv, stv},
	}
	leaFns = [2][numForms]fn{{lea32, lea32x, lea32abs}, {lea64, lea64x, lea64abs}}
)

func ld8(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*uint8)(o.at(c, o.base(c))))
	return o.next()
}

func ld8x(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*uint8)(o.at(c, o.address(c))))
	return o.next()
}

func ld16(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*uint16)(o.at(c, o.base(c))))
	return o.next()
}

func ld16x(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*uint16)(o.at(c, o.address(c))))
	return o.next()
}

func ld32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*uint32)(o.at(c, o.base(c))))
	return o.next()
}

func ld32x(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*uint32)(o.at(c, o.address(c))))
	return o.next()
}

func ld64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = *(*uint64)(o.at(c, o.base(c)))
	return o.next()
}

func ld64x(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = *(*uint64)(o.at(c, o.address(c)))
	return o.next()
}

func lds8to32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(*(*int8)(o.at(c, o.address(c)))))
	return o.next()
}

func lds16to32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(*(*int16)(o.at(c, o.address(c)))))
	return o.next()
}

func lds8to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*int8)(o.at(c, o.address(c))))
	return o.next()
}

func lds16to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*int16)(o.at(c, o.address(c))))
	return o.next()
}

func lds32to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*int32)(o.at(c, o.base(c))))
	return o.next()
}

func lds32to64x(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(*(*int32)(o.at(c, o.address(c))))
	return o.next()
}

// ldv loads a vector. All of it is read before any word is set, so that a fault
// changes nothing.
func ldv(c *vcpu.CPU, o *op) *op {
	p := o.at(c, o.address(c))
	d := c.W[o.d&frameMask:][:4]
	if o.size == 16 {
		v := *(*[2]uint64)(p)
		d[0], d[1] = v[0], v[1]
		return o.next()
	}
	v := *(*[4]uint64)(p)
	copy(d, v[:])
	return o.next()
}

func st8(c *vcpu.CPU, o *op) *op {
	*(*uint8)(o.atStore(c, o.base(c))) = uint8(c.W[o.c&frameMask])
	return o.next()
}

func st8x(c *vcpu.CPU, o *op) *op {
	*(*uint8)(o.atStore(c, o.address(c))) = uint8(c.W[o.c&frameMask])
	return o.next()
}

func st16(c *vcpu.CPU, o *op) *op {
	*(*uint16)(o.atStore(c, o.base(c))) = uint16(c.W[o.c&frameMask])
	return o.next()
}

func st16x(c *vcpu.CPU, o *op) *op {
	*(*uint16)(o.atStore(c, o.address(c))) = uint16(c.W[o.c&frameMask])
	return o.next()
}

func st32(c *vcpu.CPU, o *op) *op {
	*(*uint32)(o.atStore(c, o.base(c))) = uint32(c.W[o.c&frameMask])
	return o.next()
}

func st32x(c *vcpu.CPU, o *op) *op {
	*(*uint32)(o.atStore(c, o.address(c))) = uint32(c.W[o.c&frameMask])
	return o.next()
}

func st64(c *vcpu.CPU, o *op) *op {
	*(*uint64)(o.atStore(c, o.base(c))) = c.W[o.c&frameMask]
	return o.next()
}

func st64x(c *vcpu.CPU, o *op) *op {
	*(*uint64)(o.atStore(c, o.address(c))) = c.W[o.c&frameMask]
	return o.next()
}

// stv stores a vector. A store that crosses into a page it may not write must
// change nothing, so both pages are tried first.
func stv(c *vcpu.CPU, o *op) *op {
	a := o.address(c)
	p := o.atStore(c, a)
	v := c.W[o.c&frameMask:][:4]
	if a&(pageSize-1) > pageSize-uint64(o.size) {
		c.Touch(a, int(o.size))
	}
	if o.size == 16 {
		*(*[2]uint64)(p) = [2]uint64{v[0], v[1]}
		return o.next()
	}
	*(*[4]uint64)(p) = [4]uint64(v)
	return o.next()
}

const pageSize = 4096

func lea32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(o.base(c)))
	return o.next()
}

func lea32x(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(o.address(c)))
	return o.next()
}

func lea32abs(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(o.imm))
	return o.next()
}

func lea64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = o.base(c)
	return o.next()
}

func lea64x(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = o.address(c)
	return o.next()
}

func lea64abs(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = o.imm
	return o.next()
}

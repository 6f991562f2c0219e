package interp

import (
	"panda/emu/softfloat"
	"panda/emu/vcpu"
)

// Fused multiplication and addition. Of the operands d, a and b, the form in the
// constant says which are factors. Signs are turned before: exact, and right for
// zeros and every rounding. A NaN keeps its sign.

// Bits of the constant of a VFMulAdd.
const (
	fmaForm    = 3
	fmaProduct = 1 << 2
	fmaEven    = 3 // number of the bit for even lanes; that for odd lanes follows
)

const sign64 = 1 << 63

func turned64(x uint64, turn bool) uint64 {
	const inf = 0x7ff << 52
	if turn && x&^sign64 <= inf {
		return x ^ sign64
	}
	return x
}

func turned32(x uint32, turn bool) uint32 {
	if turn && x&^sign32 <= exp32 {
		return x ^ sign32
	}
	return x
}

// mulAdd64 computes lane n.
func (o *op) mulAdd64(e *softfloat.Env, d, a, b uint64, n uint16) uint64 {
	x, y, z := d, b, a
	switch o.imm & fmaForm {
	case 1:
		x, y, z = a, d, b
	case 2:
		x, y, z = a, b, d
	}
	return e.MulAdd64(turned64(x, o.imm&fmaProduct != 0), y, turned64(z, o.imm>>(fmaEven+n&1)&1 != 0))
}

// mulAdd32 likewise.
func (o *op) mulAdd32(e *softfloat.Env, d, a, b uint32, n uint16) uint32 {
	x, y, z := d, b, a
	switch o.imm & fmaForm {
	case 1:
		x, y, z = a, d, b
	case 2:
		x, y, z = a, b, d
	}
	return e.MulAdd32(turned32(x, o.imm&fmaProduct != 0), y, turned32(z, o.imm>>(fmaEven+n&1)&1 != 0))
}

func mulAdd64One(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := o.mulAdd64(&e, c.W[o.d&frameMask], c.W[o.a&frameMask], c.W[o.b&frameMask], 0)
	o.note(c, &e)
	c.W[o.d&frameMask] = r
	return o.next()
}

func mulAdd32One(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := o.mulAdd32(&e, uint32(c.W[o.d&frameMask]), uint32(c.W[o.a&frameMask]), uint32(c.W[o.b&frameMask]), 0)
	o.note(c, &e)
	c.W[o.d&frameMask] = uint64(r)
	return o.next()
}

func mulAdd64Lanes(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	var r [4]uint64
	for i := range uint16(o.size / 8) {
		r[i&3] = o.mulAdd64(&e, c.W[(o.d+i)&frameMask], c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask], i)
	}
	return o.putFloats(c, &e, &r)
}

func mulAdd32Lanes(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	var r [4]uint64
	for i := range uint16(o.size / 8) {
		d, a, b := c.W[(o.d+i)&frameMask], c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask]
		lo := o.mulAdd32(&e, uint32(d), uint32(a), uint32(b), 0)
		r[i&3] = uint64(lo) | uint64(o.mulAdd32(&e, uint32(d>>32), uint32(a>>32), uint32(b>>32), 1))<<32
	}
	return o.putFloats(c, &e, &r)
}

package interp

import (
	"math"

	"panda/emu/softfloat"
	"panda/emu/vcpu"
)

func relate64(c *vcpu.CPU, o *op) *op {
	a, b := c.W[o.a&frameMask], c.W[o.b&frameMask]
	r, ok := ordered64(a, b)
	if !ok {
		e := o.fenv(c)
		r = e.Cmp64(a, b, o.imm>>32 != 0)
		o.note(c, &e)
	}
	c.W[o.d&frameMask] = o.imm >> (8 * r) & 0xff
	return o.next()
}

// ordered64 compares operands that raise nothing.
func ordered64(a, b uint64) (r softfloat.Relation, ok bool) {
	x, y := math.Float64frombits(a), math.Float64frombits(b)
	switch {
	case !softfloat.Plain64(a) || !softfloat.Plain64(b):
		return 0, false
	case x < y:
		return softfloat.Less, true
	case x > y:
		return softfloat.Greater, true
	}
	return softfloat.Equal, x == y
}

func relate32(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Cmp32(uint32(c.W[o.a&frameMask]), uint32(c.W[o.b&frameMask]), o.imm>>32 != 0)
	o.note(c, &e)
	c.W[o.d&frameMask] = o.imm >> (8 * r) & 0xff
	return o.next()
}

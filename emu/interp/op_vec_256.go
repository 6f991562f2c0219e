package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// vec256Usual are the operations on 256 bits that library code uses most: moves,
// bits, and what searches strings.
var vec256Usual = map[ir.VecOp]laneFns{
	ir.VMov:      all(mov256),
	ir.VZero:     all(zero256),
	ir.VAnd:      all(and256),
	ir.VAndNot:   all(andNot256),
	ir.VOr:       all(or256),
	ir.VXor:      all(xor256),
	ir.VCmpEq:    {0: eq8y, 2: eq32y},
	ir.VMinU:     {0: minU8y},
	ir.VSubSatU:  {0: subSatU8y},
	ir.VMoveMask: {0: moveMask8y},
}

func mov256(c *vcpu.CPU, o *op) *op {
	lo, hi := o.first(c, 0), o.first(c, 2)
	o.put(c, 0, lo)
	o.put(c, 2, hi)
	return o.next()
}

func zero256(c *vcpu.CPU, o *op) *op {
	o.put(c, 0, pair{})
	o.put(c, 2, pair{})
	return o.next()
}

func and256(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < 4; i += 2 {
		a, b := o.first(c, i), o.second(c, i)
		o.put(c, i, pair{a.lo & b.lo, a.hi & b.hi})
	}
	return o.next()
}

func andNot256(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < 4; i += 2 {
		a, b := o.first(c, i), o.second(c, i)
		o.put(c, i, pair{^a.lo & b.lo, ^a.hi & b.hi})
	}
	return o.next()
}

func or256(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < 4; i += 2 {
		a, b := o.first(c, i), o.second(c, i)
		o.put(c, i, pair{a.lo | b.lo, a.hi | b.hi})
	}
	return o.next()
}

func xor256(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < 4; i += 2 {
		a, b := o.first(c, i), o.second(c, i)
		o.put(c, i, pair{a.lo ^ b.lo, a.hi ^ b.hi})
	}
	return o.next()
}

func eq8y(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < 4; i += 2 {
		a, b := o.first(c, i), o.second(c, i)
		o.put(c, i, pair{eqLanes(a.lo, b.lo, top8, 8), eqLanes(a.hi, b.hi, top8, 8)})
	}
	return o.next()
}

func eq32y(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < 4; i += 2 {
		a, b := o.first(c, i), o.second(c, i)
		o.put(c, i, pair{eqLanes(a.lo, b.lo, top32, 32), eqLanes(a.hi, b.hi, top32, 32)})
	}
	return o.next()
}

func minU8y(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < 4; i += 2 {
		a, b := o.first(c, i), o.second(c, i)
		o.put(c, i, pair{minULanes(a.lo, b.lo, top8, 8), minULanes(a.hi, b.hi, top8, 8)})
	}
	return o.next()
}

func subSatU8y(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < 4; i += 2 {
		a, b := o.first(c, i), o.second(c, i)
		o.put(c, i, pair{subSatULanes(a.lo, b.lo, top8, 8), subSatULanes(a.hi, b.hi, top8, 8)})
	}
	return o.next()
}

func moveMask8y(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.first(c, 2)
	c.W[o.d&frameMask] = signs8(a.lo) | signs8(a.hi)<<8 | signs8(b.lo)<<16 | signs8(b.hi)<<24
	return o.next()
}

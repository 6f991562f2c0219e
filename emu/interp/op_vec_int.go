package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// vecIntFns is integer arithmetic and comparison lane by lane.
var vecIntFns = map[ir.VecOp]laneFns{
	ir.VAdd: {
		words(func(a, b uint64) uint64 { return addLanes(a, b, top8) }),
		words(func(a, b uint64) uint64 { return addLanes(a, b, top16) }),
		words(func(a, b uint64) uint64 { return addLanes(a, b, top32) }),
		words(func(a, b uint64) uint64 { return a + b }),
	},
	ir.VSub: {
		words(func(a, b uint64) uint64 { return subLanes(a, b, top8) }),
		words(func(a, b uint64) uint64 { return subLanes(a, b, top16) }),
		words(func(a, b uint64) uint64 { return subLanes(a, b, top32) }),
		words(func(a, b uint64) uint64 { return a - b }),
	},
	ir.VAddSatS: {
		words(func(a, b uint64) uint64 { return addSatSLanes(a, b, top8, 8) }),
		words(func(a, b uint64) uint64 { return addSatSLanes(a, b, top16, 16) }),
	},
	ir.VAddSatU: {
		words(func(a, b uint64) uint64 { return addSatULanes(a, b, top8, 8) }),
		words(func(a, b uint64) uint64 { return addSatULanes(a, b, top16, 16) }),
	},
	ir.VSubSatS: {
		words(func(a, b uint64) uint64 { return subSatSLanes(a, b, top8, 8) }),
		words(func(a, b uint64) uint64 { return subSatSLanes(a, b, top16, 16) }),
	},
	ir.VSubSatU: {
		words(func(a, b uint64) uint64 { return subSatULanes(a, b, top8, 8) }),
		words(func(a, b uint64) uint64 { return subSatULanes(a, b, top16, 16) }),
	},
	ir.VMinS:   lanes(minSLanes),
	ir.VMinU:   lanes(minULanes),
	ir.VMaxS:   lanes(maxSLanes),
	ir.VMaxU:   lanes(maxULanes),
	ir.VAvg:    lanes(avgLanes),
	ir.VSign:   lanes(signLanes),
	ir.VCmpEq:  lanes(eqLanes),
	ir.VCmpGtS: lanes(gtSLanes),
	ir.VAbs:    lanes(func(a, _, h uint64, w uint) uint64 { return absLanes(a, h, w) }),
}

// lanes makes the four functions of an operation on lanes of w bits with top
// bits h.
func lanes(f func(a, b, h uint64, w uint) uint64) laneFns {
	return laneFns{
		words(func(a, b uint64) uint64 { return f(a, b, top8, 8) }),
		words(func(a, b uint64) uint64 { return f(a, b, top16, 16) }),
		words(func(a, b uint64) uint64 { return f(a, b, top32, 32) }),
		words(func(a, b uint64) uint64 { return f(a, b, top64, 64) }),
	}
}

// vec128IntFns are those that programs use most.
var vec128IntFns = map[ir.VecOp]laneFns{
	ir.VAdd:     {add8v, add16v, add32v, add64v},
	ir.VSub:     {sub8v, sub16v, sub32v, sub64v},
	ir.VSubSatU: {0: subSatU8v},
	ir.VMinU:    {0: minU8v},
	ir.VMaxU:    {0: maxU8v},
	ir.VCmpEq:   {eq8v, eq16v, eq32v, nil},
	ir.VCmpGtS:  {gtS8v, nil, gtS32v, nil},
}

func add8v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{addLanes(a.lo, b.lo, top8), addLanes(a.hi, b.hi, top8)})
	return o.next()
}

func add16v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{addLanes(a.lo, b.lo, top16), addLanes(a.hi, b.hi, top16)})
	return o.next()
}

func add32v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{addLanes(a.lo, b.lo, top32), addLanes(a.hi, b.hi, top32)})
	return o.next()
}

func add64v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{a.lo + b.lo, a.hi + b.hi})
	return o.next()
}

func sub8v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{subLanes(a.lo, b.lo, top8), subLanes(a.hi, b.hi, top8)})
	return o.next()
}

func sub16v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{subLanes(a.lo, b.lo, top16), subLanes(a.hi, b.hi, top16)})
	return o.next()
}

func sub32v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{subLanes(a.lo, b.lo, top32), subLanes(a.hi, b.hi, top32)})
	return o.next()
}

func sub64v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{a.lo - b.lo, a.hi - b.hi})
	return o.next()
}

func subSatU8v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{subSatULanes(a.lo, b.lo, top8, 8), subSatULanes(a.hi, b.hi, top8, 8)})
	return o.next()
}

func minU8v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{minULanes(a.lo, b.lo, top8, 8), minULanes(a.hi, b.hi, top8, 8)})
	return o.next()
}

func maxU8v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{maxULanes(a.lo, b.lo, top8, 8), maxULanes(a.hi, b.hi, top8, 8)})
	return o.next()
}

func eq8v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{eqLanes(a.lo, b.lo, top8, 8), eqLanes(a.hi, b.hi, top8, 8)})
	return o.next()
}

func eq16v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{eqLanes(a.lo, b.lo, top16, 16), eqLanes(a.hi, b.hi, top16, 16)})
	return o.next()
}

func eq32v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{eqLanes(a.lo, b.lo, top32, 32), eqLanes(a.hi, b.hi, top32, 32)})
	return o.next()
}

func gtS8v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{gtSLanes(a.lo, b.lo, top8, 8), gtSLanes(a.hi, b.hi, top8, 8)})
	return o.next()
}

func gtS32v(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.second(c, 0)
	o.put(c, 0, pair{gtSLanes(a.lo, b.lo, top32, 32), gtSLanes(a.hi, b.hi, top32, 32)})
	return o.next()
}

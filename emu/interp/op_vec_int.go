package interp

import "panda/emu/ir"

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

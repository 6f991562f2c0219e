package interp

import (
	"panda/emu/ir"
	"panda/emu/softfloat"
)

// The operations that x86 has not, and that no host does.

// rare64 does the operation on one lane.
func (o *op) rare64(e *softfloat.Env, a, b uint64) uint64 {
	switch ir.VecOp(o.aux) {
	case ir.VFMulX:
		return e.MulX64(a, b)
	case ir.VFMinNum:
		return e.MinNum64(a, b)
	case ir.VFMaxNum:
		return e.MaxNum64(a, b)
	case ir.VFRecipEst:
		return e.RecipEstimate64(a)
	case ir.VFRsqrtEst:
		return e.RSqrtEstimate64(a)
	case ir.VFRecipStep:
		return e.RecipStep64(a, b, o.imm == 0)
	}
	return e.RSqrtStep64(a, b, o.imm == 0)
}

// rare32 likewise.
func (o *op) rare32(e *softfloat.Env, a, b uint32) uint32 {
	switch ir.VecOp(o.aux) {
	case ir.VFMulX:
		return e.MulX32(a, b)
	case ir.VFMinNum:
		return e.MinNum32(a, b)
	case ir.VFMaxNum:
		return e.MaxNum32(a, b)
	case ir.VFRecipEst:
		return e.RecipEstimate32(a)
	case ir.VFRsqrtEst:
		return e.RSqrtEstimate32(a)
	case ir.VFRecipStep:
		return e.RecipStep32(a, b, o.imm == 0)
	}
	return e.RSqrtStep32(a, b, o.imm == 0)
}

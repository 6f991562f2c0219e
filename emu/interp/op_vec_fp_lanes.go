package interp

import (
	"math"

	"panda/emu/ir"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
)

// lane64 does the operation on one lane.
func (o *op) lane64(e *softfloat.Env, a, b uint64) uint64 {
	switch ir.VecOp(o.aux) {
	case ir.VFAdd:
		return e.Add64(a, b)
	case ir.VFSub:
		return e.Sub64(a, b)
	case ir.VFMul:
		return e.Mul64(a, b)
	case ir.VFDiv:
		return e.Div64(a, b)
	case ir.VFMin:
		return e.Min64(a, b)
	case ir.VFMax:
		return e.Max64(a, b)
	case ir.VFSqrt:
		return e.Sqrt64(a)
	case ir.VFRound:
		return e.RoundInt64(a, o.rounding(e), o.imm&ir.RoundSilent != 0)
	case ir.VFCmp:
		r := e.Cmp64(a, b, o.imm&16 != 0)
		return -(o.imm >> r & 1)
	}
	return o.rare64(e, a, b)
}

func (o *op) lane32(e *softfloat.Env, a, b uint32) uint32 {
	switch ir.VecOp(o.aux) {
	case ir.VFAdd:
		return e.Add32(a, b)
	case ir.VFSub:
		return e.Sub32(a, b)
	case ir.VFMul:
		return e.Mul32(a, b)
	case ir.VFDiv:
		return e.Div32(a, b)
	case ir.VFMin:
		return e.Min32(a, b)
	case ir.VFMax:
		return e.Max32(a, b)
	case ir.VFSqrt:
		return e.Sqrt32(a)
	case ir.VFRound:
		return e.RoundInt32(a, o.rounding(e), o.imm&ir.RoundSilent != 0)
	case ir.VFCmp:
		r := e.Cmp32(a, b, o.imm&16 != 0)
		return -uint32(o.imm >> r & 1)
	}
	return o.rare32(e, a, b)
}

// rounding is the mode of an operation that says how it rounds.
func (o *op) rounding(e *softfloat.Env) softfloat.Rounding {
	switch {
	case o.imm&ir.RoundEnv != 0:
		return e.Round
	case o.imm&ir.RoundAway != 0:
		return softfloat.NearestAway
	}
	return softfloat.Rounding(o.imm & ir.RoundZero)
}

func float64One(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := o.lane64(&e, c.W[o.a&frameMask], c.W[o.b&frameMask])
	o.note(c, &e)
	c.W[o.d&frameMask] = r
	return o.next()
}

func float32One(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := o.lane32(&e, uint32(c.W[o.a&frameMask]), uint32(c.W[o.b&frameMask]))
	o.note(c, &e)
	c.W[o.d&frameMask] = uint64(r)
	return o.next()
}

func float64Lanes(c *vcpu.CPU, o *op) *op {
	if o.steady(c) && o.quick64(c) {
		return o.next()
	}
	e := o.fenv(c)
	var r [4]uint64
	n := uint16(o.size / 8)
	for i := range n {
		r[i&3] = o.lane64(&e, c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask])
	}
	return o.putFloats(c, &e, &r)
}

func float32Lanes(c *vcpu.CPU, o *op) *op {
	if o.steady(c) && o.quick32(c) {
		return o.next()
	}
	e := o.fenv(c)
	var r [4]uint64
	n := uint16(o.size / 8)
	for i := range n {
		a, b := c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask]
		lo := o.lane32(&e, uint32(a), uint32(b))
		r[i&3] = uint64(lo) | uint64(o.lane32(&e, uint32(a>>32), uint32(b>>32)))<<32
	}
	return o.putFloats(c, &e, &r)
}

// quick64 does the operation on all lanes if it is one of the common four and
// all results are usual.
func (o *op) quick64(c *vcpu.CPU) bool {
	var r [4]uint64
	for i := range uint16(o.size / 8) {
		a, b := c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask]
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		switch ir.VecOp(o.aux) {
		case ir.VFAdd:
			x += y
		case ir.VFSub:
			x -= y
		case ir.VFMul:
			x *= y
		case ir.VFDiv:
			x /= y
		default:
			return false
		}
		if r[i&3] = math.Float64bits(x); !usual64(a, b, r[i&3]) {
			return false
		}
	}
	o.putWords(c, &r)
	return true
}

// quick32 likewise.
func (o *op) quick32(c *vcpu.CPU) bool {
	var r [4]uint64
	for i := range 2 * uint16(o.size/8) {
		s := i % 2 * 32
		a, b := uint32(c.W[(o.a+i/2)&frameMask]>>s), uint32(c.W[(o.b+i/2)&frameMask]>>s)
		x, y := math.Float32frombits(a), math.Float32frombits(b)
		switch ir.VecOp(o.aux) {
		case ir.VFAdd:
			x += y
		case ir.VFSub:
			x -= y
		case ir.VFMul:
			x *= y
		case ir.VFDiv:
			x /= y
		default:
			return false
		}
		v := math.Float32bits(x)
		if !usual32(a, b, v) {
			return false
		}
		r[i/2&3] |= uint64(v) << s
	}
	o.putWords(c, &r)
	return true
}

// putFloats ends an operation on several lanes.
func (o *op) putFloats(c *vcpu.CPU, e *softfloat.Env, r *[4]uint64) *op {
	o.note(c, e)
	o.putWords(c, r)
	return o.next()
}

func (o *op) putWords(c *vcpu.CPU, r *[4]uint64) {
	for i := range uint16(o.size / 8) {
		c.W[(o.d+i)&frameMask] = r[i&3]
	}
}

func addSub64(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	var r [4]uint64
	for i := uint16(0); i < uint16(o.size/8); i += 2 {
		r[i&3] = e.Sub64(c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask])
		r[(i+1)&3] = e.Add64(c.W[(o.a+i+1)&frameMask], c.W[(o.b+i+1)&frameMask])
	}
	return o.putFloats(c, &e, &r)
}

func addSub32(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	var r [4]uint64
	for i := range uint16(o.size / 8) {
		a, b := c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask]
		lo := e.Sub32(uint32(a), uint32(b))
		r[i&3] = uint64(lo) | uint64(e.Add32(uint32(a>>32), uint32(b>>32)))<<32
	}
	return o.putFloats(c, &e, &r)
}

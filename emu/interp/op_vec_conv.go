package interp

import (
	"math"

	"panda/emu/ir"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
)

// scalarConvFns are the conversions that compiled code uses for casts.
var scalarConvFns = map[ir.VecOp]laneFns{
	ir.VI32ToF64: {3: i32ToF64},
	ir.VI64ToF64: {3: i64ToF64},
	ir.VF64ToI32: {3: f64ToI32},
	ir.VF64ToI64: {3: f64ToI64},
	ir.VF32ToF64: {3: f32ToF64},
	ir.VF64ToF32: {3: f64ToF32},
}

// vecConvFns are all conversions for any number of lanes.
var vecConvFns = map[ir.VecOp]laneFns{
	ir.VI32ToF32: {2: convert},
	ir.VI32ToF64: {3: i32sToF64},
	ir.VI64ToF32: {3: convert},
	ir.VI64ToF64: {3: convert},
	ir.VF32ToI32: {2: convert},
	ir.VF32ToI64: {3: convert},
	ir.VF64ToI32: {3: convert},
	ir.VF64ToI64: {3: convert},
	ir.VF32ToF64: {3: convert},
	ir.VF64ToF32: {3: convert},
	ir.VF16ToF32: {2: convert},
	ir.VF32ToF16: {2: convert},
	ir.VF16ToF64: {3: convert},
	ir.VF64ToF16: {3: convert},
}

// usualConv reports whether an operation, if it is a conversion of one lane, is of
// the kind that has a function of its own.
func usualConv(i *ir.Insn) bool {
	switch ir.VecOp(i.Aux) {
	case ir.VI32ToF64, ir.VI64ToF64, ir.VF64ToF32:
		return i.Imm == 0
	case ir.VF64ToI32, ir.VF64ToI64:
		return i.Imm == ir.RoundEnv || i.Imm == ir.RoundZero
	}
	return true
}

func i32ToF64(c *vcpu.CPU, o *op) *op {
	var e softfloat.Env
	c.W[o.d&frameMask] = e.I32ToF64(int32(c.W[o.a&frameMask]))
	return o.next()
}

func i64ToF64(c *vcpu.CPU, o *op) *op {
	v := int64(c.W[o.a&frameMask])
	r := math.Float64bits(float64(v))
	if v>>53 != v>>63 { // it may be inexact
		e := o.fenv(c)
		r = e.I64ToF64(v)
		o.note(c, &e)
	}
	c.W[o.d&frameMask] = r
	return o.next()
}

func f64ToI32(c *vcpu.CPU, o *op) *op {
	a := c.W[o.a&frameMask]
	if i, ok := o.quickInt(c, a); ok && i == int64(int32(i)) {
		c.W[o.d&frameMask] = uint64(uint32(i))
		return o.next()
	}
	e := o.fenv(c)
	var r int32
	if o.imm == ir.RoundZero {
		r = e.F64ToI32Trunc(a)
	} else {
		r = e.F64ToI32(a)
	}
	o.note(c, &e)
	c.W[o.d&frameMask] = uint64(uint32(r))
	return o.next()
}

// quickInt converts what raises nothing new: an integer, or toward zero anything
// in range in a steady environment.
func (o *op) quickInt(c *vcpu.CPU, a uint64) (i int64, ok bool) {
	x := math.Float64frombits(a)
	if !softfloat.Plain64(a) || !(x > -1<<63 && x < 1<<63) {
		return 0, false
	}
	i = int64(x)
	return i, float64(i) == x || o.imm == ir.RoundZero && o.steady(c)
}

func f64ToI64(c *vcpu.CPU, o *op) *op {
	a := c.W[o.a&frameMask]
	if i, ok := o.quickInt(c, a); ok {
		c.W[o.d&frameMask] = uint64(i)
		return o.next()
	}
	e := o.fenv(c)
	var r int64
	if o.imm == ir.RoundZero {
		r = e.F64ToI64Trunc(a)
	} else {
		r = e.F64ToI64(a)
	}
	o.note(c, &e)
	c.W[o.d&frameMask] = uint64(r)
	return o.next()
}

func f32ToF64(c *vcpu.CPU, o *op) *op {
	a := uint32(c.W[o.a&frameMask])
	x := math.Float32frombits(a)
	r := math.Float64bits(float64(x))
	if x != x || !softfloat.Plain32(a) {
		e := o.fenv(c)
		r = e.F32ToF64(a)
		o.note(c, &e)
	}
	c.W[o.d&frameMask] = r
	return o.next()
}

func f64ToF32(c *vcpu.CPU, o *op) *op {
	a := c.W[o.a&frameMask]
	r := math.Float32bits(float32(math.Float64frombits(a)))
	if !o.steady(c) || !softfloat.Plain64(a) || !softfloat.Settled32(r) {
		e := o.fenv(c)
		r = e.F64ToF32(a)
		o.note(c, &e)
	}
	c.W[o.d&frameMask] = uint64(r)
	return o.next()
}

// i32sToF64 needs no environment.
func i32sToF64(c *vcpu.CPU, o *op) *op {
	var e softfloat.Env
	var r [4]uint64
	for i := range uint16(o.size / 8) {
		v := uint32(c.W[(o.a+i/2)&frameMask] >> (i % 2 * 32))
		if r[i&3] = e.I32ToF64(int32(v)); o.imm != 0 {
			r[i&3] = e.FixedToF64(uint64(v), o.fixed(32))
		}
	}
	copy(c.W[o.d&frameMask:], r[:o.size/8])
	return o.next()
}

// convWidths are log2 of the bytes of source and result.
var convWidths = [ir.NumVecOps][2]uint8{
	ir.VI32ToF32: {2, 2}, ir.VI64ToF32: {3, 2}, ir.VI64ToF64: {3, 3},
	ir.VF32ToI32: {2, 2}, ir.VF32ToI64: {2, 3}, ir.VF64ToI32: {3, 2}, ir.VF64ToI64: {3, 3},
	ir.VF32ToF64: {2, 3}, ir.VF64ToF32: {3, 2}, ir.VF16ToF32: {1, 2}, ir.VF32ToF16: {2, 1},
	ir.VF16ToF64: {1, 3}, ir.VF64ToF16: {3, 1},
}

// convert does all lanes of a conversion.
func convert(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	var r [4]uint64
	w := convWidths[o.aux]
	from, to := uint(8)<<w[0], uint(8)<<w[1]
	n := 8 * uint(o.size) / max(from, to)
	for i := range n {
		x := c.W[(o.a+uint16(i*from/64))&frameMask] >> (i * from % 64)
		r[i*to/64&3] |= o.convertLane(&e, x) << (i * to % 64)
	}
	o.note(c, &e)
	copy(c.W[o.d&frameMask:], r[:(n*to+63)/64])
	return o.next()
}

// convertLane converts the low end of x.
func (o *op) convertLane(e *softfloat.Env, x uint64) uint64 {
	switch ir.VecOp(o.aux) {
	case ir.VI32ToF32, ir.VI64ToF32, ir.VI64ToF64:
		return o.fromInt(e, x)
	case ir.VF32ToF64:
		return e.F32ToF64(uint32(x))
	case ir.VF64ToF32:
		if o.imm == ir.RoundOdd {
			e.Round = softfloat.ToOdd
		}
		return uint64(e.F64ToF32(x))
	case ir.VF16ToF32:
		return uint64(e.F16ToF32(uint16(x)))
	case ir.VF32ToF16:
		return uint64(e.F32ToF16(uint32(x), o.rounding(e)))
	case ir.VF16ToF64:
		return e.F16ToF64(uint16(x))
	case ir.VF64ToF16:
		return uint64(e.F64ToF16(x, o.rounding(e)))
	}
	switch o.imm {
	case ir.RoundEnv:
		return o.roundLane(e, x)
	case ir.RoundZero:
		return o.truncateLane(e, x)
	}
	return o.toFixed(e, x)
}

// fixed is the integer of a conversion, which has bits unless Imm says less.
func (o *op) fixed(bits uint8) softfloat.Fixed {
	if o.imm&ir.IntShort != 0 {
		bits = 16
	}
	return softfloat.Fixed{Bits: bits, Unsigned: o.imm&ir.IntUnsigned != 0, Frac: uint8(o.imm >> ir.IntFrac)}
}

func (o *op) fromInt(e *softfloat.Env, x uint64) uint64 {
	plain := o.imm == 0
	switch ir.VecOp(o.aux) {
	case ir.VI32ToF32:
		if plain {
			return uint64(e.I32ToF32(int32(x)))
		}
		return uint64(e.FixedToF32(x, o.fixed(32)))
	case ir.VI64ToF32:
		if plain {
			return uint64(e.I64ToF32(int64(x)))
		}
		return uint64(e.FixedToF32(x, o.fixed(64)))
	}
	if plain {
		return e.I64ToF64(int64(x))
	}
	return e.FixedToF64(x, o.fixed(64))
}

// toFixed converts to any integer with any rounding.
func (o *op) toFixed(e *softfloat.Env, x uint64) uint64 {
	m := o.rounding(e)
	switch ir.VecOp(o.aux) {
	case ir.VF32ToI32:
		return e.F32ToFixed(uint32(x), o.fixed(32), m)
	case ir.VF32ToI64:
		return e.F32ToFixed(uint32(x), o.fixed(64), m)
	case ir.VF64ToI32:
		return e.F64ToFixed(x, o.fixed(32), m)
	}
	return e.F64ToFixed(x, o.fixed(64), m)
}

// roundLane converts to an integer as the environment rounds.
func (o *op) roundLane(e *softfloat.Env, x uint64) uint64 {
	switch ir.VecOp(o.aux) {
	case ir.VF32ToI32:
		return uint64(uint32(e.F32ToI32(uint32(x))))
	case ir.VF32ToI64:
		return uint64(e.F32ToI64(uint32(x)))
	case ir.VF64ToI32:
		return uint64(uint32(e.F64ToI32(x)))
	}
	return uint64(e.F64ToI64(x))
}

// truncateLane converts to an integer toward zero.
func (o *op) truncateLane(e *softfloat.Env, x uint64) uint64 {
	switch ir.VecOp(o.aux) {
	case ir.VF32ToI32:
		return uint64(uint32(e.F32ToI32Trunc(uint32(x))))
	case ir.VF32ToI64:
		return uint64(e.F32ToI64Trunc(uint32(x)))
	case ir.VF64ToI32:
		return uint64(uint32(e.F64ToI32Trunc(x)))
	}
	return uint64(e.F64ToI64Trunc(x))
}

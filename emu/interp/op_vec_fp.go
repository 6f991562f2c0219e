package interp

import (
	"math"

	"panda/emu/ir"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
)

// Floating point. Problem: the guest sees exception flags, rounding modes and
// traps, and most operations meet none of it. Idea: the environment is a value
// on the stack, made of the fenv word and folded back into it; softfloat has
// the fast path. No call goes through a function value here, for that would
// move the environment to the heap.
//
// Sticky flags whose exception is masked go into the environment: they spare
// softfloat the search for inexactness and cannot trap. Those unmasked start
// clear, so that what is set afterwards is new.

// Bits of the fenv word.
const (
	fenvFlags = 0x3f
	fenvDAZ   = 1 << 6
	fenvMasks = 7
	fenvRound = 13
	fenvFTZ   = 1 << 15
)

// beforeFlags are the exceptions found before a result is computed.
const beforeFlags = softfloat.IE | softfloat.DE | softfloat.ZE

// fenv is the environment in the operation's word C.
func (o *op) fenv(c *vcpu.CPU) softfloat.Env {
	m := c.W[o.c&frameMask]
	masks := softfloat.Flags(m>>fenvMasks) & fenvFlags
	return softfloat.Env{
		Round: softfloat.Rounding(m >> fenvRound & 3),
		Masks: masks,
		DAZ:   m&fenvDAZ != 0,
		FTZ:   m&fenvFTZ != 0,
		Flags: softfloat.Flags(m) & masks,
	}
}

// note adds the operation's flags to the fenv word. It does not return if one
// of them traps.
func (o *op) note(c *vcpu.CPU, e *softfloat.Env) {
	if e.Flags&^e.Masks != 0 {
		o.trap(c, e.Flags, e.Masks)
	}
	c.W[o.c&frameMask] |= uint64(e.Flags)
}

// trap raises a floating-point exception. When it was found before computing,
// no lane has been computed, so no lane has the flags of a result.
//
//go:noinline
func (o *op) trap(c *vcpu.CPU, flags, masks softfloat.Flags) {
	if flags&beforeFlags&^masks != 0 {
		flags &= beforeFlags
	}
	c.W[o.c&frameMask] |= uint64(flags)
	c.Insn = int(o.insn)
	c.Raise(c.Machine.Arch.FPException)
}

// scalarFloatFns are the operations on one lane.
var scalarFloatFns = map[ir.VecOp]laneFns{
	ir.VFAdd:    {2: fadd32, 3: fadd64},
	ir.VFSub:    {2: fsub32, 3: fsub64},
	ir.VFMul:    {2: fmul32, 3: fmul64},
	ir.VFDiv:    {2: fdiv32, 3: fdiv64},
	ir.VFMin:    {2: float32One, 3: float64One},
	ir.VFMax:    {2: float32One, 3: float64One},
	ir.VFSqrt:   {2: float32One, 3: float64One},
	ir.VFRound:  {2: float32One, 3: float64One},
	ir.VFCmp:    {2: float32One, 3: float64One},
	ir.VFRelate: {2: relate32, 3: relate64},
	ir.VFRcp:    {2: func(c *vcpu.CPU, o *op) *op { return approximate(c, o, rcp32) }},
	ir.VFRsqrt:  {2: func(c *vcpu.CPU, o *op) *op { return approximate(c, o, rsqrt32) }},
}

// vecFloatFns are those on several.
var vecFloatFns = map[ir.VecOp]laneFns{
	ir.VFAdd:    {2: float32Lanes, 3: float64Lanes},
	ir.VFSub:    {2: float32Lanes, 3: float64Lanes},
	ir.VFMul:    {2: float32Lanes, 3: float64Lanes},
	ir.VFDiv:    {2: float32Lanes, 3: float64Lanes},
	ir.VFMin:    {2: float32Lanes, 3: float64Lanes},
	ir.VFMax:    {2: float32Lanes, 3: float64Lanes},
	ir.VFSqrt:   {2: float32Lanes, 3: float64Lanes},
	ir.VFRound:  {2: float32Lanes, 3: float64Lanes},
	ir.VFCmp:    {2: float32Lanes, 3: float64Lanes},
	ir.VFAddSub: {2: addSub32, 3: addSub64},
	ir.VFRcp:    {2: words(func(a, _ uint64) uint64 { return both32(a, rcp32) })},
	ir.VFRsqrt:  {2: words(func(a, _ uint64) uint64 { return both32(a, rsqrt32) })},
}

func fadd32(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Add32(uint32(c.W[o.a&frameMask]), uint32(c.W[o.b&frameMask]))
	o.note(c, &e)
	c.W[o.d&frameMask] = uint64(r)
	return o.next()
}

func fadd64(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Add64(c.W[o.a&frameMask], c.W[o.b&frameMask])
	o.note(c, &e)
	c.W[o.d&frameMask] = r
	return o.next()
}

func fsub32(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Sub32(uint32(c.W[o.a&frameMask]), uint32(c.W[o.b&frameMask]))
	o.note(c, &e)
	c.W[o.d&frameMask] = uint64(r)
	return o.next()
}

func fsub64(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Sub64(c.W[o.a&frameMask], c.W[o.b&frameMask])
	o.note(c, &e)
	c.W[o.d&frameMask] = r
	return o.next()
}

func fmul32(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Mul32(uint32(c.W[o.a&frameMask]), uint32(c.W[o.b&frameMask]))
	o.note(c, &e)
	c.W[o.d&frameMask] = uint64(r)
	return o.next()
}

func fmul64(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Mul64(c.W[o.a&frameMask], c.W[o.b&frameMask])
	o.note(c, &e)
	c.W[o.d&frameMask] = r
	return o.next()
}

func fdiv32(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Div32(uint32(c.W[o.a&frameMask]), uint32(c.W[o.b&frameMask]))
	o.note(c, &e)
	c.W[o.d&frameMask] = uint64(r)
	return o.next()
}

func fdiv64(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Div64(c.W[o.a&frameMask], c.W[o.b&frameMask])
	o.note(c, &e)
	c.W[o.d&frameMask] = r
	return o.next()
}

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
		return e.RoundInt64(a, o.rounding(e), o.imm&8 != 0)
	}
	r := e.Cmp64(a, b, o.imm&16 != 0)
	return -(o.imm >> r & 1)
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
		return e.RoundInt32(a, o.rounding(e), o.imm&8 != 0)
	}
	r := e.Cmp32(a, b, o.imm&16 != 0)
	return -uint32(o.imm >> r & 1)
}

// rounding is the mode of a VFRound.
func (o *op) rounding(e *softfloat.Env) softfloat.Rounding {
	if o.imm&4 != 0 {
		return e.Round
	}
	return softfloat.Rounding(o.imm & 3)
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
	e := o.fenv(c)
	var r [4]uint64
	n := uint16(o.size / 8)
	for i := range n {
		r[i&3] = o.lane64(&e, c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask])
	}
	return o.putFloats(c, &e, &r)
}

func float32Lanes(c *vcpu.CPU, o *op) *op {
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

// putFloats ends an operation on several lanes.
func (o *op) putFloats(c *vcpu.CPU, e *softfloat.Env, r *[4]uint64) *op {
	o.note(c, e)
	for i := range uint16(o.size / 8) {
		c.W[(o.d+i)&frameMask] = r[i&3]
	}
	return o.next()
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

func relate64(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Cmp64(c.W[o.a&frameMask], c.W[o.b&frameMask], o.imm>>32 != 0)
	o.note(c, &e)
	c.W[o.d&frameMask] = o.imm >> (8 * r) & 0xff
	return o.next()
}

func relate32(c *vcpu.CPU, o *op) *op {
	e := o.fenv(c)
	r := e.Cmp32(uint32(c.W[o.a&frameMask]), uint32(c.W[o.b&frameMask]), o.imm>>32 != 0)
	o.note(c, &e)
	c.W[o.d&frameMask] = o.imm >> (8 * r) & 0xff
	return o.next()
}

func approximate(c *vcpu.CPU, o *op, f func(uint32) uint32) *op {
	c.W[o.d&frameMask] = uint64(f(uint32(c.W[o.a&frameMask])))
	return o.next()
}

func both32(x uint64, f func(uint32) uint32) uint64 {
	return uint64(f(uint32(x))) | uint64(f(uint32(x>>32)))<<32
}

const (
	sign32  = 1 << 31
	exp32   = 0xff << 23
	quiet32 = 1 << 22
)

// rcp32 is 1/a, which is nearer than asked for. Denormals count as zeros, and
// so do results that would be denormal.
func rcp32(a uint32) uint32 {
	switch {
	case a&^sign32 > exp32:
		return a | quiet32
	case a&exp32 == 0:
		return a&sign32 | exp32
	}
	r := math.Float32bits(float32(1 / float64(math.Float32frombits(a))))
	if r&exp32 == 0 {
		return r & sign32
	}
	return r
}

// rsqrt32 is 1/sqrt(a). Denormals count as zeros.
func rsqrt32(a uint32) uint32 {
	switch {
	case a&^sign32 > exp32:
		return a | quiet32
	case a&exp32 == 0:
		return a&sign32 | exp32
	case a&sign32 != 0:
		return sign32 | exp32 | quiet32
	}
	return math.Float32bits(float32(1 / math.Sqrt(float64(math.Float32frombits(a)))))
}

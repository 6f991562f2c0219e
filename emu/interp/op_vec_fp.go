package interp

import (
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
// Even that costs more than an addition. So where the environment rounds to
// nearest and an inexact result would change nothing (steady), the common
// operations compute on the host first and open no environment if the result is
// an ordinary number. That holds by all rules.
//
// Sticky flags whose exception is masked go into the environment: they spare
// softfloat the search for inexactness and cannot trap. Those unmasked start
// clear, so that what is set afterwards is new.

// steady reports that the environment rounds to nearest, masks PE and has seen it.
func (o *op) steady(c *vcpu.CPU) bool {
	const (
		seen = uint64(softfloat.PE)
		mask = seen << ir.EnvMasks
	)
	return c.W[o.c&frameMask]&(3<<ir.EnvRound|mask|seen) == mask|seen
}

// beforeFlags are the exceptions found before a result is computed.
const beforeFlags = softfloat.IE | softfloat.DE | softfloat.ZE

// fenv is the environment in the operation's word C.
func (o *op) fenv(c *vcpu.CPU) softfloat.Env {
	m := c.W[o.c&frameMask]
	masks := softfloat.Flags(m>>ir.EnvMasks) & ir.EnvFlags
	return softfloat.Env{
		Round: softfloat.Rounding(m >> ir.EnvRound & 3),
		Masks: masks,
		DAZ:   m&ir.EnvDAZ != 0,
		FTZ:   m&ir.EnvFTZ != 0,
		Flags: softfloat.Flags(m) & masks,

		Rules:      o.rules,
		DefaultNaN: m&ir.EnvDefaultNaN != 0,
		AltHalf:    m&ir.EnvAltHalf != 0,
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

// scalarFloatFns are the operations on one lane besides scalarArithFns.
var scalarFloatFns = map[ir.VecOp]laneFns{
	ir.VFMin:       {2: float32One, 3: float64One},
	ir.VFMax:       {2: float32One, 3: float64One},
	ir.VFSqrt:      {2: float32One, 3: float64One},
	ir.VFRound:     {2: float32One, 3: float64One},
	ir.VFCmp:       {2: float32One, 3: float64One},
	ir.VFMulX:      {2: float32One, 3: float64One},
	ir.VFMinNum:    {2: float32One, 3: float64One},
	ir.VFMaxNum:    {2: float32One, 3: float64One},
	ir.VFRecipEst:  {2: float32One, 3: float64One},
	ir.VFRsqrtEst:  {2: float32One, 3: float64One},
	ir.VFRecipStep: {2: float32One, 3: float64One},
	ir.VFRsqrtStep: {2: float32One, 3: float64One},
	ir.VFRelate:    {2: relate32, 3: relate64},
	ir.VFMulAdd:    {2: mulAdd32One, 3: mulAdd64One},
	ir.VFRcp:       {2: func(c *vcpu.CPU, o *op) *op { return approximate(c, o, rcp32) }},
	ir.VFRsqrt:     {2: func(c *vcpu.CPU, o *op) *op { return approximate(c, o, rsqrt32) }},
}

// vecFloatFns are those on several.
var vecFloatFns = map[ir.VecOp]laneFns{
	ir.VFAdd:       {2: float32Lanes, 3: float64Lanes},
	ir.VFSub:       {2: float32Lanes, 3: float64Lanes},
	ir.VFMul:       {2: float32Lanes, 3: float64Lanes},
	ir.VFDiv:       {2: float32Lanes, 3: float64Lanes},
	ir.VFMin:       {2: float32Lanes, 3: float64Lanes},
	ir.VFMax:       {2: float32Lanes, 3: float64Lanes},
	ir.VFSqrt:      {2: float32Lanes, 3: float64Lanes},
	ir.VFRound:     {2: float32Lanes, 3: float64Lanes},
	ir.VFCmp:       {2: float32Lanes, 3: float64Lanes},
	ir.VFMulX:      {2: float32Lanes, 3: float64Lanes},
	ir.VFMinNum:    {2: float32Lanes, 3: float64Lanes},
	ir.VFMaxNum:    {2: float32Lanes, 3: float64Lanes},
	ir.VFRecipEst:  {2: float32Lanes, 3: float64Lanes},
	ir.VFRsqrtEst:  {2: float32Lanes, 3: float64Lanes},
	ir.VFRecipStep: {2: float32Lanes, 3: float64Lanes},
	ir.VFRsqrtStep: {2: float32Lanes, 3: float64Lanes},
	ir.VFAddSub:    {2: addSub32, 3: addSub64},
	ir.VFMulAdd:    {2: mulAdd32Lanes, 3: mulAdd64Lanes},
	ir.VFRcp:       {2: words(func(a, _ uint64) uint64 { return both32(a, rcp32) })},
	ir.VFRsqrt:     {2: words(func(a, _ uint64) uint64 { return both32(a, rsqrt32) })},
}

// usual64 reports that r is what the operation makes of a and b in a steady
// environment.
func usual64(a, b, r uint64) bool {
	return softfloat.Plain64(a) && softfloat.Plain64(b) && softfloat.Settled64(r)
}

func usual32(a, b, r uint32) bool {
	return softfloat.Plain32(a) && softfloat.Plain32(b) && softfloat.Settled32(r)
}

package interp

import (
	"math/bits"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// flagFns holds Flags by [operation][B is a constant].
var flagFns = [ir.NumFlagOps][2]fn{
	ir.FlagsAdd: {flagsAdd, flagsAddI},
	ir.FlagsSub: {flagsSub, flagsSubI},
	ir.FlagsAnd: {flagsAnd, flagsAndI},
}

func flagsAdd(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = ir.FlagsAdd.Of(uint(o.size)*8, c.W[o.a&frameMask], c.W[o.b&frameMask], c.W[o.c&frameMask]&1)
	return o.next()
}

func flagsAddI(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = ir.FlagsAdd.Of(uint(o.size)*8, c.W[o.a&frameMask], o.imm, c.W[o.c&frameMask]&1)
	return o.next()
}

func flagsSub(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = ir.FlagsSub.Of(uint(o.size)*8, c.W[o.a&frameMask], c.W[o.b&frameMask], c.W[o.c&frameMask]&1)
	return o.next()
}

func flagsSubI(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = ir.FlagsSub.Of(uint(o.size)*8, c.W[o.a&frameMask], o.imm, c.W[o.c&frameMask]&1)
	return o.next()
}

func flagsAnd(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = ir.FlagsAnd.Of(uint(o.size)*8, c.W[o.a&frameMask], c.W[o.b&frameMask], 0)
	return o.next()
}

func flagsAndI(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = ir.FlagsAnd.Of(uint(o.size)*8, c.W[o.a&frameMask], o.imm, 0)
	return o.next()
}

func divU32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32((c.W[o.c&frameMask]<<32 | uint64(uint32(c.W[o.a&frameMask]))) / uint64(uint32(c.W[o.b&frameMask]))))
	return o.next()
}

func remU32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = (c.W[o.c&frameMask]<<32 | uint64(uint32(c.W[o.a&frameMask]))) % uint64(uint32(c.W[o.b&frameMask]))
	return o.next()
}

func divU64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask], _ = bits.Div64(c.W[o.c&frameMask], c.W[o.a&frameMask], c.W[o.b&frameMask])
	return o.next()
}

func remU64(c *vcpu.CPU, o *op) *op {
	_, c.W[o.d&frameMask] = bits.Div64(c.W[o.c&frameMask], c.W[o.a&frameMask], c.W[o.b&frameMask])
	return o.next()
}

func divS32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(int32(uint32(c.W[o.a&frameMask])) / int32(uint32(c.W[o.b&frameMask]))))
	return o.next()
}

func remS32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(int32(uint32(c.W[o.a&frameMask])) % int32(uint32(c.W[o.b&frameMask]))))
	return o.next()
}

func divS64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int64(c.W[o.a&frameMask]) / int64(c.W[o.b&frameMask]))
	return o.next()
}

func remS64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int64(c.W[o.a&frameMask]) % int64(c.W[o.b&frameMask]))
	return o.next()
}

package interp

import (
	"math/bits"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// plainFns are operations by [64 bits][B is a constant].
type plainFns [ir.NumOps][2][2]fn

// opFns are all of them: those that are generated, and those that stand here.
var opFns = aluFns.with(&plainFns{
	ir.Deposit: {{deposit32, deposit32i}, {deposit64, deposit64i}},
	ir.Select:  {{select32, nil}, {select64, nil}},
	ir.Extract: {{extract32, nil}, {extract64, nil}},
	ir.DivU:    {{divU32, nil}, {divU64, nil}},
	ir.RemU:    {{remU32, nil}, {remU64, nil}},
	ir.DivS:    {{divS32, nil}, {divS64, nil}},
	ir.RemS:    {{remS32, nil}, {remS64, nil}},
	ir.Br:      {{br, br}, {br, br}},
	ir.GotoTB:  {{gotoTB, gotoTB}, {gotoTB, gotoTB}},
	ir.GotoPtr: {{gotoPtr, gotoPtr}, {gotoPtr, gotoPtr}},
	ir.ExitTB:  {{exitTB, exitTB}, {exitTB, exitTB}},
	ir.Call:    {{call, call}, {call, call}},
	ir.Count:   {{count, count}, {count, count}},
})

// with is the table with the rows of another one.
func (t plainFns) with(more *plainFns) plainFns {
	for op, fs := range more {
		if fs[0][0] != nil {
			t[op] = fs
		}
	}
	return t
}

func extract32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = (c.W[o.a&frameMask] >> (o.aux & 63)) & (1<<o.sub - 1)
	return o.next()
}

func extract64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = (c.W[o.a&frameMask] >> (o.aux & 63)) & (1<<o.sub - 1)
	return o.next()
}

func deposit32(c *vcpu.CPU, o *op) *op {
	m := uint64(1<<o.sub-1) << (o.aux & 63)
	c.W[o.d&frameMask] = c.W[o.a&frameMask]&^m | c.W[o.b&frameMask]<<(o.aux&63)&m
	return o.next()
}

func deposit32i(c *vcpu.CPU, o *op) *op {
	m := uint64(1<<o.sub-1) << (o.aux & 63)
	c.W[o.d&frameMask] = c.W[o.a&frameMask]&^m | o.imm<<(o.aux&63)&m
	return o.next()
}

func deposit64(c *vcpu.CPU, o *op) *op {
	m := uint64(1<<o.sub-1) << (o.aux & 63)
	c.W[o.d&frameMask] = c.W[o.a&frameMask]&^m | c.W[o.b&frameMask]<<(o.aux&63)&m
	return o.next()
}

func deposit64i(c *vcpu.CPU, o *op) *op {
	m := uint64(1<<o.sub-1) << (o.aux & 63)
	c.W[o.d&frameMask] = c.W[o.a&frameMask]&^m | o.imm<<(o.aux&63)&m
	return o.next()
}

func select32(c *vcpu.CPU, o *op) *op {
	v := c.W[o.b&frameMask]
	if c.W[o.a&frameMask] == 0 {
		v = c.W[o.c&frameMask]
	}
	c.W[o.d&frameMask] = uint64(uint32(v))
	return o.next()
}

func select64(c *vcpu.CPU, o *op) *op {
	v := c.W[o.b&frameMask]
	if c.W[o.a&frameMask] == 0 {
		v = c.W[o.c&frameMask]
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func mulHigh(a, b uint64) uint64 {
	h, _ := bits.Mul64(a, b)
	return h
}

func mulHighSigned(a, b uint64) uint64 {
	h, _ := bits.Mul64(a, b)
	if int64(a) < 0 {
		h -= b
	}
	if int64(b) < 0 {
		h -= a
	}
	return h
}

// extFns holds the extensions by [signed][from type][64 bits].
var extFns = [2][4][2]fn{
	{{zext8, zext8}, {zext16, zext16}, {zext32, zext32}, {mov64a, mov64a}},
	{{sext8to32, sext8to64}, {sext16to32, sext16to64}, {zext32, sext32to64}, {mov64a, mov64a}},
}

func zext8(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint8(c.W[o.a&frameMask]))
	return o.next()
}

func zext16(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint16(c.W[o.a&frameMask]))
	return o.next()
}

func zext32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]))
	return o.next()
}

func sext8to32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(int8(c.W[o.a&frameMask])))
	return o.next()
}

func sext16to32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(int16(c.W[o.a&frameMask])))
	return o.next()
}

func sext8to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int8(c.W[o.a&frameMask]))
	return o.next()
}

func sext16to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int16(c.W[o.a&frameMask]))
	return o.next()
}

func sext32to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int32(c.W[o.a&frameMask]))
	return o.next()
}

func mov64a(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask]
	return o.next()
}

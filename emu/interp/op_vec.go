package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// The vector operations, by log2 of the lane's bytes. A function knows its
// operation and lane, and takes the length from o.size; a table for one length
// holds what is faster, or must be other, than the general function.
//
// Operands may be the same register as the result, so a function whose lanes
// move reads all it needs before it writes.
type laneFns [4]fn

type vecTable [ir.NumVecOps]laneFns

var (
	vecFns    = mergeVec(vecBitFns, vecIntFns, vecMulFns, vecShiftFns, vecMoveFns, vecSpecialFns, vecFloatFns, vecConvFns)
	vec128Fns = mergeVec(vec128LaneFns, vec128MoveFns)                  // V128
	vec64Fns  = mergeVec(vec64MulFns, vec64ShiftFns, vec64MoveFns)      // I64
	scalarFns = mergeVec(scalarArithFns, scalarFloatFns, scalarConvFns) // one lane
	vec256Fns = mergeVec(vec256LaneFns, vec256MoveFns)                  // V256
	noVecFns  = vecTable{}
	byLength  = [ir.NumTypes]*vecTable{ir.I32: &noVecFns, ir.I64: &vec64Fns, ir.V128: &vec128Fns, ir.V256: &vec256Fns}
)

func mergeVec(ts ...map[ir.VecOp]laneFns) (all vecTable) {
	for _, t := range ts {
		for op, fs := range t { // a table again
			all[op] = fs
		}
	}
	return all
}

func vecFn(i *ir.Insn) fn {
	lane := i.Sub & 3
	if i.Type.Bytes() == 1<<lane && usualConv(i) {
		if f := scalarFns[i.Aux][lane]; f != nil {
			return f
		}
	}
	if f := byLength[i.Type][i.Aux][lane]; f != nil {
		return f
	}
	return vecFns[i.Aux][lane]
}

// words makes an operation of one on words.
func words(f func(a, b uint64) uint64) fn {
	return func(c *vcpu.CPU, o *op) *op {
		for i := range uint16(o.size / 8) {
			c.W[(o.d+i)&frameMask] = f(c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask])
		}
		return o.next()
	}
}

// wordsImm is words with the constant.
func wordsImm(f func(a, b, imm uint64) uint64) fn {
	return func(c *vcpu.CPU, o *op) *op {
		for i := range uint16(o.size / 8) {
			c.W[(o.d+i)&frameMask] = f(c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask], o.imm)
		}
		return o.next()
	}
}

// pair is 128 bits.
type pair struct{ lo, hi uint64 }

// pairs makes an operation of one on 128 bits.
func pairs(f func(a, b pair, imm uint64) pair) fn {
	return func(c *vcpu.CPU, o *op) *op {
		for i := uint16(0); i < uint16(o.size/8); i += 2 {
			o.put(c, i, f(o.first(c, i), o.second(c, i), o.imm))
		}
		return o.next()
	}
}

// first is operand A from word i on, second operand B.
func (o *op) first(c *vcpu.CPU, i uint16) pair {
	return pair{c.W[(o.a+i)&frameMask], c.W[(o.a+i+1)&frameMask]}
}

func (o *op) second(c *vcpu.CPU, i uint16) pair {
	return pair{c.W[(o.b+i)&frameMask], c.W[(o.b+i+1)&frameMask]}
}

// put sets two words of the result.
func (o *op) put(c *vcpu.CPU, i uint16, v pair) {
	c.W[(o.d+i)&frameMask], c.W[(o.d+i+1)&frameMask] = v.lo, v.hi
}

// all makes the same function do for every lane size.
func all(f fn) laneFns { return laneFns{f, f, f, f} }

var vecBitFns = map[ir.VecOp]laneFns{
	ir.VMov:    all(words(func(a, _ uint64) uint64 { return a })),
	ir.VZero:   all(words(func(_, _ uint64) uint64 { return 0 })),
	ir.VAnd:    all(words(func(a, b uint64) uint64 { return a & b })),
	ir.VAndNot: all(words(func(a, b uint64) uint64 { return ^a & b })),
	ir.VOr:     all(words(func(a, b uint64) uint64 { return a | b })),
	ir.VXor:    all(words(func(a, b uint64) uint64 { return a ^ b })),
	ir.VBlendV: {0: blendV(top8, 8), 2: blendV(top32, 32), 3: blendV(top64, 64)},
}

// blendV takes b where the top bit of c's lane is set.
func blendV(h uint64, w uint) fn {
	return func(c *vcpu.CPU, o *op) *op {
		for i := range uint16(o.size / 8) {
			m := spread(c.W[(o.c+i)&frameMask]&h, w)
			c.W[(o.d+i)&frameMask] = c.W[(o.a+i)&frameMask]&^m | c.W[(o.b+i)&frameMask]&m
		}
		return o.next()
	}
}

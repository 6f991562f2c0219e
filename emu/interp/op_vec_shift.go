package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

var vecShiftFns = map[ir.VecOp]laneFns{
	ir.VShl: {
		1: shifts(func(x, n uint64) uint64 { return shlLanes(x, n, one16, 16) }),
		2: shifts(func(x, n uint64) uint64 { return shlLanes(x, n, one32, 32) }),
		3: shifts(func(x, n uint64) uint64 { return x << n }),
	},
	ir.VShr: {
		1: shifts(func(x, n uint64) uint64 { return shrLanes(x, n, one16, 16) }),
		2: shifts(func(x, n uint64) uint64 { return shrLanes(x, n, one32, 32) }),
		3: shifts(func(x, n uint64) uint64 { return x >> n }),
	},
	ir.VSar: {
		1: shifts(func(x, n uint64) uint64 { return sarLanes(x, n, one16, 16) }),
		2: shifts(func(x, n uint64) uint64 { return sarLanes(x, n, one32, 32) }),
		3: shifts(func(x, n uint64) uint64 { return uint64(int64(x) >> n) }),
	},
	ir.VShlV: {
		2: words(eachShift(func(x, n uint32) uint32 { return x << n })),
		3: words(func(x, n uint64) uint64 { return x << n }),
	},
	ir.VShrV: {
		2: words(eachShift(func(x, n uint32) uint32 { return x >> n })),
		3: words(func(x, n uint64) uint64 { return x >> n }),
	},
	ir.VSarV: {
		2: words(eachShift(func(x, n uint32) uint32 { return uint32(int32(x) >> n) })),
		3: words(func(x, n uint64) uint64 { return uint64(int64(x) >> n) }),
	},
	ir.VShlBytes: all(pairShifts(shlBytes)),
	ir.VShrBytes: all(pairShifts(func(v pair, n uint64) pair { return align(pair{}, v, n) })),
	ir.VAlign:    all(pairs(align)),
}

var vec64ShiftFns = map[ir.VecOp]laneFns{
	ir.VAlign: all(wordsImm(func(a, b, imm uint64) uint64 { return align(pair{}, pair{b, a}, imm).lo })),
}

// count is the count of a shift. The word of an absent B is 0, and so is Imm
// where B gives the count.
func (o *op) count(c *vcpu.CPU) uint64 { return c.W[o.b&frameMask] + o.imm }

// shifts makes an operation of one that shifts the lanes of a word.
func shifts(f func(x, n uint64) uint64) fn {
	return func(c *vcpu.CPU, o *op) *op {
		n := o.count(c)
		for i := range uint16(o.size / 8) {
			c.W[(o.d+i)&frameMask] = f(c.W[(o.a+i)&frameMask], n)
		}
		return o.next()
	}
}

// eachShift makes an operation on both halves of a word of one on 32 bits.
func eachShift(f func(x, n uint32) uint32) func(x, n uint64) uint64 {
	return func(x, n uint64) uint64 {
		return uint64(f(uint32(x), uint32(n))) | uint64(f(uint32(x>>32), uint32(n>>32)))<<32
	}
}

// pairShifts makes an operation of one that shifts 128 bits.
func pairShifts(f func(v pair, n uint64) pair) fn {
	return func(c *vcpu.CPU, o *op) *op {
		n := o.count(c)
		for i := uint16(0); i < uint16(o.size/8); i += 2 {
			o.put(c, i, f(o.first(c, i), n))
		}
		return o.next()
	}
}

func shlBytes(v pair, n uint64) pair {
	if n >= 8 {
		return pair{0, v.lo << (8 * min(n-8, 8))}
	}
	return pair{v.lo << (8 * n), v.hi<<(8*n) | v.lo>>(64-8*n)}
}

// align cuts n bytes off the low end of a:b.
func align(a, b pair, n uint64) pair {
	switch {
	case n >= 32:
		return pair{}
	case n >= 16:
		a, b, n = pair{}, a, n-16
	}
	if n >= 8 {
		a, b, n = pair{a.hi, 0}, pair{b.hi, a.lo}, n-8
	}
	return pair{b.lo>>(8*n) | b.hi<<(64-8*n), b.hi>>(8*n) | a.lo<<(64-8*n)}
}

package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// vecMoveFns is what moves lanes.
var vecMoveFns = map[ir.VecOp]laneFns{
	ir.VPackSatS: {1: halves(packSatS16), 2: halves(packSatS32)},
	ir.VPackSatU: {1: halves(packSatU16), 2: halves(packSatU32)},
	ir.VUnpackLo: {
		pairs(func(a, b pair, _ uint64) pair { return unpack8(a.lo, b.lo) }),
		pairs(func(a, b pair, _ uint64) pair { return unpack16(a.lo, b.lo) }),
		pairs(func(a, b pair, _ uint64) pair { return unpack32(a.lo, b.lo) }),
		pairs(func(a, b pair, _ uint64) pair { return pair{a.lo, b.lo} }),
	},
	ir.VUnpackHi: {
		pairs(func(a, b pair, _ uint64) pair { return unpack8(a.hi, b.hi) }),
		pairs(func(a, b pair, _ uint64) pair { return unpack16(a.hi, b.hi) }),
		pairs(func(a, b pair, _ uint64) pair { return unpack32(a.hi, b.hi) }),
		pairs(func(a, b pair, _ uint64) pair { return pair{a.hi, b.hi} }),
	},
	ir.VExtendS:   {1: extend(signed), 2: extend(signed), 3: extend(signed)},
	ir.VExtendU:   {1: extend(unsigned), 2: extend(unsigned), 3: extend(unsigned)},
	ir.VShuffle:   {1: pairs(shuffleLo16), 2: pairs(shuffle32)},
	ir.VShuffleHi: {1: pairs(shuffleHi16)},
	ir.VShuffle2:  {2: pairs(shuffle2x32), 3: shuffle2x64},
	ir.VShuffleV:  {0: pairs(shuffleV8), 2: pairs(shuffleV32), 3: pairs(shuffleV64)},
	ir.VPermute:   {2: permute32, 3: permute64},
	ir.VBroadcast: {broadcast(one8, 8), broadcast(one16, 16), broadcast(1|1<<32, 32), broadcast(1, 64)},
	ir.VBlend:     {1: blend(1), 2: blend(2), 3: blend(3)},
	ir.VMoveMask:  {0: moveMask8, 2: moveMask32, 3: moveMask64},
	ir.VTest:      {0: testBits(^uint64(0)), 2: testBits(top32), 3: testBits(top64)},
}

// vec128MoveFns are those on 128 bits that programs use most.
var vec128MoveFns = map[ir.VecOp]laneFns{
	ir.VMov:      all(mov128),
	ir.VZero:     all(zero128),
	ir.VUnpackLo: {unpackLo8v, nil, unpackLo32v, unpackLo64v},
	ir.VUnpackHi: {3: unpackHi64v},
	ir.VShuffle:  {2: shuffle32v},
	ir.VMoveMask: {0: moveMask8v},
}

var vec64MoveFns = map[ir.VecOp]laneFns{
	ir.VPackSatS: {1: joined(packSatS16), 2: joined(packSatS32)},
	ir.VPackSatU: {1: joined(packSatU16)},
	ir.VUnpackLo: {
		words(interleave8), words(interleave16), words(interleave32), nil,
	},
	ir.VUnpackHi: {
		words(func(a, b uint64) uint64 { return interleave8(a>>32, b>>32) }),
		words(func(a, b uint64) uint64 { return interleave16(a>>32, b>>32) }),
		words(func(a, b uint64) uint64 { return interleave32(a>>32, b>>32) }),
		nil,
	},
	ir.VShuffle:  {1: wordsImm(func(a, _, imm uint64) uint64 { return shuffle16(a, imm) })},
	ir.VShuffleV: {0: words(shuffleV8Word)},
}

// vec256MoveFns are those on 256 bits: moves, and what searches strings.
var vec256MoveFns = map[ir.VecOp]laneFns{
	ir.VMov:      all(mov256),
	ir.VZero:     all(zero256),
	ir.VMoveMask: {0: moveMask8y},
}

func mov128(c *vcpu.CPU, o *op) *op {
	o.put(c, 0, o.first(c, 0))
	return o.next()
}

func zero128(c *vcpu.CPU, o *op) *op {
	o.put(c, 0, pair{})
	return o.next()
}

func mov256(c *vcpu.CPU, o *op) *op {
	lo, hi := o.first(c, 0), o.first(c, 2)
	o.put(c, 0, lo)
	o.put(c, 2, hi)
	return o.next()
}

func zero256(c *vcpu.CPU, o *op) *op {
	o.put(c, 0, pair{})
	o.put(c, 2, pair{})
	return o.next()
}

func packSatS16(x uint64) (r uint32) {
	for s := 0; s < 32; s += 8 {
		r |= uint32(saturate8(int16(x>>(2*s)))) << s
	}
	return r
}

func packSatU16(x uint64) (r uint32) {
	for s := 0; s < 32; s += 8 {
		r |= uint32(max(0, min(0xff, int16(x>>(2*s))))) << s
	}
	return r
}

func packSatS32(x uint64) uint32 {
	return uint32(saturate16(int32(x))) | uint32(saturate16(int32(x>>32)))<<16
}

func packSatU32(x uint64) uint32 {
	return uint32(max(0, min(0xffff, int32(x)))) | uint32(max(0, min(0xffff, int32(x>>32))))<<16
}

func unpack8(a, b uint64) pair { return pair{interleave8(a, b), interleave8(a>>32, b>>32)} }

func unpack16(a, b uint64) pair { return pair{interleave16(a, b), interleave16(a>>32, b>>32)} }

func unpack32(a, b uint64) pair { return pair{interleave32(a, b), interleave32(a>>32, b>>32)} }

func unpackLo8v(c *vcpu.CPU, o *op) *op {
	o.put(c, 0, unpack8(c.W[o.a&frameMask], c.W[o.b&frameMask]))
	return o.next()
}

func unpackLo32v(c *vcpu.CPU, o *op) *op {
	o.put(c, 0, unpack32(c.W[o.a&frameMask], c.W[o.b&frameMask]))
	return o.next()
}

func unpackLo64v(c *vcpu.CPU, o *op) *op {
	o.put(c, 0, pair{c.W[o.a&frameMask], c.W[o.b&frameMask]})
	return o.next()
}

func unpackHi64v(c *vcpu.CPU, o *op) *op {
	o.put(c, 0, pair{c.W[(o.a+1)&frameMask], c.W[(o.b+1)&frameMask]})
	return o.next()
}

func signed(x uint64, w uint) uint64 { return uint64(int64(x<<(64-w)) >> (64 - w)) }

func unsigned(x uint64, w uint) uint64 { return x << (64 - w) >> (64 - w) }

// extend makes lanes of 1<<sub bytes of narrower ones.
func extend(f func(x uint64, w uint) uint64) fn {
	return func(c *vcpu.CPU, o *op) *op {
		from, to := uint(8)<<o.imm, uint(8)<<(o.sub&3)
		var r [4]uint64
		for n := uint(0); n*to < 8*uint(o.size); n++ {
			x := c.W[(o.a+uint16(n*from/64))&frameMask] >> (n * from % 64)
			r[n*to/64] |= unsigned(f(x, from), to) << (n * to % 64)
		}
		copy(c.W[o.d&frameMask:], r[:o.size/8])
		return o.next()
	}
}

// shuffle16 takes the lanes of a word that imm names.
func shuffle16(x, imm uint64) (r uint64) {
	for s := 0; s < 64; s += 16 {
		r |= x >> (imm & 3 * 16) & 0xffff << s
		imm >>= 2
	}
	return r
}

func shuffleLo16(a, _ pair, imm uint64) pair { return pair{shuffle16(a.lo, imm), a.hi} }

func shuffleHi16(a, _ pair, imm uint64) pair { return pair{a.lo, shuffle16(a.hi, imm)} }

// lane32 is the 32-bit lane of v that the low two bits of n name.
func (v pair) lane32(n uint64) uint64 {
	w := v.lo
	if n&2 != 0 {
		w = v.hi
	}
	return w >> (n & 1 * 32) & lowBits(32)
}

func shuffle32(a, _ pair, imm uint64) pair { return shuffle2x32(a, a, imm) }

func shuffle32v(c *vcpu.CPU, o *op) *op {
	lane := func(n uint64) uint64 { return c.W[(o.a+uint16(n>>1&1))&frameMask] >> (n & 1 * 32) & lowBits(32) }
	n := o.imm
	o.put(c, 0, pair{lane(n) | lane(n>>2)<<32, lane(n>>4) | lane(n>>6)<<32})
	return o.next()
}

func shuffle2x32(a, b pair, imm uint64) pair {
	return pair{a.lane32(imm) | a.lane32(imm>>2)<<32, b.lane32(imm>>4) | b.lane32(imm>>6)<<32}
}

// shuffle2x64 has an own choice for each lane.
func shuffle2x64(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < uint16(o.size/8); i += 2 {
		a := c.W[(o.a+i+uint16(o.imm>>i&1))&frameMask]
		b := c.W[(o.b+i+uint16(o.imm>>(i+1)&1))&frameMask]
		o.put(c, i, pair{a, b})
	}
	return o.next()
}

func shuffleV8(a, b pair, _ uint64) pair {
	return pair{pickBytes(a, b.lo), pickBytes(a, b.hi)}
}

func pickBytes(a pair, by uint64) (r uint64) {
	for s := 0; s < 64; s += 8 {
		n := uint8(by >> s)
		w := a.lo
		if n&8 != 0 {
			w = a.hi
		}
		if n < 0x80 {
			r |= w >> (n & 7 * 8) & 0xff << s
		}
	}
	return r
}

func shuffleV8Word(a, b uint64) uint64 { return pickBytes(pair{a, a}, b) }

func shuffleV32(a, b pair, _ uint64) pair {
	return pair{a.lane32(b.lo) | a.lane32(b.lo>>32)<<32, a.lane32(b.hi) | a.lane32(b.hi>>32)<<32}
}

func shuffleV64(a, b pair, _ uint64) (r pair) {
	r = pair{a.lo, a.lo}
	if b.lo&2 != 0 {
		r.lo = a.hi
	}
	if b.hi&2 != 0 {
		r.hi = a.hi
	}
	return r
}

// permute32 takes lanes from anywhere in a by b.
func permute32(c *vcpu.CPU, o *op) *op {
	var r [4]uint64
	words := uint16(o.size / 8)
	for i := range 2 * words {
		n := uint16(c.W[(o.b+i/2)&frameMask]>>(i%2*32)) & (2*words - 1)
		v := c.W[(o.a+n/2)&frameMask] >> (n % 2 * 32) & lowBits(32)
		r[i/2&3] |= v << (i % 2 * 32)
	}
	o.putWords(c, &r)
	return o.next()
}

// permute64 by the constant.
func permute64(c *vcpu.CPU, o *op) *op {
	var r [4]uint64
	words := uint16(o.size / 8)
	for i := range words {
		n := uint16(o.imm>>(2*i)) & (words - 1)
		r[i&3] = c.W[(o.a+n)&frameMask]
	}
	o.putWords(c, &r)
	return o.next()
}

// broadcast fills lanes of w bits, whose bottom bits are one.
func broadcast(one uint64, w uint) fn {
	return func(c *vcpu.CPU, o *op) *op {
		v := unsigned(c.W[o.a&frameMask], w) * one
		for i := range uint16(o.size / 8) {
			c.W[(o.d+i)&frameMask] = v
		}
		return o.next()
	}
}

// blend takes lanes by the bits of the constant, which begin again after eight.
func blend(lane uint) fn {
	return func(c *vcpu.CPU, o *op) *op {
		bit := uint(0)
		for i := range uint16(o.size / 8) {
			m := uint64(0)
			for s := uint(0); s < 64; s += 8 << lane {
				m |= -(o.imm >> (bit & 7) & 1) & lowBits(8<<lane) << s
				bit++
			}
			c.W[(o.d+i)&frameMask] = c.W[(o.a+i)&frameMask]&^m | c.W[(o.b+i)&frameMask]&m
		}
		return o.next()
	}
}

func moveMask8(c *vcpu.CPU, o *op) *op {
	var r uint64
	for i := range uint16(o.size / 8) {
		r |= signs8(c.W[(o.a+i)&frameMask]) << (8 * i)
	}
	c.W[o.d&frameMask] = r
	return o.next()
}

func moveMask8v(c *vcpu.CPU, o *op) *op {
	a := o.first(c, 0)
	c.W[o.d&frameMask] = signs8(a.lo) | signs8(a.hi)<<8
	return o.next()
}

func moveMask8y(c *vcpu.CPU, o *op) *op {
	a, b := o.first(c, 0), o.first(c, 2)
	c.W[o.d&frameMask] = signs8(a.lo) | signs8(a.hi)<<8 | signs8(b.lo)<<16 | signs8(b.hi)<<24
	return o.next()
}

func moveMask32(c *vcpu.CPU, o *op) *op {
	var r uint64
	for i := range uint16(o.size / 8) {
		w := c.W[(o.a+i)&frameMask]
		r |= (w>>31&1 | w>>63<<1) << (2 * i)
	}
	c.W[o.d&frameMask] = r
	return o.next()
}

func moveMask64(c *vcpu.CPU, o *op) *op {
	var r uint64
	for i := range uint16(o.size / 8) {
		r |= c.W[(o.a+i)&frameMask] >> 63 << i
	}
	c.W[o.d&frameMask] = r
	return o.next()
}

// testBits is VTest on the bits of m in each word.
func testBits(m uint64) fn {
	return func(c *vcpu.CPU, o *op) *op {
		var both, rest uint64
		for i := range uint16(o.size / 8) {
			a, b := c.W[(o.a+i)&frameMask], c.W[(o.b+i)&frameMask]
			both |= a & b
			rest |= ^a & b
		}
		c.W[o.d&frameMask] = uint64(b2i(both&m == 0) | b2i(rest&m == 0)<<1)
		return o.next()
	}
}

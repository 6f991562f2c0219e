package interp

import (
	"math/bits"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// vecMulFns is what multiplies, and what adds across lanes.
var vecMulFns = map[ir.VecOp]laneFns{
	ir.VMul:        {1: words(mul16), 2: words(mul32Lanes), 3: words(func(a, b uint64) uint64 { return a * b })},
	ir.VMulHS:      {1: words(mulHS16)},
	ir.VMulHU:      {1: words(mulHU16)},
	ir.VMulRoundS:  {1: words(mulRoundS16)},
	ir.VMulWideS:   {3: words(func(a, b uint64) uint64 { return uint64(int64(int32(a)) * int64(int32(b))) })},
	ir.VMulWideU:   {3: words(func(a, b uint64) uint64 { return uint64(uint32(a)) * uint64(uint32(b)) })},
	ir.VMulAdd:     {2: words(mulAdd16)},
	ir.VMulAddSatU: {1: words(mulAddSatU8)},
	ir.VSumDiff:    {3: words(sumDiff)},
	ir.VSumDiffs:   {1: sumDiffLanes},
	ir.VMinPosU:    {1: pairs(minPosU)},
	ir.VHAdd:       {1: halves(hAdd16), 2: halves(hAdd32)},
	ir.VHAddSatS:   {1: halves(hAddSatS16)},
	ir.VHSub:       {1: halves(hSub16), 2: halves(hSub32)},
	ir.VHSubSatS:   {1: halves(hSubSatS16)},
}

var vec64MulFns = map[ir.VecOp]laneFns{
	ir.VHAdd:     {1: joined(hAdd16), 2: joined(hAdd32)},
	ir.VHAddSatS: {1: joined(hAddSatS16)},
	ir.VHSub:     {1: joined(hSub16), 2: joined(hSub32)},
	ir.VHSubSatS: {1: joined(hSubSatS16)},
}

// halves makes an operation of one that turns a word into half a word: the
// halves of a's words, then those of b's.
func halves(f func(x uint64) uint32) fn {
	return pairs(func(a, b pair, _ uint64) pair {
		return pair{uint64(f(a.lo)) | uint64(f(a.hi))<<32, uint64(f(b.lo)) | uint64(f(b.hi))<<32}
	})
}

// joined is halves for vectors of one word.
func joined(f func(x uint64) uint32) fn {
	return words(func(a, b uint64) uint64 { return uint64(f(a)) | uint64(f(b))<<32 })
}

func mul16(a, b uint64) (r uint64) {
	for s := 0; s < 64; s += 16 {
		r |= uint64(uint16(a>>s)*uint16(b>>s)) << s
	}
	return r
}

func mul32Lanes(a, b uint64) uint64 {
	return uint64(uint32(a)*uint32(b)) | uint64(uint32(a>>32)*uint32(b>>32))<<32
}

func mulHS16(a, b uint64) (r uint64) {
	for s := 0; s < 64; s += 16 {
		r |= uint64(uint16(int32(int16(a>>s))*int32(int16(b>>s))>>16)) << s
	}
	return r
}

func mulHU16(a, b uint64) (r uint64) {
	for s := 0; s < 64; s += 16 {
		r |= uint64(uint32(uint16(a>>s))*uint32(uint16(b>>s))>>16) << s
	}
	return r
}

func mulRoundS16(a, b uint64) (r uint64) {
	for s := 0; s < 64; s += 16 {
		p := int32(int16(a>>s)) * int32(int16(b>>s))
		r |= uint64(uint16((p>>14+1)>>1)) << s
	}
	return r
}

func mulAdd16(a, b uint64) (r uint64) {
	for s := 0; s < 64; s += 32 {
		p := int32(int16(a>>s)) * int32(int16(b>>s))
		q := int32(int16(a>>(s+16))) * int32(int16(b>>(s+16)))
		r |= uint64(uint32(p+q)) << s
	}
	return r
}

func mulAddSatU8(a, b uint64) (r uint64) {
	for s := 0; s < 64; s += 16 {
		p := int32(uint8(a>>s)) * int32(int8(b>>s))
		q := int32(uint8(a>>(s+8))) * int32(int8(b>>(s+8)))
		r |= uint64(saturate16(p+q)) << s
	}
	return r
}

func saturate16(v int32) uint16 { return uint16(max(-1<<15, min(1<<15-1, v))) }

func saturate8(v int16) uint8 { return uint8(max(-1<<7, min(1<<7-1, v))) }

// diff8 is |a - b| of unsigned bytes.
func diff8(a, b uint64) uint64 { return subSatULanes(a, b, top8, 8) | subSatULanes(b, a, top8, 8) }

// sum8 adds eight bytes.
func sum8(x uint64) uint64 {
	const even = 0x00ff00ff00ff00ff
	return (x&even + x>>8&even) * one16 >> 48
}

func sumDiff(a, b uint64) uint64 { return sum8(diff8(a, b)) }

// sumDiffLanes has three bits of the constant for each 128 bits.
func sumDiffLanes(c *vcpu.CPU, o *op) *op {
	for i := uint16(0); i < uint16(o.size/8); i += 2 {
		o.put(c, i, sumDiffs(o.first(c, i), o.second(c, i), o.imm>>(3*i/2)))
	}
	return o.next()
}

// sumDiffs is VSumDiffs on one 128-bit lane.
func sumDiffs(a, b pair, imm uint64) (r pair) {
	fixed := shrPair(b, imm&3*32).lo & lowBits(32)
	a = shrPair(a, imm>>2&1*32)
	for i := uint(0); i < 8; i++ {
		v := sum8(diff8(shrPair(a, uint64(8*i)).lo&lowBits(32), fixed))
		if i < 4 {
			r.lo |= v << (16 * i)
		} else {
			r.hi |= v << (16 * (i - 4))
		}
	}
	return r
}

// shrPair shifts right by n < 128 bits.
func shrPair(v pair, n uint64) pair {
	if n >= 64 {
		return pair{v.hi >> (n - 64), 0}
	}
	return pair{v.lo>>n | v.hi<<(64-n), v.hi >> n}
}

func minPosU(a, _ pair, _ uint64) pair {
	least, at := uint64(1<<16), uint64(0)
	for i := uint64(0); i < 8; i++ {
		if v := shrPair(a, 16*i).lo & 0xffff; v < least {
			least, at = v, i
		}
	}
	return pair{least | at<<16, 0}
}

func hAdd16(x uint64) uint32 {
	s := addLanes(x, x>>16, top16)
	return uint32(s&0xffff | s>>32<<16)
}

func hAdd32(x uint64) uint32 { return uint32(x) + uint32(x>>32) }

func hSub16(x uint64) uint32 {
	s := subLanes(x, x>>16, top16)
	return uint32(s&0xffff | s>>32<<16)
}

func hSub32(x uint64) uint32 { return uint32(x) - uint32(x>>32) }

func hAddSatS16(x uint64) uint32 {
	s := addSatSLanes(x, x>>16, top16, 16)
	return uint32(s&0xffff | s>>32<<16)
}

func hSubSatS16(x uint64) uint32 {
	s := subSatSLanes(x, x>>16, top16, 16)
	return uint32(s&0xffff | s>>32<<16)
}

// clMul64 is a product without carries.
func clMul64(a, b uint64) (r pair) {
	for ; b != 0; b &= b - 1 {
		n := uint(bits.TrailingZeros64(b))
		r.lo ^= a << n
		r.hi ^= a >> (64 - n)
	}
	return r
}

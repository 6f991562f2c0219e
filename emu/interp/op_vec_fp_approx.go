package interp

import (
	"math"

	"panda/emu/vcpu"
)

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

package x86

import (
	"math/bits"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Arithmetic of bytes in the field of AES, 2^8 elements modulo x^8+x^4+x^3+x+1,
// eight at a time (SDM vol. 2A, GF2P8MULB and its neighbours). Quadwords do not
// mix, so an instruction is a call for each of them.

var hGFMul = &ir.Helper{
	Name: "gf_mul", Pure: true,
	Fn: func(_ *vcpu.CPU, a, b, _ uint64) uint64 {
		return gfEach(a, func(i int, x uint8) uint8 { return gfMul(x, uint8(b>>i)) })
	},
}

// hGFAffine multiplies the matrix m by the bytes of a, as columns of bits, and
// adds a constant; hGFAffineInv takes the bytes' inverses.
var (
	hGFAffine = &ir.Helper{
		Name: "gf_affine", Pure: true,
		Fn: func(_ *vcpu.CPU, a, m, add uint64) uint64 {
			return gfEach(a, func(_ int, x uint8) uint8 { return gfAffine(x, m) ^ uint8(add) })
		},
	}
	hGFAffineInv = &ir.Helper{
		Name: "gf_affine_inv", Pure: true,
		Fn: func(_ *vcpu.CPU, a, m, add uint64) uint64 {
			return gfEach(a, func(_ int, x uint8) uint8 { return gfAffine(gfInverse(x), m) ^ uint8(add) })
		},
	}
)

// gfEach makes a quadword of what f makes of the bytes of a, at bit i each.
func gfEach(a uint64, f func(i int, x uint8) uint8) (r uint64) {
	for i := 0; i < 64; i += 8 {
		r |= uint64(f(i, uint8(a>>i))) << i
	}
	return r
}

func gfMul(x, y uint8) (r uint8) {
	for ; y != 0; y >>= 1 {
		r ^= x & -(y & 1)
		x = x<<1 ^ 0x1b&-(x>>7)
	}
	return r
}

// gfInverse is x^254, which is 0 for 0.
func gfInverse(x uint8) uint8 {
	r := uint8(1)
	for range 7 {
		x = gfMul(x, x)
		r = gfMul(r, x)
	}
	return r
}

// gfAffine: bit i of the result is the parity of x and byte 7-i of the matrix.
func gfAffine(x uint8, m uint64) (r uint8) {
	for i := range 8 {
		r |= uint8(bits.OnesCount8(x&uint8(m>>(8*(7-i))))&1) << i
	}
	return r
}

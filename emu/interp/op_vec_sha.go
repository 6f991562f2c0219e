package interp

import (
	"math/bits"

	"panda/emu/vcpu"
)

// SHA-1 and SHA-256 steps as Intel's SHA extensions cut them (SDM vol. 2 "SHA1..."
// and "SHA256..."). quad has the lanes from the top down, as the manual names them.
type quad [4]uint32

func quadOf(v pair) quad {
	return quad{uint32(v.hi >> 32), uint32(v.hi), uint32(v.lo >> 32), uint32(v.lo)}
}

func (q quad) pair() pair {
	return pair{uint64(q[3]) | uint64(q[2])<<32, uint64(q[1]) | uint64(q[0])<<32}
}

func rotl(x uint32, n int) uint32 { return bits.RotateLeft32(x, n) }

func sha1Next(a, b pair, _ uint64) pair {
	x, y := quadOf(a), quadOf(b)
	y[0] += rotl(x[0], 30)
	return y.pair()
}

func sha1Msg1(a, b pair, _ uint64) pair {
	x, y := quadOf(a), quadOf(b)
	return quad{x[2] ^ x[0], x[3] ^ x[1], y[0] ^ x[2], y[1] ^ x[3]}.pair()
}

func sha1Msg2(a, b pair, _ uint64) pair {
	x, y := quadOf(a), quadOf(b)
	w16 := rotl(x[0]^y[1], 1)
	return quad{w16, rotl(x[1]^y[2], 1), rotl(x[2]^y[3], 1), rotl(x[3]^w16, 1)}.pair()
}

var sha1Constants = [4]uint32{0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6}

func sha1Func(n uint64, b, c, d uint32) uint32 {
	switch n {
	case 0:
		return b&c ^ ^b&d
	case 2:
		return b&c ^ b&d ^ c&d
	}
	return b ^ c ^ d
}

// sha1Rounds does four rounds; the first word of w has e added already.
func sha1Rounds(s, w pair, imm uint64) pair {
	x, words := quadOf(s), quadOf(w)
	a, b, c, d := x[0], x[1], x[2], x[3]
	e := uint32(0)
	n := imm & 3
	for _, v := range words {
		a, b, c, d, e = sha1Func(n, b, c, d)+rotl(a, 5)+v+e+sha1Constants[n], a, rotl(b, 30), c, d
	}
	return quad{a, b, c, d}.pair()
}

// sha256Rounds does two rounds: c d g h in A, a b e f in B, words with their
// constants added in C.
func sha256Rounds(cpu *vcpu.CPU, o *op) *op {
	x, y := quadOf(o.first(cpu, 0)), quadOf(o.second(cpu, 0))
	a, b, c, d, e, f, g, h := y[0], y[1], x[0], x[1], y[2], y[3], x[2], x[3]
	w := cpu.W[o.c&frameMask]
	for _, v := range [2]uint32{uint32(w), uint32(w >> 32)} {
		t := h + (e&f ^ ^e&g) + (rotl(e, -6) ^ rotl(e, -11) ^ rotl(e, -25)) + v
		u := (a&b ^ a&c ^ b&c) + (rotl(a, -2) ^ rotl(a, -13) ^ rotl(a, -22))
		a, b, c, d, e, f, g, h = t+u, a, b, c, d+t, e, f, g
	}
	o.put(cpu, 0, quad{a, b, e, f}.pair())
	return o.next()
}

func sha256Msg1(a, b pair, _ uint64) pair {
	x, y := quadOf(a), quadOf(b)
	s := func(w uint32) uint32 { return rotl(w, -7) ^ rotl(w, -18) ^ w>>3 }
	return quad{x[0] + s(y[3]), x[1] + s(x[0]), x[2] + s(x[1]), x[3] + s(x[2])}.pair()
}

func sha256Msg2(a, b pair, _ uint64) pair {
	x, y := quadOf(a), quadOf(b)
	s := func(w uint32) uint32 { return rotl(w, -17) ^ rotl(w, -19) ^ w>>10 }
	w16 := x[3] + s(y[1])
	w17 := x[2] + s(y[0])
	w18 := x[1] + s(w16)
	return quad{x[0] + s(w17), w18, w17, w16}.pair()
}

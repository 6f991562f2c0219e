package interp

import (
	"math/bits"
	"sync"
)

// AES on a state of four columns, which are 32-bit lanes with row 0 in the low
// byte (FIPS 197). Tables hold what a byte of row 0 adds to its column; the
// other rows add the same, rotated.

// aesTables are made when they are needed first.
var aesTables = sync.OnceValue(buildAES)

type aesBoxes struct {
	box, inv       [256]byte
	mix, unmix     [256]uint32 // of the substituted byte
	unmixUnchanged [256]uint32 // of the byte itself
}

func buildAES() *aesBoxes {
	t := new(aesBoxes)
	for i := range 256 {
		x := inverse(byte(i))
		t.box[i] = x ^ bits.RotateLeft8(x, 1) ^ bits.RotateLeft8(x, 2) ^ bits.RotateLeft8(x, 3) ^ bits.RotateLeft8(x, 4) ^ 0x63
	}
	for i, s := range t.box {
		t.inv[s] = byte(i)
	}
	for i := range 256 {
		t.mix[i] = column(t.box[i], 2, 1, 1, 3)
		t.unmix[i] = column(t.inv[i], 14, 9, 13, 11)
		t.unmixUnchanged[i] = column(byte(i), 14, 9, 13, 11)
	}
	return t
}

// column is x times each of four numbers.
func column(x, a, b, c, d byte) uint32 {
	return uint32(times(x, a)) | uint32(times(x, b))<<8 | uint32(times(x, c))<<16 | uint32(times(x, d))<<24
}

// times multiplies in the field of 256 elements.
func times(a, b byte) (r byte) {
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			r ^= a
		}
		top := a >> 7
		a = a<<1 ^ top*0x1b
	}
	return r
}

// inverse is x^254, for 0 it is 0.
func inverse(x byte) byte {
	r := byte(1)
	for range 254 {
		r = times(r, x)
	}
	return r
}

type aesState [4]uint32

func stateOf(v pair) aesState {
	return aesState{uint32(v.lo), uint32(v.lo >> 32), uint32(v.hi), uint32(v.hi >> 32)}
}

func (s aesState) pair() pair {
	return pair{uint64(s[0]) | uint64(s[1])<<32, uint64(s[2]) | uint64(s[3])<<32}
}

// xored is the end of a round: the round key is added.
func (s aesState) xored(key pair) pair {
	v := s.pair()
	return pair{v.lo ^ key.lo, v.hi ^ key.hi}
}

// mixed gathers each column's bytes from the columns step apart, as shifting
// rows does, and adds what t says of them.
func (s *aesState) mixed(step int, t *[256]uint32) (r aesState) {
	for j := range r {
		r[j] = t[byte(s[j])] ^
			bits.RotateLeft32(t[byte(s[(j+step)&3]>>8)], 8) ^
			bits.RotateLeft32(t[byte(s[(j+2*step)&3]>>16)], 16) ^
			bits.RotateLeft32(t[byte(s[(j+3*step)&3]>>24)], 24)
	}
	return r
}

// plain is mixed without mixing.
func (s *aesState) plain(step int, t *[256]byte) (r aesState) {
	for j := range r {
		r[j] = uint32(t[byte(s[j])]) | uint32(t[byte(s[(j+step)&3]>>8)])<<8 |
			uint32(t[byte(s[(j+2*step)&3]>>16)])<<16 | uint32(t[byte(s[(j+3*step)&3]>>24)])<<24
	}
	return r
}

func aesEnc(a, key pair, _ uint64) pair {
	s := stateOf(a)
	return s.mixed(1, &aesTables().mix).xored(key)
}

func aesEncLast(a, key pair, _ uint64) pair {
	s := stateOf(a)
	return s.plain(1, &aesTables().box).xored(key)
}

func aesDec(a, key pair, _ uint64) pair {
	s := stateOf(a)
	return s.mixed(3, &aesTables().unmix).xored(key)
}

func aesDecLast(a, key pair, _ uint64) pair {
	s := stateOf(a)
	return s.plain(3, &aesTables().inv).xored(key)
}

func aesMix(a, _ pair, _ uint64) pair {
	s := stateOf(a)
	return s.mixed(0, &aesTables().unmixUnchanged).pair()
}

func aesKey(a, _ pair, imm uint64) pair {
	s := stateOf(a)
	x, y := substituted(s[1]), substituted(s[3])
	rcon := uint32(uint8(imm))
	return aesState{x, bits.RotateLeft32(x, -8) ^ rcon, y, bits.RotateLeft32(y, -8) ^ rcon}.pair()
}

func substituted(x uint32) uint32 {
	t := &aesTables().box
	return uint32(t[byte(x)]) | uint32(t[byte(x>>8)])<<8 | uint32(t[byte(x>>16)])<<16 | uint32(t[byte(x>>24)])<<24
}

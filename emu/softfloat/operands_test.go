package softfloat

import (
	"flag"
	"math/rand/v2"
)

// cases scales every randomized test; the default keeps the run short.
var cases = flag.Int("cases", 20000, "random cases per operation and mode")

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// specials returns the operands of a format at which behaviour changes.
func specials(f *format) []uint64 {
	one := uint64(f.bias) << f.fracBits
	unit := uint64(1) << f.fracBits
	pos := []uint64{
		0, 1, 2, f.fracMask, f.fracMask - 1, unit >> 1, unit, unit + 1, 2 * unit,
		one, one + 1, one - 1, one - unit, one + unit, one + unit/2,
		f.infinity - 1, f.infinity - unit, f.infinity,
		f.infinity | 1, f.infinity | f.quietBit>>1, f.infinity | f.quietBit, f.infinity | f.quietBit | 5,
	}
	for _, e := range []uint64{15, 16, 31, 32, 63, 64} {
		p := one + e*unit
		pos = append(pos, p, p-1, p+1)
	}
	all := pos
	for _, v := range pos {
		all = append(all, v&(f.infinity|f.fracMask)|f.signBit)
	}
	return all
}

// operand draws from shapes that reach the corners: plain random bits, short
// significands, exponents near those of other and of the limits, denormals.
func operand(r *rand.Rand, f *format, other uint64) uint64 {
	mask := f.signBit | f.infinity | f.fracMask
	v := r.Uint64() & mask
	switch r.IntN(9) {
	case 0: // short significand
		v &^= f.fracMask >> r.UintN(f.fracBits)
	case 1: // a long run of ones or zeros in the middle
		v ^= f.fracMask >> r.UintN(f.fracBits)
	case 2, 3: // close to the other operand
		v = v&^f.infinity | (other+uint64(int64(r.IntN(64)-32)<<f.fracBits))&f.infinity
	case 4: // differs from the other in the last bits only
		v = (other ^ uint64(r.IntN(8)) ^ r.Uint64()&f.signBit) & mask
	case 5: // denormal or just above
		v &= f.signBit | f.fracMask | 1<<f.fracBits
	case 6: // exponent around zero
		v = v&^f.infinity | (uint64(f.bias)+r.Uint64N(80)-12)<<f.fracBits&f.infinity
	}
	return v
}

package softfloat

import "math/rand/v2"

// specials80 returns the extended operands at which behaviour changes, with
// the encodings that the x87 refuses.
func specials80() []F80 {
	pos := []F80{
		{0, 0},
		{1, 0},
		{intBit - 1, 0},
		{intBit, 0},
		{intBit | 1, 0},
		{^uint64(0), 0},
		{intBit, 1},
		{intBit | 1, 1},
		{^uint64(0), 1},
		{intBit, 2},
		{intBit, 64},
		{intBit, 65},
		{intBit, bias80},
		{intBit | 1, bias80},
		{^uint64(0), bias80 - 1},
		{3 << 62, bias80},
		{intBit, bias80 - 1},
		{intBit, bias80 + 14},
		{intBit, bias80 + 15},
		{intBit, bias80 + 31},
		{intBit, bias80 + 32},
		{intBit, bias80 + 62},
		{intBit, bias80 + 63},
		{^uint64(0), bias80 + 62},
		{intBit, bias80 + 64},
		{intBit, maxExp80 - 1},
		{^uint64(0), maxExp80 - 1},
		{intBit, maxExp80},
		{intBit | 1, maxExp80},
		{intBit | quiet80 - 1, maxExp80},
		{3 << 62, maxExp80},
		{3<<62 | 1, maxExp80},
		{0, maxExp80},
		{1, maxExp80},
		{quiet80, maxExp80},
		{quiet80, bias80},
		{0, bias80},
		{1, maxExp80 - 1},
	}
	all := pos
	for _, v := range pos {
		all = append(all, v.Neg())
	}
	return all
}

func operand80(r *rand.Rand, other F80) F80 {
	v := F80{r.Uint64() | intBit, uint16(r.Uint32())}
	switch r.IntN(10) {
	case 0: // short significand
		v.Man &^= (intBit - 1) >> r.UintN(62)
	case 1: // a long run of ones or zeros
		v.Man ^= (intBit - 1) >> r.UintN(62)
	case 2, 3: // close to the other operand
		v.SE = v.SE&sign80 | (other.SE+uint16(r.IntN(140)-70))&maxExp80
	case 4: // differs from the other in the last bits only
		v.Man = other.Man ^ uint64(r.IntN(8)) | intBit
		v.SE = other.SE ^ v.SE&sign80
	case 5: // denormal
		v.Man &^= intBit
		v.Man >>= r.UintN(64)
		v.SE &= sign80
	case 6, 7: // around one
		v.SE = v.SE&sign80 | (bias80 + uint16(r.IntN(90)) - 20)
	case 8: // one that fits a narrower format, or nearly does
		v.Man &= ^uint64(0)<<(11+29*r.UintN(2)) | r.Uint64N(2)
		v.SE = v.SE&sign80 | uint16(bias80+r.IntN(2200)-1100)
	}
	return v
}

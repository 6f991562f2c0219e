package interp

// Lanes within a word. Problem: a word holds 8, 4 or 2 lanes and Go has no
// instruction that keeps carries from crossing them. Idea: the top bit of each
// lane (mask h) is taken out, so that carries stop there, and put back by xor.
// A lane whose top bit is set is turned into a lane of ones by spread.

// The top bits of lanes of 8, 16, 32 and 64 bits.
const (
	top8  = 0x8080808080808080
	top16 = 0x8000800080008000
	top32 = 0x8000000080000000
	top64 = 0x8000000000000000
)

// The bottom bits.
const (
	one8  = top8 >> 7
	one16 = top16 >> 15
	one32 = top32 >> 31
)

func addLanes(x, y, h uint64) uint64 { return (x&^h + y&^h) ^ (x^y)&h }

func subLanes(x, y, h uint64) uint64 { return ((x | h) - y&^h) ^ (x^^y)&h }

// spread makes lanes of w bits all ones where c, a subset of the top bits, is set.
func spread(c uint64, w uint) uint64 { return c<<1 - c>>(w-1) }

// carries are the top bits of the lanes where x + y = s overflowed unsigned.
func carries(x, y, s, h uint64) uint64 { return (x&y | (x|y)&^s) & h }

// borrows are the top bits of the lanes where x - y = d did.
func borrows(x, y, d, h uint64) uint64 { return (^x&y | (^x|y)&d) & h }

func addSatULanes(x, y, h uint64, w uint) uint64 {
	s := addLanes(x, y, h)
	return s | spread(carries(x, y, s, h), w)
}

func subSatULanes(x, y, h uint64, w uint) uint64 {
	d := subLanes(x, y, h)
	return d &^ spread(borrows(x, y, d, h), w)
}

// saturated replaces the lanes of r with top bit in ov by the limit of x's sign.
func saturated(x, r, ov, h uint64, w uint) uint64 {
	m := spread(ov, w)
	limit := ^h + (x&h)>>(w-1)
	return r&^m | limit&m
}

func addSatSLanes(x, y, h uint64, w uint) uint64 {
	s := addLanes(x, y, h)
	return saturated(x, s, (s^x)&(s^y)&h, h, w)
}

func subSatSLanes(x, y, h uint64, w uint) uint64 {
	d := subLanes(x, y, h)
	return saturated(x, d, (x^y)&(x^d)&h, h, w)
}

func minULanes(x, y, h uint64, w uint) uint64 { return x - subSatULanes(x, y, h, w) }

func maxULanes(x, y, h uint64, w uint) uint64 { return y + subSatULanes(x, y, h, w) }

// Signed order is unsigned order with the top bits turned.
func minSLanes(x, y, h uint64, w uint) uint64 { return minULanes(x^h, y^h, h, w) ^ h }

func maxSLanes(x, y, h uint64, w uint) uint64 { return maxULanes(x^h, y^h, h, w) ^ h }

func avgLanes(x, y, h uint64, w uint) uint64 {
	return (x | y) - (x^y)&^(h>>(w-1))>>1
}

func eqLanes(x, y, h uint64, w uint) uint64 {
	z := x ^ y
	return ^spread(((z&^h+^h)|z)&h, w)
}

func gtSLanes(x, y, h uint64, w uint) uint64 {
	x, y = x^h, y^h
	return spread(borrows(y, x, subLanes(y, x, h), h), w)
}

func absLanes(x, h uint64, w uint) uint64 {
	m := spread(x&h, w)
	return subLanes(x^m, m, h)
}

func signLanes(x, y, h uint64, w uint) uint64 {
	m := spread(y&h, w)
	return subLanes(x^m, m, h) &^ eqLanes(y, 0, h, w)
}

// shlLanes shifts lanes of w bits, bottom bits one, left by n.
func shlLanes(x, n, one uint64, w uint) uint64 {
	if n >= uint64(w) {
		return 0
	}
	return x << n & (one * (lowBits(w) << n & lowBits(w)))
}

func shrLanes(x, n, one uint64, w uint) uint64 {
	if n >= uint64(w) {
		return 0
	}
	return x >> n & (one * (lowBits(w) >> n))
}

func sarLanes(x, n, one uint64, w uint) uint64 {
	n = min(n, uint64(w-1))
	sign := x >> (w - 1) & one
	return x>>n&(one*(lowBits(w)>>n)) | sign*(lowBits(w)&^(lowBits(w)>>n))
}

// lowBits are w ones.
func lowBits(w uint) uint64 { return ^uint64(0) >> (64 - w) }

// interleave8 makes bytes a0 b0 a1 b1 ... of the low halves of a and b.
func interleave8(a, b uint64) uint64 { return widen8(a) | widen8(b)<<8 }

// interleave16 does so with 16-bit lanes.
func interleave16(a, b uint64) uint64 { return widen16(a) | widen16(b)<<16 }

func interleave32(a, b uint64) uint64 { return uint64(uint32(a)) | b<<32 }

// widen8 zero-extends the low four bytes to 16 bits each.
func widen8(x uint64) uint64 {
	x = widen16(x)
	return (x | x<<8) & 0x00ff00ff00ff00ff
}

// widen16 zero-extends the low two 16-bit lanes to 32 bits each.
func widen16(x uint64) uint64 {
	x = uint64(uint32(x))
	return (x | x<<16) & 0x0000ffff0000ffff
}

// signs8 are the top bits of the eight bytes as a number.
func signs8(x uint64) uint64 { return x & top8 * 0x0002040810204081 >> 56 }

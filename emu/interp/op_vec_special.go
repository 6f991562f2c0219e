package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// vecSpecialFns are operations made for one purpose.
var vecSpecialFns = map[ir.VecOp]laneFns{
	ir.VMatch:        all(match),
	ir.VAESEnc:       all(pairs(aesEnc)),
	ir.VAESEncLast:   all(pairs(aesEncLast)),
	ir.VAESDec:       all(pairs(aesDec)),
	ir.VAESDecLast:   all(pairs(aesDecLast)),
	ir.VAESMix:       all(pairs(aesMix)),
	ir.VAESKey:       all(pairs(aesKey)),
	ir.VSHA1Next:     all(pairs(sha1Next)),
	ir.VSHA1Msg1:     all(pairs(sha1Msg1)),
	ir.VSHA1Msg2:     all(pairs(sha1Msg2)),
	ir.VSHA1Rounds:   all(pairs(sha1Rounds)),
	ir.VSHA256Rounds: all(sha256Rounds),
	ir.VSHA256Msg1:   all(pairs(sha256Msg1)),
	ir.VSHA256Msg2:   all(pairs(sha256Msg2)),
	ir.VClMul:        all(pairs(clMul)),
}

func clMul(a, b pair, imm uint64) pair {
	x, y := a.lo, b.lo
	if imm&1 != 0 {
		x = a.hi
	}
	if imm&16 != 0 {
		y = b.hi
	}
	return clMul64(x, y)
}

// match is VMatch: bits 0-15 of the result are the matches, bit 16 says that b
// ends within the vector, bit 17 that a does.
func match(c *vcpu.CPU, o *op) *op {
	m := matcher{imm: o.imm, n: 16 >> (o.imm & 1)}
	a, b := o.first(c, 0), o.second(c, 0)
	for i := range m.n {
		m.a[i], m.b[i] = m.element(a, i), m.element(b, i)
	}
	if o.c == zero {
		m.la, m.lb = m.ends(&m.a), m.ends(&m.b)
	} else {
		m.la, m.lb = m.length(c.W[o.c&frameMask]), m.length(c.W[(o.c+1)&frameMask])
	}
	c.W[o.d&frameMask] = m.result() | uint64(b2i(m.lb < m.n)<<16|b2i(m.la < m.n)<<17)
	return o.next()
}

// matcher compares two strings as PCMPISTRI and its kind (SDM vol. 1 12.10, vol.
// 2 4.1). The fields of imm: bit 0 16-bit elements, bit 1 signed, bits 2-3 how,
// bits 4-5 what becomes of the matches.
type matcher struct {
	imm    uint64
	n      int // elements in a vector
	a, b   [16]int32
	la, lb int
}

// element is element i of v.
func (m *matcher) element(v pair, i int) int32 {
	w := uint64(8) << (m.imm & 1)
	x := shrPair(v, w*uint64(i)).lo
	if m.imm&2 != 0 {
		return int32(signed(x, uint(w)))
	}
	return int32(unsigned(x, uint(w)))
}

// ends is the length of a string that ends with a zero.
func (m *matcher) ends(s *[16]int32) int {
	for i := range m.n {
		if s[i] == 0 {
			return i
		}
	}
	return m.n
}

// length is a given length, of either sign.
func (m *matcher) length(v uint64) int {
	if int64(v) < 0 {
		v = -v
	}
	return int(min(v, uint64(m.n)))
}

func (m *matcher) result() (r uint64) {
	for j := range m.n {
		if [4]func(*matcher, int) bool{(*matcher).any, (*matcher).ranges, (*matcher).each, (*matcher).ordered}[m.imm>>2&3](m, j) {
			r |= 1 << j
		}
	}
	switch m.imm >> 4 & 3 {
	case 1:
		r ^= 1<<m.n - 1
	case 3:
		r ^= 1<<m.lb - 1
	}
	return r
}

// any: b's element j is among a's.
func (m *matcher) any(j int) bool {
	for i := range m.la {
		if j < m.lb && m.a[i] == m.b[j] {
			return true
		}
	}
	return false
}

// ranges: it is in one of the ranges that pairs of a's elements are.
func (m *matcher) ranges(j int) bool {
	for i := 0; i+1 < m.la; i += 2 {
		if j < m.lb && m.a[i] <= m.b[j] && m.b[j] <= m.a[i+1] {
			return true
		}
	}
	return false
}

// each: the elements at j are equal, or both strings have ended.
func (m *matcher) each(j int) bool {
	if j < m.la && j < m.lb {
		return m.a[j] == m.b[j]
	}
	return j >= m.la && j >= m.lb
}

// ordered: a stands in b at j, as far as the vector reaches.
func (m *matcher) ordered(j int) bool {
	for i := 0; i < m.la && i+j < m.n; i++ {
		if i+j >= m.lb || m.a[i] != m.b[i+j] {
			return false
		}
	}
	return true
}

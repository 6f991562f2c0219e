package dec

import (
	"math/rand/v2"
	"strings"
)

// encoder writes instructions from rows: the way back from the tables, so that
// every row can be shown to other decoders.
type encoder struct {
	*rand.Rand
	mode Mode
}

func (e *encoder) pick(n int) uint8    { return uint8(e.IntN(n)) }
func (e *encoder) chance(one int) bool { return e.IntN(one) == 0 }

// bit is 0 or 1 as two exclusive conditions say, or either.
func (e *encoder) bit(when, zero, one cond) uint8 {
	switch {
	case when&zero != 0:
		return 0
	case when&one != 0:
		return 1
	}
	return e.pick(2)
}

// encode writes one instruction of a row, with random choices wherever the row
// leaves any. Immediates are left out: the caller pads with bytes.
func (e *encoder) encode(m Map, s *spec) []byte {
	when := s.when
	if s.flags&RegForm == 0 {
		when |= parseForm(s.args).when
	}
	modrm, rxb := e.modrm(s, when)
	if m >= MapVex0F {
		return append(e.vexHead(m, s, when, rxb), modrm...)
	}
	return append(e.legacyHead(m, s, when, rxb), modrm...)
}

// prefix chooses one mandatory prefix of the set: 0 none, 1 66, 2 F3, 3 F2.
func (e *encoder) prefix(when cond) uint8 {
	set := when & (np | p66 | pf3 | pf2)
	if set == 0 {
		return 0
	}
	for {
		if p := e.pick(4); set&(np<<p) != 0 {
			return p
		}
	}
}

func (e *encoder) legacyHead(m Map, s *spec, when cond, rxb uint8) (b []byte) {
	if e.chance(8) {
		b = append(b, []byte{0x64, 0x65, 0x67}[e.pick(3)])
	}
	p := e.prefix(when)
	if when&(np|p66|pf3|pf2) == 0 && e.chance(4) {
		p = 1
	}
	if p != 0 {
		b = append(b, []byte{0x66, 0xf3, 0xf2}[p-1])
	}
	if s.flags&(RepOK|RepZOK) != 0 && e.chance(2) {
		b = append(b, 0xf3)
	}
	w := e.bit(when, w0, w1)
	if when&rexB != 0 {
		rxb |= 1
	}
	if e.mode == Mode64 && (w != 0 || rxb != 0) {
		b = append(b, 0x40|w<<3|rxb)
	}
	switch m {
	case Map0F:
		b = append(b, 0x0f)
	case Map0F38:
		b = append(b, 0x0f, 0x38)
	case Map0F3A:
		b = append(b, 0x0f, 0x3a)
	}
	return append(b, e.op(s))
}

func (e *encoder) op(s *spec) uint8 {
	if s.when&x8 != 0 {
		return s.op + e.pick(8)
	}
	return s.op
}

func (e *encoder) vexHead(m Map, s *spec, when cond, rxb uint8) []byte {
	vvvv := uint8(0)
	if strings.ContainsAny(s.args, "HB") {
		vvvv = e.pick(16)
	}
	if e.mode != Mode64 {
		rxb, vvvv = 0, vvvv&7
	}
	p2 := (^vvvv&15)<<3 | e.bit(when, l0, l1)<<2 | e.prefix(when)
	w := e.bit(when, w0, w1)
	if m == MapVex0F && w == 0 && rxb&3 == 0 {
		return []byte{0xc5, ^rxb<<5&0x80 | p2, s.op}
	}
	return []byte{0xc4, ^rxb<<5&0xe0 | uint8(m-MapVex0F+1), w<<7 | p2, s.op}
}

// shapes32 are shapes of a memory operand in 32- and 64-bit addressing: ModRM
// without reg, SIB, displacement.
var shapes32 = [][]byte{
	{0x03},
	{0x05, 0x10, 0x20, 0, 0},
	{0x45, 0xf0},
	{0x81, 0x10, 0x20, 0x30, 0xff},
	{0x04, 0xb5, 1, 2, 3, 4},
	{0x04, 0x25, 1, 2, 3, 4},
	{0x44, 0x24, 8},
	{0x84, 0x9d, 0x11, 0x12, 0x13, 0x14},
	{0x04, 0x19},
}

var shapes16 = [][]byte{{0x00}, {0x42, 0xf0}, {0x85, 0x10, 0x20}, {0x06, 0x34, 0x12}, {0x46, 0x10}, {0x07}, {0x44, 0x7f}}

// modrm writes ModRM, SIB and displacement, and says which REX bits to use.
func (e *encoder) modrm(s *spec, when cond) (b []byte, rxb uint8) {
	if s.flags&RegForm != 0 {
		return []byte{0xc0 | []byte{0, 2, 3}[e.pick(3)]<<3 | e.pick(8)}, e.pick(2)
	}
	if when&(g0|rm0|reg|mem) == 0 && !parseForm(s.args).modrm {
		return nil, 0
	}
	r, rm := e.pick(8), e.pick(8)
	if strings.Contains(s.args, "Sw") {
		r = []byte{0, 2, 3, 4, 5}[e.pick(5)]
	} else {
		rxb = e.pick(8)
	}
	if when&g0 != 0 {
		r = uint8(when & 7)
	}
	if when&rm0 != 0 {
		rm = uint8(when >> 4 & 7)
	}
	if when&reg != 0 || when&mem == 0 && e.chance(2) {
		return []byte{0xc0 | r<<3 | rm}, rxb
	}
	shapes := shapes32
	if e.mode == Mode16 {
		shapes = shapes16
	}
	if s.flags&GatherSrc != 0 {
		shapes = shapes32[7:]
	}
	b = append(b, shapes[e.pick(len(shapes))]...)
	b[0] |= r << 3
	return b, rxb
}

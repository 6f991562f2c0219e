package emutest

import (
	"math/bits"
	"strings"
	"sync"

	"panda/emu/arch/x86/dec"
)

// Shape is a row of the decoder's tables with the ways to encode it. They are
// found by asking the decoder about every prefix, opcode and ModRM byte, so that
// what it takes for a row is what is tried.
type Shape struct {
	Row   *dec.Row
	ModRM bool
	ops   []uint8 // opcodes: eight for a row with a register in the opcode
	heads []head
}

// head is a mandatory prefix with W and L, and the ModRM bytes that go with it.
type head struct {
	prefix uint8 // 0, 0x66, 0xf3, 0xf2
	w, l   uint8
	modrm  [4]uint64 // a bit set
}

func (h *head) has(modrm uint8) bool { return h.modrm[modrm>>6]>>(modrm&63)&1 != 0 }

var mandatory = [4]uint8{0, 0x66, 0xf3, 0xf2}

// Shapes lists the rows that exist in 64- or 32-bit code.
func Shapes(bits int) []*Shape {
	if bits == 32 {
		return shapes32()
	}
	return shapes64()
}

var (
	shapes64 = sync.OnceValue(func() []*Shape { return findShapes(dec.Mode64) })
	shapes32 = sync.OnceValue(func() []*Shape { return findShapes(dec.Mode32) })
)

// finder collects shapes by row number.
type finder struct {
	mode  dec.Mode
	byRow []*Shape
	in    dec.Inst
	code  [24]byte
}

func findShapes(mode dec.Mode) (ss []*Shape) {
	rows := dec.Rows()
	f := &finder{mode: mode, byRow: make([]*Shape, len(rows))}
	seen := map[[2]uint8]bool{}
	for i := range rows {
		at := [2]uint8{uint8(rows[i].Map), rows[i].Op}
		if !seen[at] {
			seen[at] = true
			f.opcode(rows[i].Map, rows[i].Op)
		}
	}
	for _, s := range f.byRow {
		if s == nil {
			continue
		}
		s.ops = f.opcodes(s)
		ss = append(ss, s)
	}
	return ss
}

// opcode tries everything with an opcode.
func (f *finder) opcode(m dec.Map, op uint8) {
	last := 2
	if m >= dec.MapVex0F {
		last = 4
	}
	for _, prefix := range mandatory {
		for wl := range last {
			w, l := uint8(wl&1), uint8(wl>>1)
			if w != 0 && f.mode != dec.Mode64 && m < dec.MapVex0F {
				continue
			}
			f.modrms(m, op, head{prefix: prefix, w: w, l: l})
		}
	}
}

func (f *finder) modrms(m dec.Map, op uint8, h head) {
	clear(f.code[:])
	n := copy(f.code[:], opcodeBytes(f.mode, m, op, &h, 0, 0))
	for modrm := range 256 {
		f.code[n] = uint8(modrm)
		if m == dec.MapVex0F38 && modrm&7 == 4 { // gathers want a register as index that is none of the others
			f.code[n+1] = 0x20 ^ uint8(modrm)&0x38
		}
		if dec.Decode(&f.in, f.code[:15], f.mode) != nil || f.in.Row.Map != m || f.in.Opcode != op {
			continue // an error, or a byte that is a prefix in this mode
		}
		f.add(uint8(modrm), &h)
	}
}

func (f *finder) add(modrm uint8, h *head) {
	id := f.in.Row.ID
	s := f.byRow[id]
	if s == nil {
		s = &Shape{Row: f.in.Row}
		f.byRow[id] = s
	}
	s.ModRM = s.ModRM || modrm != 0 && f.in.ModRM == modrm
	k := len(s.heads) - 1
	if k < 0 || s.heads[k].prefix != h.prefix || s.heads[k].w != h.w || s.heads[k].l != h.l {
		s.heads = append(s.heads, *h)
		k++
	}
	s.heads[k].modrm[modrm>>6] |= 1 << (modrm & 63)
}

// opcodes are those of the eight from the row's on that are the row's.
func (f *finder) opcodes(s *Shape) (ops []uint8) {
	h := s.heads[0]
	for i := range uint8(8) {
		clear(f.code[:])
		n := copy(f.code[:], opcodeBytes(f.mode, s.Row.Map, s.Row.Op+i, &h, 0, 0))
		f.code[n] = h.first()
		if dec.Decode(&f.in, f.code[:15], f.mode) == nil && f.in.Row == s.Row {
			ops = append(ops, s.Row.Op+i)
		}
		if !strings.Contains(s.Row.Spec, "Z") {
			break
		}
	}
	if ops == nil { // it wants more than ModRM, as gathers do
		return []uint8{s.Row.Op}
	}
	return ops
}

// first is the lowest ModRM byte of the set.
func (h *head) first() uint8 {
	for i, v := range h.modrm {
		if v != 0 {
			return uint8(64*i + bits.TrailingZeros64(v))
		}
	}
	return 0
}

// opcodeBytes are the mandatory prefix, REX or VEX, and the opcode. rxb are the
// three bits of REX; vvvv is stored inverted.
func opcodeBytes(mode dec.Mode, m dec.Map, op uint8, h *head, rxb, vvvv uint8) (b []byte) {
	if m >= dec.MapVex0F {
		pp := map[uint8]uint8{0: 0, 0x66: 1, 0xf3: 2, 0xf2: 3}[h.prefix]
		p2 := (^vvvv&15)<<3 | h.l<<2 | pp
		if m == dec.MapVex0F && h.w == 0 && rxb&3 == 0 {
			return []byte{0xc5, ^rxb<<5&0x80 | p2, op}
		}
		return []byte{0xc4, ^rxb<<5&0xe0 | uint8(m-dec.MapVex0F+1), h.w<<7 | p2, op}
	}
	if h.prefix != 0 {
		b = append(b, h.prefix)
	}
	if mode == dec.Mode64 && (h.w != 0 || rxb != 0) {
		b = append(b, 0x40|h.w<<3|rxb)
	}
	switch m {
	case dec.Map0F:
		b = append(b, 0x0f)
	case dec.Map0F38:
		b = append(b, 0x0f, 0x38)
	case dec.Map0F3A:
		b = append(b, 0x0f, 0x3a)
	}
	return append(b, op)
}

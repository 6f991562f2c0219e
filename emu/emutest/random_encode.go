package emutest

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/oracle"
)

// encoder writes random instructions of chosen rows whose memory operands lie,
// mostly, where a program of the test may go: it knows the registers.
type encoder struct {
	*rand.Rand
	bits int
	st   *oracle.State // before the instruction
	pc   uint64
	at   uint64 // where the setup wants the memory operand, or 0
}

func (e *encoder) mode() dec.Mode { return dec.Mode(e.bits) }

// oneIn is true once in n times.
func (e *encoder) oneIn(n int) bool { return e.IntN(n) == 0 }

// form is one encoding with its choices made, but for the address.
type form struct {
	head  *head
	op    uint8
	modrm uint8
	rxb   uint8
	vvvv  uint8
	rep   uint8 // an F2 or F3 that selects no row, or 0
	lock  bool
	seg   uint8 // a segment prefix or 0
	cut   bool  // 67
	tail  []byte
}

// tries is how often encode looks for choices that the decoder takes.
const tries = 12

// encode writes an instruction of the row with a memory operand, if it has one,
// at target; 0 lets it choose. A false result: none was found.
func (e *encoder) encode(s *Shape, target uint64) (code []byte, in dec.Inst, ok bool) {
	for range tries {
		f := e.form(s)
		if code, in, ok = e.finish(s, f, target); ok && in.Row == s.Row {
			return code, in, true
		}
	}
	return nil, in, false
}

// form makes the choices that do not depend on the state.
func (e *encoder) form(s *Shape) *form {
	f := &form{head: e.head(s), op: s.ops[e.IntN(len(s.ops))]}
	if e.bits == 64 && e.oneIn(2) {
		f.rxb = uint8(e.IntN(8))
	}
	if strings.ContainsAny(s.Row.Spec, "HB") {
		f.vvvv = uint8(e.IntN(16))
		if e.bits == 32 {
			f.vvvv &= 7
		}
	}
	if s.ModRM {
		f.modrm = e.modrm(f.head, e.oneIn(2))
	}
	if s.Row.Flags&(dec.RepOK|dec.RepZOK) != 0 && e.oneIn(2) {
		f.rep = 0xf2 + uint8(e.IntN(2))
	}
	f.lock = s.Row.Flags&dec.LockOK != 0 && e.oneIn(6)
	f.cut = s.Row.Map < dec.MapVex0F && e.oneIn(12)
	if e.oneIn(10) {
		f.seg = []uint8{0x64, 0x65, 0x3e, 0x36, 0x26, 0x2e}[e.IntN(5+e.bits/64)] // CS cannot be written in 32-bit code
	}
	return f
}

// head chooses prefixes and W. Those that change nothing but the operand size,
// or nothing at all, are rarer.
func (e *encoder) head(s *Shape) *head {
	for {
		h := &s.heads[e.IntN(len(s.heads))]
		plain := s.heads[0].prefix == 0
		switch {
		case !plain || h.prefix == 0 || s.Row.Map >= dec.MapVex0F:
			return h
		case h.prefix == 0x66 && s.Row.Flags&dec.Force64 == 0:
			return h
		case e.oneIn(30) && s.Row.Flags&(dec.Force64|dec.RepOK|dec.RepZOK) == 0:
			return h
		}
	}
}

// modrm is one of the head's ModRM bytes, with a register or memory as wanted
// if there is one.
func (e *encoder) modrm(h *head, reg bool) uint8 {
	last := h.first()
	for range 400 {
		b := uint8(e.IntN(256))
		if !h.has(b) {
			continue
		}
		if last = b; b >= 0xc0 == reg {
			return b
		}
	}
	return last
}

// finish adds address and immediates.
func (e *encoder) finish(s *Shape, f *form, target uint64) (code []byte, in dec.Inst, ok bool) {
	imm, ok := e.immediateSize(&in, s, f)
	if !ok {
		return nil, in, false
	}
	relative := false
	if s.ModRM {
		f.tail = []byte{f.modrm}
		if f.modrm < 0xc0 && in.Row.Flags&dec.RegForm == 0 {
			if f.tail, relative, ok = e.address(&in, f, target); !ok {
				return nil, in, false
			}
		}
	}
	head := e.bytes(s, f) // the address has its part in REX and the prefixes
	code = append(append(head, f.tail...), e.immediate(&in, imm, target)...)
	if relative {
		disp := code[len(head)+1:]
		binary.LittleEndian.PutUint32(disp, binary.LittleEndian.Uint32(disp)-uint32(len(code)))
	}
	return code, in, e.decodes(&in, s, code) && int(in.Len) == len(code)
}

// decodes reports whether code begins with an instruction of the row.
func (e *encoder) decodes(in *dec.Inst, s *Shape, code []byte) bool {
	return dec.Decode(in, code, e.mode()) == nil && in.Row == s.Row
}

// immediateSize finds the number of bytes after the address, by decoding the
// instruction with as short an address as there is.
func (e *encoder) immediateSize(in *dec.Inst, s *Shape, f *form) (n int, ok bool) {
	code := e.bytes(s, f)
	if s.ModRM {
		modrm := f.modrm
		if modrm < 0xc0 {
			modrm &= 0x38
		}
		code = append(code, modrm)
	}
	n = len(code)
	code = append(code, make([]byte, dec.MaxLen)...)
	ok = e.decodes(in, s, code)
	return int(in.Len) - n, ok
}

func (e *encoder) bytes(s *Shape, f *form) (b []byte) {
	if f.seg != 0 {
		b = append(b, f.seg)
	}
	if f.cut {
		b = append(b, 0x67)
	}
	if f.lock {
		b = append(b, 0xf0)
	}
	if f.rep != 0 {
		b = append(b, f.rep)
	}
	b = append(b, opcodeBytes(e.mode(), s.Row.Map, f.op, f.head, f.rxb, f.vvvv)...)
	return b[:len(b):len(b)]
}

// immediate makes the n bytes after the address.
func (e *encoder) immediate(in *dec.Inst, n int, target uint64) []byte {
	le := binary.LittleEndian
	v := e.value()
	for i := range in.Args[:in.N] {
		switch a := &in.Args[i]; a.Kind {
		case dec.RelArg:
			v = e.Uint64N(100)
		case dec.MemArg:
			if in.Mem.Base == dec.RegNone && in.Mem.Index == dec.RegNone && n == int(in.AddrSize) { // moffs
				if v = target; target == 0 {
					v = e.target(uint64(a.Size))
				}
			}
		}
	}
	if in.Row.Name == "enter" {
		b := le.AppendUint16(nil, uint16(e.IntN(0x80)))
		return append(b, []uint8{0, 1, 2, 3, 0x21, uint8(e.IntN(32))}[e.IntN(6)])
	}
	if in.Row.Name == "ret" {
		v &= 0x7f
	}
	if n > 8 {
		return nil
	}
	return le.AppendUint64(nil, v)[:n]
}

package emutest

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
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
	head := e.bytes(s, f)
	var pad [16]byte
	probe := append(head, pad[:]...)
	if s.ModRM {
		probe[len(head)] = f.modrm
		if f.modrm < 0xc0 { // as short an address as possible: [rAX]
			probe[len(head)] = f.modrm & 0x38
		}
	}
	if dec.Decode(&in, probe[:dec.MaxLen], e.mode()) != nil || in.Row != s.Row {
		return nil, in, false
	}
	n := len(head)
	imm := int(in.Len) - n
	var rip int
	if s.ModRM {
		imm--
		tail, ok := []byte{f.modrm}, true
		if f.modrm < 0xc0 && !registerOnly(&in) {
			tail, rip, ok = e.address(&in, f, target)
		}
		if !ok {
			return nil, in, false
		}
		f.tail = tail
		head = e.bytes(s, f) // the address has its part in REX
		n = len(head) + len(tail)
	}
	code = append(head, f.tail...)
	code = append(code, e.immediate(&in, imm, target)...)
	if len(code) > dec.MaxLen || dec.Decode(&in, code, e.mode()) != nil || in.Row != s.Row || int(in.Len) != len(code) {
		return nil, in, false
	}
	if rip != 0 {
		at := code[n-4:]
		binary.LittleEndian.PutUint32(at, binary.LittleEndian.Uint32(at)-uint32(len(code)))
		ok = dec.Decode(&in, code, e.mode()) == nil
		return code, in, ok
	}
	return code, in, true
}

// registerOnly: the row takes ModRM as a register whatever its upper bits say.
func registerOnly(in *dec.Inst) bool { return in.Row.Flags&dec.RegForm != 0 }

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

// address writes ModRM, SIB and displacement so that the operand lies at
// target, by one of several addressing forms, and sets REX and prefixes in f.
// rip is not 0 if the displacement is still to be made relative to RIP.
func (e *encoder) address(in *dec.Inst, f *form, target uint64) (tail []byte, rip int, ok bool) {
	if target == 0 {
		target = e.target(operandSize(in))
	}
	target -= e.bitOffset(in)
	reg := f.modrm & 0x38
	f.rxb &= 4
	if e.bits == 32 && f.cut {
		return e.address16(f, reg, target), 0, true
	}
	switch f.seg {
	case 0x64:
		target -= e.st.FSBase
	case 0x65:
		target -= e.st.GSBase
	}
	if e.bits == 32 && uint32(target) > ^uint32(64) {
		return nil, 0, false // over the segment's limit
	}
	wide := e.bits == 64 && !f.cut
	for range 8 {
		switch e.IntN(8) {
		case 0:
			if e.bits == 64 {
				next := e.pc + uint64(len(f.tail)) // completed by finish, which knows the length
				if d := target - next; !wide || fits(d) {
					return binary.LittleEndian.AppendUint32([]byte{reg | 5}, uint32(d)), 1, true
				}
			}
		case 1:
			if !wide || fits(target) {
				if e.bits == 32 && e.oneIn(2) {
					return binary.LittleEndian.AppendUint32([]byte{reg | 5}, uint32(target)), 0, true
				}
				return binary.LittleEndian.AppendUint32([]byte{reg | 4, 0x25}, uint32(target)), 0, true
			}
		default:
			if tail := e.indexed(f, reg, target, wide); tail != nil {
				return tail, 0, true
			}
		}
	}
	if fits(target) {
		return binary.LittleEndian.AppendUint32([]byte{reg | 4, 0x25}, uint32(target)), 0, true
	}
	return nil, 0, false
}

// address16 writes a 16-bit form. It reaches what is mapped by FS only.
func (e *encoder) address16(f *form, reg uint8, target uint64) []byte {
	if !e.oneIn(4) {
		f.seg = 0x64
		target -= e.st.FSBase
	}
	rm := uint8(e.IntN(8))
	base := [8][]uint8{{3, 6}, {3, 7}, {5, 6}, {5, 7}, {6}, {7}, {5}, {3}}[rm]
	d := uint16(target)
	for _, r := range base {
		d -= uint16(e.st.GPR[r])
	}
	switch {
	case e.oneIn(8) && rm == 6: // no base
		return binary.LittleEndian.AppendUint16([]byte{reg | 6}, uint16(target))
	case d == 0 && rm != 6:
		return []byte{reg | rm}
	case d == uint16(int8(d)):
		return []byte{0x40 | reg | rm, uint8(d)}
	}
	return binary.LittleEndian.AppendUint16([]byte{0x80 | reg | rm}, d)
}

// indexed writes a form with a base, an index or both; nil if the displacement
// does not fit.
func (e *encoder) indexed(f *form, reg uint8, target uint64, wide bool) []byte {
	limit := e.bits / 4
	base, index, scale := e.IntN(limit), e.IntN(limit), uint8(e.IntN(4))
	noBase, noIndex := e.oneIn(6), e.oneIn(2)
	if index == regSPNumber {
		noIndex = true
	}
	d := target
	if !noBase {
		d -= e.st.GPR[base]
	}
	if !noIndex {
		d -= e.st.GPR[index] << scale
	}
	if wide && !fits(d) {
		return nil
	}
	if noBase && noIndex {
		return nil
	}
	f.rxb = f.rxb&4 | uint8(base>>3) | uint8(index>>3<<1)
	b, x := uint8(base&7), uint8(index&7)
	if noBase {
		b, f.rxb = 5, f.rxb&^1
	}
	if noIndex {
		x, f.rxb = 4, f.rxb&^2
	}
	mod, disp := e.displacement(d, noBase, b)
	if noIndex && b != 4 && !noBase && e.oneIn(2) {
		return append([]byte{mod<<6 | reg | b}, disp...)
	}
	return append([]byte{mod<<6 | reg | 4, scale<<6 | x<<3 | b}, disp...)
}

const regSPNumber = 4

// displacement is ModRM.mod and the displacement's bytes.
func (e *encoder) displacement(d uint64, noBase bool, base uint8) (mod uint8, b []byte) {
	le := binary.LittleEndian
	switch {
	case noBase:
		return 0, le.AppendUint32(nil, uint32(d))
	case uint32(d) == 0 && base != 5:
		return 0, nil
	case int32(d) == int32(int8(d)) && !e.oneIn(4):
		return 1, []byte{uint8(d)}
	}
	return 2, le.AppendUint32(nil, uint32(d))
}

func fits(d uint64) bool { return uint64(int64(int32(d))) == d }

// operandSize is the size of the memory operand.
func operandSize(in *dec.Inst) uint64 {
	for i := range in.Args[:in.N] {
		if a := &in.Args[i]; a.Kind == dec.MemArg && a.Size != 0 {
			return uint64(a.Size)
		}
	}
	return 64
}

// target is where an operand of n bytes shall lie: in the data, often aligned,
// sometimes over the border of two pages, rarely where it faults.
func (e *encoder) target(n uint64) uint64 {
	switch k := e.IntN(100); {
	case k < 5:
		return LineData + 0x1000 - e.Uint64N(n+1)
	case k < 8:
		return LineData + dataSize - e.Uint64N(n+1)
	case k < 10:
		return LineRO + e.Uint64N(roSize-64)
	case k < 11:
		return LineData - e.Uint64N(n+1)
	case k < 12:
		return e.Uint64N(1 << 31)
	}
	t := LineData + 0x40 + e.Uint64N(dataSize-0x100)
	if e.oneIn(3) {
		return t
	}
	return t &^ (n - 1)
}

// bitOffset is how far from its address a bit test with a register as index
// goes.
func (e *encoder) bitOffset(in *dec.Inst) uint64 {
	if in.N != 2 || in.Args[1].Kind != dec.GPR || !strings.HasPrefix(in.Row.Name, "bt") {
		return 0
	}
	size := 8 * uint(in.Args[0].Size)
	v := int64(e.st.GPR[in.Args[1].Reg]<<(64-size)) >> (64 - size)
	return uint64(v>>3) &^ uint64(size/8-1)
}

// immediate makes the n bytes behind the address.
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

// value is a number of the kind that breaks arithmetic.
func (e *encoder) value() uint64 {
	edges := [...]uint64{0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 63, 1<<63 - 1, ^uint64(0)}
	v := edges[e.IntN(len(edges))]
	switch e.IntN(8) {
	case 0:
		return v + 1
	case 1:
		return ^v
	case 2:
		return e.Uint64()
	case 3:
		return e.Uint64() >> e.IntN(64)
	case 4:
		return uint64(e.IntN(70))
	case 5:
		return -uint64(e.IntN(70))
	}
	return v
}

// pointer is an address well inside the data.
func (e *encoder) pointer() uint64 {
	p := LineData + 0x600 + e.Uint64N(dataSize-0xc00)
	if e.oneIn(2) {
		return p &^ 15
	}
	return p
}

// state is a random state to begin with: half the registers are pointers.
func (e *encoder) state() *oracle.State {
	s := NewLineState(e.bits)
	s.RIP = e.pc
	for i := range e.bits / 4 {
		if s.GPR[i] = e.value(); e.oneIn(2) {
			s.GPR[i] = e.pointer()
		}
		if e.bits == 32 {
			s.GPR[i] &= 0xffffffff
		}
	}
	s.GPR[regs.RSP] = (LineData + 0x1000 + e.Uint64N(0x800)) &^ 7
	s.RFlags = flagsFixed | e.Uint64()&regs.Arith
	if e.oneIn(8) {
		s.RFlags |= regs.DFBit
	}
	s.FSBase, s.GSBase = e.pointer(), e.pointer()
	for i := range s.YMM {
		e.vector(s.YMM[i][:])
	}
	s.MXCSR = e.mxcsr()
	e.x87(s)
	return s
}

// x87 makes the state of the x87 unit.
func (e *encoder) x87(s *oracle.State) {
	s.FTW = []uint8{0xff, 0xff, 0, uint8(e.IntN(256))}[e.IntN(4)]
	s.FSW = uint16(e.IntN(8)) << 11
	if e.oneIn(3) {
		s.FSW |= uint16(e.Uint32()) & 0x477f
	}
	if s.FCW = 0x37f; e.oneIn(2) {
		s.FCW = 0x7f | uint16(e.Uint32())&0xf00
	}
	if e.oneIn(10) {
		s.FCW &^= 1 << e.IntN(6)
	}
	for i := range s.ST {
		e.float80(s.ST[i][:])
	}
	if s.FSW&^s.FCW&0x3f != 0 { // an exception that is not masked is pending
		s.FSW |= 0x8080
	}
}

// float80 makes a number of the x87 unit.
func (e *encoder) float80(b []byte) {
	exps := [...]uint16{0, 0x3fff, 0x7fff, 1, 0x7ffe, 0x3ffe, 0x4000, 0x403d, 0x403e, 0x3fff - 64}
	man := []uint64{1 << 63, 0xc000000000000000, ^uint64(0), 0, 1, 1 << 62, e.Uint64() | 1<<63, e.Uint64()}[e.IntN(8)]
	exp := exps[e.IntN(len(exps))]
	if e.oneIn(2) {
		exp, man = uint16(0x3ff0+e.IntN(32)), e.Uint64()|1<<63
		if e.oneIn(3) {
			man &^= 1<<40 - 1
		}
	}
	binary.LittleEndian.PutUint64(b, man)
	binary.LittleEndian.PutUint16(b[8:], exp|uint16(e.IntN(2))<<15)
}

// mxcsr masks all exceptions, mostly.
func (e *encoder) mxcsr() uint32 {
	m := uint32(0x1f80)
	if e.oneIn(3) {
		m |= e.Uint32() & 0xe07f // rounding, FTZ, DAZ, flags
	}
	if e.oneIn(10) {
		m &^= 1 << (7 + e.IntN(6))
	}
	return m
}

// vector fills a vector with numbers of one kind.
func (e *encoder) vector(b []byte) {
	le := binary.LittleEndian
	kind := e.IntN(3)
	for i := 0; i < len(b); i += 8 {
		v := e.value()
		switch kind {
		case 0:
			v = uint64(e.float32()) | uint64(e.float32())<<32
		case 1:
			v = e.float64()
		}
		le.PutUint64(b[i:], v)
	}
}

var (
	edges32 = [...]uint32{0, 1 << 31, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345, 1, 0x007fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0xcf000000, 0x5f000000, 0x3f000000, 0x3fc00000, 0x40490fdb}
	edges64 = [...]uint64{
		0, 1 << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
		0xfff8123400000000, 1, 0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0x41e0000000000000, 0xc1e0000000000000, 0x43e0000000000000, 0x3fe0000000000000, 0x400921fb54442d18,
	}
)

func (e *encoder) float32() uint32 {
	switch e.IntN(4) {
	case 0:
		return e.Uint32()
	case 1: // of the size of 1
		return e.Uint32()&0x807fffff | uint32(120+e.IntN(16))<<23
	}
	return edges32[e.IntN(len(edges32))]
}

func (e *encoder) float64() uint64 {
	switch e.IntN(4) {
	case 0:
		return e.Uint64()
	case 1:
		return e.Uint64()&0x800fffffffffffff | uint64(1016+e.IntN(16))<<52
	}
	return edges64[e.IntN(len(edges64))]
}

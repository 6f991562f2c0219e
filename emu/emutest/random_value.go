package emutest

import (
	"encoding/binary"

	"panda/emu/arch/x86/regs"
	"panda/emu/oracle"
)

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
	if e.oneIn(20) {
		s.RFlags |= regs.AC
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
	kind := e.IntN(5)
	for i := 0; i < len(b); i += 8 {
		v := e.value()
		switch kind {
		case 0:
			v = uint64(e.float32()) | uint64(e.float32())<<32
		case 1:
			v = e.float64()
		case 2: // small integers, of 8 bytes
			v = uint64(e.IntN(128)) - 64
		case 3: // and of 4
			v = uint64(uint32(e.IntN(128)-64)) | uint64(e.IntN(128)-64)<<32
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

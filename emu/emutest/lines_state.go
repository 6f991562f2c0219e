package emutest

import (
	"encoding/binary"
	"fmt"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/oracle"
)

// Lines and random sequences see this memory, on the host CPU and on our own:
// code that also may be written, data, and a page that may only be read.
const (
	LineCode = 0x10000000
	LineIP   = LineCode + 0x800 // where a line's instruction is
	LineData = 0x20000000
	LineRO   = 0x20004000

	codeSize = 0x2000
	dataSize = 0x2000
	roSize   = 0x1000
)

// LineRegions is the memory, for the oracle.
func LineRegions() []oracle.Region {
	return []oracle.Region{
		{Addr: LineCode, Size: codeSize, Write: true, Exec: true},
		{Addr: LineData, Size: dataSize, Write: true},
		{Addr: LineRO, Size: roSize},
	}
}

// MapLineRegions maps the memory in a bare machine.
func (b *Bare) MapLineRegions() error {
	for _, r := range LineRegions() {
		prot := guest.Read
		if r.Write {
			prot |= guest.Write
		}
		if r.Exec {
			prot |= guest.Exec
		}
		if err := b.mapZero(guest.Addr(r.Addr), r.Size, prot); err != nil {
			return err
		}
	}
	return nil
}

// flagsSeen are the RFLAGS bits that are compared: the arithmetic ones, DF, NT and
// AC. ptrace cannot set ID.
const flagsSeen = regs.Arith | regs.DFBit | regs.NT | regs.AC

// putState makes the register words those of a state.
func putState(w *regs.Words, s *oracle.State) {
	copy(w[regs.RAX:], s.GPR[:])
	w[regs.RIP] = s.RIP
	regs.SetRFlags(w, s.RFlags)
	for i, sel := range s.Seg {
		putSegment(w, ir.Ref(i), sel)
	}
	w[regs.Base+regs.FS], w[regs.Base+regs.GS] = s.FSBase, s.GSBase
	w[regs.MXCSR], w[regs.FCW] = uint64(s.MXCSR), uint64(s.FCW)
	regs.SetFStatus(w, uint64(s.FSW))
	w[regs.FTag] = uint64(s.FTW)
	for i := range s.ST {
		putST(w, i, s.ST[i][:])
	}
	for i := range s.YMM {
		putYMM(w, uint8(i), s.YMM[i][:])
	}
}

func putSegment(w *regs.Words, seg ir.Ref, sel uint16) {
	d, ok := regs.FlatDescriptor(sel)
	if v, own := descriptor(sel); own {
		d, ok = regs.Descriptor(v), true
	}
	if ok {
		regs.LoadSegment(w[:], seg, sel, d)
	} else {
		regs.LoadNull(w[:], seg, sel)
	}
}

// descriptor finds those that the oracle's tracee has.
func descriptor(sel uint16) (uint64, bool) {
	i := int(sel >> 3)
	switch {
	case sel|3 == oracle.SelFS, sel|3 == oracle.SelGS:
		return oracle.Flat.Descriptor(), true
	case sel&4 != 0 && i < len(oracle.LDT):
		return oracle.LDT[i].Descriptor(), true
	}
	return 0, false
}

// takeState reads what putState writes.
func takeState(w *regs.Words, s *oracle.State) {
	copy(s.GPR[:], w[regs.RAX:])
	s.RIP, s.RFlags = w[regs.RIP], regs.RFlags(w)
	for i := range s.Seg {
		s.Seg[i] = uint16(w[regs.Sel+ir.Ref(i)])
	}
	s.FSBase, s.GSBase = w[regs.Base+regs.FS], w[regs.Base+regs.GS]
	s.MXCSR, s.FCW = uint32(w[regs.MXCSR]), uint16(w[regs.FCW])
	s.FSW, s.FTW = uint16(regs.FStatus(w)), uint8(w[regs.FTag])
	le := binary.LittleEndian
	for i := range s.ST {
		st := w[regs.ST+2*regs.FRef(w, i):]
		le.PutUint64(s.ST[i][:], st[0])
		le.PutUint16(s.ST[i][8:], uint16(st[1]))
	}
	for i := range s.YMM {
		for j := range 4 {
			le.PutUint64(s.YMM[i][8*j:], w[regs.XMM(uint8(i))+ir.Ref(j)])
		}
	}
}

// field is a register of a State as lines name it: bytes, the least significant
// one first.
type field struct {
	name string
	get  func(s *oracle.State) []byte
	set  func(s *oracle.State, b []byte)
	size int
}

// fields64 are all registers in the order in which they are printed, fields32
// those of 32-bit code.
var (
	fields64 = makeFields(64)
	fields32 = makeFields(32)
)

func fieldsOf(bits int) []field {
	if bits == 32 {
		return fields32
	}
	return fields64
}

func makeFields(bits int) (fs []field) {
	size, n := bits/8, bits/4
	word := func(name string, size int, p func(s *oracle.State) *uint64) {
		fs = append(fs, numberField(name, size, func(s *oracle.State) uint64 { return *p(s) }, func(s *oracle.State, v uint64) { *p(s) = v }))
	}
	for i := range n {
		name := regs.Defs[i].Name
		if bits == 32 {
			name = "e" + name[1:]
		}
		word(name, size, func(s *oracle.State) *uint64 { return &s.GPR[i] })
	}
	word([]string{"rip", "eip"}[64/bits-1], size, func(s *oracle.State) *uint64 { return &s.RIP })
	word("fl", 4, func(s *oracle.State) *uint64 { return &s.RFlags })
	word("fs_base", size, func(s *oracle.State) *uint64 { return &s.FSBase })
	word("gs_base", size, func(s *oracle.State) *uint64 { return &s.GSBase })
	for i, name := range []string{"es", "cs", "ss", "ds", "fs", "gs"} {
		fs = append(fs, numberField(name, 2, func(s *oracle.State) uint64 { return uint64(s.Seg[i]) }, func(s *oracle.State, v uint64) { s.Seg[i] = uint16(v) }))
	}
	fs = append(fs,
		numberField("mxcsr", 4, func(s *oracle.State) uint64 { return uint64(s.MXCSR) }, func(s *oracle.State, v uint64) { s.MXCSR = uint32(v) }),
		numberField("fcw", 2, func(s *oracle.State) uint64 { return uint64(s.FCW) }, func(s *oracle.State, v uint64) { s.FCW = uint16(v) }),
		numberField("fsw", 2, func(s *oracle.State) uint64 { return uint64(s.FSW) }, func(s *oracle.State, v uint64) { s.FSW = uint16(v) }),
		numberField("ftw", 1, func(s *oracle.State) uint64 { return uint64(s.FTW) }, func(s *oracle.State, v uint64) { s.FTW = uint8(v) }))
	for i := range 8 {
		fs = append(fs, bytesField(fmt.Sprintf("st%d", i), func(s *oracle.State) []byte { return s.ST[i][:] }))
	}
	for i := range n {
		fs = append(fs, bytesField(fmt.Sprintf("ymm%d", i), func(s *oracle.State) []byte { return s.YMM[i][:] }))
	}
	return fs
}

func numberField(name string, size int, get func(*oracle.State) uint64, set func(*oracle.State, uint64)) field {
	return field{
		name: name, size: size,
		get: func(s *oracle.State) []byte { return binary.LittleEndian.AppendUint64(nil, get(s))[:size] },
		set: func(s *oracle.State, b []byte) {
			var w [8]byte
			copy(w[:], b)
			set(s, binary.LittleEndian.Uint64(w[:]))
		},
	}
}

func bytesField(name string, at func(*oracle.State) []byte) field {
	return field{
		name: name, size: len(at(new(oracle.State))), get: at,
		set: func(s *oracle.State, b []byte) { copy(at(s), b) },
	}
}

// StateDiff lists the registers in which two states differ, as "name got want",
// but for flags in mask.
func StateDiff(got, want *oracle.State, mask uint64) (ds []string) {
	for _, f := range fieldsOf(want.Bits) {
		g, w := f.get(got), f.get(want)
		if f.name == "fl" {
			if (got.RFlags^want.RFlags)&flagsSeen&^mask != 0 {
				ds = append(ds, fmt.Sprintf("fl got %s want %s", flagText(got.RFlags&^mask), flagText(want.RFlags&^mask)))
			}
			continue
		}
		if string(g) != string(w) {
			ds = append(ds, fmt.Sprintf("%s got %s want %s", f.name, number(g), number(w)))
		}
	}
	return ds
}

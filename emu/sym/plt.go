package sym

import (
	"debug/elf"
	"encoding/binary"
)

// addPLT names the stubs of the procedure linkage table. Each of them jumps
// through a slot of the global offset table, and a relocation ties the slot to
// a name; so the order and the size of the stubs do not matter.
func (f *File) addPLT(e *image, dynamic []elf.Symbol) {
	slots := gotSlots(e, dynamic)
	limit := len(f.Symbols) + len(slots) // each stub has a slot
	if len(slots) == 0 {
		return
	}
	var got uint64 // what ebx holds in position-independent i386 code
	if s := e.named(".got.plt"); s != nil {
		got = s.addr
	} else if s := e.named(".got"); s != nil {
		got = s.addr
	}
	for _, name := range []string{".plt", ".plt.sec", ".plt.got"} {
		if s := e.named(name); s != nil {
			f.scanPLT([]byte(e.data(s)), s.addr, e.machine, got, slots, limit)
		}
	}
}

// stubSections are the names of sections that matter.
var stubSections = []string{".got.plt", ".got", ".plt", ".plt.sec", ".plt.got"}

// scanPLT looks for indirect jumps in stubs of 16 bytes (8 in .plt.got).
func (f *File) scanPLT(code []byte, at uint64, m elf.Machine, got uint64, slots map[uint64]string, limit int) {
	const stub = 8
	start := 0
	for i := 0; i+6 <= len(code) && len(f.Symbols) < limit; i++ {
		slot, ok := jumpSlot(code[i:], at+uint64(i), m, got)
		name := slots[slot]
		if !ok || name == "" {
			continue
		}
		for start+stub <= i {
			start += stub
		}
		if start%16 == 8 && i-start >= 3 { // endbr64 and a BND prefix stand before the jump
			start -= 8
		}
		f.Symbols = append(f.Symbols, Symbol{name + "@plt", at + uint64(start), uint64(i + 6 - start), 0})
		i += 5
	}
}

// jumpSlot decodes jmp *slot.
func jumpSlot(b []byte, pc uint64, m elf.Machine, got uint64) (slot uint64, ok bool) {
	disp := uint64(int64(int32(binary.LittleEndian.Uint32(b[2:]))))
	switch {
	case b[0] == 0xff && b[1] == 0x25 && m == elf.EM_X86_64:
		return pc + 6 + disp, true
	case b[0] == 0xff && b[1] == 0x25:
		return uint64(uint32(disp)), true
	case b[0] == 0xff && b[1] == 0xa3:
		return uint64(uint32(got + disp)), true
	}
	return 0, false
}

// gotSlots maps the address of each slot that a relocation fills to the symbol's
// name.
func gotSlots(e *image, dynamic []elf.Symbol) map[uint64]string {
	slots := map[uint64]string{}
	for i := range e.sections {
		s := &e.sections[i]
		if s.typ != elf.SHT_RELA && s.typ != elf.SHT_REL || s.flags&elf.SHF_ALLOC == 0 {
			continue
		}
		size := relocSize(e.class, s.typ)
		for data := []byte(e.data(s)); len(data) >= size; data = data[size:] {
			off, sym := relocation(e.class, data)
			if sym > 0 && sym <= uint64(len(dynamic)) && len(slots) < maxSymbols {
				slots[off] = dynamic[sym-1].Name
			}
		}
	}
	return slots
}

func relocSize(c elf.Class, t elf.SectionType) int {
	words := 2
	if t == elf.SHT_RELA {
		words = 3
	}
	if c == elf.ELFCLASS64 {
		return 8 * words
	}
	return 4 * words
}

func relocation(c elf.Class, b []byte) (off, sym uint64) {
	if c == elf.ELFCLASS64 {
		return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]) >> 32
	}
	return uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]) >> 8)
}

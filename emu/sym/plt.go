package sym

import (
	"debug/elf"
	"encoding/binary"
)

// addPLT names the stubs of the procedure linkage table. Each of them jumps
// through a slot of the global offset table, and a relocation ties the slot to
// a name; so the order and the size of the stubs do not matter.
func (f *File) addPLT(e *image, dynamic []elf.Symbol) {
	slots, scan := gotSlots(e, dynamic), scanPLT[e.machine]
	limit := len(f.Symbols) + len(slots) // each stub has a slot
	if len(slots) == 0 || scan == nil {
		return
	}
	var got uint64
	if s := e.named(".got.plt"); s != nil {
		got = s.addr
	} else if s := e.named(".got"); s != nil {
		got = s.addr
	}
	for _, name := range []string{".plt", ".plt.sec", ".plt.got"} {
		if s := e.named(name); s != nil {
			scan(f, []byte(e.data(s)), s.addr, stubs{slots, got, limit})
		}
	}
}

// stubs are what those of a file may be.
type stubs struct {
	slots map[uint64]string // names by the addresses of slots
	got   uint64            // the address of the table
	limit int               // symbols that there may be
}

// scanPLT looks for stubs in a section that lies at an address, by machine. Those of
// others have no names.
var scanPLT = map[elf.Machine]func(f *File, code []byte, at uint64, s stubs){
	elf.EM_X86_64: scanX86_64, elf.EM_386: scanI386,
}

// stubSections are the names of sections that matter.
var stubSections = []string{".got.plt", ".got", ".plt", ".plt.sec", ".plt.got"}

// gotSlots maps the address of each slot that a relocation fills to the symbol's
// name.
func gotSlots(e *image, dynamic []elf.Symbol) map[uint64]string {
	slots := map[uint64]string{}
	for i := range e.sections {
		s := &e.sections[i]
		if !s.relocates() {
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

// relocates reports whether a section holds relocations of the loaded file.
func (s *section) relocates() bool {
	return (s.typ == elf.SHT_RELA || s.typ == elf.SHT_REL) && s.flags&elf.SHF_ALLOC != 0
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

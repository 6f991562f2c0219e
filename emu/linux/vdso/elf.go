package vdso

import (
	"debug/elf"
	"maps"
	"slices"
)

// style is what the objects of the architectures differ in.
type style struct {
	class   elf.Class
	machine elf.Machine
	name    string
	word    int
	// cie begins the unwind information: how a frame looks before the first
	// instruction (DWARF 4 section 6.4.1, Linux Standard Base 10.6).
	cie []byte
	// signal begins that of functions that a signal handler returns to: the pc is
	// that of an instruction that was interrupted, not one after a call.
	signal   []byte
	versions []string // of symbols
}

func (s *style) wide() bool { return s.class == elf.ELFCLASS64 }

// headers are the sizes of the headers and of a symbol.
func (s *style) headers() (ehdr, phdr, sym int) {
	if s.wide() {
		return 64, 56, 24
	}
	return 52, 32, 16
}

const (
	phdrCount = 3
	pageSize  = 4096
)

// build lays the object out.
func (s *style) build(fs []function) Image {
	ehdr, phdr, _ := s.headers()
	v := &builder{style: s, b: make([]byte, ehdr+phdrCount*phdr), at: map[string]uint64{}}
	for i := range fs {
		start := v.add(16, fs[i].code)
		v.starts = append(v.starts, start)
		v.at[fs[i].name] = start + uint64(fs[i].before)
	}
	dynamic, dynamicSize := v.symbols(fs)
	unwind, unwindSize := v.unwind(fs)
	v.header([phdrCount]elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Filesz: uint64(len(v.b)), Flags: uint32(elf.PF_R | elf.PF_X), Align: pageSize},
		{Type: uint32(elf.PT_DYNAMIC), Off: dynamic, Filesz: dynamicSize, Flags: uint32(elf.PF_R), Align: 8},
		{Type: uint32(elf.PT_GNU_EH_FRAME), Off: unwind, Filesz: unwindSize, Flags: uint32(elf.PF_R), Align: 4},
	})
	return Image{v.b, v.at}
}

// builder lays an image out from its start.
type builder struct {
	*style
	b      []byte
	starts []uint64 // of the functions' code
	at     map[string]uint64
}

func (v *builder) align(n int) uint64 {
	for len(v.b)%n != 0 {
		v.b = append(v.b, 0)
	}
	return uint64(len(v.b))
}

// half, words and longs append numbers of 2, 4, and 4 or 8 bytes.
func (v *builder) half(w uint16) { v.b = le.AppendUint16(v.b, w) }

func (v *builder) words(ws ...uint64) {
	for _, w := range ws {
		v.b = le.AppendUint32(v.b, uint32(w))
	}
}

func (v *builder) longs(ws ...uint64) {
	for _, w := range ws {
		if v.wide() {
			v.b = le.AppendUint64(v.b, w)
		} else {
			v.b = le.AppendUint32(v.b, uint32(w))
		}
	}
}

// add appends code or data and returns where it is.
func (v *builder) add(alignment int, b []byte) uint64 {
	at := v.align(alignment)
	v.b = append(v.b, b...)
	return at
}

// elfHash is the hash function of the ELF specification.
func elfHash(name string) (h uint64) {
	for _, c := range []byte(name) {
		h = h<<4 + uint64(c)
		h = h ^ h>>24&0xf0
		h &= 0xfffffff
	}
	return h
}

// versionTables appends the version definitions, of the object itself and of those
// that its symbols have, and the version of each symbol.
func (v *builder) versionTables(name func(string) uint64, fs []function) (defs, versym uint64) {
	const defSize, auxSize = 20, 8
	defs = v.align(8)
	all := append([]string{v.name}, v.versions...)
	for i, d := range all {
		next, flags := uint64(defSize+auxSize), uint64(0)
		if i == 0 {
			flags = uint64(elf.VER_FLG_BASE)
		}
		if i == len(all)-1 {
			next = 0
		}
		v.words(1|flags<<16, uint64(i+1)|1<<16, elfHash(d), defSize, next, name(d), 0)
	}
	versym = v.align(2)
	v.half(0)
	for i := range fs {
		v.half(uint16(slices.Index(all, fs[i].version) + 1))
	}
	return defs, versym
}

// symbols appends the tables of the dynamic linker: symbols, names, a hash table
// of one chain, versions, and the list of them.
func (v *builder) symbols(fs []function) (dynamic, size uint64) {
	names := []byte{0}
	name := func(s string) uint64 {
		at := len(names)
		names = append(append(names, s...), 0)
		return uint64(at)
	}
	soname := name(v.name)
	_, _, symSize := v.headers()
	symtab := v.add(8, make([]byte, symSize))
	for i := range fs {
		v.symbol(name(fs[i].name), v.at[fs[i].name], uint64(len(fs[i].code)-fs[i].before))
	}
	defs, versym := v.versionTables(name, fs)
	strtab := v.add(1, names)
	hash := v.align(8)
	v.words(1, uint64(len(fs)+1), uint64(len(fs)), 0)
	for i := range fs {
		v.words(uint64(i))
	}
	dynamic = v.align(8)
	v.longs(uint64(elf.DT_SONAME), soname, uint64(elf.DT_HASH), hash, uint64(elf.DT_STRTAB), strtab, uint64(elf.DT_SYMTAB), symtab,
		uint64(elf.DT_STRSZ), uint64(len(names)), uint64(elf.DT_SYMENT), uint64(symSize), uint64(elf.DT_VERDEF), defs,
		uint64(elf.DT_VERDEFNUM), uint64(len(v.versions)+1), uint64(elf.DT_VERSYM), versym, uint64(elf.DT_NULL), 0)
	return dynamic, uint64(len(v.b)) - dynamic
}

// symbol appends a function's entry of the symbol table.
func (v *builder) symbol(name, at, size uint64) {
	const section = 1 // any: the object has no section headers
	info := uint64(elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC)) | section<<16
	if v.wide() {
		v.words(name, info)
		v.longs(at, size)
	} else {
		v.words(name, at, size, info)
	}
}

// unwind appends what an unwinder reads, with its index: a CIE of each kind, then an
// FDE for each function.
func (v *builder) unwind(fs []function) (header, size uint64) {
	begin := v.align(8)
	cies := map[bool]uint64{false: v.addCIE(v.cie), true: v.addCIE(v.signal)}
	var fdes []uint64
	for i := range fs {
		fdes = append(fdes, v.fde(cies[fs[i].signal], v.starts[i], &fs[i]))
	}
	v.words(0) // the end
	header = v.align(4)
	const version, frameEnc, countEnc, tableEnc = 1, 0x1b, 0x03, 0x3b
	v.words(version|frameEnc<<8|countEnc<<16|tableEnc<<24, begin-(header+4), uint64(len(fs)))
	for i := range fs {
		v.words(v.starts[i]-header, fdes[i]-header)
	}
	return header, uint64(len(v.b)) - header
}

// addCIE appends a CIE, if the architecture has one of the kind.
func (v *builder) addCIE(cie []byte) uint64 {
	at := v.align(4)
	if len(cie) > 0 {
		v.words(uint64(4+len(cie)), 0)
		v.b = append(v.b, cie...)
	}
	return at
}

// fde appends a function's frame description.
func (v *builder) fde(cie, start uint64, f *function) uint64 {
	at := v.align(4)
	frame := append([]byte{0}, f.frame...) // no augmentation
	for len(frame)%4 != 0 {
		frame = append(frame, 0)
	}
	v.words(uint64(12+len(frame)), at+4-cie, start-(at+8), uint64(len(f.code)))
	v.b = append(v.b, frame...)
	return at
}

func (v *builder) header(phdrs [phdrCount]elf.Prog64) {
	ehdr, phdr, _ := v.headers()
	h := &builder{style: v.style}
	h.b = append(h.b, elf.ELFMAG...)
	h.b = append(h.b, byte(v.class), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT))
	h.align(16)
	h.half(uint16(elf.ET_DYN))
	h.half(uint16(v.machine))
	h.words(uint64(elf.EV_CURRENT))
	h.longs(v.starts[0], uint64(ehdr), 0)
	h.words(0)
	for _, n := range []uint16{uint16(ehdr), uint16(phdr), phdrCount, 0, 0, 0} {
		h.half(n)
	}
	for _, p := range phdrs {
		if v.wide() {
			h.words(uint64(p.Type), uint64(p.Flags))
			h.longs(p.Off, p.Off, p.Off, p.Filesz, p.Filesz, p.Align)
		} else {
			h.words(uint64(p.Type), p.Off, p.Off, p.Off, p.Filesz, p.Filesz, uint64(p.Flags), p.Align)
		}
	}
	copy(v.b, h.b)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

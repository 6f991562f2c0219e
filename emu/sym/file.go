package sym

import (
	"cmp"
	"debug/elf"
	"fmt"
	"io"
	"slices"
	"sort"
)

// Symbol is a named range of a file, in the file's own addresses.
type Symbol struct {
	Name string
	Addr uint64
	Size uint64 // 0 when unknown
	rank uint8  // lower is the better name of an address
}

// File is the symbols of one ELF file.
type File struct {
	Symbols  []Symbol            // sorted by address, one per address
	names    map[uint64][]string // all names of an address, the best first
	byName   map[string]uint64
	ifuncs   map[uint64][]string // names by the address of their resolver
	resolved map[string]bool     // names of ifuncs whose implementation is known
	abroad   map[string]uint64   // of those, where the kernel's object has it
	lent     map[uint64]bool     // addresses that are abroad for other files
	segments []elf.ProgHeader
	lost     lost
}

// Resolver is how the function that chooses the implementation of a name is
// called (STT_GNU_IFUNC): the name itself belongs to what was chosen.
const Resolver = "@resolver"

// Read reads the symbols of a file.
func Read(r io.ReaderAt) (f *File, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("read symbols: damaged file: %v", p)
		}
	}()
	e, err := openImage(r)
	if err != nil {
		return nil, fmt.Errorf("read symbols: %w", err)
	}
	f = &File{names: map[uint64][]string{}, byName: map[string]uint64{}, ifuncs: map[uint64][]string{}, resolved: map[string]bool{}, abroad: map[string]uint64{}, lent: map[uint64]bool{}, segments: e.segments}
	var dynamic []elf.Symbol
	e.table(elf.SHT_SYMTAB, f.add) // a stripped file has none
	e.table(elf.SHT_DYNSYM, func(s elf.Symbol) {
		dynamic = append(dynamic, s)
		f.add(s)
	})
	f.addPLT(e, dynamic)
	f.lost = e.lost
	f.finish()
	return f, nil
}

// Touch reads the parts of a file that Read reads, and makes nothing of them.
func Touch(r io.ReaderAt) {
	e, err := openImage(r)
	if err != nil {
		return
	}
	for i := range e.sections {
		s := &e.sections[i]
		switch {
		case s.typ == elf.SHT_SYMTAB || s.typ == elf.SHT_DYNSYM:
			e.read(s.off, s.size)
			if int(s.link) < len(e.sections) {
				e.read(e.sections[s.link].off, e.sections[s.link].size)
			}
		case s.stub != "" && s.typ != elf.SHT_NOBITS, s.relocates():
			e.read(s.off, s.size)
		}
	}
}

// add takes a symbol if it names code or data of the file.
func (f *File) add(s elf.Symbol) {
	typ, bind := elf.ST_TYPE(s.Info), elf.ST_BIND(s.Info)
	if s.Section == elf.SHN_UNDEF || s.Section == elf.SHN_ABS || s.Name == "" ||
		typ == elf.STT_SECTION || typ == elf.STT_FILE || typ == elf.STT_TLS {
		return
	}
	rank := uint8(0)
	if typ != elf.STT_FUNC && typ != elf.STT_GNU_IFUNC {
		rank += 4
	}
	if bind == elf.STB_LOCAL {
		rank += 2
	}
	if s.Name[0] == '_' {
		rank++
	}
	if typ == elf.STT_GNU_IFUNC {
		f.ifuncs[s.Value] = f.addName(f.ifuncs[s.Value], s.Name)
		s.Name += Resolver
	}
	f.Symbols = append(f.Symbols, Symbol{s.Name, s.Value, s.Size, rank})
}

// addName adds a name of an address.
func (f *File) addName(all []string, name string) []string {
	switch {
	case slices.Contains(all, name):
		return all
	case len(all) == maxNames:
		f.lost.symbols++
		return all
	}
	return append(all, name)
}

// finish sorts, keeps the best name of each address, and indexes by name.
func (f *File) finish() {
	slices.SortStableFunc(f.Symbols, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.rank, b.rank), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	byRank := slices.Clone(f.Symbols)
	slices.SortStableFunc(byRank, func(a, b Symbol) int { return cmp.Compare(b.rank, a.rank) })
	for _, s := range byRank {
		f.byName[s.Name] = s.Addr
	}
	for _, s := range f.Symbols {
		f.names[s.Addr] = f.addName(f.names[s.Addr], s.Name)
	}
	f.Symbols = slices.CompactFunc(f.Symbols, func(a, b Symbol) bool { return a.Addr == b.Addr })
}

// Names are all names of the symbol that begins at an address, the one to show
// first.
func (f *File) Names(addr uint64) []string { return f.names[addr] }

// resolve notes the implementation that a resolver chose.
func (f *File) resolve(names []string, impl uint64) {
	for _, n := range names {
		f.byName[n] = impl
		f.names[impl] = f.addName(f.names[impl], n)
	}
	i, known := slices.BinarySearchFunc(f.Symbols, impl, func(s Symbol, a uint64) int { return cmp.Compare(s.Addr, a) })
	if !known && len(names) > 0 {
		f.Symbols = slices.Insert(f.Symbols, i, Symbol{Name: names[0], Addr: impl})
	}
}

// At finds the symbol at or before an address of the file.
func (f *File) At(addr uint64) (Symbol, bool) {
	i := sort.Search(len(f.Symbols), func(i int) bool { return f.Symbols[i].Addr > addr })
	if i == 0 {
		return Symbol{}, false
	}
	s := f.Symbols[i-1]
	return s, s.Size == 0 || addr-s.Addr < s.Size
}

// Find finds the address of a name.
func (f *File) Find(name string) (uint64, bool) {
	a, ok := f.byName[name]
	return a, ok
}

// fileAddr is the address that the file gives to the byte at a file offset.
func (f *File) fileAddr(off uint64) (uint64, bool) {
	for _, p := range f.segments {
		if first := p.Off &^ 0xfff; first <= off && off < p.Off+p.Filesz {
			return p.Vaddr&^0xfff + (off - first), true
		}
	}
	return 0, false
}

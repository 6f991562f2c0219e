package sym

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// The tables of a file are hostile input: sections may overlap, be compressed to a
// thousandth, or name one text of megabytes a million times. So every file has a
// budget of bytes that are read and of symbols that are kept, names are parts of
// their table and not copies, and what does not fit is left out and said.
const (
	maxRead     = 256 << 20 // bytes of all sections of a file
	maxUnpacked = 64 << 20  // bytes of a compressed one
	maxSections = 1 << 16
	maxSymbols  = 1 << 20 // of a file
	maxNames    = 64      // of an address
	maxName     = 4096    // bytes
	maxNameText = 256 << 20
)

// section is a section header, with the fields of both classes.
type section struct {
	name            uint32
	typ             elf.SectionType
	flags           elf.SectionFlag
	addr, off, size uint64
	link            uint32
	stub            string // the name, if it is one of those that matter
}

// image reads the parts of an ELF file that matter here.
type image struct {
	r        io.ReaderAt
	class    elf.Class
	machine  elf.Machine
	sections []section
	segments []elf.ProgHeader
	left     int // bytes that may still be read
	lost     lost
}

// lost counts what is left out.
type lost struct{ symbols, sections int }

func (l lost) String() string {
	var parts []string
	if l.symbols > 0 {
		parts = append(parts, fmt.Sprintf("%d symbols", l.symbols))
	}
	if l.sections > 0 {
		parts = append(parts, fmt.Sprintf("%d sections that are too large or damaged", l.sections))
	}
	return strings.Join(parts, " and ")
}

var errDamaged = errors.New("damaged ELF file")

// openImage reads the headers.
func openImage(r io.ReaderAt) (*image, error) {
	var h [64]byte
	if n, _ := r.ReadAt(h[:], 0); n < 52 || !bytes.HasPrefix(h[:], []byte(elf.ELFMAG)) || h[elf.EI_DATA] != byte(elf.ELFDATA2LSB) {
		return nil, errDamaged
	}
	le := binary.LittleEndian
	e := &image{r: r, class: elf.Class(h[elf.EI_CLASS]), machine: elf.Machine(le.Uint16(h[18:])), left: maxRead}
	var phOff, shOff uint64
	var sizes []byte // e_phentsize to e_shstrndx
	switch e.class {
	case elf.ELFCLASS64:
		phOff, shOff, sizes = le.Uint64(h[32:]), le.Uint64(h[40:]), h[54:]
	case elf.ELFCLASS32:
		phOff, shOff, sizes = uint64(le.Uint32(h[28:])), uint64(le.Uint32(h[32:])), h[42:]
	default:
		return nil, errDamaged
	}
	half := func(i int) int { return int(le.Uint16(sizes[2*i:])) }
	e.readSegments(phOff, half(0), half(1))
	e.readSections(shOff, half(2), half(3), half(4))
	return e, nil
}

// read reads bytes of the file, fewer than asked for at its end; nil when they are
// more than the budget has.
func (e *image) read(off, size uint64) []byte {
	if size > uint64(e.left) || off > math.MaxInt64-size {
		e.lost.sections++
		return nil
	}
	b, _ := io.ReadAll(io.NewSectionReader(e.r, int64(off), int64(size)))
	e.left -= len(b)
	return b
}

func (e *image) readSegments(off uint64, size, n int) {
	want := map[elf.Class]int{elf.ELFCLASS32: 32, elf.ELFCLASS64: 56}[e.class]
	if size != want {
		return
	}
	for b := e.read(off, uint64(size*n)); len(b) >= size; b = b[size:] {
		le := binary.LittleEndian
		p := elf.ProgHeader{Type: elf.ProgType(le.Uint32(b))}
		if e.class == elf.ELFCLASS64 {
			p.Off, p.Vaddr, p.Filesz = le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[32:])
		} else {
			p.Off, p.Vaddr, p.Filesz = uint64(le.Uint32(b[4:])), uint64(le.Uint32(b[8:])), uint64(le.Uint32(b[16:]))
		}
		if p.Type == elf.PT_LOAD {
			e.segments = append(e.segments, p)
		}
	}
}

// readSections reads the section headers. More than fit into the header's field
// are counted in the first of them.
func (e *image) readSections(off uint64, size, n, names int) {
	want := map[elf.Class]int{elf.ELFCLASS32: 40, elf.ELFCLASS64: 64}[e.class]
	if off == 0 || size != want {
		return
	}
	if first := e.read(off, uint64(size)); len(first) == size {
		s := e.section(first)
		if n == 0 {
			n = int(min(s.size, math.MaxInt32))
		}
		if names == int(elf.SHN_XINDEX) {
			names = int(s.link)
		}
	}
	if n > maxSections {
		e.lost.sections += n - maxSections
		n = maxSections
	}
	for b := e.read(off, uint64(size*n)); len(b) >= size; b = b[size:] {
		e.sections = append(e.sections, e.section(b))
	}
	if names >= len(e.sections) {
		return
	}
	text := e.data(&e.sections[names])
	for i := range e.sections {
		s := &e.sections[i]
		for _, stub := range stubSections {
			if at := uint64(s.name); at < uint64(len(text)) && strings.HasPrefix(text[at:], stub+"\x00") {
				s.stub = stub
			}
		}
	}
}

func (e *image) section(b []byte) section {
	le := binary.LittleEndian
	s := section{name: le.Uint32(b), typ: elf.SectionType(le.Uint32(b[4:]))}
	if e.class == elf.ELFCLASS64 {
		s.flags, s.addr, s.off, s.size = elf.SectionFlag(le.Uint64(b[8:])), le.Uint64(b[16:]), le.Uint64(b[24:]), le.Uint64(b[32:])
		s.link = le.Uint32(b[40:])
	} else {
		u := func(i int) uint64 { return uint64(le.Uint32(b[i:])) }
		s.flags, s.addr, s.off, s.size, s.link = elf.SectionFlag(u(8)), u(12), u(16), u(20), uint32(u(24))
	}
	return s
}

// named is the section that matters under a name, nil if there is none.
func (e *image) named(name string) *section {
	for i := range e.sections {
		if s := &e.sections[i]; s.stub == name {
			return s
		}
	}
	return nil
}

// data is what a section holds, unpacked if it is compressed.
func (e *image) data(s *section) string {
	if s.typ == elf.SHT_NOBITS {
		return ""
	}
	b := e.read(s.off, s.size)
	if s.flags&elf.SHF_COMPRESSED == 0 {
		return string(b)
	}
	head := map[elf.Class]int{elf.ELFCLASS32: 12, elf.ELFCLASS64: 24}[e.class]
	if len(b) < head || elf.CompressionType(binary.LittleEndian.Uint32(b)) != elf.COMPRESS_ZLIB {
		e.lost.sections++
		return ""
	}
	limit := min(maxUnpacked, e.left)
	var out strings.Builder
	z, err := zlib.NewReader(bytes.NewReader(b[head:]))
	if err == nil {
		_, err = io.Copy(&out, io.LimitReader(z, int64(limit)+1))
	}
	if err != nil || out.Len() > limit {
		e.lost.sections++
		return ""
	}
	e.left -= out.Len()
	return out.String()
}

// table reads the symbols of the first table of a type, without the empty first
// one; take gets them in their order.
func (e *image) table(typ elf.SectionType, take func(elf.Symbol)) {
	for i := range e.sections {
		s := &e.sections[i]
		if s.typ != typ {
			continue
		}
		if int(s.link) < len(e.sections) {
			e.symbols(e.data(s), e.data(&e.sections[s.link]), take)
		}
		return
	}
}

func (e *image) symbols(table, names string, take func(elf.Symbol)) {
	size := map[elf.Class]int{elf.ELFCLASS32: 16, elf.ELFCLASS64: 24}[e.class]
	text := 0
	for n := 0; len(table) >= size; n++ {
		s, name := e.symbol([]byte(table[:size]))
		table = table[size:]
		switch {
		case n == 0:
			continue
		case n > maxSymbols || text > maxNameText:
			e.lost.symbols += 1 + len(table)/size
			return
		case uint64(name) < uint64(len(names)):
			rest := names[name:min(uint64(name)+maxName, uint64(len(names)))]
			end := strings.IndexByte(rest, 0)
			if end < 0 {
				e.lost.symbols++
				end, text = 0, text+len(rest)
			}
			s.Name, text = rest[:end], text+end
		}
		take(s)
	}
}

func (e *image) symbol(b []byte) (s elf.Symbol, name uint32) {
	le := binary.LittleEndian
	name = le.Uint32(b)
	if e.class == elf.ELFCLASS64 {
		s.Info, s.Section, s.Value, s.Size = b[4], elf.SectionIndex(le.Uint16(b[6:])), le.Uint64(b[8:]), le.Uint64(b[16:])
	} else {
		s.Info, s.Section, s.Value, s.Size = b[12], elf.SectionIndex(le.Uint16(b[14:])), uint64(le.Uint32(b[4:])), uint64(le.Uint32(b[8:]))
	}
	return s, name
}

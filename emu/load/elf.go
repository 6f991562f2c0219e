package load

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"panda/emu/guest"
)

// Errors that a caller tells apart.
var (
	ErrNotELF  = errors.New("not an ELF file")
	ErrForeign = errors.New("foreign architecture")
)

// Bounds of what a sane file has.
const (
	maxSegments = 4096
	maxInterp   = 4096
	pageSize    = 4096
)

// Segment is a PT_LOAD entry, or one of the few others that matter.
type Segment struct {
	Type   elf.ProgType
	Prot   guest.Access
	Offset uint64
	Addr   uint64
	File   uint64 // bytes in the file
	Mem    uint64 // bytes in memory
}

// Program is the header of an executable file, found sound.
type Program struct {
	Arch      guest.Arch
	Dynamic   bool // position-independent: may be placed anywhere
	Entry     uint64
	Segments  []Segment // the PT_LOAD ones, sorted by address, not overlapping
	Interp    string    // the program interpreter, if it asks for one
	ExecStack bool
	PhdrOff   uint64
	PhdrSize  int // of an entry
	PhdrCount int
}

// header is what both classes have, in the wider form.
type header struct {
	Type, Machine uint16
	Version       uint32
	Entry, PhOff  uint64
	PhSize, PhNum uint16
}

// layout is where a class keeps what is read.
type layout struct {
	bits     int
	size     int // of the header
	phdrSize int
}

var layouts = map[elf.Class]layout{
	elf.ELFCLASS32: {32, 52, 32},
	elf.ELFCLASS64: {64, 64, 56},
}

// machines are the architectures that can run, by machine and bits.
var machines = map[elf.Machine]guest.Arch{
	elf.EM_X86_64: guest.X86_64,
	elf.EM_386:    guest.I386,
}

// machineNames are the architectures that people meet.
var machineNames = map[elf.Machine]string{
	elf.EM_AARCH64: "AArch64", elf.EM_ARM: "ARM", elf.EM_RISCV: "RISC-V", elf.EM_PPC64: "PowerPC64",
	elf.EM_PPC: "PowerPC", elf.EM_S390: "S/390", elf.EM_MIPS: "MIPS", elf.EM_SPARCV9: "SPARC V9", elf.EM_LOONGARCH: "LoongArch",
}

// Parse reads the headers of a file of the given size.
func Parse(r io.ReaderAt, size int64) (*Program, error) {
	h, lay, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	p := &Program{
		Entry: h.Entry, Dynamic: elf.Type(h.Type) == elf.ET_DYN,
		PhdrOff: h.PhOff, PhdrSize: lay.phdrSize, PhdrCount: int(h.PhNum),
	}
	if p.Arch, err = archOf(h, lay); err != nil {
		return nil, err
	}
	if err := h.check(lay, size); err != nil {
		return nil, err
	}
	table := make([]byte, p.PhdrSize*p.PhdrCount)
	if err := readFull(r, table, int64(h.PhOff)); err != nil {
		return nil, fmt.Errorf("truncated ELF file: program headers end behind the file: %w", err)
	}
	for i := range p.PhdrCount {
		if err := p.add(r, size, readSegment(table[i*p.PhdrSize:], lay)); err != nil {
			return nil, fmt.Errorf("program header %d: %w", i, err)
		}
	}
	return p, p.checkSegments(lay)
}

func readFull(r io.ReaderAt, b []byte, off int64) error {
	if n, err := r.ReadAt(b, off); n < len(b) {
		return err
	}
	return nil
}

func readHeader(r io.ReaderAt) (h header, lay layout, err error) {
	var b [64]byte
	n, _ := r.ReadAt(b[:], 0)
	if n < len(elf.ELFMAG) || !bytes.HasPrefix(b[:], []byte(elf.ELFMAG)) {
		return h, lay, ErrNotELF
	}
	lay, ok := layouts[elf.Class(b[elf.EI_CLASS])]
	if !ok || n < lay.size {
		return h, lay, fmt.Errorf("%w: truncated or damaged header", ErrNotELF)
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if elf.Data(b[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	h.Type, h.Machine, h.Version = order.Uint16(b[16:]), order.Uint16(b[18:]), order.Uint32(b[20:])
	if lay.bits == 64 {
		h.Entry, h.PhOff = order.Uint64(b[24:]), order.Uint64(b[32:])
		h.PhSize, h.PhNum = order.Uint16(b[54:]), order.Uint16(b[56:])
	} else {
		h.Entry, h.PhOff = uint64(order.Uint32(b[24:])), uint64(order.Uint32(b[28:]))
		h.PhSize, h.PhNum = order.Uint16(b[42:]), order.Uint16(b[44:])
	}
	if elf.Data(b[elf.EI_DATA]) != elf.ELFDATA2LSB {
		return h, lay, foreign(h)
	}
	return h, lay, nil
}

func foreign(h header) error {
	m := elf.Machine(h.Machine)
	name := machineNames[m]
	if name == "" {
		name = m.String()
	}
	return fmt.Errorf("%w: %s (this emulator runs x86_64 and i386 programs)", ErrForeign, name)
}

func archOf(h header, lay layout) (guest.Arch, error) {
	arch, ok := machines[elf.Machine(h.Machine)]
	if !ok {
		return 0, foreign(h)
	}
	if bits := map[guest.Arch]int{guest.X86_64: 64, guest.I386: 32}[arch]; bits != lay.bits {
		return 0, fmt.Errorf("%w: %d-bit file for %v (x32 and the like are not supported)", ErrForeign, lay.bits, arch)
	}
	return arch, nil
}

func (h *header) check(lay layout, size int64) error {
	end := h.PhOff + uint64(h.PhNum)*uint64(h.PhSize)
	switch t := elf.Type(h.Type); {
	case t != elf.ET_EXEC && t != elf.ET_DYN:
		return fmt.Errorf("not an executable ELF file: its type is %v", t)
	case h.Version != 1:
		return fmt.Errorf("damaged ELF file: version %d", h.Version)
	case h.PhNum == 0:
		return errors.New("damaged ELF file: no program headers")
	case int(h.PhSize) != lay.phdrSize:
		return fmt.Errorf("damaged ELF file: program headers of %d bytes, %d expected", h.PhSize, lay.phdrSize)
	case h.PhNum > maxSegments:
		return fmt.Errorf("damaged ELF file: %d program headers", h.PhNum)
	case end < h.PhOff || end > uint64(size):
		return fmt.Errorf("truncated ELF file: program headers at %#x end behind the file's %d bytes", h.PhOff, size)
	}
	return nil
}

func readSegment(b []byte, lay layout) Segment {
	le := binary.LittleEndian
	s := Segment{Type: elf.ProgType(le.Uint32(b))}
	var flags elf.ProgFlag
	if lay.bits == 64 {
		flags = elf.ProgFlag(le.Uint32(b[4:]))
		s.Offset, s.Addr, s.File, s.Mem = le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[32:]), le.Uint64(b[40:])
	} else {
		u := func(i int) uint64 { return uint64(le.Uint32(b[i:])) }
		flags = elf.ProgFlag(le.Uint32(b[24:]))
		s.Offset, s.Addr, s.File, s.Mem = u(4), u(8), u(16), u(20)
	}
	for f, p := range map[elf.ProgFlag]guest.Access{elf.PF_R: guest.Read, elf.PF_W: guest.Write, elf.PF_X: guest.Exec} {
		if flags&f != 0 {
			s.Prot |= p
		}
	}
	return s
}

// add takes in one program header.
func (p *Program) add(r io.ReaderAt, size int64, s Segment) error {
	switch s.Type {
	case elf.PT_INTERP:
		return p.readInterp(r, s)
	case elf.PT_GNU_STACK:
		p.ExecStack = s.Prot&guest.Exec != 0
	case elf.PT_LOAD:
		if s.Mem == 0 {
			return nil
		}
		if err := s.check(size); err != nil {
			return err
		}
		p.Segments = append(p.Segments, s)
	}
	return nil
}

func (s *Segment) check(size int64) error {
	switch {
	case s.File > s.Mem:
		return fmt.Errorf("segment has %#x bytes in the file and only %#x in memory", s.File, s.Mem)
	case s.Addr+s.Mem < s.Addr || s.Addr+s.Mem > 1<<47:
		return fmt.Errorf("segment at %#x of %#x bytes lies outside the address space", s.Addr, s.Mem)
	case s.Offset%pageSize != s.Addr%pageSize && s.File != 0:
		return fmt.Errorf("segment at %#x and its file offset %#x differ within the page", s.Addr, s.Offset)
	case s.Offset+s.File < s.Offset || s.Offset+s.File > uint64(size):
		return fmt.Errorf("truncated ELF file: segment at file offset %#x of %#x bytes ends behind the file's %d bytes", s.Offset, s.File, size)
	}
	return nil
}

func (p *Program) readInterp(r io.ReaderAt, s Segment) error {
	if s.File < 2 || s.File > maxInterp || s.Offset > 1<<62 {
		return fmt.Errorf("program interpreter's name has %d bytes", s.File)
	}
	b := make([]byte, s.File)
	if err := readFull(r, b, int64(s.Offset)); err != nil {
		return fmt.Errorf("program interpreter's name lies behind the file: %w", err)
	}
	name, _, ok := bytes.Cut(b, []byte{0})
	if !ok || len(name) == 0 {
		return errors.New("program interpreter's name has no end")
	}
	p.Interp = string(name)
	return nil
}

func (p *Program) checkSegments(lay layout) error {
	if len(p.Segments) == 0 {
		return errors.New("damaged ELF file: no segment to load")
	}
	limit := uint64(1) << (lay.bits - 1) << 1
	for i, s := range p.Segments {
		if lay.bits == 32 && s.Addr+s.Mem > limit {
			return fmt.Errorf("segment at %#x of %#x bytes lies outside the address space", s.Addr, s.Mem)
		}
		if i > 0 && s.Addr < p.Segments[i-1].Addr+p.Segments[i-1].Mem {
			return fmt.Errorf("segments at %#x and %#x overlap or are not in order", p.Segments[i-1].Addr, s.Addr)
		}
	}
	return nil
}

// Range is the span of pages from the first to the last segment.
func (p *Program) Range() (start, end uint64) {
	last := p.Segments[len(p.Segments)-1]
	return p.Segments[0].Addr &^ (pageSize - 1), roundUp(last.Addr + last.Mem)
}

func roundUp(n uint64) uint64 { return (n + pageSize - 1) &^ (pageSize - 1) }

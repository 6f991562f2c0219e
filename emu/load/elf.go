package load

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"panda/emu/guest"
)

// What is taken and what is refused follows Linux (fs/binfmt_elf.c), which reads
// little of the header: neither class, data encoding nor version, and no section
// headers. A header that is cut off goes on with zeroes. What a segment asks for is
// judged when it is mapped, at which time execve cannot fail any more.

// Errors that a caller tells apart.
var (
	ErrNotELF  = errors.New("not an ELF file")
	ErrForeign = errors.New("foreign architecture")
	// ErrRead is a part that lies beyond the end of the file.
	ErrRead = errors.New("truncated ELF file")
)

// Bounds of Linux.
const (
	maxPhdrs  = 65536 // bytes of all program headers
	maxInterp = 4096
	pageSize  = 4096
)

// Segment is a program header.
type Segment struct {
	Type   elf.ProgType
	Prot   guest.Access
	Offset uint64
	Addr   uint64
	File   uint64 // bytes in the file
	Mem    uint64 // bytes in memory
	Align  uint64
}

// Program is the header of an executable file.
type Program struct {
	Arch       guest.Arch
	Dynamic    bool // position-independent: may be placed anywhere
	Executable bool // its type is one of those that can be executed
	Entry      uint64
	Segments   []Segment // the PT_LOAD ones, in the file's order
	Interp     string    // the program interpreter, if it asks for one
	HasInterp  bool      // its name may be empty
	ExecStack  bool
	PhdrOff    uint64
	PhdrSize   int // of an entry
	PhdrCount  int
	typ        elf.Type
	HeaderSize int // of the ELF header
	end        uint64
	dynamic    Segment // PT_DYNAMIC
	bits       int
}

// header is what both classes have, in the wider form.
type header struct {
	Type, Machine uint16
	Entry, PhOff  uint64
	PhSize, PhNum uint16
}

// Machine is an architecture whose files can run.
type Machine struct {
	Arch guest.Arch
	ELF  []elf.Machine // what its files say that they are for
	Bits int           // of an address in them
	End  uint64        // Linux's end of the addresses
}

// Machines are the architectures that a guest has. The machine of a file decides how
// its header is read, its class does not.
type Machines []Machine

func (ms Machines) find(m elf.Machine) *Machine {
	for i := range ms {
		if slices.Contains(ms[i].ELF, m) {
			return &ms[i]
		}
	}
	return nil
}

// sizes are those of the ELF header and of a program header.
func (m *Machine) sizes() (ehdr, phdr int) {
	if m.Bits == 64 {
		return 64, 56
	}
	return 52, 32
}

// machineNames are the architectures that people meet.
var machineNames = map[elf.Machine]string{
	elf.EM_AARCH64: "AArch64", elf.EM_ARM: "ARM", elf.EM_RISCV: "RISC-V", elf.EM_PPC64: "PowerPC64",
	elf.EM_PPC: "PowerPC", elf.EM_S390: "S/390", elf.EM_MIPS: "MIPS", elf.EM_SPARCV9: "SPARC V9", elf.EM_LOONGARCH: "LoongArch",
}

// Parse reads the headers of a program.
func Parse(r io.ReaderAt, ms Machines) (*Program, error) {
	p, err := ParseInterp(r, ms)
	if err == nil && !p.Executable {
		return nil, fmt.Errorf("not an executable ELF file: its type is %v", p.typ)
	}
	return p, err
}

// ParseInterp reads the headers of a program interpreter, whose type may be any
// until it is mapped.
func ParseInterp(r io.ReaderAt, ms Machines) (*Program, error) {
	h, m, err := readHeader(r, ms)
	if err != nil {
		return nil, err
	}
	ehdr, phdr := m.sizes()
	p := &Program{
		Arch: m.Arch, HeaderSize: ehdr, end: m.End, Entry: h.Entry, Dynamic: elf.Type(h.Type) == elf.ET_DYN, typ: elf.Type(h.Type), bits: m.Bits,
		PhdrOff: h.PhOff, PhdrSize: phdr, PhdrCount: int(h.PhNum),
	}
	p.Executable = p.Dynamic || p.typ == elf.ET_EXEC
	if err := h.check(phdr); err != nil {
		return nil, err
	}
	table := make([]byte, p.PhdrSize*p.PhdrCount)
	if !readFull(r, table, h.PhOff) {
		return nil, fmt.Errorf("truncated ELF file: program headers at %#x end beyond the file", h.PhOff)
	}
	for i := range p.PhdrCount {
		if err := p.add(r, readSegment(table[i*p.PhdrSize:], m.Bits)); err != nil {
			return nil, fmt.Errorf("program header %d: %w", i, err)
		}
	}
	return p, nil
}

// readFull reads all of b at an offset of the file.
func readFull(r io.ReaderAt, b []byte, off uint64) bool {
	if off > math.MaxInt64 {
		return false
	}
	n, _ := r.ReadAt(b, int64(off))
	return n == len(b)
}

func readHeader(r io.ReaderAt, ms Machines) (h header, m *Machine, err error) {
	var b [64]byte // what the file does not have is zero
	n, _ := r.ReadAt(b[:], 0)
	if n < len(elf.ELFMAG) || !bytes.HasPrefix(b[:], []byte(elf.ELFMAG)) {
		return h, nil, ErrNotELF
	}
	le := binary.LittleEndian
	h.Type, h.Machine = le.Uint16(b[16:]), le.Uint16(b[18:])
	if m = ms.find(elf.Machine(h.Machine)); m == nil {
		if elf.Data(b[elf.EI_DATA]) == elf.ELFDATA2MSB {
			h.Machine = binary.BigEndian.Uint16(b[18:])
		}
		return h, nil, foreign(h, ms)
	}
	if m.Bits == 64 {
		h.Entry, h.PhOff = le.Uint64(b[24:]), le.Uint64(b[32:])
		h.PhSize, h.PhNum = le.Uint16(b[54:]), le.Uint16(b[56:])
	} else {
		h.Entry, h.PhOff = uint64(le.Uint32(b[24:])), uint64(le.Uint32(b[28:]))
		h.PhSize, h.PhNum = le.Uint16(b[42:]), le.Uint16(b[44:])
	}
	_, phdr := m.sizes()
	if class := elf.Class(b[elf.EI_CLASS]); int(h.PhSize) != phdr && class == map[int]elf.Class{64: elf.ELFCLASS32, 32: elf.ELFCLASS64}[m.Bits] {
		return h, nil, fmt.Errorf("%w: %v file for %v (x32 and the like are not supported)", ErrForeign, class, m.Arch)
	}
	return h, m, nil
}

func foreign(h header, ms Machines) error {
	m := elf.Machine(h.Machine)
	name := machineNames[m]
	if name == "" {
		name = m.String()
	}
	var own []string
	for i := range ms {
		own = append(own, ms[i].Arch.String())
	}
	return fmt.Errorf("%w: %s (this emulator runs %s programs)", ErrForeign, name, strings.Join(own, " and "))
}

func (h *header) check(phdrSize int) error {
	switch {
	case int(h.PhSize) != phdrSize:
		return fmt.Errorf("damaged ELF file: program headers of %d bytes, %d expected", h.PhSize, phdrSize)
	case h.PhNum == 0:
		return errors.New("damaged ELF file: no program headers")
	case int(h.PhNum)*phdrSize > maxPhdrs:
		return fmt.Errorf("damaged ELF file: %d program headers", h.PhNum)
	}
	return nil
}

func readSegment(b []byte, bits int) Segment {
	le := binary.LittleEndian
	s := Segment{Type: elf.ProgType(le.Uint32(b))}
	var flags elf.ProgFlag
	if bits == 64 {
		flags = elf.ProgFlag(le.Uint32(b[4:]))
		s.Offset, s.Addr, s.File, s.Mem, s.Align = le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[32:]), le.Uint64(b[40:]), le.Uint64(b[48:])
	} else {
		u := func(i int) uint64 { return uint64(le.Uint32(b[i:])) }
		flags = elf.ProgFlag(le.Uint32(b[24:]))
		s.Offset, s.Addr, s.File, s.Mem, s.Align = u(4), u(8), u(16), u(20), u(28)
	}
	for f, p := range map[elf.ProgFlag]guest.Access{elf.PF_R: guest.Read, elf.PF_W: guest.Write, elf.PF_X: guest.Exec} { // bits of a word
		if flags&f != 0 {
			s.Prot |= p
		}
	}
	return s
}

// add takes in one program header. Of several interpreters the first counts, of
// several stacks the last.
func (p *Program) add(r io.ReaderAt, s Segment) error {
	switch {
	case s.Type == elf.PT_INTERP && !p.HasInterp:
		return p.readInterp(r, s)
	case s.Type == elf.PT_GNU_STACK:
		p.ExecStack = s.Prot&guest.Exec != 0
	case s.Type == elf.PT_LOAD:
		p.Segments = append(p.Segments, s)
	case s.Type == elf.PT_DYNAMIC:
		p.dynamic = s
	}
	return nil
}

// readInterp reads the name, which ends at the first zero; the last byte must be
// one.
func (p *Program) readInterp(r io.ReaderAt, s Segment) error {
	if s.File < 2 || s.File > maxInterp {
		return fmt.Errorf("program interpreter's name has %d bytes", s.File)
	}
	b := make([]byte, s.File)
	if !readFull(r, b, s.Offset) {
		return fmt.Errorf("%w: program interpreter's name lies beyond its end", ErrRead)
	}
	if b[len(b)-1] != 0 {
		return errors.New("program interpreter's name has no end")
	}
	name, _, _ := bytes.Cut(b, []byte{0})
	p.Interp, p.HasInterp = string(name), true
	return nil
}

// Range is the span of pages from the lowest to the highest segment.
func (p *Program) Range() (start, end uint64) {
	for i, s := range p.Segments {
		if first := s.Addr &^ (pageSize - 1); i == 0 || first < start {
			start = first
		}
		end = max(end, roundUp(s.Addr+s.Mem))
	}
	return start, max(start, end)
}

// Below reports whether a segment has pages below an address.
func (p *Program) Below(limit, bias uint64) bool {
	return slices.ContainsFunc(p.Segments, func(s Segment) bool { return s.Mem != 0 && bias+s.Addr < limit })
}

// Align is the largest alignment that a segment asks for, a page at least.
func (p *Program) Align() uint64 {
	a := uint64(pageSize)
	for _, s := range p.Segments {
		if s.Align&(s.Align-1) == 0 { // others are not valid
			a = max(a, s.Align)
		}
	}
	return a
}

func roundUp(n uint64) uint64 { return (n + pageSize - 1) &^ (pageSize - 1) }

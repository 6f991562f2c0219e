package asm

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"

	"panda/emu/arch/toy"
)

// Headers of the file, and the names of its sections.
const (
	headerSize  = 64
	programSize = 56
)

// elfFile is a file that is being written.
type elfFile struct {
	b        bytes.Buffer
	names    bytes.Buffer // of the sections
	sections []elf.Section64
}

// ELF is the program as a file. Its parts lie there as in memory.
func (p *Program) ELF() []byte {
	f := &elfFile{sections: make([]elf.Section64, 1)}
	f.names.WriteByte(0)
	segments := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: Base, Filesz: uint64(len(p.Code))},
		{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Vaddr: p.DataAt, Filesz: uint64(len(p.Data))},
	}
	f.b.Write(make([]byte, headerSize+len(segments)*programSize))
	f.section(".text", elf.Section64{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Addr: Base}, p.Code)
	f.section(".data", elf.Section64{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_WRITE), Addr: p.DataAt}, p.Data)
	for i := range segments {
		s := &segments[i]
		s.Off, s.Paddr, s.Memsz, s.Align = f.sections[i+1].Off, s.Vaddr, s.Filesz, pageSize
	}
	symbols, names := p.symbols()
	strings := uint32(len(f.sections) + 1)
	f.section(".symtab", elf.Section64{Type: uint32(elf.SHT_SYMTAB), Link: strings, Info: 1, Entsize: elf.Sym64Size}, symbols)
	f.section(".strtab", elf.Section64{Type: uint32(elf.SHT_STRTAB)}, names)
	f.section(".shstrtab", elf.Section64{Type: uint32(elf.SHT_STRTAB)}, nil)
	last := &f.sections[len(f.sections)-1]
	last.Size = uint64(f.names.Len())
	f.b.Write(f.names.Bytes())
	at := uint64(f.b.Len())
	f.write(f.sections)
	out := f.b.Bytes()
	head := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(toy.Machine), Version: uint32(elf.EV_CURRENT), Entry: p.Entry,
		Phoff: headerSize, Ehsize: headerSize, Phentsize: programSize, Phnum: uint16(len(segments)),
		Shoff: at, Shentsize: 64, Shnum: uint16(len(f.sections)), Shstrndx: uint16(len(f.sections) - 1),
	}
	copy(head.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	var front bytes.Buffer
	for _, v := range []any{head, segments} {
		// A buffer takes all that has a size.
		_ = binary.Write(&front, binary.LittleEndian, v)
	}
	copy(out, front.Bytes())
	return out
}

func (f *elfFile) write(v any) { _ = binary.Write(&f.b, binary.LittleEndian, v) }

// section writes a section; one with an address begins where memory has it in a page.
func (f *elfFile) section(name string, s elf.Section64, data []byte) {
	if s.Addr != 0 {
		f.b.Write(make([]byte, -f.b.Len()&(pageSize-1)))
	}
	s.Name, s.Off, s.Size, s.Addralign = uint32(f.names.Len()), uint64(f.b.Len()), uint64(len(data)), 1
	f.names.WriteString(name + "\x00")
	f.b.Write(data)
	f.sections = append(f.sections, s)
}

// symbols are the table of the labels and their names.
func (p *Program) symbols() (table, names []byte) {
	names = []byte{0}
	var b bytes.Buffer
	syms := []elf.Sym64{{}}
	for _, l := range p.Labels {
		typ, section := elf.STT_FUNC, uint16(1)
		if l.Data {
			typ, section = elf.STT_OBJECT, 2
		}
		syms = append(syms, elf.Sym64{Name: uint32(len(names)), Info: elf.ST_INFO(elf.STB_GLOBAL, typ), Shndx: section, Value: l.Addr, Size: l.Size})
		names = append(names, l.Name+"\x00"...)
	}
	_ = binary.Write(&b, binary.LittleEndian, syms)
	return b.Bytes(), slices.Clip(names)
}

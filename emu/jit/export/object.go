package export

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// symbol is a named range of addresses.
type symbol struct {
	name       string
	addr, size uint64
}

// object is an ELF file that says which symbols are in a range of addresses and
// how to go from there to the caller, see frames: the code itself is where it is.
func object(symbols []symbol, slot int64) []byte {
	lo, hi := symbols[0].addr, uint64(0)
	for _, s := range symbols {
		lo, hi = min(lo, s.addr), max(hi, s.addr+s.size)
	}
	var o objectFile
	o.section("", elf.SHT_NULL, 0, 0, nil)
	text := o.section(".text", elf.SHT_NOBITS, elf.SHF_ALLOC|elf.SHF_EXECINSTR, lo, nil)
	o.headers[text].Size = hi - lo
	o.section(".debug_frame", elf.SHT_PROGBITS, 0, 0, frames(lo, hi, slot))
	strings := []byte{0}
	table := make([]byte, elf.Sym64Size) // the first is empty
	for _, s := range symbols {
		sym := elf.Sym64{Name: uint32(len(strings)), Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), Shndx: uint16(text), Value: s.addr, Size: s.size}
		table = appendLE(table, &sym)
		strings = append(append(strings, s.name...), 0)
	}
	syms := o.section(".symtab", elf.SHT_SYMTAB, 0, 0, table)
	o.headers[syms].Link, o.headers[syms].Info, o.headers[syms].Entsize = uint32(syms+1), 1, elf.Sym64Size
	o.section(".strtab", elf.SHT_STRTAB, 0, 0, strings)
	return o.file()
}

func appendLE(to []byte, v any) []byte {
	b, err := binary.Append(to, binary.LittleEndian, v)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return b
}

// objectFile collects sections.
type objectFile struct {
	headers []elf.Section64
	names   []byte
	data    bytes.Buffer
}

// Sizes of an ELF file's parts.
const (
	fileHeader    = 64
	sectionHeader = 64
)

func (o *objectFile) section(name string, typ elf.SectionType, flags elf.SectionFlag, addr uint64, data []byte) int {
	o.data.Write(make([]byte, -o.data.Len()&7))
	o.headers = append(o.headers, elf.Section64{
		Name: uint32(len(o.names)), Type: uint32(typ), Flags: uint64(flags), Addr: addr,
		Off: uint64(fileHeader + o.data.Len()), Size: uint64(len(data)), Addralign: 8,
	})
	o.names = append(append(o.names, name...), 0)
	o.data.Write(data)
	return len(o.headers) - 1
}

func (o *objectFile) file() []byte {
	names := o.section(".shstrtab", elf.SHT_STRTAB, 0, 0, nil)
	h := &o.headers[names]
	h.Size = uint64(len(o.names))
	o.data.Write(o.names)
	o.data.Write(make([]byte, -o.data.Len()&7))
	out := appendLE(nil, &elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT), Shoff: uint64(fileHeader + o.data.Len()),
		Ehsize: fileHeader, Shentsize: sectionHeader, Shnum: uint16(len(o.headers)), Shstrndx: uint16(names),
	})
	out = append(out, o.data.Bytes()...)
	for i := range o.headers {
		out = appendLE(out, &o.headers[i])
	}
	return out
}

// Of call frame information (DWARF 4, 6.4 and 7.23; registers by the x86-64 ABI,
// figure 3.36).
const (
	cfaDefExpression = 0x0f
	cfaOffset        = 0x80
	cfaNop           = 0
	opBreg15         = 0x7f
	opDeref          = 0x06
	opPlus           = 0x23
	dwarfRA          = 16
)

// frames says that in a range the word at R15 + slot has the address of the return
// address: machine code may use RSP for something else.
func frames(lo, hi uint64, slot int64) []byte {
	le := binary.LittleEndian
	expression := append(sleb([]byte{opBreg15}, slot), opDeref, opPlus, 8)
	// Version 1, no augmentation, units of 1 and -8 bytes.
	cie := []byte{0xff, 0xff, 0xff, 0xff, 1, 0, 1, 0x78, dwarfRA, cfaDefExpression, byte(len(expression))}
	cie = append(append(cie, expression...), cfaOffset|dwarfRA, 1)
	for len(cie)%8 != 4 {
		cie = append(cie, cfaNop)
	}
	b := append(le.AppendUint32(nil, uint32(len(cie))), cie...)
	b = le.AppendUint32(b, 4+8+8) // what follows: where the CIE is, and the range
	b = le.AppendUint32(b, 0)
	return le.AppendUint64(le.AppendUint64(b, lo), hi-lo)
}

// sleb appends a signed number in LEB128 (DWARF 4, 7.6).
func sleb(b []byte, v int64) []byte {
	for ; v < -64 || v > 63; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v)&0x7f)
}

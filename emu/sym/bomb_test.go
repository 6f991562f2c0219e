package sym

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"panda/emu/guest"
)

// tables makes an ELF file of a symbol table and its names, and as many further
// section headers that name the same bytes.
func tables(syms []elf.Sym64, names []byte, flags elf.SectionFlag, more int) []byte {
	var table bytes.Buffer
	binary.Write(&table, binary.LittleEndian, syms)
	data := table.Bytes()
	if flags&elf.SHF_COMPRESSED != 0 {
		data = compressed(data)
	}
	head := elf.Header64{Type: 2, Machine: 62, Version: 1, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64}
	copy(head.Ident[:], "\x7fELF\x02\x01\x01")
	at := uint64(64 + 56)
	sections := []elf.Section64{
		{},
		{Type: uint32(elf.SHT_SYMTAB), Flags: uint64(flags), Off: at, Size: uint64(len(data)), Link: 2},
		{Type: uint32(elf.SHT_STRTAB), Off: at + uint64(len(data)), Size: uint64(len(names))},
	}
	for range more {
		sections = append(sections, elf.Section64{Type: uint32(elf.SHT_RELA), Flags: 2, Off: at, Size: uint64(len(data) + len(names))})
	}
	head.Shoff = at + uint64(len(data)+len(names))
	if head.Shnum = uint16(len(sections)); len(sections) > 0xff00 {
		head.Shnum, sections[0].Size = 0, uint64(len(sections))
	}
	var out bytes.Buffer
	binary.Write(&out, binary.LittleEndian, head)
	binary.Write(&out, binary.LittleEndian, elf.Prog64{Type: 1, Flags: 5, Vaddr: 0x400000, Filesz: 0x1000, Memsz: 0x1000})
	out.Write(data)
	out.Write(names)
	binary.Write(&out, binary.LittleEndian, sections)
	return out.Bytes()
}

// compressed is a section as SHF_COMPRESSED wants it.
func compressed(data []byte) []byte {
	var out bytes.Buffer
	binary.Write(&out, binary.LittleEndian, elf.Chdr64{Type: uint32(elf.COMPRESS_ZLIB), Size: uint64(len(data)), Addralign: 8})
	z := zlib.NewWriter(&out)
	z.Write(data)
	z.Close()
	return out.Bytes()
}

// repeated are n symbols, the i-th as of says.
func repeated(n int, of func(i int) elf.Sym64) []elf.Sym64 {
	syms := make([]elf.Sym64, n+1)
	for i := range n {
		syms[i+1] = of(i)
		syms[i+1].Info, syms[i+1].Shndx = 2, 1
	}
	return syms
}

// TestBombs: tables that would take memory or time without end are cut off, and it
// is said what was left out. The bound on memory is many times below what the
// tables ask for.
func TestBombs(t *testing.T) {
	var names bytes.Buffer
	names.WriteByte(0)
	var at []uint32
	for i := range 100_000 {
		at = append(at, uint32(names.Len()))
		fmt.Fprintf(&names, "f%d\x00", i)
	}
	same := func(i int) elf.Sym64 { return elf.Sym64{Name: at[i%len(at)], Value: 0x400000} }
	long := []byte("\x00" + strings.Repeat("a", 1<<20))
	for _, b := range []struct {
		name, want string
		file       []byte
	}{
		{"symbols at one address", "99936 symbols", tables(repeated(100_000, same), names.Bytes(), 0, 0)},
		{"compressed", "1 sections", tables(make([]elf.Sym64, 4<<20), names.Bytes(), elf.SHF_COMPRESSED, 0)},
		{"compressed and small", "", tables(repeated(10, same), names.Bytes(), elf.SHF_COMPRESSED, 0)},
		{"names without end", "symbols", tables(repeated(100_000, func(i int) elf.Sym64 { return elf.Sym64{Name: 1 + uint32(i), Value: uint64(i)} }), long, 0, 0)},
		{"sections over one another", "sections", tables(repeated(100_000, same), names.Bytes(), 0, 65_000)},
		{"very many sections", "sections", tables(nil, nil, 0, 70_000)},
	} {
		t.Run(b.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := Read(bytes.NewReader(b.file))
			if err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if got := f.lost.String(); !strings.Contains(got, b.want) || b.want == "" && got != "" {
				t.Errorf("lost %q, want %q", got, b.want)
			}
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 2048 {
				t.Errorf("%d MiB for a file of %d", took, len(b.file)>>20)
			}
		})
	}
}

// TestWarn: what is left out is said once, with the name of the file.
func TestWarn(t *testing.T) {
	file := tables(repeated(100, func(i int) elf.Sym64 { return elf.Sym64{Name: 1 + uint32(i), Value: 0x400000} }), []byte("\x00"+strings.Repeat("a", 200)+"\x00"), 0, 0)
	name := t.TempDir() + "/many"
	if err := os.WriteFile(name, file, 0o755); err != nil {
		t.Fatal(err)
	}
	space, syms := mapped(t, name, 0), New(open)
	var lines []string
	syms.Warn = func(format string, a ...any) { lines = append(lines, fmt.Sprintf(format, a...)) }
	for range 2 {
		syms.Names(space, guest.Addr(0x400000))
	}
	if len(lines) != 1 || !strings.Contains(lines[0], name+": 36 symbols were left out") {
		t.Errorf("%q", lines)
	}
}

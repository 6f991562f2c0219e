package load

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"panda/emu/guest"
	"panda/emu/mmu"
)

// x86 are the machines of the tests.
var x86 = Machines{
	{Arch: "x86_64", ELF: []elf.Machine{elf.EM_X86_64}, Bits: 64, End: 1<<47 - pageSize},
	{Arch: "i386", ELF: []elf.Machine{elf.EM_386, 6}, Bits: 32, End: 0xffffe000},
}

// image64 makes a small 64-bit file.
func image64(edit func(h *elf.Header64, ph []elf.Prog64)) []byte {
	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: 0x401000,
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 2,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	ph := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Flags: 5, Vaddr: 0x400000, Filesz: 0x1800, Memsz: 0x1800},
		{Type: uint32(elf.PT_LOAD), Flags: 6, Off: 0x1800, Vaddr: 0x402800, Filesz: 0x100, Memsz: 0x3000},
	}
	if edit != nil {
		edit(&h, ph)
	}
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, h)
	binary.Write(&b, binary.LittleEndian, ph)
	for b.Len() < 0x2000 {
		b.WriteByte(0xaa)
	}
	return b.Bytes()
}

func TestParseErrors(t *testing.T) {
	type hdr = elf.Header64
	type phs = []elf.Prog64
	rows := []struct {
		want string
		edit func(h *hdr, ph phs)
	}{
		{"AArch64", func(h *hdr, _ phs) { h.Machine = uint16(elf.EM_AARCH64) }},
		{"S/390", func(h *hdr, _ phs) {
			h.Ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
			h.Machine = uint16(elf.EM_S390) << 8
		}},
		{"2000 program headers", func(h *hdr, _ phs) { h.Phnum = 2000 }},
		{"ELFCLASS64 file for i386", func(h *hdr, _ phs) { h.Machine = uint16(elf.EM_386) }},
		{"type is ET_REL", func(h *hdr, _ phs) { h.Type = uint16(elf.ET_REL) }},
		{"no program headers", func(h *hdr, _ phs) { h.Phnum = 0 }},
		{"program headers of 40 bytes", func(h *hdr, _ phs) { h.Phentsize = 40 }},
		{"truncated", func(h *hdr, _ phs) { h.Phoff = 1 << 40 }},
		{"truncated", func(h *hdr, _ phs) { h.Phoff = ^uint64(0) - 8 }},
		{"name has 1 bytes", func(_ *hdr, ph phs) { ph[1] = elf.Prog64{Type: uint32(elf.PT_INTERP), Filesz: 1} }},
		{"no end", func(_ *hdr, ph phs) { ph[1] = elf.Prog64{Type: uint32(elf.PT_INTERP), Off: 0x1000, Filesz: 8} }},
	}
	for _, r := range rows {
		b := image64(r.edit)
		_, err := Parse(bytes.NewReader(b), x86)
		if err == nil || !strings.Contains(err.Error(), r.want) {
			t.Errorf("got %v, want …%s…", err, r.want)
		}
	}
	for _, s := range []string{"", "\x7fEL", "#!/bin/sh\n", strings.Repeat("x", 200)} {
		if _, err := Parse(strings.NewReader(s), x86); err == nil || !strings.Contains(err.Error(), ErrNotELF.Error()) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestMapErrors: what is wrong with a segment is said when it is mapped.
func TestMapErrors(t *testing.T) {
	for want, edit := range map[string]func(ph []elf.Prog64){
		"only 0x10 in memory":      func(ph []elf.Prog64) { ph[1].Memsz = 0x10 },
		"beyond the address space": func(ph []elf.Prog64) { ph[1].Vaddr = 1<<63 | 0x800 },
		"differ within the page":   func(ph []elf.Prog64) { ph[1].Off = 0x10 },
	} {
		b := image64(func(_ *elf.Header64, ph []elf.Prog64) { edit(ph) })
		name := t.TempDir() + "/prog"
		if err := os.WriteFile(name, b, 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		p, err := Parse(f, x86)
		if err != nil {
			t.Fatal(err)
		}
		s := mmu.NewSpace(0)
		defer s.Close()
		if _, err := Map(s, p, int(f.Fd()), name, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want …%s…", err, want)
		}
	}
}

func TestMap(t *testing.T) {
	name := t.TempDir() + "/prog"
	b := image64(nil)
	if err := os.WriteFile(name, b, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := Parse(f, x86)
	if err != nil {
		t.Fatal(err)
	}
	s := mmu.NewSpace(0)
	defer s.Close()
	const bias = 0x10000000
	img, err := Map(s, p, int(f.Fd()), name, bias)
	if err != nil {
		t.Fatal(err)
	}
	if img.Phdr != bias+0x400040 || img.Entry != bias+0x401000 || img.End != bias+0x405800 {
		t.Errorf("%+v", img)
	}
	rows := []struct {
		a    guest.Addr
		n    int
		fill byte
		prot guest.Access
	}{
		{0x401000, 0x1000, 0xaa, guest.Read | guest.Exec},
		{0x402800, 0x100, 0xaa, guest.Read | guest.Write},
		{0x402900, 0x3000 - 0x100, 0, guest.Read | guest.Write},
	}
	for _, r := range rows {
		got := make([]byte, r.n)
		if err := s.Read(bias+r.a, got); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(got, bytes.Repeat([]byte{r.fill}, r.n)) {
			t.Errorf("%#x: wrong bytes", r.a)
		}
		if reg, _ := s.Region(bias + r.a); reg.Prot != r.prot {
			t.Errorf("%#x: %v", r.a, reg.Prot)
		}
	}
}

func TestHostPrograms(t *testing.T) {
	for _, name := range []string{"/bin/sh", "/bin/ls"} {
		f, err := os.Open(name)
		if err != nil {
			t.Skip(err)
		}
		defer f.Close()
		p, err := Parse(f, x86)
		if err != nil || !p.Dynamic || p.Interp == "" || p.ExecStack {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(image64(nil))
	f.Add(image64(func(h *elf.Header64, ph []elf.Prog64) { h.Type = uint16(elf.ET_DYN) }))
	f.Add(dynamicImage("\x00name\x00", 0x401100, 6))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(bytes.NewReader(b), x86)
		if err == nil {
			if start, end := p.Range(); start > end {
				t.Errorf("range %#x %#x", start, end)
			}
			p.Mentions(bytes.NewReader(b), "name")
		}
	})
}

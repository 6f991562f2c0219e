package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files of these tests are made here: a program that ends with status 42, with
// headers that Linux takes or refuses. What is wanted is what Linux 6.18 does.
const (
	elfBase  = 0x400000
	elfCode  = 0x300 // where the code is in the file
	elfEnd   = 0x2000
	elfRuns  = "exit status 42"
	elfDies  = "signal: segmentation fault"
	notExec  = "exit status 8"  // ENOEXEC
	badLib   = "exit status 80" // ELIBBAD
	readFail = "exit status 5"  // EIO
	noEntry  = "exit status 2"  // ENOENT
	noAccess = "exit status 13" // EACCES
	tooDeep  = "exit status 40" // ELOOP
)

// elfFile is a file on its way.
type elfFile struct {
	h    elf.Header64
	ph   []elf.Prog64
	data []byte // over the whole file, before the headers are put in
	size int
}

// exit42 is mov $42, %edi; mov $60, %eax; syscall.
var exit42 = []byte("\xbf\x2a\x00\x00\x00\xb8\x3c\x00\x00\x00\x0f\x05")

func newELF() *elfFile {
	f := &elfFile{size: elfEnd, data: make([]byte, elfEnd)}
	f.h = elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: elfBase + elfCode, Phoff: 64, Ehsize: 64, Phentsize: 56}
	copy(f.h.Ident[:], "\x7fELF\x02\x01\x01")
	f.ph = []elf.Prog64{{Type: 1, Flags: 5, Vaddr: elfBase, Filesz: 0x1000, Memsz: 0x1000, Align: 0x1000}}
	copy(f.data[elfCode:], exit42)
	return f
}

func (f *elfFile) bytes() []byte {
	if f.h.Phnum == 0 {
		f.h.Phnum = uint16(len(f.ph))
	}
	var head, table bytes.Buffer
	binary.Write(&head, binary.LittleEndian, f.h)
	binary.Write(&table, binary.LittleEndian, f.ph)
	b := make([]byte, max(f.size, len(f.data)))
	copy(b, f.data)
	copy(b, head.Bytes())
	if f.h.Phoff < uint64(len(b)) {
		copy(b[f.h.Phoff:], table.Bytes())
	}
	return b[:f.size]
}

func (f *elfFile) add(p elf.Prog64) { f.ph = append(f.ph, p) }

// load adds a segment of the file's second page.
func (f *elfFile) load(flags uint32, off, addr, file, mem uint64) {
	f.add(elf.Prog64{Type: 1, Flags: flags, Off: off, Vaddr: addr, Filesz: file, Memsz: mem, Align: 0x1000})
}

func (f *elfFile) interp(name string) {
	copy(f.data[0x800:], name)
	f.ph = append([]elf.Prog64{{Type: 3, Flags: 4, Off: 0x800, Vaddr: elfBase + 0x800, Filesz: uint64(len(name)), Memsz: uint64(len(name)), Align: 1}}, f.ph...)
}

// code puts the instructions in front of the end.
func (f *elfFile) code(b string) {
	copy(f.data[elfCode:], append([]byte(b), exit42...))
}

func at32(a uint32) string { return string(binary.LittleEndian.AppendUint32(nil, a)) }

// read32 is movl a, %eax, write32 movl $1, a.
func read32(a uint32) string  { return "\x8b\x04\x25" + at32(a) }
func write32(a uint32) string { return "\xc7\x04\x25" + at32(a) + at32(1) }

// zero32 dies unless the word at a is zero: cmpl $0, a; je +2; ud2.
func zero32(a uint32) string { return "\x83\x3c\x25" + at32(a) + "\x00\x74\x02\x0f\x0b" }

var elfRows = []struct {
	name, want string
	edit       func(f *elfFile)
}{
	{"plain", elfRuns, func(*elfFile) {}},
	{"class 32", elfRuns, func(f *elfFile) { f.h.Ident[elf.EI_CLASS] = 1 }},
	{"class 0", elfRuns, func(f *elfFile) { f.h.Ident[elf.EI_CLASS] = 0 }},
	{"class 255", elfRuns, func(f *elfFile) { f.h.Ident[elf.EI_CLASS] = 255 }},
	{"data 2", elfRuns, func(f *elfFile) { f.h.Ident[elf.EI_DATA] = 2 }},
	{"data 0", elfRuns, func(f *elfFile) { f.h.Ident[elf.EI_DATA] = 0 }},
	{"ident version", elfRuns, func(f *elfFile) { f.h.Ident[elf.EI_VERSION] = 9 }},
	{"version", elfRuns, func(f *elfFile) { f.h.Version = 77 }},
	{"OS ABI", elfRuns, func(f *elfFile) { f.h.Ident[elf.EI_OSABI] = 200 }},
	{"flags", elfRuns, func(f *elfFile) { f.h.Flags = ^uint32(0) }},
	{"header size", elfRuns, func(f *elfFile) { f.h.Ehsize = 1 }},
	{"section headers", elfRuns, func(f *elfFile) { f.h.Shoff, f.h.Shnum, f.h.Shentsize, f.h.Shstrndx = 1<<60, 0xffff, 1, 0xffff }},
	{"magic", notExec, func(f *elfFile) { f.h.Ident[3] = 'G' }},
	{"machine", notExec, func(f *elfFile) { f.h.Machine = uint16(elf.EM_AARCH64) }},
	{"machine of 32 bits", notExec, func(f *elfFile) { f.h.Machine = uint16(elf.EM_386) }},
	{"relocatable", notExec, func(f *elfFile) { f.h.Type = uint16(elf.ET_REL) }},
	{"core", notExec, func(f *elfFile) { f.h.Type = uint16(elf.ET_CORE) }},
	{"no type", notExec, func(f *elfFile) { f.h.Type = 0 }},
	{"entry size 32", notExec, func(f *elfFile) { f.h.Phentsize = 32 }},
	{"entry size 0", notExec, func(f *elfFile) { f.h.Phentsize = 0 }},
	{"entry size 64", notExec, func(f *elfFile) { f.h.Phentsize = 64 }},
	{"no headers", notExec, func(f *elfFile) { f.ph = nil }},
	{"headers beyond the end", notExec, func(f *elfFile) { f.h.Phoff = elfEnd }},
	{"headers cut off", notExec, func(f *elfFile) { f.h.Phoff = elfEnd - 55 }},
	{"headers at the end", elfRuns, func(f *elfFile) { f.h.Phoff = elfEnd - 56 }},
	{"headers at a negative place", notExec, func(f *elfFile) { f.h.Phoff = 1 << 63 }},
	{"headers in the header", elfRuns, func(f *elfFile) { f.h.Phoff = 0x1003 }},
	{"1170 headers", elfRuns, func(f *elfFile) { f.size, f.h.Phoff, f.h.Phnum = 0x20000, 0x1000, 1170 }},
	{"1171 headers", notExec, func(f *elfFile) { f.size, f.h.Phoff, f.h.Phnum = 0x20000, 0x1000, 1171 }},
	{"65535 headers", notExec, func(f *elfFile) { f.h.Phnum = 65535 }},

	{"no segment", elfDies, func(f *elfFile) { f.ph[0].Type = 0x6474e550 }},
	{"entry nowhere", elfDies, func(f *elfFile) { f.h.Entry = 0x10 }},
	{"entry out of reach", elfDies, func(f *elfFile) { f.h.Entry = 1 << 63 }},
	{"not executable", elfDies, func(f *elfFile) { f.ph[0].Flags = 4 }},
	{"no rights", elfDies, func(f *elfFile) { f.ph[0].Flags = 0 }},
	{"executable only", elfRuns, func(f *elfFile) { f.ph[0].Flags = 1 }},
	{"odd flags", elfRuns, func(f *elfFile) { f.ph[0].Flags = ^uint32(2) }},
	{"alignment 3", elfRuns, func(f *elfFile) { f.ph[0].Align = 3 }},
	{"alignment 0", elfRuns, func(f *elfFile) { f.ph[0].Align = 0 }},
	{"huge alignment", elfRuns, func(f *elfFile) { f.ph[0].Align = 1 << 40 }},
	{"physical address", elfRuns, func(f *elfFile) { f.ph[0].Paddr = 1 << 63 }},
	{"incongruent", elfDies, func(f *elfFile) { f.ph[0].Off = 0x123 }},
	{"incongruent by pages", elfDies, func(f *elfFile) { f.ph[0].Off = 0x1000 }},
	{"negative offset", elfDies, func(f *elfFile) { f.load(6, 1<<63, elfBase+0x2000, 0x100, 0x100) }},
	{"offset that wraps", elfDies, func(f *elfFile) { f.load(6, ^uint64(0)-0xfff, elfBase+0x2000, 0x1000, 0x1000) }},
	{"offset beyond the end", elfRuns, func(f *elfFile) { f.load(4, 0x100000, elfBase+0x2000, 0x100, 0x100) }},
	{"memory less than file", elfDies, func(f *elfFile) { f.ph[0].Memsz = 0x800 }},
	{"memory of nothing", elfDies, func(f *elfFile) { f.load(6, 0x1000, elfBase+0x2000, 0x100, 0) }},
	{"empty segment", elfRuns, func(f *elfFile) { f.load(6, 0x1000, elfBase+0x5000, 0, 0) }},
	{"empty segment at an odd place", elfRuns, func(f *elfFile) { f.load(6, 0x1234, elfBase+0x5007, 0, 0) }},
	{"empty segment out of reach", elfDies, func(f *elfFile) { f.load(6, 0, 1<<63, 0, 0) }},
	{"file of nothing", elfRuns, func(f *elfFile) {
		f.code(zero32(elfBase+0x5000) + write32(elfBase+0x6ffc))
		f.load(6, 0x1000, elfBase+0x5000, 0, 0x2000)
	}},
	{"file of nothing in a page", elfRuns, func(f *elfFile) {
		f.code(write32(elfBase + 0x5000))
		f.load(6, 0x1000, elfBase+0x5800, 0, 0x10)
	}},
	{"memory out of reach", elfDies, func(f *elfFile) { f.load(6, 0x1000, elfBase+0x2000, 0x100, 1<<63) }},
	{"memory that wraps", elfDies, func(f *elfFile) { f.load(6, 0x1000, elfBase+0x2000, 0x100, ^uint64(0)) }},
	{"memory up to the end", elfDies, func(f *elfFile) { f.load(6, 0x1000, elfBase+0x2000, 0x100, 1<<47) }},
	{"file of very much", elfDies, func(f *elfFile) { f.load(4, 0x1000, elfBase+0x2000, 1<<62, 1<<62) }},
	{"address out of reach", elfDies, func(f *elfFile) { f.load(6, 0x1000, 1<<63, 0x100, 0x100) }},
	{"address in the kernel", elfDies, func(f *elfFile) { f.load(6, 0x1000, 0xffff800000000000, 0x100, 0x100) }},
	{"address at the end", elfDies, func(f *elfFile) { f.load(6, 0x1000, 1<<47-0x1000, 0x100, 0x100) }},
	{"cut off, read", "signal: bus error", func(f *elfFile) {
		f.size = 0x400
		f.code(read32(elfBase + 0x1000))
		f.ph[0].Filesz, f.ph[0].Memsz = 0x5000, 0x5000
	}},
	{"cut off, not read", elfRuns, func(f *elfFile) { f.size = 0x400; f.ph[0].Filesz, f.ph[0].Memsz = 0x5000, 0x5000 }},
	{"cut off, with zeroes", elfDies, func(f *elfFile) { f.load(6, 0x1000, elfBase+0x2000, 0x5100, 0x9000); f.size = 0x1800 }},
	{"cut off, zeroes not writable", elfRuns, func(f *elfFile) { f.load(4, 0x1000, elfBase+0x2000, 0x5100, 0x9000); f.size = 0x1800 }},
	{"zeroes after the file's bytes", elfRuns, func(f *elfFile) {
		f.data[0x1100] = 1
		f.code(zero32(elfBase + 0x2100))
		f.load(6, 0x1000, elfBase+0x2000, 0x100, 0x200)
	}},
	{"file's bytes without zeroes", "signal: illegal instruction", func(f *elfFile) {
		f.data[0x1100] = 1
		f.code(zero32(elfBase + 0x2100))
		f.load(6, 0x1000, elfBase+0x2000, 0x100, 0x100)
	}},
	{"read-only zeroes", "signal: illegal instruction", func(f *elfFile) {
		f.data[0x1100] = 1
		f.code(zero32(elfBase + 0x2100))
		f.load(4, 0x1000, elfBase+0x2000, 0x100, 0x2000)
	}},
	{"read-only zeroes in pages of their own", elfRuns, func(f *elfFile) {
		f.code(write32(elfBase + 0x3000))
		f.load(4, 0x1000, elfBase+0x2000, 0x100, 0x2000)
	}},
	{"overlap, the later counts", elfRuns, func(f *elfFile) {
		copy(f.data[0x1000+elfCode:], exit42)
		copy(f.data[elfCode:], "\x0f\x0b")
		f.load(5, 0x1000, elfBase, 0x1000, 0x1000)
	}},
	{"overlap, the later counts the other way", "signal: illegal instruction", func(f *elfFile) {
		copy(f.data[0x1000+elfCode:], "\x0f\x0b")
		f.load(5, 0x1000, elfBase, 0x1000, 0x1000)
	}},
	{"overlap by zeroes", elfDies, func(f *elfFile) { f.load(6, 0x1000, elfBase-0x1000, 0x10, 0x3000) }},
	{"not in order", elfRuns, func(f *elfFile) {
		f.code(read32(elfBase + 0x10000))
		f.load(6, 0x1000, elfBase+0x10000, 0x100, 0x100)
		f.ph[0], f.ph[1] = f.ph[1], f.ph[0]
	}},
	{"low", elfRuns, func(f *elfFile) { f.ph[0].Vaddr, f.h.Entry = 0x10000, 0x10000+elfCode }},

	{"dynamic", elfRuns, func(f *elfFile) { f.h.Type, f.ph[0].Vaddr, f.h.Entry = 3, 0, elfCode }},
	{"dynamic, moved", elfRuns, func(f *elfFile) { f.h.Type = 3 }},
	{"dynamic, not in order", elfRuns, func(f *elfFile) {
		f.h.Type = 3
		f.load(6, 0x1000, elfBase+0x10000, 0x100, 0x100)
		f.ph[0], f.ph[1] = f.ph[1], f.ph[0]
	}},
	{"dynamic, no segment", elfDies, func(f *elfFile) { f.h.Type, f.ph[0].Type = 3, 0 }},

	{"interpreter missing", noEntry, func(f *elfFile) { f.interp("/nonexistent/ld.so\x00") }},
	{"interpreter without name", noAccess, func(f *elfFile) { f.interp("\x00\x00") }},
	{"interpreter of one byte", notExec, func(f *elfFile) { f.interp("\x00") }},
	{"interpreter of no byte", notExec, func(f *elfFile) { f.interp("") }},
	{"interpreter without end", notExec, func(f *elfFile) { f.interp("./lib") }},
	{"interpreter with an early end", elfRuns, func(f *elfFile) { f.interp("./lib\x00junk\x00") }},
	{"interpreter's name too long", notExec, func(f *elfFile) { f.interp("./lib\x00"); f.ph[0].Filesz = 4097 }},
	{"interpreter's name beyond the end", readFail, func(f *elfFile) { f.interp("./lib\x00"); f.ph[0].Off = elfEnd - 3 }},
	{"interpreter a folder", noAccess, func(f *elfFile) { f.interp("/\x00") }},
	{"interpreter in a file", "exit status 20", func(f *elfFile) { f.interp("./lib/x\x00") }},
	{"interpreter not executable", noAccess, func(f *elfFile) { f.interp("./data\x00") }},
	{"interpreter of text", badLib, func(f *elfFile) { f.interp("./text\x00") }},
	{"interpreter short", readFail, func(f *elfFile) { f.interp("./short\x00") }},
	{"interpreter of another machine", badLib, func(f *elfFile) { f.interp("./arm\x00") }},
	{"interpreter relocatable", elfDies, func(f *elfFile) { f.interp("./rel\x00") }},
	{"interpreter without segment", elfDies, func(f *elfFile) { f.interp("./hollow\x00") }},
	{"interpreter with damaged headers", badLib, func(f *elfFile) { f.interp("./phent\x00") }},
	{"interpreter", elfRuns, func(f *elfFile) { f.interp("./lib\x00"); copy(f.data[elfCode:], "\x0f\x0b") }},
	{"two interpreters, the first counts", elfRuns, func(f *elfFile) {
		f.interp("./lib\x00")
		f.add(elf.Prog64{Type: 3, Flags: 4, Off: 0x900, Filesz: 9, Memsz: 9})
	}},
	{"header cut off", notExec, func(f *elfFile) { f.size = 60 }},
	{"headers half", notExec, func(f *elfFile) { f.size = 100 }},
	{"four bytes", notExec, func(f *elfFile) { f.size = 4 }},
	{"no byte", notExec, func(f *elfFile) { f.size, f.data = 0, nil }},
}

// elfInterps are the program interpreters that the rows name.
func elfInterps(t *testing.T, dir string) {
	lib := newELF()
	lib.h.Type, lib.h.Entry, lib.ph[0].Vaddr = 3, elfCode, 0
	rel := newELF()
	rel.h.Type = uint16(elf.ET_REL)
	arm := newELF()
	arm.h.Machine = uint16(elf.EM_ARM)
	hollow := newELF()
	hollow.h.Type, hollow.ph[0].Type = 3, 0
	phent := newELF()
	phent.h.Phentsize = 1
	for name, b := range map[string][]byte{
		"lib": lib.bytes(), "rel": rel.bytes(), "arm": arm.bytes(), "hollow": hollow.bytes(), "phent": phent.bytes(),
		"text": bytes.Repeat([]byte("text "), 20), "short": []byte("\x7fELF short"),
	} {
		writeExecutable(t, filepath.Join(dir, name), b)
	}
	if err := os.WriteFile(filepath.Join(dir, "data"), lib.bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeExecutable(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o755); err != nil {
		t.Fatal(err)
	}
}

// execDriver executes the program that argument 1 names, with arguments 1 and on;
// its status is the error.
func execDriver() []byte {
	f := newELF()
	copy(f.data[elfCode:], "\x48\x8b\x7c\x24\x10"+ // mov 16(%rsp), %rdi
		"\x48\x8d\x74\x24\x10"+ // lea 16(%rsp), %rsi
		"\x31\xd2\xb8\x3b\x00\x00\x00\x0f\x05"+ // xor %edx, %edx; mov $59, %eax; syscall
		"\xf7\xd8\x89\xc7\xb8\xe7\x00\x00\x00\x0f\x05") // neg %eax; mov %eax, %edi; mov $231, %eax; syscall
	return f.bytes()
}

func TestELFHeaders(t *testing.T) {
	dir := t.TempDir()
	writeExecutable(t, filepath.Join(dir, "driver"), execDriver())
	elfInterps(t, dir)
	for i, r := range elfRows {
		f := newELF()
		r.edit(f)
		name := fmt.Sprintf("./f%d", i)
		writeExecutable(t, filepath.Join(dir, name), f.bytes())
		if got := execPanda(t, dir, name); got.ended != r.want {
			t.Errorf("%s: %s, want %s %s", r.name, got.ended, r.want, got.stderr)
		}
	}
}

// execPanda runs the driver; with NATIVE in the environment on the host, to hold the
// tables against its kernel.
func execPanda(t *testing.T, dir string, args ...string) result {
	t.Helper()
	if os.Getenv("NATIVE") != "" {
		return execute(t, dir, "", append([]string{"./driver"}, args...)...)
	}
	return panda(t, dir, append([]string{"./driver"}, args...)...)
}

// scriptRows are first lines of scripts, and the arguments that the interpreter
// gets, or the error.
var scriptRows = []struct{ line, want string }{
	{"#!./show\n", "./show|./f|A"},
	{"#! ./show\n", "./show|./f|A"},
	{"#!\t./show\t\n", "./show|./f|A"},
	{"#!./show one two  three \n", "./show|one two  three|./f|A"},
	{"#!./show\tone\ttwo\n", "./show|one\ttwo|./f|A"},
	{"#!./show \t one\n", "./show|one|./f|A"},
	{"#!./show", "./show|./f|A"},
	{"#!./show x", "./show|x|./f|A"},
	{"#!./show x  ", "./show|x  |./f|A"},
	{"#!./show a\x00b c\n", "./show|a|./f|A"},
	{"#!./show\x00 b\n", "./show|./f|A"},
	{"#!./show \x00b\n", "./show||./f|A"},
	{"#!./show " + strings.Repeat("a", 244) + "\n", "./show|" + strings.Repeat("a", 244) + "|./f|A"},
	{"#!./show " + strings.Repeat("a", 245) + "\n", "./show|" + strings.Repeat("a", 245) + "|./f|A"},
	{"#!./show " + strings.Repeat("a", 246) + "\n", "./show|" + strings.Repeat("a", 246) + "|./f|A"},
	{"#!./show " + strings.Repeat("a", 300) + "\n", "./show|" + strings.Repeat("a", 246) + "|./f|A"},
	{"#!" + strings.Repeat(" ", 240) + "./show\n", "./show|./f|A"},
	{"#!" + strings.Repeat(" ", 247) + "./show\n", "./show|./f|A"},
	{"#!" + strings.Repeat(" ", 248) + "./show\n", notExec},
	{"#!" + strings.Repeat(" ", 300) + "./show\n", notExec},
	{"#!/" + strings.Repeat("d", 300) + "\n", notExec},
	{"#!/" + strings.Repeat("d", 252) + " x\n", noEntry},
	{"#!/" + strings.Repeat("d", 253) + " x\n", notExec},
	{"#!\n", notExec},
	{"#!   \n", notExec},
	{"#!", noAccess},
	{"#!  ", noAccess},
	{"#!\x00\n", noAccess},
	{"#!/nonexistent/x\n", noEntry},
	{"#!.\n", noAccess},
	{"#!./show\r\n", noEntry},
	{"#!show\n", "show|./f|A"},
	{"#!./f\n", tooDeep},
	{"#!./n4 x\n", "./show|./n1|./n2|./n3|./n4|x|./f|A"},
	{"#!./n5\n", tooDeep},
	{"#!./n6\n", tooDeep},
	{"#!./m5\n", noEntry},
	{"#!./lib x\n", elfRuns},
	{"#!./text\n", notExec},
	{"#!./data\n", noAccess},
	{"text\n", notExec},
	{"\n#!./show\n", notExec},
}

// TestScriptHeaders: the interpreter is a program that prints its arguments.
func TestScriptHeaders(t *testing.T) {
	dir := t.TempDir()
	writeExecutable(t, filepath.Join(dir, "driver"), execDriver())
	elfInterps(t, dir)
	writeExecutable(t, filepath.Join(dir, "show"), argsPrinter())
	for i := range 6 {
		writeExecutable(t, filepath.Join(dir, fmt.Sprint("n", i+1)), fmt.Appendf(nil, "#!./n%d\n", i))
	}
	for i := range 5 {
		writeExecutable(t, filepath.Join(dir, fmt.Sprint("m", i+1)), fmt.Appendf(nil, "#!./m%d\n", i))
	}
	writeExecutable(t, filepath.Join(dir, "n1"), []byte("#!./show\n"))
	for _, r := range scriptRows {
		writeExecutable(t, filepath.Join(dir, "f"), []byte(r.line))
		got := execPanda(t, dir, "./f", "A")
		seen := strings.TrimSuffix(strings.ReplaceAll(got.stdout, "\x00", "|"), "|")
		if got.status != 0 {
			seen = got.ended
		}
		if seen != r.want {
			t.Errorf("%.40q: %.300q, want %.300q %s", r.line, seen, r.want, got.stderr)
		}
	}
}

// argsPrinter writes what lies from its first argument to the end of the last,
// zeroes between them.
func argsPrinter() []byte {
	f := newELF()
	copy(f.data[elfCode:], "\x8b\x0c\x24"+ // mov (%rsp), %ecx
		"\x48\x8b\x74\x24\x08"+ // mov 8(%rsp), %rsi
		"\x48\x8b\x54\xcc\x00"+ // mov 0(%rsp, %rcx, 8), %rdx
		"\x80\x3a\x00\x74\x05\x48\xff\xc2\xeb\xf6"+ // 1: cmpb $0, (%rdx); je 2f; inc %rdx; jmp 1b; 2:
		"\x48\x29\xf2\xbf\x01\x00\x00\x00\xb8\x01\x00\x00\x00\x0f\x05"+ // sub %rsi, %rdx; mov $1, %edi; mov $1, %eax; syscall
		"\x31\xff\xb8\x3c\x00\x00\x00\x0f\x05") // xor %edi, %edi; mov $60, %eax; syscall
	return f.bytes()
}

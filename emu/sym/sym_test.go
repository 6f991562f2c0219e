package sym

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"strings"
	"testing"

	"panda/emu/guest"
	"panda/emu/load"
	"panda/emu/mmu"
)

const source = `
#include <stdio.h>
static int counter;
int helper(int n) { return n + counter; }
int main(void) { puts("hi"); printf("%d\n", helper(1)); return 0; }
`

// compile makes a program of source, or skips.
func compile(t *testing.T, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/p.c", []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-O0", "-o", dir + "/p", dir + "/p.c"}, flags...)
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		t.Skipf("no compiler: %v %s", err, out)
	}
	return dir + "/p"
}

func open(id FileID) (Source, error) { return os.Open(id.Name) }

func mapped(t *testing.T, name string, bias guest.Addr) *mmu.Space {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := load.Parse(f, load.Machines{{Arch: "x86_64", ELF: []elf.Machine{elf.EM_X86_64}, Bits: 64, End: 1 << 47}})
	if err != nil {
		t.Fatal(err)
	}
	s := mmu.NewSpace(0)
	t.Cleanup(func() { s.Close() })
	if _, err := load.Map(s, p, int(f.Fd()), name, bias); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSymbols(t *testing.T) {
	for _, flags := range [][]string{{"-no-pie"}, {"-pie"}, {"-pie", "-fcf-protection"}, {"-pie", "-Wl,-z,now"}, {"-static"}} {
		name := compile(t, flags...)
		bias := guest.Addr(0)
		if flags[0] == "-pie" {
			bias = 0x1555554000
		}
		space, syms := mapped(t, name, bias), New(open)
		a, ok := syms.Find(space, "p!helper")
		if !ok {
			t.Fatalf("%v: no helper", flags)
		}
		if n, off, ok := syms.At(space, a+4); n != "helper" || off != 4 || !ok {
			t.Errorf("%v: %q+%d %v", flags, n, off, ok)
		}
		if file, base, ok := syms.Module(space, a); file != name || !ok || base != space.Regions()[0].Start {
			t.Errorf("%v: %s %#x %v", flags, file, base, ok)
		}
		if c, ok := syms.Find(space, "counter"); !ok {
			t.Errorf("%v: no counter", flags)
		} else if n, _, _ := syms.At(space, c); n != "counter" {
			t.Errorf("%v: counter is %q", flags, n)
		}
		if flags[0] == "-static" {
			continue
		}
		plt, ok := syms.Find(space, "puts@plt")
		if !ok {
			t.Errorf("%v: no puts@plt", flags)
		} else if want := objdump(t, name, "<puts@plt>:"); uint64(plt-bias) != want && want != 0 {
			t.Errorf("%v: puts@plt at %#x, objdump says %#x", flags, plt-bias, want)
		}
	}
}

// objdump finds an address in a disassembly.
func objdump(t *testing.T, name, label string) (addr uint64) {
	out, err := exec.Command("objdump", "-d", name).Output()
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, label) {
			for _, c := range strings.Fields(line)[0] {
				addr = addr<<4 | uint64(strings.IndexRune("0123456789abcdef", c))
			}
		}
	}
	return addr
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Fuzz(func(t *testing.T, b []byte) { Read(bytes.NewReader(b)) })
}

// noted is a file that notes what is read of it.
type noted struct {
	*os.File
	bytes map[int64]bool
}

func (n noted) ReadAt(b []byte, off int64) (int, error) {
	got, err := n.File.ReadAt(b, off)
	for i := range got {
		n.bytes[off+int64(i)] = true
	}
	return got, err
}

// TestTouch: it reads what Read reads.
func TestTouch(t *testing.T) {
	for _, flags := range [][]string{nil, {"-s"}, {"-static"}} {
		f, err := os.Open(compile(t, flags...))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		read, touched := noted{f, map[int64]bool{}}, noted{f, map[int64]bool{}}
		if _, err := Read(read); err != nil {
			t.Fatal(err)
		}
		Touch(touched)
		for off := range read.bytes {
			if !touched.bytes[off] {
				t.Fatalf("%v: Read reads offset %#x, Touch does not", flags, off)
			}
		}
	}
}

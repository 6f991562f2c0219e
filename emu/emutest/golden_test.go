package emutest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"panda/emu/arch/x86"
	"panda/emu/arch/x86/dec"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64"
	"panda/emu/opt"
	"panda/emu/vcpu"
)

// Goldens of machine code. Problem: a change of the translator or of the code
// generator that makes code longer breaks no test. Idea: what is made of the
// lines' instructions is kept in files, so that the change shows as a diff. To
// make code runs nothing and asks nothing of the host: the target's features
// are always the same, and so are the positions.

var goldenDir = filepath.Join("testdata", "jit")

// codegen makes machine code of guest code.
type codegen struct {
	guest  *x86.Guest
	target map[int]*amd64.Target
	unit   jit.Unit
	names  ir.Names
}

// goldenOrigin is where code is to stand, beyond what all blocks share.
const goldenOrigin = 1 << 20

func newCodegen(t *testing.T) *codegen {
	t.Helper()
	m, err := x86.FindModel("max")
	if err != nil {
		t.Fatal(err)
	}
	g := x86.New(m)
	c := &codegen{guest: g, target: map[int]*amd64.Target{}, names: g.SlotNames()}
	for _, bits := range []int{32, 64} {
		c.target[bits] = amd64.New(g.View(uint64(bits)))
		if n := len(c.target[bits].Prologue(0)); n > goldenOrigin {
			t.Fatalf("%d bytes before the first block", n)
		}
	}
	return c
}

// block makes a block of at most max instructions of code.
func (c *codegen) block(t *testing.T, code []byte, mode uint64, bits, max int, soft bool) *jit.Unit {
	t.Helper()
	a := c.guest.View(uint64(bits))
	var b ir.Builder
	b.Reset(LineIP, a.TempBase)
	size, _ := c.guest.Translate(&b, code, LineIP, mode, max)
	opt.Run(&b.Block, a.TempBase)
	tb := &vcpu.TB{PC: LineIP, Code: LineIP, Size: size, Mode: mode, Marks: b.Marks, Form: vcpu.Form{Limit: 1 << 40, Soft: soft}, Step: b.Step}
	tb.Last = guest.Addr(tb.Marks[len(tb.Marks)-1].PC)
	u := &c.unit
	u.Reset(&b.Block, tb, goldenOrigin)
	u.Limit = tb.Limit
	if err := c.target[bits].Lower(u); err != nil {
		t.Fatalf("[% x]: %v", code, err)
	}
	return u
}

// mode is what the translation of a line depends on besides its bytes.
func (c *codegen) mode(l *Line) uint64 {
	c.guest.Environment().Descriptor = descriptor
	cpu := &vcpu.CPU{Machine: new(vcpu.Machine)}
	c.guest.Reset(cpu, l.Bits)
	putState(&cpu.W, &l.In)
	return c.guest.Mode(cpu)
}

// hostInsns are the instructions of machine code.
func hostInsns(t *testing.T, code []byte) (is []dec.Inst) {
	t.Helper()
	for len(code) > 0 {
		var in dec.Inst
		if err := dec.Decode(&in, code, dec.Mode64); err != nil {
			t.Fatalf("machine code % x: %v", code[:min(16, len(code))], err)
		}
		is, code = append(is, in), code[in.Len:]
	}
	return is
}

// count is the length of a block: instructions that usually run, all of them, and
// bytes.
func (c *codegen) count(t *testing.T, u *jit.Unit) string {
	hot := len(hostInsns(t, u.Code[:u.Cold]))
	return fmt.Sprintf("%d %d %d", hot, hot+len(hostInsns(t, u.Code[u.Cold:])), len(u.Code))
}

// TestGoldenCounts holds the length of the machine code of each line's
// instruction against testdata/jit/counts. -update renews it.
func TestGoldenCounts(t *testing.T) {
	c := newCodegen(t)
	paths, err := filepath.Glob(filepath.Join(lineDir, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no lines: ", err)
	}
	for _, p := range paths {
		ls, err := ReadLines(p)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		b.WriteString("# instruction | host instructions that usually run, all of them, bytes; go test ./emu/emutest -run Golden -update renews them\n")
		seen := map[string]bool{}
		for _, l := range ls {
			mode := c.mode(l)
			key := fmt.Sprintf("%x %x", l.Code, mode)
			if seen[key] {
				continue
			}
			seen[key] = true
			fmt.Fprintf(&b, "% x%s | %s | %s\n", l.Code, c.modeNote(l, mode), l.Text, c.count(t, c.block(t, l.Code, mode, l.Bits, 1, false)))
		}
		golden(t, filepath.Join(goldenDir, "counts", filepath.Base(p)), b.String())
	}
}

// modeNote tells a mode from the usual one for the line's code size.
func (c *codegen) modeNote(l *Line, mode uint64) string {
	if mode != c.mode(&Line{Bits: l.Bits, In: *NewLineState(l.Bits)}) {
		return fmt.Sprintf(" (mode %x)", mode)
	}
	return ""
}

// TestGoldenText holds the machine code of chosen blocks against
// testdata/jit/text, whose lines "guest ..." say which. -update renews it.
func TestGoldenText(t *testing.T) {
	c := newCodegen(t)
	paths, err := filepath.Glob(filepath.Join(goldenDir, "text", "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no blocks: ", err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\n")
			switch {
			case strings.HasPrefix(line, "\t"):
			case strings.HasPrefix(line, "guest "):
				fmt.Fprintln(&b, line)
				c.writeText(t, &b, line)
			default:
				fmt.Fprintln(&b, line)
			}
		}
		golden(t, p, b.String())
	}
}

// writeText prints the machine code for a line "guest 64 [soft] bytes": the guest's
// instructions, the code that usually runs, and that of the exits.
func (c *codegen) writeText(t *testing.T, b *strings.Builder, line string) {
	words := strings.Fields(line)[1:]
	bits, _ := strconv.Atoi(words[0])
	soft := words[1] == "soft"
	code := unhex(t, strings.TrimPrefix(strings.Join(words[1:], ""), "soft"))
	mode := c.mode(&Line{Bits: bits, In: *NewLineState(bits)})
	u := c.block(t, code, mode, bits, 100, soft)
	if u.TB.Size != len(code) {
		t.Fatalf("%s: the block has %d bytes", line, u.TB.Size)
	}
	for pc := 0; pc < len(code); {
		var in dec.Inst
		if err := dec.Decode(&in, code[pc:], dec.Mode(bits)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		fmt.Fprintf(b, "\t\t%s\n", dec.Text(&in, uint64(LineIP+pc), nil))
		pc += int(in.Len)
	}
	pc := 0
	for _, in := range hostInsns(t, u.Code) {
		if pc == u.Cold {
			b.WriteString("\t--\n")
		}
		fmt.Fprintf(b, "\t%3x %s\n", pc, c.hostText(c.target[bits], &in, pc))
		pc += int(in.Len)
	}
}

var (
	inContext = regexp.MustCompile(`\[r15([+-]0x[0-9a-f]+)?\]`)
	atEntry   = regexp.MustCompile(`0x[0-9a-f]+ <(\w+)>`)
)

// hostText is an instruction with names for what lies in the CPU and for what
// begins outside the block.
func (c *codegen) hostText(tg *amd64.Target, in *dec.Inst, pc int) string {
	s := dec.Text(in, uint64(pc), func(a uint64) (string, uint64, bool) {
		name, ok := tg.EntryName(uint32(a + goldenOrigin))
		return name, 0, ok
	})
	s = atEntry.ReplaceAllString(s, "$1")
	return inContext.ReplaceAllStringFunc(s, func(m string) string {
		disp, _ := strconv.ParseInt(strings.Trim(strings.TrimPrefix(m, "[r15"), "]"), 0, 32)
		return "[" + amd64.PlaceName(int32(disp), c.names) + "]"
	})
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

// golden compares a text with a file, or with -update writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	want, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(want, []byte(got)):
	case *update:
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what it was (%v); -update renews it:\n%s", path, err, firstDiffs(string(want), got))
	}
}

// firstDiffs are the first lines that only one of two texts has.
func firstDiffs(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, d := range []struct {
		sign      string
		have, not []string
	}{{"-", w, g}, {"+", g, w}} {
		n := 0
		for _, line := range d.have {
			if !slices.Contains(d.not, line) && n < 10 {
				fmt.Fprintf(&b, "%s%s\n", d.sign, line)
				n++
			}
		}
	}
	return b.String()
}

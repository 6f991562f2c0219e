package toy_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"panda/emu"
	"panda/emu/arch/toy"
	"panda/emu/arch/toy/asm"
	"panda/emu/event"
	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// line is a line of testdata/lines.txt.
type line struct {
	number           int
	text, in, out    string
	code             []byte
	exception, place string // after
}

func readLines(t *testing.T) (lines []line) {
	f, err := os.Open("testdata/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		text, _, _ := strings.Cut(s.Text(), "#")
		if strings.TrimSpace(text) == "" {
			continue
		}
		parts := strings.Split(text, "|")
		if len(parts) != 3 {
			t.Fatalf("line %d has %d parts", n, len(parts))
		}
		l := line{number: n, text: strings.TrimSpace(parts[0]), in: parts[1], place: "0x2000"}
		for w := range strings.FieldsSeq(parts[2]) {
			if x, ok := strings.CutPrefix(w, "!"); ok {
				l.exception = x
			} else if to, ok := strings.CutPrefix(w, "->"); ok {
				l.place = to
			} else {
				l.out += " " + w
			}
		}
		l.code = encode(t, l.text)
		lines = append(lines, l)
	}
	return lines
}

// encode is one instruction at codeAt.
func encode(t *testing.T, text string) []byte {
	t.Helper()
	word, rest, _ := strings.Cut(text, " ")
	at := strings.LastIndex(rest, "0x") // an address is relative to that of the code
	if at >= 0 {
		v, err := strconv.ParseUint(rest[at:], 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		rest = rest[:at] + fmt.Sprint(v+asm.Base-codeAt)
	}
	p, err := asm.Assemble("start: "+word+" "+rest, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p.Code
}

// The instruction is the last that can be fetched, so that it is a block.
const (
	pageAt = 0x1000
	codeAt = pageAt + 0x1000 - toy.Size
	memAt  = 0x3000
)

// counted counts the blocks that an engine has made.
type counted struct {
	exec.Backend
	blocks int
}

func (c *counted) Compile(b *ir.Block, tb *vcpu.TB) error {
	c.blocks++
	return c.Backend.Compile(b, tb)
}

func (c *counted) Copy(of, tb *vcpu.TB) error {
	c.blocks++
	return c.Backend.Copy(of, tb)
}

// engines are those that run here, each with both kinds of memory.
func engines(t *testing.T, run func(t *testing.T, b exec.Backend, paged bool)) {
	for _, name := range emu.Accels {
		for _, paged := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/soft=%v", name, paged), func(t *testing.T) {
				b, _, err := emu.NewBackend(name, new(toy.Guest).View(0))
				if err != nil {
					t.Skip(err)
				}
				if c, ok := b.(io.Closer); ok {
					defer c.Close()
				}
				run(t, b, paged)
			})
		}
	}
}

// TestLines: each instruction does what its lines say, on every engine, and changes
// nothing else.
func TestLines(t *testing.T) {
	lines := readLines(t)
	engines(t, func(t *testing.T, b exec.Backend, paged bool) {
		made := &counted{Backend: b}
		c, e := newMachine(t, made, paged)
		for i := range lines {
			lines[i].run(t, c, e)
		}
		if made.blocks < len(lines) {
			t.Errorf("%d blocks for %d lines: something else has run them", made.blocks, len(lines))
		}
	})
}

// newMachine is a vCPU with a page of code and one of data.
func newMachine(t *testing.T, b exec.Backend, paged bool) (*vcpu.CPU, *exec.Engine) {
	group := mmu.NewGroup()
	group.Paged = paged
	s := group.NewSpace(1 << 40)
	t.Cleanup(func() { s.Close() })
	c := &vcpu.CPU{Machine: &vcpu.Machine{
		Symbol: func(guest.Addr) (string, uint64, bool) { return "", 0, false },
		Module: func(guest.Addr) (string, guest.Addr, bool) { return "", 0, false },
	}}
	g := new(toy.Guest)
	g.Reset(c)
	c.SetSpace(s)
	for at, prot := range map[guest.Addr]guest.Access{pageAt: guest.Read | guest.Exec, memAt: guest.Read | guest.Write} { // each by itself
		if err := s.Map(at, 0x1000, prot, mmu.Anonymous("")); err != nil {
			t.Fatal(err)
		}
	}
	return c, exec.New(g, b, event.NewBus(), c)
}

func (l *line) run(t *testing.T, c *vcpu.CPU, e *exec.Engine) {
	new(toy.Guest).Reset(c)
	mem := l.set(t, c, l.in, 0)
	if c.Write(codeAt, l.code) != nil || c.Write(memAt, binary.LittleEndian.AppendUint64(nil, mem)) != nil {
		t.Fatal("the memory cannot be written")
	}
	c.SetPC(codeAt)
	before := c.W
	stop := e.Run(c, 1)
	after := c.W
	got := "0x" + strconv.FormatUint(after[toy.PC], 16)
	switch {
	case stop == vcpu.StopSyscall && after[toy.PC] == codeAt+toy.Size:
		got = "sys"
	case stop == vcpu.StopException && after[toy.PC] == codeAt:
		got = "!" + fmt.Sprint(c.Exc.Vector)
	}
	want := l.place
	if l.exception != "" {
		want = "!" + l.exception
	}
	var b [8]byte
	if err := c.Read(memAt, b[:]); err != nil {
		t.Fatal(err)
	}
	c.W = before
	mem = l.set(t, c, l.out, mem)
	c.W[toy.PC] = after[toy.PC]
	if got != want || [toy.Words]uint64(c.W[:]) != [toy.Words]uint64(after[:]) || binary.LittleEndian.Uint64(b[:]) != mem {
		t.Errorf("line %d: %s: pc or exception %s, want %s\nregisters %x\nwant      %x\nmem %x, want %x", l.number, l.text, got, want, after[:toy.Words], c.W[:toy.Words], b, mem)
	}
}

// set assigns registers and gives what is to be in memory.
func (l *line) set(t *testing.T, c *vcpu.CPU, text string, mem uint64) uint64 {
	for w := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(w, "=")
		v, err := strconv.ParseUint(value, 0, 64)
		if n, err2 := strconv.ParseInt(value, 0, 64); err2 == nil {
			v, err = uint64(n), nil
		}
		if name == "mem" {
			mem = v
		} else if !c.SetReg(name, v) || err != nil {
			t.Fatalf("line %d: %s: %v", l.number, w, err)
		}
	}
	return mem
}

// TestText: what the disassembly prints is what was assembled, and every instruction
// has a line.
func TestText(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range readLines(t) {
		in, ok := toy.Decode(l.code)
		if !ok {
			t.Fatalf("line %d: %s is no instruction", l.number, l.text)
		}
		if got := in.Text(codeAt, nil); got != l.text {
			t.Errorf("line %d: %q is printed as %q", l.number, l.text, got)
		}
		seen[in.Name] = true
	}
	for _, r := range toy.Rows[1:] {
		if !seen[r.Name] {
			t.Errorf("%s has no line", r.Name)
		}
	}
}

// TestNone: other words are no instructions.
func TestNone(t *testing.T) {
	add, end := encode(t, "add t0, t1, t2"), uint32(len(toy.Rows))
	for _, word := range []uint32{0, 0xffffffff, toy.Opcode(int(end)), binary.LittleEndian.Uint32(add) | 1} {
		if in, ok := toy.Decode(binary.LittleEndian.AppendUint32(nil, word)); ok {
			t.Errorf("%#x is %s", word, in.Text(0, nil))
		}
	}
	float := encode(t, "fadd f1, f2, f3")
	if float[2] |= 8 << 3; float[2]>>3 < 8 {
		t.Fatal("the register has not changed")
	}
	if in, ok := toy.Decode(float); ok {
		t.Errorf("%#x is %s", float, in.Text(0, nil))
	}
	if _, ok := toy.Decode(add[:3]); ok {
		t.Error("three bytes are an instruction")
	}
}

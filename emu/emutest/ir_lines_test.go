package emutest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/opt"
	"panda/emu/vcpu"
)

// IR lines say what an operation does:
//
//	add.i64 t5, t0, t1; neg.i64 t5, t5 | t0=1 t1=2 => t5=fffffffffffffffd
//
// that is the operations of a block of one instruction, words and memory before,
// which are 0 otherwise, and what changes. [20000]=0011 is memory, count= the
// block's counter 0, fault= what the guest did wrong. A block that does not say
// how it ends leaves by exit_tb.end; for one that does, leave= says why, and where
// the guest goes on. Site 0 adds 100 to t5, memory site 0 shows the address in t6
// and turns the lowest byte around.
type irLine struct {
	pos, ops, in string
	before       []byte // memory
}

var irLineDir = filepath.Join("testdata", "ir", "ops")

// TestIRLines runs the lines on each engine, as they are and after the passes.
// -update takes what the interpreter finds.
func TestIRLines(t *testing.T) {
	ms := irCPUs(t)
	for path, text := range eachIRLine(t, func(l *irLine) string { return l.check(t, ms) }) { // files of their own
		golden(t, path, text)
	}
}

// eachIRLine calls a function for each line, and returns the files with what it
// makes of the lines.
func eachIRLine(t *testing.T, f func(l *irLine) string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(irLineDir, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no lines: ", err)
	}
	files := map[string]string{}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
				b.WriteString(line)
				continue
			}
			l, err := parseIRLine(strings.TrimSpace(line))
			if err != nil {
				t.Fatalf("%s:%d: %v", p, n, err)
			}
			l.pos = fmt.Sprintf("%s:%d", p, n)
			b.WriteString(f(l) + "\n")
		}
		files[p] = b.String()
	}
	return files
}

func parseIRLine(line string) (*irLine, error) {
	ops, rest, ok := strings.Cut(line, " | ")
	in, _, arrow := strings.Cut(rest, "=>")
	if !ok || !arrow {
		return nil, fmt.Errorf("want operations | in => out")
	}
	return &irLine{ops: ops, in: strings.TrimSpace(in)}, nil
}

// check runs a line on all engines, which must agree, and is the line as it should
// be.
func (l *irLine) check(t *testing.T, ms []*irCPU) string {
	t.Helper()
	found := ""
	for n, m := range ms {
		for _, passes := range []bool{false, true} {
			got := l.run(t, m, passes, false)
			switch {
			case n == 0 && !passes:
				found = got
			case got != found:
				t.Errorf("%s: %s: %s, passes %v: %s, but the interpreter %s", l.pos, l.ops, m.name, passes, got, found)
			}
		}
	}
	return strings.TrimSpace(fmt.Sprintf("%s | %s", l.ops, strings.TrimSpace(l.in+" => "+found)))
}

// block is the line's block.
func (l *irLine) block(t *testing.T) (b *ir.Block, ends bool) {
	t.Helper()
	text := "block 0x1000\ninsn $0x0\n" + strings.ReplaceAll(l.ops, "; ", "\n")
	b, err := ir.Parse(text, nil, irHelpers)
	if err != nil {
		t.Fatalf("%s: %v", l.pos, err)
	}
	switch b.Insns[len(b.Insns)-1].Op {
	case ir.GotoTB, ir.GotoPtr, ir.ExitTB:
		ends = true
	default:
		b.Insns = append(b.Insns, ir.Insn{Op: ir.ExitTB, Aux: uint8(ir.ExitEnd), D: ir.None, A: ir.None, B: ir.None, C: ir.None, Imm: 0x2000})
	}
	b.Temps = max(b.Temps, irBase)
	if err := ir.Verify(b, irBase); err != nil {
		t.Fatalf("%s: %v", l.pos, err)
	}
	return b, ends
}

// run is what comes out on an engine.
func (l *irLine) run(t *testing.T, m *irCPU, passes, exact bool) string {
	t.Helper()
	b, ends := l.block(t)
	if passes {
		opt.Run(b, irBase)
	}
	c, count := m.cpu, uint64(0)
	tb := &vcpu.TB{PC: guest.Addr(b.PC), Size: 1, Marks: b.Marks}
	tb.Form, tb.Side = vcpu.Form{Limit: c.Limit, Exact: exact, Unchained: true}, make([]vcpu.Side, 4)
	l.watch(b, tb, &count)
	if m.backend.Full() {
		m.backend.Reset()
	}
	if err := m.backend.Compile(b, tb); err != nil {
		t.Fatalf("%s: %v", l.pos, err)
	}
	if err := l.put(m); err != nil {
		t.Fatalf("%s: %v", l.pos, err)
	}
	before := c.W
	fault := m.enter(tb)
	if _, redo := fault.(*vcpu.Redo); redo && !exact {
		return l.run(t, m, passes, true)
	}
	return l.outcome(m, &before, count, fault, ends)
}

// watch gives a block what its probes and counters are of.
func (l *irLine) watch(b *ir.Block, tb *vcpu.TB, count *uint64) {
	tb.Counters = []*uint64{count}
	for _, i := range b.Insns {
		switch i.Op {
		case ir.Probe:
			tb.Sites = []vcpu.Site{{Fire: func(c *vcpu.CPU) bool {
				c.W[5] += 0x100
				return false
			}}}
		case ir.ProbeMem:
			tb.MemSites = []vcpu.MemSite{{Size: 8, Before: true, Write: true, Fire: func(c *vcpu.CPU, a *vcpu.MemAccess) bool {
				c.W[6] = uint64(a.Addr)
				a.Buf[0] ^= 0xff
				return false
			}}}
		}
	}
}

// put makes the words and the memory what the line says.
func (l *irLine) put(m *irCPU) error {
	c := m.cpu
	clear(m.data)
	clear(c.W[:])
	c.W[irMem], c.W[irPC] = uint64(irData), 0x1000
	for w := range strings.FieldsSeq(l.in) {
		name, val, _ := strings.Cut(w, "=")
		if strings.HasPrefix(name, "[") {
			p, err := parsePatch(name, val)
			if err != nil {
				return fmt.Errorf("%s: %w", w, err)
			}
			copy(m.data[p.Addr-uint64(irData):], p.Data)
			continue
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(name, "t"), 10, 8)
		if err != nil || ir.Ref(n) >= irBase {
			return fmt.Errorf("%s: no such word", w)
		}
		if c.W[n], err = strconv.ParseUint(val, 16, 64); err != nil {
			return fmt.Errorf("%s: %w", w, err)
		}
	}
	l.before = slices.Clone(m.data)
	return nil
}

// outcome tells what has changed.
func (l *irLine) outcome(m *irCPU, before *[ir.FrameWords]uint64, count uint64, fault any, ends bool) string {
	c := m.cpu
	var s []string
	for w := range irPC {
		if v := c.W[w]; v != before[w] {
			s = append(s, fmt.Sprintf("t%d=%x", w, v))
		}
	}
	for i := 0; i < len(m.data); i += 32 {
		was, is := l.before[i:i+32], m.data[i:i+32]
		if lo := firstDiff(was, is); lo < 32 {
			hi := 32
			for was[hi-1] == is[hi-1] {
				hi--
			}
			s = append(s, fmt.Sprintf("[%x]=%x", int(irData)+i+lo, is[lo:hi]))
		}
	}
	if count != 0 {
		s = append(s, fmt.Sprintf("count=%x", count))
	}
	if fault != nil {
		s = append(s, "fault="+strings.ReplaceAll(irFault(c, fault), " ", ","))
	} else if ends {
		s = append(s, fmt.Sprintf("leave=%s@%x", c.Leave.Why, c.W[irPC]))
	}
	return strings.Join(s, " ")
}

func firstDiff(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// TestIREveryOp: each operation, vector operation and condition is in a line.
func TestIREveryOp(t *testing.T) {
	ops, vecs, conds := map[ir.Op]bool{}, map[ir.VecOp]bool{}, map[ir.Cond]bool{}
	eachIRLine(t, func(l *irLine) string {
		b, _ := l.block(t)
		for _, i := range b.Insns {
			ops[i.Op] = true
			switch i.Op {
			case ir.Vec:
				vecs[ir.VecOp(i.Aux)] = true
			case ir.SetCond, ir.BrCond:
				conds[ir.Cond(i.Aux)] = true
			}
		}
		return ""
	})
	for op := range ir.NumOps {
		switch {
		case op.String() == "":
			t.Errorf("operation %d, after %s, has no row in emu/ir/ops.go", op, op-1)
		case !ops[op]:
			t.Errorf("no line for %s", op)
		}
	}
	for op := range ir.NumVecOps {
		switch {
		case op.String() == "":
			t.Errorf("vector operation %d, after %s, has no row in emu/ir/vecops.go", op, op-1)
		case !vecs[op]:
			t.Errorf("no line for %s of vectors", op)
		}
	}
	for c := range ir.NumConds {
		if !conds[c] {
			t.Errorf("no line for condition %s", c)
		}
	}
}

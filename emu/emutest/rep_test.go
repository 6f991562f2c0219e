package emutest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/oracle"
	"panda/emu/vcpu"
)

// repeats are the repeated string instructions, without size and prefixes.
var repeats = []struct {
	name   string
	opcode byte
}{{"movs", 0xa4}, {"cmps", 0xa6}, {"stos", 0xaa}, {"scas", 0xae}}

// whole runs an instruction with the budget of a program, so that it stands in a
// block with others as it does there: the breakpoint after it ends the run.
type whole struct {
	*Machine
	broke bool
}

func (w *whole) Step() (oracle.Stop, error) {
	s, err := w.Run(1000)
	if w.broke = s.Vector == oracle.VecBP; w.broke {
		s = oracle.Stop{Vector: oracle.NoVector}
	}
	return s, err
}

func (w *whole) Take(s *oracle.State) error {
	err := w.Machine.Take(s)
	if w.broke {
		s.RIP--
	}
	return err
}

// TestRepeats holds repeated string instructions of every size against their
// judge: overlaps of all distances, both directions, crossing pages, and
// running out of the memory that there is.
func TestRepeats(t *testing.T) {
	h, m := NewJudge(t, 64), &whole{Machine: NewMachine(t, 64, "max")}
	watched := &whole{Machine: NewMachine(t, 64, "max")}
	seen := 0
	watched.Bus.Subscribe(&event.Owner{Name: "test"}, event.VirtMemAfterRead, nil, event.MemFunc(func(*vcpu.CPU, *vcpu.MemAccess) { seen++ }))
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 3000 {
		l := randomRepeat(r, n)
		want, err := RunLine(h, l)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []*whole{m, watched} {
			got, err := RunLine(c, l)
			if err != nil {
				t.Fatal(err)
			}
			if ds := LineDiff(got, want); ds != nil {
				t.Fatalf("line %d, watched %v: %s: %s", n, c == watched, want, strings.Join(ds, "; "))
			}
		}
	}
	if seen == 0 {
		t.Error("no memory callback")
	}
}

// randomRepeat makes the line of one instruction.
func randomRepeat(r *rand.Rand, n int) *Line {
	what := repeats[n%len(repeats)]
	size := uint64(1) << r.IntN(4)
	l := &Line{Pos: fmt.Sprint(n), Bits: 64, Text: what.name, In: *NewLineState(64)}
	if r.IntN(4) == 0 {
		l.Code = append(l.Code, 0x67)
	}
	l.Code = append(l.Code, 0xf3-byte(r.IntN(2)))
	op := what.opcode + 1
	switch size {
	case 1:
		op--
	case 2:
		l.Code = append([]byte{0x66}, l.Code...)
	case 8:
		l.Code = append(l.Code, 0x48)
	}
	l.Code = append(l.Code, op)
	mem := make([]byte, dataSize)
	kinds := 1 + r.IntN(2) // few values: elements are equal for long
	for range r.IntN(8) {
		mem[r.IntN(dataSize)] = byte(r.IntN(256))
	}
	for i := range mem {
		if kinds == 2 && what.opcode < 0xa6 {
			mem[i] = byte(r.Uint32())
		}
	}
	l.InMem = []Patch{{LineData, mem}}
	s := &l.In
	s.GPR[regs.RCX] = r.Uint64N(1 << (4 + r.IntN(8)))
	if r.IntN(6) == 0 { // the idiom for "as many as it takes"
		s.GPR[regs.RCX] = ^uint64(0)
	}
	s.GPR[regs.RAX] = r.Uint64() * r.Uint64N(2)
	s.GPR[regs.RSI] = LineData + r.Uint64N(dataSize)
	s.GPR[regs.RDI] = LineData + r.Uint64N(dataSize)
	if r.IntN(2) == 0 {
		s.GPR[regs.RDI] = s.GPR[regs.RSI] + r.Uint64N(256) - 128
	}
	if r.IntN(4) == 0 {
		s.RFlags |= regs.DFBit
	}
	return l
}

// TestRepeatBudget: one entry does a limited number of elements, however many at
// once, up to the next multiple.
func TestRepeatBudget(t *testing.T) {
	m := NewBare(t, 64, "max")
	m.Map(t, 0x10000, 0x1000, guest.Read|guest.Exec)
	m.Map(t, 0x100000, 0x20000, guest.Read|guest.Write)
	m.Write(t, 0x10000, []byte{0xf3, 0xaa, 0xcc}) // rep stosb; int3
	m.CPU.SetPC(0x10000)
	m.CPU.W[regs.RCX], m.CPU.W[regs.RDI], m.CPU.W[regs.DF] = 40000, 0x100001, 1
	stop := m.Engine.Run(m.CPU, 2)
	if left := m.CPU.W[regs.RCX]; stop != vcpu.StopBudget || left != 1<<14 || m.CPU.W[regs.RDI] != 0x100001+40000-1<<14 {
		t.Errorf("stop %d, %d elements left, rdi %#x", stop, left, m.CPU.W[regs.RDI])
	}
	if m.Engine.Run(m.CPU, 10); m.CPU.W[regs.RCX] != 0 || m.CPU.Icount() != 4 { // and the breakpoint
		t.Errorf("%d left, %d instructions", m.CPU.W[regs.RCX], m.CPU.Icount())
	}
}

package exec_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// TestNarrowChange: a subscription to one address drops the blocks there and no
// others.
func TestNarrowChange(t *testing.T) {
	m := newMachine(t, loop)
	m.Engine.Run(m.CPU, 1000)
	m.CPU.SetPC(codeAt)
	translated := m.Engine.Stats.Blocks
	hits := 0
	sub := subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) { hits++ }), event.At(0x10012))
	m.Engine.Run(m.CPU, 1000)
	if n := m.Engine.Stats.Blocks - translated; n != 1 || hits != 1 || m.Engine.Stats.Flushes != 0 {
		t.Errorf("%d blocks translated, %d hits, %d flushes", n, hits, m.Engine.Stats.Flushes)
	}
	sub.Remove()
	m.CPU.SetPC(codeAt)
	m.Engine.Run(m.CPU, 1000)
	if n := m.Engine.Stats.Blocks - translated; n != 2 || hits != 1 {
		t.Errorf("after Remove: %d blocks translated, %d hits", n, hits)
	}
	subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) {}), event.Mnemonic("nop"))
	m.CPU.SetPC(codeAt)
	m.Engine.Run(m.CPU, 1000)
	if m.Engine.Stats.Flushes != 1 {
		t.Errorf("a filter without addresses: %d flushes", m.Engine.Stats.Flushes)
	}
}

// TestReplacedSign: a value that a callback replaces is extended by the load as any
// other is.
func TestReplacedSign(t *testing.T) {
	m := newMachine(t, []byte{
		0x48, 0x63, 0x03, // movsxd rax, [rbx]
		0x44, 0x0f, 0xbe, 0x43, 0x04, // movsx r8d, byte ptr [rbx+4]
		0x48, 0x0f, 0xbf, 0x53, 0x06, // movsx rdx, word ptr [rbx+6]
		0x0f, 0x05, // syscall
	})
	m.CPU.SetReg("rbx", uint64(dataAt))
	m.Write(t, dataAt, []byte{1, 0, 0, 0, 0x7f, 0, 0xff, 0xff})
	subscribe(t, m, event.VirtMemAfterRead, event.MemFunc(func(_ *vcpu.CPU, a *vcpu.MemAccess) { a.Buf[len(a.Buf)-1] ^= 0x80 }))
	m.Engine.Run(m.CPU, 1000)
	for r, want := range map[string]uint64{"rax": 0xffffffff80000001, "r8": 0xffffffff, "rdx": 0x7fff} { // each by itself
		if v, _ := m.CPU.Reg(r); v != want {
			t.Errorf("%s=%#x, want %#x", r, v, want)
		}
	}
}

// TestOrder: callbacks run in load order, then in registration order, whatever
// their filters look like.
func TestOrder(t *testing.T) {
	m := newMachine(t, loop)
	m.CPU.Machine.Symbol = func(a guest.Addr) (string, uint64, bool) { return "there", uint64(a - 0x10012), a >= 0x10012 }
	var got []string
	add := func(name string, order int, f *event.Filter) {
		m.Bus.Subscribe(&event.Owner{Name: name, Order: order}, event.InsnExec, f, event.PCFunc(func(*vcpu.CPU, guest.Addr) { got = append(got, name) }))
	}
	add("d", 2, &event.Filter{PC: []event.Range{{Lo: 0x10012, Hi: 0x10013}}})
	add("e", 2, &event.Filter{Bytes: mustPattern(t, "0f 05")})
	add("f", 2, &event.Filter{PC: []event.Range{{Lo: 0x10012, Hi: 0x10012 + 4096}}})
	add("a", 1, &event.Filter{Symbol: []string{"th*"}})
	add("b", 1, &event.Filter{PC: []event.Range{{Lo: 0x10012, Hi: 0x10013}}})
	add("c", 1, &event.Filter{Mnemonic: []string{"syscall"}})
	m.Engine.Run(m.CPU, 1000)
	if s := fmt.Sprint(got); s != "[a b c d e f]" {
		t.Error(s)
	}
}

func mustPattern(t *testing.T, s string) event.Pattern {
	t.Helper()
	p, err := event.ParsePattern(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestMemoryStop: a stop in a memory callback acts after the instruction, which
// is done once, and everything that follows fires.
func TestMemoryStop(t *testing.T) {
	for k := event.VirtMemBeforeRead; k <= event.VirtMemAfterWrite; k++ {
		m := newMachine(t, loop)
		stops, next := 0, 0
		subscribe(t, m, k, event.MemFunc(func(c *vcpu.CPU, _ *vcpu.MemAccess) { c.Stop() }))
		subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) { next++ }), event.At(0x1000d))
		for m.Engine.Run(m.CPU, 1000) == vcpu.StopRequest {
			stops++
			if want := uint64(3 * stops); m.CPU.PC() != 0x1000d || m.CPU.Icount() != want {
				t.Errorf("%v: stop %d at %#x, icount %d", k, stops, m.CPU.PC(), m.CPU.Icount())
			}
		}
		var b [8]byte
		m.CPU.Read(dataAt, b[:])
		if stops != 5 || next != 5 || b[0] != 15 || m.CPU.Icount() != loopInsns {
			t.Errorf("%v: %d stops, %d callbacks after it, memory %d, icount %d", k, stops, next, b[0], m.CPU.Icount())
		}
	}
}

// TestStopAfterInsn: what stands at the next instruction fires when the guest
// goes on.
func TestStopAfterInsn(t *testing.T) {
	m := newMachine(t, loop)
	subscribe(t, m, event.AfterInsnExec, event.PCFunc(func(c *vcpu.CPU, _ guest.Addr) { c.Stop() }), event.At(0x1000a))
	hits := 0
	subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) { hits++ }), event.At(0x1000d))
	for m.Engine.Run(m.CPU, 1000) == vcpu.StopRequest {
		if m.CPU.PC() != 0x1000d {
			t.Fatalf("stopped at %#x", m.CPU.PC())
		}
	}
	if hits != 5 || m.CPU.Icount() != loopInsns {
		t.Errorf("%d hits, icount %d", hits, m.CPU.Icount())
	}
}

// TestSamePC: assigning the pc its own value begins the instruction again, in
// callbacks of all kinds that stand before it.
func TestSamePC(t *testing.T) {
	for _, k := range []event.Kind{event.InsnExec, event.BeforeBlockExec, event.VirtMemBeforeRead, event.VirtMemAfterRead, event.VirtMemBeforeWrite} {
		m := newMachine(t, loop)
		hits := 0
		again := func(c *vcpu.CPU) {
			if hits++; hits <= 2 {
				c.SetReg("rip", uint64(c.PC()))
			}
		}
		f := &event.Filter{PC: []event.Range{{Lo: 0x1000a, Hi: 0x1000b}}}
		m.Bus.Subscribe(&event.Owner{Name: "test"}, k, f, k.Each(func(e *event.Env) { again(e.CPU) }))
		m.Engine.Run(m.CPU, 1000)
		var b [8]byte
		m.CPU.Read(dataAt, b[:])
		want := 5 + 2
		if k == event.BeforeBlockExec {
			want-- // the first round is in the block before
		}
		if hits != want || b[0] != 15 || m.CPU.Icount() != loopInsns {
			t.Errorf("%v: %d hits, memory %d, icount %d", k, hits, b[0], m.CPU.Icount())
		}
	}
}

// TestTimers: timers are served at exactly their instruction count, also those
// that a callback sets in the middle of a block.
func TestTimers(t *testing.T) {
	m := newMachine(t, loop)
	o := &event.Owner{Name: "test"}
	var got []string
	at := func(name string) func() {
		return func() { got = append(got, fmt.Sprintf("%s@%d:%#x", name, m.CPU.Icount(), m.CPU.PC())) }
	}
	m.Bus.SetTimer(o, 4, 0, at("a"))
	m.Bus.SetTimer(o, 3, 5, at("b"))
	gone := m.Bus.SetTimer(o, 5, 0, at("removed"))
	gone.Remove()
	subscribe(t, m, event.InsnExec, event.PCFunc(func(c *vcpu.CPU, _ guest.Addr) {
		m.Bus.SetTimer(o, c.Icount()+1, 0, at("insn"))
	}), event.At(0x1000a), event.Limit(1))
	subscribe(t, m, event.VirtMemAfterRead, event.MemFunc(func(c *vcpu.CPU, _ *vcpu.MemAccess) {
		if c.Icount() == 8 {
			m.Bus.SetTimer(o, c.Icount()+1, 0, at("mem"))
		}
	}))
	for n := range int64(100) {
		if m.Engine.Run(m.CPU, n%4+1) != vcpu.StopBudget {
			break
		}
	}
	want := []string{"b@3:0x1000d", "insn@3:0x1000d", "a@4:0x10010", "b@8:0x1000a", "mem@9:0x1000d", "b@13:0x10010", "b@18:0x10014"}
	slices.Sort(got)
	slices.Sort(want[:len(want)-1])
	if len(got) == len(want)-1 {
		want = want[:len(want)-1] // the last is due when nothing runs any more
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestTimerPanics: a timer that panics is disabled and reported by its name.
func TestTimerPanics(t *testing.T) {
	m := newMachine(t, loop)
	var failed []string
	m.Bus.Report = func(s *event.Sub, err error) { failed = append(failed, s.Owner.Name+" "+s.What()+": "+err.Error()) }
	m.Bus.SetTimer(&event.Owner{Name: "p"}, 1, 2, func() { panic("oops") })
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall || fmt.Sprint(failed) != "[p timer: panic: oops]" {
		t.Errorf("stop %v, %v", s, failed)
	}
}

// TestBatch: records say what callbacks see, natively and where a filter has
// parts that only callbacks know.
func TestBatch(t *testing.T) {
	for _, every := range []uint64{0, 1} { // 1 is no rate, 0 none at all
		for _, k := range []event.Kind{event.InsnExec, event.AfterInsnExec, event.BeforeBlockExec, event.VirtMemBeforeRead, event.VirtMemAfterRead, event.VirtMemBeforeWrite, event.VirtMemAfterWrite} {
			f := func() *event.Filter {
				g := &event.Filter{Every: every}
				if every != 0 {
					g.Thread = []int64{0}
				}
				if k.Class() != "insn" && k.Class() != "block" {
					g.Addr = []event.Range{{Lo: dataAt, Hi: dataAt + 4}}
				}
				return g
			}
			var want []vcpu.Record
			m := newMachine(t, loop)
			m.Bus.Subscribe(&event.Owner{Name: "test"}, k, f(), k.Each(func(e *event.Env) {
				r := vcpu.Record{PC: e.PC, Icount: e.CPU.Icount()}
				if e.TB != nil {
					r.Size = int32(e.TB.Size)
				}
				if e.Mem != nil {
					r.Addr, r.Size = e.Mem.Addr, int32(e.Mem.Size)
					if len(e.Mem.Buf) > 0 {
						r.Value = uint64(e.Mem.Buf[0])
					}
				}
				want = append(want, r)
			}))
			m.Engine.Run(m.CPU, 1000)

			var got []vcpu.Record
			m = newMachine(t, loop)
			b := m.Bus.Collect(&event.Owner{Name: "test"}, k, f(), vcpu.AllFields, 4, func(rs []vcpu.Record) {
				if len(rs) > 4 {
					t.Errorf("%d records", len(rs))
				}
				got = append(got, rs...)
			})
			m.Engine.Run(m.CPU, 1000)
			b.Flush()
			if k == event.VirtMemBeforeRead { // no value yet
				for i := range want {
					want[i].Value = 0
				}
			}
			if len(got) == 0 || !slices.Equal(got, want) {
				t.Errorf("%v:\ngot  %v\nwant %v", k, got, want)
			}
		}
	}
}

// TestRemovedBatch hands over the rest and gets no more.
func TestRemovedBatch(t *testing.T) {
	m := newMachine(t, loop)
	n := 0
	b := m.Bus.Collect(&event.Owner{Name: "test"}, event.InsnExec, nil, vcpu.FieldPC, 1000, func(rs []vcpu.Record) { n += len(rs) })
	m.Engine.Run(m.CPU, 7)
	b.Sub.Remove()
	m.Engine.Run(m.CPU, 1000)
	b.Flush()
	if n != 7 {
		t.Errorf("%d records", n)
	}
}

// TestNested runs guest code from within a callback in the middle of a block.
func TestNested(t *testing.T) {
	m := newMachine(t, loop)
	//	20100  lea rax, [rcx+rcx]; mov [rbx+8], rax; syscall
	m.Map(t, 0x30000, 0x1000, guest.Read|guest.Exec)
	m.Write(t, 0x30000, []byte{0x48, 0x8d, 0x04, 0x09, 0x48, 0x89, 0x43, 0x08, 0x0f, 0x05})
	var doubled []uint64
	ring := 0
	m.Bus.Collect(&event.Owner{Name: "test"}, event.VirtMemAfterWrite, nil, vcpu.AllFields, 1, func([]vcpu.Record) { ring++ })
	subscribe(t, m, event.InsnExec, event.PCFunc(func(c *vcpu.CPU, pc guest.Addr) {
		w, icount := c.W[:regs.TempBase], c.Icount()
		before := slices.Clone(w)
		m.Engine.Nested(nil, func() {
			c.SetPC(0x30000)
			if s := m.Engine.Run(c, 100); s != vcpu.StopSyscall {
				t.Errorf("stop %v", s)
			}
			doubled = append(doubled, c.W[regs.RAX])
		})
		if !slices.Equal(before, w) || c.Icount() != icount || c.PC() != pc {
			t.Error("the state has changed")
		}
	}), event.At(0x1000d))
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall || m.CPU.Icount() != loopInsns || m.CPU.PC() != 0x10014 {
		t.Errorf("stop %v pc %#x icount %d", s, m.CPU.PC(), m.CPU.Icount())
	}
	if !slices.Equal(doubled, []uint64{10, 8, 6, 4, 2}) || ring != 10 {
		t.Errorf("%v, %d stores", doubled, ring)
	}
}

// TestSelfModifyingOnce: the instruction that stores into translated code fires
// its callbacks once.
func TestSelfModifyingOnce(t *testing.T) {
	code := []byte{0xc6, 0x05, 2, 0, 0, 0, 0xc0, 0x90, 0xff, 0xc1, 0x0f, 0x05}
	m := newMachine(t, code)
	counts := map[event.Kind]int{}
	for _, k := range []event.Kind{event.InsnExec, event.AfterInsnExec, event.BeforeBlockExec, event.VirtMemBeforeWrite, event.VirtMemAfterWrite} {
		f := &event.Filter{PC: []event.Range{{Lo: codeAt, Hi: codeAt + 1}}}
		m.Bus.Subscribe(&event.Owner{Name: "test"}, k, f, k.Each(func(*event.Env) { counts[k]++ }))
	}
	m.Engine.Run(m.CPU, 100)
	for k, n := range counts {
		want := 1
		if k == event.VirtMemBeforeWrite {
			want = 2 // the access is begun again, with the callback's choice of the value
		}
		if n != want {
			t.Errorf("%v: %d times", k, n)
		}
	}
	if len(counts) != 5 || m.Engine.Stats.SMC == 0 {
		t.Errorf("%v, %d stores into code", counts, m.Engine.Stats.SMC)
	}
}

// TestChaining: without chaining every block passes the run loop.
func TestChaining(t *testing.T) {
	turns := func(chaining bool) uint64 {
		m := newMachine(t, loop)
		m.Engine.SetChaining(chaining)
		for range 2 {
			m.CPU.SetPC(codeAt)
			m.Engine.Run(m.CPU, 1000)
		}
		return m.Engine.Stats.Turns
	}
	if on, off := turns(true), turns(false); off < 12 || on >= off {
		t.Errorf("%d turns chained, %d not", on, off)
	}
}

// TestCallbackStack: callbacks that machine code calls may move the stack, collect
// garbage, panic deep down, and run guest code from there.
func TestCallbackStack(t *testing.T) {
	m := newMachine(t, loop)
	m.Map(t, 0x30000, 0x1000, guest.Read|guest.Exec)
	m.Write(t, 0x30000, []byte{0x48, 0xff, 0xc0, 0x0f, 0x05}) // inc rax; syscall
	var deep func(n int, room [64]int) int
	deep = func(n int, room [64]int) int {
		if n == 0 {
			runtime.GC()
			m.Engine.Nested(nil, func() {
				m.CPU.SetPC(0x30000)
				m.Engine.Run(m.CPU, 10)
			})
			return room[3]
		}
		room[n%64]++
		return deep(n-1, room) + room[n%64]
	}
	hits, failed := 0, 0
	m.Bus.Report = func(*event.Sub, error) { failed++ }
	subscribe(t, m, event.InsnExec, event.PCFunc(func(c *vcpu.CPU, pc guest.Addr) {
		if pc >= 0x30000 {
			return
		}
		hits++
		icount := c.Icount()
		if deep(1000*hits, [64]int{}) < 0 || c.PC() != pc || c.Icount() != icount {
			t.Errorf("pc %#x, icount %d", c.PC(), c.Icount())
		}
	}))
	subscribe(t, m, event.BeforeBlockExec, event.BlockFunc(func(c *vcpu.CPU, tb *vcpu.TB) {
		if tb.PC >= 0x30000 {
			return
		}
		if deep(5000, [64]int{}); tb.PC == 0x1000a {
			panic("oops")
		}
	}))
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall || m.CPU.Icount() != loopInsns || hits != loopInsns || failed != 1 {
		t.Errorf("stop %v, icount %d, %d hits, %d failed", s, m.CPU.Icount(), hits, failed)
	}
}

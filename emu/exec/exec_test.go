package exec_test

import (
	"bytes"
	"slices"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/emutest"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

const (
	codeAt = guest.Addr(0x10000)
	dataAt = guest.Addr(0x20000)
)

// loop counts rcx down from 5 and adds it to memory each time, then does a
// system call:
//
//	10000  mov ecx, 5
//	10005  mov ebx, 0x20000
//	1000a  add [rbx], rcx
//	1000d  dec rcx
//	10010  jnz 1000a
//	10012  syscall
//	10014  ud2
var loop = []byte{
	0xb9, 5, 0, 0, 0,
	0xbb, 0, 0, 2, 0,
	0x48, 0x01, 0x0b,
	0x48, 0xff, 0xc9,
	0x75, 0xf8,
	0x0f, 0x05,
	0x0f, 0x0b,
}

// loopInsns is how many instructions the loop runs up to the system call.
const loopInsns = 2 + 5*3 + 1

func newMachine(t *testing.T, code []byte) *emutest.Bare {
	m := emutest.NewBare(t, 64, "max")
	m.Map(t, codeAt, 0x1000, guest.Read|guest.Write|guest.Exec)
	m.Map(t, dataAt, 0x1000, guest.Read|guest.Write)
	m.Write(t, codeAt, code)
	m.CPU.SetPC(codeAt)
	return m
}

func subscribe(t *testing.T, m *emutest.Bare, k event.Kind, fn any, opts ...event.Option) *event.Sub {
	t.Helper()
	f, err := event.NewFilter(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Bus.Subscribe(&event.Owner{Name: "test"}, k, f, fn)
}

func TestRunToSyscall(t *testing.T) {
	m := newMachine(t, loop)
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall {
		t.Fatalf("stop %v, exception %v", s, &m.CPU.Exc)
	}
	if m.CPU.PC() != codeAt+0x14 || m.CPU.Icount() != loopInsns {
		t.Errorf("pc %#x icount %d", m.CPU.PC(), m.CPU.Icount())
	}
	var b [8]byte
	if err := m.CPU.Read(dataAt, b[:]); err != nil || b[0] != 15 {
		t.Errorf("memory %x, %v", b, err)
	}
}

// TestBudget stops after every possible number of instructions and compares
// with running on from there.
func TestBudget(t *testing.T) {
	for n := int64(1); n < loopInsns; n++ {
		m := newMachine(t, loop)
		if s := m.Engine.Run(m.CPU, n); s != vcpu.StopBudget || m.CPU.Icount() != uint64(n) {
			t.Fatalf("after %d: stop %v icount %d", n, s, m.CPU.Icount())
		}
		if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall || m.CPU.Icount() != loopInsns {
			t.Errorf("from %d on: stop %v icount %d", n, s, m.CPU.Icount())
		}
	}
}

func TestInsnExecFilter(t *testing.T) {
	m := newMachine(t, loop)
	type hit struct {
		pc     guest.Addr
		icount uint64
		rcx    uint64
	}
	var hits []hit
	record := event.PCFunc(func(c *vcpu.CPU, pc guest.Addr) {
		if c.PC() != pc {
			t.Errorf("cpu.pc %#x in the callback for %#x", c.PC(), pc)
		}
		hits = append(hits, hit{pc, c.Icount(), c.W[regs.RCX]})
	})
	subscribe(t, m, event.InsnExec, record, event.Bytes("48 ff c9 | 0f 05"))
	m.Engine.Run(m.CPU, 1000)
	want := []hit{{0x1000d, 3, 5}, {0x1000d, 6, 4}, {0x1000d, 9, 3}, {0x1000d, 12, 2}, {0x1000d, 15, 1}, {0x10012, 17, 0}}
	if !slices.Equal(hits, want) {
		t.Errorf("got %v\nwant %v", hits, want)
	}
}

// TestInsnExecEvery compares the state in each callback with the interpreter
// stepping one instruction at a time.
func TestInsnExecEvery(t *testing.T) {
	type state struct {
		pc, flags, rcx uint64
		icount         uint64
	}
	look := func(c *vcpu.CPU) state {
		return state{uint64(c.PC()), regs.RFlags(&c.W), c.W[regs.RCX], c.Icount()}
	}
	var want, before, after []state
	step := newMachine(t, loop)
	for stop := vcpu.StopBudget; stop == vcpu.StopBudget; {
		want = append(want, look(step.CPU))
		stop = step.Engine.Run(step.CPU, 1)
	}
	m := newMachine(t, loop)
	subscribe(t, m, event.InsnExec, event.PCFunc(func(c *vcpu.CPU, _ guest.Addr) { before = append(before, look(c)) }))
	subscribe(t, m, event.AfterInsnExec, event.PCFunc(func(c *vcpu.CPU, _ guest.Addr) { after = append(after, look(c)) }))
	m.Engine.Run(m.CPU, 1000)
	if !slices.Equal(before, want) {
		t.Errorf("before: got %x\nwant %x", before, want)
	}
	want = append(want[1:], look(step.CPU))
	if !slices.Equal(after, want) {
		t.Errorf("after: got %x\nwant %x", after, want)
	}
}

func TestCounterAndBlocks(t *testing.T) {
	m := newMachine(t, loop)
	var insns, writes uint64
	owner := &event.Owner{Name: "test"}
	m.Bus.Count(owner, event.InsnExec, nil, &insns)
	m.Bus.Count(owner, event.VirtMemAfterWrite, nil, &writes)
	var blocks, ends []guest.Addr
	subscribe(t, m, event.BeforeBlockExec, event.BlockFunc(func(_ *vcpu.CPU, tb *vcpu.TB) { blocks = append(blocks, tb.PC) }))
	subscribe(t, m, event.AfterBlockExec, event.AfterBlockFunc(func(_ *vcpu.CPU, tb, _ *vcpu.TB) { ends = append(ends, tb.PC) }))
	m.Engine.Run(m.CPU, 1000)
	if insns != loopInsns || writes != 5 {
		t.Errorf("%d instructions, %d writes", insns, writes)
	}
	want := []guest.Addr{0x10000, 0x1000a, 0x1000a, 0x1000a, 0x1000a, 0x10012}
	if !slices.Equal(blocks, want) || !slices.Equal(ends, want) {
		t.Errorf("blocks %x\nends   %x\nwant   %x", blocks, ends, want)
	}
}

// TestBlocksLeftHalfway: a block that a site leaves for a moment, for a change of
// subscriptions or for a stop, has one end.
func TestBlocksLeftHalfway(t *testing.T) {
	for name, act := range map[string]func(m *emutest.Bare, pc guest.Addr){
		"subscribe": func(m *emutest.Bare, pc guest.Addr) {
			subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) {}), event.At(pc+1))
		},
		"stop": func(m *emutest.Bare, _ guest.Addr) { m.CPU.Stop() },
	} {
		m := newMachine(t, loop)
		open, blocks, acts := 0, 0, 0
		subscribe(t, m, event.BeforeBlockExec, event.BlockFunc(func(*vcpu.CPU, *vcpu.TB) { open++; blocks++ }))
		subscribe(t, m, event.AfterBlockExec, event.AfterBlockFunc(func(*vcpu.CPU, *vcpu.TB, *vcpu.TB) {
			if open--; open != 0 {
				t.Fatalf("%s: block %d has ended twice", name, blocks)
			}
		}))
		subscribe(t, m, event.InsnExec, event.PCFunc(func(_ *vcpu.CPU, pc guest.Addr) { acts++; act(m, pc) }))
		for m.Engine.Run(m.CPU, 1000) == vcpu.StopRequest {
		}
		if blocks != 6 || acts != loopInsns {
			t.Errorf("%s: %d blocks, %d times", name, blocks, acts)
		}
	}
}

func TestMemoryCallbacks(t *testing.T) {
	m := newMachine(t, loop)
	var reads, writes []byte
	subscribe(t, m, event.VirtMemAfterRead, event.MemFunc(func(_ *vcpu.CPU, a *vcpu.MemAccess) {
		if a.Addr != dataAt || a.Size != 8 || a.PC != 0x1000a {
			t.Errorf("read %+v", a)
		}
		reads = append(reads, a.Buf[0])
	}))
	subscribe(t, m, event.VirtMemBeforeWrite, event.MemFunc(func(_ *vcpu.CPU, a *vcpu.MemAccess) {
		writes = append(writes, a.Buf[0])
		a.Buf[0]++ // the guest stores one more
	}), event.Addresses(dataAt, dataAt+8))
	m.Engine.Run(m.CPU, 1000)
	if !bytes.Equal(reads, []byte{0, 6, 11, 15, 18}) || !bytes.Equal(writes, []byte{5, 10, 14, 17, 19}) {
		t.Errorf("reads %d writes %d", reads, writes)
	}
}

// TestCallbackChangesState moves the guest elsewhere and changes a register.
func TestCallbackChangesState(t *testing.T) {
	m := newMachine(t, loop)
	subscribe(t, m, event.InsnExec, event.PCFunc(func(c *vcpu.CPU, _ guest.Addr) {
		c.SetReg("rcx", 77)
		c.SetPC(0x10012)
	}), event.At(0x1000a))
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall || m.CPU.Icount() != 3 {
		t.Errorf("stop %v icount %d", s, m.CPU.Icount())
	}
	if v, _ := m.CPU.Reg("r11"); v != regs.RFlags(&m.CPU.W) {
		t.Errorf("r11 %#x", v)
	}
}

// TestStopAndGoOn stops at an instruction; going on does not fire it again.
func TestStopAndGoOn(t *testing.T) {
	m := newMachine(t, loop)
	hits := 0
	subscribe(t, m, event.InsnExec, event.PCFunc(func(c *vcpu.CPU, _ guest.Addr) {
		hits++
		c.Stop()
	}), event.At(0x1000d))
	for n := range 5 {
		if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopRequest || m.CPU.PC() != 0x1000d {
			t.Fatalf("round %d: stop %v at %#x", n, s, m.CPU.PC())
		}
	}
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall || hits != 5 || m.CPU.Icount() != loopInsns {
		t.Errorf("stop %v, %d hits, icount %d", s, hits, m.CPU.Icount())
	}
}

// TestSubscribeWhileRunning subscribes within a callback: the new subscription
// fires from the next instruction on.
func TestSubscribeWhileRunning(t *testing.T) {
	m := newMachine(t, loop)
	var late []uint64
	var sub *event.Sub
	sub = subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) {
		sub.Remove()
		subscribe(t, m, event.InsnExec, event.PCFunc(func(c *vcpu.CPU, _ guest.Addr) { late = append(late, c.W[regs.RCX]) }), event.At(0x1000d))
	}), event.At(0x1000a))
	m.Engine.Run(m.CPU, 1000)
	if !slices.Equal(late, []uint64{5, 4, 3, 2, 1}) {
		t.Errorf("late %v", late)
	}
}

func TestPanickingCallback(t *testing.T) {
	m := newMachine(t, loop)
	var failed []*event.Sub
	m.Bus.Report = func(s *event.Sub, _ error) { failed = append(failed, s) }
	sub := subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) { panic("oops") }), event.Mnemonic("dec"))
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall || len(failed) != 1 || sub.Hits != 1 {
		t.Errorf("stop %v, %d failures, %d hits", s, len(failed), sub.Hits)
	}
}

// TestFaultState faults in the middle of a block and compares the state.
func TestFaultState(t *testing.T) {
	//	cmp ecx, 7; mov eax, 1; mov rdx, [rbx]; mov eax, 2
	m := newMachine(t, []byte{0x83, 0xf9, 7, 0xb8, 1, 0, 0, 0, 0x48, 0x8b, 0x13, 0xb8, 2, 0, 0, 0})
	m.CPU.W[regs.RCX], m.CPU.W[regs.RBX] = 7, 0x123456
	if s := m.Engine.Run(m.CPU, 100); s != vcpu.StopException {
		t.Fatalf("stop %v", s)
	}
	c := m.CPU
	if c.PC() != codeAt+8 || c.Icount() != 2 || c.W[regs.RAX] != 1 || regs.RFlags(&c.W)&regs.ZF == 0 {
		t.Errorf("pc %#x icount %d rax %d flags %#x", c.PC(), c.Icount(), c.W[regs.RAX], regs.RFlags(&c.W))
	}
	if c.Exc.Vector != 14 || c.Exc.Addr != 0x123456 || c.Exc.Code != 4 {
		t.Errorf("%v", &c.Exc)
	}
}

// TestOutsideWindow loads and stores above the window in blocks that have run
// before, so that they are machine code where there is any: the page fault says
// what the access was.
func TestOutsideWindow(t *testing.T) {
	for _, x := range []struct {
		insn []byte // before a syscall
		code uint32
	}{{[]byte{0x48, 0x8b, 0x14, 0x0b}, 4}, {[]byte{0x48, 0x89, 0x14, 0x0b}, 6}} { // mov rdx, [rbx+rcx]; mov [rbx+rcx], rdx
		m := newMachine(t, append(x.insn, 0x0f, 0x05))
		for range 8 {
			m.CPU.SetPC(codeAt)
			m.CPU.W[regs.RBX], m.CPU.W[regs.RCX] = uint64(dataAt), 0
			if s := m.Engine.Run(m.CPU, 100); s != vcpu.StopSyscall {
				t.Fatalf("% x: stop %v %v", x.insn, s, &m.CPU.Exc)
			}
		}
		m.CPU.SetPC(codeAt)
		m.CPU.W[regs.RBX], m.CPU.W[regs.RCX] = 1<<47-0x1000, 0
		s := m.Engine.Run(m.CPU, 100)
		if e := &m.CPU.Exc; s != vcpu.StopException || e.Vector != 14 || e.Addr != 1<<47-0x1000 || e.Code != x.code || m.CPU.PC() != codeAt {
			t.Errorf("% x: stop %v at %#x: %v", x.insn, s, uint64(m.CPU.PC()), e)
		}
	}
}

// TestRefusedFamily: machine code that cannot do the x87 as the guest has set it, here with
// exceptions that are not masked, gives way to the helpers after a few tries.
func TestRefusedFamily(t *testing.T) {
	const rounds = 200
	m := newMachine(t, []byte{0xd9, 0xe8, 0xd8, 0xc0, 0xdd, 0xd8, 0x0f, 0x05}) // fld1; fadd st0, st0; fstp st0; syscall
	m.CPU.W[regs.FCW] = 0x340
	for range rounds {
		m.CPU.SetPC(codeAt)
		if s := m.Engine.Run(m.CPU, 100); s != vcpu.StopSyscall {
			t.Fatalf("stop %v, %v", s, &m.CPU.Exc)
		}
	}
	if n := m.Engine.Stats.Blocks; n > rounds/4 {
		t.Errorf("%d blocks for %d rounds", n, rounds)
	}
}

// TestManyChanges: with many changes of subscriptions at once all translations go,
// and none is looked for by each.
func TestManyChanges(t *testing.T) {
	m := newMachine(t, loop)
	m.Engine.Run(m.CPU, 5)
	before, hits := m.Engine.Stats, 0
	for i := range guest.Addr(5000) {
		subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) { hits++ }), event.At(codeAt+0xd+i))
	}
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall {
		t.Fatalf("stop %v, exception %v", s, &m.CPU.Exc)
	}
	if n := m.Engine.Stats.Partial - before.Partial; n > 2000 || m.Engine.Stats.Flushes == before.Flushes {
		t.Errorf("%d changes looked for one by one, %d flushes", n, m.Engine.Stats.Flushes-before.Flushes)
	}
	if hits == 0 || hits > 5*3 {
		t.Errorf("%d hits", hits)
	}
}

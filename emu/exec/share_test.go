package exec_test

import (
	"testing"

	"panda/emu/emutest"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// family runs the same code in a machine's address space and in clones of it.
type family struct {
	*emutest.Bare
	t    *testing.T
	asid guest.ASID
}

// child makes a clone.
func (f *family) child() *mmu.Space {
	f.t.Helper()
	f.asid++
	s, err := f.Space.(*mmu.Space).Clone(f.asid)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { s.Close() })
	return s
}

// run runs the code from its start in an address space, up to its system call,
// with data cleared, and reports what it has added up and how many instructions
// it took.
func (f *family) run(s *mmu.Space) (sum, insns uint64) {
	f.t.Helper()
	c := f.CPU
	c.SetSpace(s)
	c.SetPC(codeAt)
	if err := c.Write(dataAt, make([]byte, 8)); err != nil {
		f.t.Fatal(err)
	}
	before := c.Icount()
	if stop := f.Engine.Run(c, 1<<40); stop != vcpu.StopSyscall {
		f.t.Fatalf("stop %v, exception %v", stop, &c.Exc)
	}
	var b [8]byte
	if err := c.Read(dataAt, b[:]); err != nil {
		f.t.Fatal(err)
	}
	for n, x := range b {
		sum |= uint64(x) << (8 * n)
	}
	return sum, c.Icount() - before
}

// want runs the code and compares.
func (f *family) want(what string, s *mmu.Space, sum, insns uint64) {
	f.t.Helper()
	if a, n := f.run(s); a != sum || n != insns {
		f.t.Errorf("%s: sum %d after %d instructions, want %d after %d", what, a, n, sum, insns)
	}
}

// counts compares how many blocks were made in which way since the last time.
func (f *family) counts(what string, blocks, copied, reused uint64) {
	f.t.Helper()
	s := &f.Engine.Stats
	if s.Blocks != blocks || s.Copied != copied || s.Reused != reused {
		f.t.Errorf("%s: %d blocks translated, %d copied, %d reused, want %d, %d, %d", what, s.Blocks, s.Copied, s.Reused, blocks, copied, reused)
	}
	s.Blocks, s.Copied, s.Reused = 0, 0, 0
}

// TestShare: address spaces use each other's translations where the code is the
// same, and nowhere else.
func TestShare(t *testing.T) {
	f := &family{Bare: newMachine(t, loop), t: t}
	f.want("first", f.Space.(*mmu.Space), 15, loopInsns)
	f.counts("first", 3, 0, 0) // up to jnz, the loop by itself, the system call
	a, b := f.child(), f.child()
	f.want("child", a, 15, loopInsns)
	f.counts("child", 0, 3, 0)

	// One of them changes its code: the others do not see it.
	f.poke(b, codeAt+1, 7)
	f.want("changed", b, 28, loopInsns+6)
	f.counts("changed", 1, 2, 0)
	f.want("child again", a, 15, loopInsns)
	f.want("first again", f.Space.(*mmu.Space), 15, loopInsns)
	f.counts("known", 0, 0, 0)
	f.poke(a, codeAt+1, 7)
	f.want("changed alike", a, 28, loopInsns+6)
	f.counts("changed alike", 0, 3, 0) // the page's blocks are dropped

	// What is left behind serves the next one.
	f.Engine.Drop(a, false)
	f.want("next", f.child(), 15, loopInsns)
	f.counts("next", 0, 1, 2)
}

// poke writes a byte of code.
func (f *family) poke(s *mmu.Space, at guest.Addr, b byte) {
	f.t.Helper()
	if err := s.Write(at, []byte{b}); err != nil {
		f.t.Fatal(err)
	}
}

// TestShareSuccessor: a space that goes before the next one comes leaves its blocks to it.
func TestShareSuccessor(t *testing.T) {
	for _, successor := range []bool{false, true} {
		f := &family{Bare: newMachine(t, loop), t: t}
		own := f.Space.(*mmu.Space)
		f.want("first", own, 15, loopInsns)
		f.counts("first", 3, 0, 0)
		next := f.child()
		f.Engine.Drop(own, successor)
		f.want("next", next, 15, loopInsns)
		if successor {
			f.counts("next", 0, 0, 3)
		} else {
			f.counts("next", 3, 0, 0)
		}
	}
}

// TestShareWatched: blocks that somebody watches are translated again, the others not.
func TestShareWatched(t *testing.T) {
	f := &family{Bare: newMachine(t, loop), t: t}
	f.want("first", f.Space.(*mmu.Space), 15, loopInsns)
	hits := 0
	s := subscribe(t, f.Bare, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) { hits++ }), event.At(codeAt+0x12))
	f.want("watched", f.child(), 15, loopInsns)
	if f.Engine.Stats.Copied != 2 || hits != 1 {
		t.Errorf("%d copied, %d hits", f.Engine.Stats.Copied, hits)
	}
	s.Remove()
	f.want("not watched", f.child(), 15, loopInsns)
	if hits != 1 {
		t.Errorf("%d hits", hits)
	}
}

// TestShareHot: blocks that have become longer are shared as they are.
func TestShareHot(t *testing.T) {
	const turns = 1 << 20
	code := []byte{
		0xb9, 0, 0, 0x10, 0, // mov ecx, turns
		0xbb, 0, 0, 2, 0, // mov ebx, data
		0x48, 0x01, 0x0b, // add [rbx], rcx
		0x85, 0xc9, 0x78, 0x06, // test ecx, ecx; js out: never
		0x48, 0xff, 0xc9, // dec rcx
		0x75, 0xf4, 0x90, // jnz; nop
		0x0f, 0x05, // out: syscall
	}
	f := &family{Bare: newMachine(t, code), t: t}
	sum, insns := f.run(f.Space.(*mmu.Space))
	if sum != turns*(turns+1)/2 || insns != 2+5*turns+2 {
		t.Fatalf("sum %d after %d instructions", sum, insns)
	}
	long := f.Engine.Stats.Hot
	f.Engine.Stats.Copied = 0
	f.want("child", f.child(), sum, insns)
	if f.Engine.Stats.Copied == 0 || f.Engine.Stats.Hot != long {
		t.Errorf("%d copied, %d and then %d hot", f.Engine.Stats.Copied, long, f.Engine.Stats.Hot)
	}
	if long == 0 {
		t.Log("this engine makes no block longer")
	}
}

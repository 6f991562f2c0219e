package lua

import (
	"strings"
	"testing"
)

// keeping is a script whose callbacks keep so little each that no call of them
// takes long or much.
const keeping = `t = {}
	panda.on("insn_exec", function() for i = 1, 20 do t[#t + 1] = ("x"):rep(5000) .. #t end end)
	panda.on("insn_exec", function() n = (n or 0) + 1 end)`

// TestMemoryOfManyCalls: the bound holds over all calls of a script, however short
// they are.
func TestMemoryOfManyCalls(t *testing.T) {
	f := newFake(t).options(Options{Memory: 8 << 20})
	f.must(keeping)
	for range 2000 { // 200 MB
		f.insn(0x401000, 0x90)
	}
	if len(f.log) != 2 { // both callbacks were ended
		t.Fatalf("%d callbacks were ended instead of 2: %.300q", len(f.log), f.log)
	}
	for _, l := range f.log {
		if !strings.Contains(l, "the script took more than its 8 MiB of memory (in insn_exec at pc 0x401000") {
			t.Errorf("%.300s", l)
		}
	}
}

// TestGarbageOfManyCalls: what a script lets go of does not count.
func TestGarbageOfManyCalls(t *testing.T) {
	f := newFake(t).options(Options{Memory: 8 << 20})
	f.must(`panda.on("insn_exec", function() local s = ("x"):rep(100000) .. "y" end)`)
	for range 2000 {
		f.insn(0x401000, 0x90)
	}
	if len(f.log) != 0 {
		t.Errorf("%.300q", f.log)
	}
}

// TestMemoryLetGo: where calls are ended as they begin, they are not for ever, and
// a user at the prompt can let go of what is kept.
func TestMemoryLetGo(t *testing.T) {
	s := NewState(Options{Memory: 8 << 20})
	fn := evalIn(t, s, `t = {} return function() t[#t + 1] = ("x"):rep(100000) .. #t end`)[0]
	calls := func(n int) (failed int) {
		for range n {
			if _, err := s.runOn(s.enter(), fn, nil); err != nil {
				failed++
			}
		}
		return failed
	}
	if n := calls(2 * callsPerLook); n < callsPerLook/2 {
		t.Fatalf("%d calls beyond the bound failed", n)
	}
	if _, err := s.Eval("t = {}"); err != nil {
		t.Fatal(err)
	}
	if n := calls(20); n != 0 {
		t.Errorf("%d calls failed after the memory was let go of", n)
	}
}

// TestMemoryOfAnother: what a script keeps that was ended is not charged to another
// that began before and is called after.
func TestMemoryOfAnother(t *testing.T) {
	f := newFake(t).options(Options{Memory: 8 << 20})
	if _, err := f.load("good", `panda.on("insn_exec", { pc = 0x402000 }, function() m = (m or 0) + 1 end)`); err != nil {
		t.Fatal(err)
	}
	if _, err := f.load("bad", strings.ReplaceAll(keeping, `"insn_exec",`, `"insn_exec", { pc = 0x401000 },`)); err != nil {
		t.Fatal(err)
	}
	f.insn(0x402000, 0x90)
	for range 2000 {
		f.insn(0x401000, 0x90)
	}
	for range 4 * callsPerLook {
		f.insn(0x402000, 0x90)
	}
	for _, l := range f.log {
		if !strings.HasPrefix(l, "bad: ") {
			t.Errorf("%.200s", l)
		}
	}
	if len(f.log) == 0 {
		t.Error("no script was ended")
	}
}

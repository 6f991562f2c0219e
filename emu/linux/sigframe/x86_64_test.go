package sigframe

import (
	"math/rand/v2"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
)

func newStack(t *testing.T) *mmu.Space {
	t.Helper()
	s := mmu.NewSpace(0)
	t.Cleanup(func() { s.Close() })
	if err := s.Map(0x10000, 0x10000, guest.Read|guest.Write, mmu.Anonymous("")); err != nil {
		t.Fatal(err)
	}
	return s
}

func randomWords(rng *rand.Rand, avx bool) *regs.Words {
	w := new(regs.Words)
	for i := range regs.TempBase {
		w[i] = rng.Uint64()
	}
	regs.SetRFlags(w, rng.Uint64()&(restorable&^(regs.RF|regs.TF))|regs.FlagsFixed|regs.IF)
	w[regs.XCR0] = 3
	if avx {
		w[regs.XCR0] = 7
	}
	regs.SetUserSegments(w, 64)
	w[regs.RSP] = 0x18008
	w[regs.FTop], w[regs.FTag], w[regs.MXCSR] = w[regs.FTop]&7, w[regs.FTag]&0xff, w[regs.MXCSR]&0xffff
	w[regs.FSW], w[regs.FCW], w[regs.FOP] = w[regs.FSW]&0xc7ff, w[regs.FCW]&0x1f3f|0x40, w[regs.FOP]&0x7ff
	regs.SumFStatus(w)
	for i := range 8 {
		w[int(regs.ST)+2*i+1] &= 0xffff
	}
	return w
}

func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		s, avx := newStack(t), i%2 == 0
		w := randomWords(rng, avx)
		before := *w
		f := &Frame{
			Info: abi.Siginfo{Signo: 10, Code: abi.SI_USER, PID: 7}, Act: abi.Sigaction{Handler: 0x4000, Restorer: 0x5000},
			Mask: 0x1234, Stack: abi.Stack{SP: 0x99, Size: 0x1000}, SP: guest.Addr(w[regs.RSP]),
		}
		if !PushX86_64(w, s, f) {
			t.Fatal("push failed")
		}
		if w[regs.RSP]%16 != 8 || w[regs.RDI] != 10 || w[regs.RIP] != 0x4000 {
			t.Fatalf("rsp %#x rdi %d rip %#x", w[regs.RSP], w[regs.RDI], w[regs.RIP])
		}
		// The handler clobbers what it likes and returns.
		for r := range 16 {
			if r != int(regs.RSP) {
				w[r] = 0
			}
		}
		InitState(w)
		w[regs.RSP] += 8
		saved, ok := PopX86_64(w, s, reloadInto(w))
		if !ok || saved.Mask != f.Mask || saved.Stack != f.Stack {
			t.Fatalf("%v %+v", ok, saved)
		}
		compare(t, &before, w, avx)
	}
}

// reloadInto takes the selectors that every program has.
func reloadInto(w *regs.Words) Reload {
	return func(seg ir.Ref, sel uint16) uint8 {
		d, ok := regs.FlatDescriptor(sel)
		if !ok || !d.Loadable(seg, sel) {
			return vecGeneral
		}
		regs.LoadSegment(w[:], seg, sel, d)
		return 0
	}
}

func compare(t *testing.T, before, w *regs.Words, avx bool) {
	t.Helper()
	if regs.RFlags(before) != regs.RFlags(w) {
		t.Errorf("flags %#x, were %#x", regs.RFlags(w), regs.RFlags(before))
	}
	for i := range regs.TempBase {
		upper := i >= regs.YMM && i%4 >= 2 && !avx
		if i >= regs.CCOp && i <= regs.EFL || upper {
			continue
		}
		if w[i] != before[i] {
			t.Errorf("word %d is %#x, was %#x", i, w[i], before[i])
		}
	}
}

func TestBadStack(t *testing.T) {
	s := newStack(t)
	w := randomWords(rand.New(rand.NewPCG(1, 2)), true)
	if PushX86_64(w, s, &Frame{SP: 0x10100}) || PushX86_64(w, s, &Frame{SP: 0x100}) {
		t.Error("pushed onto no stack")
	}
	w[regs.RSP] = 8
	if _, ok := PopX86_64(w, s, reloadInto(w)); ok {
		t.Error("popped from no stack")
	}
}

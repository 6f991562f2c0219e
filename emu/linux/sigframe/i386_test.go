package sigframe

import (
	"math/rand/v2"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// narrow32 cuts registers to what an i386 program has.
func narrow32(w *regs.Words) {
	for i := range 8 {
		w[i] = uint64(uint32(w[i]))
	}
	w[regs.RIP], w[regs.FIP], w[regs.FDP] = uint64(uint32(w[regs.RIP])), uint64(uint32(w[regs.FIP])), uint64(uint32(w[regs.FDP]))
	regs.SetUserSegments(w, 32)
	w[regs.RSP] = 0x18008
	for i := 8; i < 16; i++ {
		w[i] = 0
		clear(w[regs.XMM(uint8(i)) : regs.XMM(uint8(i))+4])
	}
}

func TestRoundTripI386(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 40 {
		s, rt, avx := newStack(t), i%2 == 0, i%4 < 2
		w := randomWords(rng, avx)
		narrow32(w)
		before := *w
		f := &Frame{
			Info: abi.Siginfo{Signo: 10, Code: abi.SI_USER, PID: 7}, Act: abi.Sigaction{Handler: 0x4000},
			Mask: 0x12345678_9abcdef0, Stack: abi.Stack{SP: 0x99, Size: 0x1000}, SP: guest.Addr(w[regs.RSP]), Sigreturn: 0x5000, RTSigreturn: 0x6000,
		}
		if rt {
			f.Act.Flags = abi.SA_SIGINFO
		}
		if !PushI386(w, s, f) {
			t.Fatal("push failed")
		}
		frame := make([]byte, 16)
		s.Read(guest.Addr(w[regs.RSP]), frame)
		back := map[bool]uint32{true: 0x6000, false: 0x5000}[rt]
		if (w[regs.RSP]+4)%16 != 0 || le.Uint32(frame) != back || le.Uint32(frame[4:]) != 10 || w[regs.RIP] != 0x4000 || w[regs.FCW] != 0x37f {
			t.Fatalf("esp %#x eip %#x fcw %#x frame %x", w[regs.RSP], w[regs.RIP], w[regs.FCW], frame)
		}
		clear(w[:4])
		w[regs.RSP] += 4 // the handler returns
		if !rt {
			w[regs.RSP] += 4 // and pops the signal number
		}
		saved, ok := PopI386(w, s, rt, reloadInto(w))
		if !ok || saved.Mask != f.Mask || rt && saved.Stack != f.Stack {
			t.Fatalf("%v %+v", ok, saved)
		}
		compare(t, &before, w, avx)
	}
}

// TestForeignSelectors: a frame with code where data belongs kills the program, one
// with a data segment that is gone loads null.
func TestForeignSelectors(t *testing.T) {
	for _, r := range []struct {
		at  int
		sel uint16
		ok  bool
	}{{c32CS, regs.UserData, false}, {c32SS, regs.UserCode32, false}, {4, 0x1234, true}, {12, 0, true}} {
		s := newStack(t)
		w := randomWords(rand.New(rand.NewPCG(5, 6)), false)
		narrow32(w)
		if !PushI386(w, s, &Frame{SP: guest.Addr(w[regs.RSP])}) {
			t.Fatal("push failed")
		}
		s.Write(guest.Addr(w[regs.RSP]+oldContextAt+uint64(r.at)), le.AppendUint16(nil, r.sel))
		w[regs.RSP] += 8
		saved, ok := PopI386(w, s, false, reloadInto(w))
		if ok = ok && saved.Raises == nil; ok != r.ok || ok && w[regs.Sel+regs.FS] != 0 {
			t.Errorf("selector %#x at %d: %v", r.sel, r.at, ok)
		}
	}
}

// TestDamagedWords: where the words about an image in the format of XSAVE are not the
// kernel's, what is after the FXSAVE image does not count; else its header must be
// one that the CPU takes.
func TestDamagedWords(t *testing.T) {
	for name, r := range map[string]struct { // each is a test of its own
		at, value int
		ok        bool
	}{
		"whole":        {swAt, magic1, false},
		"magic":        {swAt, magic1 + 1, true},
		"extended":     {swAt + 4, xsaveSize - 1, true},
		"no size":      {swAt + 16, 0, true},
		"small size":   {swAt + 16, headerAt + headerSize - 1, true},
		"large size":   {swAt + 16, xsaveSize + 1, true},
		"other size":   {swAt + 16, xsaveSize - 8, true}, // no magic there
		"second magic": {xsaveSize, 0, true},
	} {
		s, w := newStack(t), randomWords(rand.New(rand.NewPCG(7, 8)), true)
		narrow32(w)
		if !PushI386(w, s, &Frame{SP: guest.Addr(w[regs.RSP])}) {
			t.Fatal("push failed")
		}
		var at [4]byte
		s.Read(guest.Addr(w[regs.RSP]+oldContextAt+c32FPState), at[:])
		state := guest.Addr(le.Uint32(at[:])) + fsaveSize
		s.Write(state+headerAt+40, []byte{1}) // reserved
		s.Write(state+guest.Addr(r.at), le.AppendUint32(nil, uint32(r.value)))
		w[regs.RSP] += 8
		if _, ok := PopI386(w, s, false, reloadInto(w)); ok != r.ok {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

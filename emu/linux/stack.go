package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/load"
	"panda/emu/mmu"
)

// Auxiliary vector entries (linux/auxvec.h).
const (
	atNull, atPhdr, atPhent, atPhnum, atPagesz, atBase, atFlags, atEntry = 0, 3, 4, 5, 6, 7, 8, 9
	atUID, atEUID, atGID, atEGID, atPlatform, atHWCap, atClktck          = 11, 12, 13, 14, 15, 16, 17
	atSecure, atRandom, atHWCap2, atExecfn, atMinsigstksz                = 23, 25, 26, 31, 51
	atRseqFeatures, atRseqAlign, atSysinfo, atSysinfoEhdr                = 27, 28, 32, 33
)

// clockTicks is the unit of times(2) and the like, per second.
const clockTicks = 100

// clockTick is its length in nanoseconds.
const clockTick = 1_000_000_000 / clockTicks

// buildStack maps the stack and fills its top: strings, auxiliary vector,
// environment, arguments, their count (x86-64 ABI 3.4.1; others are alike).
func (t *Thread) buildStack(m *mm.MM, p *program, img *load.Image, base guest.Addr) (guest.Addr, error) {
	lay := m.Layout
	prot := guest.Read | guest.Write
	if p.head.ExecStack {
		prot |= guest.Exec
	}
	if err := m.Space.Map(lay.StackTop-guest.Addr(lay.StackSize), lay.StackSize, prot, mmu.Anonymous("[stack]")); err != nil {
		return 0, err
	}
	s := &stackBuilder{abi: t.k.abiOf(p.head.Arch), m: m, sp: lay.StackTop - 8, low: lay.StackTop - guest.Addr(min(lay.StackSize*3/4, 6<<20))}
	execfn := s.pushString(p.execfn)
	envs, envStart, envEnd := s.pushStrings(p.env)
	args, argStart, argEnd := s.pushStrings(p.args)
	m.ArgStart, m.ArgEnd, m.EnvStart, m.EnvEnd = argStart, argEnd, envStart, envEnd
	seed := make([]byte, 16)
	t.k.host.Getrandom(seed, 0)
	platform := s.pushString(s.abi.Platform)
	aux := t.auxv(s, p, img, auxPointers{base: base, platform: platform, random: s.push(seed), execfn: execfn})
	words := append([]uint64{uint64(len(args))}, append(args, 0)...)
	words = append(append(append(words, envs...), 0), aux...)
	sp := s.pushWords(words)
	if s.err != nil {
		return 0, s.err
	}
	m.Auxv = make([]byte, s.abi.word()*len(aux))
	return sp, m.Space.Read(sp+guest.Addr(s.abi.word()*(len(words)-len(aux))), m.Auxv)
}

// auxPointers are the addresses in the auxiliary vector that the program does not
// tell: of its interpreter, and of what lies on the stack.
type auxPointers struct{ base, platform, random, execfn guest.Addr }

// auxv is the auxiliary vector, in the kernel's order.
func (t *Thread) auxv(s *stackBuilder, p *program, img *load.Image, at auxPointers) []uint64 {
	uid, gid := t.p.creds.uid, t.p.creds.gid
	var v []uint64
	if vdso := s.m.Vdso; vdso != 0 {
		if s.abi.Auxv != nil {
			v = s.abi.Auxv(vdso)
		}
		v = append(v, atSysinfoEhdr, uint64(vdso))
	}
	const frameAlign = 16
	frame := (s.abi.Frames.Size(t.Words()) + frameAlign - 1) &^ (frameAlign - 1)
	return append(v, []uint64{
		atMinsigstksz, frame, atHWCap, t.k.guest.HWCap, atPagesz, mm.PageSize, atClktck, clockTicks,
		atPhdr, uint64(img.Phdr), atPhent, uint64(p.head.PhdrSize), atPhnum, uint64(p.head.PhdrCount),
		atBase, uint64(at.base), atFlags, 0, atEntry, uint64(img.Entry),
		atUID, uint64(uid[realID]), atEUID, uint64(uid[effectiveID]), atGID, uint64(gid[realID]), atEGID, uint64(gid[effectiveID]),
		atSecure, 0, atRandom, uint64(at.random), atHWCap2, t.k.guest.HWCap2, atExecfn, uint64(at.execfn), atPlatform, uint64(at.platform),
		atRseqFeatures, rseqFeatures, atRseqAlign, rseqSize, atNull, 0,
	}...)
}

// stackBuilder pushes data onto a new stack.
type stackBuilder struct {
	abi *ABI
	m   *mm.MM
	sp  guest.Addr
	low guest.Addr // how far arguments may reach
	err error
}

func (s *stackBuilder) push(b []byte) guest.Addr {
	if s.err != nil || s.sp-guest.Addr(len(b)) < s.low {
		s.err = abi.E2BIG
		return 0
	}
	s.sp -= guest.Addr(len(b))
	s.err = s.m.Space.Write(s.sp, b)
	return s.sp
}

func (s *stackBuilder) pushString(v string) guest.Addr { return s.push(append([]byte(v), 0)) }

// pushStrings pushes a list so that its strings lie in order, and returns their
// addresses and the range.
func (s *stackBuilder) pushStrings(list []string) (addrs []uint64, start, end guest.Addr) {
	end = s.sp
	addrs = make([]uint64, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		addrs[i] = uint64(s.pushString(list[i]))
	}
	return addrs, s.sp, end
}

// pushWords pushes longs so that the first lies on a 16-byte boundary.
func (s *stackBuilder) pushWords(words []uint64) guest.Addr {
	lay := s.abi.Layout
	b := make([]byte, lay.Word*len(words))
	for i, v := range words {
		lay.PutWord(b[lay.Word*i:], v)
	}
	s.sp = (s.sp-guest.Addr(len(b)))&^15 + guest.Addr(len(b))
	return s.push(b)
}

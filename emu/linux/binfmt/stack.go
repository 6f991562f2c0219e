package binfmt

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/linux/vdso"
	"panda/emu/load"
	"panda/emu/mmu"
)

// System is what programs of an ABI are given and told of what runs them.
type System struct {
	Layout        *abi.Layout
	Platform      string // AT_PLATFORM
	HWCap, HWCap2 uint64
	Frame         uint64      // size of the frame of a signal, at most
	Vdso          *vdso.Image // the kernel's object, nil for none
	// VdsoAuxv are the entries of the auxiliary vector that go before the others when
	// the object is there. It may be nil.
	VdsoAuxv                func(at guest.Addr) []uint64
	RseqFeatures, RseqAlign uint64
	UID, EUID, GID, EGID    uint32
	Random                  func(b []byte) // fills b
}

// buildStack maps the stack and fills its top: strings, auxiliary vector,
// environment, arguments, their count (x86-64 ABI 3.4.1; others are alike).
func (p *Program) buildStack(m *mm.MM, sys *System, img *load.Image, base guest.Addr) (guest.Addr, error) {
	lay := m.Layout
	prot := guest.Read | guest.Write
	if p.Head.ExecStack {
		prot |= guest.Exec
	}
	if err := m.Space.Map(lay.StackTop-guest.Addr(lay.StackSize), lay.StackSize, prot, mmu.Anonymous("[stack]")); err != nil {
		return 0, err
	}
	s := &stackBuilder{lay: sys.Layout, m: m, sp: lay.StackTop - 8, low: lay.StackTop - guest.Addr(min(lay.StackSize*3/4, 6<<20))}
	execfn := s.pushString(p.ExecFn)
	envs, envStart, envEnd := s.pushStrings(p.Env)
	args, argStart, argEnd := s.pushStrings(p.Args)
	m.ArgStart, m.ArgEnd, m.EnvStart, m.EnvEnd = argStart, argEnd, envStart, envEnd
	seed := make([]byte, 16)
	sys.Random(seed)
	platform := s.pushString(sys.Platform)
	aux := p.auxv(m.Vdso, sys, img, auxPointers{base: base, platform: platform, random: s.push(seed), execfn: execfn})
	words := append([]uint64{uint64(len(args))}, append(args, 0)...)
	words = append(append(append(words, envs...), 0), aux...)
	sp := s.pushWords(words)
	if s.err != nil {
		return 0, s.err
	}
	m.Auxv = make([]byte, sys.Layout.Word*len(aux))
	return sp, m.Space.Read(sp+guest.Addr(sys.Layout.Word*(len(words)-len(aux))), m.Auxv)
}

// auxPointers are the addresses in the auxiliary vector that the program does not
// tell: of its interpreter, and of what lies on the stack.
type auxPointers struct{ base, platform, random, execfn guest.Addr }

// auxv is the auxiliary vector, in the kernel's order.
func (p *Program) auxv(vdso guest.Addr, sys *System, img *load.Image, at auxPointers) []uint64 {
	var v []uint64
	if vdso != 0 {
		if sys.VdsoAuxv != nil {
			v = sys.VdsoAuxv(vdso)
		}
		v = append(v, abi.AT_SYSINFO_EHDR, uint64(vdso))
	}
	const frameAlign = 16
	return append(v, []uint64{
		abi.AT_MINSIGSTKSZ, (sys.Frame + frameAlign - 1) &^ (frameAlign - 1), abi.AT_HWCAP, sys.HWCap,
		abi.AT_PAGESZ, mm.PageSize, abi.AT_CLKTCK, abi.USER_HZ,
		abi.AT_PHDR, uint64(img.Phdr), abi.AT_PHENT, uint64(p.Head.PhdrSize), abi.AT_PHNUM, uint64(p.Head.PhdrCount),
		abi.AT_BASE, uint64(at.base), abi.AT_FLAGS, 0, abi.AT_ENTRY, uint64(img.Entry),
		abi.AT_UID, uint64(sys.UID), abi.AT_EUID, uint64(sys.EUID), abi.AT_GID, uint64(sys.GID), abi.AT_EGID, uint64(sys.EGID),
		abi.AT_SECURE, 0, abi.AT_RANDOM, uint64(at.random), abi.AT_HWCAP2, sys.HWCap2,
		abi.AT_EXECFN, uint64(at.execfn), abi.AT_PLATFORM, uint64(at.platform),
		abi.AT_RSEQ_FEATURE_SIZE, sys.RseqFeatures, abi.AT_RSEQ_ALIGN, sys.RseqAlign, abi.AT_NULL, 0,
	}...)
}

// stackBuilder pushes data onto a new stack.
type stackBuilder struct {
	lay *abi.Layout
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
	lay := s.lay
	b := make([]byte, lay.Word*len(words))
	for i, v := range words {
		lay.PutWord(b[lay.Word*i:], v)
	}
	s.sp = (s.sp-guest.Addr(len(b)))&^15 + guest.Addr(len(b))
	return s.push(b)
}

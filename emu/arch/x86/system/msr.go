package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/snap"
)

// msrs are the model-specific registers that are the CPU's own and no words.
type msrs struct {
	star, lstar, cstar, fmask, kernelGS uint64
	sysenter                            [3]uint64 // CS, ESP, EIP
	pat, misc, adjust, microcode, spec  uint64
	mtrrType                            uint64
	mtrrVariable                        [2 * variableRanges]uint64
	mtrrFixed                           [11]uint64
}

const variableRanges = 8

func (m *msrs) reset() {
	*m = msrs{pat: 0x0007040600070406, misc: 1}
}

func (m *msrs) state(n *snap.Stream) {
	snap.Int(n, &m.star, &m.lstar, &m.cstar, &m.fmask, &m.kernelGS, &m.pat, &m.misc, &m.adjust, &m.microcode, &m.spec, &m.mtrrType)
	snap.Ints(n, m.sysenter[:])
	snap.Ints(n, m.mtrrVariable[:])
	snap.Ints(n, m.mtrrFixed[:])
}

// msr is one: where it is, or functions of its own.
type msr struct {
	word func(s *CPU) *uint64
	set  func(s *CPU, v uint64) // checks, and sets; nil to set the word
	get  func(s *CPU) uint64
	has  func(f *Features) bool // nil for always
}

// Numbers of model-specific registers (SDM vol. 4 table 2-2).
const (
	msrTSC      = 0x10
	msrAdjust   = 0x3b
	msrSpec     = 0x48
	msrPredict  = 0x49
	msrUCode    = 0x8b
	msrSound    = 0x10a
	msrMTRRCap  = 0xfe
	msrEnter    = 0x174
	msrMCGCap   = 0x179
	msrMisc     = 0x1a0
	msrMTRR     = 0x200
	msrPAT      = 0x277
	msrMTRRType = 0x2ff
	msrXSS      = 0xda0
	msrEFER     = 0xc0000080
	msrSTAR     = 0xc0000081
	msrFSBase   = 0xc0000100
	msrTSCAux   = 0xc0000103
)

var msrTable = map[uint32]msr{
	msrTSC:        {get: func(s *CPU) uint64 { return s.bus.Time() + s.tsc }, set: (*CPU).setTSC},
	msrAdjust:     {word: func(s *CPU) *uint64 { return &s.state.msr.adjust }, set: (*CPU).setAdjust},
	msrSpec:       {word: func(s *CPU) *uint64 { return &s.state.msr.spec }, set: (*CPU).setSpec, has: isSound},
	msrPredict:    {set: func(s *CPU, v uint64) { s.protect(v&^1 == 0) }, get: (*CPU).noMSR, has: isSound},
	msrSound:      {get: func(*CPU) uint64 { return soundness }, has: isSound},
	msrUCode:      {word: func(s *CPU) *uint64 { return &s.state.msr.microcode }, set: func(*CPU, uint64) {}},
	msrMCGCap:     {get: func(*CPU) uint64 { return 0 }},
	msrMisc:       {word: func(s *CPU) *uint64 { return &s.state.msr.misc }},
	msrEnter:      enterMSR(0),
	msrEnter + 1:  enterMSR(1),
	msrEnter + 2:  enterMSR(2),
	msrXSS:        {get: func(*CPU) uint64 { return 0 }, set: func(s *CPU, v uint64) { s.protect(v == 0) }, has: func(f *Features) bool { return f.XSS }},
	msrPAT:        {word: func(s *CPU) *uint64 { return &s.state.msr.pat }, set: (*CPU).setPAT, has: func(f *Features) bool { return f.PAT }},
	msrEFER:       {get: func(s *CPU) uint64 { return s.c.W[regs.EFER] }, set: (*CPU).setEFER, has: func(f *Features) bool { return f.EFER != 0 }},
	msrSTAR:       fast(func(m *msrs) *uint64 { return &m.star }, false),
	msrSTAR + 1:   fast(func(m *msrs) *uint64 { return &m.lstar }, true),
	msrSTAR + 2:   fast(func(m *msrs) *uint64 { return &m.cstar }, true),
	msrSTAR + 3:   fast(func(m *msrs) *uint64 { return &m.fmask }, false),
	msrFSBase:     base(func(s *CPU) *uint64 { return &s.c.W[regs.Base+regs.FS] }),
	msrFSBase + 1: base(func(s *CPU) *uint64 { return &s.c.W[regs.Base+regs.GS] }),
	msrFSBase + 2: base(func(s *CPU) *uint64 { return &s.state.msr.kernelGS }),
	msrTSCAux:     {word: func(s *CPU) *uint64 { return &s.c.W[regs.TSCAux] }, set: (*CPU).setTSCAux, has: func(f *Features) bool { return f.TSCAux }},
	msrMTRRCap:    {get: func(*CPU) uint64 { return variableRanges | 1<<8 | 1<<10 }, has: hasMTRR},
	msrMTRRType:   {word: func(s *CPU) *uint64 { return &s.state.msr.mtrrType }, has: hasMTRR},
}

func hasMTRR(f *Features) bool { return f.MTRR }

func isSound(f *Features) bool { return f.Sound }

// soundness is IA32_ARCH_CAPABILITIES: there is no speculation that could tell anything, by
// any of the ways that have names (SDM vol. 4 table 2-2): RDCL, IBRS_ALL, L1D, SSB, MDS,
// PSCHANGE, TAA, SBDR, FBSDP, PSDP, BHI, PBRSB, GDS, RFDS, ITS.
const soundness = 1<<0 | 1<<1 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<8 | 1<<13 | 1<<14 | 1<<15 | 1<<20 | 1<<24 | 1<<26 | 1<<27 | 1<<62

// setSpec sets IA32_SPEC_CTRL: IBRS, STIBP and SSBD, which are for nothing.
func (s *CPU) setSpec(v uint64) {
	s.protect(v&^7 == 0)
	s.state.msr.spec = v
}

// noMSR is a register that cannot be read.
func (s *CPU) noMSR() uint64 { s.protect(false); return 0 }

func init() {
	for i := range uint32(2 * variableRanges) {
		msrTable[msrMTRR+i] = msr{word: func(s *CPU) *uint64 { return &s.state.msr.mtrrVariable[i] }, has: hasMTRR}
	}
	for i, n := range []uint32{0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f} {
		msrTable[n] = msr{word: func(s *CPU) *uint64 { return &s.state.msr.mtrrFixed[i] }, has: hasMTRR}
	}
}

func enterMSR(n int) msr {
	return msr{
		word: func(s *CPU) *uint64 { return &s.state.msr.sysenter[n] }, has: func(f *Features) bool { return f.Enter },
		set: func(s *CPU, v uint64) { s.protect(n == 0 || canonical(v)); s.state.msr.sysenter[n] = v },
	}
}

// fast is one of those of SYSCALL, which come with IA-32e mode.
func fast(word func(m *msrs) *uint64, address bool) msr {
	r := msr{word: func(s *CPU) *uint64 { return word(&s.state.msr) }, has: func(f *Features) bool { return f.EFER&regs.EFERSCE != 0 }}
	if address {
		r.set = func(s *CPU, v uint64) { s.protect(canonical(v)); *r.word(s) = v }
	}
	return r
}

func base(word func(s *CPU) *uint64) msr {
	return msr{
		word: word, has: func(f *Features) bool { return f.EFER&regs.EFERLME != 0 },
		set: func(s *CPU, v uint64) { s.protect(canonical(v)); *word(s) = v },
	}
}

// ReadMSR is RDMSR. What nobody has is #GP(0).
func (s *CPU) ReadMSR(n uint32) uint64 {
	s.Supervisor()
	if r, ok := msrTable[n]; ok && (r.has == nil || r.has(&s.has)) {
		if r.get != nil {
			return r.get(s)
		}
		return *r.word(s)
	}
	v, ok := s.bus.MSR(n)
	s.protect(ok)
	return v
}

// WriteMSR is WRMSR.
func (s *CPU) WriteMSR(n uint32, v uint64) {
	s.Supervisor()
	defer s.changed()
	r, ok := msrTable[n]
	switch {
	case !ok || r.has != nil && !r.has(&s.has):
		s.protect(s.bus.SetMSR(n, v))
	case r.set != nil:
		r.set(s, v)
	case r.word == nil:
		s.protect(false)
	default:
		*r.word(s) = v
	}
}

func (s *CPU) setTSC(v uint64) {
	s.state.msr.adjust += v - (s.bus.Time() + s.tsc)
	s.tsc = v - s.bus.Time()
}

func (s *CPU) setAdjust(v uint64) {
	s.tsc += v - s.state.msr.adjust
	s.state.msr.adjust = v
}

// setPAT checks the eight memory types (SDM vol. 3A 11.12.2).
func (s *CPU) setPAT(v uint64) {
	for n := 0; n < 64; n += 8 {
		typ := v >> n & 0xff
		s.protect(typ < 8 && typ != 2 && typ != 3)
	}
	s.state.msr.pat = v
}

func (s *CPU) setEFER(v uint64) {
	old := s.c.W[regs.EFER]
	s.protect(v&^(s.has.EFER|regs.EFERLMA) == 0)
	s.protect((old^v)&regs.EFERLME == 0 || !s.on(regs.CR0, regs.CR0PG))
	s.c.W[regs.EFER] = v&^regs.EFERLMA | old&regs.EFERLMA
	if (old^v)&regs.EFERNXE != 0 {
		s.flush()
	}
}

func (s *CPU) setTSCAux(v uint64) {
	s.protect(v>>32 == 0)
	s.c.W[regs.TSCAux] = v
}

package x86

import (
	"panda/emu/arch"
	"panda/emu/arch/x86/regs"
	"panda/emu/arch/x86/system"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// System is the architecture of a machine's CPU, whose code may have all privileges: what
// a Linux does for the programs of a Guest its own system software does here.
type System struct {
	*Guest
	cpu *system.CPU
}

var _ arch.Privileged = (*System)(nil)

// Wiring is what a CPU has by the board that it is on.
type Wiring struct{ APIC bool }

// NewSystem makes the architecture for a CPU model, and the CPU in its state after reset.
func NewSystem(m *Model, w Wiring, c *vcpu.CPU, mem *mmu.Physical, bus system.Bus) *System {
	g := New(m.system(w))
	s := &System{Guest: g, cpu: system.New(c, mem, g.model.systemFeatures(), bus)}
	g.override, g.answer = systemTranslators(g, s.cpu), s.answer
	g.helpers.loadSegment = systemHelper("load_segment", func(seg, sel, _ uint64) uint64 { s.cpu.Load(ir.Ref(seg), uint16(sel)); return 0 })
	g.helpers.breakInsn = systemHelper("break_insn", func(pc, repeats, _ uint64) uint64 { s.cpu.BreakInsn(pc, repeats != 0); return 0 })
	g.helpers.breakData = systemHelper("break_data", func(what, at, _ uint64) uint64 {
		s.cpu.BreakData(at, what&0xffffffff, what&checkWrite != 0)
		return 0
	})
	c.Machine.Arch = s.View(s.Mode(c))
	return s
}

// answer is what CPUID tells of the CPU's state.
func (s *System) answer(leaf uint32, _, cx, _ *uint32) {
	if leaf == 1 && s.cpu.ExtendedOff() {
		*cx &^= f1cOSXSAVE
	}
}

// CPU is the privileged part of the CPU.
func (s *System) CPU() *system.CPU { return s.cpu }

// Mode bits of a machine's CPU.
const (
	modeTS      = 1 << 19 // of CR0
	modeEM      = 1 << 20
	modeMP      = 1 << 21
	modeNoFXSR  = 1 << 22 // SSE is not enabled
	modeNoXSAVE = 1 << 23
	modeNoAVX   = 1 << 24
	modeFPU     = modeTS | modeEM | modeMP | modeNoFXSR | modeNoXSAVE | modeNoAVX

	modeBreak = 1 << 27 // there are breakpoints

	modeIndex  = 3 << 25 // the rules for accesses to memory
	indexShift = 25
)

// Mode packs what translations depend on.
func (s *System) Mode(c *vcpu.CPU) uint64 {
	w := &c.W
	cpl := regs.CPL(w)
	m := uint64(regs.CodeBits(w)) | cpl<<cplShift | uint64(s.cpu.Index())<<indexShift | fpuMode(w)
	if w[regs.EFL]&regs.AC != 0 && cpl == 3 && w[regs.CR0]&regs.CR0AM != 0 {
		m |= modeAC
	}
	if w[regs.EFL]&regs.TF != 0 {
		m |= modeStep
	}
	if s.cpu.Breaks() {
		m |= modeBreak
	}
	return m | segmentMode(w)
}

// fpuMode says which of the units are switched off.
func fpuMode(w *regs.Words) (m uint64) {
	cr0, cr4 := w[regs.CR0], w[regs.CR4]
	for _, b := range [...]struct{ is, mode uint64 }{{cr0 & regs.CR0TS, modeTS}, {cr0 & regs.CR0EM, modeEM}, {cr0 & regs.CR0MP, modeMP}} {
		if b.is != 0 {
			m |= b.mode
		}
	}
	if cr4&regs.CR4OSFXSR == 0 {
		m |= modeNoFXSR
	}
	if cr4&regs.CR4OSXSAVE == 0 {
		m |= modeNoXSAVE
	}
	if need := uint64(regs.XSSE | regs.XAVX); w[regs.XCR0]&need != need {
		m |= modeNoAVX
	}
	return m
}

// Enter has accesses go by the rules of a mode.
func (s *System) Enter(c *vcpu.CPU, mode uint64) {
	s.cpu.Space().Use(mmu.Index(mode & modeIndex >> indexShift))
	c.SetSpace(s.cpu.Space())
}

// Deliver has the guest handle an exception or interrupt.
func (s *System) Deliver(_ *vcpu.CPU, x guest.Exception) (ended bool) { return s.cpu.Deliver(x) }

// Attend says what is to be done before the next instruction.
func (s *System) Attend(*vcpu.CPU) (x guest.Exception, ok, alone bool) { return s.cpu.Attend() }

// Fault is the exception of an access that page tables do not allow.
func (s *System) Fault(c *vcpu.CPU, f *guest.MemFault) guest.Exception {
	a := newAccess(c, f)
	if regs.CodeBits(&c.W) == 64 && a.outside() {
		if a.onStack(c) {
			return guest.Exception{Vector: regs.VecSS, HasCode: true}
		}
		return guest.Exception{Vector: regs.VecGP, HasCode: true}
	}
	f = a.first(c, f)
	var more uint32
	if f.Access == guest.Read && a.modifies() {
		more = regs.PFWrite
	}
	return s.cpu.PageFault(f, more)
}

// system is the model as a machine has it.
func (m *Model) system(w Wiring) *Model {
	s := *m
	s.features = m.features.plus(systemOf(m))
	if w.APIC {
		s.f1d |= f1dAPIC
		s.f1c |= f1cX2APIC
	}
	return &s
}

// systemOf are the features that only system software sees.
func systemOf(m *Model) features {
	f := features{f1d: f1dDE | f1dPSE | f1dTSC | f1dMSR}
	if m.f1d&f1dCMOV != 0 {
		f = f.plus(features{f1d: f1dPAE | f1dMTRR | f1dPGE | f1dPAT | f1dPSE36})
	}
	if m.leaf >= 7 { // no speculation, nothing to be kept from it
		f.f7d |= f7dSPEC | f7dSTIBP | f7dARCH
	}
	if m.f7b&f7bBMI1 != 0 {
		f = f.plus(features{f1c: f1cPCID, f7b: f7bSMEP | f7bSMAP | f7bINVPCID | f7bFSGSBASE, f7c: f7cUMIP, f8d: f8dGiant})
	}
	return f
}

// physicalBits is the width of physical addresses.
const physicalBits = 40

// systemFeatures are the model's for package system.
func (m *Model) systemFeatures() system.Features {
	f := system.Features{XCR0: m.xcr0(), Width: physicalBits}
	for _, b := range [...]struct {
		has  bool
		bits uint64
	}{
		{m.f1d&f1dTSC != 0, regs.CR4TSD},
		{m.f1d&f1dDE != 0, regs.CR4DE},
		{m.f1d&f1dPSE != 0, regs.CR4PSE},
		{m.f1d&f1dPAE != 0, regs.CR4PAE},
		{m.f1d&f1dPGE != 0, regs.CR4PGE},
		{m.f1d&f1dFXSR != 0, regs.CR4OSFXSR},
		{m.f1d&f1dSSE != 0, regs.CR4OSXMMEXCPT},
		{m.f7c&f7cUMIP != 0, regs.CR4UMIP},
		{m.f7b&f7bFSGSBASE != 0, regs.CR4FSGSBASE},
		{m.f1c&f1cPCID != 0, regs.CR4PCIDE},
		{m.f1c&f1cXSAVE != 0, regs.CR4OSXSAVE},
		{m.f7b&f7bSMEP != 0, regs.CR4SMEP},
		{m.f7b&f7bSMAP != 0, regs.CR4SMAP},
		{true, regs.CR4PCE},
	} {
		if b.has {
			f.CR4 |= b.bits
		}
	}
	for _, b := range [...]struct{ feature, bits uint64 }{{f8dSYSCALL, regs.EFERSCE}, {f8dNX, regs.EFERNXE}, {f8dLM, regs.EFERLME}} {
		if uint64(m.f8d)&b.feature != 0 {
			f.EFER |= b.bits
		}
	}
	f.PAT, f.MTRR, f.PSE36 = m.f1d&f1dPAT != 0, m.f1d&f1dMTRR != 0, m.f1d&f1dPSE36 != 0
	f.Sound = m.f7d&f7dARCH != 0
	f.XSS = m.fda&fdaXSAVES != 0
	f.Giant, f.TSCAux, f.Enter = m.f8d&f8dGiant != 0, m.f8d&f8dRDTSCP != 0, m.f1d&f1dSEP != 0
	return f
}

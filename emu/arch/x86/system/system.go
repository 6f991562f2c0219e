// Package system is what an x86 CPU has besides what programs see: segments out of
// descriptor tables, paging, privileges, control registers, the delivery of exceptions and
// interrupts (SDM vol. 3A). Translated code and the run loop call it between accesses of
// their own. It translates nothing and knows no chip: those stand behind Bus.
//
// What the guest does wrong leaves a function as a panic with the *guest.Exception or the
// *guest.MemFault, as helpers of translated code do. Registers change after the last
// access that can fault.
package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/snap"
	"panda/emu/vcpu"
)

// Bus is what the CPU is wired to.
type Bus interface {
	// In and Out access I/O ports; size is 1, 2 or 4 bytes.
	In(port uint16, size int) uint32
	Out(port uint16, size int, v uint32)
	// Acknowledge takes the interrupt that the controllers hold for the CPU; of ok false
	// there is none any more.
	Acknowledge() (vector uint8, ok bool)
	// Time is what the time-stamp counter counts.
	Time() uint64
	// MSR and SetMSR access the model-specific registers of other chips, such as the local
	// APIC; ok is false for one that nobody has, or for a value that it cannot take.
	MSR(n uint32) (v uint64, ok bool)
	SetMSR(n uint32, v uint64) (ok bool)
	// Priority is the task priority of the local APIC, as CR8 has it.
	Priority() uint64
	SetPriority(v uint64)
}

// Features are what a CPU model has of this.
type Features struct {
	CR4    uint64 // the bits that exist
	EFER   uint64 // the same
	XCR0   uint64
	PAT    bool
	MTRR   bool
	Giant  bool // pages of 1 GiB
	PSE36  bool
	Enter  bool // SYSENTER
	TSCAux bool
	Sound  bool // it says that it is not vulnerable to what others are by speculation
	XSS    bool // XSAVES
	Width  uint // of physical addresses in bits
}

// CPU is one.
type CPU struct {
	c     *vcpu.CPU
	bus   Bus
	has   Features
	mem   *mmu.Physical
	space *mmu.Paged
	a20   guest.PhysAddr // the bits that addresses have
	intr  bool           // the level of the INTR pin
	nmi   bool           // an edge on NMI that has not been taken
	state
}

// state is what the CPU remembers besides the words of vcpu.CPU.
type state struct {
	gdt, idt table
	ldt, tr  segment
	tsc      uint64 // added to Bus.Time
	msr      msrs
	debug    debug
	late     late
	shadow   uint64 // 1 more than the icount of the instruction before which no interrupt is taken
	inNMI    bool   // until IRET
}

// table is a descriptor table.
type table struct{ base, limit uint64 }

// segment is a segment register with what is cached of its descriptor.
type segment struct {
	sel               uint16
	base, limit, attr uint64
}

// New makes a CPU with memory of its own view. The vCPU gets the registers that it has
// after Reset.
func New(c *vcpu.CPU, mem *mmu.Physical, has Features, bus Bus) *CPU {
	s := &CPU{c: c, bus: bus, has: has, mem: mem, a20: ^guest.PhysAddr(0)}
	s.space = mem.NewPaged(s)
	s.Reset()
	c.SetSpace(s.space)
	return s
}

// Space is the memory as the CPU sees it.
func (s *CPU) Space() *mmu.Paged { return s.space }

// Reset is what the RESET pin does (SDM vol. 3A table 9-1).
func (s *CPU) Reset() {
	c := s.c
	clear(c.W[:])
	w := &c.W
	s.state = state{}
	s.state.msr.reset()
	w[regs.RDX] = 0x600
	w[regs.CR0] = regs.CR0ET | regs.CR0CD | regs.CR0NW
	w[regs.XCR0] = regs.XX87
	w[regs.FCW], w[regs.MXCSR] = 0x37f, 0x1f80
	regs.SetRFlags(w, 0)
	for seg := range ir.Ref(6) {
		s.set(seg, segment{limit: 0xffff, attr: attrReal})
	}
	s.set(regs.CS, segment{sel: 0xf000, base: 0xffff0000, limit: 0xffff, attr: attrReal})
	w[regs.RIP] = 0xfff0
	s.gdt.limit, s.idt.limit = 0xffff, 0xffff
	s.ldt = segment{limit: 0xffff, attr: attrLDT}
	s.tr = segment{limit: 0xffff, attr: attrTSS32 | attrBusy}
	s.debug.reset()
	s.nmi = false
	s.remap()
	s.changed()
}

// State is what the CPU remembers.
func (s *CPU) State(n *snap.Stream) {
	n.Name("x86 2")
	w := s.c.W
	regs.SetRFlags(&w, regs.RFlags(&w)) // which is the same for all that leads there
	w[regs.CCDst], w[regs.CCSrc2], w[regs.CCCF], w[regs.FNew] = 0, 0, 0, 0
	snap.Ints(n, w[:regs.TempBase])
	if n.Loading() {
		s.c.W = w
	}
	for _, t := range []*table{&s.gdt, &s.idt} {
		snap.Int(n, &t.base, &t.limit)
	}
	for _, g := range []*segment{&s.ldt, &s.tr} {
		snap.Int(n, &g.sel)
		snap.Int(n, &g.base, &g.limit, &g.attr)
	}
	s.debug.state(n)
	s.late.state(n)
	snap.Int(n, &s.tsc, &s.shadow)
	s.state.msr.state(n)
	n.Bool(&s.inNMI, &s.intr, &s.nmi)
	snap.Int(n, &s.a20)
	if n.Loading() {
		s.remap()
		s.changed()
	}
}

// SetA20 opens the gate of address line 20, or forces the line to 0.
func (s *CPU) SetA20(open bool) {
	was := s.a20
	s.a20 = ^guest.PhysAddr(0)
	if !open {
		s.a20 &^= 1 << 20
	}
	if s.a20 != was {
		s.flush()
	}
}

// A20 reports whether the gate is open.
func (s *CPU) A20() bool { return s.a20 == ^guest.PhysAddr(0) }

// flush forgets all that is known of the memory: the same tables mean something else now.
func (s *CPU) flush() {
	s.space.Flush()
	s.changed()
}

// changed has the run loop look at the mode before the next block.
func (s *CPU) changed() { s.c.Kick() }

func (s *CPU) on(reg ir.Ref, bit uint64) bool { return s.c.W[reg]&bit != 0 }

// protected says that there is protection, v86 that the code is one of virtual-8086 mode,
// and long that the CPU is in IA-32e mode.
func (s *CPU) protected() bool { return s.on(regs.CR0, regs.CR0PE) }
func (s *CPU) v86() bool       { return s.protected() && s.on(regs.EFL, regs.VM) }
func (s *CPU) long() bool      { return s.on(regs.EFER, regs.EFERLMA) }

// segmented says that selectors name descriptors.
func (s *CPU) segmented() bool { return s.protected() && !s.on(regs.EFL, regs.VM) }

// bits is the width of the code.
func (s *CPU) bits() int { return regs.CodeBits(&s.c.W) }

func (s *CPU) cpl() uint64 { return regs.CPL(&s.c.W) }

func (s *CPU) iopl() uint64 { return s.c.W[regs.EFL] >> 12 & 3 }

// raise raises an exception with an error code.
func (s *CPU) raise(vec uint8, code uint64) {
	s.c.Raise(guest.Exception{Vector: vec, HasCode: true, Code: uint32(code)})
}

// protect raises #GP(0) unless something holds.
func (s *CPU) protect(ok bool) {
	if !ok {
		s.raise(regs.VecGP, 0)
	}
}

// undefined raises #UD unless something holds.
func (s *CPU) undefined(ok bool) {
	if !ok {
		s.c.Raise(guest.Exception{Vector: regs.VecUD})
	}
}

// Supervisor raises #GP(0) for code without all privileges.
func (s *CPU) Supervisor() { s.protect(s.cpl() == 0) }

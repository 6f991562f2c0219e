package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Bits of DR6 and DR7 (SDM vol. 3B 17.2).
const (
	dr6Fixed = 0xffff0ff0
	dr6Most  = 0xe00f // those that are not fixed
	dr6Hits  = 0xf
	dr6BD    = 1 << 13
	dr6BT    = 1 << 15
	dr7Fixed = 1 << 10
	dr7GD    = 1 << 13
	dr7Most  = 0xffff2bff
	dr7Local = 0x155 // what a task switch clears
)

// What a breakpoint is for, as DR7 says it.
const (
	breakInsn   = 0
	breakWrite  = 1
	breakPort   = 2
	breakAccess = 3
)

// debug is the state of breakpoints and single steps.
//
// A trap is told of between two instructions: traps are what DR6 says of it, and due is the
// icount at which the instruction is done. RF is no flag that lasts: it belongs to the
// instruction after the one that has set it, which resume is for, as shadow is.
type debug struct {
	dr         [8]uint64
	traps, due uint64
	resume     uint64
	repeats    uint64 // likewise: the instruction goes on with its repetition
	breaks     [4]breakpoint
	insns      bool // breakpoints for instructions or data, of which translations know
	ports      bool
}

// breakpoint is one that is enabled: the first and last byte.
type breakpoint struct {
	on          bool
	kind        uint64
	first, last uint64
}

func (d *debug) state(n *snap.Stream) {
	snap.Ints(n, d.dr[:])
	snap.Int(n, &d.traps, &d.due, &d.resume, &d.repeats)
	if n.Loading() {
		d.arm()
	}
}

func (d *debug) reset() {
	*d = debug{}
	d.dr[6], d.dr[7] = dr6Fixed, dr7Fixed
}

// arm makes the breakpoints what DR7 says.
func (d *debug) arm() {
	d.insns, d.ports = false, false
	for i := range d.breaks {
		how := d.dr[7] >> (16 + 4*i)
		size := [...]uint64{1, 2, 8, 4}[how>>2&3]
		b := breakpoint{on: d.dr[7]>>(2*i)&3 != 0, kind: how & 3, first: d.dr[i] &^ (size - 1)}
		b.last = b.first + size - 1
		d.breaks[i] = b
		d.insns = d.insns || b.on && b.kind != breakPort
		d.ports = d.ports || b.on && b.kind == breakPort
	}
}

// hits are the breakpoints of some kinds that lie in n bytes at an address.
func (d *debug) hits(kinds uint, at, n uint64) (hits uint64) {
	for i, b := range d.breaks {
		if b.on && kinds>>b.kind&1 != 0 && at <= b.last && at+n-1 >= b.first {
			hits |= 1 << i
		}
	}
	return hits
}

// Breaks reports whether there are breakpoints for instructions or data.
func (s *CPU) Breaks() bool { return s.debug.insns }

// next is what names the instruction after the present one, or between two of them the one
// to come; coming reports whether that is the one to come.
func (s *CPU) next() uint64 {
	if s.c.TB != nil {
		return s.c.Icount() + 2
	}
	return s.c.Icount() + 1
}

func (s *CPU) coming(name uint64) bool { return name == s.c.Icount()+1 }

// BreakInsn raises #DB at a breakpoint for the instruction at a pc (SDM vol. 3B 17.3.1.1).
// One that repeats is stopped before its first element only.
func (s *CPU) BreakInsn(pc uint64, repeats bool) {
	again := repeats && s.coming(s.debug.repeats)
	if repeats {
		s.debug.repeats = s.next()
	}
	if again || s.coming(s.debug.resume) {
		return
	}
	if s.bits() != 64 {
		pc = uint64(uint32(pc + s.c.W[regs.Base+regs.CS]))
	}
	if hits := s.debug.hits(1<<breakInsn, pc, 1); hits != 0 {
		s.debug.repeats = 0
		s.c.Raise(guest.Exception{Vector: regs.VecDB, Code: uint32(hits)})
	}
}

// BreakData notes that the instruction accesses n bytes at an address.
func (s *CPU) BreakData(at, n uint64, write bool) {
	if !s.debug.insns {
		return
	}
	kinds := uint(1 << breakAccess)
	if write {
		kinds |= 1 << breakWrite
	}
	s.trap(s.debug.hits(kinds, s.linear(at), n))
}

// breakPorts notes an access to I/O ports (SDM vol. 3B 17.2.4).
func (s *CPU) breakPorts(port uint16, size int) {
	if s.debug.ports && s.on(regs.CR4, regs.CR4DE) {
		s.trap(s.debug.hits(1<<breakPort, uint64(port), uint64(size)))
	}
}

// trap has a #DB come when the instruction is done; what are bits of DR6.
func (s *CPU) trap(what uint64) {
	if what == 0 {
		return
	}
	s.debug.traps |= what
	s.debug.due = s.next() - 1
	s.changed()
}

// trapped reports whether there is a trap to be told of.
func (s *CPU) trapped() bool { return s.debug.traps != 0 && s.c.Icount() >= s.debug.due }

// stepped is for an instruction whose single step looks at TF when it is done.
func (s *CPU) stepped() {
	if s.on(regs.EFL, regs.TF) {
		s.trap(regs.DR6Step)
	}
}

// debugState notes in DR6 what a #DB is for, which its Code says, and what the instruction
// has met besides. Other exceptions forget that: the instruction will be done again.
func (s *CPU) debugState(x *guest.Exception) {
	d := &s.debug
	if x.Vector == regs.VecDB && !x.HasCode && !x.External && x.Asked == 0 {
		d.dr[6] = d.dr[6]&^dr6Hits | uint64(x.Code) | d.traps
		d.dr[7] &^= dr7GD
		x.Code = 0
	}
	d.traps = 0
}

// resuming says that RF is set.
func (s *CPU) resuming() bool { return s.coming(s.debug.resume) || s.coming(s.debug.repeats) }

// Debug is MOV from a debug register, SetDebug to one.
func (s *CPU) Debug(n int) uint64 {
	return s.debug.dr[s.debugRegister(n)]
}

// SetDebug sets a debug register.
func (s *CPU) SetDebug(n int, v uint64) {
	n = s.debugRegister(n)
	switch {
	case n >= 6:
		s.protect(v>>32 == 0)
	case s.long():
		s.protect(canonical(v))
	}
	switch n {
	case 6:
		v = dr6Fixed | v&dr6Most
	case 7:
		v = dr7Fixed | v&dr7Most
	}
	s.debug.dr[n] = v
	s.debug.arm()
	s.changed()
}

// debugRegister is the register that a number means.
func (s *CPU) debugRegister(n int) int {
	s.undefined(n < 8)
	if n == 4 || n == 5 {
		s.undefined(!s.on(regs.CR4, regs.CR4DE))
		n += 2
	}
	s.Supervisor()
	if s.debug.dr[7]&dr7GD != 0 {
		s.debug.resume = s.c.Icount() + 1 // its handler sees RF, as that of any fault
		s.c.Raise(guest.Exception{Vector: regs.VecDB, Code: dr6BD})
	}
	return n
}

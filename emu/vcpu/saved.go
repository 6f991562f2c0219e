package vcpu

import "panda/emu/guest"

// Saved is what running blocks changes of a CPU, kept to be put back: where it is
// between or within blocks, besides the registers what is under way.
type Saved struct {
	w        []uint64
	left     int64
	deadline uint64
	exc      guest.Exception
	gate     Gate
	tb       *TB
	insn     int
	leave    Leave
	access   MemAccess
	skip     Skip
	moved    bool
	again    bool
}

// Keep notes the first n words and all else.
func (s *Saved) Keep(c *CPU, n int) {
	*s = Saved{
		append(s.w[:0], c.W[:n]...), c.Left, c.Deadline, c.Exc, c.Gate, c.TB, c.Insn, c.Leave, c.Access, c.Skip, c.Moved, c.Again,
	}
}

// Restore puts back what Keep noted.
func (s *Saved) Restore(c *CPU) {
	copy(c.W[:], s.w)
	c.Left, c.Deadline, c.Exc, c.Gate, c.TB, c.Insn = s.left, s.deadline, s.exc, s.gate, s.tb, s.insn
	c.Leave, c.Access, c.Skip, c.Moved, c.Again = s.leave, s.access, s.skip, s.moved, s.again
}

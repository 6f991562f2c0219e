package system

import (
	"panda/emu/guest"
	"panda/emu/snap"
)

// late is an exception that is not the instruction's that has led to it: that is done, and
// the exception comes before the next one. A switch to a task whose segments are wrong leads
// to one of the new task (SDM vol. 3A 7.3).
type late struct {
	on bool
	x  guest.Exception
}

func (l *late) state(n *snap.Stream) {
	n.Bool(&l.on, &l.x.HasCode)
	snap.Int(n, &l.x.Vector)
	snap.Int(n, &l.x.Code)
	snap.Int(n, &l.x.Addr)
}

func (l *late) take() guest.Exception {
	l.on = false
	return l.x
}

// lately does something whose exception comes before the next instruction.
func (s *CPU) lately(do func()) {
	if x := s.caught(do); x != nil {
		s.late = late{true, *x}
		s.changed()
	}
}

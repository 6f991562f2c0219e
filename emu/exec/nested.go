package exec

import (
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// nest is the calls of guest functions that are running.
type nest struct {
	depth  int
	inside int                      // of them, from within a block
	away   func(sp guest.Addr) bool // of the innermost; may be nil
	noJump *vcpu.JumpCache          // stays empty: with away, indirect jumps come to the run loop
}

// Nested runs f, which runs the engine for a guest function that plugin code
// calls, perhaps from the middle of a block. Registers, counts and the place in
// the block are then as they were. Run says StopAway, before anything runs there,
// where the guest comes by an indirect branch with a stack pointer that away
// reports; away may be nil.
func (e *Engine) Nested(away func(sp guest.Addr) bool, f func()) {
	c := e.cpu
	saved := new(vcpu.Saved)
	saved.Keep(c, len(c.W))
	outer, inside := e.nest.away, 0
	if tb := c.TB; tb != nil {
		inside = 1
		c.Left += int64(len(tb.Marks) - c.Index()) // the block has counted itself whole
	}
	e.nest.depth++
	e.nest.inside += inside
	e.nest.away = away
	if e.nest.noJump == nil {
		e.nest.noJump = vcpu.NewJumpCache()
	}
	defer func() {
		e.nest.depth--
		e.nest.inside -= inside
		e.nest.away = outer
		saved.Restore(c)
		e.enterSpace()
		if !e.drop.none() {
			e.hurry()
		}
	}()
	c.TB, c.Skip, c.Again = nil, vcpu.Skip{}, false
	f()
}

// Nesting reports whether a function that a callback calls runs.
func (e *Engine) Nesting() bool { return e.nest.depth > 0 }

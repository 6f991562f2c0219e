package event

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Go's stacks are moved when they become too small, or much too large: by
// runtime.copystack, whose argument is the goroutine. That begins with the bounds of
// its stack (runtime.g), which change when the move is done. The function whose
// beginning found that there is too little room then begins again, without a call.

// copyStack is the function that moves a stack.
const copyStack = "runtime.copystack"

// move is a stack that is being moved.
type move struct {
	pid    int
	g      guest.Addr
	lo, hi guest.Addr
}

func (h *Calls) followMoves() {
	f := &Filter{Symbol: []string{copyStack}}
	h.subs = append(h.subs, h.bus.add(&Sub{Kind: InsnExec, Owner: h.Sub.Owner, Filter: f, Fn: PCFunc(h.moving), entry: entry{own: true}}))
}

// moving notes the stack that is about to be moved.
func (h *Calls) moving(c *vcpu.CPU, _ guest.Addr) {
	h.settleMoves(c)
	m := &move{pid: c.Machine.Process, g: firstOfGo(c)}
	var ok bool
	if m.lo, m.hi, ok = m.bounds(c); ok && h.open > 0 {
		h.moves = append(h.moves, m)
	}
}

// firstOfGo is the first argument of a function of Go.
func firstOfGo(c *vcpu.CPU) guest.Addr {
	arch := c.Machine.Arch
	if r := arch.Calls.First; r != ir.None {
		return guest.Addr(c.W[r])
	}
	a, _ := c.Word(arch.Popped(c.SP()))
	return a
}

func (m *move) bounds(c *vcpu.CPU) (lo, hi guest.Addr, ok bool) {
	lo, ok1 := c.Word(m.g)
	hi, ok2 := c.Word(m.g + c.Machine.Arch.Word())
	return lo, hi, ok1 && ok2 && lo < hi
}

// settleMoves takes the calls on stacks that have been moved to where they are now.
func (h *Calls) settleMoves(c *vcpu.CPU) {
	if len(h.moves) == 0 {
		return
	}
	h.moves = slices.DeleteFunc(h.moves, func(m *move) bool {
		if m.pid != c.Machine.Process {
			return !h.hasCalls(m.pid)
		}
		_, hi, ok := m.bounds(c)
		if !ok || hi == m.hi {
			return !ok
		}
		h.relocate(m, hi-m.hi)
		return true
	})
}

// hasCalls reports whether a process has calls of the hook in progress.
func (h *Calls) hasCalls(pid int) bool {
	for k := range h.at { // any of them
		if k.pid == pid {
			return true
		}
	}
	return false
}

// relocate moves the calls on a stack. Two may meet only when all have moved.
func (h *Calls) relocate(m *move, by guest.Addr) {
	var moved []*Call
	for k, call := range h.at { // each by itself
		if k.pid == m.pid && k.sp >= m.lo && k.sp < m.hi {
			delete(h.at, k)
			moved = append(moved, call)
		}
	}
	for _, call := range moved {
		for l := call; l != nil; l = l.outer {
			l.SP += by
		}
		h.at[call.place()] = call
	}
}

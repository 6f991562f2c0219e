package event

import (
	"bytes"
	"slices"
	"strings"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// edits is which callbacks run, for who wants to know where changes of the guest come
// from.
type edits struct {
	followed bool
	running  []*Sub // the innermost last
	// returning says that a function that plugin code called has come to its end.
	returning bool
	// at is when the last event of a kind was fired, and nth how many were before it at
	// the same count of instructions.
	at, nth [NumKinds]uint64
}

// count counts an event. done is to be called after it: events within callbacks of others
// are not counted among those.
func (s *edits) count(k Kind, e *Env) (done func()) {
	at, nth := s.at[k], s.nth[k]
	if now := e.CPU.Icount() + 1; at != now {
		s.at[k], s.nth[k] = now, 0
	} else {
		s.nth[k]++
	}
	if len(s.running) == 0 {
		return func() {}
	}
	return func() { s.at[k], s.nth[k] = at, nth }
}

// Nth is how many events of a kind were fired at the present count of instructions before
// the one that is.
func (b *Bus) Nth(k Kind) uint64 { return b.edits.nth[k] }

// FollowEdits has the Bus note which callback runs, and tell CPU.Editing of the changes
// that are none of a CPU's: answers, and what is read or written.
func (b *Bus) FollowEdits() { b.edits.followed = true }

// Running is the callback that runs, nil for none.
func (b *Bus) Running() *Sub {
	if n := len(b.edits.running); n > 0 {
		return b.edits.running[n-1]
	}
	return nil
}

// Returning reports whether Returned calls hooks.
func (b *Bus) Returning() bool { return b.edits.returning }

// Follow is a callback that machine code is to call by itself, with what the Bus does
// around it where edits are followed.
func Follow[F vcpu.Funcs](b *Bus, s *Sub, fn F) F {
	if !b.edits.followed {
		return fn
	}
	var followed any
	switch f := any(fn).(type) {
	case PCFunc:
		followed = PCFunc(func(c *vcpu.CPU, pc guest.Addr) { b.enter(s); defer b.leave(); f(c, pc) })
	case BlockFunc:
		followed = BlockFunc(func(c *vcpu.CPU, tb *vcpu.TB) { b.enter(s); defer b.leave(); f(c, tb) })
	case MemFunc:
		f = b.comparing(f)
		followed = MemFunc(func(c *vcpu.CPU, m *vcpu.MemAccess) { b.enter(s); defer b.leave(); f(c, m) })
	}
	return followed.(F)
}

func (b *Bus) enter(s *Sub) {
	if b.edits.followed {
		b.edits.running = append(b.edits.running, s)
	}
}

func (b *Bus) leave() {
	if n := len(b.edits.running); n > 0 {
		b.edits.running = b.edits.running[:n-1]
	}
}

// answering are the kinds of which a true answer changes what the guest does.
func (k Kind) answering() bool { return k == SyscallEnter || k == GuestHypercall }

func (k Kind) ofClass(class string) bool { return strings.HasPrefix(Rows[k].Class, class) }

// OfMemory reports whether events of the kind are accesses of memory, OfInsn and OfBlock
// whether they are about an instruction or a block that runs.
func (k Kind) OfMemory() bool { return k.ofClass("mem") }

// OfInsn is about instructions.
func (k Kind) OfInsn() bool { return k.ofClass("insn") }

// OfBlock is about blocks.
func (k Kind) OfBlock() bool { return k.ofClass("block") }

// Answer makes a callback of the kind's function type that is given the event as an Env
// and answers.
func (k Kind) Answer(hit func(e *Env) bool) any { return Rows[k].Shape.each(hit) }

// result is that of the system call, as an answer has it.
func (e *Env) result() int64 {
	if e.Call == nil {
		return 0
	}
	return e.Call.Ret
}

// answered passes on an answer, and tells of it. If it is refused the result is again
// what it was.
func (b *Bus) answered(s *Sub, answer bool, e *Env, was int64) bool {
	if !answer || !b.edits.followed || !s.Kind.answering() || e.CPU.Editing == nil {
		return answer
	}
	edit := vcpu.Edit{Op: vcpu.EditAnswer}
	if e.Call != nil {
		edit.Value, e.Call.Ret = uint64(e.Call.Ret), was
	}
	b.enter(s)
	defer b.leave()
	defer b.guard(s)
	b.enter(s) // for guard
	e.CPU.Editing(&edit)
	if e.Call != nil {
		e.Call.Ret = int64(edit.Value)
	}
	return true
}

// comparing is a memory callback that tells of what it has changed.
func (b *Bus) comparing(f MemFunc) MemFunc {
	return func(c *vcpu.CPU, m *vcpu.MemAccess) {
		before := slices.Clone(m.Buf)
		f(c, m)
		if c.Editing != nil && !bytes.Equal(before, m.Buf) {
			after := slices.Clone(m.Buf)
			copy(m.Buf, before) // in case it is refused
			c.Editing(&vcpu.Edit{Op: vcpu.EditAccess, Addr: m.Addr, Bytes: after})
			copy(m.Buf, after)
		}
	}
}

package emu

import (
	"errors"
	"fmt"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux"
	"panda/emu/rr"
	"panda/emu/vcpu"
)

// Problem: plugins and people at the prompt change the guest. A run that is recorded
// must be repeated without them; one that is repeated must not be changed.
// Idea: each change passes CPU.Editing. A recorder writes it down with its place; in a
// replay the machine looks for that place by means that it has anyhow: a timer, a
// subscription, the moment at which the guest takes signals.

// RefusedError is the panic of a change of the guest that a replay refuses.
type RefusedError struct{ Edit vcpu.EditOp }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("cannot %v in a replay, which goes as the run was recorded; what is changed while recording is part of it", e.Edit)
}

// followEdits has changes of the guest recorded.
func (m *Machine) followEdits() {
	m.bus.FollowEdits()
	m.cpu.Editing = func(e *vcpu.Edit) {
		if !m.ended { // who changes the guest then changes nothing
			m.recorder.Edit(m.editPlace(e), e)
		}
	}
}

// beforeInsn are the kinds of events that stand before an instruction. Callbacks of no
// kind, of timers and of hooks, do as well.
var beforeInsn = map[event.Kind]bool{
	event.InsnExec: true, event.BeforeBlockExec: true, event.BeforeBlockExecInvalidateOpt: true, event.Detached: true,
	event.BeforeBlockTranslate: true, event.AfterBlockTranslate: true, event.InsnTranslate: true,
}

// editPlace says where the guest is.
func (m *Machine) editPlace(e *vcpu.Edit) rr.EditPlace {
	at := rr.EditPlace{PC: m.cpu.PC()}
	s := m.bus.Running()
	switch {
	case s == nil && m.holds():
		at.Class = rr.WhenHeld
	case s == nil:
		at.Class = rr.WhenStopped
		if from, err := ability[Placed](m, "places"); err == nil {
			at.Place = from.Place()
		}
	case m.bus.Returning():
		at.Class = rr.WhenReturned
	case beforeInsn[s.Kind] && m.engine.Nesting():
		at.Class, at.Kind, at.Nested = rr.InEvent, event.InsnExec, true
	case beforeInsn[s.Kind]:
		at.Class = rr.BeforeInsn
	default:
		at.Class, at.Kind, at.Nested = rr.InEvent, s.Kind, m.engine.Nesting()
		at.Which = m.bus.Nth(s.Kind)
		if s.Kind.OfMemory() {
			at.Which = uint64(m.cpu.Access.Addr)
		}
	}
	return at
}

// holds reports whether a signal is held.
func (m *Machine) holds() bool {
	_, held := m.Held()
	return held
}

// repeatHeld makes the changes again that were made when a signal was held, and reports
// whether the guest goes on after that.
func (m *Machine) repeatHeld() bool {
	if m.player == nil || !m.holds() {
		return false
	}
	return m.player.TakeEdits(func(e *rr.Edit) bool { return e.Class == rr.WhenHeld }) > 0 && !m.stays
}

// edits makes recorded changes again.
type edits struct {
	m     *Machine
	owner *event.Owner
	now   bool // one is being made
	env   *event.Env
	sub   *event.Sub // where the next one is made
	said  bool       // an answer was one
}

// repeatEdits has the changes of a recording made again, and others refused.
func (m *Machine) repeatEdits() {
	r := &edits{m: m, owner: &event.Owner{Name: "replay", Order: editsOrder, Own: true}}
	m.cpu.Editing = func(e *vcpu.Edit) {
		if s := m.bus.Running(); !r.now && !m.ended && (s == nil || s.Owner != r.owner) {
			panic(&RefusedError{e.Op})
		}
	}
	m.bus.FollowEdits()
	for _, k := range m.cfg.Replay.Edited() {
		if k < event.NumKinds && !stands(k) { // an event that is not looked for may not come
			r.watch(k, nil)
		}
	}
	m.bus.AtReturn = func() { m.player.TakeEdits(func(e *rr.Edit) bool { return e.Class == rr.WhenReturned }) }
	m.player.OnEdit(r.arm, r.apply)
	if s, err := ability[Signals](m, "signals"); err == nil {
		s.OnDelivery(m.judging(func(linux.Delivery) linux.Verdict { return linux.Deliver }))
	}
}

// judging is a judge of signals whose verdicts are recorded, or made again.
func (m *Machine) judging(judge func(linux.Delivery) linux.Verdict) func(linux.Delivery) linux.Verdict {
	drop := vcpu.Edit{Op: vcpu.EditSignal}
	return func(d linux.Delivery) linux.Verdict {
		if m.player != nil && m.player.Held() {
			m.stays = judge(d) == linux.Hold || m.cpu.StopAsked()
			return linux.Hold
		}
		if m.player != nil && m.player.TakeEdits(func(e *rr.Edit) bool { return e.Class == rr.AtDelivery }) > 0 {
			return linux.Drop
		}
		v := judge(d)
		switch {
		case v != linux.Drop:
		case m.recorder != nil:
			m.recorder.Edit(rr.EditPlace{Class: rr.AtDelivery, PC: m.cpu.PC()}, &drop)
		case m.player != nil:
			m.cfg.Warn("%v", &RefusedError{drop.Op})
			return linux.Deliver
		}
		return v
	}
}

// stands reports whether events of a kind stand at places in code.
func stands(k event.Kind) bool { return k.OfMemory() || k.OfInsn() || k.OfBlock() }

// arm sees to it that the place of the next change is found.
func (r *edits) arm(e *rr.Edit) {
	at := *e
	same := r.sub != nil && at.Class == rr.InEvent && at.Kind == r.sub.Kind && at.Icount == r.m.cpu.Icount()
	switch {
	case same: // the next access of one instruction, or the next event at one place
		return
	case at.Class == rr.BeforeInsn:
		r.m.bus.SetTimer(r.owner, at.Icount, 0, func() {
			r.m.player.TakeEdits(func(e *rr.Edit) bool { return e.Class == rr.BeforeInsn })
		})
	case at.Class != rr.InEvent || !stands(at.Kind):
	case at.Nested: // where there is no time for a timer
		r.look(&at)
	default:
		r.m.bus.SetTimer(r.owner, max(at.Icount, 1)-1, 0, func() { r.look(&at) })
		if at.Kind.OfBlock() { // a block is to end there, as one did
			r.m.bus.SetTimer(r.owner, at.Icount, 0, func() {})
		}
	}
}

// look subscribes to the events of a place in code until the change has been made.
func (r *edits) look(at *rr.Edit) {
	f := new(event.Filter)
	if !at.Kind.OfBlock() && at.Kind != event.AfterInsnExec { // which stands at the next one
		f.PC = []event.Range{{Lo: at.PC, Hi: at.PC + 1}}
	}
	r.found()
	r.sub = r.watch(at.Kind, f)
}

// found ends that.
func (r *edits) found() {
	if r.sub != nil {
		r.sub.Remove()
		r.sub = nil
	}
}

// watch makes changes within events of a kind.
func (r *edits) watch(kind event.Kind, f *event.Filter) *event.Sub {
	return r.m.bus.Subscribe(r.owner, kind, f, kind.Answer(func(e *event.Env) bool {
		r.env, r.said = e, false
		which := r.m.bus.Nth(kind)
		if e.Mem != nil {
			which = uint64(e.Mem.Addr)
		}
		n := r.m.player.TakeEdits(func(at *rr.Edit) bool {
			return at.Class == rr.InEvent && at.Kind == kind && at.Which == which
		})
		if r.env = nil; n > 0 && stands(kind) && !r.m.player.EditNext(kind) {
			r.found()
		}
		return r.said
	}))
}

// applying are what makes changes.
var applying = [vcpu.NumEdits]func(r *edits, e *vcpu.Edit) error{
	vcpu.EditRegister: func(r *edits, e *vcpu.Edit) error {
		if !r.m.cpu.SetReg(e.Name, e.Value) {
			return fmt.Errorf("there is no register %q", e.Name)
		}
		return nil
	},
	vcpu.EditWord: func(r *edits, e *vcpu.Edit) error {
		if e.Word >= r.m.cpu.Machine.Arch.TempBase {
			return fmt.Errorf("there is no register word %d", e.Word)
		}
		r.m.cpu.SetWord(e.Word, e.Value)
		return nil
	},
	vcpu.EditPC:     func(r *edits, e *vcpu.Edit) error { r.m.cpu.SetPC(guest.Addr(e.Value)); return nil },
	vcpu.EditMemory: func(r *edits, e *vcpu.Edit) error { return r.m.cpu.Write(e.Addr, e.Bytes) },
	vcpu.EditAccess: func(r *edits, e *vcpu.Edit) error {
		if r.env == nil || r.env.Mem == nil || len(r.env.Mem.Buf) != len(e.Bytes) {
			return errors.New("no memory is accessed")
		}
		copy(r.env.Mem.Buf, e.Bytes)
		return nil
	},
	vcpu.EditAnswer: func(r *edits, e *vcpu.Edit) error {
		if r.env == nil {
			return errors.New("there is no event")
		}
		if r.said = true; r.env.Call != nil {
			r.env.Call.Ret = int64(e.Value)
		}
		return nil
	},
	vcpu.EditCall: func(r *edits, e *vcpu.Edit) error {
		(*core)(r.m).call(e.Addr, e.Args, e.Value) // it failed then, if it does
		return nil
	},
	vcpu.EditSignal: func(*edits, *vcpu.Edit) error { return nil }, // the judge does it
	vcpu.EditExit:   func(r *edits, e *vcpu.Edit) error { r.m.env.Exit(int(e.Value)); return nil },
}

// apply makes a change. One that failed when it was recorded fails again.
func (r *edits) apply(e *vcpu.Edit) {
	before := r.now
	r.now = true
	defer func() { r.now = before }()
	_ = applying[e.Op](r, e)
}

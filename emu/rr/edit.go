package rr

import (
	"encoding/binary"
	"fmt"
	"slices"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// What callbacks and debuggers change of the guest while it is recorded are inputs like
// others. Each has a place where a replay makes it again, without them.

// EditPlace says where a change of the guest was made.
type EditPlace struct {
	Class EditClass
	Kind  event.Kind // of an event
	PC    guest.Addr
	Which uint64 // of a memory access its address; how many events of another kind came before it at this count
	Place uint64 // of a stop: see hostsys.Host.TakeSignals
	// Nested says that it was in a function that a plugin called, which takes no time.
	Nested bool
}

// EditClass says how a place is found again.
type EditClass uint8

// The classes.
const (
	BeforeInsn   EditClass = iota + 1 // before the next instruction
	WhenStopped                       // between two runs of the guest
	InEvent                           // within an event of a kind
	WhenReturned                      // at the end of a function that a plugin called
	AtDelivery                        // when a thread is about to take a signal
	WhenHeld                          // between two runs, with such a thread
	editClasses

	nestedEdit = 0x80 // in the class
)

// Edit is a change and its place.
type Edit struct {
	EditPlace
	Icount uint64
	Change vcpu.Edit
}

// Edit writes down a change.
func (r *Recorder) Edit(at EditPlace, e *vcpu.Edit) {
	if r.ended {
		return
	}
	if at.Class == InEvent && !slices.Contains(r.edited, at.Kind) {
		r.edited = append(r.edited, at.Kind)
	}
	r.enter()
	defer r.leave()
	r.head(editEntry)
	r.enc.edit(at, e)
}

func (e *encoder) edit(at EditPlace, c *vcpu.Edit) {
	class := byte(at.Class)
	if at.Nested {
		class |= nestedEdit
	}
	kind := ""
	if at.Class == InEvent {
		kind = at.Kind.String()
	}
	e.buf = append(append(e.buf, class, byte(c.Op), byte(len(kind))), kind...)
	for _, n := range [...]uint64{uint64(at.PC), at.Which, at.Place, uint64(c.Word), c.Value, uint64(c.Addr), uint64(len(c.Name)), uint64(len(c.Bytes)), uint64(len(c.Args))} {
		e.buf = binary.AppendUvarint(e.buf, n)
	}
	e.buf = append(append(e.buf, c.Name...), c.Bytes...)
	for _, a := range c.Args {
		e.buf = binary.AppendUvarint(e.buf, a)
	}
}

func (d *decoder) edit(e *Edit) {
	class := d.byte()
	e.Class, e.Nested = EditClass(class&^nestedEdit), class&nestedEdit != 0
	e.Change.Op = vcpu.EditOp(d.byte())
	if kind := d.bytes(uint64(d.byte())); e.Class == InEvent && e.Kind.UnmarshalText(kind) != nil {
		d.bad = true
	}
	e.PC, e.Which, e.Place = guest.Addr(d.uvarint()), d.uvarint(), d.uvarint()
	c := &e.Change
	c.Word, c.Value, c.Addr = ir.Ref(d.uvarint()), d.uvarint(), guest.Addr(d.uvarint())
	name, n, args := d.uvarint(), d.uvarint(), d.uvarint()
	c.Name, c.Bytes = string(d.bytes(name)), d.bytes(n)
	if args > uint64(len(d.b)) {
		d.bad = true
		return
	}
	for range args {
		c.Args = append(c.Args, d.uvarint())
	}
	if e.Class == 0 || e.Class >= editClasses || c.Op == 0 || c.Op >= vcpu.NumEdits {
		d.bad = true
	}
}

// Edited are the kinds of events in which changes may have been made.
func (r *Recording) Edited() (kinds []event.Kind) {
	if r.Summary != nil {
		return r.Summary.Edited
	}
	for k := range event.NumKinds {
		kinds = append(kinds, k)
	}
	return kinds
}

// OnEdit says who finds the places of changes again: arm is told the next change, in time.
// Whoever has come there calls TakeEdits.
func (p *Player) OnEdit(arm func(e *Edit), apply func(e *vcpu.Edit)) {
	p.armEdit, p.apply = arm, apply
	p.look()
}

// TakeEdits makes the changes that were made at a place, if the guest is there, and says
// how many.
func (p *Player) TakeEdits(at func(e *Edit) bool) (n int) {
	for ; p.next.kind == editEntry && !p.ended; n++ {
		e := p.next.edit
		if e.Icount != p.now.Icount() || p.next.thread != p.now.Thread() || !at(&e) {
			break
		}
		p.take()
		p.apply(&e.Change)
	}
	return n
}

// Held reports whether the next change was made when a signal was held here.
func (p *Player) Held() bool {
	n := &p.next
	return n.kind == editEntry && !p.ended && n.edit.Class == WhenHeld && n.edit.Icount == p.now.Icount() && n.thread == p.now.Thread()
}

// EditNext reports whether the next change is to be made here, within another event of a
// kind.
func (p *Player) EditNext(kind event.Kind) bool {
	e := &p.next.edit
	return p.next.kind == editEntry && e.Class == InEvent && e.Kind == kind && e.Icount == p.now.Icount()
}

// stopped makes the changes that were made when the guest was stopped here.
func (p *Player) stopped(place uint64) {
	p.TakeEdits(func(e *Edit) bool { return e.Class == WhenStopped && e.Place == place })
}

func (e *Edit) String() string { return fmt.Sprintf("a change by a plugin (%v)", e.Change.Op) }

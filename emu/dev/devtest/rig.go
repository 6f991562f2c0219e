// Package devtest holds chips against scripts and against noise. A Rig is a machine of one
// chip: ports, a clock, memory, disks, and a record of what its wires carried.
package devtest

import (
	"errors"
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/backend"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Rig is a machine of one chip.
type Rig struct {
	Bus    dev.PortBus
	Clock  *dev.Clock
	Chip   dev.Chip
	Memory Memory
	Disks  []*Disk
	// Verbs are steps of scripts besides the common ones. What they answer is compared
	// with what the step wants.
	Verbs map[string]func(args []string) string
	// Follow, when set, takes over what else the world of another rig has.
	Follow func(o *Rig)

	now    dev.Time
	log    []string
	levels map[string]bool
	rises  map[string]int
	moved  int // how often any wire was given a level
}

// New is a rig that build fills: it makes the chip, attaches it, and adds verbs.
func New(t testing.TB, build func(r *Rig)) *Rig {
	r := &Rig{Verbs: map[string]func([]string) string{}, levels: map[string]bool{}, rises: map[string]int{}}
	r.Clock = dev.NewClock(func() dev.Time { return r.now })
	build(r)
	if r.Chip == nil {
		t.Fatal("the rig has no chip")
	}
	return r
}

// Wire is a wire whose level scripts can ask for by its name.
func (r *Rig) Wire(name string) dev.Wire {
	return func(high bool) {
		r.moved++
		if high && !r.levels[name] {
			r.rises[name]++
		}
		r.levels[name] = high
	}
}

// load has the chip take a state, which must move no wire.
func (r *Rig) load(t testing.TB, state []byte) error {
	t.Helper()
	moved := r.moved
	err := snap.Load(state, r.Chip.State)
	if r.moved != moved {
		t.Error("a wire moves when a state is loaded")
	}
	return err
}

// Note keeps what the chip gave to the world until a script asks for it.
func (r *Rig) Note(what string) { r.log = append(r.log, what) }

// Until lets time pass, and calls each timer when its time comes.
func (r *Rig) Until(at dev.Time) {
	for r.Clock.Next() <= at {
		r.now = max(r.now, r.Clock.Next())
		r.Clock.Run()
	}
	r.now = max(r.now, at)
}

// Leap lets time pass, and calls the timers only then, as a machine does that was away.
func (r *Rig) Leap(at dev.Time) {
	r.now = max(r.now, at)
	r.Clock.Run()
}

// follow takes over what the world of another rig has.
func (r *Rig) follow(o *Rig) {
	r.now, r.log = o.now, append([]string(nil), o.log...)
	for name, high := range o.levels { // into a map
		r.levels[name], r.rises[name] = high, o.rises[name]
	}
	copy(r.Memory, o.Memory)
	for i, d := range o.Disks {
		copy(r.Disks[i].Data, d.Data)
		r.Disks[i].Broken = d.Broken
	}
	if r.Follow != nil {
		r.Follow(o)
	}
}

// Memory is RAM from address 0.
type Memory []byte

var errReach = errors.New("out of reach")

// Read reads RAM.
func (m Memory) Read(a guest.PhysAddr, b []byte) error {
	if uint64(a) > uint64(len(m)) || uint64(len(m))-uint64(a) < uint64(len(b)) {
		return errReach
	}
	copy(b, m[a:])
	return nil
}

// Write writes RAM.
func (m Memory) Write(a guest.PhysAddr, b []byte) error {
	if uint64(a) > uint64(len(m)) || uint64(len(m))-uint64(a) < uint64(len(b)) {
		return errReach
	}
	copy(m[a:], b)
	return nil
}

// Disk is a medium in memory. Who asks for what a backend.Disk has not, panics.
type Disk struct {
	Data   []byte
	Locked bool  // it can only be read
	Broken error // what each read and write returns
}

var _ backend.Disk = (*Disk)(nil)

// Size is its size.
func (d *Disk) Size() int64 { return int64(len(d.Data)) }

// ReadOnly is what the notch says.
func (d *Disk) ReadOnly() bool { return d.Locked }

// Discard does nothing.
func (d *Disk) Discard(off, n int64) error { return nil }

// Flush does nothing.
func (d *Disk) Flush() error { return nil }

// Close does nothing.
func (d *Disk) Close() error { return nil }

func (d *Disk) part(off int64, n int) []byte {
	if off%backend.SectorSize != 0 || n%backend.SectorSize != 0 {
		panic("BUG: half a sector")
	}
	return d.Data[off : off+int64(n)]
}

// Read reads.
func (d *Disk) Read(off int64, b []byte) error {
	copy(b, d.part(off, len(b)))
	return d.Broken
}

// Write writes.
func (d *Disk) Write(off int64, b []byte) error {
	switch part := d.part(off, len(b)); {
	case d.Locked:
		panic("BUG: a write to what can only be read")
	case d.Broken == nil:
		copy(part, b)
	}
	return d.Broken
}

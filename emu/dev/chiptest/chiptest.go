// Package chiptest is what the tests of chips share: time that a test moves, memory, and
// scripts of accesses, each of which also tries a snapshot before each of its steps.
package chiptest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"panda/emu/dev"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Time is a clock that a test moves.
type Time struct {
	Clock *dev.Clock
	now   dev.Time
}

// NewTime is time that begins at 0.
func NewTime() *Time {
	t := &Time{}
	t.Clock = dev.NewClock(func() dev.Time { return t.now })
	return t
}

// Pass lets time pass. What is to be done is done at its time, at most some thousand times.
func (t *Time) Pass(n dev.Time) {
	end := t.now + n
	for i := 0; i < 5000 && t.Clock.Next() <= end; i++ {
		t.now = max(t.now, t.Clock.Next())
		t.Clock.Run()
	}
	t.now = end
	t.Clock.Run()
}

// RAM is memory from address 0 on.
type RAM []byte

// Read implements dev.Memory.
func (r RAM) Read(a guest.PhysAddr, b []byte) error { return r.move(a, b, false) }

// Write implements dev.Memory.
func (r RAM) Write(a guest.PhysAddr, b []byte) error { return r.move(a, b, true) }

func (r RAM) move(a guest.PhysAddr, b []byte, write bool) error {
	if uint64(a) > uint64(len(r)) || uint64(len(b)) > uint64(len(r))-uint64(a) {
		return fmt.Errorf("%d bytes at %#x are not in RAM", len(b), a)
	}
	if write {
		copy(r[a:], b)
	} else {
		copy(b, r[a:])
	}
	return nil
}

// Rig is a chip and what it is wired to.
type Rig struct {
	*Time
	Chip dev.Chip
	// Levels, Words, Disks and RAM are those of the rig, which outlast a snapshot.
	Levels []*bool
	Words  []*uint64
	Disks  []*Disk
	RAM    RAM
	// Verbs are what a step may do: they take the numbers of the step.
	Verbs map[string]func(a []uint64) uint64
	// Random are the verbs of Fuzz, in an order.
	Random []string
}

// Wire is a wire whose level the verb of that name returns.
func (r *Rig) Wire(name string) dev.Wire {
	level := new(bool)
	r.Levels = append(r.Levels, level)
	r.Verb(name, func([]uint64) uint64 {
		if *level {
			return 1
		}
		return 0
	})
	return func(high bool) { *level = high }
}

// Word adds a word, which the verb of that name returns and clears.
func (r *Rig) Word(name string) *uint64 {
	w := new(uint64)
	r.Words = append(r.Words, w)
	r.Verb(name, func([]uint64) uint64 { v := *w; *w = 0; return v })
	return w
}

// Verb adds a verb.
func (r *Rig) Verb(name string, f func(a []uint64) uint64) {
	if r.Verbs == nil {
		r.Verbs = map[string]func([]uint64) uint64{"reset": func([]uint64) uint64 { r.Chip.Reset(); return 0 }}
		if r.Time != nil {
			r.Verbs["pass"] = func(a []uint64) uint64 { r.Pass(dev.Time(a[0])); return 0 }
		}
	}
	r.Verbs[name] = f
}

// Try adds a verb that Fuzz tries as well.
func (r *Rig) Try(name string, f func(a []uint64) uint64) {
	r.Verb(name, f)
	r.Random = append(r.Random, name)
}

// MMIO adds verbs like r4 and w4, of accesses to a page.
func (r *Rig) MMIO(prefix string, d interface {
	Load(off uint64, size int) uint64
	Store(off uint64, size int, v uint64)
},
) {
	for _, size := range []int{4, 1, 2, 8} {
		ones := ^uint64(0) >> (64 - 8*size)
		at := func(a []uint64) uint64 { return min(a[0]&0xfff, 0x1000-uint64(size)) }
		r.Try(fmt.Sprintf("%sr%d", prefix, size), func(a []uint64) uint64 { return d.Load(at(a), size) & ones })
		r.Try(fmt.Sprintf("%sw%d", prefix, size), func(a []uint64) uint64 {
			d.Store(at(a), size, a[1]&ones)
			return 0
		})
	}
}

// Ports adds the verbs in1, out1 and so on. Fuzz tries count ports from first on.
func (r *Rig) Ports(b *dev.PortBus, first, count uint64) {
	at := func(a []uint64) uint16 { return uint16(a[0]) }
	for _, size := range []int{4, 1, 2} {
		in := func(a []uint64) uint64 { return uint64(b.In(at(a), size)) }
		out := func(a []uint64) uint64 { b.Out(at(a), size, uint32(a[1])); return 0 }
		r.Verb(fmt.Sprintf("in%d", size), in)
		r.Verb(fmt.Sprintf("out%d", size), out)
		r.Try(fmt.Sprintf("in%d at %x", size, first), func(a []uint64) uint64 { return in([]uint64{first + a[0]%count}) })
		r.Try(fmt.Sprintf("out%d at %x", size, first), func(a []uint64) uint64 { return out([]uint64{first + a[0]%count, a[1]}) })
	}
}

func (r *Rig) state(s *snap.Stream) {
	s.Bytes(r.RAM)
	for _, d := range r.Disks {
		s.Bytes(d.Data)
		snap.Int(s, &d.Bad)
	}
	s.Bool(r.Levels...)
	snap.Int(s, r.Words...)
	if r.Time != nil {
		snap.Int(s, &r.now)
	}
	r.Chip.State(s)
}

// Script runs the lines of a script: a verb and hexadecimal numbers, and after a = what
// comes of it. Text after # is no part of it. Then it runs it again, and goes on with a
// copy from a snapshot before each of the steps.
func Script(t *testing.T, build func() *Rig, script string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(script) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	rig := build()
	for i, line := range lines {
		rig.step(t, fmt.Sprintf("step %d", i+1), line)
	}
	if t.Failed() {
		return
	}
	rig = build()
	for i, line := range lines {
		copied := build()
		saved := snap.Save(rig.state)
		if err := snap.Load(saved, copied.state); err != nil {
			t.Fatalf("before step %d: %v", i+1, err)
		}
		if again := snap.Save(copied.state); !bytes.Equal(saved, again) {
			t.Fatalf("before step %d: a copy has another state", i+1)
		}
		rig = copied
		if rig.step(t, fmt.Sprintf("copied before step %d", i+1), line); t.Failed() {
			return
		}
	}
}

func (r *Rig) step(t *testing.T, place, line string) {
	t.Helper()
	do, want, checked := strings.Cut(line, "=")
	words := strings.Fields(do)
	verb := r.Verbs[words[0]]
	if verb == nil {
		t.Fatalf("%s: no verb in %q", place, line)
	}
	var a []uint64
	for _, w := range words[1:] {
		v, err := strconv.ParseUint(w, 16, 64)
		if err != nil {
			t.Fatalf("%s: %v", place, err)
		}
		a = append(a, v)
	}
	got := verb(a)
	if !checked {
		return
	}
	v, err := strconv.ParseUint(strings.TrimSpace(want), 16, 64)
	if err != nil {
		t.Fatalf("%s: %v", place, err)
	}
	if got != v {
		t.Errorf("%s: %s gives %x", place, line, got)
	}
}

// Fuzz does what random bytes say, and tries whether a snapshot keeps the state.
func Fuzz(f *testing.F, build func() *Rig) {
	seed := make([]byte, 400)
	for i := range seed {
		seed[i] = byte(i * i >> 3 * 37)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		rig := build()
		for next := (&numbers{b}); len(next.b) > 0; {
			kind := next.byte()
			if rig.Time != nil && kind%8 == 7 {
				rig.Pass(dev.Time(next.number() & 0xffff))
				continue
			}
			rig.Verbs[rig.Random[int(kind/2)%len(rig.Random)]]([]uint64{next.number(), next.number(), next.number()})
		}
		tryState(t, rig, build, b)
		rig.Chip.Reset()
	})
}

// tryState loads the state of a rig, and such that is wrong somewhere.
func tryState(t *testing.T, rig *Rig, build func() *Rig, b []byte) {
	saved := snap.Save(rig.state)
	copied := build()
	if err := snap.Load(saved, copied.state); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(saved, snap.Save(copied.state)) {
		t.Fatal("a copy has another state")
	}
	snap.Load(b, build().Chip.State) // what is wrong is refused
	if len(b) < 4 {
		return
	}
	for i := range 3 {
		saved[(int(b[i])<<8+int(b[i+1]))%len(saved)] ^= b[i]
	}
	wrong := build()
	if snap.Load(saved, wrong.state) == nil {
		for _, verb := range wrong.Random {
			wrong.Verbs[verb]([]uint64{uint64(b[0]), uint64(b[1]), 1})
		}
	}
}

type numbers struct{ b []byte }

func (n *numbers) byte() byte {
	if len(n.b) == 0 {
		return 0
	}
	v := n.b[0]
	n.b = n.b[1:]
	return v
}

// number is one of few bytes more often than of many.
func (n *numbers) number() (v uint64) {
	for range [8]int{1, 2, 1, 2, 1, 4, 2, 8}[n.byte()%8] {
		v = v<<8 | uint64(n.byte())
	}
	return v
}

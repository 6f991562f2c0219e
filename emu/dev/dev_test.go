package dev

import (
	"fmt"
	"slices"
	"testing"

	"panda/emu/snap"
)

func TestTicks(t *testing.T) {
	const hz = 1_193_182
	for _, c := range []struct{ ticks, hz uint64 }{{0, hz}, {1, hz}, {hz, hz}, {hz*3600*24*365 + 17, hz}, {12345, 32768}, {1 << 40, 100_000_000}} {
		at := TickTime(c.ticks, c.hz)
		if got := at.Ticks(c.hz); got != c.ticks {
			t.Errorf("%d ticks at %d Hz are over at %d, when %d are", c.ticks, c.hz, at, got)
		}
		if at > 0 && (at-1).Ticks(c.hz) >= c.ticks {
			t.Errorf("%d ticks at %d Hz are over before %d", c.ticks, c.hz, at)
		}
	}
	if TickTime(1<<63, 18) != Never {
		t.Error("what does not fit is no time")
	}
}

func TestClock(t *testing.T) {
	var now Time
	c := NewClock(func() Time { return now })
	var done []string
	named := func(name string, then func()) func() {
		return func() {
			done = append(done, name)
			if then != nil {
				then()
			}
		}
	}
	var a, b *Timer
	b = c.NewTimer(named("b", func() { a.Set(now) }))
	a = c.NewTimer(named("a", nil))
	sooner := 0
	c.Sooner = func() { sooner++ }
	a.Set(20)
	b.Set(20)
	if c.Next() != 20 || sooner != 1 {
		t.Errorf("next is %d, told %d times", c.Next(), sooner)
	}
	a.Set(30)
	now = 19
	c.Run()
	if done != nil {
		t.Errorf("%v before their time", done)
	}
	now = 25
	c.Run()
	if !slices.Equal(done, []string{"b", "a"}) || c.Next() != Never {
		t.Errorf("did %v, next is %d", done, c.Next())
	}
	a.Set(7)
	saved := snap.Save(a.State)
	a.Set(Never)
	if err := snap.Load(saved, a.State); err != nil || c.Next() != 7 {
		t.Errorf("loaded %d: %v", c.Next(), err)
	}
}

type logged struct{ log []string }

func (l *logged) In(port uint16, size int) uint32 {
	l.log = append(l.log, fmt.Sprintf("in %x/%d", port, size))
	return uint32(port) & 0xff
}

func (l *logged) Out(port uint16, size int, v uint32) {
	l.log = append(l.log, fmt.Sprintf("out %x/%d=%x", port, size, v))
}

func TestPorts(t *testing.T) {
	var b PortBus
	var l, none logged
	b.Unassigned = func(port uint16, size int, write bool, v uint32) {
		if write {
			none.Out(port, size, v)
		} else {
			none.In(port, size)
		}
	}
	b.Attach(0x40, 0x43, 1, &l)
	b.Attach(0xcfc, 0xcff, 4, &l)
	r := b.Attach(0x60, 0x60, 1, &l)
	for _, c := range []struct {
		port uint16
		size int
		want uint32
	}{
		{0x40, 1, 0x40}, {0x42, 2, 0x4342}, {0xcfc, 4, 0xfc}, {0xcfe, 2, 0xfe}, {0xcfe, 4, 0xfffffffe & 0xffff00fe}, {0x60, 2, 0xff60}, {0x5f, 2, 0x60ff}, {0x70, 4, 0xffffffff}, {0xffff, 2, 0xffff},
	} {
		if got := b.In(c.port, c.size); got != c.want {
			t.Errorf("%d bytes at port %#x are %#x, want %#x", c.size, c.port, got, c.want)
		}
	}
	b.Out(0x41, 2, 0x12345)
	want := []string{"in 40/1", "in 42/1", "in 43/1", "in cfc/4", "in cfe/2", "in cfe/2", "in 60/1", "in 60/1", "out 41/1=45", "out 42/1=23"}
	if !slices.Equal(l.log, want) {
		t.Errorf("the chips saw %v, want %v", l.log, want)
	}
	b.Detach(r)
	if got := b.In(0x60, 1); got != 0xff || !b.Free(0x50, 0xcfb) || b.Free(0x50, 0xcfc) {
		t.Errorf("a range that has gone reads as %#x", got)
	}
	if want := []string{"in d00/2", "in 61/1", "in 5f/1", "in 70/4", "in ffff/2", "in 60/1"}; !slices.Equal(none.log, want) {
		t.Errorf("nobody answered %v, want %v", none.log, want)
	}
}

package event

import (
	"cmp"
	"slices"
)

// Timer calls a function when the machine has completed a number of
// instructions, before the next one begins.
type Timer struct {
	At    uint64 // the instruction count
	Every uint64 // then each so many instructions; 0 for once
	Sub   *Sub   // for Enable, Disable and Remove
	fn    func()
}

// Remove ends the timer.
func (t *Timer) Remove() { t.Sub.Remove() }

// timers are in the order in which they are due.
type timers []*Timer

// SetTimer adds a timer. A count that has gone by already is due at once.
func (b *Bus) SetTimer(o *Owner, at, every uint64, fn func()) *Timer {
	t := &Timer{At: at, Every: every, fn: fn}
	t.Sub = b.Detach(o, "timer", func() {
		b.timers = slices.DeleteFunc(b.timers, func(o *Timer) bool { return o == t })
	})
	b.timers.insert(t)
	b.Hurry()
	return t
}

func (ts *timers) insert(t *Timer) {
	i, _ := slices.BinarySearchFunc(*ts, t, func(x, y *Timer) int {
		return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Sub.Owner.Order, y.Sub.Owner.Order), cmp.Compare(x.Sub.seq, y.Sub.seq))
	})
	*ts = slices.Insert(*ts, i, t)
}

// NextTimer is the instruction count at which the next timer is due.
func (b *Bus) NextTimer() (at uint64, ok bool) {
	if len(b.timers) == 0 {
		return 0, false
	}
	return b.timers[0].At, true
}

// FireTimers calls the timers that are due at an instruction count. A timer that
// repeats and whose times have gone by unserved is called once.
func (b *Bus) FireTimers(now uint64) {
	for len(b.timers) > 0 && b.timers[0].At <= now {
		t := b.timers[0]
		b.timers = slices.Delete(b.timers, 0, 1)
		if t.Every != 0 {
			t.At += t.Every * ((now-t.At)/t.Every + 1)
			b.timers.insert(t)
		}
		if t.Sub.On {
			b.Call(t.Sub, t.fn)
		}
		if t.Every == 0 {
			t.Sub.Remove()
		}
	}
}

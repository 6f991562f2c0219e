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
	fired bool // and is not in the list, as it is not to be again
}

// Remove ends the timer.
func (t *Timer) Remove() { t.Sub.Remove() }

// timers are in the order in which they are due.
type timers struct{ roster[*Timer] }

// SetTimer adds a timer. A count that has gone by already is due at once.
func (b *Bus) SetTimer(o *Owner, at, every uint64, fn func()) *Timer {
	t := &Timer{At: at, Every: every, fn: fn}
	t.Sub = b.Detach(o, "timer", func() {
		if !t.fired {
			b.timers.left()
		}
	})
	b.timers.add(t)
	b.Hurry()
	return t
}

func (ts *timers) add(t *Timer) {
	i, _ := slices.BinarySearchFunc(ts.all, t, func(x, y *Timer) int {
		return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Sub.Owner.Order, y.Sub.Owner.Order), cmp.Compare(x.Sub.seq, y.Sub.seq))
	})
	ts.insert(i, t)
}

// NextTimer is the instruction count at which the next timer is due.
func (b *Bus) NextTimer() (at uint64, ok bool) {
	ts := &b.timers
	for len(ts.all) > 0 && ts.all[0].over() {
		ts.all = ts.all[1:]
		ts.ended--
	}
	if len(ts.all) == 0 {
		return 0, false
	}
	return ts.all[0].At, true
}

// FireTimers calls the timers that are due at an instruction count. A timer that
// repeats and whose times have gone by unserved is called once.
func (b *Bus) FireTimers(now uint64) {
	for at, ok := b.NextTimer(); ok && at <= now; at, ok = b.NextTimer() {
		t := b.timers.all[0]
		b.timers.all = slices.Delete(b.timers.all, 0, 1)
		if t.fired = t.Every == 0; !t.fired {
			t.At += t.Every * ((now-t.At)/t.Every + 1)
			b.timers.add(t)
		}
		if t.Sub.On {
			b.Call(t.Sub, t.fn)
		}
		if t.Every == 0 {
			t.Sub.Remove()
		}
	}
}

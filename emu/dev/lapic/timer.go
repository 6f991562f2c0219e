package lapic

import "panda/emu/dev"

// Modes of the timer (SDM 10.5.4): bits 17 and 18 of its entry.
const (
	timerOneShot = iota
	timerPeriodic
	timerDeadline
)

func (a *APIC) timerMode() uint32 { return a.lvt[lvtTimer] >> 17 & 3 }

// tick is how long one is, by the divide configuration register (SDM figure 10-10).
func (a *APIC) tick() dev.Time { return 1 << (((a.divide&3 | a.divide>>1&4) + 1) & 7) }

// due is when the timer is over, or Never.
func (a *APIC) due() dev.Time {
	switch {
	case a.timerMode() == timerDeadline && a.deadline != 0:
		return a.deadlineTime()
	case a.timerMode() < timerDeadline && a.count != 0:
		return a.from + dev.Time(a.count)*a.tick()
	}
	return dev.Never
}

// deadlineTime is when the TSC reaches the deadline. The TSC may be behind the clock.
func (a *APIC) deadlineTime() dev.Time {
	ahead := int64(a.tscOffset) >= 0
	switch at := a.deadline - a.tscOffset; {
	case ahead && at > a.deadline:
		return 0
	case !ahead && at < a.deadline:
		return dev.Never
	default:
		return dev.Time(at)
	}
}

// settle does what is over, and sets the timer to what is next. While the entry is masked
// nobody need be called: it is done at the next access.
func (a *APIC) settle() {
	now := a.clock.Now()
	if due := a.due(); due <= now {
		switch a.timerMode() {
		case timerPeriodic:
			period := dev.Time(a.initial) * a.tick()
			a.from, a.count = due, a.initial
			if period != 0 {
				a.from += (now - due) / period * period
			}
		case timerOneShot:
			a.count = 0
		default:
			a.deadline = 0
		}
		a.local(lvtTimer)
	}
	next := dev.Never
	if a.lvt[lvtTimer]&lvtMasked == 0 {
		next = a.due()
	}
	if a.timer.At() != next {
		a.timer.Set(next)
	}
}

// current is the current count. The timer has been settled.
func (a *APIC) current() uint32 {
	if a.timerMode() == timerDeadline || a.count == 0 {
		return 0
	}
	return a.count - uint32((a.clock.Now()-a.from)/a.tick())
}

// setInitial starts the timer, or with 0 stops it.
func (a *APIC) setInitial(v uint32) {
	if a.settle(); a.timerMode() == timerDeadline {
		return // SDM 10.5.4.1
	}
	a.initial, a.count, a.from = v, v, a.clock.Now()
	a.settle()
}

func (a *APIC) setDivide(v uint32) {
	a.settle()
	a.count = a.current()
	a.divide, a.from = v&0xb, a.clock.Now()
	a.settle()
}

// setTimer is a write to its entry. Between deadlines and counts the timer is disarmed.
func (a *APIC) setTimer(v uint32) {
	a.settle()
	was := a.timerMode() == timerDeadline
	if !a.features.Deadline {
		v &^= 1 << 18
	}
	a.lvt[lvtTimer] = v
	if (a.timerMode() == timerDeadline) != was {
		a.count, a.deadline = 0, 0
	}
	a.settle()
}

// SetTSC says how much the TSC is ahead of the clock, in nanoseconds.
func (a *APIC) SetTSC(offset uint64) {
	a.settle()
	a.tscOffset = offset
	a.settle()
}

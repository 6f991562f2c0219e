package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// pointOf is the point of the host's monotonic clock at which a clock will show
// ns, if it goes as fast.
func (t *Thread) pointOf(clock int, ns int64) int64 {
	k := t.k
	if counts := t.cpuTime(clock); counts.any() {
		return max(k.host.Now()+ns-counts.used(), 1)
	}
	if clock == abi.CLOCK_MONOTONIC {
		return max(ns, 1)
	}
	ts, e := k.host.ClockGettime(clock)
	if e != 0 {
		return max(ns, 1)
	}
	return max(k.host.Now()+ns-ts.Nano(), 1)
}

// deadlineAt sets the deadline of the call to a point of a clock.
func (t *Thread) deadlineAt(clock int, ts *abi.Timespec) errno {
	ns, e := duration(ts)
	if e == 0 && t.call.deadline == 0 {
		t.call.deadline = t.pointOf(clock, ns)
	}
	return e
}

func sysClockGettime(t *Thread, c *call) (int64, errno) {
	ts, e := t.clockNow(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if c.wide() {
		return 0, t.storeTime(c.addr(1), &ts)
	}
	return 0, t.putTime(c.addr(1), ts.Sec, ts.Nsec)
}

// putTime stores a timespec or timeval.
func (t *Thread) putTime(a guest.Addr, sec, frac int64) errno {
	word := t.lay().Word
	b := t.scratch(2 * word)
	t.lay().PutWord(b, uint64(sec))
	t.lay().PutWord(b[word:], uint64(frac))
	return t.copyOut(a, b)
}

// clockNow reads a clock.
func (t *Thread) clockNow(clock int) (abi.Timespec, errno) {
	if isCPUClock(clock) {
		if counts := t.cpuTime(clock); counts.any() {
			used := counts.used()
			return abi.Timespec{Sec: used / 1e9, Nsec: used % 1e9}, 0
		}
		return abi.Timespec{}, abi.EINVAL
	}
	if ns, ok := t.k.host.Clock(clock); ok {
		return abi.Timespec{Sec: ns / 1e9, Nsec: ns % 1e9}, 0
	}
	ts, e := t.k.host.ClockGettime(clock)
	return abi.Timespec{Sec: ts.Sec, Nsec: ts.Nsec}, e
}

func sysClockGetres(t *Thread, c *call) (int64, errno) {
	res, e := t.resolution(c.i32(0))
	if e != 0 || c.addr(1) == 0 {
		return 0, e
	}
	return 0, t.storeTime(c.addr(1), &res)
}

// resolution is how fine a clock is.
func (t *Thread) resolution(clock int) (abi.Timespec, errno) {
	if isCPUClock(clock) {
		if !t.cpuTime(clock).any() {
			return abi.Timespec{}, abi.EINVAL
		}
		return abi.Timespec{Nsec: insnTime}, 0
	}
	ts, e := t.k.host.ClockGetres(clock)
	return abi.Timespec{Sec: ts.Sec, Nsec: ts.Nsec}, e
}

func sysClockSettime(*Thread, *call) (int64, errno) { return 0, abi.EPERM }

func sysGettimeofday(t *Thread, c *call) (int64, errno) {
	ts, e := t.clockNow(abi.CLOCK_REALTIME)
	if e != 0 {
		return 0, e
	}
	if a := c.addr(0); a != 0 {
		if e := t.putTime(a, ts.Sec, ts.Nsec/1000); e != 0 {
			return 0, e
		}
	}
	return 0, t.storeIf(c.addr(1), &abi.Timezone{})
}

func sysTime(t *Thread, c *call) (int64, errno) {
	ts, e := t.clockNow(abi.CLOCK_REALTIME)
	if e != 0 {
		return 0, e
	}
	if a := c.addr(0); a != 0 {
		e = t.putWord(a, uint64(ts.Sec))
	}
	return ts.Sec, e
}

func sysNanosleep(t *Thread, c *call) (int64, errno) {
	return t.sleep(c, abi.CLOCK_MONOTONIC, false, c.addr(0), c.addr(1))
}

func sysClockNanosleep(t *Thread, c *call) (int64, errno) {
	if c.i32(0) == unix.CLOCK_THREAD_CPUTIME_ID {
		return 0, abi.EINVAL
	}
	if _, e := t.clockNow(c.i32(0)); e != 0 {
		return 0, abi.EINVAL
	}
	return t.sleep(c, c.i32(0), c.i32(1)&abi.TIMER_ABSTIME != 0, c.addr(2), c.addr(3))
}

func (t *Thread) sleep(c *call, clock int, absolute bool, req, rem guest.Addr) (int64, errno) {
	if c.deadline == 0 {
		var ts abi.Timespec
		if e := t.loadTime(req, &ts); e != 0 {
			return 0, e
		}
		ns, e := duration(&ts)
		if e != 0 {
			return 0, e
		}
		if absolute {
			c.deadline = t.pointOf(clock, ns)
		} else {
			t.deadlineIn(ns)
		}
	}
	if t.timedOut() {
		return 0, 0
	}
	w := wait{deadline: c.deadline, interrupted: abi.ERESTART_RESTARTBLOCK}
	if absolute {
		w.interrupted = abi.ERESTARTNOHAND
	} else if rem != 0 {
		w.undo, w.rem = undoSleep, rem
	}
	return 0, t.park(w)
}

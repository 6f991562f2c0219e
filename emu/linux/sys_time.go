package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// pointOf is the point of the host's monotonic clock at which a clock will show
// ns.
func (k *Kernel) pointOf(clock int, ns int64) int64 {
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
		t.call.deadline = t.k.pointOf(clock, ns)
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
	b, e := t.out(a, uint64(2*word))
	if e == 0 {
		t.lay().PutWord(b, uint64(sec))
		t.lay().PutWord(b[word:], uint64(frac))
	}
	return e
}

// clockNow reads a clock. Negative numbers name the time of a process or thread:
// to the host those are all the emulator.
func (t *Thread) clockNow(clock int) (abi.Timespec, errno) {
	if clock < 0 {
		clock = unix.CLOCK_PROCESS_CPUTIME_ID
	}
	if ns, ok := t.k.host.Clock(clock); ok {
		return abi.Timespec{Sec: ns / 1e9, Nsec: ns % 1e9}, 0
	}
	ts, e := t.k.host.ClockGettime(clock)
	return abi.Timespec{Sec: ts.Sec, Nsec: ts.Nsec}, e
}

func sysClockGetres(t *Thread, c *call) (int64, errno) {
	ts, e := t.k.host.ClockGetres(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if c.addr(1) == 0 {
		return 0, 0
	}
	return 0, t.storeTime(c.addr(1), &abi.Timespec{Sec: ts.Sec, Nsec: ts.Nsec})
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
			c.deadline = t.k.pointOf(clock, ns)
		} else {
			t.deadlineIn(ns)
		}
	}
	if t.timedOut() {
		return 0, 0
	}
	w := wait{deadline: c.deadline, interrupted: abi.EINTR}
	if absolute {
		w.interrupted = abi.ERESTARTNOHAND
	} else if rem != 0 {
		w.cancel = func() {
			left := max(0, c.deadline-t.k.host.Now())
			t.storeTime(rem, &abi.Timespec{Sec: left / 1e9, Nsec: left % 1e9})
		}
	}
	return 0, t.park(w)
}

func sysTimes(t *Thread, c *call) (int64, errno) {
	tms, ticks := t.k.host.Times()
	return ticks, t.storeIf(c.addr(0), &abi.Tms{Utime: tms.Utime, Stime: tms.Stime})
}

func sysGetrusage(t *Thread, c *call) (int64, errno) {
	const children, self, thread = -1, 0, 1
	var u abi.Rusage
	switch c.i32(0) {
	case self, thread:
		r, e := t.k.host.Getrusage(self)
		if e != 0 {
			return 0, e
		}
		u = abi.Rusage{Utime: abi.Timeval{Sec: r.Utime.Sec, Usec: r.Utime.Usec}, Stime: abi.Timeval{Sec: r.Stime.Sec, Usec: r.Stime.Usec},
			Maxrss: r.Maxrss, Minflt: r.Minflt, Majflt: r.Majflt, Inblock: r.Inblock, Oublock: r.Oublock, Nvcsw: r.Nvcsw, Nivcsw: r.Nivcsw}
	case children:
	default:
		return 0, abi.EINVAL
	}
	return 0, t.store(c.addr(1), &u)
}

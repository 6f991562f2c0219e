package hostsys

import "golang.org/x/sys/unix"

// Clocks.

func (h *Host) ClockGettime(clock int) (ts unix.Timespec, e Errno) {
	e = h.run(unix.SYS_CLOCK_GETTIME, num(clock), structOut(&h.ts))
	return h.ts, e
}

func (h *Host) ClockGetres(clock int) (ts unix.Timespec, e Errno) {
	p := new(unix.Timespec)
	e = h.run(unix.SYS_CLOCK_GETRES, num(clock), structOut(p))
	return *p, e
}

// Now is the monotonic clock in nanoseconds.
func (h *Host) Now() int64 {
	ts, _ := h.ClockGettime(unix.CLOCK_MONOTONIC)
	return ts.Nano()
}

func (h *Host) Times() (t unix.Tms, ticks int64) {
	p := new(unix.Tms)
	ticks, _ = h.do(unix.SYS_TIMES, structOut(p))
	return *p, ticks
}

package hostsys

import (
	"time"

	"golang.org/x/sys/unix"
)

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

// Clock reads a clock in nanoseconds, if the host has a quick way.
func (h *Host) Clock(clock int) (ns int64, ok bool) { return h.Door.Clock(clock) }

// Now is the monotonic clock in nanoseconds.
func (h *Host) Now() int64 {
	if ns, ok := h.Door.Clock(unix.CLOCK_MONOTONIC); ok {
		return ns
	}
	ts, _ := h.ClockGettime(unix.CLOCK_MONOTONIC)
	return ts.Nano()
}

// start ties Go's monotonic time, which the runtime reads without a system call,
// to the host's clock.
type start struct {
	at   time.Time
	mono int64 // CLOCK_MONOTONIC at that time
}

func newStart() (s start) {
	var ts unix.Timespec
	s.at = time.Now()
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) == nil {
		s.mono = ts.Nano()
	}
	return s
}

// Clock serves the two clocks that programs ask for all the time.
func (r real) Clock(clock int) (ns int64, ok bool) {
	switch clock {
	case unix.CLOCK_REALTIME:
		return time.Now().UnixNano(), true
	case unix.CLOCK_MONOTONIC:
		return r.start.mono + int64(time.Since(r.start.at)), r.start.mono != 0
	}
	return 0, false
}

package oracle

import (
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watchdog kills a tracee that does not stop: code that loops.
type watchdog struct {
	running atomic.Bool
	count   atomic.Uint64 // of stops
	done    chan struct{}
}

// patience is how much of the CPU's time code may take, at least; on a host that is
// busy it may take any time.
var patience = 5 * time.Second

func (w *watchdog) ran() {
	w.running.Store(false)
	w.count.Add(1)
}

// guard watches a tracee until done is closed.
func (w *watchdog) guard(pid int, patience time.Duration) {
	var last uint64
	var since time.Duration // what it had taken when it stopped last, or a little later
	start := time.Now()
	t := time.NewTicker(patience / 5)
	defer t.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-t.C:
		}
		taken, ok := cpuTime(pid)
		if !ok { // the host does not tell
			taken = time.Since(start)
		}
		if n := w.count.Load(); n != last || !w.running.Load() {
			last, since = n, taken
		}
		if taken-since > patience {
			_ = syscall.Kill(pid, syscall.SIGKILL) // the wait for it reports that it is gone
			return
		}
	}
}

// cpuTime is how much of the CPU's time a process has taken: its clock is number
// ~pid * 8 + 2 (clock_getcpuclockid(3), linux/posix-timers.h).
func cpuTime(pid int) (t time.Duration, ok bool) {
	var ts unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|2), &ts)
	return time.Duration(ts.Nano()), err == nil
}

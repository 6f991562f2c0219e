package oracle

import (
	"sync/atomic"
	"syscall"
	"time"
)

// watchdog kills a tracee that does not stop: code that loops.
type watchdog struct {
	running atomic.Bool
	count   atomic.Uint64 // of stops
	done    chan struct{}
}

// patience is how long code may run, at least; at most twice that.
const patience = 5 * time.Second

func (w *watchdog) ran() {
	w.running.Store(false)
	w.count.Add(1)
}

// guard watches a tracee until done is closed.
func (w *watchdog) guard(pid int) {
	last := ^uint64(0)
	t := time.NewTicker(patience)
	defer t.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-t.C:
		}
		n := w.count.Load()
		if n == last && w.running.Load() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // the wait for it reports that it is gone
			return
		}
		last = n
	}
}

package linux

import (
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/futex"
	"panda/emu/linux/signal"
)

// What a thread waits for, and what its call remembers meanwhile, are values: no
// functions, so that whoever keeps the state of a guest can write them down.

// wait is what a parked thread waits for. Whatever comes first wakes it, and
// its call is made again.
type wait struct {
	fds      []unix.PollFd
	deadline int64 // on the host's monotonic clock; 0 for none
	child    bool  // a change of a child process
	hard     bool  // signals do not interrupt
	signals  uint64
	// interrupted is the call's result when a signal is to be delivered.
	interrupted errno
	undo        undo
	rem         guest.Addr // of undoSleep
}

// undo is what a call has set up for being woken, to be undone when it does not come
// to that.
type undo uint8

const (
	undoNothing undo = iota
	undoFutex        // the thread leaves the queue
	undoOpen         // the open is given up
	undoSleep        // what is left of the time is stored at rem
)

// callState is what a call that parked its thread remembers besides.
type callState struct {
	futex   *futex.Waiter // its place in a queue
	opening *opening      // an open that waits for the other end
	child   int           // of vfork: its result
	begun   bool          // of connect: the connection was begun
	old     bool          // of stat: it stores the structure of Linux 1.0
}

// timeLeft is where a call stores, when it ends, how much of its time is left: it
// may be made again with that. 0 is nowhere.
type timeLeft struct {
	at    guest.Addr
	micro bool // in a struct timeval
}

// blocked is the errno of a call that parked its thread. It never leaves the
// package.
const blocked errno = -1

// park makes the running thread wait, unless a signal is there already.
func (t *Thread) park(w wait) errno {
	if t.deliverable() != 0 {
		t.undoWait(&w)
		return w.interrupted
	}
	t.wait, t.state = &w, parked
	return blocked
}

// parkFD waits for a descriptor. A wait that has a time, that of a socket, does
// not begin again after a signal.
func (t *Thread) parkFD(fd int, events int16) errno {
	w := wait{fds: []unix.PollFd{{Fd: int32(fd), Events: events}}, interrupted: abi.ERESTARTSYS, deadline: t.call.deadline}
	if w.deadline != 0 {
		w.interrupted = abi.EINTR
	}
	return t.park(w)
}

// wake lets a parked thread go on.
func (t *Thread) wake() {
	if t.state != parked {
		return
	}
	t.wait, t.state = nil, ready
	if t.k.sched.turn.t != t && !slices.Contains(t.k.sched.queue, t) { // a function that is called waits within its thread's turn
		t.k.enqueue(t)
	}
}

// interrupt wakes a parked thread because of a signal.
func (t *Thread) interrupt() {
	if t.state != parked || t.wait.hard && (t.signal.pending.Set|t.p.signal.pending.Set)&signal.Bit(abi.SIGKILL) == 0 {
		return
	}
	t.call.interrupted = t.wait.interrupted
	t.giveUp()
	t.wake()
}

// giveUp undoes a wait that did not come true, or what came of it when the call will
// not be made again.
func (t *Thread) giveUp() {
	if t.wait != nil {
		t.undoWait(t.wait)
	} else if o := t.call.state.opening; o != nil && t.call.active {
		o.abandon()
	}
}

func (t *Thread) undoWait(w *wait) {
	c := &t.call
	switch w.undo {
	case undoFutex:
		t.k.futexes.Cancel(c.state.futex)
	case undoOpen:
		c.state.opening.abandon()
	case undoSleep:
		if e := t.storeLeft(timeLeft{at: w.rem}); e != 0 {
			c.interrupted = e
		}
	}
}

// storeLeft stores what is left of the call's time.
func (t *Thread) storeLeft(to timeLeft) errno {
	left := max(0, t.call.deadline-t.k.host.Now())
	if to.micro {
		return t.store(to.at, &abi.Timeval{Sec: left / 1e9, Usec: left % 1e9 / 1000})
	}
	return t.storeTime(to.at, &abi.Timespec{Sec: left / 1e9, Nsec: left % 1e9})
}

// Package interrupt decides what becomes of signals that are to end something.
package interrupt

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/lua"
)

// Problem: signals that are to end something, such as Ctrl-C, may mean the guest, a
// script that does not end, the guest's run under the prompt, or panda itself.
//
// Idea: what panda is doing decides. One object knows it, and is asked about each
// signal before the guest gets it.
//
// Invariant: a second signal ends panda at once wherever the first cannot have
// reached a guest: whatever hangs, the terminal comes back.

// Phase is what panda is doing.
type Phase uint8

// The phases.
const (
	Starting Phase = iota // plugins and scripts are loaded
	Running               // the guest runs, without a prompt
	Ending                // the guest has ended, plugins are closed
	Reading               // the prompt waits for a line
	Working               // the prompt does a line
	Driving               // the prompt has let the guest run
)

// grace is how long a script's callback may go on after a signal that the guest
// cannot take meanwhile.
const grace = 500 * time.Millisecond

// Judge decides what becomes of signals that are to end something.
type Judge struct {
	mu    sync.Mutex
	phase Phase
	got   int // signals in this phase
	// stop stops the guest that the prompt runs, restore puts the terminal back,
	// hint says how to leave the prompt; all may be called from any goroutine.
	stop, restore, hint func()
	replay              func() // stops a replay, whose guest takes no signals; nil of a run
	stopped             bool   // the guest was stopped by a signal
	gone                bool   // the guest has ended: no signal is for it
	passed              bool   // the prompt's user wants SIGINT to reach the guest
	sig                 int    // that ends panda in order, 0 for none
	leave               chan struct{}
}

// New makes a judge of a panda that starts.
func New() *Judge {
	return &Judge{leave: make(chan struct{}), stop: func() {}, restore: func() {}, hint: func() {}}
}

// Enter says what panda does from now on, and what it did before.
func (j *Judge) Enter(p Phase) (before Phase) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before, j.phase, j.got = j.phase, p, 0
	if p == Driving || p == Reading {
		j.stopped = false
	}
	j.gone = j.gone || p == Ending
	if p == Reading || p == Running || p == Ending {
		lua.Uninterrupt() // it was for what is over
	}
	return before
}

// Read is Enter(Reading) after so many Ctrl-C that count.
func (j *Judge) Read(counted int) (before Phase) {
	before = j.Enter(Reading)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.got = counted
	return before
}

// Serve says how to stop the guest, how to put the terminal back, and how to say
// what a second Ctrl-C at the prompt does.
func (j *Judge) Serve(stop, restore, hint func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stop, j.restore, j.hint = stop, restore, hint
}

// Replay says that the guest is one of a replay, and how to stop it.
func (j *Judge) Replay(stop func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.replay = stop
}

// GuestEnded says that no guest takes signals any more.
func (j *Judge) GuestEnded() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.gone = true
}

// WasStopped reports whether a signal stopped the guest that the prompt ran last.
func (j *Judge) WasStopped() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stopped
}

// Pass lets SIGINT reach the guest that the prompt runs.
func (j *Judge) Pass(on bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.passed = on
}

// Ends is the signal that ends panda in order, 0 for none.
func (j *Judge) Ends() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sig
}

// Left is closed when there is such a signal.
func (j *Judge) Left() <-chan struct{} { return j.leave }

// forceful are the signals by which a program that hangs is ended, or ends itself:
// no one sends them for the guest while it waits for the prompt's work. Others, as
// SIGUSR1 and SIGALRM, are held until the guest runs.
var forceful = []int{abi.SIGQUIT, abi.SIGABRT, abi.SIGSEGV, abi.SIGBUS, abi.SIGILL, abi.SIGFPE, abi.SIGTRAP, abi.SIGSYS}

// harmless are the signals that end nobody.
var harmless = []int{abi.SIGCONT, abi.SIGTSTP, abi.SIGWINCH}

// asks reports whether a signal asks what runs to end, other than by force.
func (j *Judge) asks(sig int) bool {
	switch sig {
	case abi.SIGINT, abi.SIGTERM, abi.SIGHUP:
		return true
	case abi.SIGQUIT, abi.SIGABRT:
		return j.phase < Reading // at the prompt they are the guest's, or forceful
	}
	return false
}

// Take is asked about a signal; a true result keeps it from the guest.
func (j *Judge) Take(sig int) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case !j.asks(sig) && j.gone && !slices.Contains(harmless, sig), j.phase == Working && slices.Contains(forceful, sig):
		j.dieNow(sig)
	case !j.asks(sig), j.phase == Driving && sig == abi.SIGINT && j.passed:
		return false
	}
	j.got++
	why := "interrupted by " + abi.SignalName(sig)
	switch {
	case j.phase == Running && j.replay == nil:
		lua.Interrupt(why, grace)
		return false
	case j.got > 1 && j.phase != Reading:
		j.dieNow(sig)
	case j.phase == Running:
		j.note(sig)
		j.replay()
		lua.Interrupt(why, grace)
	case j.phase == Driving:
		j.stopped = true
		j.stop()
		lua.Interrupt(why, grace) // a callback may keep the guest from stopping
	case j.phase != Reading:
		lua.Interrupt(why, 0)
	}
	if j.phase == Reading && j.got == 1 && sig == abi.SIGINT {
		j.hint()
	}
	if j.phase == Starting || j.phase >= Reading && (sig != abi.SIGINT || j.phase == Reading && j.got > 1) {
		j.note(sig)
	}
	return j.phase != Starting // the guest gets it then if there is one
}

// Restore puts the terminal back, if a prompt has it.
func (j *Judge) Restore() { j.restore() }

// note makes a signal end panda.
func (j *Judge) note(sig int) {
	if j.sig == 0 {
		j.sig = sig
		close(j.leave)
	}
}

// dieNow ends panda from whichever goroutine this is.
func (j *Judge) dieNow(sig int) {
	j.restore()
	Die(sig)
	unix.Exit(128 + sig) // the signal cannot kill
}

// Killed says that a signal ended panda itself.
type Killed struct{ Sig int }

// Error names the signal.
func (k Killed) Error() string { return "ended by " + abi.SignalName(k.Sig) }

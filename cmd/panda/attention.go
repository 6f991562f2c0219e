package main

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

// phase is what panda is doing.
type phase uint8

const (
	starting phase = iota // plugins and scripts are loaded
	running               // the guest runs, without a prompt
	ending                // the guest has ended, plugins are closed
	reading               // the prompt waits for a line
	working               // the prompt does a line
	driving               // the prompt has let the guest run
)

// grace is how long a script's callback may go on after a signal that the guest
// cannot take meanwhile.
const grace = 500 * time.Millisecond

// attention decides what becomes of signals that are to end something.
type attention struct {
	mu    sync.Mutex
	phase phase
	got   int // signals in this phase
	// stop stops the guest that the prompt runs, restore puts the terminal back,
	// hint says how to leave the prompt; all may be called from any goroutine.
	stop, restore, hint func()
	stopped             bool // the guest was stopped by a signal
	gone                bool // the guest has ended: no signal is for it
	passed              bool // the prompt's user wants SIGINT to reach the guest
	sig                 int  // that ends panda in order, 0 for none
	leave               chan struct{}
}

func newAttention() *attention {
	return &attention{leave: make(chan struct{}), stop: func() {}, restore: func() {}, hint: func() {}}
}

// enter says what panda does from now on, and what it did before.
func (a *attention) enter(p phase) (before phase) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, a.phase, a.got = a.phase, p, 0
	if p == driving || p == reading {
		a.stopped = false
	}
	a.gone = a.gone || p == ending
	if p == reading || p == running || p == ending {
		lua.Uninterrupt() // it was for what is over
	}
	return before
}

// read is enter(reading) after so many Ctrl-C that count.
func (a *attention) read(counted int) (before phase) {
	before = a.enter(reading)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = counted
	return before
}

// serve says how to stop the guest, how to put the terminal back, and how to say
// what a second Ctrl-C at the prompt does.
func (a *attention) serve(stop, restore, hint func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stop, a.restore, a.hint = stop, restore, hint
}

// guestEnded says that no guest takes signals any more.
func (a *attention) guestEnded() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = true
}

// wasStopped reports whether a signal stopped the guest that the prompt ran last.
func (a *attention) wasStopped() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopped
}

// pass lets SIGINT reach the guest that the prompt runs.
func (a *attention) pass(on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.passed = on
}

// ends is the signal that ends panda in order, 0 for none.
func (a *attention) ends() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sig
}

// forceful are the signals by which a program that hangs is ended, or ends itself:
// no one sends them for the guest while it waits for the prompt's work. Others, as
// SIGUSR1 and SIGALRM, are held until the guest runs.
var forceful = []int{abi.SIGQUIT, abi.SIGABRT, abi.SIGSEGV, abi.SIGBUS, abi.SIGILL, abi.SIGFPE, abi.SIGTRAP, abi.SIGSYS}

// harmless are the signals that end nobody.
var harmless = []int{abi.SIGCONT, abi.SIGTSTP, abi.SIGWINCH}

// asks reports whether a signal asks what runs to end, other than by force.
func (a *attention) asks(sig int) bool {
	switch sig {
	case abi.SIGINT, abi.SIGTERM, abi.SIGHUP:
		return true
	case abi.SIGQUIT, abi.SIGABRT:
		return a.phase < reading // at the prompt they are the guest's, or forceful
	}
	return false
}

// take is asked about a signal; a true result keeps it from the guest.
func (a *attention) take(sig int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.asks(sig) && a.gone && !slices.Contains(harmless, sig), a.phase == working && slices.Contains(forceful, sig):
		a.dieNow(sig)
	case !a.asks(sig), a.phase == driving && sig == abi.SIGINT && a.passed:
		return false
	}
	a.got++
	why := "interrupted by " + abi.SignalName(sig)
	switch {
	case a.phase == running:
		lua.Interrupt(why, grace)
		return false
	case a.got > 1 && a.phase != reading:
		a.dieNow(sig)
	case a.phase == driving:
		a.stopped = true
		a.stop()
		lua.Interrupt(why, grace) // a callback may keep the guest from stopping
	case a.phase != reading:
		lua.Interrupt(why, 0)
	}
	if a.phase == reading && a.got == 1 && sig == abi.SIGINT {
		a.hint()
	}
	if a.phase == starting || a.phase >= reading && (sig != abi.SIGINT || a.phase == reading && a.got > 1) {
		a.note(sig)
	}
	return a.phase != starting // the guest gets it then if there is one
}

// note makes a signal end panda.
func (a *attention) note(sig int) {
	if a.sig == 0 {
		a.sig = sig
		close(a.leave)
	}
}

// dieNow ends panda from whichever goroutine this is.
func (a *attention) dieNow(sig int) {
	a.restore()
	dieOf(sig)
	unix.Exit(128 + sig) // the signal cannot kill
}

// killed says that a signal ended panda itself.
type killed struct{ sig int }

func (k killed) Error() string { return "ended by " + abi.SignalName(k.sig) }

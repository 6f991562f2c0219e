package lua

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	glua "github.com/yuin/gopher-lua"
)

// Problem: a call of Lua code that does not end is to be ended from another
// goroutine, and calls that nobody interrupts may not be slower for it, as they are
// with a context.
//
// Idea: the loop of gopher-lua takes the function of each instruction from a table.
// While an interrupt is asked for, the table has trap for all of them. It runs where
// the Lua code runs, decides there whether this call is meant, and raises an error
// or does what the instruction does.
//
// Invariant: a word of the table is one of two functions at any time, so who reads
// it without a lock does at most one instruction more. An error that the script
// catches is raised again by its next instruction, until the outermost call is over.

// ErrInterrupted is what an error of a call that was interrupted is.
var ErrInterrupted = errors.New("interrupted")

// interrupt is a wish to end what runs.
type interrupt struct {
	why   string
	after time.Duration
	// raised says that a call is being ended by it: it holds until that is done.
	raised atomic.Bool
}

var (
	asked  atomic.Pointer[interrupt]
	arming sync.Mutex // held while the table is written
)

// patience is how long an interrupt waits for a call that it can end, beyond the
// time for which it lets one run.
const patience = 3 * time.Second

// Interrupt ends calls of Lua code, of whichever script: one that is running, or
// begins soon, and still runs when a time has passed. Each fails with an error that
// says why. It may be called from any goroutine.
func Interrupt(why string, after time.Duration) {
	r := &interrupt{why: why, after: after}
	arming.Lock()
	asked.Store(r)
	setTraps(true)
	arming.Unlock()
	time.AfterFunc(after+patience, func() {
		if !r.raised.Load() {
			r.end()
		}
	})
}

// Uninterrupt takes an Interrupt back that has met no call.
func Uninterrupt() {
	if r := asked.Load(); r != nil && !r.raised.Load() {
		r.end()
	}
}

func (r *interrupt) end() {
	arming.Lock()
	defer arming.Unlock()
	if asked.CompareAndSwap(r, nil) {
		setTraps(false)
	}
}

// interrupted is what a state knows of an interrupt: since when it has seen it in
// one and the same call.
type interrupted struct {
	by   *interrupt
	call uint64
	from time.Time
}

// stateKey is where Lua's registry has the State.
const stateKey = "panda.state"

func (s *State) openInterrupt() {
	ud := s.L.NewUserData()
	ud.Value = s
	s.L.G.Registry.RawSetString(stateKey, ud)
}

// trapped is called before each instruction while an interrupt is asked for.
func trapped(L *glua.LState) {
	r := asked.Load()
	ud, ok := L.G.Registry.RawGetString(stateKey).(*glua.LUserData)
	if r == nil || !ok {
		return
	}
	s := ud.Value.(*State)
	if in := &s.interrupted; in.by != r || in.call != s.calls {
		*in = interrupted{r, s.calls, time.Now()}
	}
	if r.raised.Load() || time.Since(s.interrupted.from) >= r.after {
		r.raised.Store(true)
		L.RaiseError("%s", r.why)
	}
}

// wasInterrupted reports whether the call in progress is being ended.
func (s *State) wasInterrupted() bool {
	in := &s.interrupted
	return in.by != nil && in.call == s.calls && in.by.raised.Load()
}

// endInterrupt is called when the outermost call is over.
func (s *State) endInterrupt() {
	if s.wasInterrupted() {
		s.interrupted.by.end()
	}
	s.interrupted = interrupted{}
}

package lua

import (
	glua "github.com/yuin/gopher-lua"

	"panda/lua/syntax"
	"panda/lua/work"
)

// Problem: Lua looks at the limits, and at the wish to interrupt it (interrupt.go),
// between its instructions, and one instruction may be a call into Go that runs,
// allocates or recurses for as long as its arguments say. Go cannot be interrupted,
// and a Go stack that overflows ends the process.
//
// Idea: what a script can make long asks here. Loops carry a ticker, what
// allocates in one piece asks for room, and what recurses has a bound of its own:
// nested calls by nestings, source text by syntax.Compile, JSON by a depth in library.

const (
	// maxListed bounds the instructions and frames that one call lists.
	maxListed = 1 << 16
	// roomStep is the size from which an allocation is weighed against the memory.
	roomStep = 1 << 18
)

// bounds are the limits of a state, as work asks them.
type bounds struct{ s *State }

func (b bounds) Look(L *glua.LState)        { b.s.interrupt(L) }
func (b bounds) Room(L *glua.LState, n int) { b.s.room(L, n) }

// ticker is for a loop within one call.
func (s *State) ticker(L *glua.LState) work.Ticker { return work.Ticker{Limits: bounds{s}, L: L} }

// interrupt raises an error when the limits have ended the call in progress, or
// somebody wants it to end.
func (s *State) interrupt(L *glua.LState) {
	trapped(L)
	if s.guard != nil {
		if why := s.guard.ended(); why != "" {
			L.RaiseError("%s", why)
		}
	}
}

// room raises an error when n bytes in one piece are more than a script may have.
func (s *State) room(L *glua.LState, n int) {
	if n > work.MaxString {
		L.RaiseError("resulting string too large")
	}
	if s.guard != nil && n >= roomStep {
		s.guard.weigh(uint64(n))
		s.interrupt(L)
	}
}

// Bounds of calls within calls on threads of their own: protected calls and
// coroutines. Each takes Go's stack, and so does each call from Go into Lua below
// it, such as a metamethod's. The innermost thread may have callFrames more.
const (
	maxNested = 180
	maxFrames = 100_000
)

// nesting counts the threads that wait for an inner one, and their frames.
type nesting struct{ threads, frames int }

// nest notes that L waits for a thread within it; the function that it gives
// takes that back.
func (s *State) nest(L *glua.LState) func() {
	frames := frameBound(L)
	if s.nested.threads >= maxNested || s.nested.frames+frames > maxFrames {
		L.RaiseError("stack overflow (too many protected calls or coroutines within each other)")
	}
	s.nested.threads++
	s.nested.frames += frames
	return func() {
		s.nested.threads--
		s.nested.frames -= frames
	}
}

// frameBound is a bound of the calls in progress on a thread: they cannot be
// counted other than by walking them.
func frameBound(L *glua.LState) int {
	for n := 16; n < callFrames; n *= 8 {
		if _, ok := L.GetStack(n); !ok {
			return n
		}
	}
	return callFrames
}

// openCoroutines makes coroutines that nest no deeper than Go's stack allows and
// that are resumed only when they wait.
func (s *State) openCoroutines() {
	t := s.L.GetGlobal("coroutine").(*glua.LTable)
	newThread, resume := t.RawGetString("create").(*glua.LFunction).GFunction, t.RawGetString("resume").(*glua.LFunction).GFunction
	create := func(L *glua.LState) int {
		ctx := L.RemoveContext() // else it would keep each coroutine to the end
		newThread(L)
		if ctx != nil {
			L.SetContext(ctx)
		}
		return 1
	}
	t.RawSetString("create", s.L.NewFunction(create))
	t.RawSetString("resume", s.L.NewFunction(func(L *glua.LState) int { return s.resume(L, resume) }))
	t.RawSetString("wrap", s.L.NewFunction(func(L *glua.LState) int {
		create(L)
		th := L.Get(-1)
		L.Push(L.NewFunction(func(L *glua.LState) int {
			L.Insert(th, 1)
			n := s.resume(L, resume)
			if L.Get(-n) == glua.LFalse {
				L.Error(L.Get(-1), 0)
			}
			return n - 1
		}))
		return 1
	}))
}

func (s *State) resume(L *glua.LState, resume glua.LGFunction) int {
	th := L.CheckThread(1)
	switch {
	case th.Dead:
		L.Push(glua.LFalse)
		L.Push(glua.LString("cannot resume dead coroutine"))
		return 2
	case th.Parent != nil || th == L.G.CurrentThread || th == L.G.MainThread:
		L.Push(glua.LFalse)
		L.Push(glua.LString("cannot resume non-suspended coroutine"))
		return 2
	}
	defer s.nest(L)()
	if s.guard != nil { // the limits are those of the call that resumes it
		th.SetContext(L.Context())
	}
	return resume(L)
}

// A byte of source may take sourceShare bytes of memory until it is compiled;
// maxSource is the bound when memory has none.
const (
	sourceShare = 64
	maxSource   = 16 << 20
)

// sourceLimits are those of source text, nil when there are none.
func (s *State) sourceLimits() *syntax.Limits {
	if s.guard == nil {
		return nil
	}
	limit := maxSource
	if b := s.guard.bound; b > 0 {
		limit = int(min(b/sourceShare, maxSource))
	}
	return &syntax.Limits{Size: limit, Ended: s.guard.ended}
}

// Package work lets Go code that runs for one instruction of Lua be ended: Lua looks
// at its limits between instructions, and a call into Go can run or allocate for as
// long as its arguments say.
//
// A state of Lua makes tickers. What loops takes one and counts its steps; what
// allocates in one piece asks it for room. It knows no state, and not what the limits
// are.
package work

import glua "github.com/yuin/gopher-lua"

// Limits are what a call may take. Both raise an error of Lua when it is too much.
type Limits interface {
	// Look is called each Steps steps.
	Look(L *glua.LState)
	// Room is called before n bytes are allocated in one piece.
	Room(L *glua.LState, n int)
}

// Steps is how many small steps pass between two looks at the limits.
const Steps = 1 << 14

// MaxString bounds what one call may build, so that a slip of a script does not
// take the machine's memory.
const MaxString = 1 << 28

// Ticker counts the steps of a loop within one call.
type Ticker struct {
	Limits Limits
	L      *glua.LState
	n      int
}

// Step counts n steps, and raises an error when the call has to end.
func (t *Ticker) Step(n int) {
	if t.n += n; t.n >= Steps {
		t.n = 0
		t.Limits.Look(t.L)
	}
}

// Room raises an error when n bytes in one piece are more than the call may have.
func (t *Ticker) Room(n int) { t.Limits.Room(t.L, n) }

package exec

// A backend keeps what it knows of a block until all blocks are dropped, since
// machine code of a dead block may still be running, and copies are made from it. So
// a program that writes code and runs it, again and again, would fill memory with
// dead blocks long before the room for machine code is full. Invariant: the dead are
// not more than the living, or than a few; and there is an end to those together.

// made counts the blocks since all were dropped.
type made struct{ all, dead int }

const (
	deadFew = 1 << 15
	madeMax = 1 << 20
)

// tooMany reports whether all blocks are to be dropped. Since as many were translated
// as are alive, that costs no more than they have.
func (m *made) tooMany() bool {
	return m.all > madeMax || m.dead > deadFew && 2*m.dead > m.all
}

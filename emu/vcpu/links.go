package vcpu

// Links are how a block's code leads on to others, and others' to it.
type Links struct {
	Next [2]*TB // chained successors, by the slot of the exit
	Side []Side
	From []Link // the chain slots that lead here
}

// Link is a chain slot of a block.
type Link struct {
	TB   *TB
	Slot int
}

// Side is a chain slot of a block that goes on after branches: the numbers from 2 up.
type Side struct {
	Next  *TB
	Chain Chain
}

// Slots is the number of chain slots.
func (tb *TB) Slots() int { return len(tb.Next) + len(tb.Side) }

// Successor is the block that a chain slot is linked to, or nil.
func (tb *TB) Successor(slot int) **TB {
	if slot < len(tb.Next) {
		return &tb.Next[slot]
	}
	return &tb.Side[slot-len(tb.Next)].Next
}

// ChainAt is a chain slot's place in machine code.
func (tb *TB) ChainAt(slot int) *Chain {
	if slot < len(tb.Chain) {
		return &tb.Chain[slot]
	}
	return &tb.Side[slot-len(tb.Chain)].Chain
}

// Unlink forgets the successors.
func (tb *TB) Unlink() {
	tb.Next = [2]*TB{}
	for i := range tb.Side {
		tb.Side[i].Next = nil
	}
}

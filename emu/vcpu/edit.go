package vcpu

import (
	"panda/emu/guest"
	"panda/emu/ir"
)

// Edit is a change that a callback or a debugger makes to the guest. A recorder keeps
// them as inputs; a replay refuses those that are not its own.
type Edit struct {
	Op    EditOp
	Name  string // of a register
	Word  ir.Ref
	Value uint64
	Addr  guest.Addr
	Bytes []byte
	Args  []uint64
}

// EditOp says what is changed.
type EditOp uint8

// The changes.
const (
	EditRegister EditOp = iota + 1 // Name has Value
	EditWord                       // Word has Value
	EditPC                         // the guest goes on at Value
	EditMemory                     // Bytes are at Addr
	EditAccess                     // Bytes are what is read or written
	EditAnswer                     // the event is answered: a system call is not made, its result is Value
	EditCall                       // the function at Addr is called with Args, for at most Value instructions
	EditExit                       // the guest ends with the status Value
	EditSignal                     // a signal is not delivered
	NumEdits
)

var editNames = [NumEdits]string{
	EditRegister: "set a register", EditWord: "set a register", EditPC: "send the guest elsewhere", EditMemory: "write memory",
	EditSignal: "drop a signal", EditAccess: "replace what is read or written", EditAnswer: "answer a call", EditCall: "call a function", EditExit: "end the guest",
}

func (o EditOp) String() string {
	if o < NumEdits {
		return editNames[o]
	}
	return ""
}

// SetWord changes a register word.
func (c *CPU) SetWord(r ir.Ref, v uint64) {
	if c.Editing != nil {
		c.Editing(&Edit{Op: EditWord, Word: r, Value: v})
	}
	c.W[r] = v
}

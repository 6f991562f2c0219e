package vcpu

import (
	"panda/emu/guest"
	"panda/emu/ir"
)

// TB is a translation block: guest code that is entered at its head only,
// together with what an engine made of it.
type TB struct {
	PC    guest.Addr
	Size  int // bytes of guest code
	ASID  guest.ASID
	Mode  uint64 // what besides the address the translation depends on
	Marks []ir.Mark
	Last  guest.Addr // address of the last instruction

	Code any // the engine's translation
	Next [2]*TB
	// Unchained keeps the engine from linking this block to a successor: the
	// run loop wants to see its end.
	Unchained bool
	Dead      bool // invalidated: must not be entered or linked again

	Sites    []Site
	MemSites []MemSite
	Counters []*uint64

	From []Link // the chain slots that lead here
}

// Link is a chain slot of a block.
type Link struct {
	TB   *TB
	Slot int
}

// Insns is the number of guest instructions in the block.
func (tb *TB) Insns() int { return len(tb.Marks) }

// Site is a place in a block where plugin code runs.
type Site struct {
	Insn int // index of the instruction in Marks
	// Fire runs the callbacks. The CPU's registers, pc and icount are exact; a
	// true result leaves the block, to go on at the pc that they left.
	Fire func(c *CPU) (leave bool)
}

// MemAccess is one access as memory callbacks see it.
type MemAccess struct {
	PC   guest.Addr
	Addr guest.Addr
	Size int
	Buf  []byte // the bytes read, or to be written
}

// MemSite is an access in a block that is watched.
type MemSite struct {
	Insn   int
	Size   int
	Before bool // before the access, else after it
	Write  bool
	Fire   func(c *CPU, m *MemAccess) (leave bool)
}

package jit

import (
	"encoding/binary"

	"panda/emu/interp"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Target writes machine code for one kind of host.
type Target interface {
	// Prologue writes the code that all blocks share at the head of an empty
	// arena: how to enter and to leave.
	Prologue(base uintptr) []byte
	// Lower compiles the unit. Its code will stand at u.Origin.
	Lower(u *Unit) error
	// Link makes the jump at a place lead to a position.
	Link(buf []byte, place, to uint32)
	// Enter runs machine code from c.Host.Target until an exit leaves.
	Enter(c *vcpu.CPU)
	// Restore puts into the frame what the code has in a place that only the target
	// knows. It is called after a fault, for a Value that says InTarget, with its K.
	Restore(c *vcpu.CPU, k uint64)
}

// Unit is a block on its way to machine code. Positions are offsets in the
// arena.
type Unit struct {
	Block  *ir.Block
	TB     *vcpu.TB
	Origin uint32
	// Exact asks that an access outside the guest's window leaves with its own
	// address, since a second try would be seen.
	Exact bool
	// Far asks that addresses are looked at as a whole, not their base registers.
	Far bool
	// Limit is the guest's: addresses at and above it do not exist.
	Limit uint64

	Code   []byte
	Cold   int // where that of the exits begins that are seldom taken
	Sites  []Site
	Faults []Fault
	Values []Value
	Ops    []*interp.Single
	Relocs []Reloc
	// Number is the unit's, FirstSite, FirstValue and FirstOp are the numbers of the
	// first of its sites, values and operations: they count over all blocks.
	Number, FirstSite, FirstValue, FirstOp uint32
	// Chain are the jumps of the block's chain slots.
	Chain []vcpu.Chain
}

// Reset makes the unit ready for another block.
func (u *Unit) Reset(b *ir.Block, tb *vcpu.TB, origin uint32) {
	*u = Unit{
		Block: b, TB: tb, Origin: origin, Code: u.Code[:0], Sites: u.Sites[:0], Faults: u.Faults[:0], Values: u.Values[:0],
		Ops: u.Ops[:0], Relocs: u.Relocs[:0], Chain: append(u.Chain[:0], make([]vcpu.Chain, tb.Slots())...),
	}
}

// Kind is what an exit is for.
type Kind uint8

// The exits.
const (
	AtHead   Kind = iota // no budget, or somebody wants the run to stop
	Chain                // to the block at PC, through chain slot Slot
	Indirect             // to the block at the pc slot
	Leave                // to the run loop for reason Why, the guest's pc being PC
	Operate              // Op is to be done; then the code continues at Resume
	Aside                // as Operate, for the block's site Probe; the block keeps slots in registers meanwhile
	Called               // Host.Calling was called and wants something
	Redo                 // do the instruction again with Exact, for Site.Redo
	Outside              // the address in Host.Addr is outside the window
)

// Site is one exit. Block and Kind count for all; of the other fields each says for
// which kinds.
type Site struct {
	PC     uint64  // of Chain and Leave: where the guest goes on
	Block  uint32  // number of the unit
	Op     uint32  // of Operate and Aside: number of the operation
	Resume uint32  // of Operate and Aside: where the code goes on
	Probe  uint32  // of Aside: number of the block's site
	Insn   uint16  // the guest instruction; of Chain, AtHead, Indirect and Called it does not count
	Kind   Kind    // what the exit is for
	Why    ir.Exit // of Leave
	Gate   uint8   // of Leave: the operation's Sub, which for a system call is its gate
	Slot   uint8   // of Chain: the chain slot
	Write  bool    // of Outside: the access is a store
	Redo   vcpu.RedoReason
}

// Fault says what an access at a place of the code is.
type Fault struct {
	Block uint32 // number of the unit
	Place uint32 // offset of the instruction
	State
	Insn    uint16
	Storing bool
}

// State is a run of Values: the slots that are not in the frame where the code
// leaves.
type State struct {
	Value uint32
	Count uint16
}

// Value is a slot that is in a host register, or is a constant.
type Value struct {
	Word ir.Ref
	Reg  uint8 // number of the host register
	K    uint64
}

// Besides general registers, Value.Reg can be InConst: the value is K; InTarget: K
// tells Target.Restore what the host has; InCount: K is to be added to the block's
// counter number Word; or InVec and more: a vector register that holds K words.
const (
	InVec    = 0x40
	InTarget = 0xfd
	InCount  = 0xfe
	InConst  = 0xff
)

// Reloc is a place in a unit's code, from its start, that depends on where the
// unit is: twice the place, with a bit for what is there.
type Reloc uint32

// ToSite is a place with the number of a site, ToArena one with the displacement
// from its end of a place outside the unit.
func ToSite(place int) Reloc  { return Reloc(place)<<1 | 1 }
func ToArena(place int) Reloc { return Reloc(place) << 1 }

// apply makes the place right in code that has moved, and whose first site has
// another number.
func (r Reloc) apply(code []byte, sites, moved uint32) {
	at := code[r>>1:]
	v := binary.LittleEndian.Uint32(at)
	if r&1 != 0 {
		v += sites
	} else {
		v -= moved
	}
	binary.LittleEndian.PutUint32(at, v)
}

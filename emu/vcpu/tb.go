package vcpu

import (
	"encoding/binary"
	"unsafe"

	"panda/emu/guest"
	"panda/emu/ir"
)

// TB is a translation block: guest code that is entered at its head only,
// together with what an engine made of it.
type TB struct {
	PC    guest.Addr
	Code  guest.Addr // where the guest's code is: PC, but in a segment with a base
	Size  int        // bytes of guest code
	ASID  guest.ASID
	Mode  uint64 // what besides the address the translation depends on
	Marks []ir.Mark
	Last  guest.Addr // address of the last instruction

	Entry unsafe.Pointer // the engine's translation
	Next  [2]*TB         // chained successors, by the slot of the exit
	// Unchained keeps the engine from linking this block to a successor: the
	// run loop wants to see its end.
	Unchained bool
	Loops     bool // its code branches to itself without leaving
	Soft      bool // its accesses go through a TLB
	Generic   bool // the engine must call all helpers: its own way with a family of them was refused too often
	Refused   uint8
	Step      bool   // the guest traps behind it. Such a block is Unchained.
	Dead      bool   // invalidated: must not be entered or linked again
	Checked   bool   // compares its code with the memory when it is entered
	Awaits    []*int // while one is not 0, direct branches lead here through the run loop: CPU.Direct is exact
	Renewed   bool   // translated anew because a callback asked for it: it may not ask again

	// Exact asks an engine to find the exact address of an access outside the
	// guest's window at the first try. Limit is that window's.
	Exact bool
	Limit uint64
	Chain [2]Chain // of an engine that makes machine code
	Unit  uint32   // the engine's number for it
	Side  []Side
	Once  bool  // it runs once, on the simplest engine
	Heat  uint8 // how often the run loop met the block when it looked what is hot

	Sites    []Site
	MemSites []MemSite
	Counters []*uint64
	// Left, when set, is called when the block was left; next is nil when the
	// next block is not known. Such a block is Unchained.
	Left func(c *CPU, next *TB)

	From []Link // the chain slots that lead here

	// Known is the run loop's number for blocks of the same code, 0 for none; Spare
	// is the next of them that no address space uses.
	Known uint32
	Spare *TB
}

// JumpCache finds the blocks of one address space and mode by pc. An engine
// looks into it at indirect jumps; the run loop fills it. A block is at the place
// of its pc or at the neighbour, so that two that meet at a place do not
// turn each other out. Entries are apart from blocks for machine code, to which it
// begins at its first byte.
type JumpCache struct {
	Entries [1 << jumpBits]JumpEntry
	blocks  [1 << jumpBits]*TB
}

// JumpEntry is the code for a pc. What keeps it is the block.
type JumpEntry struct {
	PC    uint64
	Entry uintptr
}

const jumpBits = 13

// noPC is no address that code can be at: it is not canonical.
const noPC = 1 << 63

// JumpFactor and JumpShift make the place of a pc, which is the upper bits of a
// product of 32 bits: functions begin at round addresses.
const (
	JumpFactor = 0x9e3779b1
	JumpShift  = 32 - jumpBits
)

// JumpIndex is the place of a pc.
func JumpIndex(pc uint64) uint64 { return uint64(uint32(pc) * JumpFactor >> JumpShift) }

// NewJumpCache makes an empty cache: no entry has a pc that is looked for there.
func NewJumpCache() *JumpCache {
	j := new(JumpCache)
	j.Entries[0].PC, j.Entries[1].PC = noPC, noPC // where 0 is looked for
	return j
}

// Find is the block at a pc, nil if it is not in the cache.
func (j *JumpCache) Find(pc uint64) *TB {
	n := JumpIndex(pc)
	switch pc {
	case j.Entries[n].PC:
		return j.blocks[n]
	case j.Entries[n^1].PC:
		return j.blocks[n^1]
	}
	return nil
}

// Set enters a block. What was at its place moves to the neighbour.
func (j *JumpCache) Set(tb *TB) {
	n := JumpIndex(uint64(tb.PC))
	if j.Entries[n].PC != uint64(tb.PC) {
		j.Entries[n^1], j.blocks[n^1] = j.Entries[n], j.blocks[n]
	}
	j.Entries[n], j.blocks[n] = JumpEntry{uint64(tb.PC), uintptr(tb.Entry)}, tb
}

// Remove takes a block out, if it is there.
func (j *JumpCache) Remove(tb *TB) {
	n := JumpIndex(uint64(tb.PC))
	for _, n := range [...]uint64{n, n ^ 1} {
		if j.blocks[n] == tb {
			j.Entries[n], j.blocks[n] = JumpEntry{PC: noPC}, nil
		}
	}
}

// Link is a chain slot of a block.
type Link struct {
	TB   *TB
	Slot int
}

// Side is a chain slot of a block that goes on behind branches: the numbers from
// 2 up.
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

// FallsTo reports whether pc is that of instruction n, which is reached from the
// one before it.
func (tb *TB) FallsTo(n int, pc uint64) bool {
	return n > 0 && n < len(tb.Marks) && tb.Marks[n].PC == pc
}

// Insns is the number of guest instructions in the block.
func (tb *TB) Insns() int { return len(tb.Marks) }

// Instrumented reports whether the block carries anything for subscriptions.
func (tb *TB) Instrumented() bool {
	return len(tb.Sites)+len(tb.MemSites)+len(tb.Counters) > 0 || tb.Unchained
}

// SiteRank orders the sites before one instruction.
type SiteRank uint8

// The ranks.
const (
	RankAfter SiteRank = iota // after the instruction before
	RankBlock                 // before the block
	RankInsn                  // before the instruction
)

// Site is a place in a block where plugin code runs.
type Site struct {
	Rank SiteRank
	Insn int // index of the instruction in Marks that comes next; len(Marks) at the end
	// Fire runs the callbacks. The CPU's registers, pc and icount are exact; a
	// true result leaves the block, to go on at the pc that they left.
	Fire func(c *CPU) (leave bool)
	// Ring, when set, is where an engine may put the event itself instead of
	// calling Fire, which does the same; Call, when set, is what it may call.
	Ring *Ring
	Call *Call
	// Stop says that the site only lets a request to stop, or to leave the block,
	// act.
	Stop bool
}

// FireSite runs a site of the running block unless it has fired already.
func (c *CPU) FireSite(s *Site) (leave bool) {
	if c.Skip.On {
		if c.Skip.Icount == c.Icount() && s.Rank <= c.Skip.Rank {
			return false
		}
		c.Skip.On = c.Skip.Icount == c.Icount()
	}
	before := c.W[c.Machine.Arch.Static%ir.FrameWords]
	return c.Fired(s, before, s.Fire(c))
}

// Fired ends what FireSite does: before is what the static word was.
func (c *CPU) Fired(s *Site, before uint64, leave bool) bool {
	c.Again = c.Again || c.W[c.Machine.Arch.Static%ir.FrameWords] != before // the block would not see it
	if !leave && !c.Again {
		return false
	}
	c.Skip = Skip{On: !c.Moved && (c.Again || c.StopAsked()), Icount: c.Icount(), Rank: s.Rank}
	c.Again = false
	return true
}

// MemAccess is one access as memory callbacks see it.
type MemAccess struct {
	PC   guest.Addr
	Addr guest.Addr
	Size int
	Buf  []byte // the bytes read, or to be written; valid during the callback

	data [32]byte
}

// Fill sets Buf to the n bytes of a value that begins at the first of words.
func (m *MemAccess) Fill(words []uint64, n int) {
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(m.data[i:], words[i/8])
	}
	m.Buf = m.data[:n]
}

// Store puts Buf back where Fill took it from, if it has changed. A value
// shorter than a word keeps the word's upper bits, which a signed load has set,
// unless its sign has changed too.
func (m *MemAccess) Store(words []uint64, n int) {
	for i := 0; i < n; i += 8 {
		v := binary.LittleEndian.Uint64(m.data[i:])
		if n < 8 {
			mask := uint64(1)<<(8*n) - 1
			old := words[0]
			if v&mask == old&mask {
				return
			}
			v &= mask
			if high := old &^ mask; high == ^mask { // sign-extended and negative
				v |= high
			}
		}
		words[i/8] = v
	}
}

// MemSite is an access in a block that is watched.
type MemSite struct {
	Insn   int
	Size   int
	Before bool // before the access, else after it
	Write  bool
	Fire   func(c *CPU, m *MemAccess) (leave bool)
	Ring   *Ring // as in Site
	// Checked says that what Ring knows of the filter has been decided.
	Checked bool
	Call    *Call
}

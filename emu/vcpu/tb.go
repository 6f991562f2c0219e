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
	Size  int // bytes of guest code
	ASID  guest.ASID
	Mode  uint64 // what besides the address the translation depends on
	Marks []ir.Mark
	Last  guest.Addr // address of the last instruction

	Entry unsafe.Pointer // the engine's translation
	Next  [2]*TB         // chained successors, by the slot of the exit
	// Unchained keeps the engine from linking this block to a successor: the
	// run loop wants to see its end.
	Unchained bool
	Dead      bool // invalidated: must not be entered or linked again
	Renewed   bool // translated anew because a callback asked for it: it may not ask again

	Sites    []Site
	MemSites []MemSite
	Counters []*uint64

	From []Link // the chain slots that lead here
}

// JumpCache finds the blocks of one address space and mode by pc. An engine
// looks into it at indirect jumps; the run loop fills it.
type JumpCache [1 << jumpBits]*TB

const jumpBits = 12

// JumpIndex is the place of a pc in a JumpCache.
func JumpIndex(pc uint64) uint64 { return (pc ^ pc>>jumpBits) & (1<<jumpBits - 1) }

// Link is a chain slot of a block.
type Link struct {
	TB   *TB
	Slot int
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
	RankBlock SiteRank = iota // before the block
	RankInsn                  // before the instruction
	RankAfter                 // after the instruction before
)

// Site is a place in a block where plugin code runs.
type Site struct {
	Rank SiteRank
	Insn int // index of the instruction in Marks that comes next; len(Marks) at the end
	// Fire runs the callbacks. The CPU's registers, pc and icount are exact; a
	// true result leaves the block, to go on at the pc that they left.
	Fire func(c *CPU) (leave bool)
}

// FireSite runs a site of the running block unless it has fired already.
func (c *CPU) FireSite(s *Site) (leave bool) {
	if c.Skip.On {
		if c.Skip.Icount == c.Icount() && s.Rank <= c.Skip.Rank {
			return false
		}
		c.Skip.On = c.Skip.Icount == c.Icount()
	}
	if !s.Fire(c) {
		return false
	}
	c.Skip = Skip{On: c.StopAsked(), Icount: c.Icount(), Rank: s.Rank}
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
}

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
	PC     guest.Addr
	Code   guest.Addr        // where the guest's code is: PC, but in a segment with a base
	Places [2]guest.PhysAddr // where its first and its last byte lie in what keeps the code: see Space.Place
	Size   int               // bytes of guest code
	ASID   guest.ASID
	Mode   uint64 // what besides the address the translation depends on
	Marks  []ir.Mark
	Last   guest.Addr // address of the last instruction
	Step   bool       // the guest traps after it. Such a block is Unchained.

	Form
	Native
	Links
	Watches
	Notes
}

// Form is what an engine has to know of the code that it makes.
type Form struct {
	Limit uint64 // of the guest's window: see Memory
	Soft  bool   // accesses go through a TLB
	// Exact asks the engine to find the exact address of an access outside the
	// window at the first try.
	Exact bool
	// Generic asks it to call all helpers: its own way with a family of them was
	// refused too often.
	Generic bool
	// Far asks it to look at addresses as a whole: their base registers alone have
	// pointed outside the window too often, as those of a table that is indexed from its
	// end do.
	Far bool
	// Unchained keeps it from linking the block to a successor: the run loop wants to
	// see its end.
	Unchained bool
	Once      bool // it runs once, on the simplest engine
}

// Native is what an engine made of a block.
type Native struct {
	Entry unsafe.Pointer // its translation
	Chain [2]Chain       // of an engine that makes machine code
	Unit  uint32         // its number for the block
	Loops bool           // the code branches to itself without leaving
}

// Watches are what a block carries for subscriptions.
type Watches struct {
	Sites    []Site
	MemSites []MemSite
	Counters []*uint64
	// Left, when set, is called when the block was left; next is nil when the
	// next block is not known. Such a block is Unchained.
	Left func(c *CPU, next *TB)
	// Awaits are looked at by direct branches: while one is not 0, they lead here
	// through the run loop, and CPU.Direct is exact.
	Awaits []*int
}

// Notes are the run loop's own about a block.
type Notes struct {
	Dead    bool  // invalidated: must not be entered or linked again
	Checked bool  // it compares its code with the memory when it is entered
	Renewed bool  // translated again because a callback asked for it: it may not ask again
	Refused uint8 // how often the engine's own way with helpers was
	Outside uint8 // how often a base register pointed outside the window
	Heat    uint8 // how often the run loop met the block when it looked what is hot
	// Known is the number of blocks of the same code, 0 for none; Spare is the next of
	// them that no address space uses.
	Known uint32
	Spare *TB
	Twin  *TB // the next block at the same pc with code at other places
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
	// Ends says that the block leaves after the site, for a reason that is not to be
	// missed: a system call. Fire is true only if a callback sent the guest elsewhere.
	Ends bool
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
	if s.Ends {
		c.Again = false // the run loop looks anyway
		return leave
	}
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

// Store puts Buf back where Fill took it from. Above a value that is shorter than a
// word there are zeroes from then on, here too: machine code that goes on compares.
func (m *MemAccess) Store(words []uint64, n int) {
	if n < 8 {
		clear(m.data[n:8])
		words[0] = binary.LittleEndian.Uint64(m.data[:])
		return
	}
	for i := 0; i < n; i += 8 {
		words[i/8] = binary.LittleEndian.Uint64(m.data[i:])
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

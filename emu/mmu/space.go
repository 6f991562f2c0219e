package mmu

import "panda/emu/guest"

// Sizes of the model.
const (
	PageSize  = 1 << pageShift
	pageShift = 12
	// Addresses is the end of the addresses of a program with 64 bits: Linux's, with
	// page tables of four levels.
	Addresses = uint64(1) << 47
	// DefaultWindow is how large windows are while there is plenty of room, and
	// MinWindow the least that is tried.
	DefaultWindow = uint64(4) << 40
	MinWindow     = uint64(1) << 38
	// Guard is how much without access lies before and after a window: an engine
	// compares an address with Limit and may then add less than this. It is enough
	// for an index of 32 bits, scaled by 8, and a displacement.
	Guard = 1<<35 + 1<<32
)

// Space is one guest address space.
type Space struct {
	Limit uint64 // addresses at and above it do not exist
	ID    guest.ASID
	// OnCodeChange, when set, is told that watched code in [start, end) changed
	// or went away. The watch is gone by then.
	OnCodeChange func(start, end guest.Addr)
	// Soft, when set, is what the guest's accesses go through: see behind.go.
	Soft *Soft

	extents
	onReach func()
	group   *Group
	regions regionList
	watched map[guest.Addr]bool // pages with translated code; true if a store into one faults
	files   map[fileKey]*backing
	scan    *scanResult
	maps    int // of the host that the window has, at most; see budget.go
	counted int // how many it had when they were counted last
	guarded int // watched pages that the guest may write otherwise
}

// NewSpace makes an empty address space that belongs to no other's group.
func NewSpace(limit uint64) *Space { return NewGroup().NewSpace(limit) }

// NewSpace makes an empty address space of limit bytes; 0 stands for Addresses. Its
// window may be smaller, and it has none if the host has no room for one.
func (g *Group) NewSpace(limit uint64) *Space {
	if limit == 0 {
		limit = Addresses
	}
	if g.Paged {
		return g.newPaged(limit)
	}
	window := g.Window
	if window == 0 {
		window = DefaultWindow
	}
	window = min(limit, window)
	return g.newWindow(limit, window, min(window, MinWindow))
}

// newSpace is a space that has no memory yet.
func (g *Group) newSpace(limit uint64, e extents) *Space {
	s := &Space{Limit: limit, extents: e, group: g, watched: map[guest.Addr]bool{}, files: map[fileKey]*backing{}}
	g.spaces = append(g.spaces, s)
	s.count()
	return s
}

// newWindow is a space with a window of window bytes, or if there is little room of
// least at least, or else without one.
func (g *Group) newWindow(limit, window, least uint64) *Space {
	e, ok := reserveWindow(window, least)
	if !ok {
		return g.newPaged(limit)
	}
	return g.newSpace(limit, e)
}

// newPaged is a space without a window.
func (g *Group) newPaged(limit uint64) *Space {
	s := g.newSpace(limit, extents{})
	s.UseTLB()
	return s
}

// Close gives the memory back. The Space must not be used any more.
func (s *Space) Close() error {
	if s.Limit == 0 {
		return nil
	}
	for r := range s.regions.all() {
		s.dropFile(r.file)
	}
	s.regions = regionList{}
	s.group.drop(s)
	s.setMaps(0)
	s.Limit = 0
	return s.extents.close()
}

// inside reports whether [a, a+size) are addresses of the space, on page boundaries.
func (s *Space) inside(a guest.Addr, size uint64) bool {
	return size != 0 && uint64(a)%PageSize == 0 && size%PageSize == 0 &&
		size <= s.Limit && uint64(a) <= s.Limit-size
}

// PageOf is where the page of an address begins.
func PageOf[A guest.Addr | guest.PhysAddr](a A) A { return a &^ (PageSize - 1) }

package mmu

import (
	"fmt"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// Sizes of the model.
const (
	PageSize     = 4096
	DefaultLimit = uint64(4) << 40
	MinLimit     = uint64(1) << 38
	// Guard is how much without access lies before and behind a window: an engine
	// compares an address with Limit and may then add less than this. It is enough
	// for an index of 32 bits, scaled by 8, and a displacement.
	Guard = 1<<35 + 1<<32
	// plenty is how much may be reserved before windows become small.
	plenty = uint64(64) << 40
)

// reserved is the size of all windows of this host process. It decides how
// large new windows are, which the guest cannot see.
var reserved atomic.Uint64

// Space is one guest address space.
type Space struct {
	Base  unsafe.Pointer // host address of guest address 0
	Limit uint64         // addresses at and above it do not exist
	ASID  guest.ASID
	// OnCodeChange, when set, is told that watched code in [start, end) changed
	// or went away. The watch is gone by then.
	OnCodeChange func(start, end guest.Addr)
	// Soft, when set, is what the guest's accesses go through: see UseTLB.
	Soft *Soft

	group   *Group
	regions regionList
	watched map[guest.Addr]bool // pages with translated code; true if a store into one faults
	files   map[fileKey]*backing
	scan    *scanResult
	maps    int // of the host that the window has, at most; see budget.go
	counted int // how many it had when they were counted last
	guarded int // watched pages that the guest may write otherwise
}

// NewSpace reserves an empty address space that belongs to no other's group.
func NewSpace(limit uint64) (*Space, error) { return NewGroup().NewSpace(limit) }

// NewSpace reserves an empty address space of limit bytes, or fewer when limit
// is 0 or the host has no room for it.
func (g *Group) NewSpace(limit uint64) (*Space, error) {
	return g.newSpace(limit, min(limit, MinLimit))
}

// newSpace reserves a window of at least least bytes.
func (g *Group) newSpace(limit, least uint64) (*Space, error) {
	if limit == 0 {
		limit, least = DefaultLimit, MinLimit
	}
	if reserved.Load() >= plenty {
		limit = max(least, min(limit, MinLimit))
	}
	for {
		base, err := reserve(limit + 2*Guard)
		if err == nil {
			reserved.Add(limit)
			s := &Space{Base: unsafe.Add(base, Guard), Limit: limit, group: g, watched: map[guest.Addr]bool{}, files: map[fileKey]*backing{}}
			g.spaces = append(g.spaces, s)
			s.count()
			return s, nil
		}
		if limit/2 < least || limit/2 == 0 {
			return nil, fmt.Errorf("reserve %d GiB of host addresses for a guest: %w", limit>>30, err)
		}
		limit /= 2
	}
}

// Close gives the window back. The Space must not be used any more.
func (s *Space) Close() error {
	if s.Base == nil {
		return nil
	}
	for r := range s.regions.all() {
		s.dropFile(r.file)
	}
	s.regions = regionList{}
	s.group.drop(s)
	s.setMaps(0)
	err := unix.MunmapPtr(unsafe.Add(s.Base, -Guard), uintptr(s.Limit+2*Guard))
	reserved.Add(-s.Limit)
	s.Base, s.Limit = nil, 0
	return err
}

// needed is the smallest limit that holds the regions.
func (s *Space) needed() uint64 {
	end := uint64(s.regions.end())
	if end == 0 {
		return min(s.Limit, MinLimit)
	}
	return min(s.Limit, max(MinLimit, uint64(1)<<bits.Len64(end-1)))
}

// inside reports whether [a, a+size) lies in the window, on page boundaries.
func (s *Space) inside(a guest.Addr, size uint64) bool {
	return size != 0 && uint64(a)%PageSize == 0 && size%PageSize == 0 &&
		size <= s.Limit && uint64(a) <= s.Limit-size
}

func pageOf(a guest.Addr) guest.Addr { return a &^ (PageSize - 1) }

package mmu

import (
	"encoding/binary"

	"panda/emu/guest"
)

// Soft is guest memory behind a TLB, as a machine with page tables and devices
// has it: each access looks up its page, and what the TLB does not know is asked of
// a Backing. Machine code looks into the TLB itself and leaves all else to Load
// and Store.
//
// A Soft belongs to one goroutine.
type Soft struct {
	TLB
	backing Backing
	number  int     // among those of a Physical
	pieces  []piece // of spans in two pages, until Settle
}

// Backing knows what lies behind a guest's pages.
type Backing interface {
	// Page finds the page of an address for an access. The error is a
	// *guest.MemFault, or a *CodeStore or *TableStore.
	Page(a guest.Addr, access guest.Access) (Page, error)
}

// Page is what lies behind a guest page.
type Page struct {
	// Host is the page's memory, nil for that of a device. It does not move.
	Host []byte
	// Access says what may be done from now on without asking again. The access
	// that was asked for may be done once, even if it is missing here.
	Access guest.Access
	// Device, unless it is nil, has the access, or if there is Host as well only if that
	// is a store.
	Device Device
}

// Device is memory that answers: off is from the beginning of the page, and size
// 1, 2, 4 or 8 bytes that lie in it.
type Device interface {
	Load(off uint64, size int) uint64
	Store(off uint64, size int, v uint64)
}

// CodeStore is the fault of a store into a page that holds translated code: the
// translations must go before it is done.
type CodeStore struct {
	Addr guest.Addr
	Page guest.PhysAddr // of Code
}

func (f *CodeStore) Error() string { return "a store into translated code" }

// NewSoft is memory of which nothing is known yet.
func NewSoft(b Backing) *Soft {
	s := &Soft{backing: b}
	s.reset(tlbFew)
	return s
}

// place is where an access within a page goes: to memory, the rest of whose page
// mem is, or to a device; with both, loads are from memory.
type place struct {
	mem    []byte
	device Device
	off    uint64
}

// at finds the place of an access.
func (s *Soft) at(a uint64, access guest.Access) (place, error) {
	if e := s.find(a, access); e != nil {
		return place{mem: e.rest(a)}, nil
	}
	p, err := s.backing.Page(guest.Addr(a), access)
	if err != nil {
		return place{}, err
	}
	page, off := pageAt(a), a%PageSize
	if p.Device != nil && p.Host == nil {
		return place{device: p.Device, off: off}, nil
	}
	e := forbidden(page)
	e.Host = hostOf(p.Host)
	for _, k := range [...]struct {
		access guest.Access
		tag    *uint64
	}{{guest.Read, &e.Read}, {guest.Write, &e.Write}, {guest.Exec, &e.Exec}} {
		if p.Access&k.access != 0 {
			*k.tag = page
		}
	}
	if p.Access != 0 {
		s.set(page, e)
	}
	at := place{mem: p.Host[off:PageSize], off: off}
	if access&guest.Write != 0 {
		at.device = p.Device
	}
	return at, nil
}

func pageAt(a uint64) uint64 { return a &^ (PageSize - 1) }

// Load reads len(b) bytes, at most a page, at a. Nothing is read if some of them
// may not be.
func (s *Soft) Load(a uint64, b []byte) error {
	return s.both(a, b, guest.Read, place.load)
}

// Store writes b, at most a page, to a. Nothing is written if some of it may not
// be.
func (s *Soft) Store(a uint64, b []byte) error {
	return s.both(a, b, guest.Write, place.store)
}

// both calls f for what lies in the first and in the second page, when both may
// be accessed.
func (s *Soft) both(a uint64, b []byte, access guest.Access, f func(p place, b []byte)) error {
	p, err := s.at(a, access)
	if err != nil {
		return err
	}
	first := int(min(uint64(len(b)), PageSize-a%PageSize))
	if first == len(b) {
		f(p, b)
		return nil
	}
	q, err := s.at(a+uint64(first), access)
	if err != nil {
		return err
	}
	f(p, b[:first])
	f(q, b[first:])
	return nil
}

func (p place) load(b []byte) {
	if p.mem != nil {
		copy(b, p.mem)
		return
	}
	parts(p.off, b, func(off uint64, b []byte) {
		var v [8]byte
		binary.LittleEndian.PutUint64(v[:], p.device.Load(off, len(b)))
		copy(b, v[:])
	})
}

func (p place) store(b []byte) {
	if p.device == nil {
		copy(p.mem, b)
		return
	}
	parts(p.off, b, func(off uint64, b []byte) {
		var v [8]byte
		copy(v[:], b)
		p.device.Store(off, len(b), binary.LittleEndian.Uint64(v[:]))
	})
}

// parts calls f for the accesses that a device sees: 8, 4, 2 and 1 bytes.
func parts(off uint64, b []byte, f func(off uint64, b []byte)) {
	for len(b) > 0 {
		n := 8
		for n > len(b) {
			n /= 2
		}
		f(off, b[:n])
		off, b = off+uint64(n), b[n:]
	}
}

// piece is a span that has a copy of two pages.
type piece struct {
	at   uint64
	copy []byte
	back bool // to be written
}

// Span is guest memory [a, a+n), at most a page, until Settle: itself where it
// is in one piece on the host, else a copy that Settle writes back. Memory is
// copied whatever the access; a device is read only if that is asked for.
func (s *Soft) Span(a uint64, n int, access guest.Access) ([]byte, error) {
	p, err := s.at(a, access)
	if err != nil {
		return nil, err
	}
	if p.device == nil && pageAt(a) == pageAt(a+uint64(n)-1) {
		return p.mem[:n], nil
	}
	b := make([]byte, n)
	load := place.load
	if access&guest.Read == 0 {
		load = place.loadMemory
	}
	if err := s.both(a, b, access, load); err != nil {
		return nil, err
	}
	s.pieces = append(s.pieces, piece{a, b, access&guest.Write != 0})
	return b, nil
}

// loadMemory is load from what is no device.
func (p place) loadMemory(b []byte) { copy(b, p.mem) }

// Settle writes the copies back that Span made.
func (s *Soft) Settle() {
	for _, p := range s.pieces {
		if p.back {
			s.Store(p.at, p.copy) // has been checked by Span
		}
	}
	s.pieces = s.pieces[:0]
}

// Drop forgets the copies of a helper that faulted.
func (s *Soft) Drop() { s.pieces = s.pieces[:0] }

// Check finds out whether an access at [a, a+n), at most a page, is allowed, and
// does nothing.
func (s *Soft) Check(a uint64, n int, access guest.Access) error {
	_, err := s.at(a, access)
	if last := pageAt(a + uint64(n) - 1); err == nil && last != pageAt(a) {
		_, err = s.at(last, access)
	}
	return err
}

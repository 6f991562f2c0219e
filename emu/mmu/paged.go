package mmu

import (
	"fmt"
	"slices"

	"panda/emu/guest"
)

// Paged is an address space of a machine with page tables: what lies at an address a
// Walker finds, and it lies in Physical. A TLB remembers what it found until somebody
// flushes it, as guests know of their CPUs.
type Paged struct {
	ID     guest.ASID
	walker Walker
	memory *Physical
	soft   *Soft
	moved  func()
}

// Walker finds pages in a guest's page tables.
type Walker interface {
	// Walk finds the page of an address for an access, and what else may be done there
	// without asking again: not a store, while the tables do not say that there was one.
	// An access of 0 is that of a debugger, which may see all that is mapped and marks
	// nothing. What may be executed may be read: blocks of a page that changes compare
	// their code.
	Walk(a guest.Addr, access guest.Access) (page guest.PhysAddr, may guest.Access, fault *guest.MemFault)
}

// NewPaged is an address space of which nothing is known yet.
func (p *Physical) NewPaged(w Walker) *Paged {
	s := &Paged{walker: w, memory: p}
	s.soft = NewSoft(s)
	p.spaces = append(p.spaces, s)
	return s
}

// Close takes the space's TLB away. It must not be used any more.
func (s *Paged) Close() {
	p := s.memory
	p.spaces = slices.DeleteFunc(p.spaces, func(o *Paged) bool { return o == s })
}

// Page asks the page tables for the TLB.
func (s *Paged) Page(a guest.Addr, access guest.Access) (Page, error) {
	page, may, fault := s.walker.Walk(a, access)
	if fault != nil {
		return Page{}, fault
	}
	p := s.memory
	if d := p.devices[page]; d != nil && access&guest.Exec == 0 {
		return Page{Device: d}, nil
	}
	mem := p.page(page)
	if mem == nil {
		return Page{}, &guest.MemFault{Addr: a, Access: access, Mapped: true, Bus: true}
	}
	bits := p.bits(page)
	switch {
	case *bits&codeWatched == 0:
	case access == guest.Write:
		return Page{}, &CodeStore{a, page}
	default:
		may &^= guest.Write
	}
	if may&guest.Write != 0 {
		*bits |= stores
	}
	return Page{Host: mem, Access: may}, nil
}

// Flush forgets what the page tables said, and FlushPage what they said of a page. The
// instruction that has it done is the last of a block that is not linked to others:
// links within a page are not cut.
func (s *Paged) Flush() {
	s.soft.Flush()
	s.tell()
}

// FlushPage forgets one page.
func (s *Paged) FlushPage(a guest.Addr) {
	s.soft.FlushRange(PageOf(a), PageOf(a)+PageSize)
	s.tell()
}

func (s *Paged) tell() {
	if s.moved != nil {
		s.moved()
	}
}

// ASID is ID: the root of the page tables.
func (s *Paged) ASID() guest.ASID { return s.ID }

// Reach is the TLB; there is no window.
func (s *Paged) Reach() Reach { return Reach{Soft: s.soft} }

// GuestOf and HostFault know no address: machine code gets only what the TLB lets it
// have.
func (s *Paged) GuestOf(uintptr) (guest.Addr, bool) { return 0, false }

// HostFault says that no fault of the host is the guest's.
func (s *Paged) HostFault(uintptr, bool) (*guest.MemFault, guest.Addr, bool) { return nil, 0, false }

// Code is the physical memory.
func (s *Paged) Code() Code { return s.memory }

// OnMove sets whom to tell of a flush. The reach does not change.
func (s *Paged) OnMove(_, places func()) { s.moved = places }

// Place is where the code at an address lies in physical memory.
func (s *Paged) Place(a guest.Addr) (guest.PhysAddr, *guest.MemFault) {
	p, err := s.soft.at(uint64(a), guest.Exec)
	if err != nil {
		return 0, asFault(err)
	}
	return guest.PhysAddr(hostOf(p.mem) - hostOf(s.memory.ram)), nil
}

// asFault is an error of Page for an access that is no store.
func asFault(err error) *guest.MemFault {
	f, ok := err.(*guest.MemFault)
	if !ok {
		panic(fmt.Sprintf("BUG: %v of what is no store", err))
	}
	return f
}

// Fetch copies instruction bytes: see Space.Fetch.
func (s *Paged) Fetch(a guest.Addr, b []byte) (n int, f *guest.MemFault) {
	for n < len(b) {
		p, err := s.soft.at(uint64(a)+uint64(n), guest.Exec)
		if err != nil {
			if n == 0 {
				f = asFault(err)
			}
			break
		}
		n += copy(b[n:], p.mem)
	}
	return n, f
}

// Check finds the first byte of [a, a+n) that may not be accessed.
func (s *Paged) Check(a guest.Addr, n uint64, access guest.Access) *guest.MemFault {
	for n > 0 {
		if _, _, f := s.walker.Walk(a, access); f != nil {
			return f
		}
		part := min(n, uint64(PageSize-a%PageSize))
		a, n = a+guest.Addr(part), n-part
	}
	return nil
}

// Read copies memory at a into b, and Write b to memory at a, whatever the guest may do
// with it. They touch no device.
func (s *Paged) Read(a guest.Addr, b []byte) error { return s.each(a, b, s.memory.Read) }

func (s *Paged) Write(a guest.Addr, b []byte) error { return s.each(a, b, s.memory.Write) }

// each calls f for the part of [a, a+len(b)) in each page.
func (s *Paged) each(a guest.Addr, b []byte, f func(at guest.PhysAddr, b []byte) error) error {
	for len(b) > 0 {
		page, _, fault := s.walker.Walk(a, 0)
		if fault != nil {
			return fmt.Errorf("guest memory at %#x is not mapped", uint64(a))
		}
		if s.memory.devices[page] != nil {
			return fmt.Errorf("guest memory at %#x is a device", uint64(a))
		}
		n := min(len(b), int(PageSize-a%PageSize))
		if err := f(page+guest.PhysAddr(a%PageSize), b[:n]); err != nil {
			return fmt.Errorf("guest memory at %#x: %w", uint64(a), err)
		}
		a, b = a+guest.Addr(n), b[n:]
	}
	return nil
}

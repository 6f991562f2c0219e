package mmu

import (
	"fmt"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// Physical is the memory of a machine: RAM from address 0 on, and devices. It is the
// Code of all its address spaces.
//
// A page that holds translated code has a bit. The TLBs of the machine let no store to
// it through, at whatever address it lies, so that each is a CodeStore first. Pages that
// hold page tables are kept in the same way: see table.
type Physical struct {
	ram     []byte
	pages   []ramPage
	devices map[guest.PhysAddr]Device
	nobody  Device // what answers where there is neither
	told    func(start, end guest.PhysAddr)
	spaces  []*Paged
	softs   []*Soft  // by their numbers; there is no 0
	tables  []*table // by theirs; there is no 0
	free    []uint32 // numbers of tables that have gone
	spare   []*Soft  // that nobody has
}

// ramPage is what is known of a page of RAM.
type ramPage struct {
	bits    pageBits
	table   uint32 // the number of the table that it is, 0 for none
	writers [2]writer
}

type pageBits uint8

const (
	codeWatched pageBits = 1 << iota // it holds translated code: see Code.Watch
	codeNoted                        // the same: see Code.Note
	manyWriters                      // there may be more than writers has
)

// writer is a page of an address space by which a TLB may let stores through: its address,
// and the number of the Soft. A stale one lets none through any more.
type writer uint64

func (w writer) soft() int    { return int(w % PageSize) }
func (w writer) page() uint64 { return uint64(w) &^ (PageSize - 1) }

// NewPhysical makes RAM of a number of bytes, which are full pages. All are 0.
func NewPhysical(size uint64) (*Physical, error) {
	if size == 0 || size%PageSize != 0 {
		return nil, fmt.Errorf("%#x bytes of RAM are not full pages of %d", size, PageSize)
	}
	ram, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("%#x bytes of RAM: %w", size, err)
	}
	return &Physical{
		ram: ram, pages: make([]ramPage, size/PageSize), devices: map[guest.PhysAddr]Device{},
		softs: make([]*Soft, 1), tables: make([]*table, 1),
	}, nil
}

// Close gives the RAM back. Nothing must use it any more.
func (p *Physical) Close() error { return unix.Munmap(p.ram) }

// Attach puts a device at a page, instead of the RAM that may be there.
func (p *Physical) Attach(page guest.PhysAddr, d Device) {
	page = PageOf(page)
	p.devices[page] = d
	if uint64(page) < uint64(len(p.ram)) {
		p.changed(page, page+PageSize)
	}
	for _, s := range p.spaces {
		s.Flush()
	}
}

// AttachNobody sets what answers where there is neither RAM nor a device.
func (p *Physical) AttachNobody(d Device) { p.nobody = d }

// deviceAt is the device that answers at a page with some RAM, nil if that does.
func (p *Physical) deviceAt(page guest.PhysAddr, mem []byte) Device {
	if mem != nil {
		return nil
	}
	if d := p.devices[page]; d != nil {
		return d
	}
	return p.nobody
}

// changed has what was translated from [start, end), which lies in a page, dropped, and
// what a table there says forgotten.
func (p *Physical) changed(start, end guest.PhysAddr) {
	page := PageOf(start)
	if r := p.at(page); r.bits&(codeWatched|codeNoted) != 0 {
		r.bits &^= codeWatched | codeNoted
		p.told(page, page+PageSize)
	}
	if t := p.tableAt(page); t != nil {
		t.stored(p, uint64(start-page), int(end-start))
	}
	for _, s := range p.spaces {
		s.root.disinherit()
	}
}

// Read copies RAM into b, and Write b into RAM, as the DMA of a device does. What was
// translated from there is dropped.
func (p *Physical) Read(at guest.PhysAddr, b []byte) error {
	mem, err := p.RAM(at, len(b))
	copy(b, mem)
	return err
}

func (p *Physical) Write(at guest.PhysAddr, b []byte) error {
	mem, err := p.RAM(at, len(b))
	if err != nil {
		return err
	}
	copy(mem, b)
	for end := at + guest.PhysAddr(len(b)); at < end; at = PageOf(at) + PageSize {
		p.changed(at, min(end, PageOf(at)+PageSize))
	}
	return nil
}

// RAM is n bytes at an address themselves. A change of them is not seen by those who
// translated code there.
func (p *Physical) RAM(at guest.PhysAddr, n int) ([]byte, error) {
	if size := uint64(len(p.ram)); uint64(at) > size || uint64(n) > size-uint64(at) {
		return nil, fmt.Errorf("physical memory at %#x, %d bytes: the RAM has %#x", uint64(at), n, size)
	}
	return p.ram[at:][:n:n], nil
}

// page is the RAM of a page, nil where there is none.
func (p *Physical) page(page guest.PhysAddr) []byte {
	if uint64(page) >= uint64(len(p.ram)) || p.devices[page] != nil {
		return nil
	}
	return p.ram[page:][:PageSize:PageSize]
}

// moved tells where code may have got other places.
func (p *Physical) moved(parts Parts) {
	for _, s := range p.spaces {
		s.moved(parts)
	}
}

func (p *Physical) at(page guest.PhysAddr) *ramPage { return &p.pages[page/PageSize] }

// Watch makes stores into a page fault from now on.
func (p *Physical) Watch(page guest.PhysAddr) {
	p.at(page).bits |= codeWatched
	p.forbidStores(page)
}

// Note only remembers that a page holds code.
func (p *Physical) Note(page guest.PhysAddr) bool {
	p.at(page).bits |= codeNoted
	return true
}

// Unwatch lets stores into a page through.
func (p *Physical) Unwatch(page guest.PhysAddr) { p.at(page).bits &^= codeWatched | codeNoted }

// Stored is the same: all address spaces have their code from here.
func (p *Physical) Stored(page guest.PhysAddr) { p.Unwatch(page) }

// OnChange sets whom to tell of changes by Write.
func (p *Physical) OnChange(told func(start, end guest.PhysAddr)) { p.told = told }

// newSoft is memory behind a TLB that leads here.
func (p *Physical) newSoft(b Backing) *Soft {
	if n := len(p.spare); n > 0 {
		s := p.spare[n-1]
		p.spare = p.spare[:n-1]
		s.backing = b
		return s
	}
	s := NewSoft(b)
	s.number = len(p.softs)
	if s.number >= PageSize {
		panic("BUG: too many TLBs")
	}
	p.softs = append(p.softs, s)
	return s
}

// letStores notes that a TLB lets stores to a page of RAM through.
func (p *Physical) letStores(page guest.PhysAddr, s *Soft, at uint64) {
	r, host, now := p.at(page), hostOf(p.ram[page:]), writer(at)|writer(s.number)
	for i := range r.writers {
		if w := &r.writers[i]; *w == 0 || *w == now || !p.softs[w.soft()].letsStore(w.page(), host) {
			*w = now
			return
		}
	}
	r.bits |= manyWriters
}

// forbidStores has no TLB let a store to a page of RAM through.
func (p *Physical) forbidStores(page guest.PhysAddr) {
	r, host := p.at(page), hostOf(p.ram[page:])
	if r.bits&manyWriters != 0 {
		for _, s := range p.softs[1:] {
			s.forbidStores(host)
		}
	} else {
		for _, w := range r.writers {
			if w != 0 {
				p.softs[w.soft()].forbidStoresAt(w.page(), host)
			}
		}
	}
	r.bits &^= manyWriters
	r.writers = [2]writer{}
}

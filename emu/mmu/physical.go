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
// it through, at whatever address it lies, so that each is a CodeStore first.
type Physical struct {
	ram     []byte
	pages   []pageBits
	devices map[guest.PhysAddr]Device
	told    func(start, end guest.PhysAddr)
	spaces  []*Paged
}

// pageBits are what is known of a page of RAM.
type pageBits uint8

const (
	codeWatched pageBits = 1 << iota // it holds translated code: see Code.Watch
	codeNoted                        // the same: see Code.Note
	stores                           // a TLB may let stores through
)

// NewPhysical makes RAM of a number of bytes, which are full pages. All are 0.
func NewPhysical(size uint64) (*Physical, error) {
	if size == 0 || size%PageSize != 0 {
		return nil, fmt.Errorf("%#x bytes of RAM are not full pages of %d", size, PageSize)
	}
	ram, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("%#x bytes of RAM: %w", size, err)
	}
	return &Physical{ram: ram, pages: make([]pageBits, size/PageSize), devices: map[guest.PhysAddr]Device{}}, nil
}

// Close gives the RAM back. Nothing must use it any more.
func (p *Physical) Close() error { return unix.Munmap(p.ram) }

// Attach puts a device at a page, instead of the RAM that may be there.
func (p *Physical) Attach(page guest.PhysAddr, d Device) {
	page = PageOf(page)
	p.devices[page] = d
	if uint64(page) < uint64(len(p.ram)) {
		p.changed(page)
	}
	for _, s := range p.spaces {
		s.Flush()
	}
}

// changed has what was translated from a page dropped.
func (p *Physical) changed(page guest.PhysAddr) {
	if bits := p.bits(page); *bits&(codeWatched|codeNoted) != 0 {
		*bits &^= codeWatched | codeNoted
		p.told(page, page+PageSize)
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
	for page := PageOf(at); page < at+guest.PhysAddr(len(b)); page += PageSize {
		p.changed(page)
	}
	copy(mem, b)
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

func (p *Physical) bits(page guest.PhysAddr) *pageBits { return &p.pages[page/PageSize] }

// Watch makes stores into a page fault from now on.
func (p *Physical) Watch(page guest.PhysAddr) {
	bits := p.bits(page)
	*bits |= codeWatched
	if *bits&stores == 0 {
		return
	}
	*bits &^= stores
	for _, s := range p.spaces {
		s.soft.forbidStores(hostOf(p.ram[page:]))
	}
}

// Note only remembers that a page holds code.
func (p *Physical) Note(page guest.PhysAddr) bool {
	*p.bits(page) |= codeNoted
	return true
}

// Unwatch lets stores into a page through.
func (p *Physical) Unwatch(page guest.PhysAddr) { *p.bits(page) &^= codeWatched | codeNoted }

// Stored is the same: all address spaces have their code from here.
func (p *Physical) Stored(page guest.PhysAddr) { p.Unwatch(page) }

// OnChange sets whom to tell of changes by Write.
func (p *Physical) OnChange(told func(start, end guest.PhysAddr)) { p.told = told }

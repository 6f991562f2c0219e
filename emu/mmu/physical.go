package mmu

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// Physical is the memory of a machine: frames that ranges of addresses show, and devices. It is
// the Code of all its address spaces, and a place in it is one in a frame: it stays when other
// addresses show that.
//
// A page that holds translated code has a bit. The TLBs of the machine let no store to
// it through, at whatever address it lies, so that each is a CodeStore first. Pages that
// hold page tables are kept in the same way: see table.
type Physical struct {
	ram     []byte    // the frames
	pages   []ramPage // of them
	shown   []Shown   // by their addresses
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

// Shown is a range of addresses that show frames; all are those of pages.
type Shown struct {
	At, Size guest.PhysAddr
	Frame    guest.PhysAddr // the first
	// Write is the first of those where stores go, if there may be some.
	Write  guest.PhysAddr
	Access guest.Access
}

// NewPhysical makes RAM from address 0 on, of a number of bytes, which are full pages. All are
// 0.
func NewPhysical(size uint64) (*Physical, error) {
	p, err := NewFrames(size)
	if err == nil {
		p.Show(Shown{Size: guest.PhysAddr(size), Access: guest.Read | guest.Write | guest.Exec})
	}
	return p, err
}

// NewFrames makes frames that no address shows yet.
func NewFrames(size uint64) (*Physical, error) {
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

// Show has addresses show frames, instead of what they have shown. Where they do already,
// nothing happens.
func (p *Physical) Show(r Shown) {
	if slices.Contains(p.shown, r) {
		return
	}
	p.Hide(r.At, r.Size)
	at, _ := slices.BinarySearchFunc(p.shown, r.At, func(s Shown, at guest.PhysAddr) int { return cmp.Compare(s.At, at) })
	p.shown = slices.Insert(p.shown, at, r)
	p.Flush()
}

// Hide has addresses show nothing.
func (p *Physical) Hide(at, size guest.PhysAddr) {
	end := at + size
	var stay []Shown
	for _, s := range p.shown {
		if s.At < at {
			stay = append(stay, s.part(s.At, min(s.At+s.Size, at)))
		}
		if s.At+s.Size > end {
			stay = append(stay, s.part(max(s.At, end), s.At+s.Size))
		}
	}
	p.shown = stay
	p.Flush()
}

// part is the part of a range between two addresses.
func (s Shown) part(from, to guest.PhysAddr) Shown {
	off := from - s.At
	return Shown{At: from, Size: to - from, Frame: s.Frame + off, Write: s.Write + off, Access: s.Access}
}

// showing is the range that an address is in, nil for none.
func (p *Physical) showing(at guest.PhysAddr) *Shown {
	for i := range p.shown { // there are a few
		if s := &p.shown[i]; at-s.At < s.Size && at >= s.At {
			return s
		}
	}
	return nil
}

// frame is the frame that a page shows, as itself for loads and for stores.
func (p *Physical) frame(page guest.PhysAddr) (f guest.PhysAddr, s *Shown) {
	if s = p.showing(page); s == nil || len(p.devices) > 0 && p.devices[page] != nil {
		return 0, nil
	}
	return s.Frame + (page - s.At), s
}

// Flush has all address spaces forget what they know of the memory.
func (p *Physical) Flush() {
	for _, s := range p.spaces {
		s.Flush()
	}
}

// Attach puts a device at a page, instead of the RAM that may be there.
func (p *Physical) Attach(page guest.PhysAddr, d Device) {
	p.AttachRange(page, PageSize, func(guest.PhysAddr) Device { return d })
}

// AttachRange puts the device that page gives for an offset at each page of a range. A nil
// one takes away what is there.
func (p *Physical) AttachRange(at, size guest.PhysAddr, page func(off guest.PhysAddr) Device) {
	for off := guest.PhysAddr(0); off < size; off += PageSize {
		if d := page(off); d != nil {
			p.devices[PageOf(at)+off] = d
		} else {
			delete(p.devices, PageOf(at)+off)
		}
	}
	p.Flush()
}

// Free reports whether neither memory nor a device is at a range.
func (p *Physical) Free(at, size guest.PhysAddr) bool {
	for _, s := range p.shown {
		if s.At < at+size && at < s.At+s.Size {
			return false
		}
	}
	for page := range p.devices { // the order is not seen
		if page < at+size && at < page+PageSize {
			return false
		}
	}
	return true
}

// AttachNobody sets what answers where there is neither RAM nor a device.
func (p *Physical) AttachNobody(d Device) { p.nobody = d }

// deviceAt is the device that answers at a page, nil if what it shows does.
func (p *Physical) deviceAt(page guest.PhysAddr, s *Shown) Device {
	if s != nil {
		return nil
	}
	if d := p.devices[page]; d != nil {
		return d
	}
	return p.nobody
}

// changed has what was translated from [start, end), which lies in a frame, dropped, and
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
	s, err := p.whole(at, len(b))
	if err != nil {
		return err
	}
	if s.Access&guest.Write == 0 {
		return fmt.Errorf("physical memory at %#x, %d bytes: it can only be read", uint64(at), len(b))
	}
	p.WriteFrame(s.Write+(at-s.At), b)
	return nil
}

// WriteFrame writes to frames, whatever shows them.
func (p *Physical) WriteFrame(frame guest.PhysAddr, b []byte) {
	copy(p.ram[frame:][:len(b)], b)
	for end := frame + guest.PhysAddr(len(b)); frame < end; frame = PageOf(frame) + PageSize {
		p.changed(frame, min(end, PageOf(frame)+PageSize))
	}
}

// RAM is n bytes at an address themselves. A change of them is not seen by those who
// translated code there.
func (p *Physical) RAM(at guest.PhysAddr, n int) ([]byte, error) {
	s, err := p.whole(at, n)
	if err != nil {
		return nil, err
	}
	return p.ram[s.Frame+(at-s.At):][:n:n], nil
}

// Frames are n bytes of the frames themselves.
func (p *Physical) Frames(frame guest.PhysAddr, n int) []byte { return p.ram[frame:][:n:n] }

// whole is the range that shows all of n bytes.
func (p *Physical) whole(at guest.PhysAddr, n int) (*Shown, error) {
	s := p.showing(at)
	if s == nil || uint64(n) > uint64(s.Size-(at-s.At)) {
		return nil, fmt.Errorf("physical memory at %#x, %d bytes: there is no RAM", uint64(at), n)
	}
	return s, nil
}

// moved tells where code may have got other places.
func (p *Physical) moved(parts Parts) {
	for _, s := range p.spaces {
		s.moved(parts)
	}
}

func (p *Physical) at(frame guest.PhysAddr) *ramPage { return &p.pages[frame/PageSize] }

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

// apart says that stores go elsewhere than where loads come from, or nowhere.
func (s *Shown) apart() bool { return s.Access&guest.Write == 0 || s.Write != s.Frame }

// apart is the Device for stores to a page of such a range.
type apart struct {
	memory *Physical
	shown  *Shown
	page   guest.PhysAddr
}

// Load is not asked for: loads are from the memory.
func (apart) Load(uint64, int) uint64 { panic("BUG: a load from where only stores go elsewhere") }

// Store goes to the other frames, if there are some.
func (d apart) Store(off uint64, size int, v uint64) {
	if d.shown.Access&guest.Write == 0 {
		return
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	d.memory.WriteFrame(d.shown.Write+(d.page-d.shown.At)+guest.PhysAddr(off), b[:size])
}

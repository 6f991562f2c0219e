package mmu

import (
	"fmt"
	"slices"

	"panda/emu/guest"
)

// Paged is the memory of a machine's CPU with page tables: what lies at an address a Walker
// finds, and it lies in Physical. TLBs remember what it found, until the tables change.
//
// An address space is a Root. There are TLBs for each of the last ones.
type Paged struct {
	walker Walker
	memory *Physical
	root   *root
	index  Index
	roots  []*root // the one that was entered last comes last
	path   Path
	moved  func(Parts)
	runs   func(first, last guest.Addr) bool
}

// Walker finds pages in a guest's page tables.
type Walker interface {
	// Walk finds the page of an address for an access, and what else may be done there
	// without asking again: not a store, while the tables do not say that there was one.
	// An access of 0 is that of a debugger, which may see all that is mapped and marks
	// nothing; it has no path. What may be executed may be read: blocks of a page that
	// changes compare their code.
	Walk(a guest.Addr, access guest.Access, by Index, path *Path) (page guest.PhysAddr, may guest.Access, fault *guest.MemFault)
	// Moved says where two roots may lead to different pages, or a walk would mark an
	// entry of the second.
	Moved(from, to Root) Parts
}

// Index names a set of rules by which accesses are judged: those of the kernel, those of
// its user. An architecture has a few.
type Index uint8

// Indexes is how many there are at most.
const Indexes = 4

// Root names the page tables of an address space: their address, and in the bits of RootKind
// what the architecture wants to tell apart besides.
type Root uint64

// RootKind are these bits.
const RootKind Root = 7

// rootsMost is how many address spaces have TLBs at a time.
const rootsMost = 16

// root is one of them.
type root struct {
	Root
	space *Paged
	softs [Indexes]*Soft
	top   *table
	code  entrySet // for top, when it is known
	dead  bool
}

// NewPaged is memory of which nothing is known yet.
func (p *Physical) NewPaged(w Walker) *Paged {
	s := &Paged{walker: w, memory: p, moved: func(Parts) {}}
	s.root = &root{space: s}
	s.roots = []*root{s.root}
	p.spaces = append(p.spaces, s)
	return s
}

// Close takes the TLBs away. The space must not be used any more.
func (s *Paged) Close() {
	for _, r := range s.roots {
		s.leave(r)
	}
	p := s.memory
	p.spaces = slices.DeleteFunc(p.spaces, func(o *Paged) bool { return o == s })
}

// Enter goes to other page tables. The instruction that does it is the last of a block
// that is not linked to others.
func (s *Paged) Enter(id Root) {
	was := s.root
	if was.Root == id {
		return
	}
	n := slices.IndexFunc(s.roots, func(r *root) bool { return r.Root == id })
	r := &root{Root: id, space: s}
	switch {
	case n >= 0:
		r = s.roots[n]
		s.roots = slices.Delete(s.roots, n, n+1)
	case len(s.roots) == rootsMost:
		s.leave(s.roots[0])
		s.roots = slices.Delete(s.roots, 0, 1)
	}
	s.roots = append(s.roots, r)
	s.root = r
	moved := s.walker.Moved(was.Root, id)
	r.inherit(was)
	s.moved(moved)
}

// Use goes to the TLB of other rules.
func (s *Paged) Use(by Index) { s.index = by }

// As is memory by other rules than those of the present TLB.
func (s *Paged) As(by Index) *Soft { return s.root.soft(by) }

// leave gives the TLBs of a root back.
func (s *Paged) leave(r *root) {
	r.dead = true
	for i, soft := range r.softs {
		if soft != nil {
			soft.reset(tlbFew)
			s.memory.spare = append(s.memory.spare, soft)
			r.softs[i] = nil
		}
	}
}

// current reports whether the CPU is in the address space.
func (r *root) current() bool { return r.space.root == r }

// inherit notes that code of another root is known at the same addresses, where both have
// the same tables: a change of an entry of this root's top must be told of.
func (r *root) inherit(from *root) {
	code := &from.code
	if from.top != nil {
		code = &from.top.code
	}
	r.code.addAll(code)
	if r.top != nil {
		r.top.code.addAll(code)
	}
}

// disinherit is told of a change of memory that may be the root's top, as long as nobody
// has walked through that.
func (r *root) disinherit() {
	if r.top == nil && r.code != (entrySet{}) {
		r.code = entrySet{}
		r.space.moved(AllParts)
	}
}

func (r *root) setTop(t *table) {
	if r.top != t {
		r.top = t
		t.code.addAll(&r.code)
	}
}

// soft is the TLB of a root for an index.
func (r *root) soft(by Index) *Soft {
	if r.softs[by] == nil {
		r.softs[by] = r.space.memory.newSoft(view{r, by})
	}
	return r.softs[by]
}

// now is the TLB that accesses go through.
func (s *Paged) now() *Soft { return s.root.soft(s.index) }

// forget forgets what lies in 2^bits bytes from an address on.
func (r *root) forget(start guest.Addr, bits int) {
	for _, soft := range r.softs {
		if soft != nil {
			soft.FlushRange(start, start+1<<bits)
		}
	}
}

// view asks the page tables for a TLB.
type view struct {
	root *root
	by   Index
}

// TableStore is the fault of a store into a page table that would change what is running:
// it is to be done by an instruction that runs alone.
type TableStore struct{ Addr guest.Addr }

func (f *TableStore) Error() string { return "a store into the page tables of what is running" }

// DeviceAccess is the fault of an access to a device by an instruction of several that are
// running: it is to be done by one that runs alone, so that the device is asked at an exact
// time and what it does acts at once.
type DeviceAccess struct{ Addr guest.Addr }

func (f *DeviceAccess) Error() string { return "an access to a device" }

// Page asks the page tables.
func (v view) Page(a guest.Addr, access guest.Access) (Page, error) {
	s, path := v.root.space, &v.root.space.path
	p := s.memory
	path.N = 0
	page, may, fault := s.walker.Walk(a, access, v.by, path)
	if fault != nil {
		return Page{}, fault
	}
	soft := v.root.soft(v.by)
	p.depends(v.root, a, path, access)
	frame, shown := p.frame(page)
	if d := p.deviceAt(page, shown); d != nil && access&guest.Exec == 0 {
		if s.runs != nil && s.runs(0, ^guest.Addr(0)) {
			return Page{}, &DeviceAccess{a}
		}
		return Page{Device: d}, nil
	}
	if shown == nil {
		return Page{}, &guest.MemFault{Addr: a, Access: access, Mapped: true, Bus: true}
	}
	mem := p.ram[frame:][:PageSize:PageSize]
	if access != guest.Exec && !soft.allows(uint64(PageOf(a)), guest.Exec) {
		may &^= guest.Exec // who fetches code there has it noted, see depends
	}
	var device Device
	switch r, t := p.at(frame), p.tableAt(frame); {
	case shown.apart():
		device = apart{p, shown, page}
		may &^= guest.Write
	case r.bits&codeWatched != 0 && access == guest.Write:
		return Page{}, &CodeStore{a, frame}
	case t != nil && access == guest.Write:
		if first, last := t.entries(uint64(a%PageSize), 8); t.runs(s, first, last) {
			return Page{}, &TableStore{a}
		}
		device = t
		may &^= guest.Write
	case r.bits&codeWatched != 0 || t != nil:
		may &^= guest.Write
	}
	if may&guest.Write != 0 {
		p.letStores(frame, soft, uint64(PageOf(a)))
	}
	return Page{Host: mem, Access: may, Device: device}, nil
}

// Flush forgets everything, and FlushPage what is known of a page: what lies there has
// changed in other ways than by a store into a table that a Path has named.
func (s *Paged) Flush() {
	for _, r := range s.roots {
		for _, soft := range r.softs {
			if soft != nil {
				soft.Flush()
			}
		}
	}
	s.moved(AllParts)
}

// FlushPage forgets one page.
func (s *Paged) FlushPage(a guest.Addr) {
	for _, r := range s.roots {
		r.forget(PageOf(a), pageShift)
	}
	s.moved(PartsOf(a))
}

// ASID is the root, without the bits that say what kind of tables it has.
func (s *Paged) ASID() guest.ASID { return guest.ASID(s.root.Root &^ RootKind) }

// Reach is the TLB; there is no window.
func (s *Paged) Reach() Reach { return Reach{Soft: s.now()} }

// GuestOf and HostFault know no address: machine code gets only what the TLB lets it
// have.
func (s *Paged) GuestOf(uintptr) (guest.Addr, bool) { return 0, false }

// HostFault says that no fault of the host is the guest's.
func (s *Paged) HostFault(uintptr, bool) (*guest.MemFault, guest.Addr, bool) { return nil, 0, false }

// Code is the physical memory.
func (s *Paged) Code() Code { return s.memory }

// OnMove sets whom to tell where addresses have got other places, and whom to ask whether
// code at some is running that has more to do than the access. The reach does not change.
func (s *Paged) OnMove(_ func(), moved func(Parts), runs func(first, last guest.Addr) bool) {
	s.moved, s.runs = moved, runs
}

// Place is where the code at an address lies in physical memory.
func (s *Paged) Place(a guest.Addr) (guest.PhysAddr, *guest.MemFault) {
	p, err := s.now().at(uint64(a), guest.Exec)
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
		p, err := s.now().at(uint64(a)+uint64(n), guest.Exec)
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
		if _, _, f := s.walker.Walk(a, access, s.index, nil); f != nil {
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
		page, _, fault := s.walker.Walk(a, 0, s.index, nil)
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

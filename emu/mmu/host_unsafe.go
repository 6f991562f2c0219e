package mmu

import (
	"os"
	"runtime/debug"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// reserveAgain turns a range back into a mere reservation. The host does that in
// one step, or refuses before it begins: memory without access is not accounted.
func (s *Space) reserveAgain(a guest.Addr, size uint64) error {
	s.changed(a, size)
	for e := range s.present(a, size) {
		if _, err := unix.MmapPtr(-1, 0, e.host(), uintptr(len(e.mem)), unix.PROT_NONE, reservation|unix.MAP_FIXED); err != nil {
			return err
		}
	}
	return nil
}

// renew gives private memory without a file new pages.
func (s *Space) renew(r *region) error {
	for e := range s.present(r.Start, uint64(r.End-r.Start)) {
		p, err := unix.MmapPtr(-1, 0, nil, uintptr(len(e.mem)), hostProt(r.Prot), reservation)
		if err != nil {
			return err
		}
		if err := s.moveInOrDrop(p, e.at, uint64(len(e.mem))); err != nil {
			return err
		}
	}
	s.preferHuge(r)
	return nil
}

// mapHost gives a region its host pages. A map that fails must not cost the window
// its reservation, since the place would be anybody's: the host unmaps what was
// there before it asks the file whether it can be mapped at all. So the pages are
// made elsewhere and then moved.
func (s *Space) mapHost(r *region) error {
	s.changed(r.Start, uint64(r.End-r.Start))
	switch {
	case r.file == nil && s.empty(r.Start, r.End):
		return s.openHost(r) // a reservation is anonymous memory already
	case r.file == nil:
		return s.renew(r)
	}
	return s.mapFile(r, HostFiles{})
}

// mapNew is mapHost for what the guest has not seen yet.
func (s *Space) mapNew(r *region) error {
	if r.file == nil {
		return s.mapHost(r)
	}
	s.changed(r.Start, uint64(r.End-r.Start))
	return s.mapFile(r, r.files(s.group))
}

// files is who is asked about a region's file: of memory that is no file to the guest,
// the host.
func (r *region) files(g *Group) Files {
	if r.file.size != 0 {
		return HostFiles{}
	}
	return g.Files
}

func (s *Space) mapFile(r *region, files Files) error {
	size := uint64(r.End - r.Start)
	flags := unix.MAP_PRIVATE | unix.MAP_NORESERVE
	if r.Shared {
		flags = unix.MAP_SHARED
	}
	p, err := files.Map(r.file.fd, int64(r.Offset), uintptr(size), hostProt(r.Prot), flags)
	if err != nil {
		return err
	}
	return s.moveInOrDrop(p, r.Start, size)
}

// moveInOrDrop is moveIn for pages that are unmapped if it fails.
func (s *Space) moveInOrDrop(p unsafe.Pointer, to guest.Addr, size uint64) error {
	err := s.moveIn(p, to, size, 0)
	if err != nil {
		unix.MunmapPtr(p, uintptr(size))
	}
	return err
}

// shareHost gives a region the pages of a shared map at an address of a space, be
// that this one or another. It needs no leave of the file, which may have been
// sealed since or be another memory each time it is mapped, as /dev/zero is.
func (s *Space) shareHost(r *region, from *Space, at guest.Addr) error {
	s.changed(r.Start, uint64(r.End-r.Start))
	for e := range from.present(at, uint64(r.End-r.Start)) {
		size := uint64(len(e.mem))
		p, err := unix.MremapPtr(e.host(), 0, nil, uintptr(size), unix.MREMAP_MAYMOVE)
		if err != nil {
			return s.mapHost(r)
		}
		err = unix.Mprotect(unsafe.Slice((*byte)(p), size), hostProt(r.Prot)) // a watched page was read-only
		if err != nil {
			unix.MunmapPtr(p, uintptr(size))
			return err
		}
		if err := s.moveInOrDrop(p, r.Start+(e.at-at), size); err != nil {
			return err
		}
	}
	return nil
}

// openHost gives reserved pages the protection of anonymous memory.
func (s *Space) openHost(r *region) error {
	if prot := hostProt(r.Prot); prot != unix.PROT_NONE {
		for e := range s.present(r.Start, uint64(r.End-r.Start)) {
			if err := unix.Mprotect(e.mem, prot); err != nil {
				return err
			}
		}
	}
	s.preferHuge(r)
	return nil
}

// preferHuge asks for huge pages; a kernel without them says so. They are of no use
// behind a TLB.
func (s *Space) preferHuge(r *region) {
	if size := uint64(r.End - r.Start); size >= hugeFrom && r.Prot&guest.Write != 0 && uint64(r.End) <= s.Window {
		unix.Madvise(s.whole(r.Start, size), unix.MADV_HUGEPAGE)
	}
}

// moveIn moves pages of the host to a place in the space.
func (s *Space) moveIn(from unsafe.Pointer, to guest.Addr, size uint64, flags int) error {
	for at, n := range s.parts(to, size) {
		if err := s.makePresent(at); err != nil {
			return err
		}
		_, err := unix.MremapPtr(unsafe.Add(from, int(at-to)), uintptr(n), s.host(at), uintptr(n), unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED|flags)
		if err != nil {
			s.heal(at, n)
			return err
		}
	}
	return nil
}

// heal reserves again what the host may have given up before it failed. Nobody
// else can have taken the place if it is still free; if it is not, the guest could
// reach memory of the emulator, which must end here.
func (s *Space) heal(a guest.Addr, size uint64) {
	switch {
	case unix.Msync(s.whole(a, size), unix.MS_ASYNC) == nil: // all of it is mapped
	case s.fill(a, size) == nil:
	case size == PageSize:
		panic("BUG: a page of the guest's window is lost to the host")
	default:
		half := size / PageSize / 2 * PageSize
		s.heal(a, half)
		s.heal(a+guest.Addr(half), size-half)
	}
}

// fill reserves what is not mapped.
func (s *Space) fill(a guest.Addr, size uint64) error {
	_, err := unix.MmapPtr(-1, 0, s.host(a), uintptr(size), unix.PROT_NONE, reservation|unix.MAP_FIXED_NOREPLACE)
	if err == nil {
		s.cut(a, a+guest.Addr(size))
	}
	return err
}

// hugeFrom is the size of a private mapping from which on it had better be of
// huge pages. Smaller ones would grow by what is never touched.
const hugeFrom = 4 << 20

func (s *Space) protectHost(a guest.Addr, size uint64, prot int) error {
	s.changed(a, size)
	for e := range s.present(a, size) {
		if err := unix.Mprotect(e.mem, prot); err != nil {
			return err
		}
	}
	return nil
}

// moveHost moves pages within the space and leaves a map without contents at
// their old place. It fails when they lie in several pieces.
func (s *Space) moveHost(old guest.Addr, size uint64, to guest.Addr) error {
	s.changed(old, size)
	s.changed(to, size)
	if size > s.border(old)-uint64(old) || s.host(old) == nil {
		return unix.EFAULT
	}
	return s.moveIn(s.host(old), to, size, unix.MREMAP_DONTUNMAP)
}

// Discard throws away what pages hold that no file does (MADV_DONTNEED).
func (s *Space) Discard(a guest.Addr, size uint64) error {
	if !s.inside(a, size) {
		return unix.EINVAL
	}
	s.contentGone(a, a+guest.Addr(size))
	for e := range s.present(a, size) {
		if err := unix.Madvise(e.mem, unix.MADV_DONTNEED); err != nil {
			return err
		}
	}
	return nil
}

// Punch makes a hole in the files behind shared maps (MADV_REMOVE), which must be open
// for writing.
func (s *Space) Punch(a guest.Addr, size uint64) error {
	if !s.inside(a, size) {
		return unix.EINVAL
	}
	end := a + guest.Addr(size)
	for r := range s.regions.between(a, end) {
		switch {
		case r.file == nil:
			return unix.EINVAL
		case !r.Shared || r.file.key.mode != unix.O_RDWR:
			return unix.EACCES
		}
		from, to := max(a, r.Start), min(end, r.End)
		if err := r.files(s.group).Punch(r.file.fd, int64(r.offset(from)), uint64(to-from)); err != nil {
			return err
		}
		s.group.changed(r.file.key.inode, r.offset(from), r.offset(from)+uint64(to-from))
	}
	return nil
}

// Sync writes shared file pages back.
func (s *Space) Sync(a guest.Addr, size uint64, flags int) error {
	if !s.inside(a, size) {
		return unix.ENOMEM
	}
	for e := range s.present(a, size) {
		if err := unix.Msync(e.mem, flags); err != nil {
			return err
		}
	}
	return nil
}

// Resident says for each page whether the host holds it.
func (s *Space) Resident(a guest.Addr, vec []byte) error {
	clear(vec)
	var mem []Piece
	for e := range s.present(a, uint64(len(vec))*PageSize) {
		mem = append(mem, Piece{e.mem, vec[int(e.at-a)/PageSize:][:len(e.mem)/PageSize]})
	}
	return s.group.Files.Resident(mem, vec)
}

// copySafe copies and reports whether all of the memory was there.
func copySafe(dst, src []byte) (ok bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { ok = recover() == nil }()
	copy(dst, src)
	return true
}

// pmScan is struct pm_scan_arg, pageRegion struct page_region (linux/fs.h).
type pmScan struct {
	size, flags, start, end, walkEnd, vec, vecLen, maxPages uint64
	inverted, categoryMask, categoryAny, returnMask         uint64
}

type pageRegion struct{ start, end, categories uint64 }

// scanResult lies on the heap, so that its address stays what the host was told.
type scanResult [scanPerCall]pageRegion

const (
	pagemapScan = 3<<30 | uint(unsafe.Sizeof(pmScan{}))<<16 | 'f'<<8 | 16
	pageFile    = 1 << 2
	pagePresent = 1 << 3
	pageSwapped = 1 << 4
	pagePFNZero = 1 << 5
	scanPerCall = 512
)

var pagemapFileOf = sync.OnceValues(func() (*os.File, error) { return os.Open("/proc/self/pagemap") })

// scanPages is written by PAGEMAP_SCAN, which skips what was never touched.
func (s *Space) scanPages(in extent) (runs []run, err error) {
	f, err := pagemapFileOf()
	if err != nil {
		return nil, err
	}
	if s.scan == nil {
		s.scan = new(scanResult)
	}
	base, vec := uint64(uintptr(in.host()))-uint64(in.at), s.scan[:]
	arg := pmScan{
		size: uint64(unsafe.Sizeof(pmScan{})), start: base + uint64(in.at), end: base + uint64(in.end()),
		vec: uint64(uintptr(unsafe.Pointer(&vec[0]))), vecLen: scanPerCall,
		inverted: pageFile | pagePFNZero, categoryMask: pageFile | pagePFNZero, categoryAny: pagePresent | pageSwapped,
		returnMask: pagePresent | pageSwapped,
	}
	for arg.start < arg.end {
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), uintptr(pagemapScan), uintptr(unsafe.Pointer(&arg)))
		if errno != 0 {
			return nil, errno
		}
		for _, r := range vec[:n] {
			runs = append(runs, run{guest.Addr(r.start - base), guest.Addr(r.end - base)})
		}
		arg.start = arg.walkEnd
	}
	return runs, nil
}

// pagemap reads the pagemap entries of the pages at mem.
func pagemap(mem []byte, entries []uint64) error {
	f, err := pagemapFileOf()
	if err != nil {
		return err
	}
	off := int64(uintptr(unsafe.Pointer(&mem[0]))) / PageSize * 8
	_, err = f.ReadAt(unsafe.Slice((*byte)(unsafe.Pointer(&entries[0])), 8*len(entries)), off)
	return err
}

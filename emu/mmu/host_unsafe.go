package mmu

import (
	"os"
	"runtime/debug"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

const reservation = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_NORESERVE

// reserve takes size bytes of host addresses without access.
func reserve(size uint64) (unsafe.Pointer, error) {
	return unix.MmapPtr(-1, 0, nil, uintptr(size), unix.PROT_NONE, reservation)
}

// host is the host address of a guest address.
func (s *Space) host(a guest.Addr) unsafe.Pointer { return unsafe.Add(s.Base, int(a)) }

// bytes is guest memory itself. The caller has checked the range.
func (s *Space) bytes(a guest.Addr, n int) []byte { return unsafe.Slice((*byte)(s.host(a)), n) }

// reserveAgain turns a range back into a mere reservation. The host does that in
// one step, or refuses before it begins: memory without access is not accounted.
func (s *Space) reserveAgain(a guest.Addr, size uint64) error {
	s.changed(a, size)
	_, err := unix.MmapPtr(-1, 0, s.host(a), uintptr(size), unix.PROT_NONE, reservation|unix.MAP_FIXED)
	return err
}

// mapHost gives a region its host pages. A map that fails must not cost the window
// its reservation, since the place would be anybody's: the host unmaps what was
// there before it asks the file whether it can be mapped at all. So the pages are
// made elsewhere and then moved.
func (s *Space) mapHost(r *region) error {
	size := uint64(r.End - r.Start)
	s.changed(r.Start, size)
	if r.file == nil && s.empty(r.Start, r.End) {
		return s.openHost(r) // a reservation is anonymous memory already
	}
	fd, flags := -1, reservation
	if r.file != nil {
		fd, flags = r.file.fd, unix.MAP_PRIVATE|unix.MAP_NORESERVE
	}
	if r.Shared {
		flags = unix.MAP_SHARED
	}
	p, err := unix.MmapPtr(fd, int64(r.Offset), nil, uintptr(size), hostProt(r.Prot), flags)
	if err != nil {
		return err
	}
	if err := s.moveIn(p, r.Start, size, 0); err != nil {
		unix.MunmapPtr(p, uintptr(size))
		return err
	}
	if fd < 0 {
		s.preferHuge(r)
	}
	return nil
}

// shareHost gives a region the pages of a shared map at an address of a space, be
// that this one or another. It needs no leave of the file, which may have been
// sealed since or be another memory each time it is mapped, as /dev/zero is.
func (s *Space) shareHost(r *region, from *Space, at guest.Addr) error {
	size := uint64(r.End - r.Start)
	p, err := unix.MremapPtr(from.host(at), 0, nil, uintptr(size), unix.MREMAP_MAYMOVE)
	if err != nil {
		return s.mapHost(r)
	}
	s.changed(r.Start, size)
	err = unix.Mprotect(unsafe.Slice((*byte)(p), size), hostProt(r.Prot)) // a watched page was read-only
	if err == nil {
		err = s.moveIn(p, r.Start, size, 0)
	}
	if err != nil {
		unix.MunmapPtr(p, uintptr(size))
	}
	return err
}

// openHost gives reserved pages the protection of anonymous memory.
func (s *Space) openHost(r *region) error {
	if prot := hostProt(r.Prot); prot != unix.PROT_NONE {
		if err := unix.Mprotect(s.bytes(r.Start, int(r.End-r.Start)), prot); err != nil {
			return err
		}
	}
	s.preferHuge(r)
	return nil
}

// preferHuge asks for huge pages; a kernel without them says so.
func (s *Space) preferHuge(r *region) {
	if size := uint64(r.End - r.Start); size >= hugeFrom && r.Prot&guest.Write != 0 {
		unix.Madvise(s.bytes(r.Start, int(size)), unix.MADV_HUGEPAGE)
	}
}

// moveIn moves pages of the host to a place in the window.
func (s *Space) moveIn(from unsafe.Pointer, to guest.Addr, size uint64, flags int) error {
	_, err := unix.MremapPtr(from, uintptr(size), s.host(to), uintptr(size), unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED|flags)
	if err != nil {
		s.heal(to, size)
	}
	return err
}

// heal reserves again what the host may have given up before it failed. Nobody
// else can have taken the place if it is still free; if it is not, the guest could
// reach memory of the emulator, which must end here.
func (s *Space) heal(a guest.Addr, size uint64) {
	switch {
	case unix.Msync(s.bytes(a, int(size)), unix.MS_ASYNC) == nil: // all of it is mapped
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
	return unix.Mprotect(s.bytes(a, int(size)), prot)
}

// moveHost moves pages within the window and leaves a map without contents at
// their old place.
func (s *Space) moveHost(old guest.Addr, size uint64, to guest.Addr) error {
	s.changed(old, size)
	s.changed(to, size)
	return s.moveIn(s.host(old), to, size, unix.MREMAP_DONTUNMAP)
}

// Advise passes advice that throws pages away, or none, on to the host.
func (s *Space) Advise(a guest.Addr, size uint64, advice int) error {
	if !s.inside(a, size) {
		return unix.EINVAL
	}
	s.contentGone(a, a+guest.Addr(size))
	return unix.Madvise(s.bytes(a, int(size)), advice)
}

// Sync writes shared file pages back.
func (s *Space) Sync(a guest.Addr, size uint64, flags int) error {
	if !s.inside(a, size) {
		return unix.ENOMEM
	}
	return unix.Msync(s.bytes(a, int(size)), flags)
}

// Resident says for each page whether the host holds it.
func (s *Space) Resident(a guest.Addr, vec []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(s.host(a)), uintptr(len(vec))*PageSize, uintptr(unsafe.Pointer(unsafe.SliceData(vec))))
	if errno != 0 {
		return errno
	}
	return nil
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
func (s *Space) scanPages(a guest.Addr, size uint64) (runs []run, err error) {
	f, err := pagemapFileOf()
	if err != nil {
		return nil, err
	}
	if s.scan == nil {
		s.scan = new(scanResult)
	}
	base, vec := uint64(uintptr(s.Base)), s.scan[:]
	arg := pmScan{
		size: uint64(unsafe.Sizeof(pmScan{})), start: base + uint64(a), end: base + uint64(a) + size,
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

// pagemap reads the pagemap entries of the pages from a on.
func (s *Space) pagemap(a guest.Addr, entries []uint64) error {
	f, err := pagemapFileOf()
	if err != nil {
		return err
	}
	off := (int64(uintptr(s.Base)) + int64(a)) / PageSize * 8
	_, err = f.ReadAt(unsafe.Slice((*byte)(unsafe.Pointer(&entries[0])), 8*len(entries)), off)
	return err
}

package mmu

import (
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// firstWindow is where windows are placed: Go's heap begins anywhere in the lower
	// half of the addresses.
	firstWindow = uintptr(64) << 40
	// MostWindow is how large a window may be there.
	MostWindow = uint64(60) << 40
)

const reservation = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_NORESERVE

// windowList is the windows of this host process, with their guards. They are placed
// from below, so that the last one can become larger. How large a window is and where
// it lies, the guest cannot see.
type windowList struct {
	mu   sync.Mutex
	all  []hostRange // sorted
	size uint64
}

type hostRange struct{ start, end uintptr }

var windows windowList

// windowSizes says how large new windows are, by how much is reserved: the larger the
// fewer. One of 1 TiB has the heap of a Go program.
var windowSizes = [...]struct{ below, size uint64 }{{48 << 40, DefaultWindow}, {96 << 40, 1 << 40}, {1 << 47, MinWindow}}

// usual is how large a window should be at most.
func (l *windowList) usual() uint64 {
	for _, w := range windowSizes {
		if l.size < w.below {
			return w.size
		}
	}
	return MinWindow
}

// reserve takes addresses without access for a window of size bytes and its guards,
// or if there is little room of least at least; nil if there is none.
func (l *windowList) reserve(size, least uint64) (unsafe.Pointer, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size >= windowSizes[0].below {
		size = max(least, min(size, l.usual()))
	}
	for {
		n := uintptr(size + 2*Guard)
		p, err := unix.MmapPtr(-1, 0, hint(l.place(n)), n, unix.PROT_NONE, reservation)
		if err == nil {
			l.add(hostRange{uintptr(p), uintptr(p) + n})
			l.size += size
			return p, size
		}
		if size/2 < least || size/2 == 0 {
			return nil, 0
		}
		size /= 2
	}
}

// place is the lowest place for n bytes that touches no window.
func (l *windowList) place(n uintptr) uintptr {
	at := firstWindow
	for _, w := range l.all {
		if w.start >= at+n {
			break
		}
		at = max(at, w.end)
	}
	return at
}

func (l *windowList) add(w hostRange) {
	i, _ := slices.BinarySearchFunc(l.all, w.start, func(o hostRange, at uintptr) int { return int(o.start>>12) - int(at>>12) })
	l.all = slices.Insert(l.all, i, w)
}

func (l *windowList) index(start uintptr) int {
	return slices.IndexFunc(l.all, func(w hostRange) bool { return w.start == start })
}

// grow makes the window that begins with its guard at p larger, if nothing is in its
// way.
func (l *windowList) grow(p unsafe.Pointer, from, to uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &l.all[l.index(uintptr(p))]
	more := uintptr(to - from)
	at, err := unix.MmapPtr(-1, 0, hint(w.end), more, unix.PROT_NONE, reservation|unix.MAP_FIXED_NOREPLACE)
	if err != nil {
		return false
	}
	if uintptr(at) != w.end { // a kernel before Linux 4.17 takes the flag for a hint
		unix.MunmapPtr(at, more)
		return false
	}
	w.end += more
	l.size += to - from
	return true
}

// release gives a window back.
func (l *windowList) release(p unsafe.Pointer, size uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.index(uintptr(p))
	l.all = slices.Delete(l.all, i, i+1)
	l.size -= size
	return unix.MunmapPtr(p, uintptr(size+2*Guard))
}

// hint is a host address where something is wished to be.
func hint(at uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&at)) }

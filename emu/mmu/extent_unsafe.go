package mmu

import (
	"fmt"
	"iter"
	"math/bits"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// extents is where the pages of a space lie on the host: those below Window at
// Base + address, all others in chunks, which are reserved when they are needed. A
// chunk that is not there holds nothing but private memory without a file that was
// never touched.
type extents struct {
	Base   unsafe.Pointer // host address of guest address 0; nil without a window
	Window uint64         // bytes of the window
	chunks map[guest.Addr]unsafe.Pointer
}

// chunkSize is that of a chunk, whose address is a multiple of it.
const chunkSize = uint64(1) << chunkBits

const chunkBits = 31

// extent is guest memory that lies in one piece on the host.
type extent struct {
	at  guest.Addr
	mem []byte
}

func (e extent) end() guest.Addr { return e.at + guest.Addr(len(e.mem)) }

func (e extent) host() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(e.mem)) }

// parts yields the addresses where [a, a+size) is cut into pieces that lie in the
// window or in one chunk.
func (x *extents) parts(a guest.Addr, size uint64) iter.Seq2[guest.Addr, uint64] {
	return func(yield func(guest.Addr, uint64) bool) {
		for size > 0 {
			n := min(size, x.border(a)-uint64(a))
			if !yield(a, n) {
				return
			}
			a, size = a+guest.Addr(n), size-n
		}
	}
}

// border is where the piece ends that holds an address.
func (x *extents) border(a guest.Addr) uint64 {
	if uint64(a) < x.Window {
		return x.Window
	}
	return uint64(chunkOf(a)) + chunkSize
}

func chunkOf(a guest.Addr) guest.Addr { return a &^ guest.Addr(chunkSize-1) }

// host is the host address of a guest address, nil if its chunk is not there.
func (x *extents) host(a guest.Addr) unsafe.Pointer {
	if uint64(a) < x.Window {
		return unsafe.Add(x.Base, int(a))
	}
	if p := x.chunks[chunkOf(a)]; p != nil {
		return unsafe.Add(p, int(a-chunkOf(a)))
	}
	return nil
}

// present yields the parts of [a, a+size) that the host has.
func (x *extents) present(a guest.Addr, size uint64) iter.Seq[extent] {
	return func(yield func(extent) bool) {
		if len(x.chunks) == 0 && uint64(a) >= x.Window {
			return
		}
		for at, n := range x.parts(a, size) {
			if p := x.host(at); p != nil && !yield(extent{at, unsafe.Slice((*byte)(p), n)}) {
				return
			}
		}
	}
}

// whole is as much of [a, a+size) as lies in one piece on the host, nil if it does not
// have the first byte.
func (x *extents) whole(a guest.Addr, size uint64) []byte {
	p := x.host(a)
	if p == nil {
		return nil
	}
	return unsafe.Slice((*byte)(p), min(size, x.border(a)-uint64(a)))
}

// GuestOf is the guest address of a host address, if there is one. Guards of the
// window belong to it.
func (x *extents) GuestOf(host uintptr) (guest.Addr, bool) {
	if off := uint64(host) - uint64(uintptr(x.Base)); x.Base != nil && off+Guard < x.Window+2*Guard {
		return guest.Addr(off), true
	}
	for at, p := range x.chunks { // at most one holds it
		if off := uint64(host) - uint64(uintptr(p)); off < chunkSize {
			return at + guest.Addr(off), true
		}
	}
	return 0, false
}

// reserveWindow reserves a window of size bytes, or if there is little room of least
// at least.
func reserveWindow(size, least uint64) (e extents, ok bool) {
	base, size := windows.reserve(size, least)
	if base == nil {
		return extents{}, false
	}
	return extents{Base: unsafe.Add(base, Guard), Window: size}, true
}

// grow makes the window larger, in its place, so that it ends at end or higher. It
// reports whether the host has room for that.
func (x *extents) grow(end, limit uint64) bool {
	if x.Base == nil || end > MostWindow {
		return false
	}
	size := min(limit, MostWindow, uint64(1)<<bits.Len64(end-1))
	if !windows.grow(unsafe.Add(x.Base, -Guard), x.Window, size) {
		return false
	}
	x.Window = size
	return true
}

// makeChunk reserves the chunk of an address. Its memory has no access.
func (x *extents) makeChunk(a guest.Addr) error {
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(chunkSize), unix.PROT_NONE, reservation)
	if err != nil {
		return fmt.Errorf("reserve %d GiB of host addresses for a guest: %w", chunkSize>>30, err)
	}
	if x.chunks == nil {
		x.chunks = map[guest.Addr]unsafe.Pointer{}
	}
	x.chunks[chunkOf(a)] = p
	return nil
}

// dropChunk gives the chunk of an address back.
func (x *extents) dropChunk(a guest.Addr) {
	unix.MunmapPtr(x.chunks[chunkOf(a)], uintptr(chunkSize))
	delete(x.chunks, chunkOf(a))
}

// hostAddr is an address of the host as a number.
func hostAddr(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

// close gives all memory back.
func (x *extents) close() (err error) {
	if x.Base != nil {
		err = windows.release(unsafe.Add(x.Base, -Guard), x.Window)
	}
	for _, p := range x.chunks { // each by itself
		if e := unix.MunmapPtr(p, uintptr(chunkSize)); e != nil {
			err = e
		}
	}
	*x = extents{}
	return err
}

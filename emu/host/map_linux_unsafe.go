//go:build linux && (amd64 || arm64)

package host

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rangeMax is the size of the range for code on a host that has plenty of
// addresses.
const rangeMax = 4 << 30

const reservation = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_NORESERVE

// reserve takes size bytes of addresses without access.
func reserve(size uintptr) (unsafe.Pointer, error) {
	return unix.MmapPtr(-1, 0, nil, size, unix.PROT_NONE, reservation)
}

// mapCode puts size bytes of executable memory at a reserved address and
// returns where to write them.
func mapCode(at unsafe.Pointer, size int) (rw unsafe.Pointer, dual bool, err error) {
	rw, twice := mapDual(at, size)
	if twice == nil {
		return rw, true, nil
	}
	once := mapRWX(at, size)
	if once == nil {
		return at, false, nil
	}
	return nil, false, errors.Join(twice, once)
}

// mapDual maps the same pages twice. They are shared and without a file, so that
// perf takes the code for that of a JIT compiler; mremap of no bytes of such memory
// maps it once more (mremap(2), old_size).
func mapDual(at unsafe.Pointer, size int) (rw unsafe.Pointer, err error) {
	n := uintptr(size)
	rw, err = unix.MmapPtr(-1, 0, nil, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("mmap to write: %w", err)
	}
	if _, err := unix.MremapPtr(rw, 0, at, n, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED); err != nil {
		return nil, errors.Join(fmt.Errorf("mremap: %w", err), unix.MunmapPtr(rw, n))
	}
	if err := unix.Mprotect(unsafe.Slice((*byte)(at), size), unix.PROT_READ|unix.PROT_EXEC); err != nil {
		return nil, errors.Join(fmt.Errorf("mprotect to execute: %w", err), unmapCode(at, rw, size, true))
	}
	return rw, nil
}

// mapRWX is for hosts that refuse mapDual.
func mapRWX(at unsafe.Pointer, size int) error {
	const all = unix.PROT_READ | unix.PROT_WRITE | unix.PROT_EXEC
	if _, err := unix.MmapPtr(-1, 0, at, uintptr(size), all, reservation|unix.MAP_FIXED); err != nil {
		return fmt.Errorf("mmap to write and execute: %w", err)
	}
	return nil
}

// unmapCode undoes mapCode; the addresses at at stay reserved.
func unmapCode(at, rw unsafe.Pointer, size int, dual bool) error {
	_, err := unix.MmapPtr(-1, 0, at, uintptr(size), unix.PROT_NONE, reservation|unix.MAP_FIXED)
	if dual {
		err = errors.Join(err, unix.MunmapPtr(rw, uintptr(size)))
	}
	return err
}

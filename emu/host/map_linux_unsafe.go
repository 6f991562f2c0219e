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

// mapDual maps the pages of a nameless file twice.
func mapDual(at unsafe.Pointer, size int) (rw unsafe.Pointer, err error) {
	fd, err := unix.MemfdCreate("panda-code", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, fmt.Errorf("ftruncate: %w", err)
	}
	rw, err = unix.MmapPtr(fd, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mmap to write: %w", err)
	}
	_, err = unix.MmapPtr(fd, 0, at, uintptr(size), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED|unix.MAP_FIXED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mmap to execute: %w", err), unix.MunmapPtr(rw, uintptr(size)))
	}
	return rw, nil
}

// mapRWX is for hosts without memfd_create.
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

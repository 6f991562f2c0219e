package mmu

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Files is how a group asks the host about the files that are mapped. What it answers,
// and what Map shows, comes from outside, so that a machine has all of it pass the door
// that its other inputs pass. What is mapped already and mapped once more, as for a
// fork, is nothing new.
type Files interface {
	// Stat describes an open file; mode is how it is open: unix.O_RDONLY and so on.
	Stat(fd int) (st unix.Stat_t, mode int, err error)
	// Keep makes a descriptor of the group's own, not below least if that is to be had.
	Keep(fd, least int) (own int, err error)
	// Map makes new pages of the host that show a part of a file of which the group has
	// a descriptor.
	Map(own int, off int64, size uintptr, prot, flags int) (unsafe.Pointer, error)
	// Resident says for each page of host memory whether the host holds it.
	Resident(mem []byte, pages []byte) error
}

// HostFiles are the host's own.
type HostFiles struct{}

// Stat is fstat and F_GETFL.
func (HostFiles) Stat(fd int) (st unix.Stat_t, mode int, err error) {
	if err = unix.Fstat(fd, &st); err != nil {
		return st, 0, err
	}
	mode, err = unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return st, mode & unix.O_ACCMODE, err
}

// Keep is F_DUPFD_CLOEXEC.
func (HostFiles) Keep(fd, least int) (own int, err error) {
	if least > 0 {
		if own, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, least); err == nil {
			return own, nil
		}
	}
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}

// Map is mmap.
func (HostFiles) Map(own int, off int64, size uintptr, prot, flags int) (unsafe.Pointer, error) {
	return unix.MmapPtr(own, off, nil, size, prot, flags)
}

// Resident is mincore.
func (HostFiles) Resident(mem, pages []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(unsafe.SliceData(mem))), uintptr(len(mem)), uintptr(unsafe.Pointer(unsafe.SliceData(pages))))
	if errno != 0 {
		return errno
	}
	return nil
}

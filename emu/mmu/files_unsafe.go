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
	// Keep makes a descriptor of the group's own, not below least if that is to be had,
	// and below most unless that is 0: else it is EMFILE.
	Keep(fd, least, most int) (own int, err error)
	// Memory makes a file without a name, which Keep might have made a descriptor of.
	Memory(size uint64, most int) (own int, st unix.Stat_t, err error)
	// Size is how large a file is of which the group has a descriptor; -1 of what has no
	// size.
	Size(own int) (int64, error)
	// Map makes new pages of the host that show a part of a file of which the group has
	// a descriptor.
	Map(own int, off int64, size uintptr, prot, flags int) (unsafe.Pointer, error)
	// Punch makes a hole in such a file.
	Punch(own int, off int64, size uint64) error
	// Resident says for each page of pieces of host memory, whose pages are parts of one
	// buffer, whether the host holds it.
	Resident(mem []Piece, pages []byte) error
	// Close closes a descriptor of the group's.
	Close(own int)
}

// Piece is host memory, with a byte for each of its pages.
type Piece struct{ Mem, Pages []byte }

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
func (HostFiles) Keep(fd, least, most int) (own int, err error) {
	if least > 0 {
		if own, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, least); err == nil {
			return own, nil
		}
	}
	own, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	return below(most, own, err)
}

// below closes a descriptor that is not below most.
func below(most, fd int, err error) (int, error) {
	if err == nil && most != 0 && fd >= most {
		unix.Close(fd)
		return -1, unix.EMFILE
	}
	return fd, err
}

// Memory is memfd_create.
func (HostFiles) Memory(size uint64, most int) (own int, st unix.Stat_t, err error) {
	own, err = unix.MemfdCreate("guest", unix.MFD_CLOEXEC)
	if own, err = below(most, own, err); err != nil {
		return -1, st, err
	}
	if err = unix.Ftruncate(own, int64(size)); err == nil {
		err = unix.Fstat(own, &st)
	}
	if err != nil {
		unix.Close(own)
		return -1, st, err
	}
	return own, st, nil
}

// Size is fstat.
func (HostFiles) Size(own int) (int64, error) {
	var st unix.Stat_t
	err := unix.Fstat(own, &st)
	return sizeOf(&st), err
}

// sizeOf is the size of a file, -1 of what has none.
func sizeOf(st *unix.Stat_t) int64 {
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		return st.Size
	}
	return -1
}

// Map is mmap.
func (HostFiles) Map(own int, off int64, size uintptr, prot, flags int) (unsafe.Pointer, error) {
	return unix.MmapPtr(own, off, nil, size, prot, flags)
}

// Punch is fallocate with FALLOC_FL_PUNCH_HOLE.
func (HostFiles) Punch(own int, off int64, size uint64) error {
	return unix.Fallocate(own, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, int64(size))
}

// Resident is mincore.
func (HostFiles) Resident(mem []Piece, _ []byte) error {
	for _, p := range mem {
		_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(unsafe.SliceData(p.Mem))), uintptr(len(p.Mem)), uintptr(unsafe.Pointer(unsafe.SliceData(p.Pages))))
		if errno != 0 {
			return errno
		}
	}
	return nil
}

// Close is close.
func (HostFiles) Close(own int) { unix.Close(own) }

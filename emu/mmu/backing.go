package mmu

import (
	"math"

	"golang.org/x/sys/unix"
)

// backing is a host file behind regions. The space keeps its own descriptor,
// because the guest may close its file and fork after that, and shares it
// between the regions of one file.
type backing struct {
	fd       int
	key      fileKey
	refs     int
	eof      uint64 // end of the file when looked at last, rounded up to a page
	nameless bool   // no name leads to it: its contents may be memory
}

// fileKey tells files apart. A descriptor that may write serves shared maps.
type fileKey struct {
	inode
	mode int
}

// inodeOf says which file a descriptor leads to.
func inodeOf(fd int) (inode, error) {
	st, err := fstat(fd)
	return inode{st.Dev, st.Ino}, err
}

func fstat(fd int) (st unix.Stat_t, err error) {
	err = unix.Fstat(fd, &st)
	return st, err
}

// backingOf is the backing of a descriptor, with one more reference.
func (s *Space) backingOf(fd int) (*backing, error) {
	st, err := fstat(fd)
	if err != nil {
		return nil, err
	}
	fl, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return nil, err
	}
	key := fileKey{inode{st.Dev, st.Ino}, fl & unix.O_ACCMODE}
	if f := s.files[key]; f != nil {
		f.refs++
		return f, nil
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := s.addFile(key, own)
	f.nameless = st.Nlink == 0
	return f, nil
}

func (s *Space) addFile(key fileKey, own int) *backing {
	f := &backing{fd: own, key: key, refs: 1}
	f.look()
	s.files[key] = f
	return f
}

// anonymous is the backing of shared memory without a file.
func (s *Space) anonymous(size uint64) (*backing, error) {
	fd, err := unix.MemfdCreate("guest", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err = unix.Ftruncate(fd, int64(size)); err != nil {
		unix.Close(fd)
		return nil, err
	}
	of, err := inodeOf(fd)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	f := s.addFile(fileKey{of, unix.O_RDWR}, fd)
	f.nameless = true
	return f, nil
}

// dropFile gives back a reference.
func (s *Space) dropFile(f *backing) {
	if f == nil {
		return
	}
	if f.refs--; f.refs == 0 {
		delete(s.files, f.key)
		unix.Close(f.fd)
	}
}

// noEnd is the end of what has no size.
const noEnd = math.MaxUint64

// look reads the size of the file. What has no size has no end.
func (f *backing) look() {
	f.eof = noEnd
	if st, err := fstat(f.fd); err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG {
		f.eof = (uint64(st.Size) + PageSize - 1) &^ (PageSize - 1)
	}
}

// holds reports whether the file has the page at off.
func (f *backing) holds(off uint64) bool {
	if off >= f.eof {
		f.look()
	}
	return off < f.eof
}

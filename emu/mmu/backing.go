package mmu

import (
	"math"

	"golang.org/x/sys/unix"
)

// backing is a host file behind regions of a space.
type backing struct {
	*hostFile
	refs     int
	eof      uint64 // end of the file when looked at last, rounded up to a page
	nameless bool   // no name leads to it: its contents may be memory
	opened   bool   // it is nameless, and the guest has or had descriptors
}

// hostFile is a descriptor that the group has for a file, because the guest may
// close its own. The spaces of the group share it, so that a fork takes none.
type hostFile struct {
	fd   int
	key  fileKey
	refs int // backings
	// changed is when a regular file was changed last when the descriptor was made, in
	// nanoseconds. 0 for others.
	changed int64
	// size is that of shared memory without a file: all of it is there until the last
	// page is unmapped. 0 for others.
	size uint64
}

// fileKey tells files apart. A descriptor that may write serves shared maps.
type fileKey struct {
	inode
	mode int
}

// inodeOf says which file a descriptor leads to.
func (g *Group) inodeOf(fd int) (inode, error) {
	st, _, err := g.Files.Stat(fd)
	return inode{st.Dev, st.Ino}, err
}

// backingOf is the backing of a descriptor, with one more reference.
func (s *Space) backingOf(fd, maxFD int) (*backing, error) {
	st, mode, err := s.group.Files.Stat(fd)
	if err != nil {
		return nil, err
	}
	key := fileKey{inode{st.Dev, st.Ino}, mode}
	if f := s.files[key]; f != nil {
		f.refs++
		return f, nil
	}
	fresh := s.group.files[key] == nil
	f, err := s.addFile(key, func() (int, error) { return s.group.duplicate(fd, maxFD) })
	if err == nil {
		if fresh && st.Mode&unix.S_IFMT == unix.S_IFREG {
			f.changed = st.Ctim.Nano()
		}
		f.see(sizeOf(&st))
		f.nameless = st.Nlink == 0
		f.opened = f.nameless
	}
	return f, err
}

// Descriptor is one of the group's own for a regular file that is mapped.
func (g *Group) Descriptor(dev, ino uint64) (fd int, ok bool) {
	for mode := range unix.O_ACCMODE + 1 {
		if h := g.files[fileKey{inode{dev, ino}, mode}]; h != nil && h.changed != 0 {
			return h.fd, true
		}
	}
	return -1, false
}

// duplicate makes the group's own descriptor of a file.
func (g *Group) duplicate(fd, maxFD int) (int, error) {
	if maxFD == 0 {
		return g.Files.Keep(fd, g.KeptFD, 0)
	}
	return g.Files.Keep(fd, 0, maxFD)
}

// sameBacking is the backing that a clone has for one of its parent's.
func (s *Space) sameBacking(of *backing) (*backing, error) {
	if f := s.files[of.key]; f != nil {
		f.refs++
		return f, nil
	}
	f, err := s.addFile(of.key, nil)
	if err == nil {
		f.eof, f.nameless, f.opened = of.eof, of.nameless, of.opened
	}
	return f, err
}

func (s *Space) addFile(key fileKey, open func() (int, error)) (*backing, error) {
	h, err := s.group.hostFile(key, open)
	if err != nil {
		return nil, err
	}
	f := &backing{hostFile: h, refs: 1, eof: noEnd}
	s.files[key] = f
	return f, nil
}

// hostFile is the descriptor for a file, with one more reference. If the group has
// none, open makes it. ENFILE says that too many files are mapped.
func (g *Group) hostFile(key fileKey, open func() (int, error)) (*hostFile, error) {
	h := g.files[key]
	if h == nil {
		fd, err := open()
		if err == unix.EMFILE {
			err = unix.ENFILE
		}
		if err != nil {
			return nil, err
		}
		h = &hostFile{fd: fd, key: key}
		g.files[key] = h
	}
	h.refs++
	return h, nil
}

// anonymous is the backing of shared memory without a file.
func (s *Space) anonymous(size uint64, maxFD int) (*backing, error) {
	if err := s.group.room(size); err != nil {
		return nil, err
	}
	fd, st, err := s.group.Files.Memory(size, maxFD)
	if err != nil {
		return nil, unix.ENOMEM // no file is known to the guest
	}
	f, err := s.addFile(fileKey{inode{st.Dev, st.Ino}, unix.O_RDWR}, func() (int, error) { return fd, nil })
	if err != nil {
		s.group.Files.Close(fd)
		return nil, unix.ENOMEM
	}
	f.see(sizeOf(&st))
	f.nameless, f.hostFile.size = true, size
	s.group.shared += size
	return f, nil
}

// dropFile gives back a reference.
func (s *Space) dropFile(f *backing) {
	if f == nil {
		return
	}
	if f.refs--; f.refs != 0 {
		return
	}
	delete(s.files, f.key)
	if f.hostFile.refs--; f.hostFile.refs == 0 {
		delete(s.group.files, f.key)
		s.group.shared -= f.hostFile.size
		if f.opened {
			s.group.hidesFile(f.key.inode)
		}
		s.group.Files.Close(f.fd)
	}
}

// noEnd is the end of what has no size.
const noEnd = math.MaxUint64

// look reads the size of the file. That of memory without a file does not change.
func (f *backing) look(g *Group) {
	if f.size != 0 {
		return
	}
	f.eof = noEnd
	if size, err := g.Files.Size(f.fd); err == nil {
		f.see(size)
	}
}

// see notes the size of the file. What has no size has no end.
func (f *backing) see(size int64) {
	f.eof = noEnd
	if size >= 0 {
		f.eof = (uint64(size) + PageSize - 1) &^ (PageSize - 1)
	}
}

// holds reports whether the file has the page at off.
func (f *backing) holds(g *Group, off uint64) bool {
	if off >= f.eof {
		f.look(g)
	}
	return off < f.eof
}

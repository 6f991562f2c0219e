package sandbox

import (
	"encoding/binary"
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// All that the guest writes stays in memory, so there is a limit to it: files are
// full when it is reached (ENOSPC). What a call may add is counted before it is
// made, and never taken back; when the count reaches the limit the files are
// measured, which says how much it really is. So the count is never too low, and
// measuring, which takes time, is rare.
//
// A map of a file adds to it without a call. It counts as if all of it had been
// touched, so that a map fails where its file might not have room.

// nameCost is what a file takes besides its contents.
const nameCost = 4096

// charge counts n bytes more.
func (s *Sandbox) charge(n int64) errno {
	limit := s.cfg.Memory
	if limit == 0 {
		return 0
	}
	if n > limit-s.budget.spent {
		s.budget.spent = s.measure()
	}
	if n > limit-s.budget.spent {
		return abi.ENOSPC
	}
	s.budget.spent += n
	return 0
}

// measure adds up what the files of the tree take, those that are open without a
// name, and the guest's memory files.
func (s *Sandbox) measure() int64 {
	m := meter{s: s, seen: map[*inode]bool{}, files: map[fileID]bool{}, beyond: map[fileID]bool{}, names: map[string]string{}}
	m.tree(s.view.root.ino)
	for fd, f := range s.open { // a sum
		switch {
		case f.at != nil:
			m.tree(f.at.ino)
			if f.fifo != nil {
				m.pipe(fd)
			}
		case f.seals:
			m.file(fd)
		case f.kind == plain:
			s.sockets.inUse(s.host, fd, m.names)
			m.pipe(fd)
		}
	}
	if s.budget.mappedFiles != nil {
		for _, fd := range s.budget.mappedFiles() { // some that nothing else keeps
			m.file(fd)
		}
	}
	s.budget.beyond, s.sockets.names = m.beyond, m.names
	return m.total + nameCost*int64(len(m.names))
}

// callFileRoom counts the bytes that maps may add to files.
func callFileRoom(s *Sandbox, c *hostsys.Call) (int64, errno) {
	if s.charge(int64(min(c.Args[0].Num, math.MaxInt64))) != 0 {
		return 0, 0
	}
	return 1, 0
}

// OnMapped says who knows how much of a file maps may fill: all that they show, and
// what of it lies before an end; and which files they keep, by descriptors.
func (s *Sandbox) OnMapped(mapped func(dev, ino, end uint64) (all, within uint64), files func() []int) {
	s.budget.mapped, s.budget.mappedFiles = mapped, files
}

type meter struct {
	s      *Sandbox
	seen   map[*inode]bool
	files  map[fileID]bool
	beyond map[fileID]bool   // of Sandbox.beyond, those that are there
	names  map[string]string // of Sandbox.sockets, likewise
	total  int64
}

// tree adds an inode and what is below it.
func (m *meter) tree(n *inode) {
	if n == nil || m.seen[n] {
		return
	}
	m.seen[n] = true
	if n.own {
		m.total += nameCost
	}
	for name, v := range n.xattrs { // a sum, as below
		m.total += int64(len(name) + len(v))
	}
	if n.data >= 0 {
		m.file(n.data)
	}
	m.s.sockets.keep(n.sock, m.names)
	for _, e := range n.children { // a sum
		m.tree(e.ino)
	}
}

// file adds what a memory file takes of the host when its maps are full.
func (m *meter) file(fd int) {
	st, e := m.s.host.Fstat(fd)
	id := fileID{uint64(st.Dev), st.Ino}
	if e != 0 || m.files[id] {
		return
	}
	m.files[id] = true
	held, end := st.Blocks*512, (min(st.Size, math.MaxInt64-blockSize)+blockSize-1)&^(blockSize-1)
	if m.s.budget.beyond[id] {
		m.beyond[id] = true
		end = math.MaxInt64
	}
	if m.s.budget.mapped == nil {
		m.total += held
		return
	}
	all, within := m.s.budget.mapped(id.dev, id.ino, uint64(end))
	m.total += int64(min(all, math.MaxInt64/2)) + min(held, end-int64(within))
}

// usualPipe is how large a pipe is unless it is made larger. That is not counted:
// descriptors have a limit of their own.
const usualPipe = 64 << 10

// pipe adds the size of a pipe that was made larger.
func (m *meter) pipe(fd int) {
	n, e := m.s.host.Fcntl(fd, unix.F_GETPIPE_SZ, 0)
	if e != 0 || n <= usualPipe {
		return
	}
	if st, e := m.s.host.Fstat(fd); e == 0 && !m.files[fileID{uint64(st.Dev), st.Ino}] {
		m.files[fileID{uint64(st.Dev), st.Ino}] = true
		m.total += n
	}
}

// holds reports whether what is written to a file stays in memory.
func (f *file) holds() bool { return f.kind == regular || f.kind == plain && f.seals }

// mayGrow counts what a copy may add to a file: the length argument of the call, but
// no more than a regular file that it comes from has.
func mayGrow(out, length, in int) func(s *Sandbox, c *hostsys.Call) errno {
	return func(s *Sandbox, c *hostsys.Call) errno {
		if !s.open[fdArg(c, out)].holds() {
			return 0
		}
		n := int64(min(c.Args[length].Num, maxCopy))
		if st, e := s.host.Fstat(fdArg(c, in)); e == 0 && st.Mode&unix.S_IFMT == unix.S_IFREG {
			n = min(n, st.Size)
		}
		return s.charge(n)
	}
}

// maxCopy is the most that one call copies (MAX_RW_COUNT).
const maxCopy = 0x7ffff000

// mayResize leaves files that the guest was started with as long as they are, but for
// what is written: they are the user's.
func mayResize(s *Sandbox, c *hostsys.Call) errno {
	if s.open[fdArg(c, 0)].kind == stdio {
		return abi.EPERM
	}
	return 0
}

// past refuses a place after the end of a file that the guest was started with and may
// write: what is written there would make it as long as the guest likes.
func (s *Sandbox) past(fd int, off int64) errno {
	if s.open[fd].kind != stdio {
		return 0
	}
	fl, e := s.host.Fcntl(fd, unix.F_GETFL, 0)
	if e != 0 || fl&unix.O_ACCMODE == unix.O_RDONLY || fl&unix.O_APPEND != 0 { // see appends: it stays so
		return 0
	}
	if st, e := s.host.Fstat(fd); e == 0 && st.Mode&unix.S_IFMT == unix.S_IFREG && off > st.Size {
		return abi.EPERM
	}
	return 0
}

// mayPlace looks at the offset that a call writes at, which is in memory.
func mayPlace(s *Sandbox, c *hostsys.Call) errno {
	if b := c.Args[3].Buf; len(b) >= 8 {
		return s.past(fdArg(c, 2), int64(binary.NativeEndian.Uint64(b)))
	}
	return 0
}

// all is what several rows ask.
func all(asked ...func(s *Sandbox, c *hostsys.Call) errno) func(s *Sandbox, c *hostsys.Call) errno {
	return func(s *Sandbox, c *hostsys.Call) errno {
		for _, may := range asked {
			if e := may(s, c); e != 0 {
				return e
			}
		}
		return 0
	}
}

// mayAllocate counts what fallocate asks for, unless it gives memory back.
func mayAllocate(s *Sandbox, c *hostsys.Call) errno {
	if e := mayResize(s, c); e != 0 {
		return e
	}
	const gives = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_COLLAPSE_RANGE
	if !s.open[fdArg(c, 0)].holds() || intArg(c, 1)&gives != 0 || int64(c.Args[3].Num) <= 0 {
		return 0
	}
	if st, e := s.host.Fstat(fdArg(c, 0)); e == 0 && intArg(c, 1)&unix.FALLOC_FL_KEEP_SIZE != 0 {
		if e := s.charge(nameCost); e != 0 { // so that it is measured before there are many
			return e
		}
		s.budget.beyond[fileID{uint64(st.Dev), st.Ino}] = true
	}
	return s.charge(int64(c.Args[3].Num))
}

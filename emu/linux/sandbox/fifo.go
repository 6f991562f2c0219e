package sandbox

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// fifo is a pipe that has a name. The host keeps it alive through a descriptor
// that neither reads nor writes. The personality opens it without waiting, and whether
// there is a reader is decided here, since the host takes it for a pipe.
type fifo struct {
	fd      int
	readers int
}

func reads(flags int) bool { return flags&unix.O_ACCMODE != unix.O_WRONLY }

func (p *fifo) enter(flags int) {
	if reads(flags) {
		p.readers++
	}
}

func (p *fifo) leave(flags int) {
	if reads(flags) {
		p.readers--
	}
}

// newFIFO makes the pipe of a new FIFO.
func (s *Sandbox) newFIFO() (*fifo, errno) {
	fds, e := s.host.Pipe(unix.O_CLOEXEC)
	if e != 0 {
		return nil, e
	}
	fd, e := s.host.Openat(unix.AT_FDCWD, fdPath(int(fds[0])), unix.O_PATH|unix.O_CLOEXEC, 0)
	s.host.Close(int(fds[0]))
	s.host.Close(int(fds[1]))
	return &fifo{fd: fd}, e
}

// openFIFO opens a FIFO.
func (s *Sandbox) openFIFO(at *entry, o opening) (int64, errno) {
	p := at.ino.fifo
	if o.access() == unix.O_WRONLY && p.readers == 0 {
		return 0, abi.ENXIO
	}
	fd, e := s.host.Openat(unix.AT_FDCWD, fdPath(p.fd), o.flags&passedFlags|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if e != 0 {
		return 0, e
	}
	p.enter(o.flags)
	return s.adopt(fd, &file{kind: special, at: at, flags: o.flags, fifo: p})
}

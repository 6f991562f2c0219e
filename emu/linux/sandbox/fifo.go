package sandbox

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// fifo is a pipe that has a name. The host keeps it alive through a descriptor
// that neither reads nor writes; who waits for whom at opening is decided here,
// since the host takes it for a pipe, whose ends are never waited for.
type fifo struct {
	fd               int
	readers, writers int
	opened           [2]uint64 // how often to read, to write
}

func reads(flags int) bool  { return flags&unix.O_ACCMODE != unix.O_WRONLY }
func writes(flags int) bool { return flags&unix.O_ACCMODE != unix.O_RDONLY }

func (p *fifo) enter(flags int) {
	if reads(flags) {
		p.readers++
		p.opened[0]++
	}
	if writes(flags) {
		p.writers++
		p.opened[1]++
	}
}

func (p *fifo) leave(flags int) {
	if reads(flags) {
		p.readers--
	}
	if writes(flags) {
		p.writers--
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

// openFIFO opens a FIFO; without O_NONBLOCK it waits for the other side, in a
// goroutine that may do so (hostsys.StartOpenat).
func (s *Sandbox) openFIFO(at *entry, o opening) (int64, errno) {
	p := at.ino.fifo
	if o.access() == unix.O_WRONLY && p.readers == 0 && o.has(unix.O_NONBLOCK) {
		return 0, abi.ENXIO
	}
	// The end is there before the other side hears of it: a writer that came
	// back first would find a pipe that nobody reads.
	fd, e := s.host.Openat(unix.AT_FDCWD, fdPath(p.fd), o.flags&passedFlags|unix.O_CLOEXEC, 0)
	if e != 0 {
		return 0, e
	}
	seen := p.opened
	p.enter(o.flags)
	s.fifos.Broadcast()
	if !o.has(unix.O_NONBLOCK) {
		for o.access() == unix.O_RDONLY && p.writers == 0 && p.opened[1] == seen[1] ||
			o.access() == unix.O_WRONLY && p.readers == 0 && p.opened[0] == seen[0] {
			s.fifos.Wait()
		}
	}
	return s.adopt(fd, &file{kind: special, at: at, flags: o.flags, fifo: p})
}

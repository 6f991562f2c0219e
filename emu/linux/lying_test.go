package linux

import (
	"math"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// liar is a host that says what none says, as a recording that somebody has changed.
type liar struct {
	hostsys.Door
	position, size int64
}

func (d *liar) Do(c *hostsys.Call) {
	d.Door.Do(c)
	switch c.Nr {
	case unix.SYS_LSEEK:
		c.Ret, c.Err = d.position, 0
	case unix.SYS_FSTAT:
		le.PutUint64(c.Args[1].Buf[48:], uint64(d.size)) // st_size
	}
}

// TestPositionBelowZero: where a file has no place, no more is written than there is.
func TestPositionBelowZero(t *testing.T) {
	s := newSession(t)
	s.cfg.Host.Door = &liar{s.cfg.Host.Door, math.MinInt64, math.MinInt64}
	if status := s.run(func(g *fakeThread) {
		g.must(unix.SYS_SETRLIMIT, unix.RLIMIT_FSIZE, &abi.Rlimit{Cur: 1 << 62, Max: 1 << 62})
		for _, flags := range []int{0, abi.O_APPEND} {
			fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "file", abi.O_WRONLY|abi.O_CREAT|flags, 0o600)
			n := g.must(unix.SYS_WRITE, fd, g.alloc(5), 5)
			g.check(n == 5, "%d bytes are written", n)
		}
	}); status != 0 {
		t.Errorf("status %d: %s", status, s.output())
	}
}

// TestBrokenListing: entries of a directory that have no length, or too much, end what is
// made narrow.
func TestBrokenListing(t *testing.T) {
	for _, size := range []uint16{0, 18, 41, math.MaxUint16} {
		b := make([]byte, 60)
		le.PutUint64(b[8:], 1<<40)
		le.PutUint16(b[16:], 20)
		le.PutUint64(b[28:], 1<<41)
		le.PutUint16(b[36:], size)
		var f File
		f.narrowOffsets(b)
		if le.Uint64(b[8:]) != 1 || le.Uint64(b[28:]) != 1<<41 {
			t.Errorf("length %d: %v", size, b)
		}
	}
}

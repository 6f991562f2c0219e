package linux

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// narrowPoll is a host that takes but a few descriptors at once, as one with a low limit of
// open files does.
type narrowPoll struct {
	hostsys.Door
	few, refused int
}

func (d *narrowPoll) Do(c *hostsys.Call) {
	if c.Nr == unix.SYS_PPOLL && c.Args[1].Num > uint64(d.few) {
		d.refused++
		c.Ret, c.Err = -1, abi.EINVAL
		return
	}
	d.Door.Do(c)
}

// TestManyWaiters: more processes may wait for a pipe than the host takes descriptors.
func TestManyWaiters(t *testing.T) {
	const children, few = 20, 8
	s := newSession(t)
	door := &narrowPoll{Door: s.cfg.Host.Door, few: few}
	s.cfg.Host.Door = door
	status := s.run(func(g *fakeThread) {
		r, w := g.pipe()
		for range children {
			g.fork(func(g *fakeThread) {
				g.close(w)
				g.must(unix.SYS_READ, r, g.alloc(1), 1)
				g.sys(unix.SYS_EXIT_GROUP, 7)
			})
		}
		short := g.put(abi.Layout64.Bytes(&abi.Timespec{Nsec: 20e6}))
		g.must(unix.SYS_NANOSLEEP, short, 0) // all wait
		g.must(unix.SYS_WRITE, w, g.alloc(1), 1)
		g.close(w)
		for range children {
			_, status := g.wait()
			g.check(status == 7<<8, "status %#x", status)
		}
	})
	if status != 0 || door.refused == 0 {
		t.Errorf("status %d, %d lists were too long: %s", status, door.refused, s.output())
	}
}

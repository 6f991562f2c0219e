package hostsys

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// door counts calls, as a recorder would.
type door struct {
	Door
	calls []uintptr
}

func (d *door) Do(c *Call) {
	d.calls = append(d.calls, c.Nr)
	d.Door.Do(c)
}

func newHost(t *testing.T) (*Host, *door) {
	t.Helper()
	h, err := Real(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Release)
	d := &door{Door: h.Door}
	h.Door = d
	return h, d
}

func TestCalls(t *testing.T) {
	h, d := newHost(t)
	fds, e := h.Pipe(unix.O_CLOEXEC | unix.O_NONBLOCK)
	if e != 0 {
		t.Fatal(e)
	}
	r, w := int(fds[0]), int(fds[1])
	if n, e := h.Writev(w, [][]byte{[]byte("hello "), []byte("world")}); n != 11 || e != 0 {
		t.Error(n, e)
	}
	b := make([]byte, 5)
	if n, e := h.Readv(r, [][]byte{b[:2], b[2:]}); n != 5 || e != 0 || string(b) != "hello" {
		t.Error(n, e, string(b))
	}
	pfd := []unix.PollFd{{Fd: fds[0], Events: unix.POLLIN}}
	if n, e := h.Ppoll(pfd, 0); n != 1 || e != 0 || pfd[0].Revents != unix.POLLIN {
		t.Error(n, e, pfd)
	}
	if e := h.Close(w); e != 0 {
		t.Error(e)
	}
	if _, e := h.Openat(unix.AT_FDCWD, "/nonexistent", 0, 0); e != abi.ENOENT {
		t.Error(e)
	}
	want := []uintptr{unix.SYS_PIPE2, unix.SYS_WRITEV, unix.SYS_READV, unix.SYS_PPOLL, unix.SYS_CLOSE, unix.SYS_OPENAT}
	if len(d.calls) != len(want) {
		t.Errorf("calls %v, want %v", d.calls, want)
	}
	h.Close(r)
}

func TestMessages(t *testing.T) {
	h, _ := newHost(t)
	fds, e := h.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if e != 0 {
		t.Fatal(e)
	}
	rights := unix.UnixRights(0)
	if n, e := h.Sendmsg(int(fds[0]), &Msg{Iov: [][]byte{[]byte("ab"), []byte("c")}, Control: rights}, 0); n != 3 || e != 0 {
		t.Fatal(n, e)
	}
	m := &Msg{Iov: [][]byte{make([]byte, 2)}, Control: make([]byte, 64), Name: make([]byte, 16)}
	n, e := h.Recvmsg(int(fds[1]), m, 0)
	if n != 2 || e != 0 || string(m.Iov[0]) != "ab" || m.Flags&unix.MSG_TRUNC == 0 || len(m.Control) != len(rights) || len(m.Name) != 0 {
		t.Errorf("%d %v %+v", n, e, m)
	}
	for _, fd := range fds {
		h.Close(int(fd))
	}
}

func TestClock(t *testing.T) {
	h, _ := newHost(t)
	for _, clock := range []int{unix.CLOCK_REALTIME, unix.CLOCK_MONOTONIC} {
		quick, ok := h.Clock(clock)
		ts, e := h.ClockGettime(clock)
		if d := ts.Nano() - quick; !ok || e != 0 || d < -1e6 || d > 1e9 {
			t.Errorf("clock %d: %d %v, the host says %d", clock, quick, ok, ts.Nano())
		}
	}
}

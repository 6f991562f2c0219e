package rr

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// A script stands for a guest: it makes calls, first of a recorder and then of a player,
// and what it gets is to be the same.

// side is where a script runs.
type side struct {
	t        *testing.T
	door     hostsys.Door
	world    bool // of a recorder: what else happens in the world happens here
	icount   uint64
	thread   int
	got      []string
	notes    []string
	out, err bytes.Buffer // what the player writes
}

func (s *side) now() Now {
	return Now{Icount: func() uint64 { return s.icount }, Thread: func() int { return s.thread }}
}

// log notes what a script has got.
func (s *side) log(format string, a ...any) { s.got = append(s.got, fmt.Sprintf(format, a...)) }

// call makes a call and notes its answer.
func (s *side) call(c *hostsys.Call) *hostsys.Call {
	s.icount += 7
	s.door.Do(c)
	s.log("%s = %s", callName(c.Nr), result(c.Ret, c.Err))
	for _, b := range outs(c) {
		s.log("%d bytes: %x", len(b), brief(b[:there(b)]))
	}
	if c.Msg != nil {
		s.log("name %q control %q flags %#x", c.Msg.Name, c.Msg.Control, c.Msg.Flags)
	}
	return c
}

// brief is a buffer, or its sum where it is long.
func brief(b []byte) []byte {
	if len(b) > 100 {
		n, _ := sumSafe(b)
		return fmt.Appendf(nil, "%d bytes with sum %x", len(b), n)
	}
	return b
}

// do makes a call with numbers and buffers: []byte is what it reads, out what it fills.
func (s *side) do(nr uintptr, args ...any) *hostsys.Call { return s.call(newCall(nr, args...)) }

// ok makes a call that must succeed.
func (s *side) ok(nr uintptr, args ...any) int {
	s.t.Helper()
	c := s.do(nr, args...)
	if c.Err != 0 {
		s.t.Fatalf("%s: %v", describe(c), c.Err)
	}
	return int(c.Ret)
}

type out []byte

type inout []byte

func newCall(nr uintptr, args ...any) *hostsys.Call {
	c := &hostsys.Call{Nr: nr}
	for i, a := range args {
		switch a := a.(type) {
		case int:
			c.Args[i].Num = uint64(a)
		case string:
			c.Args[i] = hostsys.Arg{Dir: hostsys.In, Buf: append([]byte(a), 0)}
		case []byte:
			c.Args[i] = hostsys.Arg{Dir: hostsys.In, Buf: a}
		case out:
			c.Args[i] = hostsys.Arg{Dir: hostsys.Out, Buf: a}
		case inout:
			c.Args[i] = hostsys.Arg{Dir: hostsys.InOut, Buf: a}
		}
	}
	return c
}

// fakeDoor answers as a test says.
type fakeDoor struct {
	answer  func(c *hostsys.Call)
	clock   int64
	pending atomic.Bool
}

func (d *fakeDoor) Do(c *hostsys.Call) { d.answer(c) }

func (d *fakeDoor) Clock(clock int) (int64, bool) {
	d.clock += 1000 + int64(clock)
	return d.clock, clock < 100
}

func (d *fakeDoor) Pending() *atomic.Bool { return &d.pending }

// realDoor is that of the host.
func realDoor(t *testing.T) hostsys.Door {
	h, err := hostsys.Real(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Release)
	return h.Door
}

// recordScript runs a script before a door and returns the recording's name.
func recordScript(t *testing.T, inner hostsys.Door, script func(s *side)) (string, *side) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "script.rr")
	w, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	s := &side{t: t, world: true, thread: 1}
	r, err := NewRecorder(w, &Manifest{Stdio: [3]int{-1, 1, 2}}, func(f string, a ...any) { s.notes = append(s.notes, fmt.Sprintf(f, a...)) })
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Keep(name, true); err != nil {
		t.Fatal(err)
	}
	r.At(s.now())
	s.door = r.Door(inner)
	script(s)
	if err := r.Close(Summary{Instructions: s.icount, Status: 3, Ended: true}); err != nil {
		t.Fatal(err)
	}
	return name, s
}

// playScript runs a script before a player and returns why it could not go on.
func playScript(t *testing.T, name string, script func(s *side)) (s *side, err error) {
	t.Helper()
	r, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return playOpened(t, r, script)
}

func playOpened(t *testing.T, r *Recording, script func(s *side)) (s *side, err error) {
	p, err := NewPlayer(r)
	if err != nil {
		return &side{}, err
	}
	defer p.Close()
	s = &side{t: t, door: p, thread: 1}
	p.At(s.now(), func(uint64) {})
	p.Output(&s.out, &s.err)
	err = caught(func() { script(s) })
	if err == nil {
		err = p.Ended(3, 0)
	}
	return s, err
}

// caught calls f, which may end by a panic of ours.
func caught(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Divergence:
			err = r
		case *OverError:
			err = r
		case *BrokenError:
			err = r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// same records a script and plays it.
func same(t *testing.T, inner hostsys.Door, script func(s *side)) (name string, recorded, played *side) {
	t.Helper()
	name, recorded = recordScript(t, inner, script)
	played, err := playScript(t, name, script)
	if err != nil {
		t.Error(err)
	}
	if !slices.Equal(recorded.got, played.got) {
		for i, line := range recorded.got {
			if i >= len(played.got) || line != played.got[i] {
				t.Errorf("recorded %s", line)
				t.Fatalf("played   %s", strings.Join(played.got[i:min(i+1, len(played.got))], ""))
			}
		}
		t.Fatalf("played more: %q", played.got[len(recorded.got):])
	}
	return name, recorded, played
}

// bytesAt are n bytes which depend on their place alone, and are not compressible.
func bytesAt(seed, n int) []byte {
	b := make([]byte, n)
	x := uint64(seed)*0x9e3779b97f4a7c15 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
}

// fillOuts answers a call with bytes in all its buffers.
func fillOuts(c *hostsys.Call) {
	c.Ret = 0
	for i, b := range outs(c) {
		copy(b, bytesAt(int(c.Nr)+i, len(b)))
		c.Ret += int64(len(b))
	}
}

// answers are a world for scripts without files.
func answers(c *hostsys.Call) {
	switch fillOuts(c); c.Nr {
	case unix.SYS_RECVMSG:
		c.Msg.Name, c.Msg.Control, c.Msg.Flags = c.Msg.Name[:3], c.Msg.Control[:5], 0x40
		copy(c.Msg.Name, "abc")
		copy(c.Msg.Control, "12345")
	case unix.SYS_FSTAT:
		c.Ret = 0
	case unix.SYS_OPENAT:
		c.Ret, c.Err = -1, abi.ENOENT
	case hostsys.SysSignals:
		clear(c.Args[0].Buf)
		c.Ret = int64(copy(c.Args[0].Buf, "\x0a\x0c"))
	case unix.SYS_GETCWD:
		c.Ret, c.Err = -1, abi.EFAULT
	case unix.SYS_EPOLL_PWAIT:
		clear(c.Args[1].Buf[2*hostsys.SizeofEpollEvent:])
		c.Ret = 2
	}
}

// shapes makes calls of all shapes.
func shapes(s *side) {
	s.do(unix.SYS_READ, 0, make(out, 10), 10)
	s.do(unix.SYS_READ, 0, make(out, 3*PageSize+5), 3*PageSize+5)
	s.thread = 2
	s.do(unix.SYS_FSTAT, 1, make(out, 144))
	s.do(unix.SYS_OPENAT, -100, "/nowhere", 0)
	s.do(unix.SYS_IOCTL, 1, 0x5401, inout("what is there"))
	s.do(unix.SYS_GETRANDOM, make(out, 0), 0, 0)
	s.do(unix.SYS_EPOLL_PWAIT, 1, make(out, 5*hostsys.SizeofEpollEvent), 5)
	v := newCall(unix.SYS_READV, 3)
	v.Args[1].Dir, v.Vec = hostsys.VecOut, [][]byte{make([]byte, 5), {}, make([]byte, 2*PageSize), make([]byte, 7)}
	s.call(v)
	m := newCall(unix.SYS_RECVMSG, 3)
	m.Args[1].Dir, m.Msg = hostsys.MsgOut, &hostsys.Msg{Name: make([]byte, 16), Control: make([]byte, 64), Iov: [][]byte{make([]byte, 100), make([]byte, PageSize+1)}}
	s.call(m)
	n := newCall(unix.SYS_SENDMSG, 3)
	n.Args[1].Dir, n.Msg = hostsys.MsgIn, &hostsys.Msg{Name: []byte("to"), Iov: [][]byte{[]byte("text"), bytesAt(9, 2*PageSize)}}
	s.call(n)
	s.thread = 1
	for clock := range 20 {
		for range 3 {
			s.icount++
			ns, ok := s.door.Clock(clock)
			s.log("clock %d: %d %v", clock, ns, ok)
		}
	}
	s.do(hostsys.SysSignals, make(out, 32), 4)
	s.do(unix.SYS_GETCWD, make(out, 2*PageSize), 2*PageSize)
}

// caughtAs finds what a script's end is.
func caughtAs[E error](err error) (e E, ok bool) {
	ok = errors.As(err, &e)
	return e, ok
}

// sumSafe sums up memory that may not be there.
func sumSafe(b []byte) (n uint64, ok bool) {
	ok = safely(func() { n = xxhash.Sum64(b) })
	return n, ok
}

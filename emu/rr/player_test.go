package rr

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// TestShapes: calls of all shapes are answered as they were.
func TestShapes(t *testing.T) {
	name, _, _ := same(t, &fakeDoor{answer: answers}, shapes)
	r, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if s := r.Summary; s == nil || s.Status != 3 || !s.Ended || s.Inputs == 0 || s.Lost != "" {
		t.Errorf("%+v", s)
	}
	if err := os.Truncate(name, r.Size-1); err != nil {
		t.Fatal(err)
	}
	cut, err := Open(name)
	if err != nil || cut.Summary != nil {
		t.Fatal(err, cut.Summary)
	}
	cut.Close()
	if _, err := playScript(t, name, shapes); err != nil {
		t.Errorf("without a summary: %v", err)
	}
}

// hostNamed puts what this host's calls are called in the place of names.
var hostNamed = strings.NewReplacer("lseek", callName(unix.SYS_LSEEK), "write(", callName(unix.SYS_WRITE)+"(", "write =", callName(unix.SYS_WRITE)+" =", "dup", callName(unix.SYS_DUP))

// TestDivergence: what a guest does otherwise is found at once, and both are named.
func TestDivergence(t *testing.T) {
	script := func(s *side) {
		s.do(unix.SYS_LSEEK, 4, 100, 0)
		s.do(unix.SYS_WRITE, 5, []byte("some text"), 9)
		s.door.Clock(1)
	}
	name, _ := recordScript(t, &fakeDoor{answer: answers}, script)
	for what, c := range map[string]struct {
		script func(s *side)
		want   string
	}{
		"number":   {func(s *side) { s.do(unix.SYS_DUP, 4) }, "panda asks the host, whose descriptors are not the guest's: dup(4), where it was recorded that thread 1 at icount 7 gets lseek = 0"},
		"argument": {func(s *side) { s.do(unix.SYS_LSEEK, 4, 101, 0) }, "panda asks the host, whose descriptors are not the guest's: lseek(4, 101), with other arguments, where"},
		"icount":   {func(s *side) { s.icount = 5; s.do(unix.SYS_LSEEK, 4, 100, 0) }, "diverges at icount 12 in thread 1: panda asks the host, whose descriptors are not the guest's: lseek(4, 100), where it was recorded that thread 1 at icount 7"},
		"thread":   {func(s *side) { s.thread = 3; s.do(unix.SYS_LSEEK, 4, 100, 0) }, "in thread 3: panda asks the host, whose descriptors are not the guest's: lseek(4, 100), where it was recorded that thread 1"},
		"clock":    {func(s *side) { s.icount = 7; s.door.Clock(1) }, "the guest reads clock 1, where it was recorded that thread 1 at icount 7 gets lseek"},
		"room": {func(s *side) {
			s.door.(*Player).Short(unix.ENOMEM)
			s.do(unix.SYS_DUP, 4)
		}, "\nThis machine had no room for the guest before: cannot allocate memory; it takes a larger limit"},
		"end": {func(*side) {}, "the guest ends, where it was recorded that thread 1 at icount 7 gets lseek"},
		"bytes": {func(s *side) {
			s.do(unix.SYS_LSEEK, 4, 100, 0)
			s.do(unix.SYS_WRITE, 5, []byte("some test"), 9)
		}, "panda asks the host, whose descriptors are not the guest's: write(5, \"some test\", 9), with other arguments, where it was recorded that thread 1 at icount 14 gets write = 0\nThe last inputs:\n  #0 icount 7 thread 1: lseek = 0"},
		"buffers": {func(s *side) {
			c := newCall(unix.SYS_WRITEV, 6, 0, 2)
			c.Args[1].Dir, c.Vec = hostsys.VecIn, [][]byte{[]byte("some"), []byte(" text")}
			s.call(c)
		}, callName(unix.SYS_WRITEV) + "(6, [9 bytes], 2), where it was recorded"},
		"call for clock": {func(s *side) { script2(s); s.do(unix.SYS_DUP, 4) }, "where it was recorded that thread 1 at icount 14 gets clock 1 = 1001 ns"},
		"other clock":    {func(s *side) { script2(s); s.door.Clock(2) }, "the guest reads clock 2, where it was recorded that thread 1 at icount 14 gets clock 1"},
		"status":         {func(s *side) { script(s); s.icount++ }, "the guest ends at icount 15 with status 3 and signal 0, where it was recorded that the guest ends at icount 14 with"},
	} {
		_, err := playScript(t, name, c.script)
		c.want = hostNamed.Replace(c.want)
		if _, ok := caughtAs[*Divergence](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", what, err, c.want)
		}
	}
}

func script2(s *side) {
	s.do(unix.SYS_LSEEK, 4, 100, 0)
	s.do(unix.SYS_WRITE, 5, []byte("some text"), 9)
}

// TestOver: a guest that goes on after the end is told so, and why there is one.
func TestOver(t *testing.T) {
	name, _ := recordScript(t, &fakeDoor{answer: answers}, script2)
	for _, more := range []func(s *side){
		func(s *side) { s.do(unix.SYS_DUP, 4) },
		func(s *side) { s.door.Clock(1) },
	} {
		_, err := playScript(t, name, func(s *side) { script2(s); more(s) })
		if over, ok := caughtAs[*OverError](err); !ok || over.Icount < 14 || !strings.Contains(err.Error(), "the guest was left there") {
			t.Error(err)
		}
	}
}

// TestManyParts: the largest calls fit a frame.
func TestManyParts(t *testing.T) {
	same(t, &fakeDoor{answer: answers}, func(s *side) {
		s.do(unix.SYS_READ, 0, make(out, 100_000), 100_000) // the frame begins with something
		v := newCall(unix.SYS_READV, 3)
		v.Args[1].Dir, v.Vec = hostsys.VecOut, make([][]byte, 1024)
		for i := range v.Vec {
			v.Vec[i] = make([]byte, PageSize-1)
		}
		s.call(v)
		s.do(unix.SYS_DUP, 0)
	})
}

// TestPagesOnce: a page is written once, however often it is read.
func TestPagesOnce(t *testing.T) {
	name, _, _ := same(t, &fakeDoor{answer: func(c *hostsys.Call) {
		for b := c.Args[1].Buf; len(b) > 0; b = b[PageSize:] {
			copy(b, bytesAt(1, PageSize))
		}
		c.Ret = int64(len(c.Args[1].Buf))
	}}, func(s *side) {
		for range 10 {
			s.do(unix.SYS_READ, 0, make(out, 100*PageSize), 100*PageSize)
		}
	})
	if st, err := os.Stat(name); err != nil || st.Size() > 2*PageSize {
		t.Error(st.Size(), err)
	}
}

// TestNotThere: of a buffer that is partly no memory what is there counts.
func TestNotThere(t *testing.T) {
	mem, err := unix.Mmap(-1, 0, 3*PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(mem)
	if err := unix.Mprotect(mem[2*PageSize:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	script := func(s *side) {
		clear(mem[:2*PageSize])
		s.do(unix.SYS_READ, 0, out(mem[10:]), len(mem)-10)
		s.do(unix.SYS_WRITE, 5, mem[2*PageSize-8:], PageSize+8)
		s.do(unix.SYS_WRITE, 5, mem[2*PageSize-8:][:16], 16)
	}
	same(t, &fakeDoor{answer: func(c *hostsys.Call) {
		if c.Ret, c.Err = -1, abi.EFAULT; c.Nr == unix.SYS_READ {
			copy(mem[10:2*PageSize], bytesAt(1, 2*PageSize))
		}
	}}, script)
}

// TestEchoes: what a program writes to its output is written again.
func TestEchoes(t *testing.T) {
	data := bytesAt(5, mostBody+5)
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	file := memfd(t, data)
	_, _, played := same(t, &fakeDoor{answer: func(c *hostsys.Call) {
		if c.Ret = int64(c.Args[2].Num); c.Nr == unix.SYS_SENDFILE || c.Nr == unix.SYS_SPLICE {
			c.Ret = int64(lengthOf(c).Num)
		}
	}}, func(s *side) {
		s.do(unix.SYS_WRITE, 1, []byte("to stdout"), 9)
		s.do(unix.SYS_WRITE, 2, []byte("to stderr"), 4)
		s.do(unix.SYS_WRITE, 7, []byte("to a file"), 9)
		v := newCall(unix.SYS_WRITEV, 1, 0, 7)
		v.Args[1].Dir, v.Vec = hostsys.VecIn, [][]byte{[]byte(", more"), []byte("!!!")}
		s.call(v)
		s.do(unix.SYS_SENDFILE, 1, file, inout{0, 0, 0, 0, 0, 0, 0, 0}, len(data))
		if s.world {
			unix.Write(p[1], []byte("piped"))
		}
		s.do(unix.SYS_SPLICE, p[0], make(inout, 0), 1, make(inout, 0), 5, 0)
	})
	if want := "to stdout, more!" + string(data) + "piped"; played.out.String() != want || played.err.String() != "to s" {
		t.Errorf("%d bytes (want %d), begins %.30q; %q", played.out.Len(), len(want), played.out.Bytes(), played.err.Bytes())
	}
}

// TestEchoPieces: of much that a call has moved to the output little is in memory at a time.
func TestEchoPieces(t *testing.T) {
	const size = 1 << 30
	file := memfd(t, nil)
	if err := unix.Ftruncate(file, size); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	name, _ := recordScript(t, &fakeDoor{answer: func(c *hostsys.Call) { c.Ret = size }}, func(s *side) {
		s.do(unix.SYS_SENDFILE, 1, file, make(inout, 8), size)
	})
	runtime.ReadMemStats(&after)
	if n := after.HeapSys - before.HeapSys; n > size/2 && after.HeapSys > before.HeapSys {
		t.Errorf("the heap takes %d bytes more", n)
	}
	r, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := r.Summary.Inputs; n != 1+size/echoSize {
		t.Errorf("%d entries", n)
	}
}

// TestKilled: of a recording without an end all whole frames count, and the replay says
// where it ends.
func TestKilled(t *testing.T) {
	long := func(s *side) {
		for i := range 600 {
			s.do(unix.SYS_READ, i, make(out, 2*PageSize-1), 1000)
		}
	}
	name, recorded := recordScript(t, &fakeDoor{answer: answers}, long)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for i := 3; i < 10; i++ {
		if err := os.WriteFile(name, whole[:len(whole)*i/10], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := playScript(t, name, long)
		if _, ok := caughtAs[*OverError](err); !ok || !strings.Contains(err.Error(), "killed") {
			t.Fatal(err)
		}
		if n := len(s.got); n < last || strings.Join(s.got, "\n") != strings.Join(recorded.got[:n], "\n") {
			t.Error("what is there is not a beginning")
		}
		last = len(s.got)
	}
	if last == 0 {
		t.Error("nothing was replayed")
	}
	if bytes.HasSuffix(whole, []byte(trailer)) != true {
		t.Error("no trailer")
	}
}

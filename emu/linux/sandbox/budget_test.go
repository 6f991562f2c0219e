package sandbox

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// TestMeasure: what is measured is memory that is there, each file once, and what
// maps may add.
func TestMeasure(t *testing.T) {
	b := newBox(t)
	before := b.s.measure()
	fd, e := b.Memfd("m", 0)
	b.want("memfd", e, 0)
	b.want("fallocate", b.Fallocate(fd, 0, 0, 100<<10), 0)
	if _, e := b.Fcntl(fd, unix.F_DUPFD_CLOEXEC, 0); e != 0 {
		t.Fatal(e)
	}
	want := func(what string, n int64) {
		t.Helper()
		if got := b.s.measure() - before; got != n<<10 {
			t.Errorf("%s: %d KiB, want %d", what, got>>10, n)
		}
	}
	want("one file", 100)
	var all, within uint64
	id, _ := b.Fstat(fd)
	b.s.OnMapped(func(_, ino, end uint64) (uint64, uint64) {
		if ino != id.Ino {
			return 0, 0
		}
		return all, min(within, end)
	}, func() []int { return nil })
	all, within = 1000<<10, 100<<10
	want("a map of more than it", 1000)
	all, within = 60<<10, 60<<10
	want("a map of a part", 100)
	b.want("fallocate", b.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, 200<<10, 52<<10), 0)
	want("a map of a part, with bytes after the end", 152+60)
	b.Close(fd)
}

// TestLargePipes: pipes that are made larger take of the memory for files.
func TestLargePipes(t *testing.T) {
	b := newBox(t)
	pipe := func() int {
		fds, e := b.Pipe(unix.O_CLOEXEC)
		b.want("pipe", e, 0)
		return int(fds[0])
	}
	const large = 128 << 10
	b.s.budget.spent = b.s.measure()
	b.s.cfg.Memory = b.s.budget.spent + 5*large/2
	first := pipe()
	for i, fd := range []int{first, pipe(), pipe()} {
		_, e := b.Fcntl(fd, unix.F_SETPIPE_SZ, large)
		if i < 2 && e == abi.EPERM {
			t.Skip("the host's user has too much memory in pipes")
		}
		b.want("larger", e, []errno{0, 0, abi.EPERM}[i])
	}
	if _, e := b.Fcntl(first, unix.F_SETPIPE_SZ, 4096); e != 0 {
		t.Error(e)
	}
	_, e := b.Fcntl(pipe(), unix.F_SETPIPE_SZ, large)
	b.want("larger after another was made smaller", e, 0)
}

// TestNamesGo: nothing is left of names that were made and removed where the host has
// none, nor of addresses of sockets that are closed.
func TestNamesGo(t *testing.T) {
	b := newBox(t)
	at := b.s.cwd.ino
	for _, name := range []string{"new", "other", "a"} {
		b.write(name, "text", 0)
		b.want("rename", b.Renameat2(unix.AT_FDCWD, name, unix.AT_FDCWD, "moved", 0), 0)
		b.want("unlink", b.Unlinkat(unix.AT_FDCWD, "moved", 0), 0)
	}
	if at.children["new"] != nil || at.children["moved"] != nil || at.children["a"] == nil {
		t.Errorf("%d names", len(at.children))
	}
	b.refuse("a", unix.O_RDONLY, abi.ENOENT)
	bound := func(name string) int {
		fd, e := b.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		b.want("socket", e, 0)
		b.want("bind", b.Bind(fd, sockaddr(name)), 0)
		return fd
	}
	for range 10 {
		b.Close(bound("\x00gone"))
	}
	b.Close(bound("file"))
	open := bound("\x00open")
	peer, e := b.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	b.want("socket", e, 0)
	b.want("connect", b.Connect(peer, sockaddr("\x00open")), 0)
	b.Close(bound("\x00other"))
	b.s.measure()
	if n := len(b.s.sockets.names); n != 2 {
		t.Errorf("%d addresses are kept, want 2", n)
	}
	b.Close(open)
	b.s.measure()
	if addr, e := b.Peername(peer); e != 0 || string(addr[2:]) != "\x00open" {
		t.Errorf("peer %q, %v", addr, e)
	}
}

// TestStdioKeepsItsSize: the guest writes to files that it was started with and does
// nothing else to them.
func TestStdioKeepsItsSize(t *testing.T) {
	b := newBox(t)
	name := t.TempDir() + "/out"
	fd, err := unix.Open(name, unix.O_CREAT|unix.O_RDWR|unix.O_APPEND, 0o600)
	b.must(err)
	b.s.adopt(fd, &file{kind: stdio})
	write := func(fd int, text string) {
		t.Helper()
		if _, e := b.Pwritev2(fd, [][]byte{[]byte(text)}, 0, 0); e != 0 {
			t.Error(e)
		}
	}
	write(fd, "one ")
	b.want("ftruncate", b.Ftruncate(fd, 0), abi.EPERM)
	b.want("fallocate", b.Fallocate(fd, 0, 0, 1<<20), abi.EPERM)
	b.want("punch", b.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 1<<20), abi.EPERM)
	if _, e := b.Fcntl(fd, unix.F_SETFL, 0); e != 0 {
		t.Error(e)
	}
	write(fd, "two ")
	again := b.open(fdPath(fd), unix.O_WRONLY|unix.O_TRUNC)
	write(again, "three")
	if at, e := b.Lseek(fd, 100, unix.SEEK_SET); e != 0 || at != 100 {
		t.Errorf("where all is appended: at %d, %v", at, e)
	}
	_, e := b.Pwritev2(fd, [][]byte{[]byte("x")}, 0, abi.RWF_NOAPPEND)
	b.want("RWF_NOAPPEND", e, abi.EOPNOTSUPP)
	if got := b.readFD(fd); got != "one two three" {
		t.Errorf("%q", got)
	}
	fd, err = unix.Open(name, unix.O_RDWR, 0)
	b.must(err)
	b.s.adopt(fd, &file{kind: stdio})
	for _, off := range []int64{14, 1 << 40} {
		_, e := b.Pwritev2(fd, [][]byte{[]byte("x")}, off, 0)
		b.want("pwrite", e, abi.EPERM)
		_, e = b.Lseek(fd, off, unix.SEEK_SET)
		b.want("lseek", e, abi.EPERM)
		_, e = b.CopyFileRange(fd, new(int64), fd, &off, 1, 0)
		b.want("copy_file_range", e, abi.EPERM)
	}
	read, err := unix.Open(name, unix.O_RDONLY, 0)
	b.must(err)
	b.s.adopt(read, &file{kind: stdio})
	if at, e := b.Lseek(read, 100, unix.SEEK_SET); e != 0 || at != 100 {
		t.Errorf("where nothing can be written: at %d, %v", at, e)
	}
	if at, e := b.Lseek(fd, 0, unix.SEEK_CUR); e != 0 || at != 0 {
		t.Errorf("at %d, %v", at, e)
	}
	if got := b.readFD(fd); got != "one two three" {
		t.Errorf("%q", got)
	}
}

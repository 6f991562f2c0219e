package linux

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

func TestFiles(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		g.must(unix.SYS_UMASK, 0o027)
		fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "f", abi.O_CREAT|abi.O_RDWR|abi.O_EXCL, 0o666)
		g.check(fd == 3, "descriptor %d", fd)
		g.fails(abi.EEXIST, unix.SYS_OPENAT, abi.AT_FDCWD, "f", abi.O_CREAT|abi.O_EXCL, 0o666)
		g.check(g.must(unix.SYS_WRITE, fd, "hello world", 11) == 11, "write")
		buf := g.alloc(64)
		g.check(g.must(unix.SYS_PREAD64, fd, buf, 64, 6) == 5 && string(g.get(buf, 5)) == "world", "pread")
		g.check(g.must(unix.SYS_LSEEK, fd, 0, 0) == 0, "lseek")
		iov := append(le.AppendUint64(le.AppendUint64(nil, buf), 3), le.AppendUint64(le.AppendUint64(nil, buf+10), 4)...)
		g.check(g.must(unix.SYS_READV, fd, iov, 2) == 7 && string(g.get(buf, 3))+string(g.get(buf+10, 4)) == "hello w", "readv")
		st := g.alloc(256)
		g.must(unix.SYS_FSTAT, fd, st)
		var v abi.Stat
		abi.Layout64.Get(g.get(st, 144), &v)
		g.check(v.Size == 11 && v.Mode == unix.S_IFREG|0o640, "size %d mode %o", v.Size, v.Mode)
		g.must(unix.SYS_FTRUNCATE, fd, 4)
		g.must(unix.SYS_RENAME, "f", "g")
		g.must(unix.SYS_SYMLINK, "g", "l")
		g.must(unix.SYS_LINK, "g", "h")
		g.check(g.must(unix.SYS_READLINK, "l", buf, 64) == 1, "readlink")
		g.must(unix.SYS_NEWFSTATAT, abi.AT_FDCWD, "l", st, abi.AT_SYMLINK_NOFOLLOW)
		g.must(unix.SYS_STATX, fd, "", abi.AT_EMPTY_PATH, 0x7ff, st)
		g.must(unix.SYS_MKDIR, "d", 0o777)
		g.must(unix.SYS_CHDIR, "d")
		n := g.must(unix.SYS_GETCWD, buf, 64)
		g.check(strings.HasSuffix(cString(g.get(buf, int(n))), "/d"), "cwd")
		g.fails(abi.ERANGE, unix.SYS_GETCWD, buf, 3)
		g.must(unix.SYS_UNLINK, "../h")
		g.fails(abi.ENOENT, unix.SYS_OPENAT, abi.AT_FDCWD, "../h", 0)
		g.fails(abi.EFAULT, unix.SYS_OPENAT, abi.AT_FDCWD, 8, 0)
		g.fails(abi.EFAULT, unix.SYS_READ, fd, 8, 10)
		g.fails(abi.EBADF, unix.SYS_READ, 77, buf, 10)
	})
}

// TestPartialBuffer: a transfer stops where the buffer's memory ends.
func TestPartialBuffer(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		a := uint64(g.must(unix.SYS_MMAP, 0, 2*4096, 3, abi.MAP_PRIVATE|abi.MAP_ANONYMOUS, -1, 0))
		g.must(unix.SYS_MUNMAP, a+4096, 4096)
		fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "/dev/zero", 0, 0)
		g.check(g.must(unix.SYS_READ, fd, a+4000, 4096) == 96, "read into the end of a map")
		g.fails(abi.EFAULT, unix.SYS_READ, fd, a+4096, 1)
	})
}

func TestDescriptors(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		g.check(g.must(unix.SYS_DUP, 1) == 3, "dup")
		g.check(g.must(unix.SYS_FCNTL, 1, abi.F_DUPFD_CLOEXEC, 10) == 10, "F_DUPFD_CLOEXEC")
		g.check(g.must(unix.SYS_FCNTL, 10, abi.F_GETFD, 0) == abi.FD_CLOEXEC, "F_GETFD")
		g.must(unix.SYS_CLOSE, 3)
		g.check(g.must(unix.SYS_DUP, 1) == 3, "lowest descriptor")
		r, _ := g.pipe()
		g.check(g.must(unix.SYS_FCNTL, r, abi.F_GETFL, 0)&abi.O_NONBLOCK == 0, "a pipe blocks")
		g.must(unix.SYS_FCNTL, r, abi.F_SETFL, abi.O_NONBLOCK)
		g.fails(abi.EAGAIN, unix.SYS_READ, r, g.alloc(1), 1)
		g.must(unix.SYS_CLOSE_RANGE, 3, 100, 0)
		g.fails(abi.EBADF, unix.SYS_CLOSE, 10)
		lim := &abi.Rlimit64{Cur: 4, Max: 4}
		g.must(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, lim, 0)
		g.must(unix.SYS_DUP, 1)
		g.fails(abi.EMFILE, unix.SYS_DUP, 1)
	})
}

func TestBigPipeWrite(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		const size = 300 << 10
		r, w := g.pipe()
		g.fork(func(g *fakeThread) {
			g.check(g.must(unix.SYS_WRITE, w, make([]byte, size), size) == size, "write")
		})
		g.must(unix.SYS_CLOSE, w)
		total, buf := int64(0), g.alloc(8192)
		for {
			n := g.must(unix.SYS_READ, r, buf, 8192)
			if n == 0 {
				break
			}
			total += n
		}
		g.check(total == size, "read %d", total)
	})
}

func TestFIFO(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		g.must(unix.SYS_MKNOD, "p", unix.S_IFIFO|0o600, 0)
		g.fails(abi.ENXIO, unix.SYS_OPENAT, abi.AT_FDCWD, "p", abi.O_WRONLY|abi.O_NONBLOCK, 0)
		g.fork(func(g *fakeThread) {
			fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "p", abi.O_WRONLY, 0)
			g.must(unix.SYS_WRITE, fd, "fifo", 4)
		})
		fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "p", abi.O_RDONLY, 0)
		buf := g.alloc(8)
		g.check(g.must(unix.SYS_READ, fd, buf, 8) == 4 && g.must(unix.SYS_READ, fd, buf, 8) == 0, "read of a FIFO")
	})
}

// TestFIFOMeeting: an open of a FIFO waits for the other end and no longer, and a
// signal ends it.
func TestFIFOMeeting(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		g.must(unix.SYS_MKNOD, "p", unix.S_IFIFO|0o600, 0)
		open := func(g *fakeThread, flags int) int64 { return g.sys(unix.SYS_OPENAT, abi.AT_FDCWD, "p", flags, 0) }
		for _, flags := range []int{abi.O_RDONLY, abi.O_WRONLY} { // the child has the other end, and is gone before we run
			g.fork(func(g *fakeThread) { g.must(unix.SYS_CLOSE, open(g, flags^1)) })
			fd := open(g, flags)
			g.check(fd >= 0, "open %d: %d", flags, fd)
			g.must(unix.SYS_CLOSE, fd)
			g.wait()
		}
		w := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "p", abi.O_RDWR, 0)
		g.must(unix.SYS_CLOSE, open(g, abi.O_RDONLY)) // has a writer already
		g.must(unix.SYS_CLOSE, w)
		r, p := g.pipe()
		g.must(unix.SYS_CLOSE, p)
		g.must(unix.SYS_OPENAT, abi.AT_FDCWD, fmt.Sprintf("/dev/fd/%d", r), abi.O_RDONLY, 0) // has no writer, and no name
		g.handle(abi.SIGALRM, 0, func(*fakeThread, int) {})
		for _, flags := range []int{abi.O_RDONLY, abi.O_WRONLY} {
			in := &abi.Itimerval{Value: abi.Timeval{Usec: 1000}}
			g.must(unix.SYS_SETITIMER, 0, in, 0)
			n := open(g, flags)
			g.check(n == -int64(abi.EINTR), "interrupted open: %d", n)
		}
		g.fails(abi.ENXIO, unix.SYS_OPENAT, abi.AT_FDCWD, "p", abi.O_WRONLY|abi.O_NONBLOCK, 0) // none has stayed
	})
}

// TestFIFOHost: the other end may be a process of the host.
func TestFIFOHost(t *testing.T) {
	s := newSession(t)
	for _, name := range []string{"/in", "/out"} {
		if err := unix.Mkfifo(s.dir+name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan string)
	go func() {
		os.WriteFile(s.dir+"/in", []byte("ping"), 0)
		b, _ := os.ReadFile(s.dir + "/out")
		got <- string(b)
	}()
	s.run(func(g *fakeThread) {
		buf := g.alloc(8)
		in := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "in", abi.O_RDONLY, 0)
		g.check(g.must(unix.SYS_READ, in, buf, 8) == 4, "read")
		out := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "out", abi.O_WRONLY, 0)
		g.must(unix.SYS_WRITE, out, "pong", 4)
	})
	if text := <-got; text != "pong" {
		t.Errorf("the host read %q", text)
	}
}

func TestLocks(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		open := func(g *fakeThread) int64 {
			return g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "lock", abi.O_CREAT|abi.O_RDWR, 0o600)
		}
		fd := open(g)
		l := &abi.Flock{Type: abi.F_WRLCK, Len: 10}
		g.must(unix.SYS_FCNTL, fd, abi.F_SETLK, l)
		r, w := g.pipe()
		g.fork(func(g *fakeThread) {
			fd := open(g)
			g.fails(abi.EAGAIN, unix.SYS_FCNTL, fd, abi.F_SETLK, l)
			g.must(unix.SYS_WRITE, w, "x", 1)
			g.must(unix.SYS_FCNTL, fd, abi.F_SETLKW, l)
		})
		g.must(unix.SYS_READ, r, g.alloc(1), 1)
		g.must(unix.SYS_FCNTL, fd, abi.F_SETLK, &abi.Flock{Type: abi.F_UNLCK})
		_, status := g.wait()
		g.check(status == 0, "status %#x", status)
	})
}

func TestProc(t *testing.T) {
	s := newSession(t)
	status := s.run(func(g *fakeThread) {
		read := func(path string) string {
			fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, path, 0, 0)
			buf := g.alloc(8192)
			n := g.must(unix.SYS_READ, fd, buf, 8192)
			g.must(unix.SYS_CLOSE, fd)
			return string(g.get(buf, int(n)))
		}
		link := func(path string) string {
			buf := g.alloc(256)
			return string(g.get(buf, int(g.must(unix.SYS_READLINK, path, buf, 256))))
		}
		g.check(link("/proc/self/exe") == s.dir+"/prog", "exe is %s", link("/proc/self/exe"))
		g.check(link("/proc/self/fd/1") == s.dir+"/.out", "fd 1 is %s", link("/proc/self/fd/1"))
		g.check(link("/proc/self/cwd") == s.dir, "cwd is %s", link("/proc/self/cwd"))
		g.check(read("/proc/self/cmdline") == "prog\x00arg\x00", "cmdline %q", read("/proc/self/cmdline"))
		g.check(read("/proc/self/comm") == "prog\n", "comm %q", read("/proc/self/comm"))
		maps := read("/proc/self/maps")
		for _, want := range []string{"/prog\n", "[stack]", "r-xp"} {
			g.check(strings.Contains(maps, want), "no %s in\n%s", want, maps)
		}
		pid := g.fork(func(g *fakeThread) { g.sys(unix.SYS_PAUSE) })
		g.sys(unix.SYS_SCHED_YIELD)
		stat := strings.Fields(read(fmt.Sprintf("/proc/%d/stat", pid)))
		g.check(stat[0] == fmt.Sprint(pid) && stat[1] == "(prog)" && stat[2] == "S" && stat[3] == fmt.Sprint(g.e.first()), "%v", stat[:4])
		g.check(strings.Contains(read(fmt.Sprintf("/proc/%d/status", pid)), "State:\tS"), "status")
		g.must(unix.SYS_KILL, pid, abi.SIGKILL)
		g.wait()
		g.fails(abi.ENOENT, unix.SYS_OPENAT, abi.AT_FDCWD, fmt.Sprintf("/proc/%d/stat", pid), 0, 0)
		dir := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "/proc/self/fd", abi.O_DIRECTORY, 0)
		buf := g.alloc(1024)
		n := g.must(unix.SYS_GETDENTS64, dir, buf, 1024)
		var names []string
		for b := g.get(buf, int(n)); len(b) > 0; {
			var d abi.Dirent
			b = b[abi.GetDirent64(b, &d):]
			names = append(names, d.Name)
		}
		g.check(strings.Join(names, " ") == ". .. 0 1 2 3", "fd has %v", names)
		g.check(read("/dev/fd/0") == "", "/dev/fd")
	})
	if status != 0 {
		t.Error(status)
	}
}

func TestSysroot(t *testing.T) {
	s := newSession(t)
	s.cfg.Command.Sysroot = s.dir + "/root"
	os.MkdirAll(s.dir+"/root/etc/sub", 0o755)
	os.WriteFile(s.dir+"/root/etc/passwd", []byte("sysroot"), 0o644)
	os.Symlink("/etc/passwd", s.dir+"/root/etc/link")
	if status := s.run(func(g *fakeThread) {
		buf := g.alloc(256)
		for _, name := range []string{"/etc/passwd", "/etc/link"} {
			fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, name, 0, 0)
			g.check(g.must(unix.SYS_READ, fd, buf, 100) == 7 && string(g.get(buf, 7)) == "sysroot", "%s is the host's", name)
		}
		g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "/dev/null", 0, 0)
		g.must(unix.SYS_CHDIR, "/etc/sub")
		n := g.must(unix.SYS_GETCWD, buf, 256)
		g.check(cString(g.get(buf, int(n))) == "/etc/sub", "cwd %q", g.get(buf, int(n)))
	}); status != 0 {
		t.Error(status, s.output())
	}
}

func TestMemoryCalls(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		anon := abi.MAP_PRIVATE | abi.MAP_ANONYMOUS
		a := uint64(g.must(unix.SYS_MMAP, 0, 3*4096, 3, anon, -1, 0))
		g.setU32(a, 7)
		b := uint64(g.must(unix.SYS_MREMAP, a, 3*4096, 64*4096, abi.MREMAP_MAYMOVE, 0))
		g.check(g.u32(b) == 7, "content after mremap")
		g.must(unix.SYS_MPROTECT, b, 4096, 1)
		g.fails(abi.EFAULT, unix.SYS_READ, 0, b, 1)
		g.must(unix.SYS_MADVISE, b+4096, 4096, abi.MADV_DONTNEED)
		g.fails(abi.EEXIST, unix.SYS_MMAP, b, 4096, 3, anon|abi.MAP_FIXED_NOREPLACE, -1, 0)
		g.fails(abi.EPERM, unix.SYS_MMAP, 0, 4096, 3, anon|abi.MAP_FIXED, -1, 0)
		g.fails(abi.EINVAL, unix.SYS_MMAP, 0, 0, 3, anon, -1, 0)
		g.fails(abi.EBADF, unix.SYS_MMAP, 0, 4096, 3, abi.MAP_PRIVATE, 99, 0)
		low := uint64(g.must(unix.SYS_MMAP, 0, 4096, 3, anon|abi.MAP_32BIT, -1, 0))
		g.check(low < 1<<31, "MAP_32BIT gives %#x", low)
		brk := g.must(unix.SYS_BRK, 0)
		g.check(g.must(unix.SYS_BRK, brk+10000) == brk+10000, "brk")
		g.setU32(uint64(brk)+9000, 1)
		g.check(g.must(unix.SYS_BRK, brk) == brk, "brk back")
		shared := uint64(g.must(unix.SYS_MMAP, 0, 4096, 3, abi.MAP_SHARED|abi.MAP_ANONYMOUS, -1, 0))
		g.fork(func(g *fakeThread) { g.setU32(shared, 5) })
		g.wait()
		g.check(g.u32(shared) == 5, "shared memory after fork")
		g.must(unix.SYS_MSYNC, shared, 4096, abi.MS_SYNC)
		g.must(unix.SYS_MINCORE, shared, 4096, g.alloc(1))
	})
}

// TestCutFile: memory whose file was cut off is a bad address to a call.
func TestCutFile(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "f", abi.O_CREAT|abi.O_RDWR, 0o600)
		g.must(unix.SYS_FTRUNCATE, fd, 8192)
		a := uint64(g.must(unix.SYS_MMAP, 0, 8192, 3, abi.MAP_SHARED, fd, 0))
		g.c.Space.Write(guest.Addr(a), make([]byte, 8192))
		g.must(unix.SYS_FTRUNCATE, fd, 0)
		g.fails(abi.EFAULT, unix.SYS_OPENAT, abi.AT_FDCWD, a+4096, 0)
		g.fails(abi.EFAULT, unix.SYS_WRITE, 1, a, 10)
	})
}

// TestDeep: a directory whose path is longer than calls can give may be gone into.
func TestDeep(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		buf, name := g.alloc(8192), strings.Repeat("d", 255)
		for range 17 {
			g.must(unix.SYS_MKDIR, name, 0o700)
			g.must(unix.SYS_CHDIR, name)
		}
		g.fails(abi.ENAMETOOLONG, unix.SYS_GETCWD, buf, 8192)
		g.fails(abi.ENAMETOOLONG, unix.SYS_GETCWD, buf, 10)
		g.fails(abi.ENAMETOOLONG, unix.SYS_READLINK, "/proc/self/cwd", buf, 8192)
		g.must(unix.SYS_CLOSE, g.must(unix.SYS_OPEN, "f", abi.O_CREAT, 0o600))
		for range 15 {
			g.must(unix.SYS_CHDIR, "..")
		}
		g.fails(abi.ERANGE, unix.SYS_GETCWD, buf, 10)
		g.check(g.must(unix.SYS_GETCWD, buf, 8192) > 2*256, "getcwd")
	})
}

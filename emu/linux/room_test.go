package linux

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// huge is room that nobody has.
const huge = 0x7ffffff0

// costs is how many bytes f takes of the emulator's memory, though some may be
// garbage at once.
func costs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHugeRoom: calls that are given more room than there is take no more memory
// than what they have to say.
func TestHugeRoom(t *testing.T) {
	const files = 3000 // more than one part of a directory
	s := newSession(t)
	dir := filepath.Join(s.dir, "many")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range files {
		if err := os.WriteFile(fmt.Sprintf("%s/%05d", dir, i), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status := s.run(func(g *fakeThread) {
		buf := g.must(unix.SYS_MMAP, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uint64(0), 0)
		fd := g.must(unix.SYS_OPEN, dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		pair := g.alloc(8)
		g.must(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, pair)
		a, b := int64(g.u32(pair)), int64(g.u32(pair+4))
		iov := g.put(le.AppendUint64(le.AppendUint64(nil, uint64(buf)), 4))
		to := g.put(abi.Layout64.Bytes(&abi.Msghdr{Iov: iov, Iovlen: 1, Control: uint64(buf) + 8, Controllen: huge}))
		pfd := g.put(make([]byte, 16))
		for name, call := range map[string]func() bool{ // each call is for itself
			"getdents":  func() bool { return countDents(g, uint64(buf), g.must(unix.SYS_GETDENTS, fd, buf, huge)) == files+2 },
			"the end":   func() bool { return g.must(unix.SYS_LSEEK, fd, 0, unix.SEEK_SET) == 0 },
			"getxattr":  func() bool { return g.sys(unix.SYS_GETXATTR, dir, "user.x", buf, huge) < 0 },
			"listxattr": func() bool { return g.sys(unix.SYS_LISTXATTR, dir, buf, huge) < huge },
			"setxattr":  func() bool { return g.sys(unix.SYS_SETXATTR, dir, "user.x", buf, huge, 0) == -int64(abi.E2BIG) },
			"getsockopt": func() bool {
				return g.must(unix.SYS_GETSOCKOPT, a, 1, 3, pfd, le.AppendUint32(nil, huge)) == 0
			},
			"poll": func() bool { return g.sys(unix.SYS_POLL, pfd, huge, 0) == -int64(abi.EINVAL) },
			"select": func() bool {
				return g.must(unix.SYS_SELECT, huge, 0, 0, 0, le.AppendUint64(le.AppendUint64(nil, 0), 0)) == 0
			},
			"getgroups":   func() bool { return g.must(unix.SYS_GETGROUPS, huge, buf) >= 0 },
			"getaffinity": func() bool { return g.must(unix.SYS_SCHED_GETAFFINITY, 0, huge, buf) < huge },
			"getcwd":      func() bool { return g.must(unix.SYS_GETCWD, buf, huge) > 0 },
			"recvmsg": func() bool {
				g.must(unix.SYS_WRITE, a, "ping", 4)
				return g.must(unix.SYS_RECVMSG, b, to, unix.MSG_DONTWAIT) == 4 && le.Uint64(g.get(to+40, 8)) == 0
			},
			"sendmsg": func() bool {
				from := g.put(abi.Layout64.Bytes(&abi.Msghdr{Iov: iov, Iovlen: 1, Control: uint64(buf), Controllen: huge}))
				return g.sys(unix.SYS_SENDMSG, a, from, unix.MSG_DONTWAIT) == -int64(abi.ENOBUFS)
			},
		} {
			ok := false
			n := costs(func() { ok = call() })
			g.check(ok, "%s: not what was expected", name)
			g.check(n < 8<<20, "%s took %d bytes", name, n)
		}
	})
	if status != 0 {
		t.Errorf("status %d: %s", status, s.output())
	}
}

// countDents counts the entries that getdents has put into memory.
func countDents(g *fakeThread, at uint64, n int64) (count int) {
	for b := g.get(at, int(n)); len(b) > 0; count++ {
		b = b[le.Uint16(b[16:]):]
	}
	return count
}

// TestProcessVMPart: what is copied between processes is up to the first page that
// is not there.
func TestProcessVMPart(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		const pages = 5
		m := g.must(unix.SYS_MMAP, 0, 2*pages*4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uint64(0), 0)
		g.must(unix.SYS_MUNMAP, m+pages*4096, pages*4096)
		buf := g.must(unix.SYS_MMAP, 0, 2*pages*4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uint64(0), 0)
		iov := func(a int64, n uint64) []byte { return le.AppendUint64(le.AppendUint64(nil, uint64(a)), n) }
		self := g.sys(unix.SYS_GETPID)
		for _, nr := range []int{unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV} {
			n := g.must(nr, self, iov(buf, 2*pages*4096), 1, iov(m+100, 2*pages*4096), 1, 0)
			g.check(n == pages*4096-100, "call %d copied %d bytes", nr, n)
			g.fails(abi.EFAULT, nr, self, iov(buf, 4096), 1, iov(m+pages*4096, 4096), 1, 0)
		}
	})
}

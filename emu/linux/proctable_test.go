package linux

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// TestProcTable compares the names of the table with those that the host's /proc/self
// has. A host may have fewer, and newer ones that the table does not know.
func TestProcTable(t *testing.T) {
	entries, err := os.ReadDir("/proc/self")
	if err != nil {
		t.Skip(err)
	}
	host := map[string]os.FileMode{}
	for _, e := range entries {
		host[e.Name()] = e.Type()
	}
	types := map[uint32]os.FileMode{regular: 0, folder: os.ModeDir, symlink: os.ModeSymlink}
	seen := map[string]bool{}
	for i := range procRows {
		row := &procRows[i]
		if seen[row.name] {
			t.Errorf("%s twice", row.name)
		}
		seen[row.name] = true
		if typ, ok := host[row.name]; ok && typ != types[row.mode&unix.S_IFMT] {
			t.Errorf("%s is %v on the host", row.name, typ)
		}
		if n := makers(row); n != 1 {
			t.Errorf("%s has %d makers", row.name, n)
		}
	}
	for _, name := range []string{ // since Linux 3.0, whatever was built in
		"auxv", "cmdline", "comm", "cwd", "environ", "exe", "fd", "fdinfo", "limits", "maps", "mem", "mountinfo", "mounts", "mountstats", "net", "ns",
		"oom_adj", "oom_score", "oom_score_adj", "pagemap", "personality", "root", "smaps", "stat", "statm", "status", "syscall", "task", "wchan",
	} {
		if !seen[name] {
			t.Errorf("no %s", name)
		}
	}
	if !slices.IsSortedFunc(procRows, func(a, b procRow) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the table is not in order")
	}
	for name := range host {
		if !seen[name] {
			t.Logf("the host also has %s", name)
		}
	}
}

// makers counts the ways in which a row answers. One suffices.
func makers(row *procRow) (n int) {
	for _, has := range []bool{row.text != nil || row.set != nil, row.transfer != nil, row.link != nil, row.child != nil && row.names != nil} {
		if has {
			n++
		}
	}
	return n
}

// TestProcNodes reads every file of the guest's directories in /proc, of a process,
// a thread, a child, and one that has ended.
func TestProcNodes(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		buf := g.alloc(1 << 16)
		read := func(path string) string {
			fd := g.sys(unix.SYS_OPENAT, abi.AT_FDCWD, path, 0, 0)
			if fd < 0 {
				return ""
			}
			defer g.must(unix.SYS_CLOSE, fd)
			return string(g.get(buf, int(max(0, g.sys(unix.SYS_READ, fd, buf, 1<<16)))))
		}
		pid := g.must(unix.SYS_GETPID)
		child := g.fork(func(g *fakeThread) { g.sys(unix.SYS_PAUSE) })
		g.sys(unix.SYS_SCHED_YIELD)
		self := os.Args[0]
		for _, dir := range []string{"/proc/self", fmt.Sprintf("/proc/%d/task/%d", pid, pid), "/proc/thread-self", fmt.Sprintf("/proc/%d", child)} {
			for i := range procRows {
				row := &procRows[i]
				if row.text == nil || row.perProcess && strings.Contains(dir, "t") && !strings.HasSuffix(dir, "self") {
					continue
				}
				text := read(dir + "/" + row.name)
				g.check(!strings.Contains(text, self), "%s/%s tells of the emulator: %s", dir, row.name, text)
				if !slices.Contains([]string{"arch_status", "children", "stack", "timers", "cgroup", "cpuset", "mountinfo", "mounts", "mountstats"}, row.name) {
					g.check(text != "" || row.perProcess || row.perThread, "%s/%s is empty", dir, row.name)
				}
			}
		}
		g.check(read(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) == fmt.Sprintf("%d ", child), "children")
		g.check(strings.HasPrefix(read(fmt.Sprintf("/proc/%d/syscall", child)), fmt.Sprint(unix.SYS_PAUSE, " ")), "syscall")
		g.must(unix.SYS_KILL, child, abi.SIGKILL)
		g.sys(unix.SYS_SCHED_YIELD)
		g.check(strings.Contains(read(fmt.Sprintf("/proc/%d/status", child)), "State:\tZ"), "zombie")
		g.check(strings.HasPrefix(read(fmt.Sprintf("/proc/%d/stat", child)), fmt.Sprintf("%d (prog) Z ", child)), "zombie")
		g.wait()
		g.fails(abi.ENOENT, unix.SYS_OPENAT, abi.AT_FDCWD, fmt.Sprintf("/proc/%d/status", child), 0, 0)
	})
}

// TestWalkHandles: a path through many directories of /proc takes no more than a few
// descriptors of the emulator, and gives them back.
func TestWalkHandles(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		g.must(unix.SYS_SYMLINK, "/proc/self/cwd", "here")
		g.must(unix.SYS_MKDIR, "sub", 0o700)
		count := func() int { names, _ := os.ReadDir("/proc/self/fd"); return len(names) }
		before := count()
		var limit unix.Rlimit
		unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
		low := limit
		low.Cur = uint64(before + 20)
		unix.Setrlimit(unix.RLIMIT_NOFILE, &low)
		n := g.sys(unix.SYS_ACCESS, strings.Repeat("here/"+strings.Repeat("sub/../", 20), 10)+"here", 0)
		unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
		g.check(n == 0, "many links: %d", n)
		g.check(count() == before, "%d descriptors, %d before", count(), before)
	})
}

// TestProgramReplaced: a link in place of the program is not followed as the program.
func TestProgramReplaced(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		g.must(unix.SYS_RENAME, "prog", "away")
		for _, to := range []string{"/proc/self/mem", "/proc/self/exe", "/proc/self/fd/0"} {
			g.must(unix.SYS_SYMLINK, to, "prog")
			g.fails(abi.ELOOP, unix.SYS_OPENAT, abi.AT_FDCWD, "/proc/self/exe", abi.O_RDWR, 0)
			g.fails(abi.ELOOP, unix.SYS_OPENAT, abi.AT_FDCWD, "/proc/self/exe", abi.O_RDONLY, 0)
			g.check(g.sys(unix.SYS_EXECVE, "/proc/self/exe", 0, 0) < 0, "executed %s", to)
			g.must(unix.SYS_UNLINK, "prog")
		}
		g.fails(abi.ENOENT, unix.SYS_OPENAT, abi.AT_FDCWD, "/proc/self/exe", abi.O_RDONLY, 0)
	})
}

// TestProcTimers: /proc/PID/timers has no entry for a timer that was deleted.
func TestProcTimers(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		id, buf := g.alloc(8), g.alloc(4096)
		for range 2 {
			g.must(unix.SYS_TIMER_CREATE, unix.CLOCK_MONOTONIC, 0, id)
		}
		g.must(unix.SYS_TIMER_DELETE, 0)
		fd := g.must(unix.SYS_OPENAT, abi.AT_FDCWD, "/proc/self/timers", 0, 0)
		text := string(g.get(buf, int(g.must(unix.SYS_READ, fd, buf, 4096))))
		g.check(strings.HasPrefix(text, "ID: 1\nsignal: 14/") && strings.Count(text, "ID:") == 2, "timers are %q", text)
	})
}

// TestProcHandles: what open files of a process say when it has ended, and when it has
// been waited for.
func TestProcHandles(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		r, w := g.pipe()
		child := g.fork(func(g *fakeThread) { g.sys(unix.SYS_READ, r, g.alloc(1), 1) })
		open := func(name string, flags int) int64 {
			return g.must(unix.SYS_OPENAT, abi.AT_FDCWD, fmt.Sprintf("/proc/%d/%s", child, name), flags, 0)
		}
		var links, dirs []int64
		for _, name := range []string{"exe", "cwd", "root", "fd/0"} {
			links = append(links, open(name, abi.O_PATH|abi.O_NOFOLLOW))
		}
		for _, name := range []string{"", "fd", "fdinfo", "map_files", "task"} {
			dirs = append(dirs, open(name, abi.O_RDONLY|abi.O_DIRECTORY))
		}
		buf := g.alloc(4096)
		look := func(want errno) {
			for i, fd := range links {
				n := g.sys(unix.SYS_READLINKAT, fd, "", buf, 4096)
				g.check(want == 0 && n > 0 || want != 0 && n == -int64(want), "link %d: %d, want errno %d", i, n, int(want))
			}
			for _, fd := range dirs {
				g.must(unix.SYS_LSEEK, fd, 0, 0)
				g.must(unix.SYS_GETDENTS64, fd, buf, 4096)
			}
		}
		look(0)
		g.must(unix.SYS_WRITE, w, "x", 1)
		g.must(unix.SYS_WAITID, 1, child, 0, unix.WEXITED|unix.WNOWAIT, 0)
		look(abi.ENOENT)
		g.wait()
		look(abi.ENOENT)
	})
}

package linux

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/arch/x86/regs"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/vcpu"
)

func TestExitStatus(t *testing.T) {
	s := newSession(t)
	if got := s.run(func(g *fakeThread) {
		g.must(unix.SYS_WRITE, 1, "hello", 5)
		g.sys(unix.SYS_EXIT_GROUP, 3)
	}); got != 3 || s.output() != "hello" {
		t.Errorf("%d %q", got, s.output())
	}
}

// TestStack looks at what a program finds at its start.
func TestStack(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		word := func(a uint64) uint64 { return le.Uint64(g.get(a, 8)) }
		text := func(a uint64) string { return cString(g.get(a, int(min(64, 0x3ffffff000-a)))) }
		sp := g.c.W[regs.RSP]
		g.check(sp%16 == 0 && word(sp) == 2, "rsp %#x argc %d", sp, word(sp))
		g.check(text(word(sp+8)) == "prog" && text(word(sp+16)) == "arg" && word(sp+24) == 0, "argv")
		g.check(text(word(sp+32)) == "A=1" && word(sp+40) == 0, "environment")
		aux := map[uint64]uint64{}
		for a := sp + 48; word(a) != 0; a += 16 {
			aux[word(a)] = word(a + 8)
		}
		g.check(aux[abi.AT_ENTRY] == g.entry && aux[abi.AT_PHNUM] == 2 && aux[abi.AT_PAGESZ] == 4096, "%v", aux)
		g.check(aux[abi.AT_PHDR] == g.entry-0x100+64, "phdr %#x", aux[abi.AT_PHDR])
		g.check(strings.HasSuffix(text(aux[abi.AT_EXECFN]), "/prog") && text(aux[abi.AT_PLATFORM]) == "x86_64", "%v", aux)
	})
}

// TestHostname: a name that the guest sets is its own.
func TestHostname(t *testing.T) {
	var before, after unix.Utsname
	unix.Uname(&before)
	guestRun(t, func(g *fakeThread) {
		const call = unix.SYS_SETHOSTNAME
		at, n := g.put([]byte("ours, not theirs")), 4
		if g.sys(unix.SYS_GETEUID) == 0 {
			g.must(call, at, n)
			u := g.put(make([]byte, 390))
			g.must(unix.SYS_UNAME, u)
			g.check(cString(g.get(u+65, 65)) == "ours", "%q", g.get(u+65, 65))
			name, room := g.put([]byte("/proc/sys/kernel/hostname\x00")), g.put(make([]byte, 64))
			fd := g.must(unix.SYS_OPEN, name, unix.O_RDWR, 0)
			g.check(g.must(unix.SYS_READ, fd, room, 64) == 5 && string(g.get(room, 5)) == "ours\n", "%q", g.get(room, 5))
			g.must(unix.SYS_WRITE, fd, g.put([]byte("mine\nnot")), 8)
			g.must(unix.SYS_UNAME, u)
			g.check(cString(g.get(u+65, 65)) == "mine", "%q", g.get(u+65, 65))
			g.must(unix.SYS_CLOSE, fd)
			g.fails(abi.EINVAL, call, at, 65)
			g.fails(abi.EINVAL, call, at, -1)
			g.fails(abi.EFAULT, call, 8, 4)
			g.must(unix.SYS_SETRESUID, 1000, 1000, 1000)
		}
		g.fails(abi.EPERM, call, at, n)
	})
	if unix.Uname(&after); before != after {
		t.Errorf("the host's name is %q, it was %q", after.Nodename, before.Nodename)
	}
}

func TestForkWait(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		shared := g.put([]byte("parent"))
		pid := g.fork(func(g *fakeThread) {
			g.c.Space.Write(guest.Addr(shared), []byte("child!"))
			g.check(g.sys(unix.SYS_GETPPID) == g.e.first(), "parent of the child")
			g.sys(unix.SYS_EXIT_GROUP, 7)
		})
		got, status := g.wait()
		g.check(got == pid && status == 7<<8, "wait gives %d %#x, want %d", got, status, pid)
		g.check(string(g.get(shared, 6)) == "parent", "memory is shared after fork")
		g.fails(abi.ECHILD, unix.SYS_WAIT4, -1, 0, 0, 0)
		killed := g.fork(func(g *fakeThread) { g.sys(unix.SYS_PAUSE) })
		g.check(g.sys(unix.SYS_WAIT4, -1, 0, abi.WNOHANG, 0) == 0, "child that runs")
		g.must(unix.SYS_KILL, killed, abi.SIGKILL)
		_, status = g.wait()
		g.check(status == abi.SIGKILL, "status %#x", status)
	})
}

// first is the id of the first process.
func (e *fakeEngine) first() int64 { return int64(os.Getpid()) }

func TestExec(t *testing.T) {
	s := newSession(t)
	s.engine.image(s.dir+"/other", func(g *fakeThread) {
		sp := g.c.W[regs.RSP]
		g.check(le.Uint64(g.get(sp, 8)) == 3, "argc")
		g.fails(abi.EBADF, unix.SYS_CLOSE, 10)
		g.must(unix.SYS_CLOSE, 11)
		g.sys(unix.SYS_EXIT_GROUP, 9)
	})
	os.WriteFile(s.dir+"/script", []byte("#!"+s.dir+"/other  x y \nrest"), 0o755)
	os.WriteFile(s.dir+"/text", []byte("no program"), 0o755)
	os.WriteFile(s.dir+"/locked", nil, 0o644)
	status := s.run(func(g *fakeThread) {
		g.must(unix.SYS_DUP3, 1, 10, unix.O_CLOEXEC)
		g.must(unix.SYS_DUP3, 1, 11, 0)
		vector := func(list ...string) []byte {
			var b []byte
			for _, s := range list {
				b = le.AppendUint64(b, g.put(append([]byte(s), 0)))
			}
			return append(b, make([]byte, 8)...)
		}
		g.fails(abi.ENOENT, unix.SYS_EXECVE, "missing", vector("a"), 0)
		g.fails(abi.ENOEXEC, unix.SYS_EXECVE, "text", vector("a"), 0)
		g.fails(abi.EACCES, unix.SYS_EXECVE, "locked", vector("a"), 0)
		g.fails(abi.EFAULT, unix.SYS_EXECVE, "other", 1, 0)
		g.newThread(func(g *fakeThread) { g.sys(unix.SYS_PAUSE) })
		g.sys(unix.SYS_EXECVE, s.dir+"/script", vector("a"), vector())
	})
	if status != 9 || s.engine.dropped == 0 {
		t.Errorf("status %d, %d spaces dropped", status, s.engine.dropped)
	}
}

func TestVfork(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		shared := g.alloc(4)
		g.e.children = append(g.e.children, func(g *fakeThread) {
			g.sys(unix.SYS_SCHED_YIELD)
			g.setU32(shared, 5)
			g.sys(unix.SYS_EXIT, 0)
		})
		g.must(unix.SYS_VFORK)
		g.check(g.u32(shared) == 5, "the parent went on before the child ended")
	})
}

func TestOrphanAndReparent(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		g.must(unix.SYS_PRCTL, unix.PR_SET_CHILD_SUBREAPER, 1)
		g.fork(func(g *fakeThread) {
			g.fork(func(g *fakeThread) { g.sys(unix.SYS_EXIT_GROUP, 4) })
		})
		sum := uint32(0)
		for range 2 {
			_, status := g.wait()
			sum += status >> 8
		}
		g.check(sum == 4, "statuses add up to %d", sum)
	})
}

func TestThreadsShare(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		word := g.alloc(4)
		g.newThread(func(g *fakeThread) {
			g.check(g.sys(unix.SYS_GETPID) == g.e.first() && g.sys(unix.SYS_GETTID) != g.e.first(), "ids of a thread")
			g.must(unix.SYS_DUP2, 1, 20)
			g.setU32(word, 1)
			g.must(unix.SYS_FUTEX, word, abi.FUTEX_WAKE, 1)
			g.sys(unix.SYS_EXIT, 0)
		})
		for g.u32(word) == 0 {
			g.sys(unix.SYS_FUTEX, word, abi.FUTEX_WAIT, 0, 0)
		}
		g.must(unix.SYS_CLOSE, 20)
	})
}

func TestClearTID(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		tid := g.alloc(4)
		g.setU32(tid, 1)
		g.e.children = append(g.e.children, func(g *fakeThread) {
			g.sys(unix.SYS_SCHED_YIELD)
			g.sys(unix.SYS_EXIT, 0)
		})
		flags := abi.CLONE_VM | abi.CLONE_FS | abi.CLONE_FILES | abi.CLONE_SIGHAND | abi.CLONE_THREAD |
			abi.CLONE_CHILD_CLEARTID | abi.CLONE_CHILD_SETTID
		got := g.must(unix.SYS_CLONE, flags, g.alloc(4096)+4096, 0, tid)
		g.check(g.u32(tid) == uint32(got), "CLONE_CHILD_SETTID")
		g.must(unix.SYS_FUTEX, tid, abi.FUTEX_WAIT, got, 0)
		g.check(g.u32(tid) == 0, "tid is not cleared")
	})
}

func TestRobustList(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		lock, head := g.alloc(32), g.alloc(24)
		g.newThread(func(g *fakeThread) {
			tid := uint32(g.sys(unix.SYS_GETTID))
			g.setU32(lock+16, tid|futexWaiters)
			g.c.Space.Write(guest.Addr(lock), le.AppendUint64(nil, head))
			list := &abi.RobustListHead{Next: lock, Offset: 16}
			g.c.Space.Write(guest.Addr(head), abi.Layout64.Bytes(list))
			g.must(unix.SYS_SET_ROBUST_LIST, head, 24)
			g.sys(unix.SYS_SCHED_YIELD)
			g.sys(unix.SYS_EXIT, 0)
		})
		g.sys(unix.SYS_SCHED_YIELD)
		v := g.u32(lock + 16)
		g.must(unix.SYS_FUTEX, lock+16, abi.FUTEX_WAIT, int64(v), 0)
		g.check(g.u32(lock+16) == futexWaiters|futexOwnerDied, "lock is %#x", g.u32(lock+16))
	})
}

func TestProcessGroups(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		r, w := g.pipe()
		pid := g.fork(func(g *fakeThread) {
			g.must(unix.SYS_SETPGID, 0, 0)
			g.must(unix.SYS_WRITE, w, "x", 1)
			g.sys(unix.SYS_PAUSE)
		})
		g.must(unix.SYS_READ, r, g.alloc(1), 1)
		g.check(g.must(unix.SYS_GETPGID, pid) == pid, "group of the child")
		g.must(unix.SYS_KILL, -pid, abi.SIGTERM)
		_, status := g.wait()
		g.check(status == abi.SIGTERM, "status %#x", status)
		g.fails(abi.ESRCH, unix.SYS_KILL, pid, 0)
		g.fails(abi.EPERM, unix.SYS_SETPGID, 0, pid)
	})
}

func TestEvents(t *testing.T) {
	s := newSession(t)
	var seen []string
	owner := &event.Owner{Name: "test"}
	only := &event.Filter{Names: []string{"get*", "exit_group", "uname"}}
	s.cfg.Bus.Subscribe(owner, event.SyscallEnter, only, event.SyscallBoolFunc(func(c *vcpu.CPU, e *event.Syscall) bool {
		seen = append(seen, "enter "+e.Name)
		if e.Name == "getppid" {
			e.Ret = 42
			return true
		}
		return false
	}))
	s.cfg.Bus.Subscribe(owner, event.SyscallLeave, only, event.SyscallFunc(func(c *vcpu.CPU, e *event.Syscall) {
		seen = append(seen, "leave "+e.Text()[:7])
		if e.Name == "uname" {
			c.W[regs.RAX] = 17
		}
	}))
	s.cfg.Bus.Subscribe(owner, event.UserBeforeSyscall, &event.Filter{Names: []string{"close"}}, event.SyscallFunc(func(c *vcpu.CPU, e *event.Syscall) {
		e.Args[0] = 1
	}))
	s.cfg.Bus.Subscribe(owner, event.ProcessExit, nil, event.ProcessFunc(func(c *vcpu.CPU, p *event.Process) {
		seen = append(seen, "exit")
	}))
	s.run(func(g *fakeThread) {
		g.check(g.sys(unix.SYS_GETPPID) == 42, "swallowed call")
		g.check(g.sys(unix.SYS_UNAME, 1) == 17, "result of a callback")
		g.check(g.sys(unix.SYS_CLOSE, 99) == 0, "argument of a callback")
	})
	want := "enter getppid,leave getppid,enter uname,leave uname(0,enter exit_group,exit"
	if got := strings.Join(seen, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestStrace(t *testing.T) {
	s := newSession(t)
	var b strings.Builder
	s.cfg.Strace = &b
	s.run(func(g *fakeThread) {
		r, w := g.pipe()
		g.newThread(func(g *fakeThread) {
			g.must(unix.SYS_WRITE, w, "x", 1)
			g.sys(unix.SYS_EXIT, 0)
		})
		g.must(unix.SYS_READ, r, g.alloc(1), 1)
		g.sys(unix.SYS_EXIT_GROUP, 5)
	})
	for _, want := range []string{
		"pipe2([3, 4], 0)", "read(3,  <unfinished ...>", "write(4, \"x\", 1)", "<... read resumed>\"x\", 1)",
		"+++ exited with 0 +++", "+++ exited with 5 +++",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}

func TestUnsupported(t *testing.T) {
	s := newSession(t)
	s.run(func(g *fakeThread) {
		for range 2 {
			g.fails(abi.ENOSYS, unix.SYS_ADD_KEY)
		}
		g.fails(abi.ENOSYS, unix.SYS_SECCOMP)
		g.fails(abi.ENOSYS, 9999)
	})
	if got := strings.Join(s.kernel.Unsupported(), ","); got != "add_key (2×),syscall_0x270f (1×)" {
		t.Error(got)
	}
}

func TestStop(t *testing.T) {
	s := newSession(t)
	s.engine.image(s.cfg.Command.Path, func(g *fakeThread) { g.sys(unix.SYS_NANOSLEEP, &abi.Timespec{Sec: 3600}, 0) })
	c := newFakeCPU()
	k, err := New(s.cfg, c, s.engine)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for range 2 {
		go k.Stop()
		if _, ended, err := k.Run(); ended || err != nil {
			t.Fatal(ended, err)
		}
	}
}

// TestLinger: what the first process leaves behind may finish, but not for ever.
func TestLinger(t *testing.T) {
	s := newSession(t)
	if status := s.run(func(g *fakeThread) {
		r, w := g.pipe()
		g.fork(func(g *fakeThread) {
			g.must(unix.SYS_CLOSE, w)
			g.must(unix.SYS_READ, r, g.alloc(8), 8)
			g.must(unix.SYS_WRITE, 1, "late", 4)
			g.sys(unix.SYS_PAUSE)
		})
		g.sys(unix.SYS_EXIT_GROUP, 2)
	}); status != 2 || s.output() != "late" {
		t.Errorf("%d %q", status, s.output())
	}
}

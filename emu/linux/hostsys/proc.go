package hostsys

import "golang.org/x/sys/unix"

// The process that is the emulator, and the machine it runs on.

// ID is one of the calls without arguments that return an id: getpid, getuid …
func (h *Host) ID(nr uintptr) int {
	n, _ := h.do(nr)
	return int(n)
}

func (h *Host) Getsid(pid int) (int, Errno)  { return h.open(unix.SYS_GETSID, num(pid)) }
func (h *Host) Getpgid(pid int) (int, Errno) { return h.open(unix.SYS_GETPGID, num(pid)) }

func (h *Host) Getgroups() ([]uint32, Errno) {
	b := new([65536]uint32)
	n, e := h.open(unix.SYS_GETGROUPS, num(len(b)), structOut(b))
	return b[:max(n, 0)], e
}

// Identity changes the ids of the emulator: setuid, setresgid …
func (h *Host) Identity(nr uintptr, a, b, c int) Errno { return h.run(nr, num(a), num(b), num(c)) }

// Resids returns real, effective and saved ids: getresuid, getresgid.
func (h *Host) Resids(nr uintptr) (ids [3]uint32) {
	p := new([3]uint32)
	h.do(nr, out(bytesOf(&p[0])), out(bytesOf(&p[1])), out(bytesOf(&p[2])))
	return *p
}

func (h *Host) Kill(pid, sig int) Errno { return h.run(unix.SYS_KILL, num(pid), num(sig)) }

func (h *Host) Uname() (u unix.Utsname, e Errno) {
	p := new(unix.Utsname)
	e = h.run(unix.SYS_UNAME, structOut(p))
	return *p, e
}

func (h *Host) Sysinfo() (s unix.Sysinfo_t, e Errno) {
	p := new(unix.Sysinfo_t)
	e = h.run(unix.SYS_SYSINFO, structOut(p))
	return *p, e
}

func (h *Host) Getrlimit(res int) (r unix.Rlimit, e Errno) {
	p := new(unix.Rlimit)
	e = h.run(unix.SYS_PRLIMIT64, num(0), num(res), num(0), structOut(p))
	return *p, e
}

// RaiseLimits takes soft limits from the emulator itself that it applies to the guest:
// the host would kill it where a program gets a signal. Go has raised that of
// descriptors.
func (h *Host) RaiseLimits() {
	for _, res := range []int{unix.RLIMIT_FSIZE, unix.RLIMIT_CPU, unix.RLIMIT_DATA} {
		var r unix.Rlimit
		if unix.Getrlimit(res, &r) == nil && r.Cur < r.Max {
			r.Cur = r.Max
			unix.Setrlimit(res, &r)
		}
	}
}

func (h *Host) Getpriority(which, who int) (int, Errno) {
	return h.open(unix.SYS_GETPRIORITY, num(which), num(who))
}

func (h *Host) Setpriority(which, who, prio int) Errno {
	return h.run(unix.SYS_SETPRIORITY, num(which), num(who), num(prio))
}

// Affinity fills the mask of CPUs and returns its length.
func (h *Host) Affinity(mask []byte) (int, Errno) {
	return h.open(unix.SYS_SCHED_GETAFFINITY, num(0), num(len(mask)), out(mask))
}

func (h *Host) Capget(header, data []byte) Errno {
	return h.run(unix.SYS_CAPGET, inout(header), out(data))
}

func (h *Host) Getrandom(b []byte, flags int) (int, Errno) {
	return h.open(unix.SYS_GETRANDOM, out(b), num(len(b)), num(flags))
}

// Umask sets the mask of new files and returns the old one.
func (h *Host) Umask(mask uint32) uint32 {
	old, _ := h.do(unix.SYS_UMASK, num(mask))
	return uint32(old)
}

package linux

import (
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
)

// The CPU time of a thread is the number of instructions that it has executed: a
// run repeats, and so do the times that it reads. Time in the kernel is none.

// insnTime is how long an instruction takes, in nanoseconds.
const insnTime = 1

// spend counts instructions of the running thread, and does what is due by the
// time that it has used.
func (t *Thread) spend(insns int64) {
	t.used += insns * insnTime
	t.p.used += insns * insnTime
	for _, tm := range slices.Clone(t.k.cpuTimers) {
		t.k.expire(tm, *tm.counter)
	}
	if t.p.used >= t.p.cpuLimit {
		t.overTime()
	}
}

// allowance cuts a turn of n instructions short for timers and limits that count
// the time of the thread or its process.
func (t *Thread) allowance(n int64) int64 {
	n = min(n, max(1, (t.p.cpuLimit-t.p.used)/insnTime))
	for _, tm := range t.k.cpuTimers {
		if tm.counter == &t.used || tm.counter == &t.p.used {
			n = min(n, max(1, (tm.next-*tm.counter)/insnTime))
		}
	}
	return n
}

// overTime applies RLIMIT_CPU: SIGXCPU in every second from the soft limit on,
// SIGKILL at the hard one.
func (t *Thread) overTime() {
	p := t.p
	soft, hard := seconds(p.rlimits[unix.RLIMIT_CPU].Cur), seconds(p.rlimits[unix.RLIMIT_CPU].Max)
	if p.used >= hard {
		p.sendProcess(abi.Siginfo{Signo: abi.SIGKILL, Code: abi.SI_KERNEL})
		p.cpuLimit = unlimitedTime
		return
	}
	p.sendProcess(abi.Siginfo{Signo: abi.SIGXCPU, Code: abi.SI_KERNEL})
	p.cpuLimit = min(max(soft, p.used/1e9*1e9)+1e9, hard)
}

// unlimitedTime is later than any time.
const unlimitedTime = 1<<63 - 1

func seconds(limit uint64) int64 {
	if limit >= unlimitedTime/1_000_000_000 {
		return unlimitedTime
	}
	return int64(limit) * 1e9
}

// limitTime sets the time at which overTime must look next.
func (p *Process) limitTime() { p.cpuLimit = max(1, seconds(p.rlimits[unix.RLIMIT_CPU].Cur)) }

// usage is what getrusage says of a process that has used time.
func usage(ns int64) *abi.Rusage { return &abi.Rusage{Utime: timeval(ns)} }

// usageOf is the resource usage of an ended child: its own and that of the
// children for which it waited.
func usageOf(p *Process) *abi.Rusage { return usage(p.used + p.childUsed) }

func sysGetrusage(t *Thread, c *call) (int64, errno) {
	const children, self, thread = -1, 0, 1
	var u *abi.Rusage
	switch c.i32(0) {
	case self:
		u = usage(t.p.used)
	case thread:
		u = usage(t.used)
	case children:
		return 0, t.store(c.addr(1), usage(t.p.childUsed))
	default:
		return 0, abi.EINVAL
	}
	u.Maxrss = int64(residentPages(t.p.mm) * mm.PageSize / 1024)
	return 0, t.store(c.addr(1), u)
}

func sysTimes(t *Thread, c *call) (int64, errno) {
	return t.k.host.Now() / clockTick, t.storeIf(c.addr(0), &abi.Tms{Utime: t.p.used / clockTick, Cutime: t.p.childUsed / clockTick})
}

// isCPUClock reports whether a clock shows the time of a process or thread.
// Negative numbers name one by its id (CPUCLOCK_PID of the kernel's
// posix-timers.h).
func isCPUClock(clock int) bool {
	return clock < 0 || clock == unix.CLOCK_PROCESS_CPUTIME_ID || clock == unix.CLOCK_THREAD_CPUTIME_ID
}

// cpuCounter is the time that a CPU clock shows to the thread, nil when there is
// no such clock.
func (t *Thread) cpuCounter(clock int) *int64 {
	const perThread, kinds, sched = 4, 3, 2
	id := ^(clock >> 3)
	switch {
	case clock == unix.CLOCK_PROCESS_CPUTIME_ID:
		return &t.p.used
	case clock == unix.CLOCK_THREAD_CPUTIME_ID:
		return &t.used
	case clock >= 0 || clock&kinds > sched:
		return nil
	case clock&perThread != 0:
		if id == 0 {
			return &t.used
		} else if o := t.k.thread(id); o != nil && o.p == t.p {
			return &o.used
		}
		return nil
	}
	if p, e := t.about(id); e == 0 {
		return &p.used
	}
	return nil
}

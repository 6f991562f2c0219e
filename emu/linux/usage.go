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

// userTick is the unit of times(2) and the like, in nanoseconds.
const userTick = 1_000_000_000 / abi.USER_HZ

// spend counts instructions of the running thread, and does what is due by the
// time that it has used.
func (t *Thread) spend(insns int64) {
	t.sched.used += insns * insnTime
	t.p.usage.own += insns * insnTime
	for _, tm := range slices.Clone(t.k.timers.cpu) {
		t.k.expire(tm, tm.counts.used())
	}
	if t.p.usage.own >= t.p.usage.limit {
		t.overTime()
	}
}

// allowance cuts a turn of n instructions short for timers and limits that count
// the time of the thread or its process.
func (t *Thread) allowance(n int64) int64 {
	n = min(n, max(1, (t.p.usage.limit-t.p.usage.own)/insnTime))
	for _, tm := range t.k.timers.cpu {
		if tm.counts.t == t || tm.counts.p == t.p {
			n = min(n, max(1, (tm.next-tm.counts.used())/insnTime))
		}
	}
	return n
}

// overTime applies RLIMIT_CPU: SIGXCPU in every second from the soft limit on,
// SIGKILL at the hard one.
func (t *Thread) overTime() {
	p := t.p
	soft, hard := seconds(p.rlimits[unix.RLIMIT_CPU].Cur), seconds(p.rlimits[unix.RLIMIT_CPU].Max)
	if p.usage.own >= hard {
		p.sendProcess(abi.Siginfo{Signo: abi.SIGKILL, Code: abi.SI_KERNEL})
		p.usage.limit = unlimitedTime
		return
	}
	p.sendProcess(abi.Siginfo{Signo: abi.SIGXCPU, Code: abi.SI_KERNEL})
	p.usage.limit = min(max(soft, p.usage.own/1e9*1e9)+1e9, hard)
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
func (p *Process) limitTime() { p.usage.limit = max(1, seconds(p.rlimits[unix.RLIMIT_CPU].Cur)) }

// usage is what getrusage says of a process that has used time.
func usage(ns int64) *abi.Rusage { return &abi.Rusage{Utime: timeval(ns)} }

// usageOf is the resource usage of an ended child: its own and that of the
// children for which it waited.
func usageOf(p *Process) *abi.Rusage { return usage(p.usage.own + p.usage.children) }

func sysGetrusage(t *Thread, c *call) (int64, errno) {
	const children, self, thread = -1, 0, 1
	var u *abi.Rusage
	switch c.i32(0) {
	case self:
		u = usage(t.p.usage.own)
	case thread:
		u = usage(t.sched.used)
	case children:
		return 0, t.store(c.addr(1), usage(t.p.usage.children))
	default:
		return 0, abi.EINVAL
	}
	u.Maxrss = int64(t.p.mm.Pages(mm.IsAnon) * mm.PageSize / 1024)
	return 0, t.store(c.addr(1), u)
}

func sysTimes(t *Thread, c *call) (int64, errno) {
	return t.k.host.Now() / userTick, t.storeIf(c.addr(0), &abi.Tms{Utime: t.p.usage.own / userTick, Cutime: t.p.usage.children / userTick})
}

// isCPUClock reports whether a clock shows the time of a process or thread.
// Negative numbers name one by its id (CPUCLOCK_PID of the kernel's
// posix-timers.h).
func isCPUClock(clock int) bool {
	return clock < 0 || clock == unix.CLOCK_PROCESS_CPUTIME_ID || clock == unix.CLOCK_THREAD_CPUTIME_ID
}

// cpuTime names a count of CPU time: that of a process or that of a thread.
type cpuTime struct {
	p *Process
	t *Thread
}

// any reports whether the time is anybody's.
func (c cpuTime) any() bool { return c != cpuTime{} }

// used is how much of it has been used, in nanoseconds.
func (c cpuTime) used() int64 {
	if c.t != nil {
		return c.t.sched.used
	}
	return c.p.usage.own
}

// cpuTime is the time that a CPU clock shows to the thread, nobody's when there is
// no such clock.
func (t *Thread) cpuTime(clock int) cpuTime {
	const perThread, kinds, sched = 4, 3, 2
	id := ^(clock >> 3)
	switch {
	case clock == unix.CLOCK_PROCESS_CPUTIME_ID:
		return cpuTime{p: t.p}
	case clock == unix.CLOCK_THREAD_CPUTIME_ID:
		return cpuTime{t: t}
	case clock >= 0 || clock&kinds > sched:
		return cpuTime{}
	case clock&perThread != 0:
		if id == 0 {
			return cpuTime{t: t}
		} else if o := t.k.thread(id); o != nil && o.p == t.p {
			return cpuTime{t: o}
		}
		return cpuTime{}
	}
	if p, e := t.about(id); e == 0 {
		return cpuTime{p: p}
	}
	return cpuTime{}
}

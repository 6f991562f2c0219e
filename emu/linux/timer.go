package linux

import (
	"math"
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/signal"
)

// timer sends a signal when its time comes. It is in armedTimers while
// it is armed.
type timer struct {
	p        *Process
	id       int32
	clock    int
	counts   cpuTime // that it goes by; nobody's for real time
	next     int64   // by that, or on the host's monotonic clock
	interval int64
	notify   int32 // SIGEV_
	tid      int
	signo    int32
	value    uint64
	code     int32
	overrun  int32
	armed    bool
}

// arm sets a timer to go off at next, and then every interval.
func (k *Kernel) arm(tm *timer, next, interval int64) {
	k.disarm(tm)
	tm.next, tm.interval, tm.overrun, tm.armed = next, interval, 0, true
	list := k.timersLike(tm)
	*list = append(*list, tm)
}

// armIn sets a timer to go off after a time.
func (k *Kernel) armIn(tm *timer, ns, interval int64) {
	if tm.counts.any() {
		k.arm(tm, tm.counts.used()+ns, interval)
	} else {
		k.arm(tm, k.deadline(ns), interval)
	}
}

func (k *Kernel) disarm(tm *timer) {
	if tm.armed {
		tm.armed = false
		list := k.timersLike(tm)
		*list = remove(*list, tm)
	}
}

// timersLike are the armed timers that go by the same kind of time.
func (k *Kernel) timersLike(tm *timer) *[]*timer {
	if tm.counts.any() {
		return &k.timers.cpu
	}
	return &k.timers.real
}

// left is the time until a timer goes off, 0 when it is not armed.
func (k *Kernel) left(tm *timer) int64 {
	if !tm.armed {
		return 0
	}
	if tm.counts.any() {
		return max(1, tm.next-tm.counts.used())
	}
	return max(1, tm.next-k.host.Now())
}

// fireTimers sends the signals of the timers whose time has come.
func (k *Kernel) fireTimers(now int64) {
	for _, tm := range slices.Clone(k.timers.real) {
		k.expire(tm, now)
	}
}

// expire sends the signal of an armed timer if its time has come.
func (k *Kernel) expire(tm *timer, now int64) {
	if tm.next > now {
		return
	}
	if tm.interval > 0 {
		missed := (now - tm.next) / tm.interval
		tm.next += (missed + 1) * tm.interval
		tm.overrun = int32(min(missed, math.MaxInt32))
	} else {
		k.disarm(tm)
	}
	tm.fire(k)
}

func (tm *timer) fire(k *Kernel) {
	if tm.notify == abi.SIGEV_NONE {
		return
	}
	info := abi.Siginfo{Signo: tm.signo, Code: tm.code, TimerID: tm.id, Overrun: tm.overrun, Value: tm.value}
	if tm.notify == abi.SIGEV_THREAD_ID {
		if t := k.thread(tm.tid); t != nil && t.p == tm.p {
			t.sendTimer(info, false)
		}
		return
	}
	if t := tm.p.leader(); t != nil {
		t.sendTimer(info, true)
	}
}

// sendTimer sends unless the same timer's signal is pending already.
func (t *Thread) sendTimer(info abi.Siginfo, shared bool) {
	q := &t.signal.pending
	if shared {
		q = &t.p.signal.pending
	}
	if info.Code == abi.SI_TIMER && slices.ContainsFunc(q.Infos, func(s abi.Siginfo) bool {
		return s.Code == abi.SI_TIMER && s.TimerID == info.TimerID && s.Signo == info.Signo
	}) {
		return
	}
	t.send(info, shared)
}

// dropTimers disarms all timers of a process.
func (k *Kernel) dropTimers(p *Process) {
	for i := range p.timers.interval {
		k.disarm(&p.timers.interval[i])
	}
	k.dropPosixTimers(p)
}

func (k *Kernel) dropPosixTimers(p *Process) {
	for _, tm := range p.timers.posix {
		if tm != nil {
			k.disarm(tm)
		}
	}
	p.timers.posix = nil
}

// itimerSignals are the signals of setitimer's timers. The first goes by real
// time, the others by the time of the process.
var itimerSignals = [3]int32{abi.SIGALRM, abi.SIGVTALRM, abi.SIGPROF}

func micros(tv abi.Timeval) (int64, errno) {
	if tv.Sec < 0 || tv.Usec < 0 || tv.Usec >= 1e6 {
		return 0, abi.EINVAL
	}
	return duration(&abi.Timespec{Sec: tv.Sec, Nsec: tv.Usec * 1000})
}

func timeval(ns int64) abi.Timeval { return abi.Timeval{Sec: ns / 1e9, Usec: ns % 1e9 / 1000} }

func (t *Thread) itimer(which int) *timer {
	tm := &t.p.timers.interval[which]
	tm.p, tm.signo, tm.notify, tm.code = t.p, itimerSignals[which], abi.SIGEV_SIGNAL, abi.SI_KERNEL
	if which != 0 {
		tm.counts = cpuTime{p: t.p}
	}
	return tm
}

func sysGetitimer(t *Thread, c *call) (int64, errno) {
	if c.i32(0) < 0 || c.i32(0) > 2 {
		return 0, abi.EINVAL
	}
	tm := t.itimer(c.i32(0))
	return 0, t.store(c.addr(1), &abi.Itimerval{Interval: timeval(tm.interval), Value: timeval(t.k.left(tm))})
}

func sysSetitimer(t *Thread, c *call) (int64, errno) {
	if c.i32(0) < 0 || c.i32(0) > 2 {
		return 0, abi.EINVAL
	}
	var v abi.Itimerval
	if a := c.addr(1); a != 0 {
		if e := t.load(a, &v); e != 0 {
			return 0, e
		}
	}
	value, e := micros(v.Value)
	if e != 0 {
		return 0, e
	}
	interval, e := micros(v.Interval)
	if e != 0 {
		return 0, e
	}
	tm := t.itimer(c.i32(0))
	old := abi.Itimerval{Interval: timeval(tm.interval), Value: timeval(t.k.left(tm))}
	if value == 0 {
		t.k.disarm(tm)
		tm.interval = 0
	} else {
		t.k.armIn(tm, value, interval)
	}
	return 0, t.storeIf(c.addr(2), &old)
}

func sysAlarm(t *Thread, c *call) (int64, errno) {
	tm := t.itimer(0)
	left := (t.k.left(tm) + 999_999_999) / 1e9
	if s := c.u32(0); s == 0 {
		t.k.disarm(tm)
	} else {
		t.k.armIn(tm, int64(s)*1e9, 0)
	}
	return left, 0
}

// maxTimers is how many timers a process may have, whatever RLIMIT_SIGPENDING says.
const maxTimers = 1 << 16

func sysTimerCreate(t *Thread, c *call) (int64, errno) {
	ev := abi.Sigevent{Signo: abi.SIGALRM, Notify: abi.SIGEV_SIGNAL}
	id := int32(len(t.p.timers.posix))
	for i, tm := range t.p.timers.posix {
		if tm == nil {
			id = int32(i)
			break
		}
	}
	if uint64(id) >= min(t.p.limit(unix.RLIMIT_SIGPENDING), maxTimers) {
		return 0, abi.EAGAIN
	}
	ev.Value = uint64(id)
	if a := c.addr(1); a != 0 {
		if e := t.load(a, &ev); e != 0 {
			return 0, e
		}
	}
	if _, e := t.clockNow(c.i32(0)); e != 0 {
		return 0, abi.EINVAL
	}
	if ev.Notify != abi.SIGEV_NONE && !signal.Valid(int(ev.Signo)) {
		return 0, abi.EINVAL
	}
	tm := &timer{p: t.p, id: id, clock: c.i32(0), counts: t.cpuTime(c.i32(0)), notify: ev.Notify, tid: int(ev.TID), signo: ev.Signo, value: ev.Value, code: abi.SI_TIMER}
	if e := t.putU32(c.addr(2), uint32(id)); e != 0 {
		return 0, e
	}
	if int(id) == len(t.p.timers.posix) {
		t.p.timers.posix = append(t.p.timers.posix, nil)
	}
	t.p.timers.posix[id] = tm
	return 0, 0
}

// timer finds the POSIX timer of the first argument.
func (t *Thread) timer(c *call) (*timer, errno) {
	id := c.i32(0)
	if id < 0 || id >= len(t.p.timers.posix) || t.p.timers.posix[id] == nil {
		return nil, abi.EINVAL
	}
	return t.p.timers.posix[id], 0
}

func (k *Kernel) spec(tm *timer) *abi.Itimerspec {
	ts := func(ns int64) abi.Timespec { return abi.Timespec{Sec: ns / 1e9, Nsec: ns % 1e9} }
	return &abi.Itimerspec{Interval: ts(tm.interval), Value: ts(k.left(tm))}
}

func sysTimerSettime(t *Thread, c *call) (int64, errno) {
	tm, e := t.timer(c)
	if e != 0 {
		return 0, e
	}
	var v abi.Itimerspec
	if e := t.loadSpec(c.addr(2), &v); e != 0 {
		return 0, e
	}
	value, e := duration(&v.Value)
	if e != 0 {
		return 0, e
	}
	interval, e := duration(&v.Interval)
	if e != 0 {
		return 0, e
	}
	old := t.k.spec(tm)
	switch {
	case value == 0:
		t.k.disarm(tm)
		tm.interval = interval
	case c.i32(1)&abi.TIMER_ABSTIME != 0 && tm.counts.any():
		t.k.arm(tm, value, interval)
	case c.i32(1)&abi.TIMER_ABSTIME != 0:
		t.k.arm(tm, t.pointOf(tm.clock, value), interval)
	default:
		t.k.armIn(tm, value, interval)
	}
	return 0, t.storeSpec(c.addr(3), old)
}

func sysTimerGettime(t *Thread, c *call) (int64, errno) {
	tm, e := t.timer(c)
	if e != 0 {
		return 0, e
	}
	return 0, t.storeSpec(c.addr(1), t.k.spec(tm))
}

func sysTimerGetoverrun(t *Thread, c *call) (int64, errno) {
	tm, e := t.timer(c)
	if e != 0 {
		return 0, e
	}
	return int64(tm.overrun), 0
}

func sysTimerDelete(t *Thread, c *call) (int64, errno) {
	tm, e := t.timer(c)
	if e != 0 {
		return 0, e
	}
	t.k.disarm(tm)
	t.p.timers.posix[tm.id] = nil
	return 0, 0
}

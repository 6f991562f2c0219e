package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/sigframe"
	"panda/emu/linux/signal"
)

func sysRtSigaction(t *Thread, c *call) (int64, errno) {
	sig := c.i32(0)
	if c.Args[3] != 8 {
		return 0, abi.EINVAL
	}
	var act *abi.Sigaction
	if a := c.addr(1); a != 0 {
		act = new(abi.Sigaction)
		if e := t.load(a, act); e != 0 {
			return 0, e
		}
	}
	old, e := t.sigaction(sig, act)
	if e != 0 {
		return 0, e
	}
	return 0, t.storeIf(c.addr(2), &old)
}

// sigaction sets what a signal does, unless act is nil, and returns what it did.
func (t *Thread) sigaction(sig int, act *abi.Sigaction) (old abi.Sigaction, e errno) {
	if !signal.Valid(sig) || act != nil && signal.Unblockable&signal.Bit(int32(sig)) != 0 {
		return old, abi.EINVAL
	}
	old = t.p.signal.actions[sig]
	if act != nil {
		act.Mask &^= signal.Unblockable
		act.Flags &^= abi.SA_UNSUPPORTED
		t.p.signal.actions[sig] = *act
		if t.p.signal.actions.Ignored(int32(sig)) {
			t.p.dropPending(signal.Bit(int32(sig)))
		}
	}
	return old, 0
}

func sysRtSigprocmask(t *Thread, c *call) (int64, errno) {
	if c.Args[3] != 8 {
		return 0, abi.EINVAL
	}
	old := t.signal.mask
	if a := c.addr(1); a != 0 {
		set, e := t.u64(a)
		if e != 0 {
			return 0, e
		}
		if e := t.changeMask(c.i32(0), set); e != 0 {
			return 0, e
		}
	}
	if a := c.addr(2); a != 0 {
		return 0, t.putU64(a, old)
	}
	return 0, 0
}

// changeMask changes which signals are blocked.
func (t *Thread) changeMask(how int, set uint64) errno {
	switch how {
	case abi.SIG_BLOCK:
		t.signal.mask |= set
	case abi.SIG_UNBLOCK:
		t.signal.mask &^= set
	case abi.SIG_SETMASK:
		t.signal.mask = set
	default:
		return abi.EINVAL
	}
	t.signal.mask &^= signal.Unblockable
	return 0
}

func sysRtSigreturn(t *Thread, c *call) (int64, errno) {
	return t.sigreturn(c.abi.Frames.Pop(t))
}

// sigreturn ends a handler, whose frame was good if ok is set. The program may be
// unable to go on where that says.
func (t *Thread) sigreturn(saved sigframe.Saved, ok bool) (int64, errno) {
	t.call.replaced = true
	if saved.Read {
		t.signal.mask = saved.Mask &^ signal.Unblockable
	}
	if !ok {
		t.force(abi.Siginfo{Signo: abi.SIGSEGV, Code: abi.SI_KERNEL})
		return 0, 0
	}
	if x := saved.Raises; x != nil {
		t.force(t.k.guest.SignalOf(t, x))
	}
	t.setStack(saved.Stack)
	t.k.signalFiles()
	return 0, 0
}

// setStack sets the alternate stack as sigaltstack does.
func (t *Thread) setStack(s abi.Stack) errno {
	const modes = abi.SS_ONSTACK | abi.SS_DISABLE
	switch mode := s.Flags &^ ssAutodisarm; {
	case t.onStack() && t.signal.stack.Size != 0:
		return abi.EPERM
	case mode&^modes != 0:
		return abi.EINVAL
	case mode == abi.SS_DISABLE:
		s = abi.Stack{Flags: abi.SS_DISABLE}
	case s.Size < abi.MINSIGSTKSZ:
		return abi.ENOMEM
	default:
		s.Flags &= ssAutodisarm
	}
	t.signal.stack = s
	return 0
}

func sysSigaltstack(t *Thread, c *call) (int64, errno) {
	old := t.stackNow()
	if a := c.addr(0); a != 0 {
		var s abi.Stack
		if e := t.load(a, &s); e != 0 {
			return 0, e
		}
		if e := t.setStack(s); e != 0 {
			return 0, e
		}
	}
	return 0, t.storeIf(c.addr(1), &old)
}

func sysRtSigpending(t *Thread, c *call) (int64, errno) {
	return 0, t.putU64(c.addr(0), (t.signal.pending.Set|t.p.signal.pending.Set)&t.signal.mask)
}

func sysRtSigsuspend(t *Thread, c *call) (int64, errno) {
	if c.Args[1] != 8 {
		return 0, abi.EINVAL
	}
	return t.withMask(c.addr(0), 8, func() (int64, errno) {
		return 0, t.park(wait{interrupted: abi.ERESTARTNOHAND})
	})
}

func sysPause(t *Thread, _ *call) (int64, errno) {
	return 0, t.park(wait{interrupted: abi.ERESTARTNOHAND})
}

func sysRtSigtimedwait(t *Thread, c *call) (int64, errno) {
	if c.Args[3] != 8 {
		return 0, abi.EINVAL
	}
	set, e := t.u64(c.addr(0))
	if e != 0 {
		return 0, e
	}
	set &^= signal.Unblockable
	if have := (t.signal.pending.Set | t.p.signal.pending.Set) & set; have != 0 {
		info := t.next(have)
		t.k.signalFiles()
		return int64(info.Signo), t.storeIf(c.addr(1), &info)
	}
	if e := t.timeout(c.addr(2)); e != 0 {
		return 0, e
	}
	if t.timedOut() {
		return 0, abi.EAGAIN
	}
	return 0, t.park(wait{signals: set, deadline: c.deadline, interrupted: abi.EINTR})
}

// userInfo is the siginfo of a signal that the thread sends.
func (t *Thread) userInfo(sig int, code int32) abi.Siginfo {
	return abi.Siginfo{Signo: int32(sig), Code: code, PID: int32(t.p.pid), UID: t.k.uid()}
}

func sysKill(t *Thread, c *call) (int64, errno) { return t.kill(c.i32(0), c.i32(1)) }

// kill sends to a process, a group, or all; ids that are not the guest's are the
// host's.
func (t *Thread) kill(pid, sig int) (int64, errno) {
	if sig < 0 || sig > signal.Last {
		return 0, abi.EINVAL
	}
	k := t.k
	switch {
	case pid == 0:
		return 0, t.killAll(k.inGroup(t.p.job.pgid), sig)
	case pid == -1:
		var others []*Process
		for _, p := range k.tasks.procs {
			if p != t.p && !p.exit.ended {
				others = append(others, p)
			}
		}
		return 0, t.killAll(others, sig)
	case pid < -1:
		if ps := k.inGroup(-pid); len(ps) != 0 {
			return 0, t.killAll(ps, sig)
		}
		if k.tasks.ever[-pid] || -pid == k.tasks.first.job.pgid || -pid == k.tasks.first.job.sid {
			return 0, abi.ESRCH
		}
		return 0, k.host.Kill(pid, sig)
	}
	if p := k.process(pid); p != nil {
		return 0, t.killAll([]*Process{p}, sig)
	}
	if o := k.thread(pid); o != nil {
		return 0, t.killAll([]*Process{o.p}, sig)
	}
	if k.tasks.ever[pid] || k.isEmulator(pid) {
		return 0, abi.ESRCH
	}
	return 0, k.host.Kill(pid, sig)
}

func (t *Thread) killAll(ps []*Process, sig int) errno {
	if len(ps) == 0 {
		return abi.ESRCH
	}
	for _, p := range ps {
		if sig != 0 {
			p.sendProcess(t.userInfo(sig, abi.SI_USER))
		}
	}
	return 0
}

func sysTkill(t *Thread, c *call) (int64, errno) {
	return t.tgkill(0, c.i32(0), c.i32(1), t.userInfo(c.i32(1), abi.SI_TKILL))
}

func sysTgkill(t *Thread, c *call) (int64, errno) {
	if c.i32(0) <= 0 {
		return 0, abi.EINVAL
	}
	return t.tgkill(c.i32(0), c.i32(1), c.i32(2), t.userInfo(c.i32(2), abi.SI_TKILL))
}

// tgkill sends to a thread, of the process tgid unless that is 0.
func (t *Thread) tgkill(tgid, tid, sig int, info abi.Siginfo) (int64, errno) {
	if tid <= 0 || sig < 0 || sig > signal.Last {
		return 0, abi.EINVAL
	}
	o := t.k.thread(tid)
	if o == nil || tgid != 0 && o.p.pid != tgid {
		return 0, abi.ESRCH
	}
	if sig != 0 {
		o.send(info, false)
	}
	return 0, 0
}

// queued reads the siginfo of a rt_sigqueueinfo call.
func (t *Thread) queued(sig int, a guest.Addr) (abi.Siginfo, errno) {
	var info abi.Siginfo
	e := t.load(a, &info)
	info.Signo = int32(sig)
	return info, e
}

func sysRtSigqueueinfo(t *Thread, c *call) (int64, errno) {
	info, e := t.queued(c.i32(1), c.addr(2))
	if e != 0 {
		return 0, e
	}
	return 0, t.queueOwn(t.k.process(c.i32(0)), info)
}

// queueOwn sends a signal whose siginfo the guest made: one that says that it is
// the kernel's or kill's goes to the guest itself only.
func (t *Thread) queueOwn(p *Process, info abi.Siginfo) errno {
	if (info.Code >= 0 || info.Code == abi.SI_TKILL) && p != t.p {
		return abi.EPERM
	}
	return t.queue(p, info)
}

// queue sends a signal to a process, which is nil if there is none.
func (t *Thread) queue(p *Process, info abi.Siginfo) errno {
	sig := int(info.Signo)
	switch {
	case p == nil:
		return abi.ESRCH
	case sig < 0 || sig > signal.Last:
		return abi.EINVAL
	case sig == 0:
		return 0
	case !t.mayQueue(sig):
		return abi.EAGAIN
	}
	p.sendProcess(info)
	return 0
}

func sysRtTgsigqueueinfo(t *Thread, c *call) (int64, errno) {
	info, e := t.queued(c.i32(2), c.addr(3))
	if e != 0 {
		return 0, e
	}
	if !t.mayQueue(c.i32(2)) {
		return 0, abi.EAGAIN
	}
	return t.tgkill(c.i32(0), c.i32(1), c.i32(2), info)
}

// uid is the user that the guest runs as.
func (k *Kernel) uid() uint32 { return uint32(k.host.ID(unix.SYS_GETUID)) }

package linux

import (
	"math/bits"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/abi/text"
	"panda/emu/linux/sigframe"
	"panda/emu/linux/signal"
)

// send gives a signal to one thread, to the process when shared is set.
func (t *Thread) send(info abi.Siginfo, shared bool) {
	p, sig := t.p, info.Signo
	if p.exit.ended {
		return
	}
	p.beforeSignal(sig)
	waiting := t.state == parked && t.wait.signals&signal.Bit(sig) != 0
	if p.signal.actions.Ignored(sig) && t.signal.mask&signal.Bit(sig) == 0 && !waiting {
		return
	}
	if shared {
		p.signal.pending.Add(info)
		for _, o := range p.threads {
			if o.notice(sig) {
				break
			}
		}
	} else {
		t.signal.pending.Add(info)
		t.notice(sig)
	}
	t.k.signalFiles()
}

// sendProcess gives a signal to a process.
func (p *Process) sendProcess(info abi.Siginfo) {
	if t := p.leader(); t != nil {
		t.send(info, true)
	}
}

// beforeSignal applies what stop and continue signals do before anything else.
func (p *Process) beforeSignal(sig int32) {
	switch {
	case sig == abi.SIGCONT:
		p.dropPending(signal.Stops)
		p.carryOn()
	case signal.Stops&signal.Bit(sig) != 0:
		p.dropPending(1 << (abi.SIGCONT - 1))
	case sig == abi.SIGKILL:
		p.job.stopped = false
		for _, t := range p.threads {
			t.untrace()
		}
	}
}

func (p *Process) dropPending(set uint64) {
	p.signal.pending.Drop(set)
	for _, t := range p.threads {
		t.signal.pending.Drop(set)
	}
}

// notice wakes the thread for a signal, if it can take it.
func (t *Thread) notice(sig int32) bool {
	switch {
	case t.state == parked && t.wait.signals&signal.Bit(sig) != 0:
		t.giveUp()
		t.wake()
	case t.signal.mask&signal.Bit(sig) != 0:
		return false
	default:
		t.interrupt()
	}
	return true
}

// force gives the running thread a signal that it cannot put off: one that it
// blocks or ignores kills it.
func (t *Thread) force(info abi.Siginfo) {
	act := &t.p.signal.actions[info.Signo]
	if t.signal.mask&signal.Bit(info.Signo) != 0 || act.Handler == abi.SIG_IGN {
		act.Handler = abi.SIG_DFL
		t.signal.mask &^= signal.Bit(info.Signo)
	}
	t.signal.pending.Add(info)
}

// deliverable are the signals that the thread would take now.
func (t *Thread) deliverable() uint64 {
	return (t.signal.pending.Set | t.p.signal.pending.Set) &^ t.signal.mask
}

// next takes the signal to deliver first: one that was held, faults, then the
// lowest number.
func (t *Thread) next(set uint64) abi.Siginfo {
	if f := t.signal.pending.Set & set & signal.Faults; f != 0 {
		set = f
	}
	if a := t.signal.allowed; a != 0 && t.signal.pending.Set&set&signal.Bit(a) != 0 {
		set = signal.Bit(a)
	}
	sig := int32(bits.TrailingZeros64(set) + 1)
	if t.signal.pending.Set&signal.Bit(sig) != 0 {
		return t.signal.pending.Take(sig)
	}
	return t.p.signal.pending.Take(sig)
}

// deliverSignals lets the running thread take its signals. A false result says
// that it does not run on.
func (t *Thread) deliverSignals() bool {
	for set := t.deliverable(); set != 0; set = t.deliverable() {
		info := t.next(set)
		switch t.judge(info) {
		case Hold:
			return false
		case Drop:
			continue
		}
		t.k.sched.happened++
		act := t.p.signal.actions[info.Signo]
		if t.k.tracer != nil {
			t.k.tracer.Line(t, text.FormatSignal(&info))
		}
		switch {
		case act.Handler == abi.SIG_IGN:
		case act.Handler != abi.SIG_DFL:
			t.handle(info, act)
		default:
			if !t.defaultAction(info) {
				return false
			}
		}
	}
	t.restartCall()
	if t.signal.restore {
		t.signal.mask, t.signal.restore = t.signal.oldMask, false
	}
	return true
}

// handle makes the thread run a handler.
func (t *Thread) handle(info abi.Siginfo, act abi.Sigaction) {
	t.endRestart(act)
	t.resumed = nil
	t.restartSequence()
	f := &sigframe.Frame{
		Info: info, Act: act, Mask: t.signal.mask, Stack: t.stackNow(), SP: guest.Addr(t.sp()),
		Trapno: t.signal.fault.trapno, Err: t.signal.fault.err, FaultAddr: t.signal.fault.addr,
	}
	if t.signal.restore {
		f.Mask, t.signal.restore = t.signal.oldMask, false
	}
	if act.Flags&abi.SA_ONSTACK != 0 && t.signal.stack.Flags&abi.SS_DISABLE == 0 && t.signal.stack.Size != 0 && !t.onStack() {
		f.SP, f.Switched = guest.Addr(t.signal.stack.SP+t.signal.stack.Size), true
	}
	if !t.p.abi.Frames.Push(t, f) {
		if info.Signo == abi.SIGSEGV {
			t.p.signal.actions[abi.SIGSEGV] = abi.Sigaction{}
		}
		t.force(abi.Siginfo{Signo: abi.SIGSEGV, Code: abi.SI_KERNEL})
		return
	}
	if act.Flags&abi.SA_RESETHAND != 0 {
		t.p.signal.actions[info.Signo].Handler = abi.SIG_DFL
	}
	if t.signal.stack.Flags&ssAutodisarm != 0 {
		t.signal.stack = abi.Stack{Flags: abi.SS_DISABLE}
	}
	t.signal.mask |= act.Mask
	if act.Flags&abi.SA_NODEFER == 0 {
		t.signal.mask |= signal.Bit(info.Signo)
	}
	t.signal.mask &^= signal.Unblockable
}

// onStack reports whether the thread runs on its alternate stack.
func (t *Thread) onStack() bool {
	sp := t.sp()
	return t.signal.stack.Flags&ssAutodisarm == 0 && sp > t.signal.stack.SP && sp-t.signal.stack.SP <= t.signal.stack.Size
}

// ssAutodisarm is SS_AUTODISARM.
const ssAutodisarm = -1 << 31

// stackNow is the alternate stack as sigaltstack reports it.
func (t *Thread) stackNow() abi.Stack {
	s := t.signal.stack
	switch {
	case s.Size == 0:
		s.Flags |= abi.SS_DISABLE
	case t.onStack():
		s.Flags |= abi.SS_ONSTACK
	}
	return s
}

// defaultAction does what a signal does without a handler. A false result says
// that the thread does not run on.
func (t *Thread) defaultAction(info abi.Siginfo) bool {
	sig := info.Signo
	switch signal.Default(sig) {
	case signal.Ignore, signal.Continue:
		return true
	case signal.Stop:
		t.p.stop(sig)
		return !t.p.job.stopped
	}
	t.reportDeath(info)
	status := int(sig)
	if signal.DumpCore&signal.Bit(sig) != 0 && t.p.rlimits[unix.RLIMIT_CORE].Cur != 0 {
		status |= 0x80
	}
	t.p.exitGroup(status)
	return false
}

// stop stops a process. The first process stops the emulator with it, so that the
// shell outside sees it. The signals of terminals stop nobody in a process group that
// nobody could continue.
func (p *Process) stop(sig int32) {
	switch {
	case sig != abi.SIGSTOP && p.k.orphaned(p.job.pgid):
		return
	case p.family.parent == nil && p == p.k.tasks.first:
		p.k.host.StopSelf()
		return
	}
	p.job.stopped = true
	p.job.stopStatus = int(sig)<<8 | 0x7f
	p.tellParent(abi.CLD_STOPPED, int(sig), p.parentIgnoresStops())
}

// carryOn continues a stopped process.
func (p *Process) carryOn() {
	if !p.job.stopped {
		return
	}
	p.job.stopped = false
	for _, t := range p.threads { // what it has not used counts as that of one who slept
		t.sched.vruntime = max(t.sched.vruntime, p.k.sched.floor-sleeperCredit)
	}
	p.job.stopStatus = 0xffff
	p.tellParent(abi.CLD_CONTINUED, abi.SIGCONT, p.parentIgnoresStops())
}

func (p *Process) parentIgnoresStops() bool {
	return p.family.parent == nil || p.family.parent.signal.actions[abi.SIGCHLD].Flags&abi.SA_NOCLDSTOP != 0
}

// tellParent sends SIGCHLD, unless quiet, and wakes who waits for the child.
func (p *Process) tellParent(code int32, status int, quiet bool) {
	if p.family.parent == nil {
		return
	}
	if !quiet && p.exit.signal != 0 {
		p.family.parent.sendProcess(abi.Siginfo{Signo: int32(p.exit.signal), Code: code, PID: int32(p.pid), UID: p.k.uid(), Status: int32(status)})
	}
	p.family.parent.wakeWaiting()
}

// wakeWaiting wakes the threads that wait for a child.
func (p *Process) wakeWaiting() {
	for _, t := range p.threads {
		if t.state == parked && t.wait.child {
			t.wake()
		}
	}
}

// hostSignal passes a signal to the emulator on to the guest: what a terminal
// sends goes to the foreground group, the rest to the first process.
func (k *Kernel) hostSignal(sig int) {
	info := abi.Siginfo{Signo: int32(sig), Code: abi.SI_USER}
	switch sig {
	case abi.SIGINT, abi.SIGQUIT, abi.SIGTSTP, abi.SIGWINCH:
		info.Code = abi.SI_KERNEL
		if ps := k.foreground(); len(ps) != 0 {
			for _, p := range ps {
				p.sendProcess(info)
			}
			return
		}
	}
	k.tasks.first.sendProcess(info)
}

// foreground are the processes that the terminal of the host sends signals to.
func (k *Kernel) foreground() []*Process {
	for _, x := range k.ttys {
		if x.host {
			return k.inGroup(x.fg)
		}
	}
	return k.inGroup(k.tasks.first.job.pgid)
}

// Restarting calls that a signal interrupted.

func restartable(e errno) bool {
	return e == abi.ERESTARTSYS || e == abi.ERESTARTNOINTR || e == abi.ERESTARTNOHAND || e == abi.ERESTART_RESTARTBLOCK
}

// prepareRestart notes that the call which just ended wants to be made again.
// What becomes of it is decided when signals are delivered.
func (t *Thread) prepareRestart(e errno) {
	t.call.abi.SetResult(t.Words(), -int64(abi.EINTR))
	t.call.interrupted = e
}

// endRestart decides when a handler runs.
func (t *Thread) endRestart(act abi.Sigaction) {
	switch e := t.call.interrupted; {
	case e == abi.ERESTARTNOINTR, e == abi.ERESTARTSYS && act.Flags&abi.SA_RESTART != 0:
		t.restartCall()
	}
	t.call.interrupted = 0
}

// restartCall steps back to the call instruction, when a call is left to restart.
func (t *Thread) restartCall() {
	if t.call.interrupted == 0 || t.call.active {
		return
	}
	c := &t.call
	switch {
	case c.interrupted == abi.ERESTART_RESTARTBLOCK:
		c.abi.Again(t.Words(), c.abi.Restart, c.first)
		t.resumed = &resumedCall{c.row, c.Args, c.deadline}
	case restartable(c.interrupted):
		c.abi.Again(t.Words(), c.Number, c.first)
	}
	c.interrupted = 0
}

// resumedCall is a call with a time that goes on with what is left of it: it is
// made again as restart_syscall.
type resumedCall struct {
	row      *row
	args     [6]uint64
	deadline int64
}

func sysRestartSyscall(t *Thread, c *call) (int64, errno) {
	r := t.resumed
	if r == nil {
		return 0, abi.EINTR
	}
	t.resumed = nil
	c.row, c.Args, c.deadline = r.row, r.args, r.deadline // when it is made again after a wait, it is that call
	return c.row.fn(t, c)
}

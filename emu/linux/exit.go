package linux

import (
	"slices"

	"panda/emu/event"
	"panda/emu/linux/abi"
)

func sysExit(t *Thread, c *call) (int64, errno) {
	t.callEnds()
	t.exit(c.i32(0) & 0xff << 8)
	return 0, blocked
}

func sysExitGroup(t *Thread, c *call) (int64, errno) {
	t.callEnds()
	t.p.exitGroup(c.i32(0) & 0xff << 8)
	return 0, blocked
}

// callEnds reports a call that does not return.
func (t *Thread) callEnds() {
	if t.call.event != nil {
		t.traceLeave(t.call.event)
	}
}

// exitGroup ends all threads of a process.
func (p *Process) exitGroup(status int) {
	if p.exit.begun {
		return
	}
	p.exit.begun = true
	for _, t := range slices.Clone(p.threads) {
		t.exit(status)
	}
}

// exit ends a thread; the last one ends its process.
func (t *Thread) exit(status int) {
	k, p := t.k, t.p
	t.giveUp()
	k.tracer.Ended(t, status)
	t.releaseRobust()
	if t.registered.clearTID != 0 && (p.mm.Refs > 1 || len(p.threads) > 1) {
		t.clearChildTID()
	}
	k.fireThread(event.ThreadExit, t, status)
	if len(p.threads) == 1 {
		k.fireExit(p, status)
	}
	t.files.unref(k)
	t.fs.unref(k)
	t.untrace()
	t.state, t.wait, t.call.active = dead, nil, false
	k.tasks.threads = remove(k.tasks.threads, t)
	k.sched.queue = remove(k.sched.queue, t)
	p.threads, p.exit.comm = remove(p.threads, t), t.comm
	if len(p.threads) == 0 {
		p.end(status)
	}
}

// clearChildTID does what CLONE_CHILD_CLEARTID asks for.
func (t *Thread) clearChildTID() {
	if t.putU32(t.registered.clearTID, 0) == 0 {
		t.k.wakeFutex(t.futexKey(t.registered.clearTID, true), 1, ^uint32(0))
		t.k.wakeFutex(t.futexKey(t.registered.clearTID, false), 1, ^uint32(0))
	}
	t.registered.clearTID = 0
}

// fireExit tells callbacks that a process ends, while its memory is there.
func (k *Kernel) fireExit(p *Process, status int) {
	k.fireProcess(event.ProcessExit, event.Process{PID: p.pid, Status: status})
}

// end makes a process without threads a zombie, or removes it when nobody will
// wait for it.
func (p *Process) end(status int) {
	k := p.k
	p.exit.ended, p.exit.begun, p.job.stopped, p.exit.status = true, true, false, status
	p.releaseParent()
	p.releaseTraced()
	k.leaderEnds(p)
	k.dropMM(p, false)
	k.dropTimers(p)
	p.orphan()
	for _, f := range p.pidfds {
		k.pidEnded(f)
	}
	if p == k.tasks.first {
		k.end.exited, k.end.status, k.end.signal = true, exitCode(status), status&0x7f
		k.end.lingerUntil = k.deadline(lingering)
	}
	unwanted := p.family.parent == nil || p.exit.signal == abi.SIGCHLD && p.family.parent.discardsChildren()
	code, value := endCode(status)
	p.tellParent(code, value, false)
	if unwanted {
		k.reap(p)
	}
}

// releaseParent lets go on the thread whose memory a vfork child used.
func (p *Process) releaseParent() {
	if t := p.family.vfork; t != nil {
		p.family.vfork = nil
		t.wake()
	}
}

// discardsChildren reports whether a process has said that it will not wait.
func (p *Process) discardsChildren() bool {
	act := p.signal.actions[abi.SIGCHLD]
	return act.Handler == abi.SIG_IGN || act.Flags&abi.SA_NOCLDWAIT != 0
}

// orphan gives the children to the nearest subreaper, or to nobody.
func (p *Process) orphan() {
	heir := p.family.parent
	for heir != nil && (!heir.family.subreaper || heir.exit.ended) {
		heir = heir.family.parent
	}
	for _, c := range p.family.children {
		if c.family.parent, c.family.ppid = heir, 1; heir != nil {
			heir.family.children = append(heir.family.children, c)
		}
		if !c.exit.ended {
			continue
		}
		if heir == nil {
			p.k.tasks.procs = remove(p.k.tasks.procs, c)
		} else {
			code, value := endCode(c.exit.status)
			c.tellParent(code, value, false)
		}
	}
	p.family.children = nil
}

// reap forgets an ended process.
func (k *Kernel) reap(p *Process) {
	k.tasks.procs = remove(k.tasks.procs, p)
	if p.family.parent != nil {
		p.family.parent.family.children = remove(p.family.parent.family.children, p)
	}
}

// endCode is a wait status as SIGCHLD's siginfo says it.
func endCode(status int) (code int32, value int) {
	switch {
	case status&0x7f == 0:
		return abi.CLD_EXITED, status >> 8 & 0xff
	case status&0x80 != 0:
		return abi.CLD_DUMPED, status & 0x7f
	}
	return abi.CLD_KILLED, status & 0x7f
}

// exitCode is a wait status as a shell says it.
func exitCode(status int) int {
	if sig := status & 0x7f; sig != 0 {
		return 128 + sig
	}
	return status >> 8 & 0xff
}

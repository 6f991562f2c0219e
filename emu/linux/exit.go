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
		t.k.tracer.leave(t, t.call.event)
	}
}

// exitGroup ends all threads of a process.
func (p *Process) exitGroup(status int) {
	if p.ending {
		return
	}
	p.ending = true
	for _, t := range slices.Clone(p.threads) {
		t.exit(status)
	}
}

// exit ends a thread; the last one ends its process.
func (t *Thread) exit(status int) {
	k, p := t.k, t.p
	t.giveUp()
	k.tracer.ended(t, status)
	t.releaseRobust()
	if t.clearTID != 0 && (p.mm.Refs > 1 || len(p.threads) > 1) {
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
	k.threads = remove(k.threads, t)
	k.runq = remove(k.runq, t)
	p.threads, p.comm = remove(p.threads, t), t.comm
	if len(p.threads) == 0 {
		p.end(status)
	}
}

// clearChildTID does what CLONE_CHILD_CLEARTID asks for.
func (t *Thread) clearChildTID() {
	if t.putU32(t.clearTID, 0) == 0 {
		t.k.futexes.Wake(t.futexKey(t.clearTID, true), 1, ^uint32(0))
		t.k.futexes.Wake(t.futexKey(t.clearTID, false), 1, ^uint32(0))
	}
	t.clearTID = 0
}

// fireExit tells callbacks that a process ends, while its memory is there.
func (k *Kernel) fireExit(p *Process, status int) {
	k.fireProcess(event.ProcessExit, event.Process{PID: p.pid, Status: status})
}

// end makes a process without threads a zombie, or removes it when nobody will
// wait for it.
func (p *Process) end(status int) {
	k := p.k
	p.ended, p.ending, p.stopped, p.status = true, true, false, status
	p.releaseParent()
	p.releaseTraced()
	k.leaderEnds(p)
	k.dropMM(p)
	k.dropTimers(p)
	p.orphan()
	for _, f := range p.pidfds {
		k.pidEnded(f)
	}
	if p == k.first {
		k.exited, k.exitStatus, k.killed = true, exitCode(status), status&0x7f
		k.lingerUntil = k.deadline(lingering)
	}
	unwanted := p.parent == nil || p.exitSignal == abi.SIGCHLD && p.parent.discardsChildren()
	code, value := endCode(status)
	p.tellParent(code, value, false)
	if unwanted {
		k.reap(p)
	}
}

// releaseParent lets go on the thread whose memory a vfork child used.
func (p *Process) releaseParent() {
	if t := p.vfork; t != nil {
		p.vfork = nil
		t.wake()
	}
}

// discardsChildren reports whether a process has said that it will not wait.
func (p *Process) discardsChildren() bool {
	act := p.actions[abi.SIGCHLD]
	return act.Handler == abi.SIG_IGN || act.Flags&abi.SA_NOCLDWAIT != 0
}

// orphan gives the children to the nearest subreaper, or to nobody.
func (p *Process) orphan() {
	heir := p.parent
	for heir != nil && (!heir.subreaper || heir.ended) {
		heir = heir.parent
	}
	for _, c := range p.children {
		if c.parent, c.ppid = heir, 1; heir != nil {
			heir.children = append(heir.children, c)
		}
		if !c.ended {
			continue
		}
		if heir == nil {
			p.k.procs = remove(p.k.procs, c)
		} else {
			code, value := endCode(c.status)
			c.tellParent(code, value, false)
		}
	}
	p.children = nil
}

// reap forgets an ended process.
func (k *Kernel) reap(p *Process) {
	k.procs = remove(k.procs, p)
	if p.parent != nil {
		p.parent.children = remove(p.parent.children, p)
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

package linux

import (
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/signal"
)

// cloneArgs is what fork, vfork, clone and clone3 come down to.
type cloneArgs struct {
	flags      uint64
	exitSignal int
	stack      uint64 // top of the child's stack, 0 for the parent's
	stackSize  uint64 // 0 when it is not told
	parentTID  guest.Addr
	childTID   guest.Addr
	pidFD      guest.Addr
	tls        uint64
	setTID     uint64
}

func sysFork(t *Thread, _ *call) (int64, errno) {
	return t.clone(cloneArgs{exitSignal: abi.SIGCHLD})
}

func sysVfork(t *Thread, _ *call) (int64, errno) {
	return t.clone(cloneArgs{flags: abi.CLONE_VM | abi.CLONE_VFORK, exitSignal: abi.SIGCHLD})
}

// sysClone32 is clone of i386, where the last two arguments are exchanged.
func sysClone32(t *Thread, c *call) (int64, errno) {
	c.Args[3], c.Args[4] = c.Args[4], c.Args[3]
	n, e := sysClone(t, c)
	c.Args[3], c.Args[4] = c.Args[4], c.Args[3] // it may be made again
	return n, e
}

func sysClone(t *Thread, c *call) (int64, errno) {
	a := cloneArgs{
		flags: c.Args[0] &^ abi.CSIGNAL, exitSignal: int(c.Args[0] & abi.CSIGNAL), stack: c.Args[1],
		parentTID: c.addr(2), childTID: c.addr(3), tls: c.Args[4], pidFD: c.addr(2),
	}
	if a.flags&abi.CLONE_PIDFD != 0 && a.flags&abi.CLONE_PARENT_SETTID != 0 {
		return 0, abi.EINVAL
	}
	return t.clone(a)
}

func sysClone3(t *Thread, c *call) (int64, errno) {
	size := c.Args[1]
	if size < abi.CloneArgsSizeVer0 {
		return 0, abi.EINVAL
	}
	if size > 4096 {
		return 0, abi.E2BIG
	}
	b := make([]byte, max(size, abi.CloneArgsSizeVer2))
	if e := t.copyIn(c.addr(0), b[:size]); e != 0 {
		return 0, e
	}
	for _, extra := range b[abi.CloneArgsSizeVer2:] {
		if extra != 0 {
			return 0, abi.E2BIG
		}
	}
	var v abi.CloneArgs
	t.lay().Get(b, &v)
	if v.Flags&(abi.CSIGNAL|abi.CLONE_DETACHED) != 0 || v.ExitSignal > signal.Last || (v.Stack == 0) != (v.StackSize == 0) {
		return 0, abi.EINVAL
	}
	a := cloneArgs{
		flags: v.Flags, exitSignal: int(v.ExitSignal), parentTID: guest.Addr(v.ParentTID), childTID: guest.Addr(v.ChildTID),
		pidFD: guest.Addr(v.PidFD), tls: v.TLS, setTID: v.SetTIDSize,
	}
	if v.Stack != 0 {
		a.stack, a.stackSize = v.Stack+v.StackSize, v.StackSize
	}
	return t.clone(a)
}

// newNamespaces need rights that the emulator does not hand out.
const newNamespaces = abi.CLONE_NEWNS | abi.CLONE_NEWUTS | abi.CLONE_NEWIPC | abi.CLONE_NEWUSER | abi.CLONE_NEWPID |
	abi.CLONE_NEWNET | abi.CLONE_NEWCGROUP

func (a *cloneArgs) check() errno {
	f := a.flags
	switch {
	case f&newNamespaces != 0:
		return abi.EPERM
	case a.setTID != 0:
		return abi.EPERM
	case f&abi.CLONE_THREAD != 0 && f&abi.CLONE_SIGHAND == 0, f&abi.CLONE_SIGHAND != 0 && f&abi.CLONE_VM == 0,
		f&abi.CLONE_CLEAR_SIGHAND != 0 && f&abi.CLONE_SIGHAND != 0:
		return abi.EINVAL
	}
	return 0
}

// clone makes a thread or a process. A caller that lends its memory until the
// child ends or executes (vfork) is parked, and its call is finished when it is
// woken.
func (t *Thread) clone(a cloneArgs) (int64, errno) {
	if id := t.call.state.child; id != 0 {
		return int64(id), 0
	}
	if e := a.check(); e != 0 {
		return 0, e
	}
	if !t.mayFork() {
		return 0, abi.EAGAIN
	}
	child, e := t.newThread(&a)
	if e != 0 {
		return 0, e
	}
	child.state = ready
	t.k.tasks.threads = append(t.k.tasks.threads, child)
	child.sched.vruntime = t.sched.vruntime
	t.k.enqueue(child)
	if child.p != t.p {
		t.k.fireProcess(event.ProcessFork, event.Process{PID: child.p.pid, Parent: t.p.pid})
	}
	t.k.fireThread(event.ThreadStart, child, 0)
	id := int64(child.tid)
	if a.flags&abi.CLONE_VFORK != 0 {
		child.p.family.vfork = t
		t.call.state.child = child.tid
		return id, t.parkHard()
	}
	return id, 0
}

// parkHard waits for something that signals do not interrupt.
func (t *Thread) parkHard() errno {
	t.wait, t.state = &wait{hard: true}, parked
	return blocked
}

func (t *Thread) newThread(a *cloneArgs) (*Thread, errno) {
	k := t.k
	child := &Thread{k: k, tid: k.newID(), comm: t.comm, regs: k.newRegs(), own: t.ownStack(a), sched: threadSched{started: k.host.Now()}}
	child.work.paths = child.newPaths()
	child.signal.mask, child.signal.fault = t.signal.mask, t.signal.fault
	if t.signal.restore {
		child.signal.mask = t.signal.oldMask
	}
	copy(child.regs, k.cpu.W[:])
	child.regs[t.call.abi.Regs.Ret] = 0
	if a.stack != 0 {
		child.regs[k.cpu.Machine.Arch.SP] = a.stack
	}
	if a.flags&abi.CLONE_SETTLS != 0 {
		if e := t.call.abi.SetTLS(t, child, a.tls); e != 0 {
			return nil, e
		}
	}
	if a.flags&abi.CLONE_VM == 0 {
		child.registered.rseq = t.registered.rseq
	}
	if a.flags&abi.CLONE_VM == 0 || a.flags&abi.CLONE_VFORK != 0 {
		child.signal.stack = t.signal.stack
	}
	if e := t.joinProcess(child, a); e != 0 {
		return nil, e
	}
	t.shareFiles(child, a)
	if e := t.setIDs(child, a); e != 0 {
		return nil, e
	}
	child.p.threads = append(child.p.threads, child)
	return child, 0
}

// joinProcess puts the child into its parent's process or into a new one.
func (t *Thread) joinProcess(child *Thread, a *cloneArgs) errno {
	if a.flags&abi.CLONE_THREAD != 0 {
		child.p = t.p
		return 0
	}
	k, from := t.k, t.p
	p := &Process{
		k: k, pid: child.tid, abi: from.abi, rlimits: from.rlimits, creds: from.creds, dump: from.dump, oomAdj: from.oomAdj, persona: from.persona,
		job: job{pgid: from.job.pgid, sid: from.job.sid}, exit: exitState{signal: a.exitSignal},
	}
	p.limitTime()
	p.family.parent, p.family.ppid = from, from.pid
	if a.flags&abi.CLONE_PARENT != 0 {
		p.family.parent, p.family.ppid, p.exit.signal = from.family.parent, from.family.ppid, from.exit.signal
	}
	if a.flags&abi.CLONE_VM != 0 {
		p.mm = from.mm
		p.mm.Refs++
	} else {
		m, err := from.mm.Clone(k.newASID(p.pid))
		if err != nil {
			k.log.Info("fork", "pid", from.pid, "err", err)
			return hostErrno(err)
		}
		p.mm = m
	}
	p.signal.actions = from.signal.actions
	if a.flags&abi.CLONE_SIGHAND == 0 {
		own := *from.signal.actions
		if a.flags&abi.CLONE_CLEAR_SIGHAND != 0 {
			own.Reset()
		}
		p.signal.actions = &own
	}
	if p.family.parent != nil {
		p.family.parent.family.children = append(p.family.parent.family.children, p)
	}
	k.tasks.procs = append(k.tasks.procs, p)
	child.p = p
	return 0
}

func (t *Thread) shareFiles(child *Thread, a *cloneArgs) {
	if a.flags&abi.CLONE_FILES != 0 {
		child.files = t.files
		child.files.refs++
	} else {
		child.files = t.files.clone()
	}
	if a.flags&abi.CLONE_FS != 0 {
		child.fs = t.fs
		child.fs.refs++
	} else {
		child.fs = t.fs.clone(t.k)
	}
}

// setIDs stores the child's id where the caller wants it.
func (t *Thread) setIDs(child *Thread, a *cloneArgs) errno {
	if a.flags&abi.CLONE_PARENT_SETTID != 0 {
		t.putU32(a.parentTID, uint32(child.tid))
	}
	if a.flags&abi.CLONE_CHILD_SETTID != 0 {
		child.putU32(a.childTID, uint32(child.tid))
	}
	if a.flags&abi.CLONE_CHILD_CLEARTID != 0 {
		child.registered.clearTID = a.childTID
	}
	if a.flags&abi.CLONE_PIDFD == 0 {
		return 0
	}
	f, e := t.k.pidFile(child.p, 0)
	if e != 0 {
		return 0 // the child is there; a descriptor it must do without
	}
	fd, e := t.install(f, true)
	if e == 0 {
		t.putU32(a.pidFD, uint32(fd))
	}
	return 0
}

func sysSetTidAddress(t *Thread, c *call) (int64, errno) {
	t.registered.clearTID = c.addr(0)
	return int64(t.tid), 0
}

func sysUnshare(t *Thread, c *call) (int64, errno) {
	flags := c.Args[0]
	if flags&newNamespaces != 0 {
		return 0, abi.EPERM
	}
	if flags&abi.CLONE_FILES != 0 && t.files.refs > 1 {
		own := t.files.clone()
		t.files.unref(t.k)
		t.files = own
	}
	if flags&abi.CLONE_FS != 0 && t.fs.refs > 1 {
		own := t.fs.clone(t.k)
		t.fs.unref(t.k)
		t.fs = own
	}
	return 0, 0
}

package linux

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// The options that are spelt with underscores.
const (
	waitNoThread = 0x20000000
	waitAll      = 0x40000000
	waitClone    = 0x80000000
)

// waitReq is a call that waits for children.
type waitReq struct {
	match   func(p *Process) bool
	options uint64
}

// waited is a child that changed.
type waited struct {
	p      *Process
	status int
}

func sysWait4(t *Thread, c *call) (int64, errno) {
	const known = abi.WNOHANG | abi.WUNTRACED | abi.WCONTINUED | waitNoThread | waitAll | waitClone
	options := uint64(c.u32(2))
	if options&^known != 0 {
		return 0, abi.EINVAL
	}
	if of, known := t.tracedStop(c.i32(0)); of != nil {
		of.tracing.told = true
		return int64(of.tid), t.putStatus(c.addr(1), traceStop)
	} else if known && c.i32(0) > 0 && options&abi.WNOHANG == 0 {
		return 0, t.park(wait{child: true, interrupted: abi.ERESTARTSYS})
	}
	got, e := t.waitChild(waitReq{t.matchPID(c.i32(0)), options | abi.WEXITED})
	if e != 0 || got.p == nil {
		return 0, e
	}
	if e := t.putStatus(c.addr(1), got.status); e != 0 {
		return 0, e
	}
	return int64(got.p.pid), t.storeIf(c.addr(3), usageOf(got.p))
}

// putStatus stores how a child has changed, if the caller wants to know.
func (t *Thread) putStatus(a guest.Addr, status int) errno {
	if a == 0 {
		return 0
	}
	return t.putU32(a, uint32(status))
}

// matchPID is the meaning of wait4's first argument.
func (t *Thread) matchPID(pid int) func(p *Process) bool {
	switch {
	case pid > 0:
		return func(p *Process) bool { return p.pid == pid }
	case pid == 0:
		pgid := t.p.job.pgid
		return func(p *Process) bool { return p.job.pgid == pgid }
	case pid == -1:
		return func(*Process) bool { return true }
	}
	return func(p *Process) bool { return p.job.pgid == -pid }
}

func sysWaitid(t *Thread, c *call) (int64, errno) {
	const changes = abi.WEXITED | abi.WSTOPPED | abi.WCONTINUED
	const known = changes | abi.WNOHANG | abi.WNOWAIT | waitNoThread | waitAll | waitClone
	r := waitReq{options: uint64(c.u32(3))}
	if r.options&^known != 0 || r.options&changes == 0 {
		return 0, abi.EINVAL
	}
	var e errno
	if r.match, e = t.matchID(c.i32(0), c.i32(1)); e != 0 {
		return 0, e
	}
	got, e := t.waitChild(r)
	if e != 0 {
		return 0, e
	}
	var info abi.Siginfo
	if got.p != nil {
		info = abi.Siginfo{Signo: abi.SIGCHLD, PID: int32(got.p.pid), UID: t.k.uid()}
		var value int
		info.Code, value = changeCode(got.status)
		info.Status = int32(value)
	}
	if e := t.storeIf(c.addr(2), &info); e != 0 {
		return 0, e
	}
	if got.p == nil {
		return 0, 0
	}
	return 0, t.storeIf(c.addr(4), usageOf(got.p))
}

func (t *Thread) matchID(idtype, id int) (func(p *Process) bool, errno) {
	switch idtype {
	case abi.P_ALL:
		return t.matchPID(-1), 0
	case abi.P_PID:
		if id <= 0 {
			return nil, abi.EINVAL
		}
		return t.matchPID(id), 0
	case abi.P_PGID:
		return t.matchPID(-id), 0
	case abi.P_PIDFD:
		f, e := t.file(id)
		if e != 0 {
			return nil, e
		}
		if f.process == nil {
			return nil, abi.EBADF
		}
		return func(p *Process) bool { return p == f.process }, 0
	}
	return nil, abi.EINVAL
}

// changeCode is endCode with stops and continuations.
func changeCode(status int) (code int32, value int) {
	switch {
	case status == 0xffff:
		return abi.CLD_CONTINUED, abi.SIGCONT
	case status&0xff == 0x7f:
		return abi.CLD_STOPPED, status >> 8 & 0xff
	}
	return endCode(status)
}

// waitChild finds a child that changed, or waits for one. Without a change and
// with WNOHANG the process is nil.
func (t *Thread) waitChild(r waitReq) (waited, errno) {
	any := false
	for _, p := range slices.Clone(t.p.family.children) {
		if !r.match(p) || !r.takes(p) {
			continue
		}
		any = true
		if status, ok := t.change(p, r.options); ok {
			return waited{p, status}, 0
		}
	}
	switch {
	case !any:
		return waited{}, abi.ECHILD
	case r.options&abi.WNOHANG != 0:
		return waited{}, 0
	}
	return waited{}, t.park(wait{child: true, interrupted: abi.ERESTARTSYS})
}

// takes applies __WCLONE and __WALL: children that end with another signal than
// SIGCHLD are waited for only when asked.
func (r *waitReq) takes(p *Process) bool {
	clone := p.exit.signal != abi.SIGCHLD
	return r.options&waitAll != 0 || clone == (r.options&waitClone != 0)
}

// change takes what changed about a child.
func (t *Thread) change(p *Process, options uint64) (status int, ok bool) {
	keep := options&abi.WNOWAIT != 0
	if p.exit.ended {
		if options&abi.WEXITED == 0 {
			return 0, false
		}
		if !keep {
			t.p.usage.children += p.usage.own + p.usage.children
			t.k.reap(p)
		}
		return p.exit.status, true
	}
	want := uint64(abi.WSTOPPED)
	if p.job.stopStatus == 0xffff {
		want = abi.WCONTINUED
	}
	if p.job.stopStatus == 0 || options&want == 0 {
		return 0, false
	}
	status = p.job.stopStatus
	if !keep {
		p.job.stopStatus = 0
	}
	return status, true
}

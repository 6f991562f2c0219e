package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

func sysGetpid(t *Thread, _ *call) (int64, errno)  { return int64(t.p.pid), 0 }
func sysGettid(t *Thread, _ *call) (int64, errno)  { return int64(t.tid), 0 }
func sysGetppid(t *Thread, _ *call) (int64, errno) { return int64(t.p.parentID()), 0 }
func sysGetpgrp(t *Thread, _ *call) (int64, errno) { return int64(t.p.job.pgid), 0 }

// about finds the process that an id argument names, 0 meaning the caller.
func (t *Thread) about(pid int) (*Process, errno) {
	if pid == 0 {
		return t.p, 0
	}
	if p := t.k.process(pid); p != nil {
		return p, 0
	}
	if o := t.k.thread(pid); o != nil {
		return o.p, 0
	}
	return nil, abi.ESRCH
}

func sysGetpgid(t *Thread, c *call) (int64, errno) {
	p, e := t.about(c.i32(0))
	if e != 0 {
		if t.k.tasks.ever[c.i32(0)] {
			return 0, e
		}
		n, e := t.k.host.Getpgid(c.i32(0))
		return int64(n), e
	}
	return int64(p.job.pgid), 0
}

func sysGetsid(t *Thread, c *call) (int64, errno) {
	p, e := t.about(c.i32(0))
	if e != 0 {
		return 0, e
	}
	return int64(p.job.sid), 0
}

func sysSetpgid(t *Thread, c *call) (int64, errno) {
	p, e := t.about(c.i32(0))
	if e != 0 {
		return 0, e
	}
	pgid := c.i32(1)
	switch {
	case pgid < 0:
		return 0, abi.EINVAL
	case p != t.p && p.family.parent != t.p:
		return 0, abi.ESRCH
	case p != t.p && p.family.execed:
		return 0, abi.EACCES
	case p.job.sid == p.pid || p.job.sid != t.p.job.sid:
		return 0, abi.EPERM
	}
	if pgid == 0 {
		pgid = p.pid
	}
	if pgid != p.pid {
		members := t.k.inGroup(pgid)
		if len(members) == 0 || members[0].job.sid != p.job.sid {
			return 0, abi.EPERM
		}
	}
	p.job.pgid = pgid
	return 0, 0
}

func sysSetsid(t *Thread, _ *call) (int64, errno) {
	if t.p.job.pgid == t.p.pid || len(t.k.inGroup(t.p.pid)) != 0 {
		return 0, abi.EPERM
	}
	t.p.job.sid, t.p.job.pgid = t.p.pid, t.p.pid
	return int64(t.p.job.sid), 0
}

// prctls are the commands of prctl. What is only stored, or means nothing here,
// succeeds.
var prctls = map[int]func(t *Thread, c *call) (int64, errno){
	unix.PR_SET_NAME: prctlSetName,
	unix.PR_GET_NAME: func(t *Thread, c *call) (int64, errno) {
		return 0, t.copyOut(c.addr(1), append([]byte(t.comm), make([]byte, 16-len(t.comm))...))
	},
	unix.PR_GET_DUMPABLE:        func(t *Thread, _ *call) (int64, errno) { return int64(t.p.dump.able), 0 },
	unix.PR_SET_DUMPABLE:        prctlSetDumpable,
	unix.PR_SET_CHILD_SUBREAPER: func(t *Thread, c *call) (int64, errno) { t.p.family.subreaper = c.Args[1] != 0; return 0, 0 },
	unix.PR_GET_CHILD_SUBREAPER: prctlGetSubreaper,
	unix.PR_SET_PDEATHSIG:       sysZero,
	unix.PR_GET_PDEATHSIG:       func(t *Thread, c *call) (int64, errno) { return 0, t.putU32(c.addr(1), 0) },
	unix.PR_SET_NO_NEW_PRIVS:    sysZero,
	unix.PR_GET_NO_NEW_PRIVS:    sysZero,
	unix.PR_SET_KEEPCAPS:        sysZero,
	unix.PR_GET_KEEPCAPS:        sysZero,
	unix.PR_SET_TIMERSLACK:      sysZero,
	unix.PR_GET_TIMERSLACK:      func(*Thread, *call) (int64, errno) { return 50000, 0 },
	unix.PR_SET_PTRACER:         sysZero,
	unix.PR_GET_SECCOMP:         sysZero,
	unix.PR_CAPBSET_READ:        func(*Thread, *call) (int64, errno) { return 1, 0 },
	unix.PR_CAPBSET_DROP:        sysZero,
	unix.PR_SET_THP_DISABLE:     sysZero,
	unix.PR_GET_THP_DISABLE:     sysZero,
	unix.PR_SET_VMA:             prctlSetVMA,
}

func sysPrctl(t *Thread, c *call) (int64, errno) {
	do := prctls[c.i32(0)]
	if do == nil {
		return 0, abi.EINVAL
	}
	return do(t, c)
}

func prctlSetName(t *Thread, c *call) (int64, errno) {
	name, e := t.str(c.addr(1), maxComm)
	if e == abi.ENAMETOOLONG { // it is cut off
		var b []byte
		b, e = t.mem(c.addr(1), maxComm)
		name = string(b)
	}
	if e != 0 {
		return 0, e
	}
	t.comm = comm(name)
	t.k.cpu.Machine.Comm = t.comm
	return 0, 0
}

func prctlSetDumpable(t *Thread, c *call) (int64, errno) {
	if c.Args[1] > 1 {
		return 0, abi.EINVAL
	}
	t.p.dump.able = int(c.Args[1])
	return 0, 0
}

func prctlGetSubreaper(t *Thread, c *call) (int64, errno) {
	v := uint32(0)
	if t.p.family.subreaper {
		v = 1
	}
	return 0, t.putU32(c.addr(1), v)
}

// prctlSetVMA names anonymous memory, for /proc/PID/maps.
func prctlSetVMA(t *Thread, c *call) (int64, errno) {
	const anonName = 0
	if c.Args[1] != anonName {
		return 0, abi.EINVAL
	}
	name := ""
	if a := c.addr(4); a != 0 {
		s, e := t.str(a, 80)
		if e != 0 {
			return 0, e
		}
		name = "[anon:" + s + "]"
	}
	a, size := c.addr(2), c.Args[3]
	if a%4096 != 0 || size%4096 != 0 || size == 0 || !t.p.mm.Space.Mapped(a, size) {
		return 0, abi.EINVAL
	}
	t.p.mm.Space.SetName(a, size, name)
	return 0, 0
}

func sysGetrlimit(t *Thread, c *call) (int64, errno) {
	if c.i32(0) < 0 || c.i32(0) >= numRlimits {
		return 0, abi.EINVAL
	}
	r := abi.Rlimit(t.p.rlimits[c.i32(0)])
	return 0, t.store(c.addr(1), &r)
}

func sysSetrlimit(t *Thread, c *call) (int64, errno) {
	var r abi.Rlimit
	if e := t.load(c.addr(1), &r); e != 0 {
		return 0, e
	}
	return 0, t.p.setLimit(c.i32(0), abi.Rlimit64(r))
}

func (p *Process) setLimit(res int, r abi.Rlimit64) errno {
	switch {
	case res < 0 || res >= numRlimits || r.Cur > r.Max:
		return abi.EINVAL
	case r.Max > p.rlimits[res].Max && !p.creds.Privileged(), res == unix.RLIMIT_NOFILE && r.Max > p.k.maxFiles():
		return abi.EPERM
	}
	p.rlimits[res] = r
	if res == unix.RLIMIT_CPU {
		p.limitTime()
	}
	return 0
}

func sysPrlimit64(t *Thread, c *call) (int64, errno) {
	p, e := t.about(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if c.i32(1) < 0 || c.i32(1) >= numRlimits {
		return 0, abi.EINVAL
	}
	old := p.rlimits[c.i32(1)]
	if a := c.addr(2); a != 0 {
		var r abi.Rlimit64
		if e := t.load(a, &r); e != 0 {
			return 0, e
		}
		if e := p.setLimit(c.i32(1), r); e != 0 {
			return 0, e
		}
	}
	return 0, t.storeIf(c.addr(3), &old)
}

func sysGetpriority(t *Thread, c *call) (int64, errno) {
	n, e := t.k.host.Getpriority(c.i32(0), 0)
	return int64(n), e
}

// sysSetpriority changes nothing: the guest's threads take turns.
func sysSetpriority(t *Thread, c *call) (int64, errno) {
	if c.i32(0) < 0 || c.i32(0) > 2 {
		return 0, abi.EINVAL
	}
	return 0, 0
}

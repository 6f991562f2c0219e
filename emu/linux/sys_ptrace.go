package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// Of ptrace there is what a program needs that stops the threads of another one, looks
// at them and lets them go on: leak checkers do so with their own process. A thread
// that is attached to stops where it is, between two instructions or within a call,
// which goes on when the tracer has let go.

// tracing is what a thread has of a tracer.
type tracing struct {
	by   *Process // nil for none
	told bool     // the tracer knows that it stopped
}

// traceStop is the status of a traced thread, as wait tells it.
const traceStop = abi.SIGSTOP<<8 | 0x7f

// noteStatus is the register set of NT_PRSTATUS (linux/elf.h).
const noteStatus = 1

// ptraces are the requests.
var ptraces = map[int]func(t, of *Thread, c *call) (int64, errno){
	abi.PTRACE_DETACH:    ptraceDetach,
	abi.PTRACE_GETREGS:   ptraceGetregs,
	abi.PTRACE_GETREGSET: ptraceGetregset,
	abi.PTRACE_PEEKTEXT:  ptracePeek,
	abi.PTRACE_PEEKDATA:  ptracePeek,
}

func sysPtrace(t *Thread, c *call) (int64, errno) {
	request := c.i32(0)
	if request == abi.PTRACE_ATTACH {
		return 0, t.attach(t.k.thread(c.i32(1)))
	}
	do := ptraces[request]
	if do == nil {
		return 0, abi.ENOSYS // by intent: programs that look whether they are traced go on
	}
	of := t.k.thread(c.i32(1))
	if of == nil || of.tracing.by != t.p {
		return 0, abi.ESRCH
	}
	return do(t, of, c)
}

// attach stops a thread of another process.
func (t *Thread) attach(of *Thread) errno {
	switch {
	case of == nil || of.state == dead:
		return abi.ESRCH
	case of.p == t.p || of.tracing.by != nil:
		return abi.EPERM
	}
	of.tracing = tracing{by: t.p}
	return 0
}

func ptraceDetach(_, of *Thread, c *call) (int64, errno) {
	if sig := c.Args[3]; sig > abi.NSIG {
		return 0, abi.EIO
	} else if sig != 0 {
		of.send(of.userInfo(int(sig), abi.SI_USER), true)
	}
	of.untrace()
	return 0, 0
}

func ptraceGetregs(t, of *Thread, c *call) (int64, errno) {
	regs := of.p.abi.userRegs(of)
	if regs == nil {
		return 0, abi.EIO
	}
	return 0, t.copyOut(c.addr(3), regs)
}

func ptraceGetregset(t, of *Thread, c *call) (int64, errno) {
	var iov abi.Iovec
	at := c.addr(3)
	if e := t.load(at, &iov); e != 0 {
		return 0, e
	}
	regs := of.p.abi.userRegs(of)
	if c.Args[2] != noteStatus || regs == nil || iov.Len%uint64(of.p.abi.word()) != 0 {
		return 0, abi.EINVAL
	}
	regs = regs[:min(uint64(len(regs)), iov.Len)]
	if e := t.copyOut(guest.Addr(iov.Base), regs); e != 0 {
		return 0, e
	}
	iov.Len = uint64(len(regs))
	return 0, t.store(at, &iov)
}

func ptracePeek(t, of *Thread, c *call) (int64, errno) {
	word := make([]byte, t.p.abi.word())
	if of.p.mm.Space.Read(c.addr(2), word) != nil {
		return 0, abi.EIO
	}
	return 0, t.copyOut(c.addr(3), word)
}

// userRegs are the registers of a thread that is not on the CPU, as debuggers see
// them; nil where the architecture does not say.
func (a *ABI) userRegs(of *Thread) []byte {
	if a.UserRegs == nil {
		return nil
	}
	number := ^uint64(0) // in no call
	if of.call.active {
		number = uint64(of.call.Number)
	}
	var w Words
	copy(w[:], of.regs)
	return a.UserRegs(&w, number)
}

// tracedStop is a thread of the given id, any for -1, that has stopped for the calling
// process. known tells whether there is one, stopped or not.
func (t *Thread) tracedStop(tid int) (of *Thread, known bool) {
	for _, o := range t.k.tasks.threads {
		if o.tracing.by != t.p || tid != -1 && o.tid != tid {
			continue
		}
		if known = true; !o.tracing.told {
			return o, true
		}
	}
	return nil, known
}

// untrace lets a thread go on, or go. Its tracer may wait for it in vain.
func (t *Thread) untrace() {
	by := t.tracing.by
	if t.tracing = (tracing{}); by == nil {
		return
	}
	by.wakeWaiting()
}

// releaseTraced lets go on what a process that has ended has traced.
func (p *Process) releaseTraced() {
	for _, o := range p.k.tasks.threads {
		if o.tracing.by == p {
			o.untrace()
		}
	}
}

// tracer is the id of the process that traces a thread, 0 for none.
func (t *Thread) tracer() int {
	if t.tracing.by == nil {
		return 0
	}
	return t.tracing.by.pid
}

package linux

import (
	"errors"
	"runtime"
	"runtime/debug"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// call is a system call in progress. A call that parks its thread is made again
// from its start; what it must remember is here.
type call struct {
	active   bool
	abi      *ABI // of the instruction that made the call
	Number   int
	first    uint64    // what the register of the first argument held
	regs     [6]uint64 // as the guest passed the arguments
	Args     [6]uint64 // as the functions expect them
	info     *abi.Call // nil for an unknown number
	row      *row      // nil when there is no function for it
	event    *event.Syscall
	swallow  bool
	deadline int64 // of the host's monotonic clock, 0 while not set
	progress int64 // bytes done before it parked
	state    callState
	woken    bool // by the one it waits for, not by a timeout
	left     timeLeft
	// interrupted is set when a signal ended the wait.
	interrupted errno
	// replaced says that the registers are not those of the caller any more:
	// execve and sigreturn set no result.
	replaced bool
}

// enterCall begins the call that the registers describe, in one of the ABIs. entry is
// what belongs to its number.
func (t *Thread) enterCall(a *ABI, entry *callEntry) {
	w := t.Words()
	mask := ^uint64(0) >> (64 - 8*a.word()) // of a register
	c := &t.call
	*c = call{active: true, abi: a, Number: a.number(w), first: w[a.Regs.Args[0]]}
	for i, r := range a.Regs.Args {
		c.regs[i] = w[r] & mask
	}
	if entry != nil {
		if c.info, c.row = entry.info, entry.row; entry.frame {
			c.regs[0] = t.sp()
		}
	}
	if a.word() == 4 {
		t.unpack()
	}
	if t.announce() {
		c.Args = c.regs
		if a.word() == 4 {
			c.spread()
		}
		t.continueCall()
	}
}

// announce fires the events before a call. A false result means that there is
// nothing to call: a callback moved the thread elsewhere.
func (t *Thread) announce() bool {
	k, c := t.k, &t.call
	if k.tracer == nil && !k.callsWatched() {
		return true
	}
	c.event = t.newEvent()
	before := t.pc()
	k.fireCall(event.UserBeforeSyscall, c.event)
	c.swallow = k.fireCall(event.SyscallEnter, c.event)
	c.regs = c.event.Args
	t.traceEnter()
	if t.pc() != before {
		c.active = false
	}
	return c.active
}

// fireCall tells callbacks of a system call and reports whether one of them took
// it.
func (k *Kernel) fireCall(kind event.Kind, s *event.Syscall) (taken bool) {
	return k.bus.Fire(kind, &event.Env{CPU: k.cpu, PC: k.cpu.PC(), Call: s})
}

func (k *Kernel) callsWatched() bool {
	return k.bus.Watched(event.UserBeforeSyscall) || k.bus.Watched(event.UserAfterSyscall) ||
		k.bus.Watched(event.SyscallEnter) || k.bus.Watched(event.SyscallLeave)
}

// continueCall makes the call, or makes it again after a wait. A false result
// means that the thread waits or is gone.
func (t *Thread) continueCall() bool {
	c, k := &t.call, t.k
	var ret int64
	var e errno
	switch {
	case c.swallow:
		ret = c.event.Ret
	case c.interrupted != 0:
		if e = c.interrupted; c.progress > 0 {
			ret, e = c.progress, 0
		}
	case c.row == nil || c.row.fn == nil:
		e = t.reportLacking()
	default:
		ret, e = t.perform(c.row.fn)
	}
	if e == blocked || t.state != ready {
		k.tracer.Waits(t)
		return false
	}
	t.finishCall(ret, e)
	return true
}

// perform calls f. Memory that was mapped when it was checked and has no store
// under it any more, because its file was cut off, is a bad address.
func (t *Thread) perform(f sysFunc) (ret int64, e errno) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer t.work.paths.Unpin()
	defer func() {
		if r := recover(); r != nil {
			e = t.badMemory(r)
		}
	}()
	return f(t, &t.call)
}

// badMemory turns a fault within the guest's window into EFAULT.
func (t *Thread) badMemory(r any) errno {
	var fault interface{ Addr() uintptr }
	if err, ok := r.(runtime.Error); ok && errors.As(err, &fault) && t.p.mm != nil {
		if f, _, _ := t.p.mm.Space.HostFault(fault.Addr(), false); f != nil {
			return abi.EFAULT
		}
	}
	panic(r)
}

// reportLacking counts a call that the personality does not have, and fails it.
func (t *Thread) reportLacking() errno {
	c := &t.call
	if c.row != nil && c.row.level == refused {
		return abi.ENOSYS
	}
	name := t.newEvent().Name
	t.k.unsupported[name]++
	t.k.log.Debug("system call not supported", "name", name, "number", c.Number, "pid", t.p.pid)
	return abi.ENOSYS
}

// finishCall sets the result and fires the events after a call.
func (t *Thread) finishCall(ret int64, e errno) {
	c := &t.call
	if e != 0 {
		ret = -int64(e)
	}
	c.active, c.interrupted = false, 0
	t.k.futexes.Cancel(c.state.futex) // of a call that failed after a wake
	if c.left.at != 0 {
		t.storeLeft(c.left)
	}
	if !c.replaced {
		c.abi.SetResult(t.Words(), ret)
	} else if e == 0 {
		ret = c.abi.Result(t.Words())
	}
	if c.event != nil {
		t.report(ret)
	}
	if restartable(e) && !c.replaced {
		t.prepareRestart(e)
	}
}

func (t *Thread) report(ret int64) {
	k, ev := t.k, t.call.event
	ev.Ret = ret
	k.fireCall(event.UserAfterSyscall, ev)
	k.fireCall(event.SyscallLeave, ev)
	t.traceLeave(ev)
}

// i32 is an argument of type int.
func (c *call) i32(i int) int { return int(int32(c.Args[i])) }

// u32 is an argument of type unsigned int.
func (c *call) u32(i int) uint32 { return uint32(c.Args[i]) }

// addr is a pointer.
func (c *call) addr(i int) guest.Addr { return guest.Addr(c.Args[i]) }

// i64 is an argument of type long.
func (c *call) i64(i int) int64 { return int64(c.Args[i]) }

package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Problem: plugin code wants a function of the guest to run, now, also from the
// middle of a block.
// Idea: the engine runs again within the callback, on a stack of its own whose
// lowest page, which cannot be executed, is the return address: arriving there
// is the function's return. System calls of the function are made; signals wait
// until it is over; guestcall_bounds.go sees to one that leaves its call.
// Invariant: whatever happens, registers, instruction count and the thread's own
// system call are afterwards what they were. What the function did to memory and
// files stays.

// nester is an engine that can run within a callback.
type nester interface {
	Nested(away func(sp guest.Addr) bool, f func())
	Busy() bool
}

const callStack = 256 << 10

// noCalls are the system calls that would end or double what waits for the
// function.
var noCalls = []string{
	"exit", "exit_group", "execve", "execveat", "fork", "vfork", "clone", "clone3", "rt_sigreturn", "sigreturn",
}

// Call runs a guest function in the current thread and gives its result, as the
// architecture's convention passes integers. It ends it after limit instructions.
func (k *Kernel) Call(fn guest.Addr, args []uint64, limit uint64) (ret uint64, err error) {
	engine, ok := k.engine.(nester)
	t := k.sched.cur
	switch {
	case !ok || k.end.exited || t == nil || t.p.mm == nil || t.state == dead:
		return 0, errors.New("no thread is there to run the function")
	case engine.Busy():
		return 0, errors.New("a guest function cannot run while code is translated")
	case k.cpu.Space != t.p.mm.Space:
		return 0, errors.New("the thread's memory is not current")
	case t.state == parked && t.wait.undo != undoNothing:
		return 0, fmt.Errorf("thread %d waits for another thread", t.tid)
	}
	stack, e := t.p.mm.Anonymous(callStack, "[panda call]")
	if e != 0 {
		return 0, fmt.Errorf("a stack for the function: %w", e)
	}
	state, wait, call, over, signals := t.state, t.wait, t.call, k.sched.turn.over, t.signalState()
	defer func() {
		if t.state != dead {
			t.state, t.wait, t.call, k.sched.turn.over = state, wait, call, over
			t.restoreSignals(signals)
			t.p.mm.Unmap(stack, callStack)
		}
	}()
	away, done := t.stay(stack)
	defer done()
	t.state, t.wait = ready, nil
	engine.Nested(away, func() {
		t.call.active, t.call.event = false, nil
		if err = t.enterFunction(fn, stack, args); err == nil {
			ret, err = t.runFunction(stack, int64(min(limit, 1<<62)), signals)
		}
		k.bus.StackGone(k.cpu, stack, stack+callStack)
	})
	return ret, err
}

// enterFunction sets stack and registers as a call instruction leaves them.
func (t *Thread) enterFunction(fn, stack guest.Addr, args []uint64) error {
	const room = 128 // above the arguments: what a caller would own
	c := t.k.cpu
	calls := &c.Machine.Arch.Calls
	inRegs := min(len(args), len(calls.Args))
	if len(args)*8 > callStack/4 {
		return fmt.Errorf("%d arguments are too many", len(args))
	}
	if err := t.k.guest.enter(c, fn, stack, stack+callStack-room, args[inRegs:]); err != nil {
		return err
	}
	for i, v := range args[:inRegs] {
		c.W[calls.Args[i]] = v
	}
	return nil
}

// enter makes a CPU begin a function that returns to an address. Below top are the
// arguments that are not in registers.
func (g *Guest) enter(c *vcpu.CPU, fn, ret, top guest.Addr, args []uint64) error {
	arch := c.Machine.Arch
	word := arch.Word()
	stacked := guest.Addr(0) // what is below the arguments
	if link := arch.Calls.Link; link != ir.None {
		c.W[link] = uint64(ret)
	} else {
		args, stacked = append([]uint64{uint64(ret)}, args...), word
	}
	var frame []byte
	for _, v := range args {
		frame = append(frame, binary.LittleEndian.AppendUint64(nil, v)[:word]...)
	}
	sp := (top-guest.Addr(len(frame)))&^15 - stacked
	if err := c.Space.Write(sp, frame); err != nil {
		return err
	}
	if g.EnterFunction != nil {
		g.EnterFunction(&c.W)
	}
	c.W[arch.SP], c.W[arch.PC] = uint64(sp), uint64(fn)
	return nil
}

// runFunction runs until the function returns.
func (t *Thread) runFunction(end guest.Addr, left int64, before *signalState) (uint64, error) {
	c, k := t.k.cpu, t.k
	tapped := false
	defer func() {
		if tapped { // what it was for is done after the callback
			c.Tap()
		}
	}()
	for left > 0 {
		start := c.Icount()
		stop := k.engine.Run(c, left)
		left -= int64(c.Icount()-start) + 1
		switch {
		case stop == vcpu.StopException && c.PC() == end:
			k.bus.Returned(c, end)
			return c.Result(), nil
		case stop == vcpu.StopException:
			return 0, fmt.Errorf("the function failed at pc %#x: %v", uint64(c.PC()), &c.Exc)
		case stop == vcpu.StopAway:
			return 0, fmt.Errorf("the function left its call for pc %#x of a function that waits for it, as longjmp does", uint64(c.PC()))
		case stop == vcpu.StopRequest && c.Tapped():
			tapped = true
		case stop == vcpu.StopRequest:
			k.Stop() // for whoever asked
			return 0, fmt.Errorf("the function was stopped at pc %#x", uint64(c.PC()))
		case stop == vcpu.StopSyscall:
			if err := t.functionCalls(before); err != nil {
				return 0, err
			}
		}
	}
	return 0, fmt.Errorf("the function did not return in time; it is at pc %#x", uint64(c.PC()))
}

// functionCalls makes a system call of a function, and waits for it.
func (t *Thread) functionCalls(before *signalState) error {
	k := t.k
	if name := t.callName(); slices.Contains(noCalls, name) {
		return fmt.Errorf("the function called %s, which is not done", name)
	}
	queued := slices.Contains(k.sched.queue, t)
	defer func() {
		if !queued { // waking put it there
			k.sched.queue = remove(k.sched.queue, t)
		}
	}()
	t.callInsn(k.cpu.Gate, true)
	for t.state != dead && t.call.active {
		if t.state == parked {
			if t.wait.undo != undoNothing || t.wait.hard {
				t.giveUp()
				return errors.New("the function waits for another thread")
			}
			k.pollWorld(true)
			if k.cpu.StopAsked() {
				t.giveUp()
				return errors.New("the function was stopped in a system call")
			}
			continue
		}
		t.continueCall()
	}
	if t.state == dead || k.end.exited {
		return errors.New("the function ended the process")
	}
	return t.raisedSignal(before)
}

// callName is the name of the system call that the registers describe.
func (t *Thread) callName() string {
	if c := t.k.gateEntry(); c != nil && c.info != nil {
		return c.info.Name
	}
	return ""
}

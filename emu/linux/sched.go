package linux

import (
	"math"
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/linux/abi"
	"panda/emu/vcpu"
)

// pollEvery is how many turns may pass before the world is looked at while
// threads can run.
const pollEvery = 16

// pick begins the turn of the thread that is next. A false result says that there
// was none, and the kernel has waited.
func (k *Kernel) pick() bool {
	k.takeSignals()
	if k.linger(); k.done() {
		return false
	}
	i := k.nextReady()
	if i < 0 || k.sched.turns >= pollEvery || k.sched.stirred {
		k.pollWorld(i < 0)
		k.sched.turns, k.sched.stirred = 0, false
		i = k.nextReady()
	}
	if i < 0 {
		return false
	}
	k.sched.turns++
	t := k.sched.queue[i]
	k.sched.queue = slices.Delete(k.sched.queue, i, i+1)
	k.beginTurn(t)
	return true
}

// slice runs the thread that has its turn until its time is up or it cannot go on.
// After a StopRequest what is left of the turn is still its own.
func (k *Kernel) slice() vcpu.Stop {
	u := &k.sched.turn
	t := u.t
	if t.state == ready { // else it has ended while the guest was stopped
		k.switchTo(t)
	}
	for u.left > 0 && t.state == ready && !u.over {
		if t.call.active && !t.continueCall() {
			break
		}
		if !t.deliverSignals() {
			if t.signal.allowed != 0 { // held
				return vcpu.StopRequest
			}
			break
		}
		if k.takeSignals() {
			continue
		}
		u.share(len(k.sched.queue) == 0)
		before := k.cpu.Icount()
		stop := k.engine.Run(k.cpu, t.allowance(u.left))
		ran := int64(k.cpu.Icount() - before)
		t.charge(ran + t.cost(stop))
		t.spend(ran)
		if stop == vcpu.StopRequest {
			if u.left <= 0 { // an input that comes now comes between two turns
				k.endTurn()
			}
			return stop
		}
		if stop != vcpu.StopBudget { // where a step may end as well, which counts for nothing
			k.sched.happened++
		}
		k.handleStop(t, stop)
		u.called = stop == vcpu.StopSyscall
	}
	k.endTurn()
	return vcpu.StopBudget
}

// handleStop does what the engine stopped for.
func (k *Kernel) handleStop(t *Thread, stop vcpu.Stop) {
	switch stop {
	case vcpu.StopSyscall:
		t.callInsn(k.cpu.Gate, false)
	case vcpu.StopException:
		t.exception(k.cpu.Exc)
	}
}

// switchTo puts a thread on the CPU.
func (k *Kernel) switchTo(t *Thread) {
	c := k.cpu
	if k.sched.cur != t {
		if k.sched.cur != nil {
			copy(k.sched.cur.regs, c.W[:])
		}
		copy(c.W[:], t.regs)
		k.sched.cur = t
	}
	c.Machine.Thread, c.Machine.Process, c.Machine.Comm = t.tid, t.p.pid, t.comm
	k.useSpace(t)
}

// useSpace makes the thread's memory current.
func (k *Kernel) useSpace(t *Thread) {
	c, s := k.cpu, t.p.mm.Space
	if c.Space == s {
		return
	}
	old := k.mem.lastASID
	c.SetSpace(s)
	k.mem.lastASID = s.ID
	if old != s.ID {
		k.bus.Fire(event.ASIDChanged, &event.Env{CPU: c, PC: c.PC(), OldASID: old})
	}
}

// pollWorld takes what came from outside and wakes the threads it was for. With
// block it waits until something comes.
func (k *Kernel) pollWorld(block bool) {
	if block && len(k.sockets.flights) > 0 {
		k.landAll() // somebody may wait for the end of a pipe that only a message kept
	}
	fds := []unix.PollFd{{Fd: int32(k.host.Wake), Events: unix.POLLIN}}
	next := int64(math.MaxInt64)
	for _, t := range k.tasks.threads {
		if t.state != parked {
			continue
		}
		fds = append(fds, t.wait.fds...)
		if t.wait.deadline != 0 {
			next = min(next, t.wait.deadline)
		}
	}
	for _, tm := range k.timers.real {
		next = min(next, tm.next)
	}
	parkedFDs := len(fds)
	fds = k.asyncFDs(fds)
	timeout := k.pollTimeout(block, next)
	if len(k.files.openings) > 0 && !k.end.exited && (timeout < 0 || timeout > fifoRetry) {
		timeout = fifoRetry
	}
	if k.end.exited && (timeout < 0 || timeout > idle) {
		timeout = idle
	}
	n := k.ppoll(fds, timeout)
	if n == 0 && timeout == idle && k.end.exited {
		k.end.lingerUntil = 0 // whoever is left waits for nothing that comes soon
	}
	if fds[0].Revents != 0 {
		k.host.Woken()
	}
	k.signalAsync(fds[parkedFDs:])
	k.wakeThreads(fds[1:parkedFDs], next)
	k.meet()
}

// ppoll asks for descriptors, for one of which several threads may wait. The host takes no
// longer a list than a process may have descriptors (RLIMIT_NOFILE in poll(2)): in the place
// of one that is longer each descriptor is asked for once.
func (k *Kernel) ppoll(fds []unix.PollFd, timeout int64) int {
	n, e := k.host.Ppoll(fds, timeout)
	if e != abi.EINVAL {
		return n
	}
	once, place := eachOnce(fds)
	n, _ = k.host.Ppoll(once, timeout)
	for i := range fds {
		if p := &fds[i]; p.Fd >= 0 {
			p.Revents = once[place[p.Fd]].Revents & (p.Events | unix.POLLERR | unix.POLLHUP | unix.POLLNVAL)
		}
	}
	return n
}

// eachOnce joins what is asked of the same descriptor, and says where each is.
func eachOnce(fds []unix.PollFd) (once []unix.PollFd, place map[int32]int) {
	place = map[int32]int{}
	for _, p := range fds {
		at, ok := place[p.Fd]
		switch {
		case p.Fd < 0: // stands for none
		case ok:
			once[at].Events |= p.Events
		default:
			place[p.Fd] = len(once)
			once = append(once, p)
		}
	}
	return once, place
}

// takeSignals gives the guest the signals that have come from outside, and reports
// whether there were some. One that comes while the guest runs taps the CPU, so that the
// guest takes it at the end of the block, as after an interrupt, and not when the world
// is looked at next.
func (k *Kernel) takeSignals() (some bool) {
	return k.host.Waiting() && k.takeWaiting() // which is most often false, and asked at each call
}

func (k *Kernel) takeWaiting() (some bool) {
	for _, sig := range k.host.TakeSignals(k.sched.happened) {
		k.hostSignal(sig)
		some = true
	}
	if some {
		k.sched.happened++
	}
	return some
}

// pollTimeout is how long to wait, in nanoseconds.
func (k *Kernel) pollTimeout(block bool, next int64) int64 {
	switch {
	case !block:
		return 0
	case next == math.MaxInt64:
		return -1
	}
	return max(0, next-k.host.Now())
}

// wakeThreads wakes the threads whose wait came true. fds are the parked
// threads' descriptors in order.
func (k *Kernel) wakeThreads(fds []unix.PollFd, next int64) {
	now := int64(0)
	if next != math.MaxInt64 {
		now = k.host.Now()
	}
	for _, t := range slices.Clone(k.tasks.threads) {
		if t.state != parked {
			continue
		}
		w := t.wait
		come := slices.ContainsFunc(fds[:len(w.fds)], func(p unix.PollFd) bool { return p.Revents != 0 })
		fds = fds[len(w.fds):]
		if w.undo == undoOpen { // see meet
			continue
		}
		if come || w.deadline != 0 && w.deadline <= now {
			t.wake()
		}
	}
	if now != 0 {
		k.fireTimers(now)
	}
}

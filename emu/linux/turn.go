package linux

import (
	"panda/emu/vcpu"
)

// Turns: which thread has the CPU, and for how long.
//
// Problem: threads that take turns of a fixed length can lock in step. One that
// takes a lock around each of its calls holds it whenever its turn ends, so that
// who waits for the lock never finds it free.
//
// Idea: each thread has a virtual runtime, which is what it has used of the CPU,
// and the one that has used least is next. One that was woken and has used less
// than the running one goes on at once, where its waker has just let go what it
// waited for. Turns differ in length by a sequence of numbers that begins with
// the run's seed.
//
// Invariant: who runs is a function of what the guest does: of the instructions
// that it executes and the calls that it makes. What an engine, a translation, a
// subscription, a stop or a step costs counts for nothing.

// quantum is how many instructions' worth a turn has on average.
const quantum = 100_000

// aloneQuanta is how many turns a thread gets at once when no other is ready.
const aloneQuanta = 20

// sleeperCredit is how much of what a thread has not used while it waited counts
// in its favour.
const sleeperCredit = quantum / 2

// turn is the time that a thread has the CPU. A stop leaves it as it is.
type turn struct {
	t       *Thread // nil between two turns
	left    int64   // instructions' worth
	length  int64   // of a turn among others
	over    bool    // the thread gives up the rest
	watched bool    // another thread waits for what calls can bring about
	called  bool    // the thread has just made a call
}

// What is not an instruction costs as many instructions as take about that time.
// What makes code stale pays for the translations that come of it.
const (
	callCost = 500
	mapCost  = 5_000
	taskCost = 20_000
)

// callCosts are the costs of calls that take longer than most, by name.
var callCosts = map[string]int64{
	"mmap": mapCost, "mmap2": mapCost, "munmap": mapCost, "mremap": mapCost, "mprotect": mapCost, "pkey_mprotect": mapCost,
	"shmat": mapCost, "shmdt": mapCost, "madvise": mapCost, "brk": mapCost,
	"clone": taskCost, "clone3": taskCost, "fork": taskCost, "vfork": taskCost, "execve": taskCost, "execveat": taskCost,
}

// cost is what the thread pays for being back in the kernel.
func (t *Thread) cost(stop vcpu.Stop) int64 {
	switch stop {
	case vcpu.StopBudget, vcpu.StopRequest, vcpu.StopSyscall: // a call pays for itself: see callInsn
		return 0
	}
	return callCost
}

// charge takes what the running thread has used from its turn.
func (t *Thread) charge(cost int64) {
	t.sched.vruntime += cost
	t.k.sched.turn.left -= cost
}

// vary is the next length of a turn: the quantum, give or take a half.
// The numbers are those of SplitMix64 (Steele, Lea, Flood, 2014).
func (k *Kernel) vary() int64 {
	k.sched.seed += 0x9e3779b97f4a7c15
	z := k.sched.seed
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return quantum/2 + int64((z^z>>31)%quantum)
}

// enqueue lets a thread that has waited run. It runs at once if it has used less
// than the one that has its turn.
func (k *Kernel) enqueue(t *Thread) {
	r := k.sched.turn.t
	if r != nil && len(k.sched.queue) == 0 {
		k.sched.floor = max(k.sched.floor, r.sched.vruntime)
	}
	t.sched.vruntime = max(t.sched.vruntime, k.sched.floor-sleeperCredit)
	k.sched.queue = append(k.sched.queue, t)
	if r != nil && t.sched.vruntime < r.sched.vruntime {
		k.sched.turn.over = true
	}
}

// nextReady is the place in the queue of the thread that has used least, the
// first of several; -1 when none is ready.
func (k *Kernel) nextReady() int {
	best := -1
	for i, t := range k.sched.queue {
		if t.runnable() && (best < 0 || t.sched.vruntime < k.sched.queue[best].sched.vruntime) {
			best = i
		}
	}
	return best
}

// runnable reports whether a thread that is ready may run.
func (t *Thread) runnable() bool { return t.p.exit.begun || !t.p.job.stopped && t.tracing.by == nil }

// beginTurn gives a thread the CPU.
func (k *Kernel) beginTurn(t *Thread) {
	k.sched.happened++
	k.sched.floor = max(k.sched.floor, t.sched.vruntime)
	length := k.vary()
	k.sched.turn = turn{t: t, left: length, length: length}
	if len(k.sched.queue) == 0 {
		k.sched.turn.left, k.sched.turn.watched = length*aloneQuanta, k.worldAwaited()
	}
	if k.cfg.OnSwitch != nil && k.sched.last != t {
		k.cfg.OnSwitch(k.cpu.Icount(), t.p.pid, t.tid)
	}
	k.sched.last = t
	k.switchTo(t)
	if t.sched.preempted {
		t.sched.preempted = false
		t.restartSequence()
	}
}

// worldAwaited reports whether a thread waits for a descriptor or for a time.
func (k *Kernel) worldAwaited() bool {
	for _, t := range k.tasks.threads {
		if t.state == parked && (len(t.wait.fds) != 0 || t.wait.deadline != 0 || t.wait.undo == undoOpen) {
			return true
		}
	}
	return false
}

// share ends the turn of a thread that is not alone any more in time for the
// others. A call that it has just made may have made ready what another waits for.
func (u *turn) share(alone bool) {
	if !alone || u.called && u.watched {
		u.left = min(u.left, u.length)
	}
}

// endTurn puts the thread back into the queue, if it can go on.
func (k *Kernel) endTurn() {
	u := k.sched.turn
	k.sched.turn = turn{}
	if u.t.state != ready {
		return
	}
	u.t.sched.preempted = true
	k.sched.queue = append(k.sched.queue, u.t)
	if u.left <= 0 {
		k.sched.turns = pollEvery // look at the world before the next turn
	}
}

// yield ends the thread's turn: all others that are ready come before it.
func (t *Thread) yield() {
	for _, o := range t.k.sched.queue {
		if o.runnable() {
			t.sched.vruntime = max(t.sched.vruntime, o.sched.vruntime)
		}
	}
	t.k.sched.turn.over = true
}

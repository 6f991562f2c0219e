package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/futex"
)

// futexKey names the word at an address. Words in shared maps are the same in
// all address spaces.
func (t *Thread) futexKey(a guest.Addr, private bool) futex.Key {
	s := t.p.mm.Space
	if !private {
		if r, ok := s.Region(a); ok && r.Shared {
			return futex.Key{Dev: r.Dev, Ino: r.Ino, Off: r.Offset + uint64(a-r.Start)}
		}
	}
	return futex.Key{Space: uint64(s.ID) + 1, Off: uint64(a)}
}

// futexOps are the operations that there are.
var futexOps = map[int]func(t *Thread, c *call, key futex.Key) (int64, errno){
	abi.FUTEX_WAIT: func(t *Thread, c *call, key futex.Key) (int64, errno) {
		return t.futexWait(c, key, futex.MatchAny)
	},
	abi.FUTEX_WAIT_BITSET: func(t *Thread, c *call, key futex.Key) (int64, errno) { return t.futexWait(c, key, c.u32(5)) },
	abi.FUTEX_WAKE: func(t *Thread, c *call, key futex.Key) (int64, errno) {
		return int64(t.k.wakeFutex(key, max(1, c.i32(2)), futex.MatchAny)), 0
	},
	abi.FUTEX_WAKE_BITSET: func(t *Thread, c *call, key futex.Key) (int64, errno) {
		if c.u32(5) == 0 {
			return 0, abi.EINVAL
		}
		return int64(t.k.wakeFutex(key, max(1, c.i32(2)), c.u32(5))), 0
	},
	abi.FUTEX_REQUEUE:     func(t *Thread, c *call, key futex.Key) (int64, errno) { return t.futexRequeue(c, key, false) },
	abi.FUTEX_CMP_REQUEUE: func(t *Thread, c *call, key futex.Key) (int64, errno) { return t.futexRequeue(c, key, true) },
	abi.FUTEX_WAKE_OP:     (*Thread).futexWakeOp,
	abi.FUTEX_LOCK_PI:     (*Thread).futexLockPI,
	abi.FUTEX_LOCK_PI2:    (*Thread).futexLockPI,
	abi.FUTEX_TRYLOCK_PI:  (*Thread).futexLockPI,
	abi.FUTEX_UNLOCK_PI:   (*Thread).futexUnlockPI,
}

func sysFutex(t *Thread, c *call) (int64, errno) {
	do := futexOps[c.i32(1)&abi.FUTEX_CMD_MASK]
	if do == nil {
		return 0, abi.ENOSYS
	}
	if c.Args[0]%4 != 0 {
		return 0, abi.EINVAL
	}
	if !t.futexPrivate() { // what is shared is known by its page, which must be there
		if _, e := t.u32(c.addr(0)); e != 0 {
			return 0, e
		}
	}
	return do(t, c, t.futexKey(c.addr(0), t.futexPrivate()))
}

func (t *Thread) futexPrivate() bool { return t.call.i32(1)&abi.FUTEX_PRIVATE_FLAG != 0 }

// futexDeadline reads the timeout: a plain wait counts from now, the others name
// a point of a clock.
func (t *Thread) futexDeadline(c *call) errno {
	op := c.i32(1)
	switch {
	case c.addr(3) == 0 || c.deadline != 0:
		return 0
	case op&abi.FUTEX_CMD_MASK == abi.FUTEX_WAIT:
		return t.timeout(c.addr(3))
	}
	clock := abi.CLOCK_MONOTONIC
	if op&abi.FUTEX_CLOCK_REALTIME != 0 || op&abi.FUTEX_CMD_MASK == abi.FUTEX_LOCK_PI {
		clock = abi.CLOCK_REALTIME
	}
	var ts abi.Timespec
	if e := t.loadTime(c.addr(3), &ts); e != 0 {
		return e
	}
	return t.deadlineAt(clock, &ts)
}

// futexWait waits while the word has the expected value.
func (t *Thread) futexWait(c *call, key futex.Key, bits uint32) (int64, errno) {
	if c.woken {
		return 0, 0
	}
	if bits == 0 {
		return 0, abi.EINVAL
	}
	if e := t.futexDeadline(c); e != 0 {
		return 0, e
	}
	if c.state.futex == nil { // later the value does not count, only the wake
		v, e := t.u32(c.addr(0))
		if e != 0 {
			return 0, e
		}
		if v != c.u32(2) {
			return 0, abi.EAGAIN
		}
	} else if t.timedOut() {
		t.k.futexes.Cancel(c.state.futex)
		return 0, abi.ETIMEDOUT
	}
	return 0, t.futexPark(key, bits)
}

// futexPark queues the thread, unless it is queued already, and parks it.
func (t *Thread) futexPark(key futex.Key, bits uint32) errno {
	c := &t.call
	if c.state.futex == nil {
		c.state.futex = &futex.Waiter{Bits: bits, Who: t.tid}
		t.k.futexes.Wait(key, c.state.futex)
	}
	again := errno(abi.ERESTARTSYS)
	switch {
	case c.i32(1)&abi.FUTEX_CMD_MASK != abi.FUTEX_WAIT && c.i32(1)&abi.FUTEX_CMD_MASK != abi.FUTEX_WAIT_BITSET:
		again = abi.ERESTARTNOINTR // a lock
	case c.deadline != 0:
		again = abi.ERESTART_RESTARTBLOCK
	}
	return t.park(wait{deadline: c.deadline, interrupted: again, undo: undoFutex})
}

// wakeFutex wakes up to n of the threads that wait at a word, and says how many.
func (k *Kernel) wakeFutex(key futex.Key, n int, bits uint32) int {
	return k.wakeWaiters(k.futexes.Wake(key, n, bits))
}

// wakeWaiters wakes the threads of waiters that have left their queue.
func (k *Kernel) wakeWaiters(woken []*futex.Waiter) int {
	for _, w := range woken {
		if t := k.thread(w.Who); t != nil {
			t.call.woken = true
			t.wake()
		}
	}
	return len(woken)
}

func (t *Thread) futexRequeue(c *call, key futex.Key, compare bool) (int64, errno) {
	if c.i32(2) < 0 || c.i32(3) < 0 || c.Args[4]%4 != 0 {
		return 0, abi.EINVAL
	}
	if compare {
		v, e := t.u32(c.addr(0))
		if e != 0 {
			return 0, e
		}
		if v != c.u32(5) {
			return 0, abi.EAGAIN
		}
	}
	waiters, moved := t.k.futexes.Requeue(key, t.futexKey(c.addr(4), t.futexPrivate()), c.i32(2), c.i32(3))
	woken := t.k.wakeWaiters(waiters)
	if compare {
		return int64(woken + moved), 0
	}
	return int64(woken), 0
}

// futexSet and futexTest are the operations of FUTEX_WAKE_OP.
var (
	futexSet = [5]func(old, arg int32) int32{
		func(_, arg int32) int32 { return arg }, func(old, arg int32) int32 { return old + arg },
		func(old, arg int32) int32 { return old | arg }, func(old, arg int32) int32 { return old &^ arg },
		func(old, arg int32) int32 { return old ^ arg },
	}
	futexTest = [6]func(old, arg int32) bool{
		func(old, arg int32) bool { return old == arg }, func(old, arg int32) bool { return old != arg },
		func(old, arg int32) bool { return old < arg }, func(old, arg int32) bool { return old <= arg },
		func(old, arg int32) bool { return old > arg }, func(old, arg int32) bool { return old >= arg },
	}
)

func (t *Thread) futexWakeOp(c *call, key futex.Key) (int64, errno) {
	code := c.u32(5)
	op, test := code>>28, code>>24&15
	arg, cmp := int32(code<<8)>>20, int32(code<<20)>>20
	if op&8 != 0 {
		op, arg = op&7, 1<<(arg&31)
	}
	if int(op) >= len(futexSet) || int(test) >= len(futexTest) || c.Args[4]%4 != 0 {
		return 0, abi.ENOSYS
	}
	v, e := t.u32(c.addr(4))
	if e != 0 {
		return 0, e
	}
	if e := t.putU32(c.addr(4), uint32(futexSet[op](int32(v), arg))); e != 0 {
		return 0, e
	}
	woken := t.k.wakeFutex(key, max(1, c.i32(2)), futex.MatchAny)
	if futexTest[test](int32(v), cmp) {
		woken += t.k.wakeFutex(t.futexKey(c.addr(4), t.futexPrivate()), max(1, c.i32(3)), futex.MatchAny)
	}
	return int64(woken), 0
}

// Bits of a lock word.
const (
	futexWaiters   = 1 << 31
	futexOwnerDied = 1 << 30
	futexTID       = 1<<30 - 1
)

// futexLockPI takes a lock whose word holds its owner. Threads take turns by
// time, so that there is no priority to inherit.
func (t *Thread) futexLockPI(c *call, key futex.Key) (int64, errno) {
	v, e := t.u32(c.addr(0))
	if e != 0 {
		return 0, e
	}
	if v&futexTID == uint32(t.tid) && !c.woken {
		return 0, abi.EDEADLK
	}
	if v&futexTID == 0 || c.woken {
		word := uint32(t.tid) | v&futexOwnerDied
		if t.k.futexes.Len(key) > 0 {
			word |= futexWaiters
		}
		return 0, t.putU32(c.addr(0), word)
	}
	if c.i32(1)&abi.FUTEX_CMD_MASK == abi.FUTEX_TRYLOCK_PI {
		return 0, abi.EAGAIN
	}
	if t.k.thread(int(v&futexTID)) == nil {
		return 0, abi.ESRCH
	}
	if e := t.futexDeadline(c); e != 0 {
		return 0, e
	}
	if t.timedOut() {
		t.k.futexes.Cancel(c.state.futex)
		return 0, abi.ETIMEDOUT
	}
	if e := t.putU32(c.addr(0), v|futexWaiters); e != 0 {
		return 0, e
	}
	return 0, t.futexPark(key, futex.MatchAny)
}

// futexUnlockPI hands the lock to the thread that waits longest.
func (t *Thread) futexUnlockPI(c *call, key futex.Key) (int64, errno) {
	v, e := t.u32(c.addr(0))
	if e != 0 {
		return 0, e
	}
	if v&futexTID != uint32(t.tid) {
		return 0, abi.EPERM
	}
	if t.k.futexes.Len(key) == 0 {
		return 0, t.putU32(c.addr(0), 0)
	}
	if e := t.putU32(c.addr(0), futexWaiters); e != 0 {
		return 0, e
	}
	t.k.wakeFutex(key, 1, futex.MatchAny)
	return 0, 0
}

func sysSetRobustList(t *Thread, c *call) (int64, errno) {
	if c.Args[1] != uint64(t.lay().Size(&abi.RobustListHead{})) {
		return 0, abi.EINVAL
	}
	t.registered.robustHead = c.addr(0)
	return 0, 0
}

func sysGetRobustList(t *Thread, c *call) (int64, errno) {
	o := t
	if tid := c.i32(0); tid != 0 {
		if o = t.k.thread(tid); o == nil {
			return 0, abi.ESRCH
		}
	}
	if e := t.putWord(c.addr(1), uint64(o.registered.robustHead)); e != 0 {
		return 0, e
	}
	return 0, t.putWord(c.addr(2), uint64(t.lay().Size(&abi.RobustListHead{})))
}

// maxRobust bounds the list of a damaged program.
const maxRobust = 2048

// releaseRobust marks the locks that the thread holds as those of a dead owner
// and wakes one waiter of each.
func (t *Thread) releaseRobust() {
	head := t.registered.robustHead
	t.registered.robustHead = 0
	var h abi.RobustListHead
	if head == 0 || t.p.mm == nil || t.load(head, &h) != 0 {
		return
	}
	at := h.Next
	for i := 0; i < maxRobust && guest.Addr(at&^1) != head; i++ {
		next, e := t.word(guest.Addr(at &^ 1))
		if at != h.Pending {
			t.releaseLock(at, h.Offset)
		}
		if e != 0 {
			break
		}
		at = next
	}
	if h.Pending != 0 {
		t.releaseLock(h.Pending, h.Offset)
	}
}

func (t *Thread) releaseLock(entry uint64, offset int64) {
	a := guest.Addr(entry&^1 + uint64(offset))
	v, e := t.u32(a)
	if e != 0 || a%4 != 0 || v&futexTID != uint32(t.tid) {
		return
	}
	if t.putU32(a, v&futexWaiters|futexOwnerDied) == 0 && v&futexWaiters != 0 {
		for _, private := range []bool{true, false} {
			if t.k.wakeFutex(t.futexKey(a, private), 1, futex.MatchAny) != 0 {
				break
			}
		}
	}
}

// Package futex is the queues of futex(2): who waits at which word of memory.
// It touches no memory and knows no thread; the personality reads the word,
// checks it and parks the thread. Since all guest threads run on one vCPU,
// checking and queueing cannot be interrupted.
package futex

// Key names a futex word: in an address space, or, for memory shared between
// address spaces, in a file.
type Key struct {
	Space    uint64 // of a private word
	Dev, Ino uint64 // of a shared one
	Off      uint64 // address or file offset
}

// MatchAny is the bit set of a plain wait or wake.
const MatchAny = ^uint32(0)

// Waiter is one thread in a queue.
type Waiter struct {
	Bits uint32
	Who  int // for Woken

	key    Key
	queued bool
}

// Queues is all the futexes that somebody waits for.
type Queues struct {
	// Woken is told of each waiter that has left its queue because it is woken.
	Woken func(w *Waiter)

	m map[Key][]*Waiter
}

// Wait puts a waiter at the end of the queue.
func (q *Queues) Wait(k Key, w *Waiter) {
	if q.m == nil {
		q.m = map[Key][]*Waiter{}
	}
	w.key, w.queued = k, true
	q.m[k] = append(q.m[k], w)
}

// Cancel takes a waiter out of its queue, if it is in one; nil is in none.
func (q *Queues) Cancel(w *Waiter) {
	if w == nil || !w.queued {
		return
	}
	w.queued = false
	rest := q.m[w.key][:0:0]
	for _, o := range q.m[w.key] {
		if o != w {
			rest = append(rest, o)
		}
	}
	q.set(w.key, rest)
}

// Wake wakes up to n waiters whose bits meet bits, the first first.
func (q *Queues) Wake(k Key, n int, bits uint32) (woken int) {
	var rest, wake []*Waiter
	for _, w := range q.m[k] {
		if len(wake) < n && w.Bits&bits != 0 {
			wake = append(wake, w)
		} else {
			rest = append(rest, w)
		}
	}
	q.set(k, rest)
	for _, w := range wake {
		w.queued = false
		q.Woken(w)
	}
	return len(wake)
}

// Requeue wakes up to n waiters and moves up to move of the others to another
// word.
func (q *Queues) Requeue(from, to Key, n, move int) (woken, moved int) {
	woken = q.Wake(from, n, MatchAny)
	ws := q.m[from]
	moved = min(move, len(ws))
	if from == to || moved == 0 {
		return woken, moved
	}
	for _, w := range ws[:moved] {
		w.key = to
	}
	q.m[to] = append(q.m[to], ws[:moved]...)
	q.set(from, ws[moved:])
	return woken, moved
}

// Len is the number of waiters at a word.
func (q *Queues) Len(k Key) int { return len(q.m[k]) }

func (q *Queues) set(k Key, ws []*Waiter) {
	if len(ws) == 0 {
		delete(q.m, k)
	} else {
		q.m[k] = ws
	}
}

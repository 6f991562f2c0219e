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
	Who  int // for those who wake it

	key    Key
	queued bool
}

// Queues is all the futexes that somebody waits for.
type Queues struct {
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

// Wake takes up to n waiters whose bits meet bits out of their queue, the first
// first. The caller lets them go on.
func (q *Queues) Wake(k Key, n int, bits uint32) (woken []*Waiter) {
	var rest []*Waiter
	for _, w := range q.m[k] {
		if len(woken) < n && w.Bits&bits != 0 {
			w.queued = false
			woken = append(woken, w)
		} else {
			rest = append(rest, w)
		}
	}
	q.set(k, rest)
	return woken
}

// Requeue wakes up to n waiters and moves up to move of the others to another
// word.
func (q *Queues) Requeue(from, to Key, n, move int) (woken []*Waiter, moved int) {
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

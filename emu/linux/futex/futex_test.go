package futex

import (
	"slices"
	"testing"
)

func TestQueues(t *testing.T) {
	var woken []int
	q := Queues{Woken: func(w *Waiter) { woken = append(woken, w.Who) }}
	a, b := Key{Space: 1, Off: 0x1000}, Key{Space: 1, Off: 0x2000}
	waiters := make([]*Waiter, 6)
	for i := range waiters {
		waiters[i] = &Waiter{Bits: 1 << (i % 2), Who: i}
		q.Wait(a, waiters[i])
	}
	expect := func(what string, got, want int, list ...int) {
		t.Helper()
		if got != want || !slices.Equal(woken, list) {
			t.Errorf("%s: %d woke %v, want %d %v", what, got, woken, want, list)
		}
		woken = nil
	}
	expect("wake odd", q.Wake(a, 1, 2), 1, 1)
	q.Cancel(waiters[0])
	q.Cancel(waiters[1]) // already gone
	n, moved := q.Requeue(a, b, 1, 2)
	expect("requeue", n*10+moved, 12, 2)
	expect("left behind", q.Len(a)*10+q.Len(b), 12)
	q.Cancel(waiters[3]) // has moved
	expect("moved", q.Wake(b, 9, MatchAny), 1, 4)
	expect("rest", q.Wake(a, 9, MatchAny), 1, 5)
	expect("none", q.Wake(a, 9, MatchAny)+len(q.m), 0)
}

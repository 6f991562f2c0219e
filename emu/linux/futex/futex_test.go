package futex

import (
	"slices"
	"testing"
)

func TestQueues(t *testing.T) {
	var q Queues
	a, b := Key{Space: 1, Off: 0x1000}, Key{Space: 1, Off: 0x2000}
	waiters := make([]*Waiter, 6)
	for i := range waiters {
		waiters[i] = &Waiter{Bits: 1 << (i % 2), Who: i}
		q.Wait(a, waiters[i])
	}
	wakes := func(what string, woken []*Waiter, want ...int) {
		t.Helper()
		var got []int
		for _, w := range woken {
			got = append(got, w.Who)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: woke %v, want %v", what, got, want)
		}
	}
	counts := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	wakes("wake odd", q.Wake(a, 1, 2), 1)
	q.Cancel(waiters[0])
	q.Cancel(waiters[1]) // already gone
	woken, moved := q.Requeue(a, b, 1, 2)
	wakes("requeue", woken, 2)
	counts("requeue", moved, 2)
	counts("left behind", q.Len(a)*10+q.Len(b), 12)
	q.Cancel(waiters[3]) // has moved
	wakes("moved", q.Wake(b, 9, MatchAny), 4)
	wakes("rest", q.Wake(a, 9, MatchAny), 5)
	wakes("none", q.Wake(a, 9, MatchAny))
	counts("queues", len(q.m), 0)
}

package signal

import (
	"testing"

	"panda/emu/linux/abi"
)

func TestQueue(t *testing.T) {
	var q Queue
	rt := int32(abi.SIGRTMIN)
	for i, sig := range []int32{abi.SIGUSR1, rt, abi.SIGUSR1, rt} {
		q.Add(abi.Siginfo{Signo: sig, PID: int32(i)})
	}
	if len(q.Infos) != 3 || q.Set != Bit(abi.SIGUSR1)|Bit(rt) {
		t.Fatalf("queue is %v, set %#x: a standard signal waits once, another one each time", q.Infos, q.Set)
	}
	first := q.Take(rt)
	if first.PID != 1 || q.Set&Bit(rt) == 0 {
		t.Errorf("took %v, set %#x, want the first of two", first, q.Set)
	}
	q.PutBack(first)
	if got := q.Take(rt); got.PID != 1 {
		t.Errorf("took %v after it was put back", got)
	}
	if q.Take(rt); q.Set != Bit(abi.SIGUSR1) {
		t.Errorf("set is %#x without the last", q.Set)
	}
	if q.Drop(Bit(abi.SIGUSR1)); q.Set != 0 || len(q.Infos) != 0 {
		t.Errorf("queue is %v, set %#x after all were dropped", q.Infos, q.Set)
	}
}

func TestActions(t *testing.T) {
	var a Actions
	const handler = 0x1000
	a[abi.SIGUSR1].Handler, a[abi.SIGUSR2].Handler, a[abi.SIGKILL].Handler = handler, abi.SIG_IGN, abi.SIG_IGN
	for sig, want := range map[int32]bool{abi.SIGUSR1: false, abi.SIGUSR2: true, abi.SIGKILL: false, abi.SIGCHLD: true, abi.SIGTERM: false} {
		if a.Ignored(sig) != want {
			t.Errorf("signal %d is ignored: %t", sig, !want)
		}
	}
	if ign, caught := a.Sets(); ign != Bit(abi.SIGUSR2)|Bit(abi.SIGKILL) || caught != Bit(abi.SIGUSR1) {
		t.Errorf("ignored %#x, caught %#x", ign, caught)
	}
	a.Reset()
	if ign, caught := a.Sets(); ign != Bit(abi.SIGUSR2)|Bit(abi.SIGKILL) || caught != 0 {
		t.Errorf("after a reset: ignored %#x, caught %#x", ign, caught)
	}
}

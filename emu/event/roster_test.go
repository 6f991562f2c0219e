package event

import (
	"runtime"
	"testing"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// TestManySubscriptions: what a subscription takes, and its end, does not grow with
// how many there are.
func TestManySubscriptions(t *testing.T) {
	const many, each = 20_000, 4 << 10
	for name, subscribe := range map[string]func(b *Bus, o *Owner, i int){ // each is a test of its own
		"events": func(b *Bus, o *Owner, i int) {
			b.Subscribe(o, InsnExec, &Filter{PC: []Range{{guest.Addr(i), guest.Addr(i + 1)}}}, PCFunc(func(*vcpu.CPU, guest.Addr) {}))
		},
		"timers": func(b *Bus, o *Owner, i int) { b.SetTimer(o, uint64(i), 0, func() {}) },
		"hooks": func(b *Bus, o *Owner, i int) {
			b.HookCalls(o, &Filter{PC: []Range{{guest.Addr(i), guest.Addr(i + 1)}}}, func(*vcpu.CPU, *Call) {}, nil)
		},
	} {
		b, o := NewBus(), &Owner{Name: "t"}
		before := allocated()
		for i := range many {
			subscribe(b, o, i)
		}
		b.RemoveOwner(o)
		if got := allocated() - before; got > many*each {
			t.Errorf("%s: %d of them and their end took %d bytes each", name, many, got/many)
		}
		if n := len(b.All()); n != 0 {
			t.Errorf("%s: %d are left", name, n)
		}
		if _, ok := b.NextTimer(); ok {
			t.Errorf("%s: a timer is left", name)
		}
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestRemoval: subscriptions and timers that are ended in any order, also by each
// other, leave the others as they were.
func TestRemoval(t *testing.T) {
	b, o := NewBus(), &Owner{Name: "t"}
	const n = 100
	var subs [n]*Sub
	var timers [n]*Timer
	var fired []int
	for i := range n {
		subs[i] = b.Subscribe(o, Shutdown, nil, Func(func() {}))
		timers[i] = b.SetTimer(o, uint64(n-i), 0, func() {
			fired = append(fired, i)
			if i%3 == 0 && i > 0 {
				timers[i-1].Remove() // due right after it
				timers[i].Remove()
			}
		})
	}
	for i := 0; i < n; i += 7 {
		subs[i*3%n].Remove()
		timers[i].Remove()
	}
	for i, s := range b.All() {
		if s.Kind == Shutdown && s.Removed() {
			t.Errorf("%d is listed and has ended", i)
		}
	}
	b.FireTimers(n)
	want := 0
	for i := n - 1; i >= 0; i-- {
		if i%7 == 0 || i%3 == 2 && (i+1)%7 != 0 && i+1 < n {
			continue
		}
		if want >= len(fired) || fired[want] != i {
			t.Fatalf("timer %d is to be the one in place %d of %v", i, want, fired)
		}
		want++
	}
	if _, ok := b.NextTimer(); ok || len(fired) != want {
		t.Errorf("%d timers fired instead of %d, another due: %v", len(fired), want, ok)
	}
}

package linux

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// stops runs fn and calls at each stop what is next in acts. It returns what was
// held at the stops, and the status.
func stops(t *testing.T, judge func(Delivery) Verdict, fn func(g *fakeThread), acts ...func(k *Kernel)) (held []string, status int) {
	t.Helper()
	s := newSession(t)
	s.engine.image(s.cfg.Command.Path, fn)
	c := newFakeCPU()
	k, err := New(s.cfg, c, s.engine)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	k.OnDelivery(judge)
	for {
		status, ended, err := k.Run()
		if err != nil {
			t.Fatal(err)
		}
		if ended {
			return held, status
		}
		if u := k.sched.turn.t; u == nil || slices.Contains(k.sched.queue, u) {
			t.Fatal("the thread that holds the signal has lost its turn, or waits for one besides")
		}
		text := "nothing"
		if d, ok := k.Held(); ok {
			text = fmt.Sprintf("%s fatal=%v", abi.SignalName(d.Signo), d.Fatal)
		}
		held = append(held, text)
		if len(acts) == 0 || len(held) > 20 {
			t.Fatalf("stopped: %v", held)
		}
		acts[0](k)
		acts = acts[1:]
	}
}

func goOn(*Kernel) {}

func set(sig int) func(k *Kernel) {
	return func(k *Kernel) {
		if err := k.SetHeld(sig); err != nil {
			panic(err)
		}
	}
}

// TestHold: a signal that is held is delivered when the guest goes on, or another,
// or none; one that would kill kills then.
func TestHold(t *testing.T) {
	always := func(Delivery) Verdict { return Hold }
	for _, c := range []struct {
		name   string
		judge  func(Delivery) Verdict
		fatal  bool // there is no handler
		acts   []func(k *Kernel)
		held   string
		got    []int
		status int
	}{
		{"delivered", always, false, []func(*Kernel){goOn, goOn}, "SIGUSR1 fatal=false, SIGUSR2 fatal=false", []int{abi.SIGUSR1, abi.SIGUSR2}, 0},
		{"dropped", always, false, []func(*Kernel){set(0), set(0)}, "SIGUSR1 fatal=false, SIGUSR2 fatal=false", nil, 0},
		{"another", always, false, []func(*Kernel){set(abi.SIGUSR2), goOn}, "SIGUSR1 fatal=false, SIGUSR2 fatal=false", []int{abi.SIGUSR2, abi.SIGUSR2}, 0},
		{"not asked twice", func(d Delivery) Verdict {
			if d.Signo == abi.SIGUSR1 {
				return Hold
			}
			return Drop
		}, false, []func(*Kernel){goOn}, "SIGUSR1 fatal=false", []int{abi.SIGUSR1}, 0},
		{"kills", always, true, []func(*Kernel){goOn}, "SIGUSR1 fatal=true", nil, 128 + abi.SIGUSR1},
		{"is dropped, the next kills", always, true, []func(*Kernel){set(0), goOn}, "SIGUSR1 fatal=true, SIGUSR2 fatal=true", nil, 128 + abi.SIGUSR2},
	} {
		var got []int
		held, status := stops(t, c.judge, func(g *fakeThread) {
			for _, sig := range []int{abi.SIGUSR1, abi.SIGUSR2} {
				if !c.fatal {
					g.handle(sig, 0, func(_ *fakeThread, sig int) { got = append(got, sig) })
				}
			}
			pid := g.sys(unix.SYS_GETPID)
			g.sys(unix.SYS_KILL, pid, abi.SIGUSR1)
			g.sys(unix.SYS_KILL, pid, abi.SIGUSR2)
		}, c.acts...)
		if strings.Join(held, ", ") != c.held || !slices.Equal(got, c.got) || status != c.status {
			t.Errorf("%s: held %q, delivered %v, status %d", c.name, held, got, status)
		}
	}
}

// TestHoldStopped: a stop that was asked for comes before a signal is delivered, and
// a signal can be given to a thread that nothing was held for.
func TestHoldStopped(t *testing.T) {
	var got []int
	held, status := stops(t, nil, func(g *fakeThread) {
		for _, sig := range []int{abi.SIGUSR1, abi.SIGUSR2} {
			g.handle(sig, 0, func(_ *fakeThread, sig int) { got = append(got, sig) })
		}
		pid := g.sys(unix.SYS_GETPID)
		g.c.Stop()
		g.sys(unix.SYS_GETPID)
		g.c.Stop()
		g.sys(unix.SYS_KILL, pid, abi.SIGUSR1)
	}, set(abi.SIGUSR2), goOn)
	if strings.Join(held, ", ") != "nothing, SIGUSR1 fatal=false" || !slices.Equal(got, []int{abi.SIGUSR2, abi.SIGUSR1}) || status != 0 {
		t.Errorf("held %q, delivered %v, status %d", held, got, status)
	}
}

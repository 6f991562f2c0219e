package emu

import (
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"panda/emu/linux/hostsys"
)

// asks is a door that notes where it is asked for signals, which never come.
type asks struct {
	hostsys.Door
	icount func() uint64
	yes    atomic.Bool
	at     [][2]uint64
}

func (d *asks) Pending() *atomic.Bool { return &d.yes }

func (d *asks) Do(c *hostsys.Call) {
	if c.Nr == hostsys.SysSignals {
		d.at = append(d.at, [2]uint64{d.icount(), c.Args[1].Num})
		c.Ret, c.Err = 0, 0
		return
	}
	d.Door.Do(c)
}

// TestPlaceStops: where an input comes is told in the same way when the guest is stopped
// at the ends of turns.
func TestPlaceStops(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is one engine")
	}
	exe := compile(t, `
#include <pthread.h>
static void *spin(void *p) { for (volatile int i = 0; i < 400000; i++); return 0; }
int main(void) { pthread_t t; pthread_create(&t, 0, spin, 0); spin(0); pthread_join(t, 0); return 0; }
`)
	run := func(stops []uint64) (*asks, *steadyRun) {
		d := &asks{icount: func() uint64 { return 0 }}
		d.yes.Store(true)
		r := runSteadily(t, exe, nil, steadyWay{
			set: func(c *Config) { c.Program.World = func(h hostsys.Door) hostsys.Door { d.Door = h; return d } },
			drive: func(_ *testing.T, m *Machine, _ uint64) {
				d.icount = m.cpu.Icount
				for _, n := range stops {
					if n > m.cpu.Icount() {
						m.Step(int64(n - m.cpu.Icount()))
					}
				}
			},
		}, 0)
		return d, r
	}
	d, r := run(nil)
	var stops []uint64
	for _, s := range r.switches[1:] {
		stops = append(stops, s.icount)
	}
	stopped, again := run(stops)
	if len(stops) < 10 || !slices.Equal(again.switches, r.switches) {
		t.Errorf("%d stops; switches %v, want %v", len(stops), again.switches, r.switches)
	}
	if got, want := stopped.at[len(stopped.at)-1], d.at[len(d.at)-1]; got != want {
		t.Errorf("the last place is %v, want %v", got, want)
	}
}

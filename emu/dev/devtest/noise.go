package devtest

import (
	"math/rand/v2"
	"testing"

	"panda/emu/dev"
	"panda/emu/snap"
)

const (
	mostState = 1 << 20 // of a chip, in bytes
	noisy     = 3000    // steps
)

// Noise is what a chip is thrown at: the ports that are attached, and what else the world
// may do with it.
type Noise struct {
	Build func(r *Rig)
	Ports []uint16
	// Other is called among the accesses with a random number.
	Other func(r *Rig, random *rand.Rand)
}

// Fuzz throws accesses at random ports and states with random bytes at a chip. It must not
// panic, its state must stay small, and what it says of its state it must take back.
func (n *Noise) Fuzz(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, seed*7919+1)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		random := rand.New(rand.NewPCG(a, b))
		r := New(t, n.Build)
		for range noisy {
			if r = n.step(t, r, random); t.Failed() {
				return
			}
		}
	})
}

func (n *Noise) step(t *testing.T, r *Rig, random *rand.Rand) *Rig {
	port, size := n.Ports[random.IntN(len(n.Ports))], 1<<random.IntN(3)
	if random.IntN(8) != 0 {
		size = 1
	}
	switch k := random.IntN(100); {
	case k < 50:
		r.Bus.Out(port, size, random.Uint32()>>random.IntN(32))
	case k < 80:
		r.Bus.In(port, size)
	case k < 86:
		r.Until(r.now + dev.Time(random.IntN(1<<random.IntN(18))))
	case k < 92:
		r.Leap(r.now + dev.Time(random.Uint64()>>(26+random.IntN(30))))
	case k < 93:
		return n.reload(t, r, random)
	case k < 94 && random.IntN(10) == 0:
		r.Chip.Reset()
	case n.Other != nil:
		n.Other(r, random)
		r.log = nil
	}
	return r
}

// reload has a new chip take the state of the old one, as it is or with wrong bytes.
func (n *Noise) reload(t *testing.T, r *Rig, random *rand.Rand) *Rig {
	state := snap.Save(r.Chip.State)
	if len(state) > mostState {
		t.Fatalf("the state has %d bytes", len(state))
	}
	whole := random.IntN(2) == 0
	for range random.IntN(4) {
		if !whole {
			state[random.IntN(len(state))] = byte(random.Uint32())
		}
	}
	next := New(t, n.Build)
	next.follow(r)
	switch err := next.load(t, state); {
	case err != nil && whole:
		t.Errorf("it does not take its own state: %v", err)
	case err != nil:
		next = New(t, n.Build)
		next.follow(r)
	}
	return next
}

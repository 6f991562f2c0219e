package emutest

import (
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"panda/emu/arch/x86/dec"
)

var (
	randomRuns = flag.Int("random", 600, "how many random sequences to run on each engine")
	randomSeed = flag.Uint64("random.seed", 1, "first seed of the random sequences; 0 for one from the clock")
	randomRows = flag.String("random.rows", "", "only instructions of these names, separated by commas")
	randomShow = flag.Int("random.show", 1, "how many differences of one instruction to show")
)

// TestRandom compares our CPU with the host's on random sequences.
func TestRandom(t *testing.T) { eachEngine(t, randomBoth) }

func randomBoth(t *testing.T) {
	for _, bits := range []int{64, 32} {
		t.Run(map[int]string{64: "64", 32: "32"}[bits], func(t *testing.T) {
			randomRun(t, bits, *randomRuns, *randomSeed)
		})
	}
}

func randomRun(t *testing.T, bits, runs int, seed uint64) {
	r, err := NewRandom(NewJudge(t, bits), NewMachine(t, bits, "max"), rowFilter())
	if err != nil {
		t.Fatal(err)
	}
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	seeds := rand.New(rand.NewPCG(seed, 0))
	start, shown := time.Now(), map[string]int{}
	for range runs {
		diff, err := r.Run(seeds.Uint64(), 24)
		if err != nil {
			t.Fatal(err)
		}
		if diff == nil {
			continue
		}
		if shown[diff.Row]++; shown[diff.Row] <= *randomShow {
			t.Error(diff)
		}
	}
	s, took := r.Stats, time.Since(start)
	t.Logf("seed %d: %d sequences, %d instructions, %d faults, %.0f instructions/s, %d of %d rows", seed, s.Sequences, s.Insns, s.Faults,
		float64(s.Insns)/took.Seconds(), r.seenRows(), len(r.rows))
	for _, row := range slices.Sorted(maps.Keys(shown)) {
		t.Logf("%q differed %d times", row, shown[row])
	}
}

func rowFilter() func(*dec.Row) bool {
	if *randomRows == "" {
		return nil
	}
	names := strings.Split(*randomRows, ",")
	if *randomRows == "integer" {
		return IntegerRow
	}
	return func(r *dec.Row) bool { return slices.Contains(names, r.Name) }
}

func (r *Random) seenRows() (n int) {
	for _, s := range r.rows {
		if r.Seen[s.Row.ID] > 0 {
			n++
		}
	}
	return n
}

// FuzzRandom is for hours of it: go test -fuzz Random -fuzztime 2h.
func FuzzRandom(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint8(24))
	}
	ms := []*Machine{NewMachine(f, 64, "max"), NewMachine(f, 32, "max")}
	var refs []CPU
	if !SameMaker() {
		refs = []CPU{newReference(f, 64), newReference(f, 32)}
	}
	runs, ok := make(chan func([]*Random)), make(chan error)
	go func() { // an oracle belongs to one goroutine, fuzzing uses one for each input
		rs, end, err := randoms(refs, ms)
		if err == nil {
			defer end()
		}
		if ok <- err; err != nil {
			return
		}
		for run := range runs {
			run(rs)
		}
	}()
	if err := <-ok; err != nil {
		f.Skip(err)
	}
	f.Cleanup(func() { close(runs) })
	f.Fuzz(func(t *testing.T, seed uint64, n uint8) {
		done := make(chan bool)
		runs <- func(rs []*Random) {
			defer close(done)
			for _, r := range rs {
				if d, err := r.Run(seed, int(n)); err != nil {
					t.Error(err)
				} else if d != nil {
					t.Error(d)
				}
			}
		}
		<-done
	})
}

// randoms holds each machine against its reference, or all against the host.
func randoms(refs []CPU, ms []*Machine) (rs []*Random, end func(), err error) {
	end = func() {}
	if refs == nil {
		h, err := startHost()
		if err != nil {
			return nil, nil, err
		}
		refs, end = []CPU{h, h}, func() { h.Close() }
	}
	for i, m := range ms {
		r, err := NewRandom(refs[i], m, nil)
		if err != nil {
			end()
			return nil, nil, err
		}
		rs = append(rs, r)
	}
	return rs, end, nil
}

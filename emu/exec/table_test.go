package exec

import (
	"math/rand/v2"
	"testing"

	"panda/emu/guest"
)

// TestTable compares the table with a map over a sequence of changes. The
// addresses are few, so that each is set, replaced and removed often, and lie in
// two runs, one at the end of the address space.
func TestTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var got table[int]
	want := map[guest.Addr]*int{}
	for n := range 20000 {
		pc := guest.Addr(rng.IntN(400)) * 3
		if pc%2 == 1 {
			pc = -pc
		}
		if rng.IntN(3) == 0 || n > 15000 && rng.IntN(2) == 0 {
			got.remove(pc)
			delete(want, pc)
		} else {
			got.set(pc, &n)
			want[pc] = &n
		}
		if probe := guest.Addr(rng.IntN(400)) * 3; got.find(probe) != want[probe] {
			t.Fatalf("step %d: %#x is %v, want %v", n, probe, got.find(probe), want[probe])
		}
	}
	if got.n != len(want) || got.n == 0 {
		t.Errorf("%d entries, want %d", got.n, len(want))
	}
	seen := 0
	got.each(func(*int) { seen++ })
	if seen != len(want) {
		t.Errorf("each has met %d entries, want %d", seen, len(want))
	}
	for pc, v := range want {
		if got.find(pc) != v {
			t.Errorf("%#x is %v, want %v", pc, got.find(pc), v)
		}
	}
}

package vcpu

import (
	"testing"

	"panda/emu/guest"
)

// TestJumpCache enters blocks that meet at a place: the last two are there.
func TestJumpCache(t *testing.T) {
	j := NewJumpCache()
	if tb := j.Find(0); tb != nil {
		t.Errorf("an empty cache knows %#x", tb.PC)
	}
	place := JumpIndex(0)
	met := []*TB{{PC: 0}}
	for pc := uint64(1); len(met) < 3; pc++ {
		if JumpIndex(pc) == place {
			met = append(met, &TB{PC: guest.Addr(pc)})
		}
	}
	for n, tb := range met {
		j.Set(tb)
		for k, o := range met {
			if got := j.Find(uint64(o.PC)); (got == o) != (k == n || k == n-1) {
				t.Errorf("after block %d, block %d is %v", n, k, got)
			}
		}
	}
	j.Set(met[1]) // now it is at both places
	j.Remove(met[1])
	if got := j.Find(uint64(met[1].PC)); got != nil {
		t.Errorf("a block that is gone is found: %v", got)
	}
	j.Clear()
	for _, tb := range met {
		if got := j.Find(uint64(tb.PC)); got != nil {
			t.Errorf("%#x is found after all has gone", tb.PC)
		}
	}
	j.Set(met[2])
	if got := j.Find(uint64(met[2].PC)); got != met[2] {
		t.Errorf("a block entered after that: %v", got)
	}
}

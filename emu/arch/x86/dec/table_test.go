package dec

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

// TestRowsReachable: no row is shadowed by an earlier one of its opcode.
func TestRowsReachable(t *testing.T) {
	reached := make([]bool, len(Rows()))
	for _, mode := range []Mode{Mode16, Mode32, Mode64} {
		e := encoder{rand.New(rand.NewPCG(3, uint64(mode))), mode}
		id := 0
		for m, table := range specs {
			for i := range table {
				for try := 0; try < 40 && !reached[id]; try++ {
					var in Inst
					code := append(e.encode(Map(m), &table[i]), 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90)
					if Decode(&in, code, mode) == nil && int(in.Row.ID) == id {
						reached[id] = true
					}
				}
				id++
			}
		}
	}
	for id, ok := range reached {
		if r := &Rows()[id]; !ok {
			t.Errorf("row %d (%02x %s %s) is never decoded", id, r.Op, r.Name, r.Spec)
		}
	}
}

func TestRowsAreSound(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	for i := range Rows() {
		r := &Rows()[i]
		if int(r.ID) != i || !name.MatchString(r.Name) || r.Flags&Def64 != 0 && r.Flags&Force64 != 0 {
			t.Errorf("row %d is %+v", i, r)
		}
		if r.Flags&LockOK != 0 && (r.n == 0 || r.ops[0].how != inRM) {
			t.Errorf("row %d, %s, takes LOCK without a memory destination", i, r.Name)
		}
	}
}

// TestLockList holds LockOK against the list in SDM vol. 2A, LOCK.
func TestLockList(t *testing.T) {
	want := map[string]bool{}
	for _, n := range []string{
		"add", "adc", "and", "btc", "btr", "bts", "cmpxchg", "cmpxchg8b", "cmpxchg16b",
		"dec", "inc", "neg", "not", "or", "sbb", "sub", "xor", "xadd", "xchg",
	} {
		want[n] = true
	}
	got := map[string]bool{}
	for i := range Rows() {
		if r := &Rows()[i]; r.Flags&LockOK != 0 {
			got[r.Name] = true
		}
	}
	for n := range want {
		if !got[n] {
			t.Errorf("%s does not take LOCK", n)
		}
	}
	for n := range got {
		if !want[n] {
			t.Errorf("%s takes LOCK", n)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	code := []byte{0xf0, 0x48, 0x0f, 0xb1, 0x4c, 0x8d, 0x10, 0x90, 0x90}
	Rows()
	if n := testing.AllocsPerRun(100, func() {
		var in Inst
		if Decode(&in, code, Mode64) != nil {
			t.Fatal("lock cmpxchg does not decode")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

package mmu

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"panda/emu/guest"
)

// Page tables of two levels, of eight entries each, at the beginning of any page. An entry
// is the number of a page, and bits.
const (
	entryPresent = 1 << iota
	entryWrite
	entryUser
	entryAccessed
	entryDirty
	entryLarge // of the first level: eight pages

	testBits  = 3
	testSpan  = PageSize << (2 * testBits)
	testPages = 24
)

// kernel and user may do different things.
const (
	testKernel Index = iota
	testUser
)

// testTables walks through tables in some memory: that of a machine, or a flat copy.
type testTables struct {
	ram  []byte
	root guest.PhysAddr
}

func (t *testTables) entry(st *Step) []byte { return t.ram[uint64(st.Table)+8*uint64(st.Index):] }

func (t *testTables) Walk(a guest.Addr, access guest.Access, by Index, path *Path) (guest.PhysAddr, guest.Access, *guest.MemFault) {
	if path == nil {
		path = new(Path)
	}
	fault := &guest.MemFault{Addr: a, Access: access}
	if a >= testSpan {
		return 0, 0, fault
	}
	*path = Path{Entry: 8, Top: true}
	at, may := t.root, guest.Read|guest.Write|guest.Exec
	var e uint64
	for _, bits := range [...]int{pageShift + testBits, pageShift} {
		st := Step{at, int(a>>bits) % (1 << testBits), bits}
		path.Steps[path.N] = st
		path.N++
		e = binary.LittleEndian.Uint64(t.entry(&st))
		if e&entryPresent == 0 || by == testUser && e&entryUser == 0 {
			return 0, 0, fault
		}
		if e&entryWrite == 0 {
			may &^= guest.Write
		}
		at = guest.PhysAddr(e / PageSize % testPages * PageSize)
		if e&entryLarge != 0 && bits > pageShift {
			at = (at + a2p(a)%(PageSize<<testBits)&^(PageSize-1)) % (testPages * PageSize)
			break
		}
	}
	if may&access != access {
		return 0, 0, fault
	}
	if access == 0 {
		return at, may, nil
	}
	for n := range path.N {
		e = binary.LittleEndian.Uint64(t.entry(&path.Steps[n])) | entryAccessed
		if n == path.N-1 {
			if access == guest.Write {
				e |= entryDirty
			} else if e&entryDirty == 0 {
				may &^= guest.Write
			}
		}
		binary.LittleEndian.PutUint64(t.entry(&path.Steps[n]), e)
	}
	return at, may, nil
}

func a2p(a guest.Addr) guest.PhysAddr { return guest.PhysAddr(a) }

// Moved says that all has, unless the tops of the tables are alike.
func (t *testTables) Moved(from, to Root) Parts {
	for i := range 8 {
		a, b := binary.LittleEndian.Uint64(t.ram[from:][8*i:]), binary.LittleEndian.Uint64(t.ram[to:][8*i:])
		if (a^b)&^entryAccessed != 0 || b&entryAccessed == 0 {
			return AllParts
		}
	}
	return 0
}

// TestTables does at random what guests do with page tables, which lie where all the rest
// does, and compares each access with one that looks at the tables each time: the TLBs
// must not be seen, not even in the bits of the tables.
func TestTables(t *testing.T) {
	for seed := range uint64(40) {
		w := newTablesWorld(t, seed)
		for step := range 20_000 {
			w.step(step)
		}
		if w.stores < 1000 || w.moves < 100 || w.enters < 100 {
			t.Errorf("%d stores came to pass, code got other places %d times, %d switches kept them", w.stores, w.moves, w.enters)
		}
	}
}

// tablesWorld is a machine, and a model of it.
type tablesWorld struct {
	t     *testing.T
	rng   *rand.Rand
	mem   *Physical
	space *Paged
	walk  *testTables
	model testTables
	code  map[guest.Addr]guest.PhysAddr // places that the run loop counts on
	by    Index

	stores, moves, enters int
}

func newTablesWorld(t *testing.T, seed uint64) *tablesWorld {
	p := newPhysical(t, testPages)
	w := &tablesWorld{t: t, rng: rand.New(rand.NewPCG(seed, 1)), mem: p, code: map[guest.Addr]guest.PhysAddr{}}
	w.walk = &testTables{ram: p.ram}
	w.model.ram = make([]byte, len(p.ram))
	for page := range testPages {
		for n := range 8 {
			w.dma(guest.PhysAddr(page*PageSize+8*n), w.entry(page))
		}
	}
	w.space = p.NewPaged(w.walk)
	w.space.OnMove(nil, func(parts Parts) {
		if parts&PartsOf(0) != 0 {
			w.moves++
			clear(w.code)
		}
	}, func(_, _ guest.Addr) bool { return false })
	return w
}

// The first pages are roots, as a rule, and those after them tables of the second level.
const (
	testRoots  = 3
	testSecond = 8
)

// entry is a random one for a page: of a root mostly to a table of the second level, and
// of that to any page.
func (w *tablesWorld) entry(page int) []byte {
	r := w.rng
	to := r.IntN(testPages)
	if page < testRoots && r.IntN(20) != 0 {
		to = testRoots + r.IntN(testSecond-testRoots)
	} else if r.IntN(3) != 0 {
		to = testSecond + r.IntN(testPages-testSecond)
	}
	e := uint64(to)*PageSize | uint64(r.IntN(64)) | entryPresent | entryWrite
	switch r.IntN(8) {
	case 0:
		e &^= entryPresent
	case 1:
		e &^= entryWrite
	case 2, 3, 4, 5:
		e &^= entryLarge
	}
	return binary.LittleEndian.AppendUint64(nil, e)
}

func (w *tablesWorld) dma(at guest.PhysAddr, b []byte) {
	if err := w.mem.Write(at, b); err != nil {
		w.t.Fatal(err)
	}
	copy(w.model.ram[at:], b)
}

func (w *tablesWorld) step(step int) {
	r := w.rng
	a := guest.Addr(r.IntN(testSpan/PageSize))*PageSize + guest.Addr(8*r.IntN(8))
	page := r.IntN(testPages)
	b := w.entry(page)
	switch r.IntN(16) {
	case 0:
		w.dma(guest.PhysAddr(page*PageSize+8*r.IntN(8)), b)
	case 1:
		root := guest.PhysAddr(page%testRoots) * PageSize
		switch {
		case r.IntN(20) == 0:
			root = guest.PhysAddr(page) * PageSize
		case w.walk.root != root && r.IntN(2) == 0: // which has the same tables
			w.dma(root, slices.Clone(w.mem.ram[w.walk.root:][:64]))
		}
		w.walk.root, w.model.root = root, root
		moves := w.moves
		if w.space.Enter(Root(root)); len(w.code) > 0 && w.moves == moves {
			w.enters++
		}
	case 2, 3:
		w.by ^= testUser
		w.space.Use(w.by)
	case 4:
		w.mem.Watch(guest.PhysAddr(r.IntN(testPages)) * PageSize)
	case 5, 6:
		want, _, wantFault := w.model.Walk(a, guest.Exec, w.by, nil)
		got, fault := w.space.Place(a)
		w.same(step, "fetch", a, fault != nil, wantFault != nil)
		if fault == nil {
			if got != want+guest.PhysAddr(a%PageSize) {
				w.t.Fatalf("step %d: code at %#x lies at %#x, not at %#x", step, a, got, want)
			}
			w.code[PageOf(a)] = want
		}
	case 7, 8, 9:
		at, _, wantFault := w.model.Walk(a, guest.Write, w.by, nil)
		err := w.space.now().Store(uint64(a), b)
		if _, watched := err.(*CodeStore); watched {
			w.mem.Stored(at)
			err = w.space.now().Store(uint64(a), b)
		}
		w.same(step, "store", a, err != nil, wantFault != nil)
		if err == nil {
			copy(w.model.ram[uint64(at)+uint64(a%PageSize):], b)
			w.stores++
		}
	default:
		at, _, wantFault := w.model.Walk(a, guest.Read, w.by, nil)
		got := make([]byte, len(b))
		err := w.space.now().Load(uint64(a), got)
		w.same(step, "load", a, err != nil, wantFault != nil)
		if want := w.model.ram[uint64(at)+uint64(a%PageSize):][:len(b)]; err == nil && string(got) != string(want) {
			w.t.Fatalf("step %d: load at %#x: %x, want %x", step, a, got, want)
		}
	}
	w.check(step)
}

func (w *tablesWorld) same(step int, what string, a guest.Addr, faults, want bool) {
	if faults != want {
		w.t.Fatalf("step %d: a %s at %#x faults: %v, want %v", step, what, uint64(a), faults, want)
	}
}

// check compares memory, and what the run loop counts on with the tables.
func (w *tablesWorld) check(step int) {
	for page := 0; page < len(w.mem.ram); page += PageSize {
		if got, want := w.mem.ram[page:][:64], w.model.ram[page:][:64]; string(got) != string(want) {
			w.t.Fatalf("step %d: page %#x is %x, want %x", step, page, got, want)
		}
	}
	for a, want := range w.code {
		path := new(Path)
		got, _, fault := w.model.Walk(a, 0, testKernel, path)
		if fault != nil || got != want {
			w.t.Fatalf("step %d: code at %#x is counted on at %#x, and lies at %#x, %v", step, uint64(a), uint64(want), uint64(got), fault)
		}
		for n := range path.N {
			if w.model.entry(&path.Steps[n])[0]&entryAccessed == 0 {
				w.t.Fatalf("step %d: the entries of the code at %#x say that it has not been accessed", step, uint64(a))
			}
		}
	}
}

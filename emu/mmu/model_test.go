package mmu

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"panda/emu/guest"
)

const modelPages = 64

// modelPage is what the simple model knows of a page: its protection and where
// its bytes live, since shared pages have several places.
type modelPage struct {
	mapped, shared bool
	prot           guest.Access
	data           *[PageSize]byte // nil beyond the end of the file
}

type model struct{ pages [modelPages]modelPage }

func (m *model) clone() *model {
	c := *m
	for i := range c.pages {
		if p := &c.pages[i]; p.mapped && !p.shared && p.data != nil {
			d := *p.data
			p.data = &d
		}
	}
	return &c
}

// pair is a space with its model.
type pair struct {
	s *Space
	m *model
}

type modelTest struct {
	*testing.T
	rng   *rand.Rand
	pairs []pair
	// The file of private maps is never written: whether such a map sees a
	// later change is up to the host.
	private, shared modelFile
}

type modelFile struct {
	*os.File
	pages [filePages]*[PageSize]byte
}

const filePages = 8

func TestModel(t *testing.T) {
	for seed := range uint64(40) {
		mt := &modelTest{T: t, rng: rand.New(rand.NewPCG(seed, 1))}
		mt.private, mt.shared = mt.makeFile("private"), mt.makeFile("shared")
		s := NewSpace(modelPages * PageSize)
		mt.pairs = []pair{{s, new(model)}}
		for range 300 {
			mt.step()
		}
		for _, p := range mt.pairs {
			mt.compare(p)
			if err := p.s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (t *modelTest) makeFile(name string) (mf modelFile) {
	f, err := os.Create(t.TempDir() + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	mf.File = f
	t.Cleanup(func() { f.Close() })
	for i := range mf.pages {
		mf.pages[i] = new([PageSize]byte)
		for j := range mf.pages[i] {
			mf.pages[i][j] = byte(t.rng.Uint32())
		}
		f.Write(mf.pages[i][:])
	}
	return mf
}

// step does a random thing to a random space and its model.
func (t *modelTest) step() {
	p := t.pairs[t.rng.IntN(len(t.pairs))]
	first := t.rng.IntN(modelPages)
	n := 1 + t.rng.IntN(min(12, modelPages-first))
	prot := guest.Access(t.rng.IntN(8))
	switch t.rng.IntN(12) {
	case 0, 1:
		t.mapAnon(p, first, n, prot, t.rng.IntN(3) == 0)
	case 2, 3:
		t.mapFile(p, first, n, prot)
	case 4:
		t.unmap(p, first, n)
	case 5:
		t.protect(p, first, n, prot)
	case 6:
		t.move(p, first, n)
	case 7:
		t.fork(p)
	case 8:
		p.s.WatchCode(guest.Addr(first * PageSize))
	default:
		t.write(p, first, n)
	}
	if t.rng.IntN(10) == 0 {
		t.compare(p)
	}
}

func addr(page int) guest.Addr { return guest.Addr(page * PageSize) }

func (t *modelTest) ok(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (t *modelTest) mapAnon(p pair, first, n int, prot guest.Access, shared bool) {
	t.ok(p.s.Map(addr(first), uint64(n)*PageSize, prot, Mapping{File: -1, Shared: shared}))
	for i := first; i < first+n; i++ {
		p.m.pages[i] = modelPage{true, shared, prot, new([PageSize]byte)}
	}
}

func (t *modelTest) mapFile(p pair, first, n int, prot guest.Access) {
	off, shared, file := t.rng.IntN(filePages+2), t.rng.IntN(2) == 0, &t.private
	if shared {
		file = &t.shared
	}
	t.ok(p.s.Map(addr(first), uint64(n)*PageSize, prot, Mapping{File: int(file.Fd()), Offset: uint64(off) * PageSize, Shared: shared}))
	for i := range n {
		pg := modelPage{mapped: true, shared: shared, prot: prot}
		if off+i < filePages {
			if pg.data = file.pages[off+i]; !shared {
				d := *pg.data
				pg.data = &d
			}
		}
		p.m.pages[first+i] = pg
	}
}

func (t *modelTest) unmap(p pair, first, n int) {
	t.ok(p.s.Unmap(addr(first), uint64(n)*PageSize))
	clear(p.m.pages[first : first+n])
}

func (t *modelTest) protect(p pair, first, n int, prot guest.Access) {
	err := p.s.Protect(addr(first), uint64(n)*PageSize, prot)
	for i := first; i < first+n; i++ {
		if !p.m.pages[i].mapped {
			if err == nil {
				t.Fatal("protect over a gap succeeded")
			}
			return
		}
		p.m.pages[i].prot = prot
	}
	t.ok(err)
}

func (t *modelTest) move(p pair, first, n int) {
	r, ok := p.s.Region(addr(first))
	to := t.rng.IntN(modelPages - n + 1)
	apart := to+n <= first || first+n <= to
	err := p.s.Move(addr(first), uint64(n)*PageSize, addr(to), uint64(n)*PageSize)
	if !ok || r.End < addr(first+n) || !apart {
		if err == nil {
			t.Fatal("impossible move succeeded")
		}
		return
	}
	t.ok(err)
	copy(p.m.pages[to:to+n], p.m.pages[first:first+n])
	clear(p.m.pages[first : first+n])
}

func (t *modelTest) fork(p pair) {
	if len(t.pairs) == 4 {
		return
	}
	c, err := p.s.Clone(guest.ASID(len(t.pairs)))
	t.ok(err)
	t.pairs = append(t.pairs, pair{c, p.m.clone()})
}

// write writes as the guest does, through a slice.
func (t *modelTest) write(p pair, first, n int) {
	a := addr(first) + guest.Addr(t.rng.IntN(PageSize))
	size := 1 + t.rng.IntN(min(2*PageSize, (modelPages-first)*PageSize-int(a)%PageSize))
	mem, fault := p.s.Slice(a, size, guest.Write)
	if want := p.m.fault(a, size, guest.Write); (fault != nil) != (want != nil) || want != nil && *want != *fault {
		t.Fatalf("slice of %#x+%#x: fault %v, want %v", a, size, fault, want)
	}
	if fault != nil {
		return
	}
	v := byte(t.rng.Uint32())
	for i := range mem {
		mem[i] = v
		at := int(a) + i
		p.m.pages[at/PageSize].data[at%PageSize] = v
	}
}

func (m *model) fault(a guest.Addr, size int, access guest.Access) *guest.MemFault {
	for at := a; at < a+guest.Addr(size); at = PageOf(at) + PageSize {
		switch pg := &m.pages[at/PageSize]; {
		case !pg.mapped:
			return &guest.MemFault{Addr: at, Access: access}
		case pg.prot&access == 0:
			return &guest.MemFault{Addr: at, Access: access, Mapped: true, Present: pg.prot != 0}
		case pg.data == nil:
			return &guest.MemFault{Addr: at, Access: access, Mapped: true, Bus: true}
		}
	}
	return nil
}

// compare holds a space against its model, byte by byte.
func (t *modelTest) compare(p pair) {
	t.Helper()
	var buf [PageSize]byte
	for i := range p.m.pages {
		pg := &p.m.pages[i]
		r, mapped := p.s.Region(addr(i))
		if mapped != pg.mapped || mapped && (r.Prot != pg.prot || r.Shared != pg.shared) {
			t.Fatalf("page %d: region %+v %v, want %+v", i, r, mapped, pg)
		}
		err := p.s.Read(addr(i), buf[:])
		if (err == nil) != (pg.data != nil) {
			t.Fatalf("page %d: read gives %v, mapped %v, prot %v", i, err, pg.mapped, pg.prot)
		}
		if err == nil && !bytes.Equal(buf[:], pg.data[:]) {
			t.Fatalf("page %d differs (prot %v shared %v)", i, pg.prot, pg.shared)
		}
	}
	t.invariants(p.s)
}

func (t *modelTest) invariants(s *Space) {
	t.Helper()
	at := guest.Addr(0)
	var before *region
	for r := range s.regions.all() {
		if r.Start < at || r.End <= r.Start || before != nil && alike(before, r) {
			t.Fatalf("region %+v after %#x", r.Region, at)
		}
		before, at = r, r.End
	}
	t.ok(s.Audit())
}

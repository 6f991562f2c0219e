package mmu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"panda/emu/guest"
)

// listPages is so many that single pages fill some chunks.
const listPages = 3000

// listModel is what each page of a space is: nothing, or of a region that is alike.
type listModel struct {
	*testing.T
	rng   *rand.Rand
	s     *Space
	pages [listPages]Region
	most  int // chunks there were
}

// TestRegionList holds the list against pages that are looked at one by one: with few
// regions, with many, and with what is left when most of them went.
func TestRegionList(t *testing.T) {
	for seed := range uint64(8) {
		m := &listModel{T: t, rng: rand.New(rand.NewPCG(seed, 2)), s: &Space{Limit: listPages * PageSize}}
		for i := range 6000 {
			first := m.rng.IntN(listPages)
			m.s.find(addr(first)) // is remembered
			m.step(first, []int{1, 1 + int(seed), 40}[i/2000])
			m.same(first)
			if i%50 == 0 {
				m.compare()
			}
		}
		if seed == 0 && m.most < 10 {
			t.Errorf("there were only %d chunks", m.most)
		}
	}
}

// same looks up a page.
func (m *listModel) same(page int) {
	r, ok := m.s.Region(addr(page))
	if p := m.pages[page]; ok != (p.End != 0) || r.Prot != p.Prot || r.Name != p.Name {
		m.Fatalf("page %d is in %+v, not like %+v", page, r, p)
	}
}

// step does a random thing to some pages.
func (m *listModel) step(first, most int) {
	n := 1 + m.rng.IntN(min(most, listPages-first))
	if m.rng.IntN(1000) == 0 {
		n = 1 + m.rng.IntN(listPages-first)
	}
	start, end := addr(first), addr(first+n)
	pages := m.pages[first : first+n]
	like := Region{Prot: guest.Access(m.rng.IntN(4)), Name: []string{"", "[x]"}[m.rng.IntN(2)]}
	switch m.rng.IntN(5) {
	case 0, 1:
		r := region{Region: like}
		r.Start, r.End = start, end
		m.s.cut(start, end)
		m.s.insert(r)
		for i := range pages {
			pages[i] = like
			pages[i].End = 1
		}
	case 2:
		m.s.cut(start, end)
		clear(pages)
	case 3:
		m.s.Change(start, uint64(n)*PageSize, func(r *Region) { r.Prot = like.Prot })
		for i := range pages {
			if pages[i].End != 0 {
				pages[i].Prot = like.Prot
			}
		}
	case 4:
		m.free(start, end, 1+m.rng.IntN(4))
	}
}

// free looks for room in a range.
func (m *listModel) free(lo, hi guest.Addr, n int) {
	down := m.rng.IntN(2) == 0
	want, found := guest.Addr(0), false
	for i := int(lo / PageSize); addr(i+n) <= hi && (down || !found); i++ {
		if !slices.ContainsFunc(m.pages[i:i+n], func(r Region) bool { return r.End != 0 }) {
			want, found = addr(i), true
		}
	}
	if got, ok := m.s.FindFree(uint64(n)*PageSize, lo, hi, down); ok != found || found && got != want {
		m.Fatalf("%d free pages in [%#x, %#x), down %v: %#x %v, not %#x %v", n, lo, hi, down, got, ok, want, found)
	}
}

// compare holds all that the list says against the pages.
func (m *listModel) compare() {
	m.Helper()
	var want []Region
	for i, p := range m.pages {
		if p.End == 0 {
			continue
		}
		p.Start, p.End = addr(i), addr(i+1)
		if n := len(want); n > 0 && want[n-1].End == p.Start && want[n-1].Prot == p.Prot && want[n-1].Name == p.Name {
			want[n-1].End = p.End
		} else {
			want = append(want, p)
		}
	}
	if got := m.s.Regions(); !slices.Equal(got, want) {
		m.Fatalf("regions are\n%v, not\n%v", got, want)
	}
	m.lookUp(want)
	m.sums(want)
}

// lookUp finds some regions by their addresses.
func (m *listModel) lookUp(want []Region) {
	for range 20 {
		a := addr(m.rng.IntN(listPages)) + 5
		i := slices.IndexFunc(want, func(r Region) bool { return r.End > a })
		r, ok := m.s.Region(a)
		next, more := m.s.Next(a)
		if ok != (i >= 0 && want[i].Start <= a) || ok && r != want[i] || more != (i >= 0) || more && next != want[i] {
			m.Fatalf("%#x: region %v %v, next %v %v", a, r, ok, next, more)
		}
		n := 0
		for r := range m.s.Overlapping(a, 50*PageSize) {
			if r != want[i+n] {
				m.Fatalf("%#x: region %d is %v, not %v", a, n, r, want[i+n])
			}
			n++
		}
		if i >= 0 && i+n < len(want) && want[i+n].Start < a+50*PageSize {
			m.Fatalf("%#x: only %d regions", a, n)
		}
	}
}

// sums looks at the chunks.
func (m *listModel) sums(want []Region) {
	l := &m.s.regions
	m.most = max(m.most, len(l.chunks))
	gaps, size, own, end := 0, uint64(0), uint64(0), ^guest.Addr(0)
	for _, r := range want {
		if r.Start != end {
			gaps++
		}
		end = r.End
		size += uint64(r.End - r.Start)
		if r.Prot&guest.Write != 0 {
			own += uint64(r.End - r.Start)
		}
	}
	n, g := l.count()
	if n != len(want) || g != gaps || l.size() != size || l.own() != own || l.private() != own || n > 0 && l.end() != end {
		m.Fatalf("%d regions, %d gaps, %d, %d, %d bytes, end %#x; want %d, %d, %d, %d, %#x",
			n, g, l.size(), l.own(), l.private(), l.end(), len(want), gaps, size, own, end)
	}
	for i := range l.chunks {
		c, n := &l.chunks[i], len(l.chunks[i].regions)
		if n == 0 || n > chunkMost || i > 0 && n+len(l.chunks[i-1].regions) <= chunkMost/2 {
			m.Fatalf("chunk %d of %d has %d regions", i, len(l.chunks), n)
		}
		had := c.sums
		if c.sum(); c.sums != had {
			m.Fatalf("chunk %d has the sums %+v, not %+v", i, had, c.sums)
		}
	}
}

// TestFoundLast: the region that was found last is the one in the list, wherever it is
// kept after regions have been added or removed.
func TestFoundLast(t *testing.T) {
	const mid, most = 200, 400
	l, n := &regionList{}, 0
	add := func(i int) { l.add(region{Region: Region{Start: addr(2 * i), End: addr(2*i + 1)}}) }
	look := func() {
		n++
		l.change(addr(2*mid), addr(2*mid+1), func(r *region) { r.Offset = uint64(n) })
		if r := l.find(addr(2 * mid)); r == nil || r.Offset != uint64(n) {
			t.Fatalf("change %d: found %+v", n, r)
		}
	}
	add(mid)
	for i := 1; i < most-mid; i++ {
		add(mid + i)
		look()
		add(mid - i)
		look()
	}
	for i := range 8 * most { // here and there, so that chunks are merged
		if i = i%most*8%most + i/most; i != mid {
			l.remove(addr(2*i), addr(2*i+1), func(*region) {})
			look()
		}
	}
}

// benchSpace has n pages, no two of them neighbours.
func benchSpace(b *testing.B, n int) *Space {
	b.Helper()
	s := NewSpace(0)
	b.Cleanup(func() { s.Close() })
	for i := range n {
		if err := s.Map(addr(2*i+16), PageSize, guest.Read, Anonymous("")); err != nil {
			b.Skip(err)
		}
	}
	return s
}

var benchSizes = []int{1, 30, 20000}

// BenchmarkFind looks up the same region, or others in turn.
func BenchmarkFind(b *testing.B) {
	for _, n := range benchSizes {
		for by, name := range []string{"same", "other"} {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				s, at := benchSpace(b, n), 0
				for b.Loop() {
					if s.find(addr(2*at+16)) == nil {
						b.Fatal(at)
					}
					if at += 7 * by; at >= n {
						at %= n
					}
				}
			})
		}
	}
}

// BenchmarkMap maps and unmaps two pages in the highest gap that has room.
func BenchmarkMap(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := benchSpace(b, n)
			for b.Loop() {
				a, _ := s.FindFree(2*PageSize, 0, addr(2*n+16), true)
				if s.Map(a, 2*PageSize, rw, Anonymous("")) != nil || s.Unmap(a, 2*PageSize) != nil {
					b.Fatal(a)
				}
			}
		})
	}
}

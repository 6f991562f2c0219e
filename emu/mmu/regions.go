package mmu

import (
	"iter"
	"slices"
	"sort"

	"panda/emu/guest"
)

// A guest may have some ten thousand regions, and change them one by one. So their
// list is in chunks of a bounded size, each with sums of what lies in it: a change
// moves and sums up one chunk, a search for a gap looks into a chunk only if its
// largest one would do, and what is counted of a space is added up from the chunks.
// With few regions there is one chunk, which is a sorted slice.
//
// Invariants: no chunk is empty or has more than chunkMost regions, two neighbours
// together have more than half of that, and the sums are right after each change.

// chunkMost is how many regions a chunk has at most.
const chunkMost = 128

// chunk is a run of regions.
type chunk struct {
	sums
	regions []region
}

// sums is what is known of the regions of a chunk.
type sums struct {
	start, end guest.Addr // of the first and of the last
	gap        guest.Addr // the largest one between two
	gaps       int        // how many there are
	size       uint64     // bytes
	own        uint64     // bytes that are private and may be written
	private    uint64     // bytes: see region.private
}

// regionList is the regions of a space: sorted, disjoint, not empty.
type regionList struct {
	chunks []chunk
	last   *region // the one found last; nil after a change
}

// cursor is the place of a region in a list, or after the last. It and the pointers
// to regions hold until a region is added or removed.
type cursor struct {
	l         *regionList
	chunk, at int
}

// from is the place of the first region that ends above a.
func (l *regionList) from(a guest.Addr) cursor {
	i := sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].end > a })
	if i == len(l.chunks) {
		return cursor{l, i, 0}
	}
	rs := l.chunks[i].regions
	return cursor{l, i, sort.Search(len(rs), func(i int) bool { return rs[i].End > a })}
}

// region is nil after the last.
func (c cursor) region() *region {
	if c.chunk == len(c.l.chunks) {
		return nil
	}
	return &c.l.chunks[c.chunk].regions[c.at]
}

// next moves on to the next region.
func (c *cursor) next() {
	if c.at++; c.at == len(c.l.chunks[c.chunk].regions) {
		c.chunk, c.at = c.chunk+1, 0
	}
}

// before is the region in front, nil if there is none.
func (c cursor) before() *region {
	if c.at == 0 {
		if c.chunk == 0 {
			return nil
		}
		rs := c.l.chunks[c.chunk-1].regions
		return &rs[len(rs)-1]
	}
	return &c.l.chunks[c.chunk].regions[c.at-1]
}

// changed sums up again after the region has been changed.
func (c cursor) changed() { c.l.chunks[c.chunk].sum() }

// find is the region of an address, nil if there is none.
func (l *regionList) find(a guest.Addr) *region {
	if r := l.last; r != nil && r.Start <= a && a < r.End {
		return r
	}
	return l.search(a)
}

// search is find for another region than last time.
func (l *regionList) search(a guest.Addr) *region {
	i := sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].end > a })
	if i == len(l.chunks) {
		return nil
	}
	rs := l.chunks[i].regions
	if i = sort.Search(len(rs), func(i int) bool { return rs[i].End > a }); i == len(rs) || rs[i].Start > a {
		return nil
	}
	l.last = &rs[i]
	return l.last
}

// all are the regions in order.
func (l *regionList) all() iter.Seq[*region] { return l.between(0, ^guest.Addr(0)) }

// between are the regions that touch [start, end), in order.
func (l *regionList) between(start, end guest.Addr) iter.Seq[*region] {
	return func(yield func(*region) bool) {
		for c := l.from(start); c.chunk < len(l.chunks); c.next() {
			if r := c.region(); r.Start >= end || !yield(r) {
				return
			}
		}
	}
}

// add adds a region where nothing is.
func (l *regionList) add(r region) {
	l.last = nil
	c := l.from(r.Start)
	switch n := len(l.chunks); {
	case n == 0:
		l.chunks = append(l.chunks, chunk{})
	case c.chunk == n:
		c.chunk, c.at = n-1, len(l.chunks[n-1].regions)
	}
	if c = l.roomAt(c); l.chunks[c.chunk].regions == nil {
		l.chunks[c.chunk].regions = make([]region, 0, chunkMost/8)
	}
	ch := &l.chunks[c.chunk]
	ch.regions = slices.Insert(ch.regions, c.at, r)
	ch.sum()
}

// roomAt makes a full chunk two, so that a region can be added. It says where.
func (l *regionList) roomAt(c cursor) cursor {
	low := &l.chunks[c.chunk]
	if len(low.regions) < chunkMost {
		return c
	}
	const half = chunkMost / 2
	high := chunk{regions: append(make([]region, 0, chunkMost), low.regions[half:]...)}
	clear(low.regions[half:])
	low.regions = low.regions[:half]
	low.sum()
	high.sum()
	l.chunks = slices.Insert(l.chunks, c.chunk+1, high)
	if c.at > half {
		c.chunk, c.at = c.chunk+1, c.at-half
	}
	return c
}

// remove removes the regions of [start, end), which none of them crosses, and says
// which they are.
func (l *regionList) remove(start, end guest.Addr, gone func(r *region)) {
	l.last = nil
	for {
		c := l.from(start)
		if r := c.region(); r == nil || r.Start >= end {
			return
		}
		ch := &l.chunks[c.chunk]
		to := c.at
		for ; to < len(ch.regions) && ch.regions[to].Start < end; to++ {
			gone(&ch.regions[to])
		}
		ch.regions = slices.Delete(ch.regions, c.at, to)
		l.settle(c.chunk)
	}
}

// settle makes the chunks around one that has lost regions what they must be.
func (l *regionList) settle(i int) {
	if len(l.chunks[i].regions) == 0 {
		l.chunks = slices.Delete(l.chunks, i, i+1)
		if i--; i < 0 {
			return
		}
	}
	l.chunks[i].sum()
	l.merge(i)
	if i > 0 {
		l.merge(i - 1)
	}
}

// merge makes one of a chunk and the next if they are small.
func (l *regionList) merge(i int) {
	if i+1 == len(l.chunks) || len(l.chunks[i].regions)+len(l.chunks[i+1].regions) > chunkMost/2 {
		return
	}
	l.chunks[i].regions = append(l.chunks[i].regions, l.chunks[i+1].regions...)
	l.chunks[i].sum()
	l.chunks = slices.Delete(l.chunks, i+1, i+2)
}

// change calls set for the regions that touch [start, end). Their places stay.
func (l *regionList) change(start, end guest.Addr, set func(r *region)) {
	for c := l.from(start); c.chunk < len(l.chunks) && l.chunks[c.chunk].start < end; c = (cursor{l, c.chunk + 1, 0}) {
		ch := &l.chunks[c.chunk]
		for i := c.at; i < len(ch.regions) && ch.regions[i].Start < end; i++ {
			set(&ch.regions[i])
		}
		ch.sum()
	}
}

// sum sums up.
func (c *chunk) sum() {
	rs := c.regions
	c.sums = sums{start: rs[0].Start, end: rs[0].Start}
	for i := range rs {
		r := &rs[i]
		if r.Start != c.end {
			c.gaps++
			c.gap = max(c.gap, r.Start-c.end)
		}
		c.end = r.End
		c.size += uint64(r.End - r.Start)
		if r.own() {
			c.own += uint64(r.End - r.Start)
		}
		c.private += r.private()
	}
}

// count is how many regions there are, and in front of how many of them is a gap.
func (l *regionList) count() (n, gaps int) {
	end := ^guest.Addr(0)
	for i := range l.chunks {
		c := &l.chunks[i]
		n, gaps = n+len(c.regions), gaps+c.gaps
		if c.start != end {
			gaps++
		}
		end = c.end
	}
	return n, gaps
}

// size is how many bytes the regions are.
func (l *regionList) size() (n uint64) {
	for i := range l.chunks {
		n += l.chunks[i].size
	}
	return n
}

// own is how many of them are private and may be written.
func (l *regionList) own() (n uint64) {
	for i := range l.chunks {
		n += l.chunks[i].own
	}
	return n
}

// private is how many bytes the regions need: see region.private.
func (l *regionList) private() (n uint64) {
	for i := range l.chunks {
		n += l.chunks[i].private
	}
	return n
}

// end is where the last region ends, 0 if there is none.
func (l *regionList) end() guest.Addr {
	if len(l.chunks) == 0 {
		return 0
	}
	return l.chunks[len(l.chunks)-1].end
}

package mmu

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// A file without a name is memory, and a map of it makes more of it when its pages
// are touched, without a call. So who counts the memory of such files counts a map
// as if all of it had been touched: it is asked for room when there are new pages
// that maps show, and asks itself what they show when it counts again.

// fileMaps is which parts of files that are memory are mapped. Parts that are not any
// more may be there until count, but for files that are not mapped at all.
type fileMaps struct {
	mu    sync.Mutex
	parts map[inode][]part
	fds   map[inode]int // descriptors of the group for them
}

// part is [from, to) of a file.
type part struct{ from, to uint64 }

// Mapped is how much of a file maps may show: all, and what lies before size. It may
// be called from any goroutine.
func (g *Group) Mapped(dev, ino, size uint64) (all, within uint64) {
	g.maps.mu.Lock()
	defer g.maps.mu.Unlock()
	for _, p := range g.maps.parts[inode{dev, ino}] {
		all += p.to - p.from
		within += min(p.to, max(size, p.from)) - p.from
	}
	return all, within
}

// MappedFiles lists descriptors of the files that are memory and mapped. It may be
// called from any goroutine.
func (g *Group) MappedFiles() []int {
	g.maps.mu.Lock()
	defer g.maps.mu.Unlock()
	return slices.Sorted(maps.Values(g.maps.fds))
}

// fileRoom fails with ENOMEM when there is no memory for what a new region shows of a
// file.
func (g *Group) fileRoom(r *region) error {
	if g.FileRoom == nil || r.file == nil || !r.file.opened {
		return nil
	}
	of, p := r.file.key.inode, r.part()
	if g.maps.more(of, p) == 0 || g.FileRoom(g.maps.more(of, p)) {
		return nil
	}
	g.countMaps()
	if g.FileRoom(g.maps.more(of, p)) {
		return nil
	}
	return g.refuse(g.maps.more(of, p))
}

// showsFile notes what a region shows of a file.
func (g *Group) showsFile(r *region) {
	if r.file != nil && r.file.opened {
		g.maps.add(r.file.key.inode, r.part())
		g.maps.holds(r.file.key.inode, r.file.fd)
	}
}

// hidesFile is told that a descriptor for maps of a file has gone.
func (g *Group) hidesFile(of inode) {
	for mode := range unix.O_ACCMODE + 1 {
		if h := g.files[fileKey{of, mode}]; h != nil {
			g.maps.holds(of, h.fd)
			return
		}
	}
	g.maps.mu.Lock()
	delete(g.maps.parts, of)
	delete(g.maps.fds, of)
	g.maps.mu.Unlock()
}

// countMaps notes again what is mapped.
func (g *Group) countMaps() {
	g.maps.mu.Lock()
	clear(g.maps.parts)
	g.maps.mu.Unlock()
	for _, s := range g.spaces {
		for r := range s.regions.all() {
			g.showsFile(r)
		}
	}
}

// part is what a region shows of its file.
func (r *region) part() part {
	size := uint64(r.End - r.Start)
	return part{r.Offset, r.Offset + min(size, math.MaxUint64-r.Offset)}
}

// more is how many bytes of a part are in no map yet.
func (m *fileMaps) more(of inode, p part) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := p.to - p.from
	for _, q := range m.parts[of] {
		if from, to := max(p.from, q.from), min(p.to, q.to); from < to {
			n -= to - from
		}
	}
	return n
}

// holds notes a descriptor for a file.
func (m *fileMaps) holds(of inode, fd int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fds == nil {
		m.fds = map[inode]int{}
	}
	m.fds[of] = fd
}

// add joins a part with those that it touches; the list stays sorted.
func (m *fileMaps) add(of inode, p part) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.parts == nil {
		m.parts = map[inode][]part{}
	}
	list := m.parts[of]
	first, _ := slices.BinarySearchFunc(list, p.from, func(q part, at uint64) int { return cmp.Compare(q.to, at) })
	last := first
	for ; last < len(list) && list[last].from <= p.to; last++ {
		p.from, p.to = min(p.from, list[last].from), max(p.to, list[last].to)
	}
	m.parts[of] = slices.Replace(list, first, last, p)
}

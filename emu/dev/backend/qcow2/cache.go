package qcow2

import (
	"cmp"
	"container/list"
	"slices"
)

// table is a cluster of tables, an L2 table or a refcount block, in memory.
type table struct {
	at     int64
	b      []byte
	lo, hi int           // b[lo:hi] differs from the file
	fresh  bool          // nothing in the file refers to it yet
	use    *list.Element // its place in the order of use
}

// changed notes that bytes differ from the file. What is written is whole sectors, each of
// which the host writes in one piece.
func (t *table) changed(at, n int) {
	lo, hi := at&^511, (at+n+511)&^511
	if t.lo < t.hi {
		lo, hi = min(lo, t.lo), max(hi, t.hi)
	}
	t.lo, t.hi = lo, hi
}

func (t *table) dirty() bool { return t.lo < t.hi }

// cache keeps tables of one kind. A table that get returned is in it until two further ones
// were asked for.
type cache struct {
	q    *Image
	m    map[int64]*table
	used *list.List // the one used last is first
	most int
	// clean writes all tables that are dirty, when one of them has to make room.
	clean func() error
}

const (
	cacheBytes = 8 << 20
	leastCache = 8
	mostCache  = 4096
)

func newCache(q *Image, clean func() error) *cache {
	most := max(leastCache, min(mostCache, int(cacheBytes/q.cluster)))
	return &cache{q: q, m: map[int64]*table{}, used: list.New(), most: most, clean: clean}
}

// get is the table at an offset of the file.
func (c *cache) get(at int64) (*table, error) {
	if t := c.m[at]; t != nil {
		c.used.MoveToFront(t.use)
		return t, nil
	}
	t, err := c.room()
	if err != nil {
		return nil, err
	}
	if err := c.q.readHost(t.b, at, at); err != nil {
		return nil, err
	}
	c.add(t, at)
	return t, nil
}

// create is a table of zeros in a cluster that was just allocated.
func (c *cache) create(at int64) (*table, error) {
	c.drop(at)
	t, err := c.room()
	if err != nil {
		return nil, err
	}
	clear(t.b)
	c.add(t, at)
	t.fresh = true
	t.changed(0, len(t.b))
	return t, nil
}

func (c *cache) add(t *table, at int64) {
	*t = table{at: at, b: t.b}
	t.use = c.used.PushFront(t)
	c.m[at] = t
}

// room is the memory for one more table.
func (c *cache) room() (*table, error) {
	for c.used.Len() >= c.most {
		t := c.used.Back().Value.(*table)
		if t.dirty() {
			if err := c.clean(); err != nil {
				return nil, err
			}
			continue
		}
		c.drop(t.at)
		return t, nil
	}
	return &table{b: make([]byte, c.q.cluster)}, nil
}

// drop forgets a table, for whose cluster there is another use.
func (c *cache) drop(at int64) {
	if t := c.m[at]; t != nil {
		c.used.Remove(t.use)
		delete(c.m, at)
	}
}

// dirty is the tables that differ from the file, those first that nothing there refers to,
// and then by their offsets, so that what is written does not depend on chance.
func (c *cache) dirty() (ts []*table) {
	for e := c.used.Front(); e != nil; e = e.Next() {
		if t := e.Value.(*table); t.dirty() {
			ts = append(ts, t)
		}
	}
	slices.SortFunc(ts, func(a, b *table) int {
		if a.fresh != b.fresh {
			if a.fresh {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.at, b.at)
	})
	return ts
}

// write writes tables.
func (c *cache) write(ts []*table) error {
	for _, t := range ts {
		if err := c.q.writeHost(t.b[t.lo:t.hi], t.at+int64(t.lo)); err != nil {
			return err
		}
		t.lo, t.hi, t.fresh = 0, 0, false
	}
	return nil
}

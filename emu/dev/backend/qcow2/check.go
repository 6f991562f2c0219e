package qcow2

import (
	"fmt"
	"math"
	"slices"
)

// Report is what Check found.
type Report struct {
	// Leaks is how many clusters have larger refcounts than references: room is lost.
	Leaks int64
	// Flags is how many entries have a flag that does not fit the refcount and does no harm.
	Flags int64
	// Corruptions is how many mistakes there are that endanger data.
	Corruptions int64
	// Problems are the first of all these, in words.
	Problems []string
}

// mostProblems is how many problems are described.
const mostProblems = 20

// mostCounted is how many clusters a file can have to be checked.
const mostCounted = 1 << 28

func (r *Report) problem(n *int64, format string, args ...any) {
	*n++
	if len(r.Problems) < mostProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Check counts the references to each cluster, and compares them with the refcounts.
func (q *Image) Check() (*Report, error) {
	if !q.o.ReadOnly && q.broken == nil {
		if err := q.Flush(); err != nil {
			return nil, err
		}
	}
	c, err := q.countAll()
	if err != nil {
		return nil, err
	}
	c.compare(func(cluster int64, _ *table, _ int64, is, want uint64) {
		switch at := cluster << q.h.ClusterBits; {
		case is > want:
			c.problem(&c.Leaks, "the cluster at %#x counts %d references, and has %d", at, is, want)
		case is < want:
			c.problem(&c.Corruptions, "the cluster at %#x counts %d references, and has %d", at, is, want)
		}
	})
	c.flags()
	return &c.Report, nil
}

// checker counts references.
type checker struct {
	Report
	q      *Image
	counts []uint32 // by cluster of the file
}

// leafRefs is an L2 table and how many L1 tables name it.
type leafRefs struct {
	at int64
	n  uint32
}

// countAll counts all references of an image.
func (q *Image) countAll() (*checker, error) {
	n := q.end/q.cluster + 2
	if n > mostCounted {
		return nil, fmt.Errorf("the qcow2 image %s has more than %d clusters, too many to count: qemu-img check may do it", q.name, mostCounted)
	}
	c := &checker{q: q, counts: make([]uint32, n)}
	c.add(0, q.cluster, 1, "header")
	c.add(int64(q.h.SnapshotsOffset), q.snapshotBytes, 1, "snapshot table")
	c.add(int64(q.h.TableOffset), int64(q.h.TableClusters)*q.cluster, 1, "refcount table")
	for i := range q.table {
		at, err := q.blockAt(int64(i))
		if err != nil {
			c.problem(&c.Corruptions, "%v", err)
		} else if at != 0 {
			c.add(at, q.cluster, 1, "refcount block")
		}
	}
	for _, l := range c.leaves() {
		c.leaf(l)
	}
	c.bitmaps()
	return c, nil
}

// add counts n more references to the clusters of size bytes.
func (c *checker) add(at, size int64, n uint32, what string) {
	if size == 0 {
		return
	}
	bits := c.q.h.ClusterBits
	first, last := at>>bits, (at+size-1)>>bits
	if at < 0 || last < first || first > c.q.end>>bits || last >= int64(len(c.counts)) {
		c.problem(&c.Corruptions, "a %s at %#x lies beyond the end of the file", what, at)
		return
	}
	for ; first <= last; first++ {
		c.counts[first] += min(n, math.MaxUint32-c.counts[first])
	}
}

// leaves is the L2 tables of all L1 tables, each once: what is shared by many snapshots is
// looked at once.
func (c *checker) leaves() (all []leafRefs) {
	var ats []int64
	total := int64(c.q.h.L1Size) * 8
	c.add(int64(c.q.h.L1Offset), total, 1, "L1 table")
	ats = c.named(ats, c.q.l1)
	for _, s := range c.q.snapshots {
		if total += s.l1Size * 8; total > c.q.end {
			c.problem(&c.Corruptions, "the L1 tables of the snapshots are larger than the file")
			break
		}
		c.add(s.l1At, s.l1Size*8, 1, "L1 table of a snapshot")
		l1, err := c.q.readTable(s.l1At, s.l1Size, "L1 table of the snapshot "+s.Name)
		if err != nil {
			c.problem(&c.Corruptions, "%v", err)
			continue
		}
		ats = c.named(ats, l1)
	}
	slices.Sort(ats)
	for _, at := range ats {
		if n := len(all); n > 0 && all[n-1].at == at {
			all[n-1].n++
		} else {
			all = append(all, leafRefs{at, 1})
		}
	}
	return all
}

// named adds where the L2 tables are that an L1 table names.
func (c *checker) named(ats []int64, l1 []uint64) []int64 {
	for _, e := range l1 {
		at, err := c.q.l1Entry(e)
		if err != nil {
			c.problem(&c.Corruptions, "%v", err)
		} else if at != 0 {
			ats = append(ats, at)
		}
	}
	return ats
}

// leaf counts what an L2 table refers to.
func (c *checker) leaf(l leafRefs) {
	c.add(l.at, c.q.cluster, l.n, "L2 table")
	t, err := c.q.l2.get(l.at)
	if err != nil {
		c.problem(&c.Corruptions, "%v", err)
		return
	}
	for i := range int64(1) << c.q.l2Bits {
		err := c.q.each(t.entry(i), func(cluster int64) error {
			c.add(cluster<<c.q.h.ClusterBits, 1, l.n, "cluster")
			return nil
		})
		if err != nil {
			c.problem(&c.Corruptions, "%v", err)
		}
	}
}

// compare calls f for each cluster with another refcount than it should have. Where there is
// no block b is nil.
func (c *checker) compare(f func(cluster int64, b *table, i int64, is, want uint64)) {
	q := c.q
	per := q.perBlock()
	for i := int64(0); i < max(int64(len(q.table)), (int64(len(c.counts))+per-1)/per); i++ {
		at, _ := q.blockAt(i)
		if at == 0 && i*per >= int64(len(c.counts)) || c.want(at>>q.h.ClusterBits) > 1 && at != 0 {
			continue // it is a mistake by itself that a block is named twice
		}
		for k := range per {
			is, want := uint64(0), c.want(i*per+k)
			var b *table
			if at != 0 {
				var err error
				if b, err = q.blocks.get(at); err != nil {
					c.problem(&c.Corruptions, "%v", err)
					break
				}
				is = getCount(b.b, k, q.h.RefcountOrder)
			} else if i*per+k >= int64(len(c.counts)) {
				break
			}
			if is != want {
				f(i*per+k, b, k, is, want)
			}
		}
	}
}

// want is what the refcount of a cluster should be.
func (c *checker) want(cluster int64) uint64 {
	if cluster < int64(len(c.counts)) {
		return uint64(c.counts[cluster])
	}
	return 0
}

// flags looks at the flags of the active tables that let clusters be written in place.
func (c *checker) flags() {
	for _, e := range c.q.l1 {
		at, err := c.q.l1Entry(e)
		if at == 0 || err != nil {
			continue
		}
		c.flag(e, at)
		t, err := c.q.l2.get(at)
		if err != nil {
			continue
		}
		for i := range int64(1) << c.q.l2Bits {
			e := t.entry(i)
			if k, host, err := c.q.decode(e); err == nil && k != packed && host != 0 {
				c.flag(e, host)
			}
		}
	}
}

func (c *checker) flag(e uint64, at int64) {
	n, err := c.q.refcount(at >> c.q.h.ClusterBits)
	set := e&flagCopied != 0
	switch {
	case err != nil || set == (n == 1):
	case set && c.want(at>>c.q.h.ClusterBits) > 1:
		c.problem(&c.Corruptions, "the cluster at %#x is shared, and marked as one that is not", at)
	default:
		c.problem(&c.Flags, "the cluster at %#x has the wrong mark, with a refcount of %d", at, n)
	}
}

package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// mostBeyond is how many clusters beyond the end of the file may be in use: those of writes
// that failed. More of them are a refcount table that an image lies with.
const mostBeyond = 1 << 20

// allocate finds a free cluster and makes its refcount one. What it had is not zeros, unless
// it lies beyond the end of the file.
func (q *Image) allocate() (int64, error) { return q.allocateRun(1) }

// allocateRun finds free clusters in a row. It returns where the first is in the file.
func (q *Image) allocateRun(n int64) (int64, error) {
	c, err := q.find(n)
	if err != nil {
		return 0, err
	}
	if c == 0 {
		c, err = q.extend(n)
	} else {
		err = q.count(c, n)
	}
	if err != nil {
		return 0, err
	}
	if what := q.vital(c<<q.h.ClusterBits, n*q.cluster); what != "" {
		return 0, q.corrupt("the cluster at %#x, of its %s, counts as free", c<<q.h.ClusterBits, what)
	}
	for k := range n {
		at := (c + k) << q.h.ClusterBits
		q.l2.drop(at)
		q.blocks.drop(at)
	}
	q.inflatedAt = 0
	if n == 1 && c == q.hint {
		q.hint++
	}
	return c << q.h.ClusterBits, nil
}

// find looks for free clusters in a row that refcount blocks have; 0 is none, as the first
// cluster, which the header is in, is never free.
func (q *Image) find(n int64) (int64, error) {
	last := int64(len(q.table)) * q.perBlock()
	tooMany := (q.end+q.cluster-1)/q.cluster + mostBeyond
	run, first := int64(0), true
	for c := max(q.hint, 1); c < last; {
		i := c / q.perBlock()
		b, err := q.block(i)
		if err != nil {
			return 0, err
		}
		if b == nil {
			run, c = 0, (i+1)*q.perBlock()
			continue
		}
		for end := (i + 1) * q.perBlock(); c < end && run < n; c++ {
			if run++; getCount(b.b, c%q.perBlock(), q.h.RefcountOrder) != 0 {
				run = 0
			} else if first {
				first, q.hint = false, c
			}
		}
		if run == n {
			return c - n, nil
		}
		if run == 0 && c > tooMany {
			return 0, q.corrupt("clusters beyond the end of the file are in use")
		}
	}
	if first {
		q.hint = last
	}
	return 0, nil
}

// vital is what there is of the image itself among n bytes of the file, "" for nothing that
// is known at once. No data belongs there, whatever a table says.
func (q *Image) vital(at, n int64) string {
	for _, r := range []struct {
		at, n int64
		what  string
	}{
		{0, q.cluster, "header"},
		{int64(q.h.L1Offset), int64(q.h.L1Size) * 8, "L1 table"},
		{int64(q.h.TableOffset), int64(q.h.TableClusters) * q.cluster, "refcount table"},
		{int64(q.h.SnapshotsOffset), q.snapshotBytes, "snapshot table"},
	} {
		if r.n > 0 && at < r.at+r.n && r.at < at+n {
			return r.what
		}
	}
	return ""
}

// count makes the refcounts of free clusters one.
func (q *Image) count(c, n int64) error {
	for k := range n {
		b, err := q.block((c + k) / q.perBlock())
		if err != nil {
			return err
		}
		q.store(b, (c+k)%q.perBlock(), 1)
	}
	return nil
}

// uncount takes back what was allocated and never used.
func (q *Image) uncount(at, n int64) {
	for k := range n {
		// An error leaves a leak.
		_, _ = q.addRefcount(at>>q.h.ClusterBits+k, -1)
	}
}

// covered is the first entry of the refcount table after all that name blocks.
func (q *Image) covered() int64 {
	i := int64(len(q.table))
	for i > 0 && q.table[i-1] == 0 {
		i--
	}
	return i
}

// blocksFor is how many refcount blocks count n clusters and themselves.
func (q *Image) blocksFor(n int64) int64 {
	m := int64(1)
	for m*q.perBlock() < n+m {
		m = (n + m + q.perBlock() - 1) / q.perBlock()
	}
	return m
}

// extend allocates clusters that no refcount block has yet, and behind them the blocks that
// do. It returns the first.
func (q *Image) extend(n int64) (int64, error) {
	m := q.blocksFor(n)
	if err := q.growTable(q.covered() + m); err != nil {
		return 0, err
	}
	i := q.covered()
	c := i * q.perBlock()
	if (c+n+m)<<q.h.ClusterBits > offsetMask {
		return 0, fmt.Errorf("the qcow2 image %s cannot be larger", q.name)
	}
	for k := range m {
		at := (c + n + k) << q.h.ClusterBits
		b, err := q.blocks.create(at)
		if err != nil {
			return 0, err
		}
		q.fill(b.b, c+k*q.perBlock(), c+n+m)
		q.l2.drop(at)
		q.table[i+k] = uint64(at)
		q.newBlocks[int((i+k)/sectorEntries)] = true
	}
	q.hint = min(q.hint, c)
	return c, nil
}

// fill counts as used the clusters from the first of a block on, up to an end.
func (q *Image) fill(block []byte, first, end int64) {
	for k := range min(q.perBlock(), end-first) {
		setCount(block, k, q.h.RefcountOrder, 1)
	}
}

// growTable moves the refcount table to a place where it can have at least so many entries:
// to clusters that no refcount block has yet, with blocks for them behind it, as the larger
// table names those too. All of it is on disk before the header names it.
func (q *Image) growTable(least int64) error {
	if least <= int64(len(q.table)) {
		return nil
	}
	var n, m, entries int64
	for want := least; entries < want; {
		n = (want + want/2 + q.cluster/8 - 1) / (q.cluster / 8)
		m = q.blocksFor(n)
		entries, want = n*q.cluster/8, least+m
	}
	if entries > mostTable {
		return fmt.Errorf("the qcow2 image %s cannot have more clusters: qemu-img convert makes an image of larger clusters", q.name)
	}
	if err := q.flushRefcounts(); err != nil {
		return err
	}
	larger := make([]uint64, entries)
	copy(larger, q.table)
	c := q.covered() * q.perBlock()
	if err := q.writeBlocks(larger, c, n, m); err != nil {
		return err
	}
	at := c << q.h.ClusterBits
	if err := q.writeHost(encodeTable(larger), at); err != nil {
		return err
	}
	return q.moveTable(larger, uint64(at), n)
}

// writeBlocks writes m refcount blocks behind n clusters that they count, and makes a table
// name them that is in no use yet.
func (q *Image) writeBlocks(table []uint64, c, n, m int64) error {
	for k := range m {
		at := (c + n + k) << q.h.ClusterBits
		block := make([]byte, q.cluster)
		q.fill(block, c+k*q.perBlock(), c+n+m)
		if err := q.writeHost(block, at); err != nil {
			return err
		}
		q.blocks.drop(at)
		q.l2.drop(at)
		table[c/q.perBlock()+k] = uint64(at)
	}
	return nil
}

func (q *Image) moveTable(larger []uint64, at uint64, clusters int64) error {
	field := binary.BigEndian.AppendUint64(nil, at)
	field = binary.BigEndian.AppendUint32(field, uint32(clusters))
	if err := q.setHeader(atTable, field); err != nil {
		// Whether the header names the one or the other nobody knows.
		q.fail(errors.New("the refcount table could not be moved"))
		return err
	}
	old, n := int64(q.h.TableOffset)>>q.h.ClusterBits, int64(q.h.TableClusters)
	q.table, q.h.TableOffset, q.h.TableClusters = larger, at, uint32(clusters)
	q.leak(q.unreference(row(old, n)))
	return nil
}

// row is the numbers of n clusters.
func row(first, n int64) []int64 {
	cs := make([]int64, n)
	for k := range cs {
		cs[k] = first + int64(k)
	}
	return cs
}

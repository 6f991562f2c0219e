package qcow2

import (
	"errors"
	"maps"
	"slices"
)

// Problem: what is changed in memory goes to the file in writes any first part of which may
// be all that happens; and of those since the last Sync any of them, if the host crashes.
// Idea and invariants are in doc.go, by the numbers of the steps named here.

// sectorEntries is how many entries of a table are in a sector of the file.
const sectorEntries = 512 / 8

// flushTables writes all that differs in memory, if there are changes of the mapping. With
// lazy refcounts those can wait.
func (q *Image) flushTables() error {
	dirty := q.l2.dirty()
	if len(dirty) == 0 && len(q.l1Dirty) == 0 && len(q.given) == 0 {
		return nil
	}
	if !q.lazy {
		if err := q.flushRefcounts(); err != nil {
			return err
		}
	}
	placed := slices.IndexFunc(dirty, func(t *table) bool { return !t.fresh })
	if placed < 0 {
		placed = len(dirty)
	}
	if err := q.l2.write(dirty[:placed]); err != nil {
		return err
	}
	if err := q.sync(); err != nil {
		return err
	}
	if err := q.l2.write(dirty[placed:]); err != nil {
		return err
	}
	if err := q.writeSectors(q.l1Dirty, q.l1, int64(q.h.L1Offset)); err != nil {
		return err
	}
	if err := q.sync(); err != nil {
		return err
	}
	return q.release()
}

// flushRefcounts is step 1. It may be taken at any time, for a refcount becomes smaller in
// memory in step 4 only.
func (q *Image) flushRefcounts() error {
	if err := q.blocks.write(q.blocks.dirty()); err != nil {
		return err
	}
	if len(q.newBlocks) == 0 {
		return nil
	}
	if err := q.sync(); err != nil {
		return err
	}
	return q.writeSectors(q.newBlocks, q.table, int64(q.h.TableOffset))
}

// writeSectors writes the sectors of a table that are in a set, and empties the set.
func (q *Image) writeSectors(set map[int]bool, es []uint64, at int64) error {
	for _, s := range slices.Sorted(maps.Keys(set)) {
		first := s * sectorEntries
		b := encodeTable(es[first:min(len(es), first+sectorEntries)])
		if err := q.writeHost(b, at+int64(first)*8); err != nil {
			return err
		}
		delete(set, s)
	}
	return nil
}

// mostGiven is how many clusters wait for step 4 at most.
const mostGiven = 1 << 14

// giveUp notes that a reference to a cluster is gone from the tables in memory.
func (q *Image) giveUp(cluster int64) error {
	q.given = append(q.given, cluster)
	return nil
}

// bound flushes when many clusters have been given up. It is asked between operations.
func (q *Image) bound() error {
	if len(q.given) < mostGiven {
		return nil
	}
	return q.flushTables()
}

// release is step 4: no table on disk refers any more to what was given up. Clusters that
// become free are given back to the host.
func (q *Image) release() error {
	given := q.given
	q.given = nil
	return q.unreference(given)
}

// unreference makes refcounts smaller by one, and gives what is free back to the host.
func (q *Image) unreference(clusters []int64) error {
	var free []int64
	for _, c := range clusters {
		n, err := q.addRefcount(c, -1)
		if err != nil {
			return err
		}
		if n == 0 {
			free = append(free, c)
		}
	}
	slices.Sort(free)
	q.punch(free)
	return nil
}

// punch gives clusters back to the host. They are free in the image, whether it takes them or
// not.
func (q *Image) punch(free []int64) {
	if q.broken != nil {
		return // maybe they are not, in the file
	}
	for i := 0; i < len(free); {
		n := contiguous(free[i:], 1)
		if q.f.Punch(free[i]<<q.h.ClusterBits, int64(n)<<q.h.ClusterBits) == nil {
			q.unsynced = true
		}
		i += n
	}
}

// leak notes that an operation is complete, and only what it should have freed or marked
// could not be: the repair of the image does that when it is opened again.
func (q *Image) leak(errs ...error) {
	if errors.Join(errs...) != nil {
		q.unclean = true
	}
}

// contiguous is how many numbers from the first on follow one another at a distance.
func contiguous(of []int64, step int64) int {
	n := 1
	for n < len(of) && of[n] == of[n-1]+step {
		n++
	}
	return n
}

package qcow2

import (
	"errors"
	"slices"
)

// errStop ends a walk early.
var errStop = errors.New("enough")

// walk calls f for each reference that an L1 table and its L2 tables have.
func (q *Image) walk(l1 []uint64, f func(cluster int64) error) error {
	return q.leaves(l1, func(_ int, at int64) error {
		if err := f(at >> q.h.ClusterBits); err != nil {
			return err
		}
		t, err := q.l2.get(at)
		if err != nil {
			return err
		}
		for i := range int64(1) << q.l2Bits {
			if err := q.each(t.entry(i), f); err != nil {
				return err
			}
		}
		return nil
	})
}

// leaves calls f for each L2 table that an L1 table names. None is named twice, or else a
// small file would take forever.
func (q *Image) leaves(l1 []uint64, f func(i int, at int64) error) error {
	seen := make([]int64, 0, len(l1))
	for _, e := range l1 {
		at, err := q.l1Entry(e)
		if err != nil {
			return err
		}
		if at != 0 {
			seen = append(seen, at)
		}
	}
	slices.Sort(seen)
	if n := len(seen); len(slices.Compact(seen)) != n {
		return q.corrupt("an L1 table names an L2 table twice")
	}
	for i, e := range l1 {
		if at := int64(e & offsetMask); at != 0 {
			if err := f(i, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// refer counts all references of an L1 table once more, or none if one of them cannot be.
func (q *Image) refer(l1 []uint64) error {
	done := 0
	err := q.walk(l1, func(c int64) error {
		_, err := q.addRefcount(c, 1)
		if err == nil {
			done++
		}
		return err
	})
	if err == nil {
		return nil
	}
	failed := q.walk(l1, func(c int64) error {
		if done == 0 {
			return errStop
		}
		done--
		_, err := q.addRefcount(c, -1)
		return err
	})
	if errors.Is(failed, errStop) {
		failed = nil
	}
	return undo(err, failed)
}

// dropTree takes the references away that an L1 table had, which nothing names any more.
func (q *Image) dropTree(l1 []uint64) error {
	return q.leaves(l1, func(_ int, at int64) error {
		t, err := q.l2.get(at)
		if err != nil {
			return err
		}
		gone := []int64{at >> q.h.ClusterBits}
		for i := range int64(1) << q.l2Bits {
			err := q.each(t.entry(i), func(c int64) error {
				gone = append(gone, c)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return q.unreference(gone)
	})
}

// mark gives the entries below an L1 table in memory the flags that refcounts ask for. If it
// is not the active one, only its L2 tables matter.
func (q *Image) mark(l1 []uint64) error {
	active := len(l1) > 0 && len(q.l1) > 0 && &l1[0] == &q.l1[0]
	return q.leaves(l1, func(i int, at int64) error {
		e, err := q.flagged(uint64(at), at)
		if err != nil {
			return err
		}
		if active && e != q.l1[i] {
			q.setL1(i, e)
		}
		return q.markLeaf(at)
	})
}

func (q *Image) markLeaf(at int64) error {
	for i := range int64(1) << q.l2Bits {
		t, err := q.l2.get(at)
		if err != nil {
			return err
		}
		old := t.entry(i)
		k, host, err := q.decode(old)
		if err != nil {
			return err
		}
		if k == packed || host == 0 {
			continue
		}
		e, err := q.flagged(old, host)
		if err != nil {
			return err
		}
		if e != old {
			t.setEntry(i, e)
		}
	}
	return nil
}

// flagged is an entry for a cluster, with the flag if its refcount is one.
func (q *Image) flagged(e uint64, at int64) (uint64, error) {
	n, err := q.refcount(at >> q.h.ClusterBits)
	if n == 1 {
		return e | flagCopied, err
	}
	return e &^ flagCopied, err
}

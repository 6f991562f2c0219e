package qcow2

import "panda/emu/dev/backend"

// Discard makes whole clusters of n bytes read as zeros, and frees what they had. A cluster
// that the backing file has stays, as does one that must go on to hide it and for which
// version 2 knows no zeros.
func (q *Image) Discard(off, n int64) error {
	if err := backend.CheckWrite(q, off, n); err != nil {
		return err
	}
	if err := q.writable(); err != nil {
		return err
	}
	first, end := q.whole(off, n)
	return q.eachLeaf(first, end, func(first, end int64) error {
		if q.l1[first>>(q.l2Bits+q.h.ClusterBits)] == 0 {
			return nil
		}
		for at := first; at < end; at += q.cluster {
			x, err := q.extent1(q.l1, at)
			if err != nil {
				return err
			}
			e, ok := q.zeroEntry(at)
			if x.kind == missing || x.kind == zero && x.host == 0 || !ok {
				continue
			}
			if err := q.setEntry(at, e); err != nil {
				return err
			}
		}
		return q.bound()
	})
}

// WriteZeroes makes n bytes read as zeros.
func (q *Image) WriteZeroes(off, n int64) error {
	if err := backend.CheckWrite(q, off, n); err != nil {
		return err
	}
	if err := q.writable(); err != nil {
		return err
	}
	first, end := q.whole(off, n)
	if first >= end {
		return q.writeZeros(off, off+n)
	}
	if err := q.writeZeros(off, first); err != nil {
		return err
	}
	if err := q.eachLeaf(first, end, q.zeroLeaf); err != nil {
		return err
	}
	return q.writeZeros(end, off+n)
}

// zeroLeaf makes clusters of one L2 table zeros.
func (q *Image) zeroLeaf(first, end int64) error {
	if q.l1[first>>(q.l2Bits+q.h.ClusterBits)] == 0 && first >= q.below() {
		return nil
	}
	for at := first; at < end; at += q.cluster {
		x, err := q.extent1(q.l1, at)
		if err != nil {
			return err
		}
		e, ok := q.zeroEntry(at)
		switch {
		case x.kind == zero, x.kind == missing && at >= q.below():
		case ok:
			err = q.setEntry(at, e)
		default:
			err = q.writeZeros(at, min(at+q.cluster, q.Size()))
		}
		if err != nil {
			return err
		}
	}
	return q.bound()
}

// zeroEntry is an entry of an L2 table for a cluster of zeros, if there is one: in version 2
// it can only be that of a cluster that is nowhere.
func (q *Image) zeroEntry(off int64) (uint64, bool) {
	switch {
	case off >= q.below():
		return 0, true
	case q.h.Version >= 3:
		return flagZero, true
	}
	return 0, false
}

func (q *Image) setEntry(off int64, e uint64) error {
	t, err := q.leaf(off)
	if err != nil {
		return err
	}
	return q.replace(t, off>>q.h.ClusterBits&(1<<q.l2Bits-1), e)
}

// whole is the clusters that lie in n bytes: from the first to the end of the last.
func (q *Image) whole(off, n int64) (first, end int64) {
	end = (off + n) &^ (q.cluster - 1)
	if off+n == q.Size() {
		end = (q.Size() + q.cluster - 1) &^ (q.cluster - 1)
	}
	return (off + q.cluster - 1) &^ (q.cluster - 1), end
}

// eachLeaf calls f for the parts of clusters first to end that have an L2 table each.
func (q *Image) eachLeaf(first, end int64, f func(first, end int64) error) error {
	for first < end {
		to := min(end, q.leafEnd(first))
		if err := f(first, to); err != nil {
			return err
		}
		first = to
	}
	return nil
}

var zeros [1 << 16]byte

// writeZeros writes zeros where they are not known to be.
func (q *Image) writeZeros(off, end int64) error {
	for off < end {
		n := min(end-off, int64(len(zeros)), q.cluster-off&(q.cluster-1))
		is, err := q.isZero(off, off+n)
		if err == nil && !is {
			err = q.Write(off, zeros[:n])
		}
		if err != nil {
			return err
		}
		off += n
	}
	return nil
}

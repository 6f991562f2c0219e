package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// CreateSnapshot keeps the disk as it is. One of the same name is replaced.
func (q *Image) CreateSnapshot(s Snapshot) error { return q.SaveState(s, nil) }

// SaveState keeps the disk as it is and, if there is one, the state of the machine. A snapshot
// of the same name is replaced when the new one is complete.
func (q *Image) SaveState(s Snapshot, state io.Reader) error {
	if q.o.ReadOnly {
		return fmt.Errorf("the qcow2 image %s is read-only: no snapshot %q can be kept in it", q.name, s.Name)
	}
	if s.Name == "" || len(s.Name) > mostBackingName {
		return fmt.Errorf("a snapshot's name has 1 to %d bytes", mostBackingName)
	}
	err := q.while(func() error {
		n := &snapshot{Snapshot: s}
		n.ID, n.DiskSize = q.newID(), q.Size()
		return q.take(n, state)
	})
	if err != nil {
		return fmt.Errorf("keep the snapshot %q in the qcow2 image %s: %w", s.Name, q.name, err)
	}
	return nil
}

// take makes a snapshot. What is counted before the table of snapshots names it is a leak
// until then, and is taken back after an error.
func (q *Image) take(s *snapshot, state io.Reader) error {
	w := &stateWriter{q: q, first: q.stateLeaf(q.Size())}
	if state != nil {
		if err := w.copy(state); err != nil {
			return undo(err, q.dropTree(w.l1))
		}
	}
	s.StateSize = w.size
	l1 := append(slices.Clone(q.disk(q.l1)), w.l1...)
	if err := q.share(q.disk(q.l1)); err != nil {
		failed := q.dropTree(w.l1)
		if _, ok := err.(undone); ok {
			return undo(err, failed)
		}
		return err
	}
	old := q.snapshots
	if err := q.enter(s, l1); err != nil {
		return undo(err, q.dropTree(l1), q.mark(q.l1))
	}
	if i := slices.IndexFunc(old, func(o *snapshot) bool { return o.Name == s.Name }); i >= 0 {
		q.leak(q.forget(old[i]), q.mark(q.l1))
	}
	return nil
}

// disk is the part of an L1 table that maps the disk.
func (q *Image) disk(l1 []uint64) []uint64 {
	return l1[:min(int64(len(l1)), q.stateLeaf(q.Size()))]
}

// share counts the references once more that an L1 table has, and takes the flags away that
// let its clusters be written in place.
func (q *Image) share(l1 []uint64) error {
	if err := q.refer(l1); err != nil {
		return err
	}
	if err := q.mark(l1); err != nil {
		return err
	}
	return q.Flush()
}

// enter writes the L1 table of a snapshot, and then a table of snapshots that has it.
func (q *Image) enter(s *snapshot, l1 []uint64) error {
	at, n, err := q.writeNewTable(plain(l1))
	if err != nil {
		return err
	}
	s.l1At, s.l1Size = at, int64(len(l1))
	list := slices.DeleteFunc(slices.Clone(q.snapshots), func(o *snapshot) bool { return o.Name == s.Name })
	if err := q.writeSnapshots(append(list, s)); err != nil {
		q.uncount(at, n)
		return err
	}
	return nil
}

// plain is an L1 table without flags, which mean nothing in one of a snapshot.
func plain(l1 []uint64) []byte {
	es := slices.Clone(l1)
	for i := range es {
		es[i] &^= flagCopied
	}
	return encodeTable(es)
}

// writeNewTable writes bytes to new clusters. It returns where, and how many.
func (q *Image) writeNewTable(b []byte) (at, n int64, err error) {
	n = (int64(len(b)) + q.cluster - 1) / q.cluster
	if n == 0 {
		return 0, 0, nil
	}
	if at, err = q.allocateRun(n); err != nil {
		return 0, 0, err
	}
	whole := append(slices.Clone(b), make([]byte, n*q.cluster-int64(len(b)))...)
	if err := q.writeHost(whole, at); err != nil {
		q.uncount(at, n)
		return 0, 0, err
	}
	return at, n, nil
}

// writeSnapshots writes a new table of snapshots, and makes the header name it.
func (q *Image) writeSnapshots(list []*snapshot) error {
	if len(list) > mostSnapshots {
		return fmt.Errorf("it has %d snapshots, the most there can be", len(q.snapshots))
	}
	var b []byte
	var err error
	for _, s := range list {
		if b, err = s.appendTo(b); err != nil {
			return err
		}
	}
	at, n, err := q.writeNewTable(b)
	if err != nil {
		return err
	}
	if err := q.Flush(); err != nil {
		q.uncount(at, n)
		return err
	}
	field := binary.BigEndian.AppendUint32(nil, uint32(len(list)))
	field = binary.BigEndian.AppendUint64(field, uint64(at))
	if err := q.setHeader(atSnapshots, field); err != nil {
		q.fail(errors.New("the table of snapshots could not be replaced"))
		return err
	}
	old, was := int64(q.h.SnapshotsOffset)>>q.h.ClusterBits, (q.snapshotBytes+q.cluster-1)/q.cluster
	q.snapshots, q.snapshotBytes = list, int64(len(b))
	q.h.Snapshots, q.h.SnapshotsOffset = uint32(len(list)), uint64(at)
	q.leak(q.unreference(row(old, was)))
	return nil
}

// DeleteSnapshot forgets a snapshot.
func (q *Image) DeleteSnapshot(name string) error {
	s, err := q.named(name)
	if err != nil {
		return err
	}
	if q.o.ReadOnly {
		return fmt.Errorf("the qcow2 image %s is read-only: the snapshot %q stays", q.name, name)
	}
	return q.while(func() error {
		if _, err := q.readL1(s); err != nil {
			return err
		}
		list := slices.DeleteFunc(slices.Clone(q.snapshots), func(o *snapshot) bool { return o == s })
		if err := q.writeSnapshots(list); err != nil {
			return err
		}
		q.leak(q.forget(s), q.mark(q.l1))
		return nil
	})
}

// forget frees what a snapshot had, which no table of snapshots names any more.
func (q *Image) forget(s *snapshot) error {
	l1, err := q.readL1(s)
	if err != nil {
		return err
	}
	if err := q.dropTree(l1); err != nil {
		return err
	}
	return q.unreference(row(s.l1At>>q.h.ClusterBits, (s.l1Size*8+q.cluster-1)/q.cluster))
}

// readL1 reads the L1 table of a snapshot.
func (q *Image) readL1(s *snapshot) ([]uint64, error) {
	if s.l1At > q.end || s.l1Size*8 > q.end-s.l1At {
		return nil, q.corrupt("the L1 table of the snapshot %q lies beyond the end of the file", s.Name)
	}
	return q.readTable(s.l1At, s.l1Size, "L1 table of the snapshot "+s.Name)
}

// ApplySnapshot makes the disk what it was when a snapshot was taken.
func (q *Image) ApplySnapshot(name string) error {
	s, err := q.named(name)
	switch {
	case err != nil:
		return err
	case q.o.ReadOnly:
		return fmt.Errorf("the qcow2 image %s is read-only, and cannot go back to the snapshot %q", q.name, name)
	case s.DiskSize != q.Size():
		return fmt.Errorf("the disk of the snapshot %q had %d bytes, and now has %d: qemu-img resize makes it %d", name, s.DiskSize, q.Size(), s.DiskSize)
	}
	return q.while(func() error { return q.apply(s) })
}

func (q *Image) apply(s *snapshot) error {
	l1, err := q.readL1(s)
	if err != nil {
		return err
	}
	// The state of the machine stays the snapshot's alone.
	l1 = append(slices.Clone(q.disk(l1)), make([]uint64, max(0, len(q.l1)-len(q.disk(l1))))...)
	if err := q.share(l1); err != nil {
		return err
	}
	at, n, err := q.writeNewTable(plain(l1))
	if err == nil {
		err = q.Flush()
	}
	if err != nil {
		q.uncount(at, n)
		return undo(err, q.dropTree(l1), q.mark(q.l1))
	}
	field := binary.BigEndian.AppendUint32(nil, uint32(len(l1)))
	field = binary.BigEndian.AppendUint64(field, uint64(at))
	if err := q.setHeader(atL1, field); err != nil {
		q.fail(errors.New("the L1 table could not be replaced"))
		return err
	}
	old, was := q.l1, row(int64(q.h.L1Offset)>>q.h.ClusterBits, (int64(q.h.L1Size)*8+q.cluster-1)/q.cluster)
	q.l1, q.h.L1Size, q.h.L1Offset = l1, uint32(len(l1)), uint64(at)
	q.leak(q.dropTree(old), q.unreference(was), q.mark(q.l1))
	return nil
}

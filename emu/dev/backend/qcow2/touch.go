package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// writable is an error unless the image can be written. It is asked before the first change
// of each operation.
func (q *Image) writable() error {
	switch {
	case q.broken != nil:
		return q.broken
	case q.touched:
		return nil
	}
	if err := q.clearFeatures(); err != nil {
		return err
	}
	if q.h.Compatible&compatibleLazy != 0 && q.h.Version >= 3 {
		if err := q.setDirty(true); err != nil {
			return err
		}
		q.lazy = true
	}
	q.touched = true
	return nil
}

// clearFeatures clears the autoclear features, before the first change: others shall see that
// what they keep in the image is out of date.
func (q *Image) clearFeatures() error {
	if q.h.Autoclear == 0 {
		return nil
	}
	if err := q.setField(atAutoclear, 0); err != nil {
		return err
	}
	q.h.Autoclear = 0
	return nil
}

// setDirty sets the dirty bit, after which refcounts in the file need not be right, or
// makes them right and clears it.
func (q *Image) setDirty(dirty bool) error {
	if q.dirty == dirty {
		return nil
	}
	bits := q.h.Incompatible | incompatibleDirty
	if !dirty {
		if err := q.flushTables(); err != nil {
			return err
		}
		if err := q.flushRefcounts(); err != nil {
			return err
		}
		bits &^= incompatibleDirty
	}
	if err := q.setField(atIncompatible, bits); err != nil {
		return err
	}
	q.h.Incompatible, q.dirty = bits, dirty
	return nil
}

// setField changes a field of 8 bytes of the header, after all that was written before and
// before all that is written later.
func (q *Image) setField(at int64, v uint64) error {
	return q.setHeader(at, binary.BigEndian.AppendUint64(nil, v))
}

func (q *Image) setHeader(at int64, b []byte) error {
	if err := q.sync(); err != nil {
		return err
	}
	if err := q.writeHost(b, at); err != nil {
		return err
	}
	return q.sync()
}

// undone is the error of an operation that has left everything as it was.
type undone struct{ error }

func (u undone) Unwrap() error { return u.error }

// undo is an error after which what was done before it has been taken back, if that has been
// possible.
func undo(err error, taken ...error) error {
	if failed := errors.Join(taken...); failed != nil {
		return fmt.Errorf("%w; %w", err, failed)
	}
	return undone{err}
}

// while runs an operation that changes refcounts and flags in many places, of which no order
// is exact at each moment: in version 3 the dirty bit says so meanwhile. After an error that
// is not undone it stays set, and the image is repaired when it is opened again.
func (q *Image) while(f func() error) error {
	if err := q.writable(); err != nil {
		return err
	}
	if q.h.Version >= 3 {
		if err := q.setDirty(true); err != nil {
			return err
		}
	}
	err := q.Flush()
	if err == nil {
		err = f()
	}
	if _, ok := err.(undone); err != nil && !ok {
		q.unclean = true
	}
	if failed := q.Flush(); err == nil {
		err = failed
	}
	if !q.dirty || q.lazy || q.unclean {
		return err
	}
	if failed := q.setDirty(false); err == nil {
		err = failed
	}
	return err
}

package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Snapshot is a state of the disk, and maybe of the whole machine, that an image keeps.
type Snapshot struct {
	// ID is a number in decimal. A new snapshot is given one.
	ID, Name string
	// Date is when it was taken, by the clock of whoever took it.
	Date time.Time
	// Clock is for how long the guest had been running.
	Clock time.Duration
	// Icount is how many instructions it had executed; NoIcount if nobody counted.
	Icount uint64
	// StateSize is the size of the state of the machine, 0 if there is none.
	StateSize int64
	// DiskSize is the size of the disk.
	DiskSize int64
}

// NoIcount is the Icount of a snapshot without one.
const NoIcount = math.MaxUint64

// snapshot is an entry of the snapshot table (spec, "Snapshots").
type snapshot struct {
	Snapshot
	l1At   int64
	l1Size int64
	extra  []byte // what of its extra data is not known here
}

// entry40 is what an entry begins with, and extra24 the extra data that is known.
type (
	entry40 struct {
		L1Offset             uint64
		L1Size               uint32
		IDSize, NameSize     uint16
		Seconds, Nanoseconds uint32
		Clock                uint64
		StateSize, ExtraSize uint32
	}
	extra24 struct{ StateSize, DiskSize, Icount uint64 }
)

const (
	entrySize = 40
	extraSize = 24
)

// readSnapshots reads the snapshot table.
func (q *Image) readSnapshots() error {
	n, at := int64(q.h.Snapshots), int64(q.h.SnapshotsOffset)
	if n == 0 {
		return nil
	}
	if at >= q.end || n*entrySize > q.end-at {
		return errors.New("its snapshot table lies beyond the end of the file: has the file been truncated?")
	}
	r := &tableReader{q: q, at: at}
	for range n {
		s, err := q.parseSnapshot(r)
		if err != nil {
			return fmt.Errorf("its snapshot table: %w", err)
		}
		q.snapshots = append(q.snapshots, s)
	}
	q.snapshotBytes = r.at - at
	return nil
}

// tableReader reads from the file, up to the bound of snapshot tables.
type tableReader struct {
	q    *Image
	at   int64
	read int64
}

func (r *tableReader) next(n int) ([]byte, error) {
	if r.read += int64(n); r.read > mostSnapshotSize {
		return nil, fmt.Errorf("it is larger than %d bytes", mostSnapshotSize)
	}
	b := make([]byte, n)
	if _, err := r.q.f.ReadAt(b, r.at); err != nil {
		return nil, fmt.Errorf("read at %#x: %w", r.at, err)
	}
	r.at += int64(n)
	return b, nil
}

func (q *Image) parseSnapshot(r *tableReader) (*snapshot, error) {
	b, err := r.next(entrySize)
	if err != nil {
		return nil, err
	}
	var e entry40
	if _, err := binary.Decode(b, binary.BigEndian, &e); err != nil {
		return nil, err
	}
	if e.ExtraSize > mostExtra || e.L1Size > mostL1 || e.L1Offset > offsetMask || int64(e.L1Offset)&(q.cluster-1) != 0 {
		return nil, fmt.Errorf("an entry with %d bytes of extra data, and an L1 table of %d entries at %#x", e.ExtraSize, e.L1Size, e.L1Offset)
	}
	size := int(e.ExtraSize) + int(e.IDSize) + int(e.NameSize)
	b, err = r.next((size + 7) &^ 7)
	if err != nil {
		// The last entry of the file may lack what rounds it up.
		if b, err = r.next(size); err != nil {
			return nil, err
		}
	}
	s := &snapshot{l1At: int64(e.L1Offset), l1Size: int64(e.L1Size)}
	s.Date = time.Unix(int64(e.Seconds), int64(e.Nanoseconds))
	s.Clock = time.Duration(e.Clock)
	s.parseExtra(&e, b[:e.ExtraSize], q.Size())
	b = b[e.ExtraSize:]
	s.ID, s.Name = string(b[:e.IDSize]), string(b[e.IDSize:][:e.NameSize])
	if s.StateSize < 0 || s.DiskSize < 0 || s.DiskSize > mostSize {
		return nil, fmt.Errorf("the snapshot %q is of impossible size", s.Name)
	}
	return s, nil
}

// parseExtra reads the extra data, which older writers had less of.
func (s *snapshot) parseExtra(e *entry40, b []byte, size int64) {
	known := extra24{uint64(e.StateSize), uint64(size), NoIcount}
	for i, f := range []*uint64{&known.StateSize, &known.DiskSize, &known.Icount} {
		if len(b) >= (i+1)*8 {
			*f = binary.BigEndian.Uint64(b[i*8:])
		}
	}
	s.StateSize, s.DiskSize, s.Icount = int64(known.StateSize), int64(known.DiskSize), known.Icount
	if len(b) > extraSize {
		s.extra = slices.Clone(b[extraSize:])
	}
}

// appendTo writes the entry. The state's size is 0 in its old place if it is too large for it.
func (s *snapshot) appendTo(b []byte) ([]byte, error) {
	e := entry40{
		L1Offset: uint64(s.l1At), L1Size: uint32(s.l1Size),
		IDSize: uint16(len(s.ID)), NameSize: uint16(len(s.Name)),
		Seconds: uint32(s.Date.Unix()), Nanoseconds: uint32(s.Date.Nanosecond()),
		Clock: uint64(s.Clock), ExtraSize: uint32(extraSize + len(s.extra)),
	}
	if s.StateSize <= math.MaxUint32 {
		e.StateSize = uint32(s.StateSize)
	}
	b, err := binary.Append(b, binary.BigEndian, &e)
	if err != nil {
		return nil, err
	}
	b, err = binary.Append(b, binary.BigEndian, &extra24{uint64(s.StateSize), uint64(s.DiskSize), s.Icount})
	if err != nil {
		return nil, err
	}
	b = append(append(append(b, s.extra...), s.ID...), s.Name...)
	return append(b, make([]byte, -len(b)&7)...), nil
}

// Snapshots lists what snapshots there are, in the order in which they were taken.
func (q *Image) Snapshots() []Snapshot {
	list := make([]Snapshot, len(q.snapshots))
	for i, s := range q.snapshots {
		list[i] = s.Snapshot
	}
	return list
}

// named is the snapshot of a name, or else of an ID.
func (q *Image) named(name string) (*snapshot, error) {
	for _, s := range q.snapshots {
		if s.Name == name {
			return s, nil
		}
	}
	for _, s := range q.snapshots {
		if s.ID == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the qcow2 image %s has no snapshot %q", q.name, name)
}

// newID is a number that no snapshot has.
func (q *Image) newID() string {
	most := uint64(0)
	for _, s := range q.snapshots {
		if n, err := strconv.ParseUint(s.ID, 10, 63); err == nil {
			most = max(most, n)
		}
	}
	return strconv.FormatUint(most+1, 10)
}

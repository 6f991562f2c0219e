// Package overlay is disks whose writes are forgotten: they go to a file that nobody else
// can open, or to memory, over another disk, which stays as it is. What was written can
// still be committed to that disk.
package overlay

import (
	"errors"
	"fmt"
	"math"

	"panda/emu/dev/backend"
)

// Options say where the writes go.
type Options struct {
	// Memory keeps them in memory instead of a temporary file.
	Memory bool
	// Dir is the folder of the temporary file; "" is the system's.
	Dir string
	// Reopen opens the medium again, after it has been closed. A Commit to one that was
	// opened read-only needs it.
	Reopen func(readOnly bool) (backend.Disk, error)
}

const (
	// grain is the size of the pieces that are kept: what a guest's page cache writes.
	grain = 4096
	// leaf is how many grains have their slots in one table.
	leaf = 1024
)

// A slot is where a grain is kept: a number of a grain in the store, from slotFirst on.
const (
	slotBase = iota // it is not kept: the disk below has it
	slotZero        // it is zeros
	slotFirst
)

// Disk is an overlay.
type Disk struct {
	base   backend.Disk
	reopen func(readOnly bool) (backend.Disk, error)
	store  backend.File
	size   int64
	slots  map[int64]*table // by grain/leaf; where there is none all are slotBase
	next   uint32           // the first slot that never was in use
	free   []uint32         // slots in use no more
}

// table has the slots of grains in a row.
type table [leaf]uint32

// allZero stands for each table of nothing but slotZero, so that a guest that zeroes a large
// disk does not fill the memory with them. It is never written.
var allZero = func() *table {
	t := new(table)
	for i := range t {
		t[i] = slotZero
	}
	return t
}()

// New is an overlay over a disk, which is the overlay's from then on.
func New(base backend.Disk, o Options) (*Disk, error) {
	var store backend.File = &backend.Memory{}
	if !o.Memory {
		f, err := backend.TemporaryFile(o.Dir)
		if err != nil {
			return nil, err
		}
		store = f
	}
	return over(base, store, o.Reopen), nil
}

func over(base backend.Disk, store backend.File, reopen func(bool) (backend.Disk, error)) *Disk {
	return &Disk{
		base: base, reopen: reopen, store: store, size: base.Size(),
		slots: map[int64]*table{}, next: slotFirst,
	}
}

// Size is that of the disk below.
func (d *Disk) Size() int64 { return d.size }

// ReadOnly is false, whatever the disk below is.
func (d *Disk) ReadOnly() bool { return false }

func (d *Disk) slot(g int64) uint32 {
	if l := d.slots[g/leaf]; l != nil {
		return l[g%leaf]
	}
	return slotBase
}

func (d *Disk) setSlot(g int64, s uint32) {
	t := d.slots[g/leaf]
	if t == nil || t == allZero && s != slotZero {
		private := new(table)
		if t != nil {
			*private = *t
		}
		t = private
		d.slots[g/leaf] = t
	}
	if t == allZero {
		return
	}
	if old := t[g%leaf]; old >= slotFirst && old != s {
		d.free = append(d.free, old)
	}
	t[g%leaf] = s
}

// zeroTable makes all grains of a table zeros.
func (d *Disk) zeroTable(i int64) {
	if t := d.slots[i]; t != nil {
		for _, s := range t {
			if s >= slotFirst {
				d.free = append(d.free, s)
			}
		}
	}
	d.slots[i] = allZero
}

func place(s uint32) int64 { return int64(s-slotFirst) * grain }

// run is as many bytes from off on as are kept in one piece, at most that many.
func (d *Disk) run(off, most int64) (uint32, int64) {
	g := off / grain
	first := d.slot(g)
	n := grain - off%grain
	for k := uint32(1); n < most; k++ {
		s := d.slot(g + int64(k))
		if first < slotFirst && s != first || first >= slotFirst && s != first+k {
			break
		}
		n += grain
	}
	return first, min(n, most)
}

// Read fills b.
func (d *Disk) Read(off int64, b []byte) error {
	if err := backend.CheckRange(d, off, int64(len(b))); err != nil {
		return err
	}
	for len(b) > 0 {
		s, n := d.run(off, int64(len(b)))
		var err error
		switch s {
		case slotBase:
			err = d.base.Read(off, b[:n])
		case slotZero:
			clear(b[:n])
		default:
			err = backend.ReadPadded(d.store, b[:n], place(s)+off%grain)
		}
		if err != nil {
			return err
		}
		off, b = off+n, b[n:]
	}
	return nil
}

// Write keeps b.
func (d *Disk) Write(off int64, b []byte) error {
	if err := backend.CheckWrite(d, off, int64(len(b))); err != nil {
		return err
	}
	for len(b) > 0 {
		s, n := d.run(off, int64(len(b)))
		var err error
		if s >= slotFirst {
			err = d.put(place(s)+off%grain, b[:n])
		} else {
			n, err = d.keep(off, b[:n])
		}
		if err != nil {
			return err
		}
		off, b = off+n, b[n:]
	}
	return nil
}

func (d *Disk) put(at int64, b []byte) error {
	if _, err := d.store.WriteAt(b, at); err != nil {
		return fmt.Errorf("keep what was written to a snapshot of a disk: %w", err)
	}
	return nil
}

// keep is the write of grains, or of parts of the first and the last of them, that are in
// no slot yet. It returns how much it wrote.
func (d *Disk) keep(off int64, b []byte) (int64, error) {
	head := off % grain
	if head != 0 || len(b) < grain {
		return d.keepPart(off, b)
	}
	grains := int64(len(b)) / grain
	s, contiguous, err := d.take(grains)
	if err != nil {
		return 0, err
	}
	b = b[:contiguous*grain]
	if err := d.put(place(s), b); err != nil {
		d.giveBack(s, contiguous)
		return 0, err
	}
	for k := range contiguous {
		d.setSlot(off/grain+k, s+uint32(k))
	}
	return int64(len(b)), nil
}

// keepPart is the first write of a part of a grain.
func (d *Disk) keepPart(off int64, b []byte) (int64, error) {
	var whole [grain]byte
	start := off - off%grain
	end := min(start+grain, d.size)
	if err := d.Read(start, whole[:end-start]); err != nil {
		return 0, err
	}
	n := copy(whole[off-start:end-start], b)
	s, _, err := d.take(1)
	if err != nil {
		return 0, err
	}
	if err := d.put(place(s), whole[:]); err != nil {
		d.giveBack(s, 1)
		return 0, err
	}
	d.setSlot(start/grain, s)
	return int64(n), nil
}

// take finds slots in a row, at most that many.
func (d *Disk) take(n int64) (uint32, int64, error) {
	if last := len(d.free) - 1; last >= 0 {
		s := d.free[last]
		d.free = d.free[:last]
		return s, 1, nil
	}
	s := d.next
	if n > math.MaxUint32-int64(s) {
		return 0, 0, errors.New("a snapshot of a disk keeps 16 TiB at most")
	}
	d.next += uint32(n)
	return s, n, nil
}

func (d *Disk) giveBack(s uint32, n int64) {
	for k := range n {
		d.free = append(d.free, s+uint32(k))
	}
}

// Discard makes whole grains that are kept zeros. The others stay as they are: there is
// nothing to be gained.
func (d *Disk) Discard(off, n int64) error {
	if err := backend.CheckWrite(d, off, n); err != nil {
		return err
	}
	first, end := d.whole(off, n)
	for g := first; g < end; {
		if g%leaf == 0 && (d.slots[g/leaf] == nil || d.slots[g/leaf] == allZero) {
			g += leaf
			continue
		}
		if d.slot(g) >= slotFirst {
			d.setSlot(g, slotZero)
		}
		g++
	}
	return nil
}

// whole is the grains that lie in n bytes, from the first to the one after the last.
func (d *Disk) whole(off, n int64) (first, end int64) {
	end = (off + n) / grain
	if off+n == d.size {
		end = (d.size + grain - 1) / grain
	}
	return (off + grain - 1) / grain, end
}

// WriteZeroes makes bytes read as zeros.
func (d *Disk) WriteZeroes(off, n int64) error {
	if err := backend.CheckWrite(d, off, n); err != nil {
		return err
	}
	var zero [2 * grain]byte
	first, end := d.whole(off, n)
	if first >= end {
		return d.Write(off, zero[:n])
	}
	if err := d.Write(off, zero[:first*grain-off]); err != nil {
		return err
	}
	for g := first; g < end; {
		if g%leaf == 0 && end-g >= leaf {
			d.zeroTable(g / leaf)
			g += leaf
			continue
		}
		d.setSlot(g, slotZero)
		g++
	}
	return d.Write(min(end*grain, off+n), zero[:max(0, off+n-end*grain)])
}

// Flush does nothing: what is kept here is not to outlast even the emulator.
func (d *Disk) Flush() error { return nil }

// Close forgets what was written.
func (d *Disk) Close() error { return errors.Join(d.store.Close(), d.base.Close()) }

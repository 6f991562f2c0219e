package overlay

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"panda/emu/dev/backend"
)

// Commit writes all that differs to the disk below. After an error the overlay reads as
// before, and the disk below may have some of it; a further Commit writes all of it again.
func (d *Disk) Commit() error {
	if len(d.slots) == 0 {
		return nil
	}
	if err := d.unlock(); err != nil {
		return err
	}
	buf := make([]byte, 256*grain)
	for _, i := range slices.Sorted(maps.Keys(d.slots)) {
		end := min(d.size, (i+1)*leaf*grain)
		for off := i * leaf * grain; off < end; {
			s, n := d.run(off, min(end-off, int64(len(buf))))
			if err := d.commit(s, off, buf[:n]); err != nil {
				return fmt.Errorf("commit: %w", err)
			}
			off += n
		}
	}
	if err := d.base.Flush(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	clear(d.slots)
	d.free, d.next = nil, slotFirst
	return d.store.Truncate(0)
}

// commit writes a run, by way of b.
func (d *Disk) commit(s uint32, off int64, b []byte) error {
	switch s {
	case slotBase:
		return nil
	case slotZero:
		return backend.WriteZeroes(d.base, off, int64(len(b)))
	}
	if err := d.Read(off, b); err != nil {
		return err
	}
	return d.base.Write(off, b)
}

// unlock sees to it that the disk below can be written.
func (d *Disk) unlock() error {
	if !d.base.ReadOnly() {
		return nil
	}
	if d.reopen == nil {
		return fmt.Errorf("commit: %w", backend.ErrReadOnly)
	}
	if err := d.base.Close(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	writable, err := d.reopen(false)
	if err == nil && writable.Size() != d.size {
		err = errors.Join(errors.New("the image has another size than before"), writable.Close())
	}
	if err == nil {
		d.base = writable
		return nil
	}
	if again, failed := d.reopen(true); failed != nil {
		d.base = gone{d.base, failed}
	} else {
		d.base = again
	}
	return fmt.Errorf("commit: %w", err)
}

// gone is a disk that could not be opened again.
type gone struct {
	backend.Disk
	err error
}

func (g gone) Read(int64, []byte) error { return g.err }

func (g gone) Close() error { return nil }

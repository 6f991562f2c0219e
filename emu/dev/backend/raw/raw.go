// Package raw is disks whose image is the medium itself, byte for byte: files, sparse or
// not, and block devices of the host.
package raw

import (
	"errors"
	"fmt"
	"io"

	"panda/emu/dev/backend"
)

// Disk is a raw image.
type Disk struct {
	f        backend.File
	name     string
	size     int64
	readOnly bool
}

// Open opens a file or a block device.
func Open(path string, readOnly bool) (*Disk, error) {
	f, err := backend.OpenFile(path, readOnly)
	if err != nil {
		return nil, err
	}
	d, err := New(f, path, readOnly)
	if err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

// New is the disk in a file, which is the disk's from then on. A file that ends within a
// sector can only be read, with zeros for the rest of it: nobody may find the file longer
// than he left it.
func New(f backend.File, name string, readOnly bool) (*Disk, error) {
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("the size of %s: %w", name, err)
	}
	over := size % backend.SectorSize
	if over != 0 && !readOnly {
		return nil, fmt.Errorf("the size of %s, %d, is no multiple of %d: make it one (truncate -s %%%d), or open it read-only or as a snapshot",
			name, size, backend.SectorSize, backend.SectorSize)
	}
	if over != 0 {
		size += backend.SectorSize - over
	}
	return &Disk{f, name, size, readOnly}, nil
}

// Size is that of the file, up to a whole sector.
func (d *Disk) Size() int64 { return d.size }

// ReadOnly reports how it was opened.
func (d *Disk) ReadOnly() bool { return d.readOnly }

// Read fills b.
func (d *Disk) Read(off int64, b []byte) error {
	if err := backend.CheckRange(d, off, int64(len(b))); err != nil {
		return err
	}
	n, err := d.f.ReadAt(b, off)
	if errors.Is(err, io.EOF) && d.size-off-int64(n) < backend.SectorSize {
		clear(b[n:])
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s at %d: %w", d.name, off, err)
	}
	return nil
}

// Write writes b.
func (d *Disk) Write(off int64, b []byte) error {
	if err := backend.CheckWrite(d, off, int64(len(b))); err != nil {
		return err
	}
	if _, err := d.f.WriteAt(b, off); err != nil {
		return fmt.Errorf("write %s at %d: %w", d.name, off, err)
	}
	return nil
}

// Discard makes a hole where the host has holes.
func (d *Disk) Discard(off, n int64) error {
	if err := backend.CheckWrite(d, off, n); err != nil {
		return err
	}
	if err := d.f.Punch(off, n); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// zeros is what is written where the host has no holes.
var zeros [1 << 16]byte

// WriteZeroes makes a hole, or writes zeros.
func (d *Disk) WriteZeroes(off, n int64) error {
	if err := backend.CheckWrite(d, off, n); err != nil {
		return err
	}
	if err := d.f.Punch(off, n); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	for n > 0 {
		k := min(n, int64(len(zeros)))
		if err := d.Write(off, zeros[:k]); err != nil {
			return err
		}
		off, n = off+k, n-k
	}
	return nil
}

// Flush waits for the host.
func (d *Disk) Flush() error {
	if d.readOnly {
		return nil
	}
	return d.f.Sync()
}

// Close closes the file.
func (d *Disk) Close() error { return d.f.Close() }

package chiptest

import (
	"errors"

	"panda/emu/dev/backend"
)

// Disk is a medium in memory. It fails a test that asks for what there is not, and returns
// errors from the sector Bad on, if that is not 0.
type Disk struct {
	Data   []byte
	Locked bool
	Bad    int64
	Log    *uint64 // is added 1 for each flush, 10h for each discard
}

var errBad = errors.New("a bad sector")

// Size implements backend.Disk.
func (d *Disk) Size() int64 { return int64(len(d.Data)) }

// ReadOnly implements backend.Disk.
func (d *Disk) ReadOnly() bool { return d.Locked }

func (d *Disk) check(off, n int64, write bool) error {
	if off%backend.SectorSize != 0 || n%backend.SectorSize != 0 || off < 0 || n < 0 || off+n > d.Size() || write && d.Locked {
		panic("BUG: an access that a disk has not")
	}
	if d.Bad != 0 && off+n > d.Bad*backend.SectorSize {
		return errBad
	}
	return nil
}

// Read implements backend.Disk.
func (d *Disk) Read(off int64, b []byte) error {
	copy(b, d.Data[off:])
	return d.check(off, int64(len(b)), false)
}

// Write implements backend.Disk.
func (d *Disk) Write(off int64, b []byte) error {
	err := d.check(off, int64(len(b)), true)
	if err == nil {
		copy(d.Data[off:], b)
	}
	return err
}

// Discard implements backend.Disk.
func (d *Disk) Discard(off, n int64) error { return d.log(0x10, d.check(off, n, true)) }

// Flush implements backend.Disk.
func (d *Disk) Flush() error { return d.log(1, nil) }

// Close implements backend.Disk.
func (d *Disk) Close() error { return nil }

func (d *Disk) log(n uint64, err error) error {
	if d.Log != nil {
		*d.Log += n
	}
	return err
}

package backend

import (
	"errors"
	"fmt"
	"io"
)

// File is where an image keeps its bytes: a file of the host, memory, or what a test makes
// of either. A read that reaches its end is short, with io.EOF; a write beyond its end makes
// it larger, with zeros between.
type File interface {
	io.ReaderAt
	io.WriterAt
	Size() (int64, error)
	Truncate(size int64) error
	// Punch gives n bytes back to the host, and they read as zeros from then on. It is
	// errors.ErrUnsupported, and has done nothing, where the host has no holes.
	Punch(off, n int64) error
	// Sync returns when all that was written would outlast a crash of the host.
	Sync() error
	Close() error
}

// ReadPadded reads all of b, with zeros for what lies beyond the end of the file.
func ReadPadded(f File, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if errors.Is(err, io.EOF) {
		clear(b[n:])
		return nil
	}
	return err
}

// Zeroer is a Disk that writes zeros with less than a write of them.
type Zeroer interface {
	// WriteZeroes makes n bytes read as zeros.
	WriteZeroes(off, n int64) error
}

// zeros is what a Disk that is no Zeroer is given, piece by piece.
var zeros [1 << 16]byte

// WriteZeroes makes n bytes of a disk read as zeros.
func WriteZeroes(d Disk, off, n int64) error {
	if z, ok := d.(Zeroer); ok {
		return z.WriteZeroes(off, n)
	}
	for n > 0 {
		b := zeros[:min(n, int64(len(zeros)))]
		if err := d.Write(off, b); err != nil {
			return err
		}
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	return nil
}

// ErrReadOnly is the error of a write to a disk that can only be read.
var ErrReadOnly = errors.New("the disk is read-only")

// CheckRange is an error unless n bytes at off are sectors of the disk.
func CheckRange(d Disk, off, n int64) error {
	if off < 0 || n < 0 || off%SectorSize != 0 || n%SectorSize != 0 || off > d.Size() || n > d.Size()-off {
		return fmt.Errorf("%d bytes at %d are no sectors of a disk of %d bytes", n, off, d.Size())
	}
	return nil
}

// CheckWrite is an error unless n bytes at off can be written.
func CheckWrite(d Disk, off, n int64) error {
	if d.ReadOnly() {
		return ErrReadOnly
	}
	return CheckRange(d, off, n)
}

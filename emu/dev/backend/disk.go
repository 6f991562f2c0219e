// Package backend is what machines have of the world: the media of disks, and the pace of its
// clock. Each format of an image is a package below this one, and package dev/backend/image
// opens any of them.
package backend

// SectorSize is the size of a sector of a disk in bytes.
const SectorSize = 512

// Disk is a medium. Offsets and lengths are multiples of SectorSize within its size: who
// asks for others has made a mistake. It belongs to one goroutine.
type Disk interface {
	// Size is its size in bytes.
	Size() int64
	// ReadOnly reports whether it can only be read. A write is an error then.
	ReadOnly() bool
	Read(off int64, b []byte) error
	Write(off int64, b []byte) error
	// Discard says that the contents of n bytes are of no use any more. They may read as
	// zeros from then on, or as before.
	Discard(off, n int64) error
	// Flush returns when what was written would outlast a crash of the host.
	Flush() error
	Close() error
}

package virtio

import (
	"encoding/binary"

	"panda/emu/dev/backend"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Features of a disk (5.2.3).
const (
	blkSegMax      = 1 << 2
	blkGeometry    = 1 << 4
	blkReadOnly    = 1 << 5
	blkSize        = 1 << 6
	blkFlush       = 1 << 9
	blkDiscard     = 1 << 13
	blkWriteZeroes = 1 << 14
)

// Kinds of requests and their results (5.2.6).
const (
	reqIn          = 0
	reqOut         = 1
	reqFlush       = 4
	reqID          = 8
	reqDiscard     = 11
	reqWriteZeroes = 13

	resultOK          = 0
	resultError       = 1
	resultUnsupported = 2
)

const (
	sector      = backend.SectorSize
	blkChunk    = 64 << 10
	mostDiscard = 1 << 22 // sectors
	mostZeroes  = 1 << 16
	mostRanges  = 16
	idSize      = 20
)

// Blk is a disk.
type Blk struct {
	disk   backend.Disk
	serial string
}

// NewBlk is a disk with a serial number of at most 20 letters.
func NewBlk(disk backend.Disk, serial string) *Blk { return &Blk{disk, serial} }

func (b *Blk) about() about {
	f := uint64(blkSegMax | blkGeometry | blkSize | blkFlush)
	if b.disk.ReadOnly() {
		f |= blkReadOnly
	} else {
		f |= blkDiscard | blkWriteZeroes
	}
	return about{id: 2, pci: 0x1001, class: 0x010000, queues: 1, features: f}
}

// config is the structure of 5.2.4.
func (b *Blk) config() []byte {
	var c [60]byte
	put16, put32 := binary.LittleEndian.PutUint16, binary.LittleEndian.PutUint32
	sectors := b.disk.Size() / sector
	binary.LittleEndian.PutUint64(c[:], uint64(sectors))
	put32(c[12:], queueMost-2) // segments of a request
	put16(c[16:], uint16(min(sectors/(16*63), 16383)))
	c[18], c[19] = 16, 63
	put32(c[20:], sector)
	put16(c[34:], 1) // queues
	put32(c[36:], mostDiscard)
	put32(c[40:], mostRanges)
	put32(c[44:], 1)
	put32(c[48:], mostZeroes)
	put32(c[52:], mostRanges)
	c[56] = 1
	return c[:]
}

func (b *Blk) reset()             {}
func (b *Blk) state(*snap.Stream) {}

func (b *Blk) notify(d *device, queue int) { d.each(queue, b.request) }

var requests = map[uint32]func(b *Blk, at uint64, c *chain) uint8{
	reqIn: (*Blk).in, reqOut: (*Blk).out, reqID: (*Blk).identify,
	reqFlush:       func(b *Blk, _ uint64, _ *chain) uint8 { return result(b.disk.Flush()) },
	reqDiscard:     func(b *Blk, _ uint64, c *chain) uint8 { return b.ranges(c, mostDiscard, b.disk.Discard) },
	reqWriteZeroes: func(b *Blk, _ uint64, c *chain) uint8 { return b.ranges(c, mostZeroes, b.zero) },
}

// request does one: a header, data, and at the very end a byte for the result.
func (b *Blk) request(c *chain) {
	var h [16]byte
	status, ok := c.cutStatus()
	if n, err := c.read(h[:]); !ok || err != nil || n < len(h) {
		return
	}
	done := uint8(resultUnsupported)
	if do := requests[binary.LittleEndian.Uint32(h[:])]; do != nil {
		done = do(b, binary.LittleEndian.Uint64(h[8:]), c)
	}
	c.in = []segment{status}
	c.write([]byte{done})
}

// cutStatus takes the last byte from what can be written.
func (c *chain) cutStatus() (segment, bool) {
	if len(c.in) == 0 {
		return segment{}, false
	}
	last := &c.in[len(c.in)-1]
	last.len--
	status := segment{last.at + guest.PhysAddr(last.len), 1}
	if last.len == 0 {
		c.in = c.in[:len(c.in)-1]
	}
	return status, true
}

func result(err error) uint8 {
	if err != nil {
		return resultError
	}
	return resultOK
}

// covers reports whether a range is on the disk, and of whole sectors.
func (b *Blk) covers(at, n uint64) bool {
	sectors := uint64(b.disk.Size() / sector)
	return n%sector == 0 && at <= sectors && n/sector <= sectors-at
}

func (b *Blk) in(at uint64, c *chain) uint8 {
	n := length(c.in)
	if !b.covers(at, n) {
		return resultError
	}
	buf := make([]byte, min(n, blkChunk))
	for off := int64(at * sector); n > 0; {
		part := buf[:min(n, blkChunk)]
		if b.disk.Read(off, part) != nil {
			return resultError
		}
		if _, err := c.write(part); err != nil {
			return resultError
		}
		off, n = off+int64(len(part)), n-uint64(len(part))
	}
	return resultOK
}

func (b *Blk) out(at uint64, c *chain) uint8 {
	n := length(c.out)
	if !b.covers(at, n) || b.disk.ReadOnly() {
		return resultError
	}
	buf := make([]byte, min(n, blkChunk))
	for off := int64(at * sector); n > 0; {
		part := buf[:min(n, blkChunk)]
		if _, err := c.read(part); err != nil {
			return resultError
		}
		if b.disk.Write(off, part) != nil {
			return resultError
		}
		off, n = off+int64(len(part)), n-uint64(len(part))
	}
	return resultOK
}

func (b *Blk) identify(_ uint64, c *chain) uint8 {
	var id [idSize]byte
	copy(id[:], b.serial)
	_, err := c.write(id[:])
	return result(err)
}

// ranges does something to each of the ranges that the data of a request are.
func (b *Blk) ranges(c *chain, most uint32, do func(off, n int64) error) uint8 {
	const size, flagUnmap = 16, 1
	n := length(c.out)
	if n == 0 || n%size != 0 || n > size*mostRanges || b.disk.ReadOnly() {
		return resultError
	}
	for range n / size {
		var r [size]byte
		if _, err := c.read(r[:]); err != nil {
			return resultError
		}
		at, count, flags := binary.LittleEndian.Uint64(r[:]), binary.LittleEndian.Uint32(r[8:]), binary.LittleEndian.Uint32(r[12:])
		switch {
		case flags&^flagUnmap != 0:
			return resultUnsupported
		case count > most || !b.covers(at, uint64(count)*sector):
			return resultError
		case do(int64(at*sector), int64(count)*sector) != nil:
			return resultError
		}
	}
	return resultOK
}

func (b *Blk) zero(off, n int64) error {
	zeros := make([]byte, min(n, blkChunk))
	for n > 0 {
		part := zeros[:min(n, blkChunk)]
		if err := b.disk.Write(off, part); err != nil {
			return err
		}
		off, n = off+int64(len(part)), n-int64(len(part))
	}
	return nil
}

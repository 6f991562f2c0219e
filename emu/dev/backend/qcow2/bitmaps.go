package qcow2

import "encoding/binary"

// Bitmaps (spec, "Bitmaps") are not kept here. An image that is written loses the bit that
// calls them consistent; until then what they take up is in use.

const (
	bitmapsHeader = 24
	bitmapEntry   = 24
	mostBitmaps   = 16 << 20 // bytes of their directory
)

// bitmaps counts what the bitmaps of an image take up.
func (c *checker) bitmaps() {
	if c.q.h.Autoclear&autoclearBitmaps == 0 || len(c.q.h.bitmaps) < bitmapsHeader {
		return
	}
	size := int64(binary.BigEndian.Uint64(c.q.h.bitmaps[8:]))
	at := int64(binary.BigEndian.Uint64(c.q.h.bitmaps[16:]))
	if size <= 0 || size > mostBitmaps || at < 0 || size > c.q.end-at {
		c.problem(&c.Corruptions, "the directory of bitmaps has %d bytes at %#x", size, at)
		return
	}
	c.add(at, size, 1, "bitmap directory")
	dir := make([]byte, size)
	if _, err := c.q.f.ReadAt(dir, at); err != nil {
		c.problem(&c.Corruptions, "the directory of bitmaps: %v", err)
		return
	}
	for total := int64(0); len(dir) >= bitmapEntry; {
		table, n := int64(binary.BigEndian.Uint64(dir)), int64(binary.BigEndian.Uint32(dir[8:]))
		entry := bitmapEntry + int(binary.BigEndian.Uint16(dir[18:])) + int(binary.BigEndian.Uint32(dir[20:]))
		if total += n * 8; total > c.q.end {
			c.problem(&c.Corruptions, "the bitmaps are larger than the file")
			return
		}
		c.bitmap(table, n)
		dir = dir[min(len(dir), (entry+7)&^7):]
	}
}

// bitmap counts the table of a bitmap, and its clusters.
func (c *checker) bitmap(at, n int64) {
	if at < 0 || at > c.q.end {
		c.problem(&c.Corruptions, "a bitmap's table is at %#x", at)
		return
	}
	es, err := c.q.readTable(at, n, "bitmap table")
	if err != nil {
		c.problem(&c.Corruptions, "%v", err)
		return
	}
	c.add(at, n*8, 1, "bitmap table")
	for _, e := range es {
		if host := int64(e & offsetMask); host != 0 {
			c.add(host, c.q.cluster, 1, "bitmap")
		}
	}
}

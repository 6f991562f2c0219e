package amd64

import (
	"encoding/binary"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// x87Values say what the x87 of the host has of the guest's where code faults:
//
//	0    need   8  delta+8  16   dirty   32   codes   48 saved
//	+-----------+-----------+------------+------------+------+
//
// Positions count from a former st(0); the host has those from delta, its st(0),
// to need-1. Those in dirty, by position + 8, are newer than the frame. codes are
// the bits of the status word, besides exceptions, that count; it may have been
// saved in own.temp.
type x87Values uint64

// pack makes the word of what a segment has.
func (s *segment) pack() x87Values {
	v := x87Values(uint64(s.need) | uint64(s.delta+8)<<8 | uint64(s.dirty)<<16 | uint64(s.codes)<<32)
	if s.saved {
		v |= 1 << 48
	}
	return v
}

// Places in the image that FNSAVE writes (SDM vol. 1 figure 8-9).
const (
	imageSW = 4
	imageST = 28
)

// Restore puts what the host's x87 has of the guest's into the frame.
func (t *Target) Restore(c *vcpu.CPU, k uint64) {
	v, x, has := x87Values(k), t.x87, ownOf(&c.Host)
	var image [8 * len(has.image)]byte
	for i, w := range has.image {
		binary.LittleEndian.PutUint64(image[8*i:], w)
	}
	need, delta, codes := int(v&0xff), int(v>>8&0xff)-8, uint64(v>>32&0xffff)
	sw := uint64(binary.LittleEndian.Uint16(image[imageSW:]))
	if v>>48&1 != 0 {
		sw = has.temp[0] & 0xffff
	}
	c.W[x.SW] = c.W[x.SW]&^codes | sw&(codes|0x3f)
	for p := delta; p < need; p++ {
		if v>>(16+p+8)&1 == 0 {
			continue
		}
		r, w := image[imageST+10*(p-delta):], x.ST+2*ir.Ref((c.W[x.Top]+uint64(p))&7)
		c.W[w], c.W[w+1] = binary.LittleEndian.Uint64(r), uint64(binary.LittleEndian.Uint16(r[8:]))
	}
	for p := 0; p < delta; p++ { // popped
		c.W[x.Tag] &^= 1 << ((c.W[x.Top] + uint64(p)) & 7)
	}
	for p := delta; p < 0; p++ { // pushed
		c.W[x.Tag] |= 1 << ((c.W[x.Top] + uint64(p)) & 7)
	}
	c.W[x.Top] = (c.W[x.Top] + uint64(delta)) & 7
}

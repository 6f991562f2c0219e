package jit

import (
	"encoding/binary"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// X87Values say what the x87 of the host has of the guest's where code faults:
//
//	0    need   8  delta+8  16   dirty   32   codes   48 saved
//	+-----------+-----------+------------+------------+------+
//
// Positions count from a former st(0); the host has those from delta, its st(0),
// to need-1. Those in dirty, by position + 8, are newer than the frame. codes are
// the bits of the status word, beside exceptions, that count; it may have been
// saved in Host.X87Temp.
type X87Values uint64

// PackX87 makes the word.
func PackX87(need, delta int, dirty, codes uint16, saved bool) X87Values {
	v := X87Values(uint64(need) | uint64(delta+8)<<8 | uint64(dirty)<<16 | uint64(codes)<<32)
	if saved {
		v |= 1 << 48
	}
	return v
}

// Places in the image that FNSAVE writes (SDM vol. 1 figure 8-9).
const (
	imageSW = 4
	imageST = 28
)

// restore puts the values into the frame.
func (v X87Values) restore(c *vcpu.CPU) {
	var image [8 * len(c.Host.X87Image)]byte
	for i, w := range c.Host.X87Image {
		binary.LittleEndian.PutUint64(image[8*i:], w)
	}
	x := &c.Machine.Arch.X87
	need, delta, codes := int(v&0xff), int(v>>8&0xff)-8, uint64(v>>32&0xffff)
	sw := uint64(binary.LittleEndian.Uint16(image[imageSW:]))
	if v>>48&1 != 0 {
		sw = c.Host.X87Temp[0] & 0xffff
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

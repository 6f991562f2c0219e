// Package i8237 is the two DMA controllers of a PC, Intel 8237A, the first one on channel
// 4 of the second, with the page registers that give addresses more bits. Source: Intel
// 8237A data sheet (231466); for the page registers Intel 82371AB (PIIX4) and 82374EB data
// sheets.
//
// Transfers from memory to memory, which no PC is wired for, are not there. Channel 4 is
// taken as the cascade that it is wired as, whatever its mode and mask.
package i8237

import (
	"panda/emu/dev"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Channels of both controllers.
const (
	channels = 8
	cascade  = 4
)

// pageOf is the page register of each channel, by its port less 80h. The others are plain
// memory.
var pageOf = [channels]uint8{7, 3, 1, 2, 0xf, 0xb, 9, 0xa}

// DMA is the two controllers. Ports: 00h to 0Fh, 80h to 8Fh, C0h to DFh, 480h to 48Fh.
type DMA struct {
	memory dev.Memory
	units  [2]controller
	pages  [16]uint8 // bits 16 to 23 of addresses
	highs  [16]uint8 // bits 24 to 31
}

// New is the controllers on a memory.
func New(memory dev.Memory) *DMA {
	d := &DMA{memory: memory}
	d.Reset()
	return d
}

// Reset masks all channels. The page registers keep their values.
func (d *DMA) Reset() {
	for i := range d.units {
		d.units[i].clear()
	}
}

// In reads a port.
func (d *DMA) In(port uint16, size int) uint32 {
	switch {
	case port >= 0x480:
		return uint32(d.highs[port&15])
	case port >= 0xc0:
		return uint32(d.units[1].read(port >> 1 & 15))
	case port >= 0x80:
		return uint32(d.pages[port&15])
	}
	return uint32(d.units[0].read(port & 15))
}

// Out writes a port. Who writes a page knows of no higher bits, and clears them: 82374EB
// 3.2.
func (d *DMA) Out(port uint16, size int, v uint32) {
	b := uint8(v)
	switch {
	case port >= 0x480:
		d.highs[port&15] = b
	case port >= 0xc0:
		d.units[1].write(port>>1&15, b)
	case port >= 0x80:
		d.pages[port&15], d.highs[port&15] = b, 0
	default:
		d.units[0].write(port&15, b)
	}
}

// Ready says whether a transfer on a channel would move something.
func (d *DMA) Ready(channel int, toMemory bool) bool {
	_, ok := d.use(channel, toMemory)
	return ok
}

// use is a channel that is set up for a transfer.
func (d *DMA) use(n int, toMemory bool) (*channel, bool) {
	if n < 0 || n >= channels {
		panic("BUG: no such channel")
	}
	u := &d.units[n/4]
	c := &u.channels[n%4]
	way := c.mode & modeWay
	ok := n != cascade && u.command&commandDisable == 0 && u.mask&(1<<(n%4)) == 0 && c.mode&modeCascade != modeCascade &&
		(way == wayVerify || way == wayWrite && toMemory || way == wayRead && !toMemory)
	return c, ok
}

// Transfer moves bytes between a device, which has or takes b, and the memory, as many as
// the channel is set up for; with the verify mode it only counts. n is how many, and
// terminal whether the channel has come to its end. Channels 5 to 7 move words.
func (d *DMA) Transfer(channel int, b []byte, toMemory bool) (n int, terminal bool) {
	c, ok := d.use(channel, toMemory)
	if !ok {
		return 0, false
	}
	unit := 1
	if channel > cascade {
		unit = 2
	}
	for n+unit <= len(b) && !terminal {
		part := b[n : n+unit*c.run(min((len(b)-n)/unit, int(c.count)+1))]
		if c.mode&modeWay != wayVerify {
			d.move(d.address(channel, c), part, toMemory)
		}
		n += len(part)
		terminal = c.advance(len(part) / unit)
	}
	if terminal {
		d.units[channel/4].end(channel % 4)
	}
	return n, terminal
}

// address is where a channel is in memory: words have their page in bits 17 to 23.
func (d *DMA) address(n int, c *channel) guest.PhysAddr {
	page := pageOf[n]
	a := uint32(d.highs[page])<<24 | uint32(d.pages[page])<<16 | uint32(c.address)
	if n > cascade {
		a = uint32(d.highs[page])<<24 | uint32(d.pages[page]&0xfe)<<16 | uint32(c.address)<<1
	}
	return guest.PhysAddr(a)
}

// move moves bytes. Where there is no memory the bus has ones.
func (d *DMA) move(a guest.PhysAddr, b []byte, toMemory bool) {
	if toMemory {
		_ = d.memory.Write(a, b)
		return
	}
	if err := d.memory.Read(a, b); err != nil {
		for i := range b {
			b[i] = 0xff
		}
	}
}

// State is what both remember.
func (d *DMA) State(s *snap.Stream) {
	s.Name("i8237 1")
	for i := range d.units {
		d.units[i].state(s)
	}
	s.Bytes(d.pages[:])
	s.Bytes(d.highs[:])
}

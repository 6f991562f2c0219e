package vga

import (
	"fmt"

	"panda/emu/dev"
)

const (
	cellSize  = 4       // a byte of each plane
	vgaCells  = 1 << 16 // what the counter of a VGA reaches
	leastVRAM = cellSize * vgaCells
	bankSize  = 1 << 16
	noise     = 0xff // what nobody answers
)

// VGA is the chip. Ports: 3B4h, 3B5h, 3BAh, 3C0h to 3DFh, a byte each; 1CEh to 1D1h, of 16 bits.
type VGA struct {
	// Steady has the cursor and blinking characters be shown all the time.
	Steady bool
	// Remapped, when set, is called when Linear says something new. A state that is loaded
	// does not call it.
	Remapped func()

	clock *dev.Clock
	vram  []byte

	misc    uint8
	feature uint8
	enable  uint8 // port 3C3h, which is kept and has no effect

	crtc crtc
	seq  indexed[[5]uint8]
	gc   indexed[[9]uint8]
	attr attribute
	dac  dac

	latch   uint32 // a cell
	dispi   dispi
	swapped bool // pixels of more bytes than one have the highest first

	linear linear
	seen   seen
}

// New is a VGA of that memory, which is the board's: a multiple of 64 KiB, and 256 KiB at
// least. A board that has the guest write to it past the window tells by Touched.
func New(clock *dev.Clock, vram []byte) *VGA {
	if len(vram) < leastVRAM || len(vram)%bankSize != 0 {
		panic(fmt.Sprintf("BUG: %d bytes of video memory", len(vram)))
	}
	v := &VGA{clock: clock, vram: vram}
	v.seen.pages = make([]uint64, (len(vram)/pageSize+63)/64)
	v.clear()
	return v
}

// Reset is what the reset line does. The memory stays.
func (v *VGA) Reset() {
	v.clear()
	v.changed()
}

func (v *VGA) clear() {
	v.misc, v.feature, v.enable = 0, 0, 1
	v.crtc, v.attr, v.dac = crtc{}, attribute{}, dac{mask: 0xff}
	v.seq, v.gc = indexed[[5]uint8]{}, indexed[[9]uint8]{}
	v.latch, v.swapped = 0, false
	v.dispi = dispi{id: newestID, bpp: 8}
}

// Attach attaches all ports to a bus, where nobody else answers at them.
func (v *VGA) Attach(b *dev.PortBus) []*dev.PortRange {
	return []*dev.PortRange{
		b.Attach(0x1ce, 0x1d1, 2, dispiPorts{v}),
		b.Attach(0x3b4, 0x3b5, 1, v),
		b.Attach(0x3ba, 0x3ba, 1, v),
		b.Attach(0x3c0, 0x3df, 1, v),
	}
}

// port is what answers at one.
type port struct {
	in  func(v *VGA) uint8
	out func(v *VGA, b uint8)
}

const firstPort = 0x3b0

// ports are those of colour; those of monochrome are 20h lower.
var ports = [0x30]port{
	0x3c0 - firstPort: {(*VGA).attrIndex, (*VGA).attrWrite},
	0x3c1 - firstPort: {in: (*VGA).attrRead},
	0x3c2 - firstPort: {func(*VGA) uint8 { return switchSense }, func(v *VGA, b uint8) { v.misc = b & miscBits }},
	0x3c3 - firstPort: {func(v *VGA) uint8 { return v.enable }, func(v *VGA, b uint8) { v.enable = b & 1 }},
	0x3c4 - firstPort: {func(v *VGA) uint8 { return v.seq.at }, func(v *VGA, b uint8) { v.seq.at = b & 7 }},
	0x3c5 - firstPort: {(*VGA).seqRead, (*VGA).seqWrite},
	0x3c6 - firstPort: {func(v *VGA) uint8 { return v.dac.mask }, func(v *VGA, b uint8) { v.dac.mask = b }},
	0x3c7 - firstPort: {func(v *VGA) uint8 { return v.dac.state }, func(v *VGA, b uint8) { v.dac.seek(dacReads, b) }},
	0x3c8 - firstPort: {func(v *VGA) uint8 { return v.dac.at }, func(v *VGA, b uint8) { v.dac.seek(dacWrites, b) }},
	0x3c9 - firstPort: {func(v *VGA) uint8 { return v.dac.read() }, func(v *VGA, b uint8) { v.dac.write(b, v.wideDAC()) }},
	0x3ca - firstPort: {in: func(v *VGA) uint8 { return v.feature }},
	0x3cc - firstPort: {in: func(v *VGA) uint8 { return v.misc }},
	0x3ce - firstPort: {func(v *VGA) uint8 { return v.gc.at }, func(v *VGA, b uint8) { v.gc.at = b & 15 }},
	0x3cf - firstPort: {(*VGA).gcRead, (*VGA).gcWrite},
	0x3d4 - firstPort: {func(v *VGA) uint8 { return v.crtc.at }, func(v *VGA, b uint8) { v.crtc.at = b & 63 }},
	0x3d5 - firstPort: {(*VGA).crtcRead, (*VGA).crtcWrite},
	0x3da - firstPort: {(*VGA).status, func(v *VGA, b uint8) { v.feature = b & featureBits }},
}

// at is what answers at a port with the addresses that are chosen now.
func (v *VGA) at(p uint16) port {
	mono := p >= firstPort && p < 0x3c0
	if both := mono || p >= 0x3d0; both && mono == (v.misc&miscColour != 0) {
		return port{}
	}
	if mono {
		p += 0x20
	}
	if p < firstPort || int(p-firstPort) >= len(ports) {
		return port{}
	}
	return ports[p-firstPort]
}

// In reads a port.
func (v *VGA) In(p uint16, size int) uint32 {
	if at := v.at(p); at.in != nil {
		return uint32(at.in(v))
	}
	return noise
}

// Out writes a port.
func (v *VGA) Out(p uint16, size int, b uint32) {
	if at := v.at(p); at.out != nil {
		at.out(v, uint8(b))
		v.changed()
	}
}

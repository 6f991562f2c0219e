package vga

import (
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/devtest"
)

// mode is what a BIOS writes for a mode. The values are those of IBM's table of parameters.
type mode struct {
	misc uint8
	seq  [5]uint8
	crtc [25]uint8
	gc   [9]uint8
	attr [21]uint8
}

var (
	grey16 = [16]uint8{0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f}

	text80 = mode{
		0x67,
		[5]uint8{3, 0, 3, 0, 2},
		[25]uint8{0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
		[9]uint8{5: 0x10, 0x0e, 0, 0xff},
		attrs(grey16, 0x0c, 0, 0x0f, 8),
	}
	text40 = mode{
		0x67,
		[5]uint8{3, 8, 3, 0, 2},
		[25]uint8{0x2d, 0x27, 0x28, 0x90, 0x2b, 0xa0, 0xbf, 0x1f, 0, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x14, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
		[9]uint8{5: 0x10, 0x0e, 0, 0xff},
		attrs(grey16, 0x0c, 0, 0x0f, 8),
	}
	cga4 = mode{
		0x63,
		[5]uint8{3, 9, 3, 0, 2},
		[25]uint8{0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x14, 0, 0x96, 0xb9, 0xa2, 0xff},
		[9]uint8{5: 0x30, 0x0f, 0x0f, 0xff},
		attrs([16]uint8{0, 0x13, 0x15, 0x17, 2, 4, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17}, 1, 0, 3, 0),
	}
	cga2 = mode{
		0x63,
		[5]uint8{3, 1, 1, 0, 6},
		[25]uint8{0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0, 0x96, 0xb9, 0xc2, 0xff},
		[9]uint8{6: 0x0d, 0x0f, 0xff},
		attrs([16]uint8{0, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17}, 1, 0, 1, 0),
	}
	planar200 = mode{
		0x63,
		[5]uint8{3, 9, 0xf, 0, 6},
		[25]uint8{0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x14, 0, 0x96, 0xb9, 0xe3, 0xff},
		[9]uint8{6: 5, 0x0f, 0xff},
		attrs([16]uint8{0, 1, 2, 3, 4, 5, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17}, 1, 0, 0xf, 0),
	}
	planar480 = mode{
		0xe3,
		[5]uint8{3, 1, 0xf, 0, 6},
		[25]uint8{0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0, 0x40, 0, 0, 0, 0, 0, 0, 0xea, 0x8c, 0xdf, 0x28, 0, 0xe7, 4, 0xe3, 0xff},
		[9]uint8{6: 5, 0x0f, 0xff},
		attrs(grey16, 1, 0, 0xf, 0),
	}
	chained = mode{
		0x63,
		[5]uint8{3, 1, 0xf, 0, 0xe},
		[25]uint8{0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0, 0x41, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff},
		[9]uint8{5: 0x40, 5, 0xf, 0xff},
		attrs([16]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 0x41, 0, 0xf, 0),
	}
	modeX = mode{ // 320 by 240, as programs make it of the one before
		0xe3,
		[5]uint8{3, 1, 0xf, 0, 6},
		[25]uint8{0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0d, 0x3e, 0, 0x41, 0, 0, 0, 0, 0, 0, 0xea, 0xac, 0xdf, 0x28, 0, 0xe7, 6, 0xe3, 0xff},
		[9]uint8{5: 0x40, 5, 0xf, 0xff},
		attrs([16]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 0x41, 0, 0xf, 0),
	}
)

func attrs(palette [16]uint8, more ...uint8) (a [21]uint8) {
	copy(a[:], palette[:])
	copy(a[16:], more)
	return a
}

// allModes are all of them by name, for scripts.
var allModes = map[string]*mode{
	"text80": &text80, "text40": &text40, "cga4": &cga4, "cga2": &cga2, "planar200": &planar200,
	"planar480": &planar480, "chained": &chained, "modeX": &modeX,
}

// rig is a machine of a VGA, for tests that are no scripts.
type rig struct {
	*devtest.Rig
	*VGA
	remapped int
}

func newRig(t testing.TB, memory int) *rig {
	r := &rig{}
	r.Rig = devtest.New(t, func(d *devtest.Rig) {
		buildWith(d, memory)
		r.VGA = d.Chip.(*VGA)
	})
	r.Remapped = func() { r.remapped++ }
	return r
}

func (r *rig) outs(port uint16, values ...uint8) {
	for _, b := range values {
		r.Bus.Out(port, 1, uint32(b))
	}
}

// index writes a register behind an index.
func index(b *dev.PortBus, port uint16, at int, value uint8) {
	b.Out(port, 2, uint32(at)|uint32(value)<<8)
}

func setMode(b *dev.PortBus, m *mode) {
	b.Out(0x3c2, 1, uint32(m.misc))
	for i, v := range m.seq {
		index(b, 0x3c4, i, v)
	}
	index(b, 0x3d4, crtcVEnd, 0)
	for i, v := range m.crtc {
		index(b, 0x3d4, i, v)
	}
	for i, v := range m.gc {
		index(b, 0x3ce, i, v)
	}
	b.In(0x3da, 1)
	for i, v := range m.attr {
		b.Out(0x3c0, 1, uint32(i))
		b.Out(0x3c0, 1, uint32(v))
	}
	b.Out(0x3c0, 1, attrShown)
}

// setDispi starts a mode of the display interface.
func setDispi(b *dev.PortBus, x, y, bpp, enable int) {
	for _, w := range [][2]int{{dispiEnable, 0}, {dispiX, x}, {dispiY, y}, {dispiBPP, bpp}, {dispiEnable, enable}} {
		dispiOut(b, w[0], w[1])
	}
}

func dispiOut(b *dev.PortBus, at, w int) {
	b.Out(0x1ce, 2, uint32(at))
	b.Out(0x1cf, 2, uint32(w))
}

// numbered gives each entry of the DAC a colour of its own: its number as 6 bits, and more.
func (r *rig) numbered() {
	r.outs(0x3c8, 0)
	for i := range 256 {
		r.outs(0x3c9, uint8(i)&0x3f, uint8(i>>2), uint8(i)^0x15)
	}
}

// colour is that entry as it is shown.
func colour(i int) uint32 {
	six := func(b int) uint32 {
		b &= 0x3f
		return uint32(b<<2 | b>>4)
	}
	return six(i)<<16 | six(i>>2)<<8 | six(i^0x15)
}

// poke writes a byte of the window by its address.
func poke(v *VGA, a uint32, b uint8) {
	a -= WindowBase
	v.Window(int(a/pageSize)).Store(uint64(a%pageSize), 1, uint64(b))
}

func peek(v *VGA, a uint32) uint8 {
	a -= WindowBase
	return uint8(v.Window(int(a/pageSize)).Load(uint64(a%pageSize), 1))
}

package vga

import "encoding/binary"

// brush is what a frame is drawn with.
type brush struct {
	v       *VGA
	s       screen
	colours [16]uint8 // where those of the attribute controller are in the DAC
	phase   uint8
	fonts   [2]uint32 // cells
	blinks  bool      // of characters
	cursor  cursor
}

// drawers draw a line of cells, as indexes into the DAC.
var drawers = [...]func(b *brush, l scan, out []uint8){
	kindText:   (*brush).text,
	kindPlanar: (*brush).planar,
	kindPairs:  (*brush).pairs,
	kindBytes:  (*brush).bytes,
}

func (v *VGA) drawScreen(f *Frame, s screen) {
	b := &brush{
		v: v, s: s, colours: v.colours(), phase: v.phase(), fonts: v.fonts(),
		blinks: v.attr.r[attrMode]&attrBlink != 0, cursor: v.cursor(),
	}
	palette := v.palette()
	out := make([]uint8, (s.columns+1)*s.dots) // one more, that is seen when the others pan
	v.scans(s, func(l scan) {
		if l.y%s.repeat == 0 {
			drawers[s.kind](b, l, out)
			paint(f.line(l.y/s.repeat), out[l.pan:], &palette)
		}
	})
}

// paint gives a line its pixels.
func paint(line []byte, out []uint8, palette *[256][4]uint8) {
	for x := 0; x < len(line); x += 4 {
		*(*[4]byte)(line[x:]) = palette[out[x/4]]
	}
}

// colours is where the 16 colours of the attribute controller are in the DAC. IBM, "Color
// select register".
func (v *VGA) colours() (c [16]uint8) {
	a := &v.attr.r
	for i := range c {
		c[i] = a[uint8(i)&a[attrPlanes]&15]
		if a[attrMode]&attrSelect2 != 0 {
			c[i] = c[i]&0x0f | a[attrSelect]&3<<4
		}
		c[i] |= a[attrSelect] & 0x0c << 4
	}
	return c
}

// at is the cells of a line by their columns.
func (b *brush) at(l scan, column int) uint32 {
	return binary.LittleEndian.Uint32(b.v.vram[b.v.counted(l.cell+uint32(column), l.row):])
}

func (b *brush) planar(l scan, out []uint8) {
	for c := 0; c*8 < len(out); c++ {
		b.eight(out[c*8:], b.at(l, c))
	}
}

// eight draws the pixels of a cell, the highest bits first.
func (b *brush) eight(out []uint8, cell uint32) {
	for i := range 8 {
		n := cell >> (7 - i) & 0x01010101
		out[i] = b.colours[(n|n>>7|n>>14|n>>21)&15]
	}
}

// pairs draws the four pixels of planes 0 and 2, then those of planes 1 and 3.
func (b *brush) pairs(l scan, out []uint8) {
	for c := 0; c*8 < len(out); c++ {
		cell := b.at(l, c)
		for i := range 8 {
			pair := cell >> (i / 4 * 8) >> (6 - i%4*2)
			out[c*8+i] = b.colours[pair&3|pair>>16&3<<2]
		}
	}
}

func (b *brush) bytes(l scan, out []uint8) {
	for c := 0; c*cellSize < len(out); c++ {
		binary.LittleEndian.PutUint32(out[c*cellSize:], b.at(l, c))
	}
}

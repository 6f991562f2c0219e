package vga

import "encoding/binary"

// pixels are what a mode of the display interface has: bytes for each, and the bits of red,
// green and blue, as where they begin and how many they are.
type pixels struct {
	bytes            int
	red, green, blue [2]uint8
}

var formats = map[uint8]pixels{
	15: {2, [2]uint8{10, 5}, [2]uint8{5, 5}, [2]uint8{0, 5}},
	16: {2, [2]uint8{11, 5}, [2]uint8{5, 6}, [2]uint8{0, 5}},
	24: {3, [2]uint8{16, 8}, [2]uint8{8, 8}, [2]uint8{0, 8}},
	32: {4, [2]uint8{16, 8}, [2]uint8{8, 8}, [2]uint8{0, 8}},
}

// drawPicture draws a mode of the display interface.
func (v *VGA) drawPicture(f *Frame, p picture) {
	d := &v.dispi
	if form, ok := formats[d.bpp]; ok {
		for y := range p.height {
			form.paint(f.line(y), v.memory(p.start+y*p.pitch, p.width*form.bytes), v.swapped)
		}
		return
	}
	palette := v.palette()
	b := &brush{v: v, colours: v.colours()}
	out := make([]uint8, p.width+16)
	for y := range p.height {
		at, skip := p.start+y*p.pitch, 0
		if d.bpp == 8 {
			copy(out, v.memory(at, p.width))
		} else {
			skip = int(d.offX & 7)
			cells := v.memory(at, (p.width+skip+7)/8*cellSize)
			for c := 0; c < len(cells); c += cellSize {
				b.eight(out[c/cellSize*8:], binary.LittleEndian.Uint32(cells[c:]))
			}
		}
		paint(f.line(y), out[skip:], &palette)
	}
}

// memory is n bytes of it, which begins again at its end.
func (v *VGA) memory(at, n int) []byte {
	at %= len(v.vram)
	if at+n <= len(v.vram) {
		return v.vram[at : at+n]
	}
	b := make([]byte, n)
	for done := 0; done < n; at = 0 {
		done += copy(b[done:], v.vram[at:])
	}
	return b
}

// paint gives a line its pixels.
func (p pixels) paint(line, memory []byte, swapped bool) {
	for x := 0; x < len(line); x += 4 {
		n := uint32(0)
		for i, b := range memory[:p.bytes] {
			if swapped {
				i = p.bytes - 1 - i
			}
			n |= uint32(b) << (8 * i)
		}
		memory = memory[p.bytes:]
		line[x], line[x+1], line[x+2] = part(n, p.red), part(n, p.green), part(n, p.blue)
	}
}

// part widens a part of a pixel to 8 bits, so that the brightest stays the brightest.
func part(pixel uint32, at [2]uint8) uint8 {
	n := pixel >> at[0] & (1<<at[1] - 1) << (8 - at[1])
	return uint8(n | n>>at[1])
}

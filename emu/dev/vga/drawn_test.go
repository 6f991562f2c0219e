package vga

import "testing"

// drawn is a mode, how a program draws a pixel in it, and what is seen then.
type drawn struct {
	name          string
	set           func(r *rig)
	width, height int
	colours       int
	plot          func(r *rig, x, y, c int)
	shown         func(c int) uint32
}

// through is colours that go to the DAC through the attribute controller's table.
func through(palette [21]uint8) func(c int) uint32 {
	return func(c int) uint32 { return colour(int(palette[c])) }
}

func by(m *mode) func(r *rig) { return func(r *rig) { setMode(&r.Bus, m) } }

// bits sets bits of a byte of the window.
func bits(r *rig, a, mask, b int) {
	poke(r.VGA, uint32(a), peek(r.VGA, uint32(a))&^uint8(mask)|uint8(b&mask))
}

// planar draws with set/reset and the bit mask, as most programs did.
func planar(pitch int) func(r *rig, x, y, c int) {
	return func(r *rig, x, y, c int) {
		index(&r.Bus, 0x3ce, gcSetReset, uint8(c))
		index(&r.Bus, 0x3ce, gcEnableSet, 0xf)
		index(&r.Bus, 0x3ce, gcBitMask, 0x80>>(x&7))
		bits(r, 0xa0000+y*pitch+x/8, 0xff, 0)
	}
}

// linearPlot writes the bytes of a pixel where a kernel has the frame buffer.
func linearPlot(pitch, bytes int) func(r *rig, x, y, c int) {
	return func(r *rig, x, y, c int) {
		for i := range bytes {
			r.Memory[y*pitch+x*bytes+i] = uint8(c >> (8 * i))
		}
	}
}

func dispiMode(x, y, bpp int) func(r *rig) {
	return func(r *rig) {
		setMode(&r.Bus, &planar480)
		setDispi(&r.Bus, x, y, bpp, enableOn|enableLinear)
	}
}

// widen has n bits of a colour be 8.
func widen(c, n int) uint32 { return uint32(c<<(8-n) | c>>(2*n-8)) }

var drawnModes = []drawn{
	{"cga 4 colours", by(&cga4), 320, 200, 4, func(r *rig, x, y, c int) {
		shift := 6 - x&3*2
		bits(r, 0xb8000+y&1*0x2000+y/2*80+x/4, 3<<shift, c<<shift)
	}, through(cga4.attr)},
	{"cga 2 colours", by(&cga2), 640, 200, 2, func(r *rig, x, y, c int) {
		bits(r, 0xb8000+y&1*0x2000+y/2*80+x/8, 0x80>>(x&7), -c)
	}, through(cga2.attr)},
	{"16 colours, 200 lines", by(&planar200), 320, 200, 16, planar(40), through(planar200.attr)},
	{"16 colours, 480 lines", by(&planar480), 640, 480, 16, planar(80), through(planar480.attr)},
	{"256 colours", by(&chained), 320, 200, 256, func(r *rig, x, y, c int) {
		poke(r.VGA, uint32(0xa0000+y*320+x), uint8(c))
	}, colour},
	{"mode X", by(&modeX), 320, 240, 256, func(r *rig, x, y, c int) {
		index(&r.Bus, 0x3c4, seqMapMask, 1<<(x&3))
		poke(r.VGA, uint32(0xa0000+y*80+x/4), uint8(c))
	}, colour},
	{"linear, 4 bits", dispiMode(808, 600, 4), 808, 600, 16, func(r *rig, x, y, c int) {
		at := y*101 + x/8
		dispiOut(&r.Bus, dispiBank, at>>16)
		planar(0)(r, at&0xffff*8+x&7, 0, c)
	}, through(planar480.attr)},
	{"linear, 8 bits", dispiMode(641, 300, 8), 641, 300, 256, linearPlot(641, 1), colour},
	{"linear, 15 bits", dispiMode(320, 240, 15), 320, 240, 1 << 15, linearPlot(640, 2), func(c int) uint32 {
		return widen(c>>10, 5)<<16 | widen(c>>5&31, 5)<<8 | widen(c&31, 5)
	}},
	{"linear, 16 bits", dispiMode(320, 240, 16), 320, 240, 1 << 16, linearPlot(640, 2), func(c int) uint32 {
		return widen(c>>11, 5)<<16 | widen(c>>5&63, 6)<<8 | widen(c&31, 5)
	}},
	{"linear, 24 bits", dispiMode(333, 240, 24), 333, 240, 1 << 24, linearPlot(999, 3), func(c int) uint32 { return uint32(c) }},
	{"linear, 32 bits", dispiMode(320, 240, 32), 320, 240, 1 << 24, linearPlot(1280, 4), func(c int) uint32 { return uint32(c) }},
	{"banks", dispiMode(640, 480, 8), 640, 480, 256, func(r *rig, x, y, c int) {
		at := y*640 + x
		if at&0xffff == 0 || x == 0 {
			dispiOut(&r.Bus, dispiBank, at>>16)
		}
		poke(r.VGA, uint32(0xa0000+at&0xffff), uint8(c))
	}, colour},
}

// pattern is a colour for each pixel.
func pattern(x, y, colours int) int { return (x*x*31 + y*y*1237 + x*y*7 + x + 3*y) % colours }

func TestDrawnModes(t *testing.T) {
	for _, d := range drawnModes {
		t.Run(d.name, func(t *testing.T) {
			r := newRig(t, 4<<20)
			r.numbered()
			d.set(r)
			for y := range d.height {
				for x := range d.width {
					d.plot(r, x, y, pattern(x, y, d.colours))
				}
			}
			f := r.Frame()
			if f.Width != d.width || f.Height != d.height {
				t.Fatalf("%d by %d", f.Width, f.Height)
			}
			for y := range d.height {
				for x := range d.width {
					if got, want := f.At(x, y), d.shown(pattern(x, y, d.colours)); got != want {
						t.Fatalf("at %d, %d: %06x, want %06x", x, y, got, want)
					}
				}
			}
		})
	}
}

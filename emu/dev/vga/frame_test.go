package vga

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

// art is a part of a picture, a letter for each of the colours.
func art(f *Frame, x, y, width, height int, letters map[uint32]byte) string {
	var s strings.Builder
	for row := range height {
		for column := range width {
			c, ok := letters[f.At(x+column, y+row)]
			if !ok {
				c = '?'
			}
			s.WriteByte(c)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// glyph gives a character of a font a shape: the same byte for some rows.
func (r *rig) glyph(font, char int, rows ...uint8) {
	for i, b := range rows {
		r.Memory[4*(font+char*32+i)+2] = b
	}
}

// textRig is a text screen with rows of 4 lines, grey on black as '#' and '.', red as 'r'.
func textRig(t *testing.T) (*rig, func(x, y, width, height int) string) {
	r := newRig(t, testMemory)
	r.numbered()
	setMode(&r.Bus, &text80)
	index(&r.Bus, 0x3d4, crtcMaxScan, 0x43)
	index(&r.Bus, 0x3d4, crtcCursor, cursorOff)
	r.glyph(0, 'A', 0x18, 0x24, 0x7e, 0x81)
	r.glyph(0, 0xc4, 0, 0xff, 0, 0)
	r.glyph(0x2000, 'A', 0xff, 0x81, 0x81, 0xff)
	letters := map[uint32]byte{colour(0): '.', colour(7): '#', colour(4): 'r', colour(0x3c): 'R', colour(1): 'b', colour(0x38): 'g'}
	return r, func(x, y, width, height int) string {
		return "\n" + art(r.Frame(), x, y, width, height, letters)
	}
}

// put writes characters and attributes by turns.
func (r *rig) put(at int, b ...uint8) {
	for i, b := range b {
		poke(r.VGA, uint32(0xb8000+at+i), b)
	}
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:%swant:%s", what, got, want)
	}
}

func TestText(t *testing.T) {
	r, art := textRig(t)
	r.put(0, 'A', 7, 0xc4, 4, 'A', 0x74)
	r.put(160, 'A', 0x0c)
	check(t, "nine dots", art(0, 0, 27, 8), `
...##.............###rr####
..#..#...rrrrrrrrr##r##r###
.######...........#rrrrrr##
#......#..........r######r#
...RR......................
..R..R.....................
.RRRRRR....................
R......R...................
`)
	index(&r.Bus, 0x3c4, seqClocking, 1)
	check(t, "eight dots", art(0, 0, 24, 4), `
...##...........###rr###
..#..#..rrrrrrrr##r##r##
.######.........#rrrrrr#
#......#........r######r
`)
	index(&r.Bus, 0x3c4, seqFonts, 0x20) // the second font is at 8 KiB
	check(t, "the other font", art(0, 0, 8, 8), `
...##...
..#..#..
.######.
#......#
RRRRRRRR
R......R
R......R
RRRRRRRR
`)
	rows, ok := r.Text()
	if !ok || len(rows) != 100 || rows[0] != "A─A" || rows[1] != "A" || rows[2] != "" {
		t.Errorf("%d rows, %q", len(rows), rows[:3])
	}
	if a, ok := r.Attributes(); !ok || a[0][2] != 0x74 || a[1][0] != 0x0c || len(a[0]) != 80 {
		t.Errorf("attributes %x", a[:2])
	}
	setMode(&r.Bus, &planar480)
	if _, ok := r.Text(); ok {
		t.Error("there is text in a picture")
	}
}

func TestCursor(t *testing.T) {
	r, art := textRig(t)
	r.put(0, 'A', 7, 'A', 0x87)
	at := func(start, end, position uint8) {
		index(&r.Bus, 0x3d4, crtcCursor, start)
		index(&r.Bus, 0x3d4, crtcCursorEnd, end)
		index(&r.Bus, 0x3d4, crtcPosition+1, position)
	}
	at(2, 3, 0)
	shown := `
...##.......##...
..#..#.....#..#..
#########.######.
##########......#
`
	check(t, "the cursor", art(0, 0, 17, 4), shown)
	r.Until(120_000_000)
	check(t, "without the cursor", art(0, 0, 17, 4), `
...##.......##...
..#..#.....#..#..
.######...######.
#......#.#......#
`)
	r.Until(350_000_000)
	check(t, "without all", art(0, 0, 17, 4), `
...##............
..#..#...........
.######..........
#......#.........
`)
	r.Steady = true
	check(t, "steady", art(0, 0, 17, 4), shown)
	r.Steady = false
	index(&r.Bus, 0x3d4, crtcCursor, 3)
	index(&r.Bus, 0x3d4, crtcCursorEnd, 2)
	if _, _, ok := r.Cursor(); ok {
		t.Error("a cursor that ends before it begins")
	}
	at(0, 3, 162)
	if x, y, ok := r.Cursor(); x != 2 || y != 2 || !ok {
		t.Errorf("the cursor is at %d, %d: %v", x, y, ok)
	}
}

func TestUnderline(t *testing.T) {
	r, art := textRig(t)
	index(&r.Bus, 0x3d4, crtcUnderline, 3)
	r.put(0, 'A', 1, 'A', 7, 'A', 9)
	index(&r.Bus, 0x3d4, crtcMaxScan, 0x43)
	check(t, "underlined", art(0, 3, 18, 1), "\nbbbbbbbbb#......#.\n")
}

// TestBlinkOff: without blinking there are 16 backgrounds.
func TestBlinkOff(t *testing.T) {
	r, art := textRig(t)
	r.put(0, 'A', 0x80)
	check(t, "blinking", art(0, 0, 8, 1), "\n........\n")
	r.Bus.In(0x3da, 1)
	r.outs(0x3c0, attrMode|attrShown, 4)
	check(t, "bright", art(0, 0, 8, 1), "\nggg..ggg\n")
}

// TestScroll: smooth scrolling, and a split screen that stays.
func TestScroll(t *testing.T) {
	r, art := textRig(t)
	r.put(0, 'A', 4)
	r.put(320, ' ', 7, 'A', 7, ' ', 7)
	r.put(480, 'A', 7)
	index(&r.Bus, 0x3d4, crtcStart+1, 160)
	check(t, "start", art(0, 0, 18, 4), `
............##....
...........#..#...
..........######..
.........#......#.
`)
	index(&r.Bus, 0x3d4, crtcPreset, 0x22) // a byte and two rows
	r.Bus.In(0x3da, 1)
	r.outs(0x3c0, attrPan|attrShown, 1)  // two dots
	index(&r.Bus, 0x3d4, crtcCompare, 3) // after four lines
	index(&r.Bus, 0x3d4, crtcOverflow, 0x0f)
	index(&r.Bus, 0x3d4, crtcMaxScan, 0x03)
	r.put(2, 'A', 4)
	check(t, "panned", art(0, 0, 9, 8), `
#####....
.....#...
.........
.........
.rr......
r..r.....
rrrrr....
.....r...
`)
	r.Bus.In(0x3da, 1)
	r.outs(0x3c0, attrMode|attrShown, 0x2c)
	check(t, "panned above the split", art(0, 2, 9, 6), `
.........
.........
...rr....
..r..r...
.rrrrrr..
r......r.
`)
	if rows, _ := r.Text(); rows[0] != "A"+strings.Repeat(" ", 78)+"A" || rows[1] != "" || rows[2] != "AA" {
		t.Errorf("%q", rows[:3])
	}
}

// TestPanned: pixels of 256 colours are panned by two, those of the display interface by its
// offsets.
func TestPanned(t *testing.T) {
	r := newRig(t, 1<<20)
	r.numbered()
	setMode(&r.Bus, &chained)
	for i := range 330 {
		poke(r.VGA, uint32(0xa0000+i), uint8(i))
	}
	r.Bus.In(0x3da, 1)
	r.outs(0x3c0, attrPan|attrShown, 6)
	index(&r.Bus, 0x3d4, crtcStart+1, 1)
	f := r.Frame()
	if f.At(0, 0) != colour(7) || f.At(319, 0) != colour(326-256) {
		t.Errorf("%06x %06x", f.At(0, 0), f.At(319, 0))
	}
	for _, bpp := range []int{4, 8, 32} {
		setDispi(&r.Bus, 64, 64, bpp, enableOn)
		dispiOut(&r.Bus, dispiVirtualX, 128)
		dispiOut(&r.Bus, dispiOffsetX, 11)
		dispiOut(&r.Bus, dispiOffsetY, 3)
		r.Memory[map[int]int{4: (3*16 + 2) * 4, 8: 3*128 + 20, 32: (3*128 + 20) * 4}[bpp]] = 0x08
		f := r.Frame()
		lit := map[int]uint32{4: colour(1), 8: colour(8), 32: 8}[bpp]
		if f.At(9, 0) != lit || f.At(8, 0) == lit || f.At(10, 0) == lit || f.At(9, 1) == lit {
			t.Errorf("%d bits: %06x at its place", bpp, f.At(9, 0))
		}
	}
}

func TestFiles(t *testing.T) {
	f := &Frame{2, 1, []byte{1, 2, 3, 0xff, 0xfe, 5, 6, 0xff}}
	var b bytes.Buffer
	if err := f.PPM(&b); err != nil || b.String() != "P6\n2 1\n255\n\x01\x02\x03\xfe\x05\x06" {
		t.Errorf("%q %v", b.String(), err)
	}
	b.Reset()
	if err := f.PNG(&b); err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if r, g, blue, _ := m.At(1, 0).RGBA(); r != 0xfefe || g != 0x0505 || blue != 0x0606 || m.Bounds().Dx() != 2 {
		t.Errorf("%x %x %x %v", r, g, blue, m.Bounds())
	}
}

// TestBlank: what is not shown is black, and has a size from the beginning.
func TestBlank(t *testing.T) {
	r := newRig(t, testMemory)
	size := func(what string, width, height int, black bool) {
		t.Helper()
		f := r.Frame()
		if is := f.At(0, 0) == 0; f.Width != width || f.Height != height || is != black {
			t.Errorf("%s: %d by %d, black: %v", what, f.Width, f.Height, is)
		}
	}
	size("a reset", 640, 480, true)
	r.outs(0x3c8, 0)
	r.outs(0x3c9, 63, 63, 63)
	setMode(&r.Bus, &chained)
	size("a mode", 320, 200, false)
	index(&r.Bus, 0x3c4, seqClocking, 0x21)
	size("the sequencer off", 320, 200, true)
	setDispi(&r.Bus, 100, 50, 8, enableOn)
	size("a mode of the display interface", 100, 50, false)
	r.Bus.In(0x3da, 1)
	r.outs(0x3c0, 0)
	size("no palette", 100, 50, true)
	r.BAR().Store(barPorts, 1, attrShown) // a driver that reset the flip-flop before
	size("a value", 100, 50, true)
	r.BAR().Load(0x41a, 1)
	r.BAR().Store(barPorts, 1, attrShown)
	size("shown by the BAR", 100, 50, false)
}

// TestMemoryWraps: what is shown behind the end of the memory is its beginning.
func TestMemoryWraps(t *testing.T) {
	r := newRig(t, testMemory)
	setMode(&r.Bus, &planar480)
	setDispi(&r.Bus, 500, 100, 16, enableOn)
	dispiOut(&r.Bus, dispiOffsetY, 262) // 144 bytes before the end
	r.Memory[testMemory-2], r.Memory[0], r.Memory[1] = 0x1f, 0xe0, 0x07
	f := r.Frame()
	if f.At(71, 0) != 0x0000ff || f.At(72, 0) != 0x00ff00 {
		t.Errorf("%06x %06x", f.At(71, 0), f.At(72, 0))
	}
	r.BAR().Store(barOrder, 4, highFirst)
	if f := r.Frame(); f.At(72, 0) != 0xe70039 { // E007h
		t.Errorf("with the high bytes first %06x", f.At(72, 0))
	}
}

// TestDraw: a frame's memory is used again, and nothing of the last picture stays.
func TestDraw(t *testing.T) {
	r := newRig(t, testMemory)
	r.numbered()
	setMode(&r.Bus, &chained)
	clear(r.Memory)
	f := r.Frame()
	pix := &f.Pix[0]
	r.outs(0x3c6, 0)
	setDispi(&r.Bus, 16, 16, 8, enableOn)
	if r.Draw(f); &f.Pix[0] != pix || len(f.Pix) != 4*16*16 || f.At(15, 15) != colour(0) {
		t.Errorf("%d bytes, %06x", len(f.Pix), f.At(15, 15))
	}
}

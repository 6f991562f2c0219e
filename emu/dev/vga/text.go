package vga

import "strings"

// cursor is that of a text screen.
type cursor struct {
	cell       uint32
	first, end uint8 // the rows of a character
	on         bool
}

func (v *VGA) cursor() cursor {
	r := &v.crtc.r
	c := cursor{v.word(crtcPosition), r[crtcCursor] & scanLines, r[crtcCursorEnd] & scanLines, r[crtcCursor]&cursorOff == 0}
	c.on = c.on && c.first <= c.end
	return c
}

// fonts are the cells at which the two fonts begin: that of bit 3 of an attribute is the
// second. IBM, "Character map select register": the number's high bit is for 8 KiB.
func (v *VGA) fonts() [2]uint32 {
	at := func(low, high uint8) uint32 { return uint32(low&3)<<14 | uint32(high&1)<<13 }
	s := v.seq.r[seqFonts]
	return [2]uint32{at(s, s>>4), at(s>>2, s>>5)}
}

const (
	glyphSize = 32
	graphics0 = 0xc0 // the characters whose ninth dot may be the eighth
	graphics1 = 0xdf
)

// text draws a line of characters.
func (b *brush) text(l scan, out []uint8) {
	for c := 0; c*b.s.dots < len(out); c++ {
		cell := b.at(l, c)
		char, attr := uint8(cell), uint8(cell>>8)
		fg, bg := attr&15, attr>>4
		dots := b.dots(char, attr, l.row)
		if b.blinks {
			if bg &= 7; attr&0x80 != 0 && b.phase&charsHidden != 0 {
				dots = 0
			}
		}
		at := (l.cell + uint32(c)) % vgaCells
		if k := &b.cursor; k.on && at == k.cell && l.row >= k.first && l.row <= k.end && b.phase&cursorHidden == 0 {
			dots = 0x1ff
		}
		for i := range b.s.dots {
			out[c*b.s.dots+i] = b.colours[bg]
			if dots>>(8-i)&1 != 0 {
				out[c*b.s.dots+i] = b.colours[fg]
			}
		}
	}
}

// dots are the nine of a row of a character, the leftmost highest.
func (b *brush) dots(char, attr, row uint8) uint16 {
	if attr&0x77 == 1 && row == b.v.crtc.r[crtcUnderline]&scanLines {
		return 0x1ff
	}
	font := b.fonts[attr>>3&1] + uint32(char)*glyphSize + uint32(row)
	dots := uint16(b.v.vram[font%vgaCells*cellSize+2]) << 1
	if char >= graphics0 && char <= graphics1 && b.v.attr.r[attrMode]&attrLine != 0 {
		dots |= dots >> 1 & 1
	}
	return dots
}

// Text is the characters of a text screen, without the blanks at the ends of rows. It is not
// ok if there is none.
func (v *VGA) Text() (rows []string, ok bool) {
	cells, ok := v.textCells()
	for _, row := range cells {
		var s strings.Builder
		for _, c := range row {
			s.WriteRune(cp437[uint8(c)])
		}
		rows = append(rows, strings.TrimRight(s.String(), " "))
	}
	return rows, ok
}

// Attributes are those of the characters of a text screen.
func (v *VGA) Attributes() (rows [][]uint8, ok bool) {
	cells, ok := v.textCells()
	for _, row := range cells {
		attrs := make([]uint8, len(row))
		for i, c := range row {
			attrs[i] = uint8(c >> 8)
		}
		rows = append(rows, attrs)
	}
	return rows, ok
}

// Cursor is where the cursor of a text screen is, if there is one to be seen.
func (v *VGA) Cursor() (column, row int, ok bool) {
	c := v.cursor()
	if !v.isText() || !c.on {
		return 0, 0, false
	}
	s, at := v.screen(), -1
	v.scans(s, func(l scan) {
		if l.starts {
			at++
		}
		if d := (c.cell - l.cell) % vgaCells; l.starts && !ok && d < uint32(s.columns) {
			column, row, ok = int(d), at, true
		}
	})
	return column, row, ok
}

func (v *VGA) isText() bool {
	return !v.dispi.on() && v.gc.r[gcMisc]&miscGraphics == 0 && v.crtc.r[crtcHShown] != 0
}

// textCells are the cells of a text screen.
func (v *VGA) textCells() (rows [][]uint16, ok bool) {
	if !v.isText() {
		return nil, false
	}
	s := v.screen()
	b := &brush{v: v}
	v.scans(s, func(l scan) {
		if !l.starts {
			return
		}
		row := make([]uint16, s.columns)
		for c := range row {
			row[c] = uint16(b.at(l, c))
		}
		rows = append(rows, row)
	})
	return rows, true
}

// cp437 is the characters of the font that firmware loads: code page 437, of whose control
// characters each has a picture.
var cp437 = [256]rune([]rune(" ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼" +
	" !\"#$%&'()*+,-./0123456789:;<=>?" +
	"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_" +
	"`abcdefghijklmnopqrstuvwxyz{|}~⌂" +
	"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ" +
	"áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
	"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
	"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ "))

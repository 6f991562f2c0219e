package vga

// kind is how cells become pixels.
type kind uint8

const (
	kindText   kind = iota
	kindPlanar      // a bit of each plane
	kindPairs       // two bits of a plane, and of the one two higher
	kindBytes       // a byte of each plane is a pixel
)

// screen is what the registers of a VGA show: columns of cells, lines of the screen.
type screen struct {
	kind    kind
	columns int
	dots    int // of a cell
	lines   int
	repeat  int // how many lines in a row show the same, always
}

func (v *VGA) screen() screen {
	s := screen{kindText, int(v.crtc.r[crtcHShown]) + 1, v.charDots(), v.linesShown(), 1}
	if v.crtc.r[crtcMaxScan]&doubleScan != 0 {
		s.repeat = 2
	}
	if v.gc.r[gcMisc]&miscGraphics == 0 {
		return s
	}
	switch mode := v.gc.r[gcMode]; {
	case mode&mode256 != 0: // at half the pixels of a character
		s.kind, s.dots = kindBytes, 4
	case mode&modePairs != 0:
		s.kind, s.dots = kindPairs, 8
	default:
		s.kind, s.dots = kindPlanar, 8
	}
	if v.crtc.r[crtcMode]&(modeRow0|modeRow1) == modeRow0|modeRow1 { // rows differ in nothing
		s.repeat *= int(v.crtc.r[crtcMaxScan]&scanLines) + 1
	}
	return s
}

// blanked reports whether nothing is shown.
func (v *VGA) blanked() bool {
	return v.attr.at&attrShown == 0 || !v.dispi.on() && v.seq.r[seqClocking]&clockingOff != 0
}

// blinks reports whether the picture changes by itself.
func (v *VGA) blinks() bool {
	return !v.dispi.on() && !v.blanked() && v.gc.r[gcMisc]&miscGraphics == 0
}

// scan is a line of the screen.
type scan struct {
	y      int
	cell   uint32 // the first, as the counter has it
	row    uint8  // of a character
	starts bool   // it is the first line of a row of characters
	pan    int    // pixels that are shifted out on the left
}

// scans calls f with each line of the screen, as the CRT controller goes through them.
func (v *VGA) scans(s screen, f func(l scan)) {
	r := &v.crtc.r
	split := v.crtcBits(crtcCompare, [2]uint8{crtcOverflow, 4}, [2]uint8{crtcMaxScan, 6})
	last, again, bytePan := r[crtcMaxScan]&scanLines, false, uint32(r[crtcPreset]>>5&3)
	l := scan{cell: v.word(crtcStart), row: r[crtcPreset] & scanLines, starts: true, pan: v.pan(s)}
	for start := l.cell; l.y < s.lines; l.y++ {
		shown := l
		shown.cell += bytePan
		f(shown)
		l.starts = false
		again = !again && r[crtcMaxScan]&doubleScan != 0
		switch {
		case l.y == split:
			start, again = 0, false
			l.cell, l.row, l.starts = 0, 0, true
			if v.attr.r[attrMode]&attrPanTop != 0 {
				l.pan, bytePan = 0, 0
			}
		case again:
		case l.row == last:
			start += 2 * uint32(r[crtcOffset])
			l.cell, l.row, l.starts = start, 0, true
		default:
			l.row = (l.row + 1) & scanLines
		}
	}
}

// pan is the pixels that the attribute controller shifts out. IBM, "Horizontal PEL panning
// register".
func (v *VGA) pan(s screen) int {
	pan := int(v.attr.r[attrPan])
	switch {
	case s.dots == 4:
		return pan & 7 / 2
	case s.dots == 9 && pan >= 8:
		return 0
	case s.dots == 9:
		return pan + 1
	}
	return pan & 7
}

// counted finds the memory of a cell, of whose address lines two may be the row's. They are
// lines 13 and 14 of an address, which is bytes, words or double words of cells.
func (v *VGA) counted(cell uint32, row uint8) int {
	mode, line := v.crtc.r[crtcMode], 13
	switch {
	case v.crtc.r[crtcUnderline]&doubleWords != 0:
		line = 11
	case mode&modeBytes == 0:
		line = 12
	}
	if mode&modeRow0 == 0 {
		cell = cell&^(1<<line) | uint32(row&1)<<line
	}
	if mode&modeRow1 == 0 {
		cell = cell&^(2<<line) | uint32(row>>1&1)<<(line+1)
	}
	return int(cell%vgaCells) * cellSize
}

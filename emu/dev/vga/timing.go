package vga

// Bits of input status 1.
const (
	statusBlank    = 1 << 0 // also between the lines
	statusVRetrace = 1 << 3
)

// timing is how the beam goes over the screen, in dots and lines.
type timing struct {
	hz            uint64 // dots in a second
	dots, lines   uint64 // with what is not shown
	hShown        uint64
	vShown        uint64
	retrace, over uint64 // the lines of the vertical retrace
}

// standard is 640 by 480 at 60 Hz. It stands in where the registers say nothing that a
// monitor could show: after a reset, and in modes of the display interface, whose timing is
// nowhere.
var standard = timing{25_175_000, 800, 525, 640, 480, 490, 492}

// dotClocks are those that the miscellaneous output register chooses from.
var dotClocks = [4]uint64{25_175_000, 28_322_000, 25_175_000, 25_175_000}

// Frames in a second that monitors show.
const (
	slowest = 40
	fastest = 130
)

func (v *VGA) timing() timing {
	r := &v.crtc.r
	char := uint64(v.charDots())
	t := timing{
		hz:      dotClocks[v.misc>>miscClock&3],
		dots:    (uint64(r[crtcHTotal]) + 5) * char,
		lines:   uint64(v.crtcBits(crtcVTotal, [2]uint8{crtcOverflow, 0}, [2]uint8{crtcOverflow, 5}) + 2),
		hShown:  (uint64(r[crtcHShown]) + 1) * char,
		vShown:  uint64(v.linesShown()),
		retrace: uint64(v.crtcBits(crtcVRetrace, [2]uint8{crtcOverflow, 2}, [2]uint8{crtcOverflow, 7})),
	}
	if v.seq.r[seqClocking]&clockingHalf != 0 {
		t.hz /= 2
	}
	// The end has the low four bits of the line at which it comes.
	t.over = t.retrace + 1 + uint64(r[crtcVEnd]-uint8(t.retrace)-1)&15
	rate := t.hz / (t.dots * t.lines)
	if v.dispi.on() || rate < slowest || rate > fastest || t.hShown >= t.dots || t.vShown >= t.lines || t.over >= t.lines {
		return standard
	}
	return t
}

// charDots is how wide a character is.
func (v *VGA) charDots() int {
	if v.seq.r[seqClocking]&clocking8Dots != 0 {
		return 8
	}
	return 9
}

// linesShown is how many lines of the screen are.
func (v *VGA) linesShown() int {
	return v.crtcBits(crtcVShown, [2]uint8{crtcOverflow, 1}, [2]uint8{crtcOverflow, 6}) + 1
}

// status is input status 1. Its reader has the attribute controller take an index next.
func (v *VGA) status() uint8 {
	v.attr.data = false
	t := v.timing()
	dot := v.clock.Now().Ticks(t.hz)
	line := dot / t.dots % t.lines
	b := uint8(0)
	if line >= t.vShown || dot%t.dots >= t.hShown {
		b |= statusBlank
	}
	if line >= t.retrace && line < t.over {
		b |= statusVRetrace
	}
	return b
}

// Frames between the changes of what blinks: "the cursor blinks at 1/16 of the frame rate,
// characters at 1/32".
const (
	cursorFrames = 8
	charFrames   = 16
)

// phase is a number whose bits are whether the cursor and blinking characters are hidden.
func (v *VGA) phase() uint8 {
	if v.Steady {
		return 0
	}
	t := v.timing()
	frame := v.clock.Now().Ticks(t.hz) / (t.dots * t.lines)
	return uint8(frame/cursorFrames&1 | frame/charFrames&1<<1)
}

const (
	cursorHidden = 1 << 0
	charsHidden  = 1 << 1
)

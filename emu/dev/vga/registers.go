package vga

// Bits of the miscellaneous output register, and of other registers that have no index.
const (
	miscColour  = 1 << 0 // ports 3Dxh, not 3Bxh
	miscRAM     = 1 << 1 // the window answers
	miscClock   = 2      // two bits, from this one on
	miscBits    = 0xef
	featureBits = 0x0b

	switchSense = 0x10 // of input status 0: there is a monitor
)

// Registers of the sequencer.
const (
	seqClocking = 1
	seqMapMask  = 2
	seqFonts    = 3
	seqMemory   = 4

	clocking8Dots = 1 << 0
	clockingHalf  = 1 << 3
	clockingOff   = 1 << 5

	memorySequential = 1 << 2 // not odd/even
	memoryChain4     = 1 << 3
)

// Registers of the graphics controller.
const (
	gcSetReset   = 0
	gcEnableSet  = 1
	gcCompare    = 2
	gcRotate     = 3
	gcReadMap    = 4
	gcMode       = 5
	gcMisc       = 6
	gcDontCare   = 7
	gcBitMask    = 8
	modeWrite    = 3 // a field
	modeCompare  = 1 << 3
	modeOddEven  = 1 << 4
	modePairs    = 1 << 5 // pixels of two bits
	mode256      = 1 << 6
	miscGraphics = 1 << 0
	miscChain    = 1 << 1 // odd/even
)

// Registers of the CRT controller.
const (
	crtcHTotal    = 0x00
	crtcHShown    = 0x01
	crtcVTotal    = 0x06
	crtcOverflow  = 0x07
	crtcPreset    = 0x08
	crtcMaxScan   = 0x09
	crtcCursor    = 0x0a
	crtcCursorEnd = 0x0b
	crtcStart     = 0x0c // and the low byte
	crtcPosition  = 0x0e // and the low byte
	crtcVRetrace  = 0x10
	crtcVEnd      = 0x11
	crtcVShown    = 0x12
	crtcOffset    = 0x13
	crtcUnderline = 0x14
	crtcMode      = 0x17
	crtcCompare   = 0x18
	crtcLatch     = 0x22 // reads as the latch that the graphics controller chooses
	crtcFlipFlop  = 0x24 // reads as that of the attribute controller

	protect        = 1 << 7 // of crtcVEnd
	overflowSplit  = 1 << 4 // what is not protected
	cursorOff      = 1 << 5
	doubleScan     = 1 << 7
	doubleWords    = 1 << 6 // of crtcUnderline
	modeRow0       = 1 << 0 // address bit 13 is not that of the row
	modeRow1       = 1 << 1 // address bit 14
	modeBytes      = 1 << 6
	scanLines      = 0x1f // the field of several registers
	splitHigh      = 1 << 6
	flipFlopIsData = 1 << 7
)

// Registers of the attribute controller.
const (
	attrMode    = 0x10
	attrPlanes  = 0x12
	attrPan     = 0x13
	attrSelect  = 0x14
	attrShown   = 1 << 5 // of the index: the palette is the screen's
	attrLine    = 1 << 2 // of the mode: the ninth dot of line characters is the eighth
	attrBlink   = 1 << 3
	attrPanTop  = 1 << 5 // only what is above the split pans
	attrSelect2 = 1 << 7
)

// indexed is registers behind an index.
type indexed[T any] struct {
	at uint8
	r  T
}

// What can be written of a register.
var (
	seqBits  = [5]uint8{0x03, 0x3d, 0x0f, 0x3f, 0x0e}
	gcBits   = [9]uint8{0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff}
	attrBits = [21]uint8{
		0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
		0xef, 0xff, 0x3f, 0x0f, 0x0f,
	}
)

func (v *VGA) seqRead() uint8 {
	if int(v.seq.at) < len(v.seq.r) {
		return v.seq.r[v.seq.at]
	}
	return 0
}

func (v *VGA) seqWrite(b uint8) {
	if i := v.seq.at; int(i) < len(v.seq.r) {
		v.seq.r[i] = b & seqBits[i]
	}
}

func (v *VGA) gcRead() uint8 {
	if int(v.gc.at) < len(v.gc.r) {
		return v.gc.r[v.gc.at]
	}
	return 0
}

func (v *VGA) gcWrite(b uint8) {
	if i := v.gc.at; int(i) < len(v.gc.r) {
		v.gc.r[i] = b & gcBits[i]
	}
}

// crtc is the CRT controller.
type crtc = indexed[[0x19]uint8]

func (v *VGA) crtcRead() uint8 {
	switch i := v.crtc.at; {
	case int(i) < len(v.crtc.r):
		return v.crtc.r[i]
	case i == crtcLatch:
		return uint8(v.latch >> (8 * v.gc.r[gcReadMap]))
	case i == crtcFlipFlop && v.attr.data:
		return flipFlopIsData
	}
	return 0
}

func (v *VGA) crtcWrite(b uint8) {
	r, i := &v.crtc.r, v.crtc.at
	if int(i) >= len(r) {
		return
	}
	if i <= crtcOverflow && r[crtcVEnd]&protect != 0 {
		if i != crtcOverflow {
			return
		}
		b = r[i]&^overflowSplit | b&overflowSplit
	}
	r[i] = b
}

// crtcBits gathers a number from a register and from bits of others, the ninth and on.
func (v *VGA) crtcBits(low uint8, more ...[2]uint8) int {
	n := int(v.crtc.r[low])
	for i, m := range more {
		n |= int(v.crtc.r[m[0]]>>m[1]&1) << (8 + i)
	}
	return n
}

// word is a pair of registers, the high one first.
func (v *VGA) word(high uint8) uint32 {
	return uint32(v.crtc.r[high])<<8 | uint32(v.crtc.r[high+1])
}

// attribute is the attribute controller, whose one port takes an index and a value by turns.
type attribute struct {
	indexed[[21]uint8]
	data bool // a value is next
}

// attrIndex is the index with the bit that lets the picture be seen.
func (v *VGA) attrIndex() uint8 { return v.attr.at }

func (v *VGA) attrRead() uint8 {
	if i := int(v.attr.at &^ attrShown); i < len(v.attr.r) {
		return v.attr.r[i]
	}
	return 0
}

func (v *VGA) attrWrite(b uint8) {
	a := &v.attr
	i := int(a.at &^ attrShown)
	switch {
	case !a.data:
		a.at = b & 0x3f
	case i < len(a.r):
		a.r[i] = b & attrBits[i]
	}
	a.data = !a.data
}

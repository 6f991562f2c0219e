package regs

import "encoding/binary"

// Components of the extended state: bits of XCR0, of the mask of an XSAVE, and
// of XSTATE_BV in its image (SDM vol. 1 13.1).
const (
	XX87 = 1 << iota
	XSSE
	XAVX // the upper halves of the YMM registers
)

// An XSAVE image is an FXSAVE image, a header of 64 bytes, and the upper halves
// of the YMM registers. As there is no component besides that, the standard and
// the compacted format differ in the header only.
const (
	xHeader = FXLen
	xUpper  = xHeader + 64
	XLen    = xUpper + 16*16 // of the whole image

	initMXCSR = 0x1f80
	compacted = 1 << 63 // in XCOMP_BV, the header's second word
)

// XSize is the size of an XSAVE image with the components of a mask.
func XSize(mask uint64) int {
	if mask&XAVX != 0 {
		return XLen
	}
	return xUpper
}

// SaveX writes the components of a mask that is a subset of XCR0, in the standard
// format, as XSAVE does (SDM vol. 1 13.7): the header's first word, XSTATE_BV,
// says which of them are not in their initial state. Bytes and header bits of
// other components stay as they are, so that a fresh image begins with zeros. b
// has XSize(mask) bytes; wide and xmm are those of SaveFX.
func SaveX(w *Words, b []byte, mask uint64, wide bool, xmm int) {
	saveParts(w, b, mask, wide, xmm)
	putShared(w, b, mask, xmm)
}

// SaveXOpt is SaveX without the components in their initial state (XSAVEOPT).
func SaveXOpt(w *Words, b []byte, mask uint64, wide bool, xmm int) {
	saveParts(w, b, mask&InUse(w, xmm), wide, xmm)
	putShared(w, b, mask, xmm)
}

// SaveXC is SaveXOpt in the compacted format (XSAVEC), in which MXCSR belongs to
// SSE alone.
func SaveXC(w *Words, b []byte, mask uint64, wide bool, xmm int) {
	used := InUse(w, xmm)
	if w[MXCSR] != initMXCSR {
		used |= XSSE
	}
	saveParts(w, b, mask&used, wide, xmm)
	if mask&used&XSSE != 0 {
		saveMXCSR(w, b)
	}
	binary.LittleEndian.PutUint64(b[xHeader:], mask&used)
	binary.LittleEndian.PutUint64(b[xHeader+8:], mask|compacted)
}

// putShared writes what belongs to no component or to several.
func putShared(w *Words, b []byte, mask uint64, xmm int) {
	if mask&(XSSE|XAVX) != 0 {
		saveMXCSR(w, b)
	}
	bv := binary.LittleEndian.Uint64(b[xHeader:])
	binary.LittleEndian.PutUint64(b[xHeader:], bv&^mask|InUse(w, xmm)&mask)
}

func saveParts(w *Words, b []byte, parts uint64, wide bool, xmm int) {
	if parts&XX87 != 0 {
		saveX87(w, b, wide)
	}
	if parts&XSSE != 0 {
		saveXMM(w, b, xmm)
	}
	if parts&XAVX != 0 {
		for i := range xmm {
			x := w[XMM(uint8(i))+2:]
			binary.LittleEndian.PutUint64(b[xUpper+16*i:], x[0])
			binary.LittleEndian.PutUint64(b[xUpper+8+16*i:], x[1])
		}
	}
}

// InUse are the components that are not in their initial state, which for SSE
// leaves out MXCSR: what XGETBV calls XINUSE (SDM vol. 1 13.6).
func InUse(w *Words, xmm int) (used uint64) {
	x87 := w[FCW] ^ 0x37f | FStatus(w) | w[FTag] | w[FIP] | w[FDP] | w[FOP]
	for _, v := range w[ST : ST+16] {
		x87 |= v
	}
	var lower, upper uint64
	for i := range xmm {
		x := w[XMM(uint8(i)):]
		lower |= x[0] | x[1]
		upper |= x[2] | x[3]
	}
	return bit(x87 != 0, XX87) | bit(lower != 0, XSSE) | bit(upper != 0, XAVX)
}

func bit(cond bool, mask uint64) uint64 {
	if cond {
		return mask
	}
	return 0
}

// XPart is how much of an XSAVE image LoadX looks at for a mask, when the image
// is the first XSize(0) bytes at least.
func XPart(b []byte, mask uint64) int { return XSize(mask & binary.LittleEndian.Uint64(b[xHeader:])) }

// LoadX sets the components of a mask that is a subset of XCR0 from an image in
// either format, as XRSTOR does (SDM vol. 1 13.8): those that XSTATE_BV does not
// name get their initial state. It reports false and changes nothing if the
// header or MXCSR is one for which XRSTOR raises #GP. b has XPart bytes at least.
func LoadX(w *Words, b []byte, mask uint64, wide bool, xmm int) bool {
	le := binary.LittleEndian
	has, form := le.Uint64(b[xHeader:]), le.Uint64(b[xHeader+8:])
	compact := form&compacted != 0
	mxcsr := uint64(le.Uint32(b[fxMXCSR:]))
	setMXCSR := mask&(XSSE|XAVX) != 0
	if compact {
		setMXCSR = mask&XSSE != 0
		if has&XSSE == 0 {
			mxcsr = initMXCSR
		}
	}
	if !validHeader(w, b[xHeader:xUpper], has, form) || setMXCSR && mxcsr&^mxcsrBits != 0 {
		return false
	}
	if setMXCSR {
		w[MXCSR] = mxcsr
	}
	loadParts(w, b, mask, mask&has, wide, xmm)
	return true
}

// Compacted reports whether an image is in the compacted format.
func Compacted(b []byte) bool { return binary.LittleEndian.Uint64(b[xHeader+8:])&compacted != 0 }

// validHeader: the reserved words are zero, and no component is unknown.
func validHeader(w *Words, h []byte, has, form uint64) bool {
	known := w[XCR0]
	if form&compacted != 0 {
		if form&^(compacted|known) != 0 {
			return false
		}
		known = form
	} else if form != 0 {
		return false
	}
	to := 24 // the standard format checks less
	if form != 0 {
		to = len(h)
	}
	for _, v := range h[16:to] {
		if v != 0 {
			return false
		}
	}
	return has&^known == 0
}

// loadParts sets the components of mask, from the image those in has.
func loadParts(w *Words, b []byte, mask, has uint64, wide bool, xmm int) {
	var zeros [XLen]byte
	binary.LittleEndian.PutUint16(zeros[:], 0x37f)
	from := func(part uint64) []byte {
		if has&part != 0 {
			return b
		}
		return zeros[:]
	}
	if mask&XX87 != 0 {
		loadX87(w, from(XX87), wide)
	}
	if mask&XSSE != 0 {
		loadXMM(w, from(XSSE), xmm)
	}
	if mask&XAVX == 0 {
		return
	}
	image := from(XAVX)
	for i := range xmm {
		x := w[XMM(uint8(i))+2:]
		x[0] = binary.LittleEndian.Uint64(image[xUpper+16*i:])
		x[1] = binary.LittleEndian.Uint64(image[xUpper+8+16*i:])
	}
}

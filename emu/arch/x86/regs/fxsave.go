package regs

import "encoding/binary"

// FXLen is the size of an FXSAVE image.
const FXLen = 512

// Places in an FXSAVE image (SDM vol. 1 table 10-2).
const (
	fxMXCSR = 24
	fxST    = 32
	fxXMM   = 160
)

// SaveFX writes the x87 and SSE state as FXSAVE does, with 64-bit pointers if
// wide. Sixteen XMM registers are saved for a 64-bit guest, eight for others.
func SaveFX(w *Words, b []byte, wide bool, xmm int) {
	saveX87(w, b, wide)
	saveMXCSR(w, b)
	saveXMM(w, b, xmm)
}

// LoadFX reads what SaveFX writes.
func LoadFX(w *Words, b []byte, wide bool, xmm int) {
	loadX87(w, b, wide)
	w[MXCSR] = uint64(binary.LittleEndian.Uint32(b[fxMXCSR:])) & 0xffff
	loadXMM(w, b, xmm)
}

func saveX87(w *Words, b []byte, wide bool) {
	le := binary.LittleEndian
	le.PutUint16(b[0:], uint16(w[FCW]))
	le.PutUint16(b[2:], uint16(FStatus(w)))
	b[4], b[5] = byte(w[FTag]), 0
	le.PutUint16(b[6:], uint16(w[FOP]))
	if wide {
		le.PutUint64(b[8:], w[FIP])
		le.PutUint64(b[16:], w[FDP])
	} else {
		le.PutUint64(b[8:], uint64(uint32(w[FIP])))
		le.PutUint64(b[16:], uint64(uint32(w[FDP])))
	}
	for i := range 8 { // in the order of the stack
		st := w[ST+2*FRef(w, i):]
		le.PutUint64(b[fxST+16*i:], st[0])
		le.PutUint64(b[fxST+8+16*i:], st[1]&0xffff)
	}
}

func loadX87(w *Words, b []byte, wide bool) {
	le := binary.LittleEndian
	w[FCW] = uint64(le.Uint16(b[0:]))&0x1f3f | 0x40
	SetFStatus(w, uint64(le.Uint16(b[2:])))
	SumFStatus(w)
	w[FTag] = uint64(b[4])
	w[FOP] = uint64(le.Uint16(b[6:])) & 0x7ff
	w[FIP], w[FDP] = le.Uint64(b[8:]), le.Uint64(b[16:])
	if !wide {
		w[FIP], w[FDP] = uint64(uint32(w[FIP])), uint64(uint32(w[FDP]))
	}
	for i := range 8 {
		st := w[ST+2*FRef(w, i):]
		st[0], st[1] = le.Uint64(b[fxST+16*i:]), uint64(le.Uint16(b[fxST+8+16*i:]))
	}
}

// saveMXCSR writes MXCSR and the mask of its bits.
func saveMXCSR(w *Words, b []byte) {
	binary.LittleEndian.PutUint32(b[fxMXCSR:], uint32(w[MXCSR]))
	binary.LittleEndian.PutUint32(b[fxMXCSR+4:], mxcsrBits)
}

// mxcsrBits are the bits of MXCSR that exist (SDM vol. 1 11.6.6).
const mxcsrBits = 0xffff

func saveXMM(w *Words, b []byte, n int) {
	for i := range n {
		x := w[XMM(uint8(i)):]
		binary.LittleEndian.PutUint64(b[fxXMM+16*i:], x[0])
		binary.LittleEndian.PutUint64(b[fxXMM+8+16*i:], x[1])
	}
}

func loadXMM(w *Words, b []byte, n int) {
	for i := range n {
		x := w[XMM(uint8(i)):]
		x[0] = binary.LittleEndian.Uint64(b[fxXMM+16*i:])
		x[1] = binary.LittleEndian.Uint64(b[fxXMM+8+16*i:])
	}
}

package regs

import "encoding/binary"

// FXLen is the size of an FXSAVE image.
const FXLen = 512

// SaveFX writes the x87 and SSE state as FXSAVE does (SDM vol. 1 table 10-2),
// with 64-bit pointers if wide. Sixteen XMM registers are saved for a 64-bit
// guest, eight for others.
func SaveFX(w *Words, b []byte, wide bool, xmm int) {
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
	le.PutUint32(b[24:], uint32(w[MXCSR]))
	le.PutUint32(b[28:], 0xffff)
	for i := range 8 { // in the order of the stack
		st := w[ST+2*FRef(w, i):]
		le.PutUint64(b[32+16*i:], st[0])
		le.PutUint64(b[40+16*i:], st[1]&0xffff)
	}
	for i := range xmm {
		x := w[XMM(uint8(i)):]
		le.PutUint64(b[160+16*i:], x[0])
		le.PutUint64(b[168+16*i:], x[1])
	}
}

// LoadFX reads what SaveFX writes.
func LoadFX(w *Words, b []byte, wide bool, xmm int) {
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
	w[MXCSR] = uint64(le.Uint32(b[24:])) & 0xffff
	for i := range 8 {
		st := w[ST+2*FRef(w, i):]
		st[0], st[1] = le.Uint64(b[32+16*i:]), uint64(le.Uint16(b[40+16*i:]))
	}
	for i := range xmm {
		x := w[XMM(uint8(i)):]
		x[0], x[1] = le.Uint64(b[160+16*i:]), le.Uint64(b[168+16*i:])
	}
}

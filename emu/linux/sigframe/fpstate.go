package sigframe

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
)

// The floating-point state is an FXSAVE image of 512 bytes; where the CPU has
// AVX, an XSAVE header and the upper halves of the YMM registers follow, and
// words in the reserved part of the image say so (SDM vol. 1 10.5.1 and 13.4,
// struct _fpx_sw_bytes).
const (
	fxSize     = 512
	swAt       = 464
	headerAt   = fxSize
	ymmAt      = headerAt + 64
	xsaveSize  = ymmAt + 256
	magic1     = 0x46505853
	magic2     = 0x46505845
	features   = 7 // x87, SSE, AVX
	avxFeature = 4
	mxcsrMask  = 0xffff
)

func hasAVX(w *regs.Words) bool { return w[regs.XCR0]&avxFeature != 0 }

func stateSize(w *regs.Words) int {
	if hasAVX(w) {
		return xsaveSize + 4
	}
	return fxSize
}

// saveState writes the state of stateSize bytes.
func saveState(w *regs.Words, b []byte) {
	le.PutUint16(b, uint16(w[regs.FCW]))
	le.PutUint16(b[2:], uint16(regs.FStatus(w)))
	b[4] = byte(w[regs.FTag])
	le.PutUint16(b[6:], uint16(w[regs.FOP]))
	le.PutUint64(b[8:], w[regs.FIP])
	le.PutUint64(b[16:], w[regs.FDP])
	le.PutUint32(b[24:], uint32(w[regs.MXCSR]))
	le.PutUint32(b[28:], mxcsrMask)
	for i := range uint64(8) {
		st := regs.ST + 2*regsRef(w[regs.FTop]+i)
		le.PutUint64(b[32+16*i:], w[st])
		le.PutUint16(b[40+16*i:], uint16(w[st+1]))
	}
	for i := range 16 {
		x := regs.XMM(uint8(i))
		le.PutUint64(b[160+16*i:], w[x])
		le.PutUint64(b[168+16*i:], w[x+1])
	}
	if hasAVX(w) {
		saveAVX(w, b)
	}
}

func saveAVX(w *regs.Words, b []byte) {
	sw := b[swAt:]
	le.PutUint32(sw, magic1)
	le.PutUint32(sw[4:], xsaveSize+4)
	le.PutUint64(sw[8:], features)
	le.PutUint32(sw[16:], xsaveSize)
	le.PutUint64(b[headerAt:], features)
	for i := range 16 {
		x := regs.XMM(uint8(i))
		le.PutUint64(b[ymmAt+16*i:], w[x+2])
		le.PutUint64(b[ymmAt+8+16*i:], w[x+3])
	}
	le.PutUint32(b[xsaveSize:], magic2)
}

// loadState restores the state at an address; none means the initial state.
func loadState(w *regs.Words, s *mmu.Space, a uint64) bool {
	if a == 0 {
		InitState(w)
		return true
	}
	b, fault := s.Slice(guest.Addr(a), fxSize, guest.Read)
	if fault != nil {
		return false
	}
	loadLegacy(w, b)
	for i := range 16 {
		x := regs.XMM(uint8(i))
		w[x+2], w[x+3] = 0, 0
	}
	if !hasAVX(w) || le.Uint32(b[swAt:]) != magic1 {
		return true
	}
	if b, fault = s.Slice(guest.Addr(a), xsaveSize+4, guest.Read); fault != nil || le.Uint32(b[xsaveSize:]) != magic2 {
		return fault == nil
	}
	loadExtended(w, b)
	return true
}

func loadLegacy(w *regs.Words, b []byte) {
	w[regs.FCW] = uint64(le.Uint16(b))
	regs.SetFStatus(w, uint64(le.Uint16(b[2:])))
	w[regs.FTag] = uint64(b[4])
	w[regs.FOP] = uint64(le.Uint16(b[6:]))
	w[regs.FIP], w[regs.FDP] = le.Uint64(b[8:]), le.Uint64(b[16:])
	w[regs.MXCSR] = uint64(le.Uint32(b[24:]) & mxcsrMask)
	for i := range uint64(8) {
		st := regs.ST + 2*regsRef(w[regs.FTop]+i)
		w[st], w[st+1] = le.Uint64(b[32+16*i:]), uint64(le.Uint16(b[40+16*i:]))
	}
	for i := range 16 {
		x := regs.XMM(uint8(i))
		w[x], w[x+1] = le.Uint64(b[160+16*i:]), le.Uint64(b[168+16*i:])
	}
}

// loadExtended applies the XSAVE header: a component that it does not name has
// its initial value.
func loadExtended(w *regs.Words, b []byte) {
	has := le.Uint64(b[headerAt:])
	if has&1 == 0 {
		initX87(w)
	}
	for i := range 16 {
		x := regs.XMM(uint8(i))
		if has&2 == 0 {
			w[x], w[x+1] = 0, 0
		}
		if has&avxFeature != 0 {
			w[x+2], w[x+3] = le.Uint64(b[ymmAt+16*i:]), le.Uint64(b[ymmAt+8+16*i:])
		}
	}
}

// InitState is the floating-point state of a new program.
func InitState(w *regs.Words) {
	initX87(w)
	w[regs.MXCSR] = 0x1f80
	clear(w[regs.YMM : regs.YMM+64])
}

func initX87(w *regs.Words) {
	w[regs.FCW] = 0x37f
	regs.SetFStatus(w, 0)
	w[regs.FTag], w[regs.FOP], w[regs.FIP], w[regs.FDP] = 0, 0, 0, 0
	clear(w[regs.ST : regs.ST+16])
}

// regsRef is the number of a physical x87 register.
func regsRef(n uint64) ir.Ref { return ir.Ref(n & 7) }

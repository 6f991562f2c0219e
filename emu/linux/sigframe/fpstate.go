package sigframe

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
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
)

func hasAVX(w *regs.Words) bool { return w[regs.XCR0]&avxFeature != 0 }

func stateSize(w *regs.Words) int {
	if hasAVX(w) {
		return xsaveSize + 4
	}
	return fxSize
}

// vectors is how many vector registers a program has; wide are those of a 64-bit
// one, narrow those of a 32-bit one.
type vectors int

const (
	wide   vectors = 16
	narrow vectors = 8
)

// saveState writes the state of stateSize bytes.
func saveState(w *regs.Words, b []byte, v vectors) {
	regs.SaveFX(w, b, v == wide, int(v))
	if hasAVX(w) {
		saveAVX(w, b, v)
	}
}

func saveAVX(w *regs.Words, b []byte, v vectors) {
	sw := b[swAt:]
	le.PutUint32(sw, magic1)
	le.PutUint32(sw[4:], xsaveSize+4)
	le.PutUint64(sw[8:], features)
	le.PutUint32(sw[16:], xsaveSize)
	le.PutUint64(b[headerAt:], features)
	for i := range int(v) {
		x := regs.XMM(uint8(i))
		le.PutUint64(b[ymmAt+16*i:], w[x+2])
		le.PutUint64(b[ymmAt+8+16*i:], w[x+3])
	}
	le.PutUint32(b[xsaveSize:], magic2)
}

// loadState restores the state at an address; none means the initial state.
func loadState(w *regs.Words, s *mmu.Space, a uint64, v vectors) bool {
	if a == 0 {
		InitState(w)
		return true
	}
	b, fault := s.Slice(guest.Addr(a), fxSize, guest.Read)
	if fault != nil {
		return false
	}
	regs.LoadFX(w, b, v == wide, int(v))
	for i := range int(v) {
		x := regs.XMM(uint8(i))
		w[x+2], w[x+3] = 0, 0
	}
	if !hasAVX(w) || le.Uint32(b[swAt:]) != magic1 {
		return true
	}
	if b, fault = s.Slice(guest.Addr(a), xsaveSize+4, guest.Read); fault != nil || le.Uint32(b[xsaveSize:]) != magic2 {
		return fault == nil
	}
	loadExtended(w, b, v)
	return true
}

// loadExtended applies the XSAVE header: a component that it does not name has
// its initial value.
func loadExtended(w *regs.Words, b []byte, v vectors) {
	has := le.Uint64(b[headerAt:])
	if has&1 == 0 {
		initX87(w)
	}
	for i := range int(v) {
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

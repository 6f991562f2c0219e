package sigframe

import (
	"bytes"

	"panda/emu/arch/x86/regs"
	"panda/emu/mmu"
)

// The floating-point state is an FXSAVE image of 512 bytes; where the CPU has
// AVX, an XSAVE header and the upper halves of the YMM registers follow, and
// words in the reserved part of the image say so (SDM vol. 1 10.5.1 and 13.4,
// struct _fpx_sw_bytes).
const (
	fxSize    = regs.FXLen
	swAt      = 464
	mxcsrAt   = 24
	headerAt  = fxSize
	xsaveSize = regs.XLen
	magic1    = 0x46505853
	magic2    = 0x46505845
	features  = regs.XX87 | regs.XSSE | regs.XAVX

	headerSize = 64
	mxcsrBits  = 0xffff
)

func hasAVX(w *regs.Words) bool { return w[regs.XCR0]&regs.XAVX != 0 }

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
	if !hasAVX(w) {
		regs.SaveFX(w, b, v == wide, int(v))
		return
	}
	regs.SaveX(w, b, features, v == wide, int(v))
	// The kernel says of x87 and SSE that they are there even when initial.
	le.PutUint64(b[headerAt:], le.Uint64(b[headerAt:])|regs.XX87|regs.XSSE)
	sw := b[swAt:]
	le.PutUint32(sw, magic1)
	le.PutUint32(sw[4:], xsaveSize+4)
	le.PutUint64(sw[8:], features)
	le.PutUint32(sw[16:], xsaveSize)
	le.PutUint32(b[xsaveSize:], magic2)
}

// loadState restores the state at an address; none means the initial state.
func loadState(w *regs.Words, s *mmu.Space, a uint64, v vectors) bool {
	if a == 0 {
		InitState(w)
		return true
	}
	b, ok := read(s, a, fxSize)
	if !ok {
		return false
	}
	if at := extended(w, b[swAt:]); at != 0 {
		end, ok := read(s, a+at, 4)
		if !ok {
			return false
		}
		if le.Uint32(end) == magic2 {
			b, ok = read(s, a, xsaveSize)
			return ok && aligned(a, 64, v) && loadX(w, b, v)
		}
	}
	if !aligned(a, 16, v) || le.Uint32(b[mxcsrAt:])&^mxcsrBits != 0 {
		return false
	}
	regs.LoadFX(w, b, v == wide, int(v))
	for i := range int(v) {
		x := regs.XMM(uint8(i))
		w[x+2], w[x+3] = 0, 0
	}
	return true
}

// extended is the size of a state in the format of XSAVE as the kernel's words have
// it, 0 where they are not what it has written (check_xstate_in_sigframe): what is
// there is an FXSAVE image alone then.
func extended(w *regs.Words, sw []byte) uint64 {
	whole, size := le.Uint32(sw[4:]), le.Uint32(sw[16:])
	if !hasAVX(w) || le.Uint32(sw) != magic1 || size < headerAt+headerSize || size > xsaveSize || size > whole {
		return 0
	}
	return uint64(size)
}

// aligned: the kernel loads a 64-bit program's state from where it is, by XRSTOR or
// FXRSTOR, and a copy of a 32-bit one's.
func aligned(a, n uint64, v vectors) bool { return v != wide || a%n == 0 }

// loadX applies an image in the format of XSAVE. A component that the kernel's
// words do not name is initial. The header must be one that XRSTOR takes; the
// kernel looks at all of a 32-bit program's.
func loadX(w *regs.Words, b []byte, v vectors) bool {
	end := headerAt + 24
	if v != wide {
		end = headerAt + headerSize
	}
	if le.Uint64(b[headerAt:])&^w[regs.XCR0] != 0 || len(bytes.Trim(b[headerAt+8:end], "\x00")) != 0 {
		return false
	}
	le.PutUint64(b[headerAt:], le.Uint64(b[headerAt:])&le.Uint64(b[swAt+8:]))
	return regs.LoadX(w, b, features, v == wide, int(v))
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

package x86

import (
	"encoding/binary"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
	"panda/emu/x87"
)

// The environment and the state in memory. Their accesses are made here, not by
// the block: the areas are wide and the instructions rare.

// hFldcw is not inline because a mask may make an exception pending, or none.
var hFldcw = &ir.Helper{
	Name: "fldcw", Reads: []ir.Ref{regs.FSW}, Writes: []ir.Ref{regs.FCW, regs.FSW}, Family: x87Family, Part: uint8(x87.Control),
	Fn: func(c *vcpu.CPU, v, _, _ uint64) uint64 {
		setFCW(&c.W, v)
		regs.SumFStatus(&c.W)
		return 0
	},
}

var (
	hFnstenv = envHelper("fnstenv", helpFnstenv)
	hFldenv  = envHelper("fldenv", helpFldenv)
	hFnsave  = envHelper("fnsave", helpFnsave)
	hFrstor  = envHelper("frstor", helpFrstor)
)

func envHelper(name string, f helperFunc) *ir.Helper {
	return &ir.Helper{Name: name, Fn: f, Reads: all, Writes: all, MayFault: true}
}

// area is the memory of a state: CPUs look at its first field and at its last byte
// before they begin.
func area(c *vcpu.CPU, a uint64, n int, field uint64, access guest.Access) []byte {
	c.Reach(a, int(field), access)
	c.Reach(a+uint64(n)-1, 1, access)
	return c.Span(a, n, access)
}

// setFCW sets the control word: reserved bits are 0, but bit 6 is 1.
func setFCW(w *regs.Words, v uint64) { w[regs.FCW] = v&0x1f3f | 0x40 }

// Sizes of the environment with fields of 4 and 2 bytes (SDM vol. 1 figures
// 8-9 and 8-11: protected mode), and of the registers after it.
const (
	fpFields = 7
	fpRegs   = 8 * 10
)

// The fields by number.
const (
	fldCW = iota
	fldSW
	fldTag
	fldIP
	fldCS // with 4 bytes, FOP is in the upper half
	fldDP
	fldDS
)

func envSize(field uint64) int { return fpFields * int(field) }

// saveEnv writes the environment. The selectors of the last instruction are not
// kept, as on CPUs that say so in CPUID leaf 7, EBX bit 13.
func saveEnv(w *regs.Words, b []byte, field uint64) {
	le := binary.LittleEndian
	fs := [fpFields]uint64{
		fldCW: w[regs.FCW], fldSW: regs.FStatus(w), fldTag: fullTag(w),
		fldIP: w[regs.FIP], fldCS: w[regs.FOP] << 16, fldDP: w[regs.FDP],
	}
	for i, v := range fs {
		if field == 2 {
			le.PutUint16(b[2*i:], uint16(v))
			continue
		}
		if i <= fldTag || i == fldDS {
			v |= 0xffff0000
		}
		le.PutUint32(b[4*i:], uint32(v))
	}
}

// loadEnv reads what saveEnv writes.
func loadEnv(w *regs.Words, b []byte, field uint64) {
	var fs [fpFields]uint64
	for i := range fs {
		if field == 2 {
			fs[i] = uint64(binary.LittleEndian.Uint16(b[2*i:]))
		} else {
			fs[i] = uint64(binary.LittleEndian.Uint32(b[4*i:]))
		}
	}
	setFCW(w, fs[fldCW])
	regs.SetFStatus(w, fs[fldSW])
	regs.SumFStatus(w)
	w[regs.FTag] = 0
	for n := range 8 {
		if fs[fldTag]>>(2*n)&3 != tagEmpty {
			w[regs.FTag] |= 1 << n
		}
	}
	w[regs.FIP], w[regs.FDP], w[regs.FOP] = fs[fldIP], fs[fldDP], fs[fldCS]>>16&0x7ff
}

// Tags of a register (SDM vol. 1 figure 8-7).
const (
	tagValid = iota
	tagZero
	tagSpecial
	tagEmpty
)

var tagOf = [...]uint64{
	softfloat.Normal80: tagValid, softfloat.Zero80: tagZero, softfloat.Denormal80: tagSpecial,
	softfloat.Infinity80: tagSpecial, softfloat.NaN80: tagSpecial, softfloat.Unsupported80: tagSpecial,
}

// fullTag is the tag word with two bits for each physical register.
func fullTag(w *regs.Words) (tags uint64) {
	for n := range 8 {
		tag := uint64(tagEmpty)
		if w[regs.FTag]>>n&1 != 0 {
			r := w[int(regs.ST)+2*n:]
			tag = tagOf[softfloat.F80{Man: r[0], SE: uint16(r[1])}.Class()]
		}
		tags |= tag << (2 * n)
	}
	return tags
}

func helpFnstenv(c *vcpu.CPU, a, field, _ uint64) uint64 {
	var img [28]byte
	saveEnv(&c.W, img[:], field)
	copy(area(c, a, envSize(field), field, guest.Write), img[:])
	c.W[regs.FCW] |= 0x3f
	regs.SumFStatus(&c.W)
	return 0
}

func helpFldenv(c *vcpu.CPU, a, field, _ uint64) uint64 {
	loadEnv(&c.W, area(c, a, envSize(field), field, guest.Read), field)
	return 0
}

func helpFnsave(c *vcpu.CPU, a, field, _ uint64) uint64 {
	var img [28 + fpRegs]byte
	le := binary.LittleEndian
	saveEnv(&c.W, img[:], field)
	n := envSize(field)
	for i := range 8 {
		r := c.W[regs.ST+2*regs.FRef(&c.W, i):]
		le.PutUint64(img[n+10*i:], r[0])
		le.PutUint16(img[n+10*i+8:], uint16(r[1]))
	}
	copy(area(c, a, n+fpRegs, field, guest.Write), img[:])
	initFPU(&c.W)
	return 0
}

func helpFrstor(c *vcpu.CPU, a, field, _ uint64) uint64 {
	var img [28 + fpRegs]byte
	le := binary.LittleEndian
	n := envSize(field)
	copy(img[:], area(c, a, n+fpRegs, field, guest.Read))
	loadEnv(&c.W, img[:], field)
	for i := range 8 {
		r := c.W[regs.ST+2*regs.FRef(&c.W, i):]
		r[0], r[1] = le.Uint64(img[n+10*i:]), uint64(le.Uint16(img[n+10*i+8:]))
	}
	return 0
}

// initFPU is FNINIT; the registers keep their contents.
func initFPU(w *regs.Words) {
	w[regs.FCW] = 0x37f
	for _, r := range fpCleared {
		w[r] = 0
	}
}

var fpCleared = []ir.Ref{regs.FSW, regs.FTop, regs.FTag, regs.FIP, regs.FDP, regs.FOP}

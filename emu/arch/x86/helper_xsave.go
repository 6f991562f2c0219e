package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// The helpers of the XSAVE family get the address and the operand size.
var (
	hXsave    = xsaver("xsave", regs.SaveX)
	hXsaveopt = xsaver("xsaveopt", regs.SaveXOpt)
	hXsavec   = xsaver("xsavec", regs.SaveXC)
)

// requested are the components that EDX:EAX asks for.
func requested(c *vcpu.CPU) uint64 {
	return (uint64(uint32(c.W[regs.RAX])) | c.W[regs.RDX]<<32) & c.W[regs.XCR0]
}

// vectors is the number of vector registers that the code has.
func vectors(c *vcpu.CPU) int { return c.Machine.Arch.Bits / 4 }

func xsaver(name string, save func(w *regs.Words, b []byte, mask uint64, wide bool, xmm int)) *ir.Helper {
	return &ir.Helper{
		Name: name, MayFault: true, Reads: all,
		Fn: func(c *vcpu.CPU, a, size, _ uint64) uint64 {
			mask := requested(c)
			n := regs.XSize(mask)
			c.Touch(a, n) // all of it, before anything is written
			save(&c.W, c.Span(a, n, guest.Write), mask, size == 8, vectors(c))
			return 0
		},
	}
}

// hXrstors takes an image in the compacted format only.
var (
	hXrstor  = xrestorer("xrstor", false)
	hXrstors = xrestorer("xrstors", true)
)

func xrestorer(name string, compact bool) *ir.Helper {
	return &ir.Helper{Name: name, MayFault: true, Reads: all, Writes: all, Fn: func(c *vcpu.CPU, a, size, _ uint64) uint64 {
		mask := requested(c)
		var img [regs.XLen]byte
		n := copy(img[:], c.Span(a, regs.XSize(0), guest.Read))
		copy(img[n:], c.Span(a, regs.XPart(img[:], mask), guest.Read)[n:])
		if compact && !regs.Compacted(img[:]) || !regs.LoadX(&c.W, img[:], mask, size == 8, vectors(c)) {
			c.Raise(guest.Exception{Vector: regs.VecGP, HasCode: true})
		}
		return 0
	}}
}

// hXgetbv reads extended control register n.
var hXgetbv = &ir.Helper{
	Name: "xgetbv", Reads: all,
	Fn: func(c *vcpu.CPU, n, _, _ uint64) uint64 {
		v := c.W[regs.XCR0]
		if n == 1 {
			v &= regs.InUse(&c.W, vectors(c))
		}
		return v
	},
}

// hRandom is where RDRAND and RDSEED get their numbers: a hash of the count of
// executed instructions. No two of them have the same count, a run can be
// repeated, and the host's entropy is not touched. A guest that needs secrets
// must not take them from here.
var hRandom = &ir.Helper{
	Name: "random", Reads: all,
	Fn: func(c *vcpu.CPU, source, _, _ uint64) uint64 {
		z := (2*c.Icount() + source + 1) * 0x9e3779b97f4a7c15 // splitmix64
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	},
}

package x86

import (
	"encoding/binary"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// userFlags are the flags that POPF of a program changes.
const userFlags = regs.Arith | regs.TF | regs.DFBit | regs.NT | regs.AC | regs.ID

var hPopf = &ir.Helper{
	Name: "popf", Reads: all, Writes: []ir.Ref{regs.CCOp, regs.CCSrc, regs.DF, regs.EFL},
	Fn: func(c *vcpu.CPU, v, n, _ uint64) uint64 {
		m := uint64(userFlags)
		if n == 2 {
			m &= 0xffff
		}
		old := c.W[regs.EFL] &^ m
		regs.SetRFlags(&c.W, old|v&m)
		return 0
	},
}

// hLoadSegment loads a segment register of a program (SDM vol. 2B, MOV and
// vol. 3A 5.5). There are the flat segments of Linux and those of the
// environment's descriptor tables. Limits are kept but not enforced. All but FS
// and GS decide the mode, so the run loop looks at it before the next block.
var hLoadSegment = &ir.Helper{
	Name: "load_segment", Reads: all, MayFault: true, Writes: all,
	Fn: func(c *vcpu.CPU, seg, sel, _ uint64) uint64 {
		s, r := uint16(sel), ir.Ref(seg)
		if r < regs.FS {
			c.Kick()
		}
		if s < 4 && r != regs.SS && r != regs.CS {
			regs.LoadNull(c.W[:], r, s)
			return 0
		}
		d, ok := findDescriptor(c, s)
		switch {
		case !ok || !d.Loadable(r, s):
			raiseSelector(c, vecGP, s)
		case !d.Present() && r == regs.SS:
			raiseSelector(c, vecSS, s)
		case !d.Present():
			raiseSelector(c, vecNP, s)
		}
		regs.LoadSegment(c.W[:], r, s, d)
		return 0
	},
}

// findDescriptor finds what a selector names.
func findDescriptor(c *vcpu.CPU, sel uint16) (regs.Descriptor, bool) {
	if d, ok := regs.FlatDescriptor(sel); ok {
		return d, true
	}
	if sel < 4 || c.Machine.Descriptor == nil {
		return 0, false
	}
	v, ok := c.Machine.Descriptor(sel)
	return regs.Descriptor(v), ok
}

func raiseSelector(c *vcpu.CPU, vec uint8, sel uint16) {
	c.Raise(guest.Exception{Vector: vec, HasCode: true, Code: uint32(sel) &^ 3})
}

// hRdtsc is guest time: the count of executed instructions.
var hRdtsc = &ir.Helper{
	Name: "rdtsc", Reads: all,
	Fn: func(c *vcpu.CPU, _, _, _ uint64) uint64 { return c.Icount() },
}

// mxcsrMask are the bits of MXCSR that exist (SDM vol. 1 11.6.6).
const mxcsrMask = 0xffff

func loadMXCSR(c *vcpu.CPU, v uint64) {
	if v &^= ^uint64(0xffffffff); v&^mxcsrMask != 0 {
		c.Raise(guest.Exception{Vector: vecGP, HasCode: true})
	}
	c.W[regs.MXCSR] = v
}

var hLdmxcsr = &ir.Helper{
	Name: "ldmxcsr", MayFault: true, Reads: all, Writes: []ir.Ref{regs.MXCSR},
	Fn: func(c *vcpu.CPU, v, _, _ uint64) uint64 { loadMXCSR(c, v); return 0 },
}

var hFxsave = &ir.Helper{
	Name: "fxsave", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, a, n, _ uint64) uint64 {
		b := c.Span(a, regs.FXLen, guest.Write)
		var img [regs.FXLen]byte
		copy(img[:], b) // reserved bytes stay
		regs.SaveFX(&c.W, img[:], n == 8, c.Machine.Arch.Bits/4)
		copy(b, img[:])
		return 0
	},
}

var hFxrstor = &ir.Helper{
	Name: "fxrstor", MayFault: true, Reads: all, Writes: all,
	Fn: func(c *vcpu.CPU, a, n, _ uint64) uint64 {
		var img [regs.FXLen]byte
		copy(img[:], c.Span(a, regs.FXLen, guest.Read))
		if binary.LittleEndian.Uint32(img[24:])&^mxcsrMask != 0 {
			c.Raise(guest.Exception{Vector: vecGP, HasCode: true})
		}
		regs.LoadFX(&c.W, img[:], n == 8, c.Machine.Arch.Bits/4)
		return 0
	},
}

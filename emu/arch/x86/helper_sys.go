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
		setUserFlags(c, v, m)
		return 0
	},
}

// setUserFlags sets the flags of a mask. AC and TF are part of the mode.
func setUserFlags(c *vcpu.CPU, v, mask uint64) {
	old := c.W[regs.EFL]
	if (old^v)&mask&(regs.AC|regs.TF) != 0 {
		c.Kick()
	}
	regs.SetRFlags(&c.W, old&^mask|v&mask)
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
		c.Raise(guest.Exception{Vector: regs.VecGP, HasCode: true})
	}
	c.W[regs.MXCSR] = v
}

var hLdmxcsr = &ir.Helper{
	Name: "ldmxcsr", MayFault: true, Reads: all, Writes: []ir.Ref{regs.MXCSR},
	Fn: func(c *vcpu.CPU, v, _, _ uint64) uint64 { loadMXCSR(c, v); return 0 },
}

// fxArea is the memory of FXSAVE's image. Here CPUs begin with the last byte.
func fxArea(c *vcpu.CPU, a uint64, access guest.Access) []byte {
	c.Reach(a+regs.FXLen-1, 1, access)
	c.Reach(a, 1, access)
	return c.Span(a, regs.FXLen, access)
}

var hFxsave = &ir.Helper{
	Name: "fxsave", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, a, n, _ uint64) uint64 {
		b := fxArea(c, a, guest.Write)
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
		copy(img[:], fxArea(c, a, guest.Read))
		if binary.LittleEndian.Uint32(img[24:])&^mxcsrMask != 0 {
			c.Raise(guest.Exception{Vector: regs.VecGP, HasCode: true})
		}
		regs.LoadFX(&c.W, img[:], n == 8, c.Machine.Arch.Bits/4)
		return 0
	},
}

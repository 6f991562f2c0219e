package x86

import (
	"encoding/binary"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// newLoadSegment makes the helper that loads a segment register of a program (SDM
// vol. 2B, MOV and vol. 3A 5.5). There are the flat segments of Linux and those of the
// environment's descriptor tables. They decide the mode, but for FS and GS of
// 64-bit code, so the run loop looks at it before the next block.
func newLoadSegment(env *regs.Environment) *ir.Helper {
	return &ir.Helper{Name: "load_segment", Reads: all, MayFault: true, Writes: all, Fn: func(c *vcpu.CPU, seg, sel, _ uint64) uint64 {
		s, r := uint16(sel), ir.Ref(seg)
		if r < regs.FS || regs.CodeBits(&c.W) != 64 {
			c.Kick()
		}
		if s < 4 && r != regs.SS {
			regs.LoadNull(c.W[:], r, s)
			return 0
		}
		regs.LoadSegment(c.W[:], r, s, loadable(env, c, r, s))
		return 0
	}}
}

// loadable is the descriptor that a program loads into a segment register, or
// the exception if it may not.
func loadable(env *regs.Environment, c *vcpu.CPU, seg ir.Ref, sel uint16) regs.Descriptor {
	d, ok := findDescriptor(env, c, sel)
	switch {
	case !ok || !d.Loadable(seg, sel):
		raiseSelector(c, regs.VecGP, sel)
	case !d.Present() && seg == regs.SS:
		raiseSelector(c, regs.VecSS, sel)
	case !d.Present():
		raiseSelector(c, regs.VecNP, sel)
	}
	return d
}

// findDescriptor finds what a selector names.
func findDescriptor(env *regs.Environment, c *vcpu.CPU, sel uint16) (regs.Descriptor, bool) {
	if d, ok := regs.FlatDescriptor(sel); ok {
		if sel|3 == regs.UserCPU {
			d |= regs.Descriptor(c.W[regs.TSCAux] & 0xffff)
		}
		return d, true
	}
	if sel < 4 || env.Descriptor == nil {
		return 0, false
	}
	v, ok := env.Descriptor(sel)
	return regs.Descriptor(v), ok
}

func raiseSelector(c *vcpu.CPU, vec uint8, sel uint16) {
	c.Raise(guest.Exception{Vector: vec, HasCode: true, Code: uint32(sel) &^ 3})
}

// canonical reports whether the CPU has the address (SDM vol. 1 3.3.7.1).
func canonical(a uint64) bool { return uint64(int64(a)<<(64-linearBits)>>(64-linearBits)) == a }

// linearBits is the width of a linear address with four levels of page tables.
const linearBits = 48

// hTarget raises #GP(0) if the code segment has no such address.
var hTarget = &ir.Helper{
	Name: "target", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, to, _, _ uint64) uint64 {
		if !reaches(regs.CodeBits(&c.W) == 64, c.W[regs.Limit+regs.CS], to) {
			raiseSelector(c, regs.VecGP, 0)
		}
		return 0
	},
}

func reaches(long bool, limit, to uint64) bool {
	if long {
		return canonical(to)
	}
	return to <= limit
}

// codeSegment is the descriptor of a far transfer to a segment, which has the
// privilege of the program, or the exception if it may not be.
func codeSegment(env *regs.Environment, c *vcpu.CPU, sel uint16) regs.Descriptor {
	if sel < 4 {
		raiseSelector(c, regs.VecGP, 0)
	}
	return loadable(env, c, regs.CS, sel)
}

// newCheckCode makes the helper that raises the exception of a far transfer to a segment that may not be.
func newCheckCode(env *regs.Environment) *ir.Helper {
	return &ir.Helper{Name: "check_code", Reads: all, MayFault: true, Fn: func(c *vcpu.CPU, sel, _, _ uint64) uint64 {
		codeSegment(env, c, uint16(sel))
		return 0
	}}
}

// offsetIn is the offset of a far transfer as its segment takes it, or #GP(0).
func offsetIn(c *vcpu.CPU, d regs.Descriptor, off uint64) uint64 {
	if !d.Long() {
		off &= 1<<32 - 1
	}
	if !reaches(d.Long(), d.Limit(), off) {
		raiseSelector(c, regs.VecGP, 0)
	}
	return off
}

// newLoadCode makes the helper that loads CS for a far transfer to an offset. The
// result is where it goes.
func newLoadCode(env *regs.Environment) *ir.Helper {
	return &ir.Helper{Name: "load_code", Reads: all, MayFault: true, Writes: all, Fn: func(c *vcpu.CPU, sel, off, _ uint64) uint64 {
		d := codeSegment(env, c, uint16(sel))
		off = offsetIn(c, d, off)
		regs.LoadSegment(c.W[:], regs.CS, uint16(sel), d)
		c.Kick()
		return off
	}}
}

// newIret makes the helper that returns to the same privilege with a frame of words of n bytes at a (SDM
// vol. 2A, IRET): 64-bit code also takes the stack from it. The result is the
// new instruction pointer.
func newIret(env *regs.Environment) *ir.Helper {
	return &ir.Helper{Name: "iret", Reads: all, MayFault: true, Writes: all, Fn: func(c *vcpu.CPU, a, n, _ uint64) uint64 {
		if c.W[regs.EFL]&regs.NT != 0 {
			raiseSelector(c, regs.VecGP, 0)
		}
		var f [5]uint64 // rIP, CS, flags, rSP, SS
		count := 3
		if regs.CodeBits(&c.W) == 64 {
			count = 5
		}
		for i := range count {
			f[i] = loadWord(c, a+uint64(i)*n, n)
		}
		code := codeSegment(env, c, uint16(f[1]))
		to := offsetIn(c, code, f[0])
		if count == 5 {
			ss := uint16(f[4])
			if ss < 4 {
				raiseSelector(c, regs.VecGP, 0)
			}
			regs.LoadSegment(c.W[:], regs.SS, ss, loadable(env, c, regs.SS, ss))
			c.W[regs.RSP] = f[3]
		}
		regs.LoadSegment(c.W[:], regs.CS, uint16(f[1]), code)
		mask := uint64(userFlags)
		if n == 2 {
			mask &= 0xffff
		}
		setUserFlags(c, f[2], mask)
		c.Kick()
		return to
	}}
}

// loadWord reads n bytes.
func loadWord(c *vcpu.CPU, a, n uint64) uint64 {
	var b [8]byte
	copy(b[:n], c.Span(a, int(n), guest.Read))
	return binary.LittleEndian.Uint64(b[:])
}

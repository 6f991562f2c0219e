package x86

import (
	"math/bits"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// all says that a helper may look at every slot.
var all = []ir.Ref{ir.AllSlots}

var hDiv = &ir.Helper{Name: "div", Fn: helpDiv, Reads: all, Writes: []ir.Ref{regs.RAX, regs.RDX}, MayFault: true}

var hIdiv = &ir.Helper{Name: "idiv", Fn: helpIdiv, Reads: all, Writes: []ir.Ref{regs.RAX, regs.RDX}, MayFault: true}

// helpDiv divides rDX:rAX (AX for bytes) by v, an operand of n bytes.
func helpDiv(c *vcpu.CPU, v, n, _ uint64) uint64 {
	hi, lo := dividend(c, n)
	v = zext(v, n)
	if v == 0 || hi >= v {
		c.Raise(guest.Exception{Vector: regs.VecDE})
	}
	var q, r uint64
	if n == 8 {
		q, r = bits.Div64(hi, lo, v)
	} else {
		x := hi<<(8*n) | lo
		q, r = x/v, x%v
	}
	putDivision(c, n, q, r)
	return 0
}

// helpIdiv is helpDiv for signed numbers: it divides magnitudes.
func helpIdiv(c *vcpu.CPU, v, n, _ uint64) uint64 {
	hi, lo := dividend(c, n)
	s := 64 - 8*n
	d := int64(v<<s) >> s
	neg := int64(hi<<s) < 0
	if neg {
		var borrow uint64
		if n == 8 {
			lo, borrow = bits.Sub64(0, lo, 0)
			hi, _ = bits.Sub64(0, hi, borrow)
		} else {
			x := -(hi<<(8*n) | lo)
			lo, hi = zext(x, n), zext(x>>(8*n), n)
		}
	}
	m := uint64(max(d, -d))
	if m == 0 || hi >= m {
		c.Raise(guest.Exception{Vector: regs.VecDE})
	}
	q, r := divideMagnitudes(hi, lo, m, n)
	limit := uint64(1) << (8*n - 1)
	if neg != (d < 0) {
		if q > limit {
			c.Raise(guest.Exception{Vector: regs.VecDE})
		}
		q = -q
	} else if q >= limit {
		c.Raise(guest.Exception{Vector: regs.VecDE})
	}
	if neg {
		r = -r
	}
	putDivision(c, n, q, r)
	return 0
}

func divideMagnitudes(hi, lo, m, n uint64) (q, r uint64) {
	if n == 8 {
		return bits.Div64(hi, lo, m)
	}
	x := hi<<(8*n) | lo
	return x / m, x % m
}

func zext(v, n uint64) uint64 { return v << (64 - 8*n) >> (64 - 8*n) }

func dividend(c *vcpu.CPU, n uint64) (hi, lo uint64) {
	if n == 1 {
		ax := c.W[regs.RAX]
		return ax >> 8 & 0xff, ax & 0xff
	}
	return zext(c.W[regs.RDX], n), zext(c.W[regs.RAX], n)
}

func putDivision(c *vcpu.CPU, n, q, r uint64) {
	a, d := &c.W[regs.RAX], &c.W[regs.RDX]
	switch n {
	case 1:
		*a = *a&^0xffff | q&0xff | r&0xff<<8
	case 2:
		*a, *d = *a&^0xffff|q&0xffff, *d&^0xffff|r&0xffff
	default:
		*a, *d = zext(q, n), zext(r, n)
	}
}

// The rotations through carry get the value, count | size<<8 and the flags, and
// return the value; the new flags go to CCSrc2, which the form CCFlags leaves
// free.
var (
	hRcl = &ir.Helper{Name: "rcl", Fn: helpRcl, Writes: []ir.Ref{regs.CCSrc2}}
	hRcr = &ir.Helper{Name: "rcr", Fn: helpRcr, Writes: []ir.Ref{regs.CCSrc2}}
)

func helpRcl(c *vcpu.CPU, v, how, f uint64) uint64 {
	n, cnt := uint(how>>8)*8, uint(how&0xff)
	c.W[regs.CCSrc2] = f
	if cnt == 0 {
		return v
	}
	cf := f & 1
	for range cnt % (n + 1) {
		v, cf = v<<1|cf, v>>(n-1)&1
	}
	setRotate(c, f, cf, (v>>(n-1)^cf)&1)
	return v
}

func helpRcr(c *vcpu.CPU, v, how, f uint64) uint64 {
	n, cnt := uint(how>>8)*8, uint(how&0xff)
	c.W[regs.CCSrc2] = f
	if cnt == 0 {
		return v
	}
	cf := f & 1
	for range cnt % (n + 1) {
		v, cf = zext(v, uint64(n/8))>>1|cf<<(n-1), v&1
	}
	setRotate(c, f, cf, (v>>(n-1)^v>>(n-2))&1)
	return v
}

func setRotate(c *vcpu.CPU, f, cf, of uint64) {
	c.W[regs.CCSrc2] = f&^(regs.CF|regs.OF) | cf | of<<11
}

// hRaise leaves the block with the exception packed in a.
var hRaise = &ir.Helper{Name: "raise", Reads: all, MayFault: true, Fn: func(c *vcpu.CPU, e, _, _ uint64) uint64 {
	c.Raise(unpackException(e))
	return 0
}}

func packException(e guest.Exception) uint64 {
	v := uint64(e.Vector) | uint64(e.Code)<<32
	if e.HasCode {
		v |= 1 << 8
	}
	if e.Next {
		v |= 1 << 9
	}
	if e.Own {
		v |= 1 << 10
	}
	return v | uint64(e.Asked)<<16
}

func unpackException(v uint64) guest.Exception {
	return guest.Exception{Vector: uint8(v), Code: uint32(v >> 32), HasCode: v>>8&1 != 0, Next: v>>9&1 != 0, Own: v>>10&1 != 0, Asked: uint8(v >> 16)}
}

package x86

import (
	"hash/crc32"
	"math/bits"
	"sync"

	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// hTryMasked faults if one of the eight bytes at a whose mask byte has its top
// bit set cannot be written. The faulting address is that of the first byte in
// the page, masked or not.
var hTryMasked = &ir.Helper{
	Name: "try_masked", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, a, mask, _ uint64) uint64 {
		for mask &= 0x8080808080808080; mask != 0; mask &= mask - 1 {
			p := a + uint64(bits.TrailingZeros64(mask)/8)
			c.Touch(max(a, p&^(mmu.PageSize-1)), 1)
		}
		return 0
	},
}

var hMatchFlags = &ir.Helper{
	Name: "match_flags", Pure: true,
	Fn: func(_ *vcpu.CPU, m, _, _ uint64) uint64 {
		f := m&1<<11 | m>>16&1<<6 | m>>17&1<<7
		if m&0xffff != 0 {
			f |= regs.CF
		}
		return f
	},
}

// hMatchIndex finds the first or, with bit 6 of the immediate, last match; the
// number of elements if there is none.
var hMatchIndex = &ir.Helper{
	Name: "match_index", Pure: true,
	Fn: func(_ *vcpu.CPU, m, imm, _ uint64) uint64 {
		switch m &= 0xffff; {
		case m == 0:
			return 16 >> (imm & 1)
		case imm&0x40 != 0:
			return uint64(bits.Len64(m) - 1)
		}
		return uint64(bits.TrailingZeros64(m))
	},
}

// hBitsToLanes makes lanes of w bits of the low bits of m.
var hBitsToLanes = &ir.Helper{
	Name: "bits_to_lanes", Pure: true,
	Fn: func(_ *vcpu.CPU, m, w, _ uint64) (r uint64) {
		for s := uint64(0); s < 64; s += w {
			r |= -(m & 1) >> (64 - w) << s
			m >>= 1
		}
		return r
	},
}

// castagnoli is made when it is needed first.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// hCrc32 adds n bytes of v to a checksum.
var hCrc32 = &ir.Helper{
	Name: "crc32", Pure: true,
	Fn: func(_ *vcpu.CPU, sum, v, n uint64) uint64 {
		s := uint32(sum)
		for range n {
			s = castagnoli()[byte(s)^byte(v)] ^ s>>8
			v >>= 8
		}
		return uint64(s)
	},
}

package regs

import (
	"math/bits"

	"panda/emu/ir"
)

// CC says how the arithmetic flags follow from CCDst, CCSrc and CCSrc2. The
// low two bits of an arithmetic CC are the operand size: 0 byte, 1 word,
// 2 doubleword, 3 quadword; the rest is one of the forms below, and OwnCF.
type CC uint64

// The forms. r is the result, a and b are the operands, c the carry in.
const (
	CCFlags CC = iota << 2 // CCSrc holds the six flags in place
	CCAdd                  // dst=r src=b
	CCAdc                  // dst=r src=b src2=c
	CCSub                  // dst=a src=b
	CCSbb                  // dst=a src=b src2=c
	CCLogic                // dst=r
	CCInc                  // dst=r; CF is in CCCF
	CCDec                  // dst=r; CF is in CCCF
	CCShl                  // dst=r src=a<<(count-1): its top bit is CF
	CCShr                  // dst=r src=a>>(count-1): its low bit is CF
	CCMul                  // dst=low half; CF and OF are set unless src=0
	CCCarry                // dst=r src=CF, OF clear, AF clear: the BMI instructions
	CCImul                 // dst=a src=b; CF and OF say that the product does not fit
	NumCC
)

// OwnCF added to a form says that CF is bit 0 of CCCF, whatever the form says:
// an instruction changed it alone.
const OwnCF CC = 1 << 6

// Sized is the form for operands of 1, 2, 4 or 8 bytes.
func (cc CC) Sized(bytes int) CC { return cc | CC(bits.TrailingZeros(uint(bytes))) }

// Form is the form without its size and OwnCF, Bytes the operand size.
func (cc CC) Form() CC { return cc &^ (OwnCF | 3) }

// Bytes is the operand size of a sized form.
func (cc CC) Bytes() int { return 1 << (cc & 3) }

type flagFunc func(dst, src, src2 uint64, n uint) uint64

var flagFuncs = [NumCC >> 2]flagFunc{
	CCFlags >> 2: func(_, src, _ uint64, _ uint) uint64 { return src & Arith },
	CCAdd >> 2:   func(r, b, _ uint64, n uint) uint64 { return ir.FlagsAdd.Of(n, r-b, b, 0) },
	CCAdc >> 2:   func(r, b, c uint64, n uint) uint64 { return ir.FlagsAdd.Of(n, r-b-c, b, c) },
	CCSub >> 2:   func(a, b, _ uint64, n uint) uint64 { return ir.FlagsSub.Of(n, a, b, 0) },
	CCSbb >> 2:   func(a, b, c uint64, n uint) uint64 { return ir.FlagsSub.Of(n, a, b, c) },
	CCLogic >> 2: func(r, _, _ uint64, n uint) uint64 { return resultFlags(r, n) },
	CCInc >> 2:   func(r, _, _ uint64, n uint) uint64 { return ir.FlagsAdd.Of(n, r-1, 1, 0) &^ CF },
	CCDec >> 2:   func(r, _, _ uint64, n uint) uint64 { return ir.FlagsSub.Of(n, r+1, 1, 0) &^ CF },
	CCShl >> 2: func(r, s, _ uint64, n uint) uint64 {
		return resultFlags(r, n) | s>>(n-1)&1 | (r^s)>>(n-1)&1*OF
	},
	CCShr >> 2: func(r, s, _ uint64, n uint) uint64 {
		return resultFlags(r, n) | s&1 | (r^s)>>(n-1)&1*OF
	},
	CCMul >> 2: func(r, hi, _ uint64, n uint) uint64 {
		if hi != 0 {
			return resultFlags(r, n) | CF | OF
		}
		return resultFlags(r, n)
	},
	CCCarry >> 2: func(r, c, _ uint64, n uint) uint64 { return resultFlags(r, n) | c&1 },
	CCImul >> 2:  imulFlags,
}

// imulFlags are those of a signed product: SF, ZF and PF follow its low half.
func imulFlags(a, b, _ uint64, n uint) uint64 {
	s := 64 - n
	hi, lo := bits.Mul64(uint64(int64(a<<s)>>s), uint64(int64(b<<s)>>s))
	if n == 64 { // of the unsigned product to that of the signed one
		hi -= uint64(int64(a)>>63)&b + uint64(int64(b)>>63)&a
		s, n = 0, 64
	}
	f := resultFlags(lo, n)
	if n == 64 && hi != uint64(int64(lo)>>63) || lo != uint64(int64(lo<<s)>>s) {
		f |= CF | OF
	}
	return f
}

// resultFlags are SF, ZF and PF of a result of n bits.
func resultFlags(r uint64, n uint) uint64 { return ir.FlagsAnd.Of(n, r, r, 0) }

// ArithFlags computes CF PF AF ZF SF OF in their RFLAGS places from a form.
func ArithFlags(cc CC, w *Words) uint64 {
	f := flagFuncs[cc>>2&15](w[CCDst], w[CCSrc], w[CCSrc2], 8<<(cc&3))
	if cc&OwnCF != 0 {
		f = f&^CF | w[CCCF]&CF
	}
	return f
}

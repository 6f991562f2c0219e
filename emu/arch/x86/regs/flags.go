package regs

import "math/bits"

// CC says how the arithmetic flags follow from CCDst, CCSrc and CCSrc2. The
// low two bits of an arithmetic CC are the operand size: 0 byte, 1 word,
// 2 doubleword, 3 quadword; the rest is one of the forms below.
type CC uint64

// The forms. r is the result, a and b are the operands, c the carry in.
const (
	CCFlags CC = iota << 2 // CCSrc holds the six flags in place
	CCAdd                  // dst=r src=b
	CCAdc                  // dst=r src=b src2=c
	CCSub                  // dst=a src=b
	CCSbb                  // dst=a src=b src2=c
	CCLogic                // dst=r
	CCInc                  // dst=r src=CF
	CCDec                  // dst=r src=CF
	CCShl                  // dst=r src=a<<(count-1): its top bit is CF
	CCShr                  // dst=r src=a>>(count-1): its low bit is CF
	CCMul                  // dst=low half src=CF and OF (0 or 1)
	CCCarry                // dst=r src=CF, OF clear, AF clear: the BMI instructions
	NumCC
)

// Sized is the form for operands of 1, 2, 4 or 8 bytes.
func (cc CC) Sized(bytes int) CC { return cc | CC(bits.TrailingZeros(uint(bytes))) }

// Form is the form without its size, Bytes the operand size.
func (cc CC) Form() CC { return cc &^ 3 }

// Bytes is the operand size of a sized form.
func (cc CC) Bytes() int { return 1 << (cc & 3) }

type flagFunc func(dst, src, src2 uint64, n uint) uint64

var flagFuncs = [NumCC >> 2]flagFunc{
	CCFlags >> 2: func(_, src, _ uint64, _ uint) uint64 { return src & Arith },
	CCAdd >> 2:   func(r, b, _ uint64, n uint) uint64 { return addFlags(r, r-b, b, n) },
	CCAdc >> 2:   func(r, b, c uint64, n uint) uint64 { return addFlags(r, r-b-c, b, n) },
	CCSub >> 2:   func(a, b, _ uint64, n uint) uint64 { return subFlags(a, b, 0, n) },
	CCSbb >> 2:   func(a, b, c uint64, n uint) uint64 { return subFlags(a, b, c, n) },
	CCLogic >> 2: func(r, _, _ uint64, n uint) uint64 { return resultFlags(r, n) },
	CCInc >> 2: func(r, cf, _ uint64, n uint) uint64 {
		return resultFlags(r, n) | cf&1 | bit(r&15 == 0, AF) | bit(low(r, n) == 1<<(n-1), OF)
	},
	CCDec >> 2: func(r, cf, _ uint64, n uint) uint64 {
		return resultFlags(r, n) | cf&1 | bit(r&15 == 15, AF) | bit(low(r, n) == 1<<(n-1)-1, OF)
	},
	CCShl >> 2: func(r, s, _ uint64, n uint) uint64 {
		return resultFlags(r, n) | s>>(n-1)&1 | bit((r^s)>>(n-1)&1 != 0, OF)
	},
	CCShr >> 2: func(r, s, _ uint64, n uint) uint64 {
		return resultFlags(r, n) | s&1 | bit((r^s)>>(n-1)&1 != 0, OF)
	},
	CCMul >> 2:   func(r, c, _ uint64, n uint) uint64 { return resultFlags(r, n) | bit(c != 0, CF|OF) },
	CCCarry >> 2: func(r, c, _ uint64, n uint) uint64 { return resultFlags(r, n) | c&1 },
}

// Flags computes CF PF AF ZF SF OF in their RFLAGS places.
func Flags(cc CC, dst, src, src2 uint64) uint64 {
	return flagFuncs[cc>>2&15](dst, src, src2, 8<<(cc&3))
}

// low truncates v to n bits.
func low(v uint64, n uint) uint64 { return v << (64 - n) >> (64 - n) }

func bit(cond bool, mask uint64) uint64 {
	if cond {
		return mask
	}
	return 0
}

// resultFlags are SF, ZF and PF of a result of n bits.
func resultFlags(r uint64, n uint) uint64 {
	return bit(low(r, n) == 0, ZF) | bit(r>>(n-1)&1 != 0, SF) |
		bit(bits.OnesCount8(uint8(r))&1 == 0, PF)
}

func addFlags(r, a, b uint64, n uint) uint64 {
	carries := a&b | (a|b)&^r // the carry out of each bit
	return resultFlags(r, n) | bit(carries>>(n-1)&1 != 0, CF) |
		(a^b^r)&AF | bit(((a^r)&(b^r))>>(n-1)&1 != 0, OF)
}

func subFlags(a, b, c uint64, n uint) uint64 {
	r := a - b - c
	borrows := ^a&b | (^a|b)&r
	return resultFlags(r, n) | bit(borrows>>(n-1)&1 != 0, CF) |
		(a^b^r)&AF | bit(((a^b)&(a^r))>>(n-1)&1 != 0, OF)
}

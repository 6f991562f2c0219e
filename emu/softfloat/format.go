package softfloat

import "math/bits"

// format describes an interchange format of up to 64 bits (SDM vol. 1 4.2.2).
type format struct {
	fracBits uint  // stored bits of the significand
	prec     int32 // with the implied one
	bias     int32
	expMask  int32
	maxExp   int32 // the biased exponent of infinity and NaN
	width    uint
	fracMask uint64
	signBit  uint64
	infinity uint64 // positive
	quietBit uint64
}

func makeFormat(width, fracBits uint) format {
	expBits := width - 1 - fracBits
	return format{
		fracBits: fracBits,
		prec:     int32(fracBits) + 1,
		bias:     1<<(expBits-1) - 1,
		expMask:  1<<expBits - 1,
		maxExp:   1<<expBits - 1,
		width:    width,
		fracMask: 1<<fracBits - 1,
		signBit:  1 << (width - 1),
		infinity: (1<<expBits - 1) << fracBits,
		quietBit: 1 << (fracBits - 1),
	}
}

var (
	binary16 = makeFormat(16, 10)
	binary32 = makeFormat(32, 23)
	binary64 = makeFormat(64, 52)

	// altHalf is ARM's alternative half precision: the largest exponent is one
	// of numbers. What is its infinity to others is the largest of them.
	altHalf = func() format {
		f := binary16
		f.maxExp++
		f.infinity = 0x7fff
		return f
	}()
)

func (f *format) isNaN(v uint64) bool { return v&^f.signBit > f.infinity }

func (f *format) isSignaling(v uint64) bool { return f.isNaN(v) && v&f.quietBit == 0 }

func signOf(f *format, neg bool) uint64 {
	if neg {
		return f.signBit
	}
	return 0
}

// unpack reads an operand; with DAZ a denormal is a zero of its sign. (The
// masks on shift counts only tell the compiler that they are small.)
func (e *Env) unpack(f *format, v uint64) num {
	frac := v & f.fracMask
	exp := int32(v>>(f.fracBits&63)) & f.expMask
	if exp == 0 || exp == f.maxExp {
		return e.unpackRare(f, exp, frac, v&f.signBit != 0)
	}
	return num{
		hi:   (f.fracMask + 1 | frac) << ((63 - f.fracBits) & 63),
		exp:  exp - f.bias,
		attr: attr{kind: finite, neg: v&f.signBit != 0},
	}
}

func (e *Env) unpackRare(f *format, exp int32, frac uint64, neg bool) num {
	switch {
	case exp != 0 && frac != 0:
		return special(nan, neg)
	case exp != 0:
		return special(infinite, neg)
	case frac == 0:
		return special(zero, neg)
	}
	used := e.rules().denormalUsed
	if e.DAZ {
		if !used {
			e.raise(DE)
		}
		return special(zero, neg)
	}
	lz := bits.LeadingZeros64(frac)
	return num{
		hi:   frac << uint(lz),
		exp:  1 - f.bias + int32(63-lz) - int32(f.fracBits),
		attr: attr{kind: finite, neg: neg, denormal: used},
	}
}

// finish raises what an operation raises before rounding, in the order of
// SDM vol. 1 4.9.2, and delivers its result.
func (e *Env) finish(f *format, r num, denormal bool) uint64 {
	switch {
	case r.kind == nan:
		e.raise(IE)
		return e.defaultNaN(f)
	case r.kind == pole:
		e.raise(ZE)
		return signOf(f, r.neg) | f.infinity
	case denormal:
		e.raise(DE)
		if e.unmasked(DE) {
			return 0 // the CPU stops here, so later flags must not appear
		}
	}
	return e.pack(f, r)
}

// pack rounds a result into the format.
func (e *Env) pack(f *format, n num) uint64 {
	switch n.kind {
	case zero:
		return signOf(f, n.neg)
	case infinite:
		return signOf(f, n.neg) | f.infinity
	}
	q, rem := e.Round.round(n, f.prec)
	exp := n.exp + f.bias
	// Rounding may have carried q into the smallest normal number, which is not
	// tiny to those who look after it (SDM vol. 1 4.9.1.5).
	switch rounded := exp + int32(q>>(uint(f.prec)&63)); {
	case rounded <= 1 && (rounded < 1 || exp < 1 && e.rules().tinyBefore):
		return e.packTiny(f, n, rem != 0)
	case rounded >= f.maxExp:
		return e.packHuge(f, n.neg, rem != 0)
	}
	if rem != 0 {
		e.raise(PE)
	}
	// The implied one of q adds one to the exponent field.
	return signOf(f, n.neg) | (uint64(exp-1)<<(f.fracBits&63) + q)
}

// packTiny delivers a result below the normal range. inexact tells whether it
// was so with an unbounded exponent, which is what PE means when the underflow
// traps (SDM vol. 1 4.9.1.5, 4.9.1.6).
func (e *Env) packTiny(f *format, n num, inexact bool) uint64 {
	sign := signOf(f, n.neg)
	switch inexactly := e.rules().flushInexact; {
	case !e.FTZ:
	case !inexactly:
		e.raise(UE) // ARM ARM FPRoundBase
		return sign
	case !e.unmasked(UE):
		e.raise(UE | PE) // SDM vol. 1 10.2.3.3
		return sign
	}
	q, rem := e.Round.round(n, f.prec-(1-f.bias-n.exp))
	switch {
	case e.unmasked(UE):
		e.raise(UE)
		if inexact {
			e.raise(PE)
		}
	case rem != 0:
		e.raise(UE | PE)
	}
	return sign | q
}

func (e *Env) packHuge(f *format, neg, inexact bool) uint64 {
	if f.maxExp > f.expMask { // there is no infinity
		e.raise(IE)
		return signOf(f, neg) | f.infinity
	}
	e.raise(OE)
	if inexact || !e.unmasked(OE) {
		e.raise(PE)
	}
	r := signOf(f, neg) | f.infinity
	if !e.Round.overflowsToInf(neg) {
		r-- // the largest finite number
	}
	return r
}

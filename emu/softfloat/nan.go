package softfloat

// What becomes of NaN operands: one of them is the result, made quiet, and any
// that is signaling raises IE (SDM vol. 1 table 4-7 and 14.5.2; ARM ARM
// FPProcessNaNs).

// defaultNaN is the result of an invalid operation.
func (e *Env) defaultNaN(f *format) uint64 {
	return signOf(f, e.rules().negativeNaN) | f.infinity | f.quietBit
}

// nan1 is the result that NaN a makes.
func (e *Env) nan1(f *format, a uint64) uint64 {
	if f.isSignaling(a) {
		e.raise(IE)
	}
	if e.DefaultNaN {
		return e.defaultNaN(f)
	}
	return a | f.quietBit
}

// nan2 likewise, of two operands of which one is a NaN or both are.
func (e *Env) nan2(f *format, a, b uint64) uint64 {
	if f.isSignaling(a) || f.isSignaling(b) {
		e.raise(IE)
	}
	return e.nan1(f, e.firstNaN(f, a, b))
}

// nan3 likewise, of three in the order in which they are asked.
func (e *Env) nan3(f *format, a, b, c uint64) uint64 {
	if f.isSignaling(a) || f.isSignaling(b) {
		e.raise(IE)
	}
	return e.nan2(f, e.firstNaN(f, a, b), c)
}

// firstNaN is the operand that counts if it is a NaN.
func (e *Env) firstNaN(f *format, a, b uint64) uint64 {
	if f.isNaN(a) && (f.isSignaling(a) || !f.isSignaling(b) || !e.rules().signalingFirst) {
		return a
	}
	return b
}

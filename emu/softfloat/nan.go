package softfloat

// The NaN rules of SSE, SDM vol. 1 table 4-7 and 14.5.2: the first operand
// that is a NaN is the result, made quiet; any signaling operand raises IE.

func (e *Env) nan1(f *format, a uint64) uint64 {
	if f.isSignaling(a) {
		e.raise(IE)
	}
	return a | f.quietBit
}

func (e *Env) nan2(f *format, a, b uint64) uint64 {
	if f.isSignaling(a) || f.isSignaling(b) {
		e.raise(IE)
	}
	if f.isNaN(a) {
		return a | f.quietBit
	}
	return b | f.quietBit
}

func (e *Env) nan3(f *format, a, b, c uint64) uint64 {
	if f.isSignaling(c) {
		e.raise(IE)
	}
	if f.isNaN(a) || f.isNaN(b) {
		return e.nan2(f, a, b)
	}
	return c | f.quietBit
}

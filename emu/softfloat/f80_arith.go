package softfloat

// Op80 is an x87 arithmetic operation, numbered as the reg field of opcodes
// D8 and DC (SDM vol. 2 table A-7 and on); 2 and 3 are compares.
type Op80 uint8

const (
	OpAdd  Op80 = 0
	OpMul  Op80 = 1
	OpSub  Op80 = 4
	OpSubR Op80 = 5
	OpDiv  Op80 = 6
	OpDivR Op80 = 7
)

var ops80 = [8]struct {
	compute func(Rounding, num, num) num
	reverse bool
}{
	OpAdd:  {sum, false},
	OpMul:  {product, false},
	OpSub:  {minus, false},
	OpSubR: {minus, true},
	OpDiv:  {quotient, false},
	OpDivR: {quotient, true},
}

// arith80 takes the operands both packed, for the NaN rule, and unpacked,
// because a denormal from memory no longer shows in the F80.
func (e *Env) arith80(op Op80, a, b F80, x, y num) F80 {
	e.C1 = false
	if isNaN80(x, y) {
		return e.nan80(a, b)
	}
	if ops80[op].reverse {
		x, y = y, x
	}
	r := ops80[op].compute(e.Round, x, y)
	return e.finish80(r, x.denormal || y.denormal, e.Precision.bits())
}

// Arith80 returns a op b, or b op a for the reversed operations.
func (e *Env) Arith80(op Op80, a, b F80) F80 {
	return e.arith80(op, a, b, unpack80(a), unpack80(b))
}

// ArithF32 is Arith80 with a binary32 memory operand. It is not the same as
// converting first: a signaling NaN must reach the NaN rule, and a NaN in a
// suppresses the DE of m.
func (e *Env) ArithF32(op Op80, a F80, m uint32) F80 {
	y := e.unpack(&binary32, uint64(m))
	return e.arith80(op, a, widen(&binary32, uint64(m), y), unpack80(a), y)
}

// ArithF64 is Arith80 with a binary64 memory operand.
func (e *Env) ArithF64(op Op80, a F80, m uint64) F80 {
	y := e.unpack(&binary64, m)
	return e.arith80(op, a, widen(&binary64, m, y), unpack80(a), y)
}

// Add80, Sub80, Mul80 and Div80 are Arith80 by name.

func (e *Env) Add80(a, b F80) F80 { return e.Arith80(OpAdd, a, b) }
func (e *Env) Sub80(a, b F80) F80 { return e.Arith80(OpSub, a, b) }
func (e *Env) Mul80(a, b F80) F80 { return e.Arith80(OpMul, a, b) }
func (e *Env) Div80(a, b F80) F80 { return e.Arith80(OpDiv, a, b) }

// Sqrt80 is FSQRT.
func (e *Env) Sqrt80(a F80) F80 {
	e.C1 = false
	x := unpack80(a)
	if x.kind == nan {
		return e.nan80(a, a)
	}
	return e.finish80(squareRoot(x), x.denormal, e.Precision.bits())
}

// relate80 compares; signal is false for FUCOM, where quiet NaNs pass.
func (e *Env) relate80(a, b F80, x, y num, signal bool) Relation {
	e.C1 = false
	if isNaN80(x, y) {
		e.nan80(a, b) // for its IE
		if signal {
			e.raise(IE)
		}
		return Unordered
	}
	if x.denormal || y.denormal {
		e.raise(DE)
	}
	return compare(x, y)
}

// Cmp80 is FCOM (signal), FTST with b zero, or FUCOM.
func (e *Env) Cmp80(a, b F80, signal bool) Relation {
	return e.relate80(a, b, unpack80(a), unpack80(b), signal)
}

// CmpF32 is FCOM with a binary32 memory operand.
func (e *Env) CmpF32(a F80, m uint32) Relation {
	y := e.unpack(&binary32, uint64(m))
	return e.relate80(a, widen(&binary32, uint64(m), y), unpack80(a), y, true)
}

// CmpF64 is FCOM with a binary64 memory operand.
func (e *Env) CmpF64(a F80, m uint64) Relation {
	y := e.unpack(&binary64, m)
	return e.relate80(a, widen(&binary64, m, y), unpack80(a), y, true)
}

package softfloat

import "testing"

var sink uint64

// benchmark2 cycles through operands so that branches are not all predicted
// from one pair. Fast runs with PE set, exact in a directed mode, which never
// takes the host's result.
func benchmark2(b *testing.B, f *format, op func(*Env, uint64, uint64) uint64) {
	var v [256]uint64
	r := newRand()
	for i := range v {
		v[i] = r.Uint64()&f.fracMask | (uint64(f.bias)+r.Uint64N(16))<<f.fracBits
	}
	for _, m := range []struct {
		name string
		env  Env
	}{
		{"fast", Env{Masks: AllFlags, Flags: PE}},
		{"clear", Env{Masks: AllFlags}},
		{"exact", Env{Masks: AllFlags, Round: Up}},
	} {
		b.Run(m.name, func(b *testing.B) {
			e := m.env
			for i := 0; b.Loop(); i++ {
				e.Flags = m.env.Flags
				sink = op(&e, v[i&255], v[(i+1)&255])
			}
		})
	}
}

// BenchmarkNothing is the cost of the loop itself, to be taken from the others.
func BenchmarkNothing(b *testing.B) {
	benchmark2(b, &binary64, func(_ *Env, x, y uint64) uint64 { return x ^ y })
}

func BenchmarkAdd64(b *testing.B) { benchmark2(b, &binary64, (*Env).Add64) }
func BenchmarkMul64(b *testing.B) { benchmark2(b, &binary64, (*Env).Mul64) }
func BenchmarkDiv64(b *testing.B) { benchmark2(b, &binary64, (*Env).Div64) }
func BenchmarkSqrt64(b *testing.B) {
	benchmark2(b, &binary64, func(e *Env, x, _ uint64) uint64 { return e.Sqrt64(x) })
}
func BenchmarkMin64(b *testing.B) { benchmark2(b, &binary64, (*Env).Min64) }
func BenchmarkCmp64(b *testing.B) {
	benchmark2(b, &binary64, func(e *Env, x, y uint64) uint64 { return uint64(e.Cmp64(x, y, true)) })
}

func BenchmarkMulAdd64(b *testing.B) {
	benchmark2(b, &binary64, func(e *Env, x, y uint64) uint64 { return e.MulAdd64(x, y, x) })
}

func BenchmarkF64ToI32Trunc(b *testing.B) {
	benchmark2(b, &binary64, func(e *Env, x, _ uint64) uint64 { return uint64(e.F64ToI32Trunc(x)) })
}

func BenchmarkF64ToI32(b *testing.B) {
	benchmark2(b, &binary64, func(e *Env, x, _ uint64) uint64 { return uint64(e.F64ToI32(x)) })
}

func BenchmarkI32ToF32(b *testing.B) {
	benchmark2(b, &binary64, func(e *Env, x, _ uint64) uint64 { return uint64(e.I32ToF32(int32(x))) })
}

func BenchmarkF64ToF32(b *testing.B) {
	benchmark2(b, &binary64, func(e *Env, x, _ uint64) uint64 { return uint64(e.F64ToF32(x)) })
}

func BenchmarkRoundInt64(b *testing.B) {
	benchmark2(b, &binary64, func(e *Env, x, _ uint64) uint64 { return e.RoundInt64(x, Down, false) })
}

func wrap32(op func(*Env, uint32, uint32) uint32) func(*Env, uint64, uint64) uint64 {
	return func(e *Env, a, b uint64) uint64 { return uint64(op(e, uint32(a), uint32(b))) }
}

func BenchmarkAdd32(b *testing.B) { benchmark2(b, &binary32, wrap32((*Env).Add32)) }
func BenchmarkMul32(b *testing.B) { benchmark2(b, &binary32, wrap32((*Env).Mul32)) }
func BenchmarkDiv32(b *testing.B) { benchmark2(b, &binary32, wrap32((*Env).Div32)) }

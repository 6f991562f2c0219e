package softfloat

import "testing"

var sink80 F80

func benchmark80(b *testing.B, exp, span int, op func(e *Env, x, y F80) F80) {
	var v [256]F80
	r := newRand()
	for i := range v {
		v[i] = F80{r.Uint64() | intBit, uint16(bias80 + exp + r.IntN(span))}
	}
	e := Env{Masks: AllFlags, Precision: Extended}
	for i := 0; b.Loop(); i++ {
		sink80 = op(&e, v[i&255], v[(i+1)&255])
	}
}

func BenchmarkAdd80(b *testing.B)   { benchmark80(b, 0, 16, (*Env).Add80) }
func BenchmarkMul80(b *testing.B)   { benchmark80(b, 0, 16, (*Env).Mul80) }
func BenchmarkDiv80(b *testing.B)   { benchmark80(b, 0, 16, (*Env).Div80) }
func BenchmarkFyl2x(b *testing.B)   { benchmark80(b, 0, 16, (*Env).YLog2X) }
func BenchmarkFyl2xp1(b *testing.B) { benchmark80(b, -20, 18, (*Env).YLog2XP1) }
func BenchmarkFpatan(b *testing.B)  { benchmark80(b, 0, 4, (*Env).Atan80) }
func BenchmarkF80ToF64(b *testing.B) {
	benchmark80(b, 0, 16, func(e *Env, x, y F80) F80 { return F80{Man: e.F80ToF64(x)} })
}

func BenchmarkF64ToF80(b *testing.B) {
	benchmark80(b, 0, 16, func(e *Env, x, y F80) F80 { return e.F64ToF80(x.Man >> 2) })
}

func BenchmarkSqrt80(b *testing.B) {
	benchmark80(b, 0, 16, func(e *Env, x, _ F80) F80 { return e.Sqrt80(x) })
}

func BenchmarkF2xm1(b *testing.B) {
	benchmark80(b, -8, 8, func(e *Env, x, _ F80) F80 { return e.Exp2M1(x) })
}

func BenchmarkFsin(b *testing.B) {
	benchmark80(b, -2, 16, func(e *Env, x, _ F80) F80 { r, _ := e.Sin80(x); return r })
}

func BenchmarkFptan(b *testing.B) {
	benchmark80(b, -2, 16, func(e *Env, x, _ F80) F80 { r, _ := e.Tan80(x); return r })
}

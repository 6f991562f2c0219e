package softfloat

import (
	"math"
	"testing"
)

// These tests need no particular host: the exact path must give what Go's own
// arithmetic gives in round-to-nearest, and the fast path must be invisible.

type pair64 struct {
	name  string
	quick func(e *Env, a, b uint64) uint64
	exact func(e *Env, a, b uint64) uint64
	host  func(a, b float64) float64
}

func exact64(op func(Rounding, num, num) num) func(*Env, uint64, uint64) uint64 {
	return func(e *Env, a, b uint64) uint64 { return e.binary(&binary64, op, a, b) }
}

var pairs64 = []pair64{
	{"add", (*Env).Add64, exact64(sum), func(a, b float64) float64 { return a + b }},
	{"sub", (*Env).Sub64, exact64(minus), func(a, b float64) float64 { return a - b }},
	{"mul", (*Env).Mul64, exact64(product), func(a, b float64) float64 { return a * b }},
	{"div", (*Env).Div64, exact64(quotient), func(a, b float64) float64 { return a / b }},
	{
		"sqrt", func(e *Env, a, _ uint64) uint64 { return e.Sqrt64(a) },
		func(e *Env, a, _ uint64) uint64 { return e.sqrt(&binary64, a) },
		func(a, _ float64) float64 { return math.Sqrt(a) },
	},
	{
		"fma", func(e *Env, a, b uint64) uint64 { return e.MulAdd64(a, b, a^b) },
		func(e *Env, a, b uint64) uint64 { return e.mulAdd(&binary64, a, b, a^b) },
		func(a, b float64) float64 {
			return math.FMA(a, b, math.Float64frombits(math.Float64bits(a)^math.Float64bits(b)))
		},
	},
}

func (p *pair64) check(t *testing.T, before Env, a, b uint64) {
	t.Helper()
	for before.Rules = range NumRules {
		p.checkRules(t, before, a, b)
	}
}

func (p *pair64) checkRules(t *testing.T, before Env, a, b uint64) {
	t.Helper()
	quick, exact := before, before
	got, want := p.quick(&quick, a, b), p.exact(&exact, a, b)
	if got != want || quick != exact {
		t.Errorf("%s %x %x in %+v: fast %x %02x, exact %x %02x", p.name, a, b, before, got, quick.Flags, want, exact.Flags)
	}
	if before.Round != NearestEven || before.DAZ || before.FTZ || exact.Flags&DE != 0 && before.Masks&DE == 0 {
		return
	}
	host := p.host(math.Float64frombits(a), math.Float64frombits(b))
	if ours := math.Float64frombits(want); ours != host && (ours == ours || host == host) {
		t.Errorf("%s %x %x: %v, host %v", p.name, a, b, ours, host)
	}
}

func envOf(bits uint16) Env {
	return Env{
		Masks: AllFlags &^ Flags(bits>>10), Flags: Flags(bits>>4) & AllFlags,
		Round: Rounding(bits & 3), DAZ: bits&4 != 0, FTZ: bits&8 != 0,
	}
}

func TestFastIsExact64(t *testing.T) {
	rnd := newRand()
	for i := range pairs64 {
		for range *cases {
			a := operand(rnd, &binary64, 0)
			pairs64[i].check(t, envOf(uint16(rnd.Uint32())&0x3FC), a, operand(rnd, &binary64, a))
		}
	}
}

func FuzzFastIsExact64(f *testing.F) {
	for i := range pairs64 {
		f.Add(uint8(i), uint16(0), uint64(1), uint64(min64))
		f.Add(uint8(i), uint16(0x200), math.Float64bits(0.1), math.Float64bits(3))
	}
	f.Fuzz(func(t *testing.T, op uint8, env uint16, a, b uint64) {
		pairs64[int(op)%len(pairs64)].check(t, envOf(env), a, b)
	})
}

type pair32 struct {
	name  string
	quick func(e *Env, a, b uint32) uint32
	exact func(Rounding, num, num) num
	host  func(a, b float32) float32
}

var pairs32 = []pair32{
	{"add", (*Env).Add32, sum, func(a, b float32) float32 { return a + b }},
	{"sub", (*Env).Sub32, minus, func(a, b float32) float32 { return a - b }},
	{"mul", (*Env).Mul32, product, func(a, b float32) float32 { return a * b }},
	{"div", (*Env).Div32, quotient, func(a, b float32) float32 { return a / b }},
}

func (p *pair32) check(t *testing.T, before Env, a, b uint32) {
	t.Helper()
	for before.Rules = range NumRules {
		p.checkRules(t, before, a, b)
	}
}

func (p *pair32) checkRules(t *testing.T, before Env, a, b uint32) {
	t.Helper()
	quick, exact := before, before
	got := p.quick(&quick, a, b)
	want := uint32(exact.binary(&binary32, p.exact, uint64(a), uint64(b)))
	if got != want || quick != exact {
		t.Errorf("%s %x %x in %+v: fast %x %02x, exact %x %02x", p.name, a, b, before, got, quick.Flags, want, exact.Flags)
	}
	if before.Round != NearestEven || before.DAZ || before.FTZ || exact.Flags&DE != 0 && before.Masks&DE == 0 {
		return
	}
	host := p.host(math.Float32frombits(a), math.Float32frombits(b))
	if ours := math.Float32frombits(want); ours != host && (ours == ours || host == host) {
		t.Errorf("%s %x %x: %v, host %v", p.name, a, b, ours, host)
	}
}

func TestFastIsExact32(t *testing.T) {
	rnd := newRand()
	for i := range pairs32 {
		for range *cases {
			a := operand(rnd, &binary32, 0)
			b := operand(rnd, &binary32, a)
			pairs32[i].check(t, envOf(uint16(rnd.Uint32())&0x3FC), uint32(a), uint32(b))
		}
	}
}

func FuzzFastIsExact32(f *testing.F) {
	for i := range pairs32 {
		f.Add(uint8(i), uint16(0), uint32(1), uint32(min32))
	}
	f.Fuzz(func(t *testing.T, op uint8, env uint16, a, b uint32) {
		pairs32[int(op)%len(pairs32)].check(t, envOf(env), a, b)
	})
}

// TestConversionsRoundTrip checks that exact conversions come back unchanged.
func TestConversionsRoundTrip(t *testing.T) {
	rnd := newRand()
	for range *cases {
		e := Env{Masks: AllFlags, Round: Rounding(rnd.IntN(4)), Precision: Extended}
		d := operand(rnd, &binary64, 0)
		if back := e.F80ToF64(e.F64ToF80(d)); back != d && !binary64.isNaN(d) {
			t.Errorf("binary64 %x through extended: %x", d, back)
		}
		i := int64(rnd.Uint64() >> rnd.UintN(64))
		if back := e.F80ToI64(e.I64ToF80(-i)); back != -i {
			t.Errorf("integer %d through extended: %d", -i, back)
		}
		v := e.I64ToF80(i % (maxBCD + 1))
		if back := e.BCDToF80(e.F80ToBCD(v)); back != v {
			t.Errorf("%x through BCD: %x", v, back)
		}
		if i32 := int32(i); e.F64ToI32(e.I32ToF64(i32)) != i32 {
			t.Errorf("integer %d through binary64", i32)
		}
		if e.Flags&^DE != 0 && !binary64.isNaN(d) {
			t.Fatalf("%x, %d: flags %02x", d, i, e.Flags)
		}
		e.Flags = 0
	}
}

package softfloat

import (
	"fmt"
	"os"
	"testing"

	"panda/emu/softfloat/hostfp"
)

func TestExplore(t *testing.T) {
	type op struct {
		name string
		host hostfp.X87
		st   int
		soft func(e *Env, a, b F80) F80
	}
	ops := []op{
		{"f2xm1", hostfp.F2xm1, 0, func(e *Env, a, b F80) F80 { return e.Exp2M1(a) }},
		{"fyl2x", hostfp.Fyl2x, 0, func(e *Env, a, b F80) F80 { return e.YLog2X(a, b) }},
		{"fyl2xp1", hostfp.Fyl2xp1, 0, func(e *Env, a, b F80) F80 { return e.YLog2XP1(a, b) }},
		{"fsin", hostfp.Fsin, 0, func(e *Env, a, b F80) F80 { r, _ := e.Sin80(a); return r }},
		{"fcos", hostfp.Fcos, 0, func(e *Env, a, b F80) F80 { r, _ := e.Cos80(a); return r }},
		{"fptan", hostfp.Fptan, 1, func(e *Env, a, b F80) F80 {
			r, ok := e.Tan80(a)
			if !ok {
				return b
			}
			return r
		}},
		{"fpatan", hostfp.Fpatan, 0, func(e *Env, a, b F80) F80 { return e.Atan80(a, b) }},
	}
	sp := specials80()
	for _, o := range ops {
		rnd := newRand()
		var n, same, flagBad, c1Bad int
		diffs := map[int64]int{}
		shown := map[string]int{}
		for i := range *cases * 5 {
			e := randomEnv(rnd); if os.Getenv("RNE") != "" { e.Round = 0 }
			a := operand80(rnd, F80{intBit, bias80})
			b := operand80(rnd, a)
			if rnd.IntN(20) == 0 {
				a = sp[rnd.IntN(len(sp))]
			}
			if rnd.IntN(20) == 0 {
				b = sp[rnd.IntN(len(sp))]
			}
			if i&1 == 0 {
				e.Masks = AllFlags
			}
			if o.name == "f2xm1" && rnd.IntN(4) != 0 {
				a.SE = a.SE&sign80 | bias80 - 1 - uint16(rnd.IntN(8))
			}
			if o.name == "fyl2xp1" && (a.exp() > 0x3fff-2) {
				a.SE = a.SE&sign80 | bias80 - 2 - uint16(rnd.IntN(80))
			}
			s := hostfp.X87State{CW: envOfCW(e)}
			hostfp.Put80(&s.A, a.Man, a.SE)
			hostfp.Put80(&s.B, b.Man, b.SE)
			o.host(&s)
			var want F80
			want.Man, want.SE = s.ST(o.st)
			m := e.Masks
			got := o.soft(&e, a, b)
			n++
			fl := Flags(s.SW() & 0x3f)
			kind := ""
			if fl != e.Flags {
				flagBad++
				kind += " flags"
			}
			if fl&^m&(IE|DE|ZE) == 0 {
				if got == want {
					same++
				} else {
					d := int64(got.Man - want.Man)
					if got.SE != want.SE {
						d = 9999
					}
					if d > 100 || d < -100 {
						d = 9999
					}
					diffs[d]++
					if d == 9999 {
						kind += " value"
					} else {
						kind += fmt.Sprint(" ulp rc ", e.Round)
					}
				}
				if got == want && e.C1 != (s.SW()&c1 != 0) {
					c1Bad++
					kind += " c1" + fmt.Sprint(" rc ", e.Round)
				}
			}
			if kind != "" && shown[kind] < 6 && os.Getenv("SHOW") != "" {
				shown[kind]++
				fmt.Printf("%s%s rc%d m%02x a=%04x:%016x b=%04x:%016x got %04x:%016x %02x c1 %v host %04x:%016x %02x c1 %v\n", o.name, kind, e.Round, m, a.SE, a.Man, b.SE, b.Man, got.SE, got.Man, e.Flags, e.C1, want.SE, want.Man, fl, s.SW()&c1 != 0)
			}
		}
		fmt.Printf("%s: n %d same %d flagsbad %d c1bad %d diffs %v\n", o.name, n, same, flagBad, c1Bad, diffs)
	}
}

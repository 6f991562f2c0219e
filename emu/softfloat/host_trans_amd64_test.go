package softfloat

import (
	"math/rand/v2"
	"testing"

	"panda/emu/host"
	"panda/emu/softfloat/hostfp"
)

// transRow pairs a transcendental operation with the host's. Flags must agree;
// values, computed by other means, may differ by one unit in the last place,
// and C1 with them. soft returns ST(0) and ST(1) afterwards, and C2.
type transRow struct {
	name string
	host hostfp.X87
	soft func(e *Env, a, b F80) (st [2]F80, c2 bool)
	low  int // exponents of most first operands, as powers of two
	high int
}

func unary(f func(*Env, F80) (F80, bool)) func(e *Env, a, b F80) ([2]F80, bool) {
	return func(e *Env, a, b F80) ([2]F80, bool) {
		r, ok := f(e, a)
		return [2]F80{r, b}, !ok
	}
}

// popping is for instructions that leave one register.
func popping(f func(e *Env, a, b F80) F80) func(e *Env, a, b F80) ([2]F80, bool) {
	return func(e *Env, a, b F80) ([2]F80, bool) { return [2]F80{f(e, a, b)}, false }
}

func softFptan(e *Env, a, b F80) ([2]F80, bool) {
	r, ok := e.Tan80(a)
	if !ok {
		return [2]F80{a, b}, true
	}
	top := F80{intBit, bias80}
	if r.Class() == NaN80 {
		top = r
	}
	return [2]F80{top, r}, false
}

func softFsincos(e *Env, a, b F80) ([2]F80, bool) {
	sin, cos, ok := e.SinCos80(a)
	if !ok {
		return [2]F80{a, b}, true
	}
	return [2]F80{cos, sin}, false
}

var transRows = []transRow{
	{"f2xm1", hostfp.F2xm1, unary(func(e *Env, a F80) (F80, bool) { return e.Exp2M1(a), true }), -70, 0},
	{"fyl2x", hostfp.Fyl2x, popping((*Env).YLog2X), -80, 80},
	{"fyl2xp1", hostfp.Fyl2xp1, popping((*Env).YLog2XP1), -80, -2},
	{"fsin", hostfp.Fsin, unary((*Env).Sin80), -80, 64},
	{"fcos", hostfp.Fcos, unary((*Env).Cos80), -80, 64},
	{"fptan", hostfp.Fptan, softFptan, -80, 64},
	{"fsincos", hostfp.Fsincos, softFsincos, -80, 64},
	{"fpatan", hostfp.Fpatan, popping((*Env).Atan80), -40, 40},
}

// sameMaker skips a test of what makers' CPUs do each in their way: ours is Intel's.
func sameMaker(t *testing.T) {
	t.Helper()
	if v := host.Vendor(); v != "GenuineIntel" {
		t.Skipf("a CPU of %s differs here", v)
	}
}

func TestHostTranscendental(t *testing.T) {
	sameMaker(t)
	for i := range transRows {
		row := &transRows[i]
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			runTrans(t, row)
		})
	}
}

func runTrans(t *testing.T, row *transRow) {
	rnd := newRand()
	sp := specials80()
	n, off := 0, 0
	for _, a := range sp {
		for _, b := range sp {
			if row.outside(a) {
				continue
			}
			off += checkTrans(t, row, randomEnv(rnd), a, b)
			n++
		}
	}
	for range *cases {
		a, b := row.operands(rnd, sp)
		off += checkTrans(t, row, randomEnv(rnd), a, b)
		n++
		if t.Failed() {
			return
		}
	}
	t.Logf("%d cases, %d differ by one unit", n, off)
}

// outside tells operands for which the manual leaves the result open.
func (row *transRow) outside(a F80) bool {
	return row.name == "fyl2xp1" && a.Class() == Normal80 && int(a.exp())-bias80 > row.high
}

func (row *transRow) operands(rnd *rand.Rand, sp []F80) (a, b F80) {
	a = operand80(rnd, F80{intBit, bias80})
	if rnd.IntN(4) != 0 || row.outside(a) {
		a.Man |= intBit
		a.SE = a.SE&sign80 | uint16(bias80+row.low+rnd.IntN(row.high-row.low+1))
	}
	b = operand80(rnd, a)
	if rnd.IntN(16) == 0 {
		b = sp[rnd.IntN(len(sp))]
	}
	return a, b
}

// checkTrans returns 1 if the values are one unit apart.
func checkTrans(t *testing.T, row *transRow, e Env, a, b F80) int {
	s := hostfp.X87State{CW: envOfCW(e)}
	hostfp.Put80(&s.A, a.Man, a.SE)
	hostfp.Put80(&s.B, b.Man, b.SE)
	row.host(&s)
	masks := e.Masks
	got, gotC2 := row.soft(&e, a, b)
	bad := uint16(e.Flags) != s.SW()&0x3F || gotC2 != (s.SW()&c2 != 0)
	if e.Flags&^masks&(IE|DE|ZE) != 0 {
		got = [2]F80{} // trapped: the result does not count
	}
	differ := 0
	for i := range got {
		var want F80
		want.Man, want.SE = s.ST(i)
		if got[i] == (F80{}) && (i == 1 || e.Flags&^masks != 0) || got[i] == want {
			continue // ST(1) is left out where the instruction pops it
		}
		differ = 1
		bad = bad || !adjacent(got[i], want)
	}
	if bad {
		t.Errorf("%s a=%x b=%x cw=%04x: got %x flags %02x, host sw %04x", row.name, a, b, s.CW, got, e.Flags, s.SW())
		for i := range got {
			man, se := s.ST(i)
			t.Logf("host ST(%d) = %x", i, F80{man, se})
		}
	}
	return differ
}

// adjacent reports that two finite numbers are one unit apart, also across a
// power of two.
func adjacent(a, b F80) bool {
	if a.Negative() != b.Negative() || a.exp() == maxExp80 || b.exp() == maxExp80 {
		return false
	}
	switch int(a.exp()) - int(b.exp()) {
	case 0:
		return a.Man-b.Man == 1 || b.Man-a.Man == 1
	case 1:
		return a.Man == intBit && (b.Man == ^uint64(0) || b.Man == intBit-1)
	case -1:
		return adjacent(b, a)
	}
	return false
}

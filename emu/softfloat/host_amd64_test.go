package softfloat

import (
	"testing"

	"panda/emu/softfloat/hostfp"
)

// setting is an MXCSR value together with the Env that should act alike.
type setting struct {
	mxcsr uint32
	env   Env
}

// settings returns the rounding modes, crossed with DAZ and FTZ, each with
// clear flags and with PE set, which opens the fast paths. Exceptions stay
// masked.
func settings() []setting {
	var all []setting
	for i := range 32 {
		s := setting{env: Env{
			Round: Rounding(i & 3), Masks: AllFlags,
			DAZ: i&4 != 0, FTZ: i&8 != 0,
		}}
		if i&16 != 0 {
			s.env.Flags = PE
		}
		s.mxcsr = mxcsrOf(&s.env)
		all = append(all, s)
	}
	return all
}

func mxcsrOf(e *Env) uint32 {
	v := uint32(e.Flags) | uint32(e.Masks)<<7 | uint32(e.Round)<<13
	if e.DAZ {
		v |= 1 << 6
	}
	if e.FTZ {
		v |= 1 << 15
	}
	return v
}

// row pairs an operation of this package with the host's. Operands are of
// format in; only the bits of mask are compared.
type row struct {
	name string
	args int
	in   *format
	mask uint64
	soft func(e *Env, v [3]uint64) uint64
	host func(mxcsr uint32, v [3]uint64) (uint64, uint32)
}

const (
	low16 = 1<<16 - 1
	low32 = 1<<32 - 1
	all64 = 1<<64 - 1
)

func host1(f hostfp.SSE1) func(uint32, [3]uint64) (uint64, uint32) {
	return func(m uint32, v [3]uint64) (uint64, uint32) { return f(m, v[0]) }
}

func host2(f hostfp.SSE2) func(uint32, [3]uint64) (uint64, uint32) {
	return func(m uint32, v [3]uint64) (uint64, uint32) { return f(m, v[0], v[1]) }
}

func host3(f hostfp.SSE3) func(uint32, [3]uint64) (uint64, uint32) {
	return func(m uint32, v [3]uint64) (uint64, uint32) { return f(m, v[0], v[1], v[2]) }
}

func bin32(name string, soft func(*Env, uint32, uint32) uint32, host hostfp.SSE2) row {
	return row{name, 2, &binary32, low32, func(e *Env, v [3]uint64) uint64 {
		return uint64(soft(e, uint32(v[0]), uint32(v[1])))
	}, host2(host)}
}

func bin64(name string, soft func(*Env, uint64, uint64) uint64, host hostfp.SSE2) row {
	return row{name, 2, &binary64, all64, func(e *Env, v [3]uint64) uint64 {
		return soft(e, v[0], v[1])
	}, host2(host)}
}

func cmp32(name string, signal bool, host hostfp.SSE2) row {
	return row{name, 2, &binary32, eflagsOfCompare, func(e *Env, v [3]uint64) uint64 {
		return eflags[e.Cmp32(uint32(v[0]), uint32(v[1]), signal)]
	}, host2(host)}
}

func cmp64(name string, signal bool, host hostfp.SSE2) row {
	return row{name, 2, &binary64, eflagsOfCompare, func(e *Env, v [3]uint64) uint64 {
		return eflags[e.Cmp64(v[0], v[1], signal)]
	}, host2(host)}
}

// ZF, PF, CF (SDM vol. 2 "COMISD").
const eflagsOfCompare = 0x45

var eflags = [...]uint64{Less: 0x01, Equal: 0x40, Greater: 0, Unordered: 0x45}

// integer is any result of a conversion.
type integer interface {
	~int32 | ~int64 | ~uint16 | ~uint32 | ~uint64
}

// un32 and un64 are for instructions with one floating-point operand.
func un32[R integer](name string, mask uint64, soft func(*Env, uint32) R, host hostfp.SSE1) row {
	return row{name, 1, &binary32, mask, func(e *Env, v [3]uint64) uint64 {
		return uint64(soft(e, uint32(v[0]))) & mask
	}, host1(host)}
}

func un64[R integer](name string, mask uint64, soft func(*Env, uint64) R, host hostfp.SSE1) row {
	return row{name, 1, &binary64, mask, func(e *Env, v [3]uint64) uint64 {
		return uint64(soft(e, v[0])) & mask
	}, host1(host)}
}

// fromInts is for instructions with an integer operand: any bits will do.
func fromInts[V, R integer](name string, mask uint64, soft func(*Env, V) R, host hostfp.SSE1) row {
	return row{name, 1, &binary64, mask, func(e *Env, v [3]uint64) uint64 {
		return uint64(soft(e, V(v[0]))) & mask
	}, host1(host)}
}

// runRow compares one operation in all settings on the cross product of the
// special operands and on random ones.
func runRow(t *testing.T, r row) int {
	n := 0
	sp := specials(r.in)
	second := sp
	if r.args == 1 {
		second = sp[:1]
	}
	rnd := newRand()
	for _, s := range settings() {
		for _, a := range sp {
			for _, b := range second {
				check(t, &r, s, [3]uint64{a, b, sp[rnd.IntN(len(sp))]})
				n++
			}
		}
		for range *cases / 8 {
			a := operand(rnd, r.in, 0)
			b := operand(rnd, r.in, a)
			c := operand(rnd, r.in, b)
			if rnd.IntN(4) == 0 {
				a = sp[rnd.IntN(len(sp))]
			}
			check(t, &r, s, [3]uint64{a, b, c})
			n++
		}
		if t.Failed() {
			return n
		}
	}
	return n
}

func check(t *testing.T, r *row, s setting, v [3]uint64) {
	e := s.env
	got := r.soft(&e, v) & r.mask
	want, out := r.host(s.mxcsr, v)
	want &= r.mask
	if got != want || uint32(e.Flags) != out&0x3F {
		t.Errorf("%s %x mxcsr=%04x: got %x flags %02x, host %x flags %02x",
			r.name, v[:r.args], s.mxcsr, got, e.Flags, want, out&0x3F)
	}
}

func runRows(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			t.Logf("%d cases", runRow(t, r))
		})
	}
}

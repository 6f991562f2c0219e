package interp

import (
	"math/rand/v2"
	"testing"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// laneModels say what operations on one lane of w bits do. Operands come as
// signed numbers.
var laneModels = map[ir.VecOp]struct {
	sizes []uint8
	f     func(a, b int64, w uint) int64
}{
	ir.VAdd:     {[]uint8{0, 1, 2, 3}, func(a, b int64, _ uint) int64 { return a + b }},
	ir.VSub:     {[]uint8{0, 1, 2, 3}, func(a, b int64, _ uint) int64 { return a - b }},
	ir.VAddSatS: {[]uint8{0, 1}, func(a, b int64, w uint) int64 { return clampS(a+b, w) }},
	ir.VSubSatS: {[]uint8{0, 1}, func(a, b int64, w uint) int64 { return clampS(a-b, w) }},
	ir.VAddSatU: {[]uint8{0, 1}, func(a, b int64, w uint) int64 { return min(u(a, w)+u(b, w), 1<<w-1) }},
	ir.VSubSatU: {[]uint8{0, 1}, func(a, b int64, w uint) int64 { return max(u(a, w)-u(b, w), 0) }},
	ir.VMinS:    {[]uint8{0, 1, 2, 3}, func(a, b int64, _ uint) int64 { return min(a, b) }},
	ir.VMaxS:    {[]uint8{0, 1, 2, 3}, func(a, b int64, _ uint) int64 { return max(a, b) }},
	ir.VMinU:    {[]uint8{0, 1, 2, 3}, func(a, b int64, w uint) int64 { return int64(min(uint64(u(a, w)), uint64(u(b, w)))) }},
	ir.VMaxU:    {[]uint8{0, 1, 2, 3}, func(a, b int64, w uint) int64 { return int64(max(uint64(u(a, w)), uint64(u(b, w)))) }},
	ir.VAvg:     {[]uint8{0, 1}, func(a, b int64, w uint) int64 { return (u(a, w) + u(b, w) + 1) >> 1 }},
	ir.VCmpEq:   {[]uint8{0, 1, 2, 3}, func(a, b int64, _ uint) int64 { return -int64(b2i(a == b)) }},
	ir.VCmpGtS:  {[]uint8{0, 1, 2, 3}, func(a, b int64, _ uint) int64 { return -int64(b2i(a > b)) }},
	ir.VAbs:     {[]uint8{0, 1, 2, 3}, func(a, _ int64, _ uint) int64 { return max(a, -a) }},
	ir.VSign:    {[]uint8{0, 1, 2}, func(a, b int64, _ uint) int64 { return a * int64(b2i(b > 0)-b2i(b < 0)) }},
	ir.VMul:     {[]uint8{1, 2, 3}, func(a, b int64, _ uint) int64 { return a * b }},
	ir.VMulHS:   {[]uint8{1}, func(a, b int64, w uint) int64 { return a * b >> w }},
	ir.VMulHU:   {[]uint8{1}, func(a, b int64, w uint) int64 { return u(a, w) * u(b, w) >> w }},
}

func u(a int64, w uint) int64 { return int64(unsigned(uint64(a), w)) }

func clampS(v int64, w uint) int64 { return max(-1<<(w-1), min(1<<(w-1)-1, v)) }

// vectorTypes are the lengths that all these operations have.
var vectorTypes = []ir.Type{ir.I64, ir.V128, ir.V256}

// TestLanes holds the operations within words against lane by lane models.
func TestLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for op, m := range laneModels {
		for _, lane := range m.sizes {
			for _, typ := range vectorTypes {
				for range 500 {
					checkLanes(t, r, op, lane, typ, m.f)
				}
			}
		}
	}
}

func checkLanes(t *testing.T, r *rand.Rand, v ir.VecOp, lane uint8, typ ir.Type, model func(a, b int64, w uint) int64) {
	t.Helper()
	i := ir.Insn{Op: ir.Vec, Type: typ, Aux: uint8(v), Sub: lane}
	os := [2]op{{d: 0, a: 4, b: 8, size: uint8(typ.Bytes()), aux: i.Aux, sub: lane}}
	c := &vcpu.CPU{}
	for n := range 8 {
		c.W[4+n] = corners(r)
	}
	if r.IntN(4) == 0 { // the result is an operand too
		os[0].d = 4
	}
	a, b := [4]uint64(c.W[4:8]), [4]uint64(c.W[8:12])
	vecFn(&i)(c, &os[0])
	w := uint(8) << lane
	for n := range typ.Words() {
		for s := uint(0); s < 64; s += w {
			x, y := int64(signed(a[n]>>s, w)), int64(signed(b[n]>>s, w))
			got, want := unsigned(c.W[int(os[0].d)+n]>>s, w), unsigned(uint64(model(x, y, w)), w)
			if got != want {
				t.Fatalf("%v on lanes of %d bits: %#x, %#x: got %#x, want %#x", v, w, x, y, got, want)
			}
		}
	}
}

// corners is a random word that has many lanes at the ends of their range.
func corners(r *rand.Rand) uint64 {
	v := r.Uint64()
	for s := 0; s < 64; s += 8 {
		if b := r.IntN(8); b < 4 {
			v = v&^(0xff<<s) | [4]uint64{0, 0xff, 0x80, 0x7f}[b]<<s
		}
	}
	return v
}

// TestVecTables: every row of ir has a function for some lane.
func TestVecTables(t *testing.T) {
	for v := range ir.NumVecOps {
		var has bool
		for lane := range 4 {
			has = has || vecFns[v][lane] != nil || scalarFns[v][lane] != nil
		}
		if !has {
			t.Errorf("no function for %v", v)
		}
		if v.Row().Name == "" {
			t.Errorf("vector operation %d has no row", v)
		}
	}
}

package library

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
)

// boundless are limits that only count.
type boundless struct{ looks, largest int }

func (b *boundless) Look(*glua.LState)          { b.looks++ }
func (b *boundless) Room(_ *glua.LState, n int) { b.largest = max(b.largest, n) }

// open makes a state of plain Lua with the modules.
func open(t *testing.T, limits *boundless) *glua.LState {
	t.Helper()
	L := glua.NewState()
	t.Cleanup(L.Close)
	env := NewEnv(limits)
	for _, m := range []Module{Bit, JSON, Math, String, Table} {
		module, ok := L.GetGlobal(m.Name).(*glua.LTable)
		if !ok {
			module = L.NewTable()
			L.SetGlobal(m.Name, module)
		}
		for _, r := range m.Rows {
			module.RawSetString(r.Name, L.NewFunction(func(L *glua.LState) int { return r.Do(env, L) }))
		}
	}
	return L
}

// run runs a chunk and gives its results.
func run(t *testing.T, L *glua.LState, src string, args ...glua.LValue) []glua.LValue {
	t.Helper()
	fn, err := L.LoadString(src)
	if err != nil {
		t.Fatal(err)
	}
	top := L.GetTop()
	if err := L.CallByParam(glua.P{Fn: fn, NRet: glua.MultRet, Protect: true}, args...); err != nil {
		t.Fatal(err)
	}
	var ret []glua.LValue
	for i := top + 1; i <= L.GetTop(); i++ {
		ret = append(ret, L.Get(i))
	}
	L.SetTop(top)
	return ret
}

func TestBit(t *testing.T) {
	L := open(t, &boundless{})
	const src = `local a, b, n = ...
		return bit.band(a, b), bit.bor(a, b), bit.bxor(a, b), bit.bnot(a), bit.lshift(a, n), bit.rshift(a, n),
			bit.arshift(a, n), bit.rol(a, n), bit.ror(a, n), bit.bswap(a), bit.rol(a, n, 32), bit.bswap(a, 32), bit.popcount(a)`
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		a, b, n := r.Uint64()>>r.IntN(64), r.Uint64()>>r.IntN(64), i%64
		ret := run(t, L, src, num.Int(a), num.Int(b), glua.LNumber(n))
		for j, want := range []uint64{
			a & b, a | b, a ^ b, ^a, a << n, a >> n, uint64(int64(a) >> n), bits.RotateLeft64(a, n),
			bits.RotateLeft64(a, -n), bits.ReverseBytes64(a), uint64(bits.RotateLeft32(uint32(a), n)),
			uint64(bits.ReverseBytes32(uint32(a))), uint64(bits.OnesCount64(a)),
		} {
			if ret[j] != num.Int(want) {
				t.Errorf("bit %d of %#x %#x %d = %v, want %#x", j, a, b, n, ret[j], want)
			}
		}
	}
}

// TestLimits: what loops looks at the limits, and what allocates asks first.
func TestLimits(t *testing.T) {
	for src, want := range map[string]boundless{
		`string.rep("x", 1e6)`:                                              {0, 1e6},
		`string.find(("a"):rep(40), ("a*"):rep(4) .. "b")`:                  {1, 40},
		`local t = {} for i = 1, 1e5 do t[i] = i end table.concat(t)`:       {1, 0},
		`local t = {} for i = 1, 1e5 do t[i] = -i end table.sort(t)`:        {1, 0},
		`json.encode(("x"):rep(1e6))`:                                       {1, 3e6},
		`local t = {} for i = 1, 1e5 do t[i] = "k" .. i end json.encode(t)`: {1, 1e5},
		`string.gsub(("a"):rep(1e5), "a", "bcd")`:                           {1, 1e5},
		`string.split(("a,"):rep(1e5), ",")`:                                {1, 1e5},
	} {
		var got boundless
		run(t, open(t, &got), src)
		if got.looks < want.looks || got.largest < want.largest {
			t.Errorf("%s: %d looks, room for %d, want at least %d and %d", src, got.looks, got.largest, want.looks, want.largest)
		}
	}
}

// TestValues holds expressions against their value, as text.
func TestValues(t *testing.T) {
	L := open(t, &boundless{})
	for src, want := range map[string]string{
		`math.max(1, 2), math.idiv(-7, 2), math.type(0.5)`:       "2 -4 float",
		`json.encode({ a = { 1, 2 }, b = "x" })`:                 `{"a":[1,2],"b":"x"}`,
		`json.decode("[18446744073709551615]")[1]`:               "0xffffffffffffffff",
		`string.unpack("<I8", ("\255"):rep(8))`:                  "0xffffffffffffffff 9",
		`string.format("%x %5.1f|%-4s|", -1, 2.25, "a")`:         "ffffffffffffffff   2.2|a   |",
		`unpack(table.keys({ b = 1, a = 2, [3] = 4 }))`:          "3 a b",
		`table.concat({ 1, "a" }, ","), table.pack(1, nil, 3).n`: "1,a 3",
	} {
		var got []string
		for _, v := range run(t, L, "return "+src) {
			got = append(got, v.String())
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s is %s, want %s", src, s, want)
		}
	}
	a, b := run(t, L, "return math.random(2^40)"), run(t, open(t, &boundless{}), "return math.random(2^40)")
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("two states begin with %v and %v", a, b)
	}
}

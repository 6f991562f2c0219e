package lua

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

// eval runs a chunk and gives its results.
func eval(t testing.TB, src string) []glua.LValue {
	t.Helper()
	s := NewState(Options{Out: new(bytes.Buffer)})
	return evalIn(t, s, src)
}

func evalIn(t testing.TB, s *State, src string) []glua.LValue {
	t.Helper()
	fn, err := s.compile("test", src)
	if err != nil {
		t.Fatalf("%s\n%v", src, err)
	}
	ret, err := s.run(fn)
	if err != nil {
		t.Fatalf("%s\n%v", src, err)
	}
	return ret
}

// values are integers where rounding, signs and wrapping happen.
func values(n int) []uint64 {
	vs := []uint64{
		0, 1, 2, 7, 1<<31 - 1, 1 << 32, 1<<52 + 1, 1<<53 - 1, 1 << 53, 1<<53 + 1, 1<<53 + 2, 1 << 54, 1<<62 + 3,
		1<<63 - 1, 1 << 63, 1<<63 + 1, ^uint64(0) - 1, ^uint64(0), 0xffffffff81030c64, 0x7fffffffe000,
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		vs = append(vs, r.Uint64()>>r.IntN(64))
	}
	return vs
}

// lit writes a number as source; some spelling of each kind.
func lit(v uint64) string {
	if v%2 == 0 {
		return fmt.Sprintf("0x%x", v)
	}
	return fmt.Sprint(v)
}

func wantInt(t *testing.T, what string, got glua.LValue, want uint64) {
	t.Helper()
	if got != Int(want) {
		t.Errorf("%s = %v (%T), want %#x", what, got, got, want)
	}
}

// TestArithmetic checks every operation on pairs of 64-bit numbers against Go,
// once with literals, which are folded, and once with variables.
func TestArithmetic(t *testing.T) {
	s := NewState(Options{})
	ops := evalIn(t, s, `return function(a, b) return a + b, a - b, a * b, a % b, a < b, a <= b, a > b, a >= b, a == b end`)[0].(*glua.LFunction)
	vs := values(60)
	for _, x := range vs {
		for _, y := range vs {
			ret, err := s.run(ops, Int(x), Int(y))
			if err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("%#x op %#x", x, y)
			wantInt(t, what+" +", ret[0], x+y)
			wantSub(t, what+" -", ret[1], x, y)
			wantInt(t, what+" *", ret[2], x*y)
			if y != 0 {
				wantInt(t, what+" %", ret[3], x%y)
			}
			for i, want := range []bool{x < y, x <= y, x > y, x >= y, x == y} {
				if ret[4+i] != glua.LBool(want) {
					t.Errorf("%s: comparison %d is %v", what, i, ret[4+i])
				}
			}
		}
	}
}

// wantSub: the difference of plain numbers is signed, any other wraps.
func wantSub(t *testing.T, what string, got glua.LValue, x, y uint64) {
	t.Helper()
	want := Int(x - y)
	if x <= maxPlain && y <= maxPlain {
		want = Signed(int64(x - y))
	}
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestFolding(t *testing.T) {
	s := NewState(Options{})
	for _, x := range values(20) {
		for _, y := range values(4) {
			src := fmt.Sprintf("return %s + %s, %s - %s, %s * %s, %s < %s, %s == %s", lit(x), lit(y), lit(x), lit(y), lit(x), lit(y), lit(x), lit(y), lit(x), lit(y))
			ret := evalIn(t, s, src)
			wantInt(t, src, ret[0], x+y)
			wantSub(t, src, ret[1], x, y)
			wantInt(t, src, ret[2], x*y)
			if ret[3] != glua.LBool(x < y) || ret[4] != glua.LBool(x == y) {
				t.Errorf("%s: %v", src, ret)
			}
		}
	}
}

// TestSigned checks negative operands: the result is the two's complement when
// it does not fit a plain number.
func TestSigned(t *testing.T) {
	s := NewState(Options{})
	ops := evalIn(t, s, `return function(a, b) return a + b, a * b, -a, a - b end`)[0].(*glua.LFunction)
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		a := (int64(r.Uint64()) >> r.IntN(64)) % (maxPlain + 1)
		b := (int64(r.Uint64()) >> r.IntN(64)) % (maxPlain + 1)
		ret, err := s.run(ops, Signed(a), Signed(b))
		if err != nil {
			t.Fatal(err)
		}
		p := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		prod := Int(uint64(a) * uint64(b))
		if p.IsInt64() && p.Int64() >= -maxPlain && p.Int64() <= maxPlain {
			prod = Signed(p.Int64())
		}
		for i, want := range []glua.LValue{Signed(a + b), prod, Signed(-a), Signed(a - b)} {
			if ret[i] != want {
				t.Errorf("a=%d b=%d result %d: %v, want %v", a, b, i, ret[i], want)
			}
		}
	}
}

func TestBit(t *testing.T) {
	s := NewState(Options{})
	fn := evalIn(t, s, `return function(a, b, n)
		return bit.band(a, b), bit.bor(a, b), bit.bxor(a, b), bit.bnot(a), bit.lshift(a, n), bit.rshift(a, n),
			bit.arshift(a, n), bit.rol(a, n), bit.ror(a, n), bit.bswap(a), bit.rol(a, n, 32), bit.bswap(a, 32), bit.popcount(a)
	end`)[0].(*glua.LFunction)
	for i, a := range values(300) {
		b, n := values(300)[i/2], i%64
		ret, err := s.run(fn, Int(a), Int(b), Int(uint64(n)))
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range []uint64{
			a & b, a | b, a ^ b, ^a, a << n, a >> n, uint64(int64(a) >> n), bits.RotateLeft64(a, n),
			bits.RotateLeft64(a, -n), bits.ReverseBytes64(a), uint64(bits.RotateLeft32(uint32(a), n)),
			uint64(bits.ReverseBytes32(uint32(a))), uint64(bits.OnesCount64(a)),
		} {
			wantInt(t, fmt.Sprintf("bit %d of %#x %#x %d", j, a, b, n), ret[j], want)
		}
	}
}

// TestText checks that numbers survive printing and reading in every way.
func TestText(t *testing.T) {
	s := NewState(Options{})
	fn := evalIn(t, s, `return function(v)
		local t = {}
		if v < 4096 or v >= 4194304 then t[v] = "here" else t[v] = nil end -- a list has no holes
		return string.format("%d", v), string.format("%x", v), string.format("%016X", v),
			tonumber(string.format("%d", v)), tonumber("0x" .. string.format("%x", v)), tonumber(string.format("%x", v), 16),
			json.decode(json.encode({ v }))[1], string.unpack("<I8", string.pack("<I8", v)), t[v], u64(hex(v)),
			math.floor(v), math.max(v, 1), loadstring("return " .. string.format("%d", v))()
	end`)[0].(*glua.LFunction)
	for _, v := range values(200) {
		ret, err := s.run(fn, Int(v))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{fmt.Sprintf("%d", v), fmt.Sprintf("%x", v), fmt.Sprintf("%016X", v)} {
			if ret[i].String() != want {
				t.Errorf("%#x prints as %s, want %s", v, ret[i], want)
			}
		}
		for _, i := range []int{3, 4, 5, 6, 7, 9, 10, 11, 12} {
			if want := v; i == 11 {
				wantInt(t, fmt.Sprintf("way %d of %#x", i, v), ret[i], max(want, 1))
			} else {
				wantInt(t, fmt.Sprintf("way %d of %#x", i, v), ret[i], want)
			}
		}
		if (v < 4096 || v >= 4<<20) && ret[8].String() != "here" {
			t.Errorf("%#x is no table key", v)
		}
	}
}

// TestLua holds expressions against their value, as text.
func TestLua(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`0xffffffff81000000`, "0xffffffff81000000"},
		{`0xffffffff81000000 + 0x30c64`, "0xffffffff81030c64"},
		{`18446744073709551615`, "0xffffffffffffffff"},
		{`9007199254740993`, "0x20000000000001"},
		{`9007199254740992`, "9007199254740992"},
		{`0x10ULL, 7LL, 0xffffffffffffffffull`, "16 7 0xffffffffffffffff"},
		{`-0xffffffffffffffff`, "1"},
		{`-(-0x8000000000000000)`, "0x8000000000000000"},
		{`0010`, "10"},
		{`2^63`, "0x8000000000000000"},
		{`2^10, 2^0.5 > 1.41, 2^64`, "1024 true 1.8446744073709552e+19"},
		{`7/2, 0xffffffffffffffff/2`, "3.5 0x7fffffffffffffff"},
		{`-7 % 3, 7 % -3, 0xffffffffffffffff % 10, -1 % 0x8000000000000000`, "2 -2 5 0x7fffffffffffffff"},
		{`"\x41\x90" == "A\144"`, "true"},
		{`"a\z   b"`, "ab"},
		{`"\u{20ac}" == "\226\130\172"`, "true"},
		{`1 < 0x8000000000000000, 0x8000000000000000 > -1, 0x8000000000000000 <= 0x8000000000000001`, "true true true"},
		{`0/0 < 0x8000000000000000, 1e30 > 0xffffffffffffffff, 0.5 < 0x8000000000000000`, "false true true"},
		{`"a" < "b", "b" >= "a"`, "true true"},
		{`"pc=" .. 0xffffffff81030c64 .. "!"`, "pc=0xffffffff81030c64!"},
		{`int(0xffffffffffffffff), int(0x80, 8), int(0x7f, 8), int(0xfffffffffffffff0, 64)`, "-1 -128 127 -16"},
		{`u64(-1), u64("0xffffffff81030c64"), u64"1" == 1`, "0xffffffffffffffff 0xffffffff81030c64 true"},
		{`hex(255), hex(0xffffffff81030c64), hex(1, 4)`, "0xff 0xffffffff81030c64 0x0001"},
		{`tonumber("ffffffff81000000", 16), tonumber("0xffffffffffffffffff"), tonumber("  12 "), tonumber("1e3"), tonumber("z", 36)`, "0xffffffff81000000 nil 12 1000 35"},
		{`tonumber("inf"), tonumber("nan"), tonumber("1_000"), tonumber(""), tonumber("0x"), tonumber("-0x10"), tonumber("--1")`, "nil nil nil nil nil -16 nil"},
		{`("x"):rep(3, ","), ("ab"):rep(2), ("x"):rep(0), ("x"):rep(-1)`, "x,x,x abab  "},
		{`string.format("%d %i %5d|%-5d|%05d|%+d", 1, -2, 3, 4, 5, 6)`, "1 -2     3|4    |00005|+6"},
		{`string.format("%x %X %#x %o %c %%", 255, 255, 255, 8, 65)`, "ff FF 0xff 10 A %"},
		{`string.format("%x", -1)`, "ffffffffffffffff"},
		{`string.format("%g %g %.3f %e %5.1f|", 0.1, 1234567, 1/3, 1.5, 2.25)`, "0.1 1.23457e+06 0.333 1.500000e+00   2.2|"},
		{`string.format("%s %10s|%-4s|%.2s", nil, "a", "b", "xyz")`, "nil          a|b   |xy"},
		{`string.format("%q", "a\n\"b\"\0")`, `"a\` + "\n" + `\"b\"\000"`},
		{`string.format("%d", 3.9), string.format("%d", "0xffffffffffffffff")`, "3 18446744073709551615"},
		{`math.type(1), math.type(0.5), math.type(0x8000000000000000), math.type("1")`, "integer float integer nil"},
		{`math.max(1, 0x8000000000000000, -5), math.min(3, 0x8000000000000000), math.abs(-2)`, "0x8000000000000000 3 2"},
		{`math.idiv(7, 2), math.idiv(-7, 2), math.idiv(0xffffffffffffffff, 16)`, "3 -4 0xfffffffffffffff"},
		{`math.floor(3.7), math.floor(-3.2), math.ceil(3.2), math.floor(2^60 / 1)`, "3 -4 4 0x1000000000000000"},
		{`#"abc" + 1, #{1, 2}`, "4 2"},
		{`"10" + 5, "0xffffffffffffffff" + 0, 10 .. ""`, "15 0xffffffffffffffff 10"},
		{`select("#", (function() return 1 + 2, 3 * 4 end)())`, "2"},
		{`string.packsize("<i4i8"), string.packsize("!8 i4i8")`, "12 16"},
		{`json.encode({ a = 1, b = { 1, 2, 0xffffffffffffffff }, c = "x\n" })`, `{"a":1,"b":[1,2,18446744073709551615],"c":"x\n"}`},
		{`unpack(table.keys({ b = 1, a = 2, [3] = 4, [0xffffffffffffffff] = 5 }))`, "3 0xffffffffffffffff a b"},
		{`unpack(string.split("a,b,,c", ","))`, "a b  c"},
		{`unpack(string.split("a1b22c", "%d+"))`, "a b c"},
		{`("  x "):trim()`, "x"},
	} {
		var got []string
		for _, v := range eval(t, "return "+c.expr) {
			got = append(got, v.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.expr, s, c.want)
		}
	}
}

// TestLoops checks numeric loops over U64, and that ends and steps are Lua's.
func TestLoops(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`for a = 0xfffffffffffffff0, 0xfffffffffffffff8, 4 do add(a) end`, "0xfffffffffffffff0 0xfffffffffffffff4 0xfffffffffffffff8"},
		{`for a = 0xfffffffffffffffe, 0xffffffffffffffff do add(a) end`, "0xfffffffffffffffe 0xffffffffffffffff"},
		{`local lo, hi = 3, 1 for a = lo, hi, -1 do add(a) end`, "3 2 1"},
		{`local lo, hi = 1, 3 for a = lo, hi do add(a) end`, "1 2 3"},
		{`for a = 1, 0xffffffffffffffff do add(a) if a == 3 then break end end`, "1 2 3"},
		{`for a = 3, 1 do add(a) end for a = 1, 2, 0.5 do add(a) end`, "1 1.5 2"},
		{`for i = #"abc", 1, -1 do for j = i + 1, 4 do add(i * 10 + j) end end`, "34 23 24 12 13 14"},
		{`local t = {} for i = 1, 3 do t[i] = function() return i end end for i = 1, 3 do add(t[i]()) end`, "1 2 3"},
		{`for i = 1, 3 do local x = i i = 0xffffffffffffffff add(x) add(i + 1) end`, "1 0 2 0 3 0"},
		{`local n = 0 repeat n = n + 1 local stop = n > 2 until stop add(n)`, "3"},
		{`local h = 14695981039346656037 for c in ("hello"):gmatch(".") do h = bit.bxor(h, c:byte()) * 0x100000001b3 end add(h)`, "0xa430d84680aabd0b"},
		{`local x = 0x20000000000000 for i = 1, 3 do x = x + 1 add(x) end`, "0x20000000000001 0x20000000000002 0x20000000000003"},
	} {
		src := "local r = {} local function add(v) r[#r + 1] = tostring(v) end " + c.src + " return table.concat(r, ' ')"
		if got := eval(t, src)[0].String(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestPack(t *testing.T) {
	s := NewState(Options{})
	for _, v := range values(100) {
		for n := 1; n <= 16; n++ {
			src := fmt.Sprintf(`local f, g = ">i%d", "<i%d"
				local x = int(%d, math.min(64, 8 * %d))
				return x, string.unpack(f, string.pack(f, x)), string.unpack(g, string.pack(g, x))`, n, n, v, n)
			ret := evalIn(t, s, src)
			if ret[0] != ret[1] || ret[0] != ret[2] {
				t.Fatalf("%d bytes of %#x: %v", n, v, ret)
			}
		}
	}
	ret := evalIn(t, s, `local p = string.pack(">I2 s1 z <d", 0x1234, "ab", "cd", 1.5) return p:byte(1), p:byte(3), string.unpack(">I2 s1 z <d", p)`)
	if got := fmt.Sprint(ret); got != "[18 2 4660 ab cd 1.5 17]" {
		t.Error(got)
	}
}

func TestFormatLikeC(t *testing.T) {
	s := NewState(Options{})
	fn := evalIn(t, s, `return function(v) return string.format("%g %.3g %10.4f %+e", v, v, v, v) end`)[0].(*glua.LFunction)
	for _, c := range []struct {
		v    float64
		want string
	}{
		{1e10, "1e+10 1e+10 10000000000.0000 +1.000000e+10"},
		{123.456, "123.456 123   123.4560 +1.234560e+02"},
		{math.Inf(-1), "-inf -inf       -inf -inf"},
		{0, "0 0     0.0000 +0.000000e+00"},
	} {
		if ret, err := s.run(fn, glua.LNumber(c.v)); err != nil || ret[0].String() != c.want {
			t.Errorf("%v: got %v %v, want %s", c.v, ret, err, c.want)
		}
	}
}

// TestRandom: the numbers of math.random lie where Lua says, and belong to a seed.
func TestRandom(t *testing.T) {
	const src = `
		local function sequence() local t = {} for i = 1, 50 do t[i] = math.random(0, 1000) end return table.concat(t, " ") end
		local first = sequence()
		math.randomseed(7)
		local a, b = sequence(), sequence()
		math.randomseed(7)
		assert(a == sequence() and a ~= b and a ~= first)
		local low, high = false, false
		for i = 1, 1000 do
			local x, y, z, f = math.random(3), math.random(-1, 1), math.random(2^62, 2^62 + 1), math.random()
			assert(x == math.floor(x) and x >= 1 and x <= 3 and y >= -1 and y <= 1 and f >= 0 and f < 1)
			low, high = low or z == u64(2^62), high or z == u64(2^62) + 1
			assert(math.random(1.9) == 1)
		end
		assert(low and high)
		math.random(u64(2)^63, u64(2)^63 - 1)
		return first, select(2, pcall(function() math.random(0) end)), select(2, pcall(function() math.random(3, 2) end)), select(2, pcall(math.random, 1, 2, 3))`
	a, b := eval(t, src), eval(t, src)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("two scripts: %v, %v", a, b)
	}
	for i, want := range []string{"bad argument #1 to random (interval is empty)", "bad argument #2 to random (interval is empty)", "wrong number of arguments"} {
		if got := a[i+1].String(); !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

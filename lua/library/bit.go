package library

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/val"
)

// bitFold is a bit operation on any number of arguments.
func bitFold(f func(a, b uint64) uint64) func(*Env, *glua.LState) int {
	return func(_ *Env, L *glua.LState) int {
		v := val.ArgInt(L, 1)
		for i := 2; i <= L.GetTop(); i++ {
			v = f(v, val.ArgInt(L, i))
		}
		return val.PushInt(L, v)
	}
}

// bitShift is an operation on x, a count and an optional width in bits.
func bitShift(f func(x uint64, n, width uint) uint64) func(*Env, *glua.LState) int {
	return func(_ *Env, L *glua.LState) int {
		n := val.ArgInt(L, 2)
		width := bitWidth(L, 3)
		x := val.ArgInt(L, 1) & mask(width)
		return val.PushInt(L, f(x, uint(min(n, 1<<32)), width)&mask(width))
	}
}

func bitWidth(L *glua.LState, n int) uint {
	w := val.ArgLen(L, n, 64)
	if w < 1 || w > 64 {
		L.ArgError(n, "width must be from 1 to 64 bits")
	}
	return uint(w)
}

func mask(width uint) uint64 { return 1<<width - 1 }

// Bit is the module bit.
var Bit = Module{
	Name: "bit",
	Doc: "Bits of unsigned numbers of 64 bits. Unlike LuaJIT's module of that name, results are never signed and never cut to 32 bits; " +
		"functions that depend on the width take it as their last argument. `bit` is also what `require \"bit\"` gives.",
	Rows: []Row{
		{"band", "x, ...", "integer", "Bitwise and.", bitFold(func(a, b uint64) uint64 { return a & b })},
		{"bor", "x, ...", "integer", "Bitwise or.", bitFold(func(a, b uint64) uint64 { return a | b })},
		{"bxor", "x, ...", "integer", "Bitwise exclusive or.", bitFold(func(a, b uint64) uint64 { return a ^ b })},
		{"bnot", "x[, width]", "integer", "All bits inverted.", func(_ *Env, L *glua.LState) int {
			return val.PushInt(L, ^val.ArgInt(L, 1)&mask(bitWidth(L, 2)))
		}},
		{"btest", "x, ...", "boolean", "Whether the arguments have a bit in common.", bitTest},
		{"lshift", "x, n[, width]", "integer", "Shifted left; bits beyond the width are lost.", bitShift(func(x uint64, n, _ uint) uint64 { return x << n })},
		{"rshift", "x, n[, width]", "integer", "Shifted right, zeros come in.", bitShift(func(x uint64, n, _ uint) uint64 { return x >> n })},
		{"arshift", "x, n[, width]", "integer", "Shifted right, the sign bit of the width comes in.", bitShift(func(x uint64, n, w uint) uint64 {
			return uint64(int64(x<<(64-w)) >> (64 - w) >> n)
		})},
		{"rol", "x, n[, width]", "integer", "Rotated left.", bitShift(func(x uint64, n, w uint) uint64 { return x<<(n%w) | x>>(w-n%w) })},
		{"ror", "x, n[, width]", "integer", "Rotated right.", bitShift(func(x uint64, n, w uint) uint64 { return x>>(n%w) | x<<(w-n%w) })},
		{"bswap", "x[, width]", "integer", "Bytes in reverse order; the width is a multiple of 8.", bitSwap},
		{"popcount", "x", "integer", "The number of bits that are set.", func(_ *Env, L *glua.LState) int {
			return val.PushInt(L, uint64(bits.OnesCount64(val.ArgInt(L, 1))))
		}},
		{"extract", "x, field[, width]", "integer", "The bits from field on, width of them (1).", bitExtract},
		{"replace", "x, v, field[, width]", "integer", "x with the bits from field on replaced by v.", bitReplace},
		{"tohex", "x[, n]", "string", "n hexadecimal digits (16), of upper case when n is negative.", bitToHex},
		{"tobit", "x", "integer", "The number as two's complement of 64 bits.", bitToBit},
	},
}

func bitTest(_ *Env, L *glua.LState) int {
	v := val.ArgInt(L, 1)
	for i := 2; i <= L.GetTop(); i++ {
		v &= val.ArgInt(L, i)
	}
	L.Push(glua.LBool(v != 0))
	return 1
}

func bitSwap(_ *Env, L *glua.LState) int {
	w := bitWidth(L, 2)
	if w%8 != 0 {
		L.ArgError(2, "width must be a multiple of 8")
	}
	return val.PushInt(L, bits.ReverseBytes64(val.ArgInt(L, 1))>>(64-w))
}

// bitField reads the arguments field and width at n.
func bitField(L *glua.LState, n int) (field, width uint) {
	f, w := val.ArgInt(L, n), argInt1(L, n+1)
	if f > 63 || w < 1 || f+w > 64 {
		L.ArgError(n, fmt.Sprintf("bits %d to %d do not exist", f, f+w-1))
	}
	return uint(f), uint(w)
}

func argInt1(L *glua.LState, n int) uint64 { return val.OptInt(L, n, 1) }

func bitExtract(_ *Env, L *glua.LState) int {
	f, w := bitField(L, 2)
	return val.PushInt(L, val.ArgInt(L, 1)>>f&mask(w))
}

func bitReplace(_ *Env, L *glua.LState) int {
	f, w := bitField(L, 3)
	x, v := val.ArgInt(L, 1), val.ArgInt(L, 2)
	return val.PushInt(L, x&^(mask(w)<<f)|v&mask(w)<<f)
}

func bitToHex(_ *Env, L *glua.LState) int {
	n := int64(val.OptInt(L, 2, 16))
	s := fmt.Sprintf("%016s", strconv.FormatUint(val.ArgInt(L, 1), 16))
	if n < 0 {
		s, n = strings.ToUpper(s), -n
	}
	return val.PushString(L, s[16-min(n, 16):])
}

func bitToBit(_ *Env, L *glua.LState) int { return val.PushInt(L, val.ArgInt(L, 1)) }

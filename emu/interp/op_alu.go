package interp

import (
	"math/bits"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// opFns holds the plain operations by [64 bits][B is a constant].
var opFns = [ir.NumOps][2][2]fn{
	ir.Mov:     {{mov32, mov32i}, {mov64, mov64i}},
	ir.Add:     {{add32, add32i}, {add64, add64i}},
	ir.Sub:     {{sub32, sub32i}, {sub64, sub64i}},
	ir.Mul:     {{mul32, mul32i}, {mul64, mul64i}},
	ir.And:     {{and32, and32i}, {and64, and64i}},
	ir.Or:      {{or32, or32i}, {or64, or64i}},
	ir.Xor:     {{xor32, xor32i}, {xor64, xor64i}},
	ir.AndNot:  {{andNot32, andNot32i}, {andNot64, andNot64i}},
	ir.Shl:     {{shl32, shl32i}, {shl64, shl64i}},
	ir.Shr:     {{shr32, shr32i}, {shr64, shr64i}},
	ir.Sar:     {{sar32, sar32i}, {sar64, sar64i}},
	ir.Rotl:    {{rotl32, rotl32i}, {rotl64, rotl64i}},
	ir.Rotr:    {{rotr32, rotr32i}, {rotr64, rotr64i}},
	ir.MulHU:   {{mulHU32, mulHU32i}, {mulHU64, mulHU64i}},
	ir.MulHS:   {{mulHS32, mulHS32i}, {mulHS64, mulHS64i}},
	ir.Deposit: {{deposit32, deposit32i}, {deposit64, deposit64i}},
	ir.Neg:     {{neg32, nil}, {neg64, nil}},
	ir.Not:     {{not32, nil}, {not64, nil}},
	ir.Clz:     {{clz32, nil}, {clz64, nil}},
	ir.Ctz:     {{ctz32, nil}, {ctz64, nil}},
	ir.Popcnt:  {{popcnt32, nil}, {popcnt64, nil}},
	ir.Bswap:   {{bswap32, nil}, {bswap64, nil}},
	ir.Select:  {{select32, nil}, {select64, nil}},
	ir.Extract: {{extract32, nil}, {extract64, nil}},
	ir.DivU:    {{divU32, nil}, {divU64, nil}},
	ir.RemU:    {{remU32, nil}, {remU64, nil}},
	ir.DivS:    {{divS32, nil}, {divS64, nil}},
	ir.RemS:    {{remS32, nil}, {remS64, nil}},
	ir.Br:      {{br, br}, {br, br}},
	ir.GotoTB:  {{gotoTB, gotoTB}, {gotoTB, gotoTB}},
	ir.GotoPtr: {{gotoPtr, gotoPtr}, {gotoPtr, gotoPtr}},
	ir.ExitTB:  {{exitTB, exitTB}, {exitTB, exitTB}},
	ir.Call:    {{call, call}, {call, call}},
	ir.Count:   {{count, count}, {count, count}},
}

func mov32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.b&frameMask]))
	return o.next()
}

func mov32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(o.imm))
	return o.next()
}

func mov64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.b&frameMask]
	return o.next()
}

func mov64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = o.imm
	return o.next()
}

func add32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) + uint32(c.W[o.b&frameMask]))
	return o.next()
}

func add32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) + uint32(o.imm))
	return o.next()
}

func add64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] + c.W[o.b&frameMask]
	return o.next()
}

func add64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] + o.imm
	return o.next()
}

func sub32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) - uint32(c.W[o.b&frameMask]))
	return o.next()
}

func sub32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) - uint32(o.imm))
	return o.next()
}

func sub64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] - c.W[o.b&frameMask]
	return o.next()
}

func sub64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] - o.imm
	return o.next()
}

func mul32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) * uint32(c.W[o.b&frameMask]))
	return o.next()
}

func mul32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) * uint32(o.imm))
	return o.next()
}

func mul64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] * c.W[o.b&frameMask]
	return o.next()
}

func mul64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] * o.imm
	return o.next()
}

func and32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) & uint32(c.W[o.b&frameMask]))
	return o.next()
}

func and32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) & uint32(o.imm))
	return o.next()
}

func and64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] & c.W[o.b&frameMask]
	return o.next()
}

func and64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] & o.imm
	return o.next()
}

func or32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) | uint32(c.W[o.b&frameMask]))
	return o.next()
}

func or32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) | uint32(o.imm))
	return o.next()
}

func or64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] | c.W[o.b&frameMask]
	return o.next()
}

func or64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] | o.imm
	return o.next()
}

func xor32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) ^ uint32(c.W[o.b&frameMask]))
	return o.next()
}

func xor32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) ^ uint32(o.imm))
	return o.next()
}

func xor64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] ^ c.W[o.b&frameMask]
	return o.next()
}

func xor64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] ^ o.imm
	return o.next()
}

func andNot32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) &^ uint32(c.W[o.b&frameMask]))
	return o.next()
}

func andNot32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) &^ uint32(o.imm))
	return o.next()
}

func andNot64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] &^ c.W[o.b&frameMask]
	return o.next()
}

func andNot64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] &^ o.imm
	return o.next()
}

func shl32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) << (uint32(c.W[o.b&frameMask]) & 31))
	return o.next()
}

func shl32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) << (uint32(o.imm) & 31))
	return o.next()
}

func shl64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] << (c.W[o.b&frameMask] & 63)
	return o.next()
}

func shl64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] << (o.imm & 63)
	return o.next()
}

func shr32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) >> (uint32(c.W[o.b&frameMask]) & 31))
	return o.next()
}

func shr32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]) >> (uint32(o.imm) & 31))
	return o.next()
}

func shr64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] >> (c.W[o.b&frameMask] & 63)
	return o.next()
}

func shr64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask] >> (o.imm & 63)
	return o.next()
}

func sar32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(int32(uint32(c.W[o.a&frameMask])) >> (uint32(c.W[o.b&frameMask]) & 31)))
	return o.next()
}

func sar32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(int32(uint32(c.W[o.a&frameMask])) >> (uint32(o.imm) & 31)))
	return o.next()
}

func sar64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int64(c.W[o.a&frameMask]) >> (c.W[o.b&frameMask] & 63))
	return o.next()
}

func sar64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int64(c.W[o.a&frameMask]) >> (o.imm & 63))
	return o.next()
}

func rotl32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.RotateLeft32(uint32(c.W[o.a&frameMask]), int(uint32(c.W[o.b&frameMask])&31)))
	return o.next()
}

func rotl32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.RotateLeft32(uint32(c.W[o.a&frameMask]), int(uint32(o.imm)&31)))
	return o.next()
}

func rotl64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = bits.RotateLeft64(c.W[o.a&frameMask], int(c.W[o.b&frameMask]&63))
	return o.next()
}

func rotl64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = bits.RotateLeft64(c.W[o.a&frameMask], int(o.imm&63))
	return o.next()
}

func rotr32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.RotateLeft32(uint32(c.W[o.a&frameMask]), -int(uint32(c.W[o.b&frameMask])&31)))
	return o.next()
}

func rotr32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.RotateLeft32(uint32(c.W[o.a&frameMask]), -int(uint32(o.imm)&31)))
	return o.next()
}

func rotr64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = bits.RotateLeft64(c.W[o.a&frameMask], -int(c.W[o.b&frameMask]&63))
	return o.next()
}

func rotr64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = bits.RotateLeft64(c.W[o.a&frameMask], -int(o.imm&63))
	return o.next()
}

func mulHU32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(uint64(uint32(c.W[o.a&frameMask])) * uint64(uint32(c.W[o.b&frameMask])) >> 32))
	return o.next()
}

func mulHU32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(uint64(uint32(c.W[o.a&frameMask])) * uint64(uint32(o.imm)) >> 32))
	return o.next()
}

func mulHU64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = mulHigh(c.W[o.a&frameMask], c.W[o.b&frameMask])
	return o.next()
}

func mulHU64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = mulHigh(c.W[o.a&frameMask], o.imm)
	return o.next()
}

func mulHS32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(uint64(int64(int32(uint32(c.W[o.a&frameMask])))*int64(int32(uint32(c.W[o.b&frameMask])))) >> 32))
	return o.next()
}

func mulHS32i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(uint64(int64(int32(uint32(c.W[o.a&frameMask])))*int64(int32(uint32(o.imm)))) >> 32))
	return o.next()
}

func mulHS64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = mulHighSigned(c.W[o.a&frameMask], c.W[o.b&frameMask])
	return o.next()
}

func mulHS64i(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = mulHighSigned(c.W[o.a&frameMask], o.imm)
	return o.next()
}

func neg32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(-uint32(c.W[o.a&frameMask]))
	return o.next()
}

func neg64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = -c.W[o.a&frameMask]
	return o.next()
}

func not32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(^uint32(c.W[o.a&frameMask]))
	return o.next()
}

func not64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = ^c.W[o.a&frameMask]
	return o.next()
}

func clz32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.LeadingZeros32(uint32(c.W[o.a&frameMask])))
	return o.next()
}

func clz64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.LeadingZeros64(c.W[o.a&frameMask]))
	return o.next()
}

func ctz32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.TrailingZeros32(uint32(c.W[o.a&frameMask])))
	return o.next()
}

func ctz64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.TrailingZeros64(c.W[o.a&frameMask]))
	return o.next()
}

func popcnt32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.OnesCount32(uint32(c.W[o.a&frameMask])))
	return o.next()
}

func popcnt64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.OnesCount64(c.W[o.a&frameMask]))
	return o.next()
}

func bswap32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(bits.ReverseBytes32(uint32(c.W[o.a&frameMask])))
	return o.next()
}

func bswap64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = bits.ReverseBytes64(c.W[o.a&frameMask])
	return o.next()
}

func extract32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = (c.W[o.a&frameMask] >> (o.aux & 63)) & (1<<o.sub - 1)
	return o.next()
}

func extract64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = (c.W[o.a&frameMask] >> (o.aux & 63)) & (1<<o.sub - 1)
	return o.next()
}

func deposit32(c *vcpu.CPU, o *op) *op {
	m := uint64(1<<o.sub-1) << (o.aux & 63)
	c.W[o.d&frameMask] = c.W[o.a&frameMask]&^m | c.W[o.b&frameMask]<<(o.aux&63)&m
	return o.next()
}

func deposit32i(c *vcpu.CPU, o *op) *op {
	m := uint64(1<<o.sub-1) << (o.aux & 63)
	c.W[o.d&frameMask] = c.W[o.a&frameMask]&^m | o.imm<<(o.aux&63)&m
	return o.next()
}

func deposit64(c *vcpu.CPU, o *op) *op {
	m := uint64(1<<o.sub-1) << (o.aux & 63)
	c.W[o.d&frameMask] = c.W[o.a&frameMask]&^m | c.W[o.b&frameMask]<<(o.aux&63)&m
	return o.next()
}

func deposit64i(c *vcpu.CPU, o *op) *op {
	m := uint64(1<<o.sub-1) << (o.aux & 63)
	c.W[o.d&frameMask] = c.W[o.a&frameMask]&^m | o.imm<<(o.aux&63)&m
	return o.next()
}

func select32(c *vcpu.CPU, o *op) *op {
	v := c.W[o.b&frameMask]
	if c.W[o.a&frameMask] == 0 {
		v = c.W[o.c&frameMask]
	}
	c.W[o.d&frameMask] = uint64(uint32(v))
	return o.next()
}

func select64(c *vcpu.CPU, o *op) *op {
	v := c.W[o.b&frameMask]
	if c.W[o.a&frameMask] == 0 {
		v = c.W[o.c&frameMask]
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func mulHigh(a, b uint64) uint64 {
	h, _ := bits.Mul64(a, b)
	return h
}

func mulHighSigned(a, b uint64) uint64 {
	h, _ := bits.Mul64(a, b)
	if int64(a) < 0 {
		h -= b
	}
	if int64(b) < 0 {
		h -= a
	}
	return h
}

// extFns holds the extensions by [signed][from type][64 bits].
var extFns = [2][4][2]fn{
	{{zext8, zext8}, {zext16, zext16}, {zext32, zext32}, {mov64a, mov64a}},
	{{sext8to32, sext8to64}, {sext16to32, sext16to64}, {zext32, sext32to64}, {mov64a, mov64a}},
}

func zext8(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint8(c.W[o.a&frameMask]))
	return o.next()
}

func zext16(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint16(c.W[o.a&frameMask]))
	return o.next()
}

func zext32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(c.W[o.a&frameMask]))
	return o.next()
}

func sext8to32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(int8(c.W[o.a&frameMask])))
	return o.next()
}

func sext16to32(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(uint32(int16(c.W[o.a&frameMask])))
	return o.next()
}

func sext8to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int8(c.W[o.a&frameMask]))
	return o.next()
}

func sext16to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int16(c.W[o.a&frameMask]))
	return o.next()
}

func sext32to64(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = uint64(int32(c.W[o.a&frameMask]))
	return o.next()
}

func mov64a(c *vcpu.CPU, o *op) *op {
	c.W[o.d&frameMask] = c.W[o.a&frameMask]
	return o.next()
}

package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// condFns holds comparisons by [branches][condition][64 bits][B is a constant].
var condFns = [2][ir.NumConds][2][2]fn{
	{
		ir.Eq:     {{setEq32, setEq32i}, {setEq64, setEq64i}},
		ir.Ne:     {{setNe32, setNe32i}, {setNe64, setNe64i}},
		ir.LtU:    {{setLtU32, setLtU32i}, {setLtU64, setLtU64i}},
		ir.GeU:    {{setGeU32, setGeU32i}, {setGeU64, setGeU64i}},
		ir.LeU:    {{setLeU32, setLeU32i}, {setLeU64, setLeU64i}},
		ir.GtU:    {{setGtU32, setGtU32i}, {setGtU64, setGtU64i}},
		ir.LtS:    {{setLtS32, setLtS32i}, {setLtS64, setLtS64i}},
		ir.GeS:    {{setGeS32, setGeS32i}, {setGeS64, setGeS64i}},
		ir.LeS:    {{setLeS32, setLeS32i}, {setLeS64, setLeS64i}},
		ir.GtS:    {{setGtS32, setGtS32i}, {setGtS64, setGtS64i}},
		ir.TestEq: {{setTestEq32, setTestEq32i}, {setTestEq64, setTestEq64i}},
		ir.TestNe: {{setTestNe32, setTestNe32i}, {setTestNe64, setTestNe64i}},
	},
	{
		ir.Eq:     {{brEq32, brEq32i}, {brEq64, brEq64i}},
		ir.Ne:     {{brNe32, brNe32i}, {brNe64, brNe64i}},
		ir.LtU:    {{brLtU32, brLtU32i}, {brLtU64, brLtU64i}},
		ir.GeU:    {{brGeU32, brGeU32i}, {brGeU64, brGeU64i}},
		ir.LeU:    {{brLeU32, brLeU32i}, {brLeU64, brLeU64i}},
		ir.GtU:    {{brGtU32, brGtU32i}, {brGtU64, brGtU64i}},
		ir.LtS:    {{brLtS32, brLtS32i}, {brLtS64, brLtS64i}},
		ir.GeS:    {{brGeS32, brGeS32i}, {brGeS64, brGeS64i}},
		ir.LeS:    {{brLeS32, brLeS32i}, {brLeS64, brLeS64i}},
		ir.GtS:    {{brGtS32, brGtS32i}, {brGtS64, brGtS64i}},
		ir.TestEq: {{brTestEq32, brTestEq32i}, {brTestEq64, brTestEq64i}},
		ir.TestNe: {{brTestNe32, brTestNe32i}, {brTestNe64, brTestNe64i}},
	},
}

func setEq32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) == uint32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brEq32(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) == uint32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setEq32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) == uint32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brEq32i(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) == uint32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setEq64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] == c.W[o.b&frameMask] {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brEq64(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] == c.W[o.b&frameMask] {
		return o.ext.target
	}
	return o.next()
}

func setEq64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] == o.imm {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brEq64i(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] == o.imm {
		return o.ext.target
	}
	return o.next()
}

func setNe32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) != uint32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brNe32(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) != uint32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setNe32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) != uint32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brNe32i(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) != uint32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setNe64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] != c.W[o.b&frameMask] {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brNe64(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] != c.W[o.b&frameMask] {
		return o.ext.target
	}
	return o.next()
}

func setNe64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] != o.imm {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brNe64i(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] != o.imm {
		return o.ext.target
	}
	return o.next()
}

func setLtU32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) < uint32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLtU32(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) < uint32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setLtU32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) < uint32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLtU32i(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) < uint32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setLtU64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] < c.W[o.b&frameMask] {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLtU64(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] < c.W[o.b&frameMask] {
		return o.ext.target
	}
	return o.next()
}

func setLtU64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] < o.imm {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLtU64i(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] < o.imm {
		return o.ext.target
	}
	return o.next()
}

func setGeU32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) >= uint32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGeU32(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) >= uint32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setGeU32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) >= uint32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGeU32i(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) >= uint32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setGeU64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] >= c.W[o.b&frameMask] {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGeU64(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] >= c.W[o.b&frameMask] {
		return o.ext.target
	}
	return o.next()
}

func setGeU64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] >= o.imm {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGeU64i(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] >= o.imm {
		return o.ext.target
	}
	return o.next()
}

func setLeU32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) <= uint32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLeU32(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) <= uint32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setLeU32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) <= uint32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLeU32i(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) <= uint32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setLeU64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] <= c.W[o.b&frameMask] {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLeU64(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] <= c.W[o.b&frameMask] {
		return o.ext.target
	}
	return o.next()
}

func setLeU64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] <= o.imm {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLeU64i(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] <= o.imm {
		return o.ext.target
	}
	return o.next()
}

func setGtU32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) > uint32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGtU32(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) > uint32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setGtU32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask]) > uint32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGtU32i(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask]) > uint32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setGtU64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] > c.W[o.b&frameMask] {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGtU64(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] > c.W[o.b&frameMask] {
		return o.ext.target
	}
	return o.next()
}

func setGtU64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask] > o.imm {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGtU64i(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask] > o.imm {
		return o.ext.target
	}
	return o.next()
}

func setLtS32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int32(c.W[o.a&frameMask]) < int32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLtS32(c *vcpu.CPU, o *op) *op {
	if int32(c.W[o.a&frameMask]) < int32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setLtS32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int32(c.W[o.a&frameMask]) < int32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLtS32i(c *vcpu.CPU, o *op) *op {
	if int32(c.W[o.a&frameMask]) < int32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setLtS64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int64(c.W[o.a&frameMask]) < int64(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLtS64(c *vcpu.CPU, o *op) *op {
	if int64(c.W[o.a&frameMask]) < int64(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setLtS64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int64(c.W[o.a&frameMask]) < int64(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLtS64i(c *vcpu.CPU, o *op) *op {
	if int64(c.W[o.a&frameMask]) < int64(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setGeS32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int32(c.W[o.a&frameMask]) >= int32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGeS32(c *vcpu.CPU, o *op) *op {
	if int32(c.W[o.a&frameMask]) >= int32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setGeS32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int32(c.W[o.a&frameMask]) >= int32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGeS32i(c *vcpu.CPU, o *op) *op {
	if int32(c.W[o.a&frameMask]) >= int32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setGeS64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int64(c.W[o.a&frameMask]) >= int64(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGeS64(c *vcpu.CPU, o *op) *op {
	if int64(c.W[o.a&frameMask]) >= int64(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setGeS64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int64(c.W[o.a&frameMask]) >= int64(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGeS64i(c *vcpu.CPU, o *op) *op {
	if int64(c.W[o.a&frameMask]) >= int64(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setLeS32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int32(c.W[o.a&frameMask]) <= int32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLeS32(c *vcpu.CPU, o *op) *op {
	if int32(c.W[o.a&frameMask]) <= int32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setLeS32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int32(c.W[o.a&frameMask]) <= int32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLeS32i(c *vcpu.CPU, o *op) *op {
	if int32(c.W[o.a&frameMask]) <= int32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setLeS64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int64(c.W[o.a&frameMask]) <= int64(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLeS64(c *vcpu.CPU, o *op) *op {
	if int64(c.W[o.a&frameMask]) <= int64(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setLeS64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int64(c.W[o.a&frameMask]) <= int64(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brLeS64i(c *vcpu.CPU, o *op) *op {
	if int64(c.W[o.a&frameMask]) <= int64(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setGtS32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int32(c.W[o.a&frameMask]) > int32(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGtS32(c *vcpu.CPU, o *op) *op {
	if int32(c.W[o.a&frameMask]) > int32(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setGtS32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int32(c.W[o.a&frameMask]) > int32(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGtS32i(c *vcpu.CPU, o *op) *op {
	if int32(c.W[o.a&frameMask]) > int32(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setGtS64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int64(c.W[o.a&frameMask]) > int64(c.W[o.b&frameMask]) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGtS64(c *vcpu.CPU, o *op) *op {
	if int64(c.W[o.a&frameMask]) > int64(c.W[o.b&frameMask]) {
		return o.ext.target
	}
	return o.next()
}

func setGtS64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if int64(c.W[o.a&frameMask]) > int64(o.imm) {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brGtS64i(c *vcpu.CPU, o *op) *op {
	if int64(c.W[o.a&frameMask]) > int64(o.imm) {
		return o.ext.target
	}
	return o.next()
}

func setTestEq32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask])&uint32(c.W[o.b&frameMask]) == 0 {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brTestEq32(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask])&uint32(c.W[o.b&frameMask]) == 0 {
		return o.ext.target
	}
	return o.next()
}

func setTestEq32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask])&uint32(o.imm) == 0 {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brTestEq32i(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask])&uint32(o.imm) == 0 {
		return o.ext.target
	}
	return o.next()
}

func setTestEq64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask]&c.W[o.b&frameMask] == 0 {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brTestEq64(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask]&c.W[o.b&frameMask] == 0 {
		return o.ext.target
	}
	return o.next()
}

func setTestEq64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask]&o.imm == 0 {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brTestEq64i(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask]&o.imm == 0 {
		return o.ext.target
	}
	return o.next()
}

func setTestNe32(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask])&uint32(c.W[o.b&frameMask]) != 0 {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brTestNe32(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask])&uint32(c.W[o.b&frameMask]) != 0 {
		return o.ext.target
	}
	return o.next()
}

func setTestNe32i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if uint32(c.W[o.a&frameMask])&uint32(o.imm) != 0 {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brTestNe32i(c *vcpu.CPU, o *op) *op {
	if uint32(c.W[o.a&frameMask])&uint32(o.imm) != 0 {
		return o.ext.target
	}
	return o.next()
}

func setTestNe64(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask]&c.W[o.b&frameMask] != 0 {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brTestNe64(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask]&c.W[o.b&frameMask] != 0 {
		return o.ext.target
	}
	return o.next()
}

func setTestNe64i(c *vcpu.CPU, o *op) *op {
	v := uint64(0)
	if c.W[o.a&frameMask]&o.imm != 0 {
		v = 1
	}
	c.W[o.d&frameMask] = v
	return o.next()
}

func brTestNe64i(c *vcpu.CPU, o *op) *op {
	if c.W[o.a&frameMask]&o.imm != 0 {
		return o.ext.target
	}
	return o.next()
}

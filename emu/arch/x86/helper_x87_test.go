package x86

import (
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
	"panda/emu/x87"
)

// newX87 is a CPU with 1.25 and 2.5 on the x87 stack.
func newX87() *vcpu.CPU {
	c := &vcpu.CPU{}
	initFPU(&c.W)
	var f fpu
	f.open(c, 0)
	f.push(softfloat.F80{Man: 5 << 61, SE: 0x4000})
	f.push(softfloat.F80{Man: 5 << 61, SE: 0x3fff})
	return c
}

// x87Calls are what blocks do for common instructions, each without an effect
// on the depth of the stack.
var x87Calls = []struct {
	name string
	run  func(c *vcpu.CPU)
}{
	{"fld m64, fstp m64", func(c *vcpu.CPU) {
		helpFpush(c, uint64(x87.F64.How(0, 0, 0, 0)), 0x3ff4000000000001, 0)
		helpFstore(c, uint64(x87.F64.How(0, 0, 0, 1)), 0, 0)
		helpFstored(c, 0, 0, 0)
	}},
	{"fadd", func(c *vcpu.CPU) { helpFarith(c, uint64(x87.Reg.How(uint8(softfloat.OpAdd), 1, 0, 0)), 0, 0) }},
	{"fmul m64", func(c *vcpu.CPU) {
		helpFarith(c, uint64(x87.F64.How(uint8(softfloat.OpMul), 0, 0, 0)), 0x3ff0000000000001, 0)
	}},
	{"fxch", func(c *vcpu.CPU) { helpFxch(c, uint64(x87.Reg.How(0, 0, 1, 0)), 0, 0) }},
	{"fucomi", func(c *vcpu.CPU) { helpFcomi(c, uint64(x87.Reg.How(x87.Quiet, 0, 1, 0)), 0, 0) }},
	{"fcom", func(c *vcpu.CPU) { helpFcom(c, uint64(x87.Reg.How(x87.Signal, 0, 1, 0)), 0, 0) }},
	{"fchs", func(c *vcpu.CPU) { helpFunary(c, uint64(x87.Reg.How(x87.Chs, 0, 0, 0)), 0, 0) }},
	{"fcmov", func(c *vcpu.CPU) { helpFcmov(c, uint64(x87.Reg.How(0, 0, 1, 0)), 1, 0) }},
	{"fsin", func(c *vcpu.CPU) { helpFunary(c, uint64(x87.Reg.How(fnSin, 0, 0, 0)), 0, 0) }},
	{"fprem", func(c *vcpu.CPU) { helpFbinary(c, uint64(x87.Reg.How(fnPrem, 0, 0, 0)), 0, 0) }},
	{"fpatan", func(c *vcpu.CPU) {
		helpFbinary(c, uint64(x87.Reg.How(fnPatan, 1, 0, 1)), 0, 0)
		helpFpush(c, uint64(x87.Const.How(uint8(softfloat.ConstPi), 0, 0, 0)), 0, 0)
	}},
	{"fxtract", func(c *vcpu.CPU) {
		helpFpair(c, uint64(x87.Reg.How(fnXtract, 0, 0, 0)), 0, 0)
		helpFset(c, uint64(x87.Reg.How(x87.Checked, 1, 0, 1)), 0, 0)
	}},
}

func BenchmarkX87(b *testing.B) {
	for _, x := range x87Calls {
		b.Run(x.name, func(b *testing.B) {
			c := newX87()
			for b.Loop() {
				x.run(c)
			}
		})
	}
}

// An fpu must stay on the Go stack.
func TestX87Allocates(t *testing.T) {
	for _, x := range x87Calls {
		c := newX87()
		if n := testing.AllocsPerRun(100, func() { x.run(c) }); n != 0 {
			t.Errorf("%s allocates %v times", x.name, n)
		}
		if c.W[regs.FSW]&fswSF != 0 {
			t.Errorf("%s had a stack fault", x.name)
		}
	}
}

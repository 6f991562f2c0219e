package emutest

import (
	"math/bits"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// TestFlagForms runs PUSHFQ; POP RAX; SETB CL in blocks that begin with flags of
// every form, which they do not know, and compares with what the form means.
func TestFlagForms(t *testing.T) {
	const code, stack = 0x10000, 0x20000
	m := NewBare(t, 64, "max")
	m.Map(t, code, 4096, guest.Read|guest.Exec)
	m.Map(t, stack, 4096, guest.Read|guest.Write)
	m.Write(t, code, []byte{0x9c, 0x58, 0x0f, 0x92, 0xc1})
	values := []uint64{0, 1, 0x7f, 0x80, 0xff, 0x8000, 0x7fff_ffff, 0xdead_beef_8000_0000, 1 << 63, ^uint64(0)}
	for cc := regs.CCFlags; cc < regs.NumCC; cc++ {
		if cc > regs.CCFlags && cc < regs.CCAdd { // it has no sizes
			continue
		}
		for n := range len(values) * len(values) {
			w := &m.CPU.W
			w[regs.CCDst], w[regs.CCSrc] = values[n%len(values)], values[n/len(values)]
			switch cc.Form() {
			case regs.CCFlags:
				w[regs.CCSrc] &= regs.Arith
			case regs.CCMul, regs.CCCarry:
				w[regs.CCSrc] &= 1
			}
			w[regs.CCSrc2], w[regs.CCCF] = uint64(n&1), values[n%7]
			for _, own := range []regs.CC{0, regs.OwnCF} {
				w[regs.CCOp] = uint64(cc | own)
				want := regs.RFlags(w)
				w[regs.RSP] = stack + 64
				m.CPU.SetPC(code)
				m.Engine.Run(m.CPU, 3)
				if got := w[regs.RAX]; got != want || w[regs.RCX]&0xff != want&regs.CF {
					t.Fatalf("form %#x of %#x, %#x, %d, %#x: %#x, want %#x", cc|own, w[regs.CCDst], w[regs.CCSrc], w[regs.CCSrc2], w[regs.CCCF], got, want)
				}
			}
		}
	}
}

// TestEngineArithmetic runs Flags and the divisions on all combinations of
// operands in guest registers and constants, on the chosen engine.
func TestEngineArithmetic(t *testing.T) {
	b := NewBare(t, 64, "max")
	engine := backend(t, b.Guest.View(64))
	values := []uint64{1, 2, 3, 0x7f, 0x80, 0xffff_ff80, 0x7fff_ffff_ffff_ffff, 1 << 63, ^uint64(0) - 1}
	places := []ir.Ref{regs.RAX, regs.RDX, regs.RCX, regs.CCDst, regs.CCSrc, regs.CCSrc2}
	for _, c := range arithmetic {
		for n := range 60 {
			x := c
			x.D, x.A, x.B = places[n%6], places[n/3%6], places[n/5%6]
			if x.C != ir.None {
				x.C = places[n/7%6]
			}
			for i, r := range places {
				b.CPU.W[r] = values[(n*7+i*3)%len(values)]
			}
			runArithmetic(t, b.CPU, engine, &x)
		}
	}
}

// arithmetic is the operations to try; registers other than None are chosen.
var arithmetic = func() (all []ir.Insn) {
	for _, typ := range []ir.Type{ir.I32, ir.I64} {
		all = append(all, ir.Insn{Op: ir.DivU, Type: typ}, ir.Insn{Op: ir.RemU, Type: typ},
			ir.Insn{Op: ir.DivU, Type: typ, C: ir.None}, ir.Insn{Op: ir.RemU, Type: typ, C: ir.None},
			ir.Insn{Op: ir.DivS, Type: typ, C: ir.None}, ir.Insn{Op: ir.RemS, Type: typ, C: ir.None})
	}
	for typ := ir.I8; typ <= ir.I64; typ++ {
		for f := range uint8(ir.NumFlagOps) {
			all = append(all, ir.Insn{Op: ir.Flags, Type: typ, Aux: f, C: ir.None})
			if ir.FlagOp(f) != ir.FlagsAnd {
				all = append(all, ir.Insn{Op: ir.Flags, Type: typ, Aux: f})
			}
		}
	}
	return all
}()

// runArithmetic compares an operation, and for divisions the other half after
// it, with plain arithmetic.
func runArithmetic(t *testing.T, c *vcpu.CPU, e interface {
	Compile(b *ir.Block, tb *vcpu.TB) error
	Enter(c *vcpu.CPU, tb *vcpu.TB) any
}, i *ir.Insn,
) {
	t.Helper()
	word := func(r ir.Ref) uint64 {
		if r == ir.None {
			return 0
		}
		return c.W[r]
	}
	want, ok := arithmeticResult(i, word(i.A), word(i.B), word(i.C))
	if !ok {
		return
	}
	before := c.W
	var b ir.Builder
	b.Reset(0x1000, regs.TempBase)
	b.Mark(0x1000, 1, 0)
	first := b.Temp()
	b.Emit(ir.Insn{Op: i.Op, Type: i.Type, Aux: i.Aux, D: first, A: i.A, B: i.B, C: i.C})
	last := *i
	if half := map[ir.Op]ir.Op{ir.DivU: ir.RemU, ir.RemU: ir.DivU, ir.DivS: ir.RemS, ir.RemS: ir.DivS}; i.Op != ir.Flags {
		last.Op = half[i.Op]
	}
	other, _ := arithmeticResult(&last, word(i.A), word(i.B), word(i.C))
	b.Emit(last)
	b.MovTo(regs.R8, ir.I64, ir.W(first))
	b.Exit(ir.ExitEnd, 0x1001)
	if err := ir.Verify(&b.Block, regs.TempBase); err != nil {
		t.Fatal(err)
	}
	tb := &vcpu.TB{PC: 0x1000, Size: 1, Marks: b.Marks, Form: vcpu.Form{Limit: c.Limit}}
	if err := e.Compile(&b.Block, tb); err != nil {
		t.Fatal(err)
	}
	c.Left = 1
	if fault := e.Enter(c, tb); fault != nil {
		t.Fatal(fault)
	}
	text := ir.Format(&b.Block, i, nil)
	if got := c.W[regs.R8]; got != want {
		t.Fatalf("%s of %#x, %#x: %#x, want %#x", text, before[i.A], before[i.B], got, want)
	}
	if got := c.W[i.D]; got != other {
		t.Fatalf("%s, after it %s: %#x, want %#x", text, ir.Format(&b.Block, &last, nil), got, other)
	}
	for r := regs.RAX; r < regs.RIP; r++ {
		if r != i.D && r != regs.R8 && c.W[r] != before[r] {
			t.Fatalf("%s changed register %d", text, r)
		}
	}
}

// arithmeticResult reports false where the operation is not defined.
func arithmeticResult(i *ir.Insn, a, b, c uint64) (uint64, bool) {
	if i.Op == ir.Flags {
		return ir.FlagOp(i.Aux).Of(uint(8*i.Type.Bytes()), a, b, c&1), true
	}
	if i.Op == ir.DivS || i.Op == ir.RemS {
		x, y := int64(a), int64(b)
		if i.Type == ir.I32 {
			x, y = int64(int32(a)), int64(int32(b))
		}
		if y == 0 || y == -1 {
			return 0, false
		}
		r := uint64(x / y)
		if i.Op == ir.RemS {
			r = uint64(x % y)
		}
		if i.Type == ir.I32 {
			r = uint64(uint32(r))
		}
		return r, true
	}
	if i.Type == ir.I32 {
		a, b, c = uint64(uint32(a))|c<<32, uint64(uint32(b)), uint64(uint32(c))
		if c >= b {
			return 0, false
		}
		if i.Op == ir.DivU {
			return a / b, true
		}
		return a % b, true
	}
	if c >= b {
		return 0, false
	}
	q, r := bits.Div64(c, a, b)
	if i.Op == ir.RemU {
		return r, true
	}
	return q, true
}

package ir

import (
	"strings"
	"testing"

	"panda/emu/softfloat"
)

// TestFloatText prints every floating-point operation by every rule set, reads it
// back and verifies it.
func TestFloatText(t *testing.T) {
	for op := range NumVecOps {
		row := op.Row()
		if !row.FP {
			continue
		}
		for rules := range softfloat.NumRules {
			i := Insn{Op: Vec, Type: V128, Aux: uint8(op), Sub: 3, Rules: rules, D: 8, A: 0, B: None, C: 7, Imm: op.ImmBits()}
			if row.B != none {
				i.B = 4
			}
			b := &Block{Insns: []Insn{i, {Op: ExitTB, Aux: uint8(ExitHalt)}}}
			text := Print(b, nil)
			if !strings.Contains(text, row.Name+".3."+rules.String()+" ") {
				t.Errorf("no rules in %q", text)
			}
			back, err := Parse(text, nil, nil)
			if err != nil {
				t.Errorf("%v: %s", err, text)
				continue
			}
			if back.Insns[0] != i {
				t.Errorf("%+v printed and read is %+v", i, back.Insns[0])
			}
			if err := Verify(back, 16); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestFloatRefused has texts that are no operations, and operations that are none.
func TestFloatRefused(t *testing.T) {
	for text, want := range map[string]string{ // any order: each stands alone
		"vec.v128.fadd.3 t8, t0, t4, t7, $0x0":            "floating point has rules",
		"vec.v128.fadd.3.vax t8, t0, t4, t7, $0x0":        `no rules "vax"`,
		"vec.v128.add.3.sse t8, t0, t4, _, $0x0":          "floating point has rules",
		"vec.v128.fadd.3.arm t8, t0, t4, _, $0x0":         "no environment",
		"vec.v128.fadd.1.arm t8, t0, t4, t7, $0x0":        "or no such lanes",
		"vec.i32.fadd.3.arm t8, t0, t4, t7, $0x0":         "or no such lanes",
		"vec.v128.fadd.3.arm t8, t0, t4, t7, $0x1":        "no such variant",
		"vec.v128.f64toi64.3.arm t8, t0, _, t7, $0x8":     "no such variant", // silent
		"vec.v128.f64tof32.3.arm t8, t0, _, t7, $0x2":     "no such variant",
		"vec.v128.frecipstep.3.arm t8, t0, t4, t7, $0x2":  "no such variant",
		"vec.v128.i64tof64.3.arm t8, t0, _, t7, $0x10000": "no such variant",
	} {
		b, err := Parse(text+"\nexit_tb.halt $0x0", nil, nil)
		if err == nil {
			err = Verify(b, 16)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	odd := Insn{Op: Vec, Type: V128, Aux: uint8(VAdd), D: 8, A: 0, B: 4, C: None, Rules: softfloat.ARM}
	if err := Verify(&Block{Insns: []Insn{odd, {Op: ExitTB}}}, 16); err == nil {
		t.Error("an integer operation has rules")
	}
}

// TestCarryOfComplement holds the advice that Flags gives to architectures whose
// carry of a subtraction means "no borrow".
func TestCarryOfComplement(t *testing.T) {
	values := []uint64{0, 1, 2, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 63, 1<<63 - 1, ^uint64(0)}
	for _, n := range []uint{8, 16, 32, 64} {
		for i := range len(values) * len(values) {
			a, b := values[i%len(values)], values[i/len(values)]
			for carry := range uint64(2) {
				sub, add := FlagsSub.Of(n, a, b, 1-carry), FlagsAdd.Of(n, a, ^b, carry)
				if sub&CF == add&CF || (sub^add)&(ZF|SF|OF) != 0 {
					t.Errorf("%d bits, %#x - %#x with carry %d: %#x and %#x", n, a, b, carry, sub, add)
				}
			}
		}
	}
}

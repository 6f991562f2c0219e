package amd64

import (
	"strings"
	"testing"

	"panda/emu/arch/x86/dec"
	"panda/emu/host"
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/vcpu"
)

// TestWithout: what the host lacks is left to the interpreter, and nothing else.
func TestWithout(t *testing.T) {
	all := host.Features{AES: true, PCLMULQDQ: true}
	for _, x := range []struct {
		op, insn string
		lacking  host.Features
	}{
		{"aesenc", "vaesenc", host.Features{PCLMULQDQ: true}},
		{"aeskey", "vaeskeygenassist", host.Features{PCLMULQDQ: true}},
		{"clmul", "vpclmulqdq", host.Features{AES: true}},
	} {
		for _, f := range []host.Features{all, x.lacking} {
			b := "_"
			if x.op != "aeskey" {
				b = "t2"
			}
			code := lowered(t, "vec.v128."+x.op+".0 t16, t0, "+b+", _, $0x0\nexit_tb.end $0x2000", f)
			if has := strings.Contains(code, x.insn); has != (f == all) {
				t.Errorf("%s with %+v:\n%s", x.op, f, code)
			}
		}
	}
}

// lowered is the machine code of a block, as text.
func lowered(t *testing.T, text string, f host.Features) string {
	t.Helper()
	b, err := ir.Parse("block 0x1000\ninsn $0x0\n"+text, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	tg := New(&vcpu.Arch{TempBase: 16, Vec: 16})
	tg.without(f)
	tg.Prologue(0)
	var u jit.Unit
	u.Reset(b, &vcpu.TB{PC: 0x1000, Size: 1, Marks: b.Marks, Form: vcpu.Form{Limit: 1 << 40}}, 1<<20)
	if err := tg.Lower(&u); err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	for code := u.Code; len(code) > 0; {
		var in dec.Inst
		if err := dec.Decode(&in, code, dec.Mode64); err != nil {
			t.Fatalf("% x: %v", code, err)
		}
		s.WriteString(dec.Text(&in, 0, nil) + "\n")
		code = code[in.Len:]
	}
	return s.String()
}

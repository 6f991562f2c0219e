package ir

import "testing"

// TestFlags holds results that the manual gives or that follow from it.
func TestFlags(t *testing.T) {
	const high = 0xdeadbeef_00000000 // above the operands: of no account
	for _, c := range []struct {
		op      FlagOp
		n       uint
		a, b, c uint64
		want    uint64
	}{
		{FlagsAdd, 8, 0xff, 1, 0, CF | PF | AF | ZF},
		{FlagsAdd, 8, 0x7f, high, 1, AF | SF | OF},
		{FlagsAdd, 16, high | 0xffff, high | 0xffff, 1, CF | PF | AF | SF},
		{FlagsAdd, 32, 1 << 31, high | 1<<31, 0, CF | PF | ZF | OF},
		{FlagsAdd, 64, 1 << 63, 1 << 63, 1, CF | OF},
		{FlagsSub, 8, 0x180, 1, 0, AF | OF},
		{FlagsSub, 16, 5, high | 5, 0, PF | ZF},
		{FlagsSub, 32, high, high | 0xffffffff, 1, CF | PF | AF | ZF},
		{FlagsSub, 64, 0, 1, 0, CF | PF | AF | SF},
		{FlagsAnd, 8, 0x180, 0xff, 0, SF},
		{FlagsAnd, 64, high, 0xf, 0, PF | ZF},
	} {
		if got := c.op.Of(c.n, c.a, c.b, c.c); got != c.want {
			t.Errorf("%s of %d bits: %#x, %#x, %d: %#x, want %#x", c.op, c.n, c.a, c.b, c.c, got, c.want)
		}
	}
}

// TestText reads and prints operations with details, and refuses wrong ones.
func TestText(t *testing.T) {
	const head = "block 0x1000\n\tinsn $0x0\n"
	const tail = "\tgoto_tb.0 $0x1001\n"
	for _, line := range []string{
		"flags.i8.add t16, t0, t1, _",
		"flags.i64.sub t16, t0, $0x5, t2",
		"flags.i16.and t16, t0, t0, _",
		"divu.i64 t2, t0, t1, t2", "remu.i32 t2, t0, t1, _", "divs.i64 t2, t0, t1", "rems.i32 t2, t0, t1",
	} {
		text := head + "\t" + line + "\n" + tail
		b, err := Parse(text, nil, nil)
		if err == nil {
			err = Verify(b, 16)
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if again := Print(b, nil); again != text {
			t.Errorf("printed again:\n%s\nfirst:\n%s", again, text)
		}
	}
	for _, line := range []string{
		"flags.i8.mul t16, t0, t1, _", "flags.v128.add t16, t0, t1, _", "flags.i8.add t16, _, t1, _",
		"divs.i64 t2, t0, $0x1", "divu.i64 t2, _, t1, t0",
	} {
		b, err := Parse(head+"\t"+line+"\n"+tail, nil, nil)
		if err == nil {
			err = Verify(b, 16)
		}
		if err == nil {
			t.Errorf("%s: nobody minds", line)
		}
	}
}

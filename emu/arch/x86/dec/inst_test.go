package dec

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func decodeHex(t *testing.T, code string, mode Mode) *Inst {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(code, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	in := new(Inst)
	if err := Decode(in, b, mode); err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return in
}

// operands spells out what a translator reads: name, operand size and each
// operand's kind, number, size and width or value.
func operands(in *Inst) string {
	s := fmt.Sprintf("%s o%d", in.Row.Name, in.OpSize)
	for _, a := range in.Args[:in.N] {
		switch a.Kind {
		case MemArg:
			side := ""
			if a.Reg == MemDI {
				side = "di"
			}
			s += fmt.Sprintf(" m%s:%d", side, a.Size)
		case ImmArg, RelArg, FarArg:
			s += fmt.Sprintf(" %s:%d=%d", map[Kind]string{ImmArg: "i", RelArg: "j", FarArg: "f"}[a.Kind], a.Size, a.Imm)
		case XMM:
			s += fmt.Sprintf(" x%d:%d/%d", a.Reg, a.Size, a.Width)
		default:
			kind := map[Kind]string{GPR: "r", GPRH: "h", SegReg: "s", CtlReg: "c", DbgReg: "d", STReg: "st", MMReg: "mm"}[a.Kind]
			s += fmt.Sprintf(" %s%d:%d", kind, a.Reg, a.Size)
		}
	}
	return s
}

func TestOperands(t *testing.T) {
	for _, c := range []struct {
		code string
		mode Mode
		want string
	}{
		{"a4", 64, "movs o4 mdi:1 m:1"},
		{"48 a7", 64, "cmps o8 m:8 mdi:8"},
		{"66 ab", 64, "stos o2 mdi:2 r0:2"},
		{"6e", 64, "outs o4 r2:2 m:1"},
		{"48 6d", 64, "ins o8 mdi:4 r2:2"},
		{"88 e0", 64, "mov o4 r0:1 h0:1"},
		{"40 88 e0", 64, "mov o4 r0:1 r4:1"},
		{"6a fe", 64, "push o8 i:8=-2"},
		{"66 6a fe", 64, "push o2 i:2=-2"},
		{"68 00 00 00 80", 64, "push o8 i:8=-2147483648"},
		{"83 c0 ff", 64, "add o4 r0:4 i:4=-1"},
		{"04 ff", 64, "add o4 r0:1 i:1=255"},
		{"c2 f0 ff", 64, "ret o8 i:2=65520"},
		{"eb fe", 64, "jmp o8 j:8=-2"},
		{"66 e8 00 00 00 80", 64, "call o8 j:8=-2147483648"},
		{"e8 00 80", 16, "call o2 j:2=-32768"},
		{"9a 78 56 34 12 10 00", 32, "callf o4 f:4=305419896"},
		{"d1 e0", 64, "shl o4 r0:4 i:1=1"},
		{"0f 20 d8", 64, "movcr o4 r0:8 c3:8"},
		{"0f 23 f8", 32, "movdr o4 d7:4 r0:4"},
		{"8e d8", 64, "movseg o4 s3:2 r0:4"},
		{"8c 00", 64, "movseg o4 m:2 s0:2"},
		{"0f 01 10", 64, "lgdt o8 m:0"},
		{"8d 00", 64, "lea o4 r0:4 m:0"},
		{"ff 28", 64, "jmpf o4 m:6"},
		{"62 00", 32, "bound o4 r0:4 m:8"},
		{"f3 0f 58 c1", 64, "addss o4 x0:16/4 x1:16/4"},
		{"66 0f fe 00", 64, "paddd o4 x0:16/16 m:16"},
		{"0f fe c1", 64, "paddd o4 mm0:8 mm1:8"},
		{"66 0f 7e c1", 64, "movd o4 r1:4 x0:16/4"},
		{"66 48 0f 7e c1", 64, "movq o8 r1:8 x0:16/8"},
		{"0f 5a c1", 64, "cvtps2pd o4 x0:16/16 x1:16/8"},
		{"c5 fc 58 c1", 64, "vaddps o4 x0:32/32 x0:32/32 x1:32/32"},
		{"c5 fc 5a c1", 64, "vcvtps2pd o4 x0:32/32 x1:16/16"},
		{"c4 e2 7d 32 c1", 64, "vpmovzxbq o4 x0:32/32 x1:16/4"},
		{"c4 e2 7d 18 00", 64, "vbroadcastss o4 x0:32/32 m:4"},
		{"d8 c1", 64, "fadd o4 st0:10 st1:10"},
		{"db 28", 64, "fld o4 m:10"},
		{"0f c7 08", 64, "cmpxchg8b o4 m:8"},
		{"f3 0f b8 c1", 64, "popcnt o4 r0:4 r1:4"},
		{"66 0f 3a 14 c0 01", 64, "pextrb o4 r0:4 x0:16/16 i:1=1"},
		{"66 0f 3a 14 00 01", 64, "pextrb o4 m:1 x0:16/16 i:1=1"},
	} {
		if got := operands(decodeHex(t, c.code, c.mode)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.code, got, c.want)
		}
	}
}

func TestMem(t *testing.T) {
	const none = RegNone
	for _, c := range []struct {
		code string
		mode Mode
		want Mem
	}{
		{"8b 44 8d f0", 64, Mem{SegSS, 5, 1, 2, 0, -16}},
		{"8b 04 24", 64, Mem{SegSS, 4, none, 0, 0, 0}},
		{"41 8b 04 24", 64, Mem{SegDS, 12, none, 0, 0, 0}},
		{"41 8b 45 00", 64, Mem{SegDS, 13, none, 0, 0, 0}},
		{"42 8b 04 e0", 64, Mem{SegDS, 0, 12, 3, 0, 0}},
		{"8b 04 25 f0 ff ff ff", 64, Mem{SegDS, none, none, 0, 0, -16}},
		{"8b 05 10 00 00 00", 64, Mem{SegDS, RegIP, none, 0, 0, 16}},
		{"8b 05 10 00 00 00", 32, Mem{SegDS, none, none, 0, 0, 16}},
		{"64 8b 00", 64, Mem{SegFS, 0, none, 0, 0, 0}},
		{"26 8b 00", 64, Mem{SegDS, 0, none, 0, 0, 0}},
		{"64 2e 8b 00", 64, Mem{SegFS, 0, none, 0, 0, 0}},
		{"26 8b 00", 32, Mem{SegES, 0, none, 0, 0, 0}},
		{"8b 42 fe", 16, Mem{SegSS, 5, 6, 0, 0, -2}},
		{"8b 06 34 92", 16, Mem{SegDS, none, none, 0, 0, -0x6dcc}},
		{"a1 34 92", 16, Mem{SegDS, none, none, 0, 0, 0x9234}},
		{"65 a1 00 00 00 00 00 00 00 80", 64, Mem{SegGS, none, none, 0, 0, -1 << 63}},
		{"64 a4", 64, Mem{SegFS, 6, none, 0, 0, 0}},
		{"a6", 32, Mem{SegDS, 6, none, 0, 0, 0}},
		{"64 aa", 64, Mem{SegES, 7, none, 0, 0, 0}},
		{"65 d7", 64, Mem{SegGS, 3, none, 0, 0, 0}},
		{"64 66 0f f7 c1", 64, Mem{SegFS, 7, none, 0, 0, 0}},
		{"0f 01 c8", 64, Mem{SegDS, 0, none, 0, 0, 0}},
		{"c4 e2 ed 92 04 a5 00 10 00 00", 64, Mem{SegDS, none, 4, 2, 16, 0x1000}},
	} {
		if got := decodeHex(t, c.code, c.mode).Mem; got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.code, got, c.want)
		}
	}
}

func TestInstFields(t *testing.T) {
	in := decodeHex(t, "f0 48 0f b1 0e", Mode64)
	if in.Prefix != Lock|RexPrefix|RexW || in.Opcode != 0xb1 || in.ModRM != 0x0e || in.AddrSize != 8 {
		t.Errorf("cmpxchg: %+v", in)
	}
	in = decodeHex(t, "67 c4 42 f5 92 04 e3", Mode64)
	if in.Prefix != AddrSize67|VexPrefix|RexW|RexR|RexB || in.VexL != 1 || in.AddrSize != 4 {
		t.Errorf("vgatherdpd: %+v", in)
	}
	in = decodeHex(t, "0f 8c 00 00 00 00", Mode64)
	if in.Opcode&15 != 12 || in.Next(0x10) != 0x16 || in.Target(0x10, &in.Args[0]) != 0x16 {
		t.Errorf("jl: %+v", in)
	}
	if in := decodeHex(t, "6e", Mode64); in.ElemSize() != 1 {
		t.Errorf("outsb: element of %d", in.ElemSize())
	}
	if in := decodeHex(t, "eb fe", Mode32); in.Target(0xffff_ffff, &in.Args[0]) != 0xffff_ffff {
		t.Error("jmp does not wrap in 32-bit mode")
	}
}

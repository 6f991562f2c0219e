package softfloat

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestARMVectors holds the rules of ARM against what QEMU's Cortex-A, which owes
// this room nothing, makes of operands at corners: testdata/armfp.c prints them.
// Another file of such lines is taken from the environment's ARMFP.
func TestARMVectors(t *testing.T) {
	name := "testdata/arm.txt"
	if other := os.Getenv("ARMFP"); other != "" {
		name = other
	}
	seen := map[string]bool{}
	lines := armLines(t, name, func(line, op, got, want string) bool {
		seen[op] = true
		if got != want {
			t.Errorf("%s: got %s", line, got)
		}
		return true
	})
	if len(seen) != len(armOps) || lines < 4000 {
		t.Errorf("%d lines, %d operations of %d", lines, len(seen), len(armOps))
	}
}

// TestARMVectorsDecide turns each of ARM's decisions around: the vectors must
// notice.
func TestARMVectorsDecide(t *testing.T) {
	r := &rulesRows[ARM]
	for n, d := range []*bool{
		&r.signalingFirst, &r.addendFirst, &r.invalidFirst, &r.negativeNaN, &r.tinyBefore, &r.denormalUsed, &r.flushInexact, &r.saturate, &r.ordered,
	} {
		*d = !*d
		wrong := false
		armLines(t, "testdata/arm.txt", func(_, _, got, want string) bool {
			wrong = wrong || got != want
			return !wrong
		})
		*d = !*d
		if !wrong {
			t.Errorf("decision %d makes no difference", n)
		}
	}
}

// armLines does the lines of a file until told to stop.
func armLines(t *testing.T, name string, each func(line, op, got, want string) bool) (lines int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); lines++ {
		w := strings.Fields(s.Text())
		if got, want := armLine(t, w); !each(s.Text(), w[0], got, want) {
			break
		}
	}
	return lines
}

// armLine does a line: operation, environment, operands, =, result and flags.
func armLine(t *testing.T, w []string) (got, want string) {
	t.Helper()
	op := armOps[w[0]]
	if op == nil {
		t.Fatalf("no operation %q", w[0])
	}
	var v [3]uint64
	n := 2
	for ; w[n] != "="; n++ {
		var err error
		if v[n-2], err = strconv.ParseUint(w[n], 16, 64); err != nil {
			t.Fatal(err)
		}
	}
	e := armEnv(w[1])
	r := op(&e, v[0], v[1], v[2])
	return strings.TrimSpace(strconv.FormatUint(r, 16) + " " + armFlags(e.Flags)), strings.Join(w[n+1:], " ")
}

func armEnv(s string) Env {
	flush := strings.Contains(s, "f")
	return Env{
		Rules: ARM, Masks: AllFlags, Round: Rounding(strings.IndexByte("nmpz", s[0])), DAZ: flush, FTZ: flush,
		DefaultNaN: strings.Contains(s, "d"), AltHalf: strings.Contains(s, "a"),
	}
}

// armFlags are the flags in the order of FPSR.
func armFlags(f Flags) (s string) {
	for _, x := range []struct {
		flag Flags
		name string
	}{{IE, "i"}, {ZE, "z"}, {OE, "o"}, {UE, "u"}, {PE, "x"}, {DE, "d"}} {
		if f&x.flag != 0 {
			s += x.name
		}
	}
	return s
}

type armOp func(e *Env, a, b, c uint64) uint64

func armBoth(name string, f32 func(*Env, uint32, uint32) uint32, f64 func(*Env, uint64, uint64) uint64) {
	armOps[name+"32"] = func(e *Env, a, b, _ uint64) uint64 { return uint64(f32(e, uint32(a), uint32(b))) }
	armOps[name+"64"] = func(e *Env, a, b, _ uint64) uint64 { return f64(e, a, b) }
}

func armOne(name string, f32 func(*Env, uint32) uint32, f64 func(*Env, uint64) uint64) {
	armBoth(name, func(e *Env, a, _ uint32) uint32 { return f32(e, a) }, func(e *Env, a, _ uint64) uint64 { return f64(e, a) })
}

// nzcv are the flags of a comparison by its relation (ARM ARM FPCompare).
var nzcv = [4]uint64{Less: 8, Equal: 6, Greater: 2, Unordered: 3}

var armOps = map[string]armOp{
	"fmadd32":  func(e *Env, a, b, c uint64) uint64 { return uint64(e.MulAdd32(uint32(a), uint32(b), uint32(c))) },
	"fmadd64":  (*Env).MulAdd64,
	"fcmp32":   func(e *Env, a, b, _ uint64) uint64 { return nzcv[e.Cmp32(uint32(a), uint32(b), false)] },
	"fcmp64":   func(e *Env, a, b, _ uint64) uint64 { return nzcv[e.Cmp64(a, b, false)] },
	"fcmpe32":  func(e *Env, a, b, _ uint64) uint64 { return nzcv[e.Cmp32(uint32(a), uint32(b), true)] },
	"fcmpe64":  func(e *Env, a, b, _ uint64) uint64 { return nzcv[e.Cmp64(a, b, true)] },
	"f16tof32": func(e *Env, a, _, _ uint64) uint64 { return uint64(e.F16ToF32(uint16(a))) },
	"f16tof64": func(e *Env, a, _, _ uint64) uint64 { return e.F16ToF64(uint16(a)) },
	"f32tof16": func(e *Env, a, _, _ uint64) uint64 { return uint64(e.F32ToF16(uint32(a), e.Round)) },
	"f64tof16": func(e *Env, a, _, _ uint64) uint64 { return uint64(e.F64ToF16(a, e.Round)) },
	"f32tof64": func(e *Env, a, _, _ uint64) uint64 { return e.F32ToF64(uint32(a)) },
	"f64tof32": func(e *Env, a, _, _ uint64) uint64 { return uint64(e.F64ToF32(a)) },
	"fcvtxn": func(e *Env, a, _, _ uint64) uint64 {
		e.Round = ToOdd
		return uint64(e.F64ToF32(a))
	},
	"vrecps":   func(e *Env, a, b, _ uint64) uint64 { return uint64(e.RecipStep32(uint32(a), uint32(b), false)) },
	"vrsqrts":  func(e *Env, a, b, _ uint64) uint64 { return uint64(e.RSqrtStep32(uint32(a), uint32(b), false)) },
	"vcvts16":  armToFixed(32, Fixed{Bits: 16, Frac: 4}, TowardZero),
	"vcvtu16":  armToFixed(32, Fixed{Bits: 16, Unsigned: true}, TowardZero),
	"vcvtfs16": armFromFixed(32, Fixed{Bits: 16, Frac: 4}),
	"vcvtfu16": armFromFixed(32, Fixed{Bits: 16, Unsigned: true, Frac: 16}),
}

func armToFixed(width int, to Fixed, m Rounding) armOp {
	return func(e *Env, a, _, _ uint64) uint64 {
		if width == 32 {
			return e.F32ToFixed(uint32(a), to, m)
		}
		return e.F64ToFixed(a, to, m)
	}
}

func armFromFixed(width int, from Fixed) armOp {
	return func(e *Env, a, _, _ uint64) uint64 {
		if width == 32 {
			return uint64(e.FixedToF32(a, from))
		}
		return e.FixedToF64(a, from)
	}
}

func init() {
	armBoth("fadd", (*Env).Add32, (*Env).Add64)
	armBoth("fsub", (*Env).Sub32, (*Env).Sub64)
	armBoth("fmul", (*Env).Mul32, (*Env).Mul64)
	armBoth("fmulx", (*Env).MulX32, (*Env).MulX64)
	armBoth("fdiv", (*Env).Div32, (*Env).Div64)
	armBoth("fmin", (*Env).Min32, (*Env).Min64)
	armBoth("fmax", (*Env).Max32, (*Env).Max64)
	armBoth("fminnm", (*Env).MinNum32, (*Env).MinNum64)
	armBoth("fmaxnm", (*Env).MaxNum32, (*Env).MaxNum64)
	armBoth("frecps", func(e *Env, a, b uint32) uint32 { return e.RecipStep32(a, b, true) },
		func(e *Env, a, b uint64) uint64 { return e.RecipStep64(a, b, true) })
	armBoth("frsqrts", func(e *Env, a, b uint32) uint32 { return e.RSqrtStep32(a, b, true) },
		func(e *Env, a, b uint64) uint64 { return e.RSqrtStep64(a, b, true) })
	armOne("fsqrt", (*Env).Sqrt32, (*Env).Sqrt64)
	armOne("frecpe", (*Env).RecipEstimate32, (*Env).RecipEstimate64)
	armOne("frsqrte", (*Env).RSqrtEstimate32, (*Env).RSqrtEstimate64)
	armOne("frintx", func(e *Env, a uint32) uint32 { return e.RoundInt32(a, e.Round, false) },
		func(e *Env, a uint64) uint64 { return e.RoundInt64(a, e.Round, false) })
	armOne("frinti", func(e *Env, a uint32) uint32 { return e.RoundInt32(a, e.Round, true) },
		func(e *Env, a uint64) uint64 { return e.RoundInt64(a, e.Round, true) })
	for m, name := range "nmpza" { // the first are numbered as roundings are
		armRounding(Rounding(m), string(name))
	}
	armScaled()
}

// armRounding adds what has the rounding in its name.
func armRounding(m Rounding, name string) {
	armOne("frint"+name, func(e *Env, a uint32) uint32 { return e.RoundInt32(a, m, true) },
		func(e *Env, a uint64) uint64 { return e.RoundInt64(a, m, true) })
	for _, sign := range "su" {
		u := sign == 'u'
		op := "fcvt" + name + string(sign)
		armOps[op+"_w_s"], armOps[op+"_x_s"] = armToFixed(32, Fixed{32, u, 0}, m), armToFixed(32, Fixed{64, u, 0}, m)
		armOps[op+"_w_d"], armOps[op+"_x_d"] = armToFixed(64, Fixed{32, u, 0}, m), armToFixed(64, Fixed{64, u, 0}, m)
	}
}

// armScaled adds conversions of fixed-point numbers, and from integers.
func armScaled() {
	for _, sign := range "su" {
		u := sign == 'u'
		to, from := "fcvtz"+string(sign), string(sign)+"cvtf"
		armOps[to+"_w_s_7"], armOps[to+"_x_s_64"] = armToFixed(32, Fixed{32, u, 7}, TowardZero), armToFixed(32, Fixed{64, u, 64}, TowardZero)
		armOps[to+"_w_d_32"], armOps[to+"_x_d_9"] = armToFixed(64, Fixed{32, u, 32}, TowardZero), armToFixed(64, Fixed{64, u, 9}, TowardZero)
		armOps[from+"_s_w"], armOps[from+"_s_x"] = armFromFixed(32, Fixed{32, u, 0}), armFromFixed(32, Fixed{64, u, 0})
		armOps[from+"_d_w"], armOps[from+"_d_x"] = armFromFixed(64, Fixed{32, u, 0}), armFromFixed(64, Fixed{64, u, 0})
		armOps[from+"_s_w_32"], armOps[from+"_s_x_5"] = armFromFixed(32, Fixed{32, u, 32}), armFromFixed(32, Fixed{64, u, 5})
		armOps[from+"_d_w_1"], armOps[from+"_d_x_64"] = armFromFixed(64, Fixed{32, u, 1}), armFromFixed(64, Fixed{64, u, 64})
	}
}

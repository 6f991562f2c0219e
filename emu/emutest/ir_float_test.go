package emutest

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"panda/emu/ir"
	"panda/emu/softfloat"
)

// floatLanes are the lanes that each floating-point operation has, as bits by log2
// of the bytes.
var floatLanes = func() map[ir.VecOp]uint8 {
	m := map[ir.VecOp]uint8{}
	for op := range ir.NumVecOps {
		if op.Row().FP {
			m[op] = 1<<2 | 1<<3
		}
	}
	for _, op := range []ir.VecOp{ir.VI32ToF32, ir.VF32ToI32, ir.VF16ToF32, ir.VF32ToF16} {
		m[op] = 1 << 2
	}
	for _, op := range []ir.VecOp{
		ir.VI64ToF32, ir.VI64ToF64, ir.VF32ToI64, ir.VF64ToI32, ir.VF64ToI64, ir.VF32ToF64, ir.VF64ToF32, ir.VF16ToF64, ir.VF64ToF16, ir.VI32ToF64,
	} {
		m[op] = 1 << 3
	}
	return m
}()

// irOperands are where float blocks have their operands, four words each, and
// irResult the result.
const (
	irOperands = irBase
	irResult   = irBase + 12
	irOwnEnv   = irBase + 16
)

// floatKind is what has been tried.
type floatKind struct {
	op    ir.VecOp
	rules softfloat.Rules
}

// floats makes a few operations, with operands at corners or of each other's
// making, in one environment: the host's, or any word by rules that the host has
// not.
func (g *irGen) floats() (kinds []floatKind) {
	env, rules := ir.Ref(irEnv), softfloat.NumRules
	if g.r.IntN(3) == 0 {
		env = irOwnEnv
	}
	value := g.environment()
	if g.r.IntN(2) == 0 {
		value |= g.r.Uint64() & (ir.EnvDefaultNaN | ir.EnvAltHalf)
		rules = softfloat.ARM
	}
	g.add(ir.Insn{Op: ir.Mov, Type: ir.I64, D: env, B: ir.Const, Imm: value})
	for n := range 1 + g.r.IntN(3) {
		i := g.float(env)
		if i.Rules = rules; rules == softfloat.NumRules {
			i.Rules = softfloat.Rules(g.r.IntN(int(rules)))
		}
		op := ir.VecOp(i.Aux)
		if !op.Row().FP {
			i.C, i.Rules = ir.None, 0
		}
		g.corners(op, i.Sub, n > 0)
		if n > 0 && g.r.IntN(3) == 0 {
			i.A = irResult
		}
		g.add(i)
		g.add(ir.Insn{Op: ir.Mov, Type: ir.I64, D: 1, B: env})
		for w := range ir.Ref(i.WordsD()) {
			g.add(ir.Insn{Op: ir.Mov, Type: ir.I64, D: 2 + w, B: irResult + w})
		}
		kinds = append(kinds, floatKind{op, i.Rules})
	}
	return kinds
}

// float is one operation.
func (g *irGen) float(env ir.Ref) ir.Insn {
	op := ir.VecOp(g.r.IntN(int(ir.NumVecOps)))
	for floatLanes[op] == 0 {
		op = ir.VecOp(g.r.IntN(int(ir.NumVecOps)))
	}
	i := ir.Insn{Op: ir.Vec, Aux: uint8(op), Sub: 2 + uint8(g.r.IntN(2)), D: irResult, A: irOperands, B: ir.None, C: env}
	for floatLanes[op]>>i.Sub&1 == 0 {
		i.Sub ^= 1
	}
	i.Type = []ir.Type{ir.IntType(1 << i.Sub), ir.V128, ir.V256}[g.r.IntN(3)]
	switch op {
	case ir.VFRelate: // of one lane alone
		i.Type = ir.IntType(1 << i.Sub)
	case ir.VFAddSub: // of pairs
		i.Type = max(i.Type, ir.V128)
	}
	if op.Row().B != ir.I8 {
		i.B = irOperands + 4
	}
	i.Imm = g.floatImm(op)
	return i
}

// floatImm is a constant, often one that the host knows too.
func (g *irGen) floatImm(op ir.VecOp) uint64 {
	bits := op.ImmBits()
	imm := g.r.Uint64() & bits
	switch usual := g.r.IntN(2) == 0; {
	case op == ir.VFMulAdd && imm&3 == 3:
		imm--
	case op == ir.VFRelate && usual: // COMISD's
		imm = 0x45_00_40_01 | imm&^0xffffffff
	case bits&ir.RoundAway != 0 && bits&ir.IntUnsigned != 0 && usual:
		imm = ir.RoundEnv - g.r.Uint64N(2)
	case bits&ir.IntUnsigned != 0 && usual:
		imm = 0
	}
	return imm
}

// corners sets the operands of an operation; going on, the first may be the result
// before.
func (g *irGen) corners(op ir.VecOp, lane uint8, on bool) {
	if op == ir.VF16ToF32 || op == ir.VF16ToF64 {
		lane = 1
	}
	first, last := ir.Ref(0), ir.Ref(16)
	if on {
		last = 12 // the old result stays
	}
	if on && g.r.IntN(2) == 0 {
		g.add(ir.Insn{Op: ir.Mov, Type: ir.I64, D: irOperands, B: irResult})
		first = 1
	}
	for w := first; w < last; w++ {
		g.add(ir.Insn{Op: ir.Mov, Type: ir.I64, D: irOperands + w, B: ir.Const, Imm: floatValue(g.r, lane)})
	}
}

// environment is a word of which some exceptions are not masked, seldom.
func (g *irGen) environment() uint64 {
	env := uint64(softfloat.AllFlags) << ir.EnvMasks
	if g.r.IntN(4) == 0 {
		env &= g.r.Uint64()
	}
	env |= g.r.Uint64() & (ir.EnvFlags | ir.EnvDAZ | 3<<ir.EnvRound | ir.EnvFTZ)
	if g.r.IntN(2) == 0 {
		env &^= ir.EnvDAZ | ir.EnvFTZ
	}
	return env
}

// floatValue is a word of lanes of 1<<lane bytes: corners, or numbers near one.
func floatValue(r *rand.Rand, lane uint8) (v uint64) {
	bits := 8 << lane
	frac := map[uint8]int{1: 10, 2: 23, 3: 52}[lane]
	for at := 0; at < 64; at += bits {
		exps := uint64(1)<<(bits-1-frac) - 1 // all ones
		exp := []uint64{0, 1, 2, exps / 2, exps/2 + 30, exps - 1, exps, exps/2 + r.Uint64N(8), r.Uint64N(exps)}[r.IntN(9)]
		f := []uint64{0, 1, 1 << (frac - 1), 1<<frac - 1, r.Uint64(), r.Uint64() << (frac / 2)}[r.IntN(6)] & (1<<frac - 1)
		v |= (r.Uint64N(2)<<(bits-1) | exp<<frac | f) << at
	}
	return v
}

// TestIRFloat runs random floating-point operations by all rules on every engine.
func TestIRFloat(t *testing.T) {
	ms, faults := irCPUs(t), 0
	seen := map[floatKind]bool{}
	for seed := range uint64(4000) {
		g := &irGen{r: rand.New(rand.NewPCG(seed, 7)), next: irBase + 20}
		g.b.PC, g.b.Marks = 0x1000, []ir.Mark{{PC: 0x1000, Len: 1}}
		g.add(ir.Insn{Op: ir.InsnMark})
		for _, k := range g.floats() {
			seen[k] = true
		}
		g.add(ir.Insn{Op: ir.GotoTB, Imm: 0x2000})
		if strings.Contains(sameIR(ms, t, ir.Print(&g.b, nil), seed), "fault") {
			faults++
		}
	}
	for op := range floatLanes { // any order: each is asked alone
		for r := range softfloat.NumRules {
			if !seen[floatKind{op, r}] && op.Row().FP {
				t.Errorf("%s by the rules of %s has not run", op, r)
			}
		}
	}
	if faults < 100 || faults > 3000 {
		t.Errorf("%d blocks fault", faults)
	}
}

// armFloats are the operations of softfloat's vectors as ir has them, without the
// number of the lane: that of 32 in the name is 2, that of 64 is 3.
var armFloats = map[string]string{
	"fadd": "fadd", "fsub": "fsub", "fmul": "fmul", "fmulx": "fmulx", "fdiv": "fdiv", "fmin": "fmin", "fmax": "fmax",
	"fminnm": "fminnum", "fmaxnm": "fmaxnum", "frecps": "frecipstep", "frsqrts": "frsqrtstep",
	"fsqrt": "fsqrt", "frecpe": "frecipest", "frsqrte": "frsqrtest",
}

// armFloat is the text of an operation on t16, t20 and t24 with result t28.
func armFloat(name string) string {
	lane := map[bool]int{true: 3, false: 2}[strings.HasSuffix(name, "64")]
	typ := fmt.Sprintf("i%d", 8<<lane)
	base := strings.TrimSuffix(strings.TrimSuffix(name, "64"), "32")
	how := map[string]uint64{"n": 0, "p": ir.RoundUp, "m": ir.RoundDown, "z": ir.RoundZero, "a": ir.RoundAway, "x": ir.RoundEnv, "i": ir.RoundEnv}
	op, b, imm := armFloats[base], "t20", uint64(0)
	switch {
	case base == "fsqrt" || base == "frecpe" || base == "frsqrte":
		b = "_"
	case op != "":
	case base == "fmadd": // a*b + d
		return fmt.Sprintf("mov.i64 t28, t24\nvec.%s.fmuladd.%d.arm t28, t16, t20, t0, $0x2", typ, lane)
	case base == "fcmp" || base == "fcmpe":
		op, imm = "frelate", 0x03_02_06_08
		if base == "fcmpe" {
			imm |= 1 << 32
		}
	case strings.HasPrefix(base, "frint"):
		op, b, imm = "fround", "_", how[base[5:]]|ir.RoundSilent
		if base == "frintx" {
			imm = ir.RoundEnv
		}
	default:
		return armConversion(name)
	}
	return fmt.Sprintf("vec.%s.%s.%d.arm t28, t16, %s, t0, $%#x", typ, op, lane, b, imm)
}

// armConversion is that of a conversion.
func armConversion(name string) string {
	conv := func(op string, lane int, imm uint64) string {
		return fmt.Sprintf("vec.i%d.%s.%d.arm t28, t16, _, t0, $%#x", 8<<lane, op, lane, imm)
	}
	switch name {
	case "f16tof32":
		return conv(name, 2, 0)
	case "f32tof16":
		return conv(name, 2, ir.RoundEnv)
	case "f64tof16":
		return conv(name, 3, ir.RoundEnv)
	case "f16tof64", "f32tof64", "f64tof32":
		return conv(name, 3, 0)
	case "fcvtxn":
		return conv("f64tof32", 3, ir.RoundOdd)
	case "vcvts16":
		return conv("f32toi32", 2, ir.RoundZero|ir.IntShort|4<<ir.IntFrac)
	case "vcvtu16":
		return conv("f32toi32", 2, ir.RoundZero|ir.IntShort|ir.IntUnsigned)
	case "vcvtfs16":
		return conv("i32tof32", 2, ir.IntShort|4<<ir.IntFrac)
	case "vcvtfu16":
		return conv("i32tof32", 2, ir.IntShort|ir.IntUnsigned|16<<ir.IntFrac)
	case "vrecps":
		return "vec.i32.frecipstep.2.arm t28, t16, t20, t0, $0x1"
	case "vrsqrts":
		return "vec.i32.frsqrtstep.2.arm t28, t16, t20, t0, $0x1"
	}
	return armInteger(strings.Split(name, "_"), conv)
}

// armInteger is that of one with an integer: fcvtns_w_d_7, or scvtf_d_x.
func armInteger(w []string, conv func(op string, lane int, imm uint64) string) string {
	size := map[string]int{"w": 2, "x": 3, "s": 2, "d": 3}
	imm := uint64(0)
	if len(w) == 4 {
		frac, _ := strconv.ParseUint(w[3], 10, 8)
		imm = frac << ir.IntFrac
	}
	a, b := size[w[1]], size[w[2]]
	if w[0] == "scvtf" || w[0] == "ucvtf" {
		if w[0][0] == 'u' {
			imm |= ir.IntUnsigned
		}
		op := fmt.Sprintf("i%dtof%d", 8<<b, 8<<a)
		if op == "i32tof64" { // exact
			return fmt.Sprintf("vec.i64.i32tof64.3 t28, t16, _, _, $%#x", imm)
		}
		return conv(op, max(a, b), imm)
	}
	imm |= map[byte]uint64{'n': 0, 'p': ir.RoundUp, 'm': ir.RoundDown, 'z': ir.RoundZero, 'a': ir.RoundAway}[w[0][4]]
	if w[0][5] == 'u' {
		imm |= ir.IntUnsigned
	}
	return conv(fmt.Sprintf("f%dtoi%d", 8<<b, 8<<a), max(a, b), imm)
}

// TestIRFloatARM runs softfloat's vectors of ARM as operations of ir.
func TestIRFloatARM(t *testing.T) {
	f, err := os.Open("../softfloat/testdata/arm.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ms, lines := irCPUs(t), 0
	for s := bufio.NewScanner(f); s.Scan() && !t.Failed(); lines++ {
		text := armBlock(t, strings.Fields(s.Text()))
		want := s.Text()[strings.Index(s.Text(), "= ")+2:]
		sameIR(ms, t, text, 1)
		w := &ms[0].cpu.W
		if got := fmt.Sprintf("%x %s", w[2], armFlagText(w[0])); got != want {
			t.Errorf("%s: %s\n%s", s.Text(), got, text)
		}
	}
	if lines < 4000 {
		t.Errorf("%d lines", lines)
	}
}

// armBlock is a block that does a line, in the environment that is t0.
func armBlock(t *testing.T, w []string) string {
	t.Helper()
	env := uint64(softfloat.AllFlags)<<ir.EnvMasks | uint64(strings.IndexByte("nmpz", w[1][0]))<<ir.EnvRound
	for _, c := range w[1][1:] {
		env |= map[rune]uint64{'f': ir.EnvDAZ | ir.EnvFTZ, 'd': ir.EnvDefaultNaN, 'a': ir.EnvAltHalf}[c]
	}
	text := fmt.Sprintf("block 0x1000\ninsn $0x0\nmov.i64 t0, $%#x\n", env)
	for n, v := range w[2:] {
		if v == "=" {
			break
		}
		text += fmt.Sprintf("mov.i64 t%d, $0x%s\n", 16+4*n, v)
	}
	return text + armFloat(w[0]) + "\nmov.i64 t2, t28\ngoto_tb.0 $0x2000\n"
}

func armFlagText(env uint64) (s string) {
	for _, x := range []struct {
		flag softfloat.Flags
		name string
	}{{softfloat.IE, "i"}, {softfloat.ZE, "z"}, {softfloat.OE, "o"}, {softfloat.UE, "u"}, {softfloat.PE, "x"}, {softfloat.DE, "d"}} {
		if softfloat.Flags(env)&x.flag != 0 {
			s += x.name
		}
	}
	return s
}

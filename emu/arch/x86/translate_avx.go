package x86

import (
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// vexTable gives the VEX forms of older instructions the translators of those.
var vexTable = func() map[string]trFunc {
	m := map[string]trFunc{"vldmxcsr": trLdmxcsr, "vstmxcsr": trStmxcsr}
	rows := dec.Rows()
	for i := range rows {
		name, ok := strings.CutPrefix(rows[i].Name, "v")
		if f := sseTable[name]; ok && f != nil && rows[i].Map >= dec.MapVex0F {
			m[rows[i].Name] = f
		}
	}
	return m
}()

// legacyName is the name of the instruction without the v of VEX forms.
func (t *translator) legacyName() string {
	if t.vex() {
		return t.in.Row.Name[1:]
	}
	return t.in.Row.Name
}

// avxTable holds what AVX added to older instructions, avx2Table AVX2.
var (
	avxTable = map[string]trFunc{
		"vbroadcastss": broadcast(lane32), "vbroadcastsd": broadcast(lane64), "vbroadcastf128": trBroadcast128,
		"vextractf128": trExtract128, "vinsertf128": trInsert128, "vperm2f128": trPerm2x128,
		"vpermilps": permil(lane32), "vpermilpd": permil(lane64),
		"vmaskmovps": maskMove(lane32), "vmaskmovpd": maskMove(lane64),
		"vtestps": func(t *translator) { t.testLanes(lane32) }, "vtestpd": func(t *translator) { t.testLanes(lane64) },
		"vzeroupper": trVzeroupper, "vzeroall": trVzeroall,
	}
	avx2Table = map[string]trFunc{
		"vpbroadcastb": broadcast(lane8), "vpbroadcastw": broadcast(lane16),
		"vpbroadcastd": broadcast(lane32), "vpbroadcastq": broadcast(lane64), "vbroadcasti128": trBroadcast128,
		"vextracti128": trExtract128, "vinserti128": trInsert128, "vperm2i128": trPerm2x128,
		"vpermd": trPermuteV, "vpermps": trPermuteV, "vpermq": unary(ir.VPermute, lane64), "vpermpd": unary(ir.VPermute, lane64),
		"vpblendd":   packedImm(ir.VBlend, lane32),
		"vpsllvd":    packed(ir.VShlV, lane32),
		"vpsllvq":    packed(ir.VShlV, lane64),
		"vpsrlvd":    packed(ir.VShrV, lane32),
		"vpsrlvq":    packed(ir.VShrV, lane64),
		"vpsravd":    packed(ir.VSarV, lane32),
		"vpmaskmovd": maskMove(lane32), "vpmaskmovq": maskMove(lane64),
		"vpgatherdd": gather(lane32, lane32), "vpgatherdq": gather(lane32, lane64),
		"vpgatherqd": gather(lane64, lane32), "vpgatherqq": gather(lane64, lane64),
		"vgatherdps": gather(lane32, lane32), "vgatherdpd": gather(lane32, lane64),
		"vgatherqps": gather(lane64, lane32), "vgatherqpd": gather(lane64, lane64),
	}
)

// broadcast copies the lowest lane of the source to all lanes.
func broadcast(lane uint8) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a := t.vec(t.arg(1))
		t.b.VecTo(vecReg(d), ir.VBroadcast, vecType(d), lane, a, ir.None, ir.None, 0)
		t.wrote(d)
	}
}

// vmov copies a vector.
func (t *translator) vmov(typ ir.Type, d, s ir.Ref) {
	if d != s {
		t.b.VecTo(d, ir.VMov, typ, 0, s, ir.None, ir.None, 0)
	}
}

func trBroadcast128(t *translator) {
	d := vecReg(t.arg(0))
	t.b.LdTo(d, ir.V128, t.memory(t.arg(1)), 0)
	t.vmov(ir.V128, d+2, d)
}

func trExtract128(t *translator) {
	d, half := t.arg(0), vecReg(t.arg(1))+2*ir.Ref(t.arg(2).Imm&1)
	if d.Kind == dec.MemArg {
		t.b.St(ir.V128, t.memory(d), half)
		return
	}
	t.vmov(ir.V128, vecReg(d), half)
	t.wrote(d)
}

func trInsert128(t *translator) {
	d, a, s, by := t.sources()
	n := 2 * ir.Ref(by.Imm&1)
	v := t.vec(s)
	x := vecReg(d)
	if v == x && n != 0 { // its low half is overwritten next
		t.vmov(ir.V128, x+2, x)
		t.vmov(ir.V128, x, vecReg(a))
		return
	}
	t.vmov(ir.V128, x+n, v)
	t.vmov(ir.V128, x+2-n, vecReg(a)+2-n)
}

// trPerm2x128 makes each half of the result one of the sources' four halves, or
// zero.
func trPerm2x128(t *translator) {
	d, a, s, by := t.sources()
	b := t.vec(s)
	halves := [4]ir.Ref{vecReg(a), vecReg(a) + 2, b, b + 2}
	r := t.b.TempWords(4)
	for n := range ir.Ref(2) {
		switch c := by.Imm >> (4 * n); {
		case c&8 != 0:
			t.b.VecTo(r+2*n, ir.VZero, ir.V128, 0, ir.None, ir.None, ir.None, 0)
		default:
			t.vmov(ir.V128, r+2*n, halves[c&3])
		}
	}
	t.vmov(ir.V256, vecReg(d), r)
}

// permil moves lanes within 128 bits, by an immediate or a vector.
func permil(lane uint8) trFunc {
	byVector := packed(ir.VShuffleV, lane)
	return func(t *translator) {
		d, by := t.arg(0), t.arg(2)
		if by.Kind != dec.ImmArg {
			byVector(t)
			return
		}
		a := t.vec(t.arg(1))
		if lane == lane32 {
			t.b.VecTo(vecReg(d), ir.VShuffle, vecType(d), lane, a, ir.None, ir.None, uint64(by.Imm))
		} else {
			t.b.VecTo(vecReg(d), ir.VShuffle2, vecType(d), lane, a, a, ir.None, uint64(by.Imm))
		}
		t.wrote(d)
	}
}

// trPermuteV has the lanes' numbers in the first source.
func trPermuteV(t *translator) {
	d, by, s, _ := t.sources()
	a := t.vec(s)
	t.b.VecTo(vecReg(d), ir.VPermute, ir.V256, lane32, a, vecReg(by), ir.None, 0)
}

// vecRegs is the number of vector registers that the code can name.
func (t *translator) vecRegs() uint64 {
	if t.bits == 64 {
		return 16
	}
	return 8
}

// trVzeroupper clears the upper halves: code of fewer than 64 bits has half of
// the registers.
func trVzeroupper(t *translator) {
	if t.bits == 64 {
		t.b.CallTo(ir.None, hZeroUpper)
		return
	}
	for n := range uint8(t.vecRegs()) {
		t.zeroUpper(n)
	}
}

func trVzeroall(t *translator) {
	for n := range uint8(t.vecRegs()) {
		t.b.VecTo(regs.XMM(n), ir.VZero, ir.V256, 0, ir.None, ir.None, ir.None, 0)
	}
}

// hZeroUpper clears the upper halves of all vector registers.
var hZeroUpper = &ir.Helper{
	Name: "zero_upper", Writes: upperWords(),
	Fn: func(c *vcpu.CPU, _, _, _ uint64) uint64 {
		for n := range uint8(16) {
			x := c.W[regs.XMM(n):]
			x[2], x[3] = 0, 0
		}
		return 0
	},
	Body: func(b *ir.Builder) ir.Ref {
		for n := range uint8(16) {
			b.VecTo(regs.XMM(n)+2, ir.VZero, ir.V128, 0, ir.None, ir.None, ir.None, 0)
		}
		return ir.None
	},
}

func upperWords() (ws []ir.Ref) {
	for n := range uint8(16) {
		ws = append(ws, regs.XMM(n)+2, regs.XMM(n)+3)
	}
	return ws
}

package toy

import "panda/emu/ir"

// floatRows work on numbers of 64 bits. feq and flt make 1 or 0 of two, fint a
// floating-point number of an integer and fix an integer of one; fset and fget move
// the bits.
var floatRows = []Row{
	float("fadd", ir.VFAdd), float("fsub", ir.VFSub), float("fmul", ir.VFMul), float("fdiv", ir.VFDiv), float("fmin", ir.VFMinNum),
	compare("feq", equal), compare("flt", less|quiet),
	{Name: "fint", Operands: "Da", translate: func(t *translator) { t.float(t.reg('D'), ir.VI64ToF64, t.reg('a'), ir.None, 0) }},
	{Name: "fix", Operands: "dA", translate: func(t *translator) { t.float(t.to(), ir.VF64ToI64, t.reg('A'), ir.None, ir.RoundZero) }},
	{Name: "fset", Operands: "Da", translate: func(t *translator) { t.b.MovTo(t.reg('D'), ir.I64, ir.W(t.reg('a'))) }},
	{Name: "fget", Operands: "dA", translate: func(t *translator) { t.b.MovTo(t.to(), ir.I64, ir.W(t.reg('A'))) }},
	{Name: "getfs", Operands: "d", translate: getFS},
	{Name: "setfs", Operands: "a", translate: setFS},
}

// Bits of ir.VFCmp: which relation is true, and that a quiet NaN is invalid, too.
const (
	less  = 1 << 0
	equal = 1 << 1
	quiet = 1 << 4
)

// initialFS has all exceptions masked, and they stay so.
const initialFS = ir.EnvFlags << ir.EnvMasks

// What a program sees of FS: the exceptions in the bits from 0 up, and above them how
// results are rounded.
const (
	flagBits  = 6
	roundBits = 2
)

func getFS(t *translator) {
	b := t.b
	flags, round := b.Temp(), b.Temp()
	b.ExtractTo(flags, FS, 0, flagBits)
	b.ExtractTo(round, FS, ir.EnvRound, roundBits)
	b.DepositTo(t.to(), flags, ir.W(round), flagBits, roundBits)
}

func setFS(t *translator) {
	b := t.b
	v := b.Temp()
	b.DepositTo(FS, FS, ir.W(t.reg('a')), 0, flagBits)
	b.ExtractTo(v, t.reg('a'), flagBits, roundBits)
	b.DepositTo(FS, FS, ir.W(v), ir.EnvRound, roundBits)
}

// float emits an operation on one number of 64 bits.
func (t *translator) float(d ir.Ref, op ir.VecOp, x, y ir.Ref, imm uint64) {
	t.b.VecTo(d, op, ir.I64, 3, x, y, FS, imm)
}

func float(name string, op ir.VecOp) Row {
	return Row{Name: name, Operands: "DAB", translate: func(t *translator) { t.float(t.reg('D'), op, t.reg('A'), t.reg('B'), 0) }}
}

func compare(name string, relation uint64) Row {
	return Row{Name: name, Operands: "dAB", translate: func(t *translator) {
		v := t.b.Temp()
		t.float(v, ir.VFCmp, t.reg('A'), t.reg('B'), relation)
		t.b.Op2To(t.to(), ir.And, ir.I64, v, ir.K(1))
	}}
}

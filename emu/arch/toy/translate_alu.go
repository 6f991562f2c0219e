package toy

import "panda/emu/ir"

// aluRows work on registers.
var aluRows = []Row{
	alu("add", ir.Add), alu("sub", ir.Sub), alu("mul", ir.Mul), alu("mulh", ir.MulHS),
	alu("and", ir.And), alu("or", ir.Or), alu("xor", ir.Xor),
	alu("shl", ir.Shl), alu("shr", ir.Shr), alu("sar", ir.Sar), alu("rot", ir.Rotl),
	{Name: "lt", Operands: "dab", translate: func(t *translator) { t.b.SetCondTo(t.to(), ir.LtS, ir.I64, t.reg('a'), ir.W(t.reg('b'))) }},
	{Name: "ltu", Operands: "dab", translate: func(t *translator) { t.b.SetCondTo(t.to(), ir.LtU, ir.I64, t.reg('a'), ir.W(t.reg('b'))) }},
	divide("div", ir.DivS), divide("divu", ir.DivU), divide("rem", ir.RemS), divide("remu", ir.RemU),
	one("clz", ir.Clz), one("pop", ir.Popcnt), one("rev", ir.Bswap),
}

// immediateRows work on a register and a number.
var immediateRows = []Row{
	immediate("addi", 'i', ir.Add), immediate("andi", 'l', ir.And), immediate("ori", 'l', ir.Or), immediate("xori", 'l', ir.Xor),
	immediate("shli", 'l', ir.Shl), immediate("shri", 'l', ir.Shr), immediate("sari", 'l', ir.Sar),
	{Name: "lti", Operands: "dai", translate: func(t *translator) { t.b.SetCondTo(t.to(), ir.LtS, ir.I64, t.reg('a'), ir.K(t.number('i'))) }},
}

// constantRows make numbers: app appends 16 bits to those that are there.
var constantRows = []Row{
	{Name: "set", Operands: "du", translate: func(t *translator) { t.b.MovTo(t.to(), ir.I64, ir.K(t.number('u'))) }},
	{Name: "app", Operands: "dk", translate: func(t *translator) {
		v := t.b.Op2(ir.Shl, ir.I64, t.reg('d'), ir.K(16))
		t.b.Op2To(t.to(), ir.Or, ir.I64, v, ir.K(t.number('k')))
	}},
	{Name: "adr", Operands: "dp", translate: func(t *translator) { t.b.MovTo(t.to(), ir.I64, ir.K(t.number('p'))) }},
}

func alu(name string, op ir.Op) Row {
	return Row{Name: name, Operands: "dab", translate: func(t *translator) { t.b.Op2To(t.to(), op, ir.I64, t.reg('a'), ir.W(t.reg('b'))) }}
}

func one(name string, op ir.Op) Row {
	return Row{Name: name, Operands: "da", translate: func(t *translator) { t.b.Op1To(t.to(), op, ir.I64, t.reg('a')) }}
}

func immediate(name string, kind rune, op ir.Op) Row {
	return Row{Name: name, Operands: "da" + string(kind), translate: func(t *translator) {
		t.b.Op2To(t.to(), op, ir.I64, t.reg('a'), ir.K(t.number(kind)))
	}}
}

func divide(name string, op ir.Op) Row {
	return Row{Name: name, Operands: "dab", translate: func(t *translator) {
		b := t.b
		if t.reg('b') == Zero {
			t.raise(Divide)
			return
		}
		whole := b.Label()
		b.BrCond(whole, ir.Ne, ir.I64, t.reg('b'), ir.K(0))
		b.CallTo(ir.None, hRaise, b.Word(ir.K(Divide)))
		b.Place(whole)
		if op == ir.DivS || op == ir.RemS {
			t.divideSigned(op)
		} else {
			b.DivTo(t.to(), op, ir.I64, ir.None, t.reg('a'), t.reg('b'))
		}
	}}
}

// divideSigned divides by -1 apart: the least number has no opposite, and stays.
func (t *translator) divideSigned(op ir.Op) {
	b, v := t.b, t.b.Temp()
	minus, done := b.Label(), b.Label()
	b.BrCond(minus, ir.Eq, ir.I64, t.reg('b'), ir.K(^uint64(0)))
	b.DivTo(v, op, ir.I64, ir.None, t.reg('a'), t.reg('b'))
	b.Br(done)
	b.Place(minus)
	if op == ir.DivS {
		b.Op1To(v, ir.Neg, ir.I64, t.reg('a'))
	} else {
		b.MovTo(v, ir.I64, ir.K(0))
	}
	b.Place(done)
	b.MovTo(t.to(), ir.I64, ir.W(v))
}

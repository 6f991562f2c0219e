package toy

import "panda/emu/ir"

// memoryRows load and store; the address need not be aligned.
var memoryRows = []Row{
	load("ld1", ir.I8, 0), load("ld1s", ir.I8, signed), load("ld2", ir.I16, 0), load("ld2s", ir.I16, signed),
	load("ld4", ir.I32, 0), load("ld4s", ir.I32, signed), load("ld8", ir.I64, 0),
	store("st1", ir.I8), store("st2", ir.I16), store("st4", ir.I32), store("st8", ir.I64),
	{Name: "fld", Operands: "Dmo", translate: func(t *translator) { t.b.LdTo(t.reg('D'), ir.I64, t.address(), 0) }},
	{Name: "fst", Operands: "Dmo", translate: func(t *translator) { t.b.St(ir.I64, t.address(), t.reg('D')) }},
}

const signed = ir.SignExt | ir.SignExt64

func (t *translator) address() ir.Address {
	return ir.Address{Base: t.reg('m'), Index: ir.None, Disp: t.number('o')}
}

func load(name string, typ ir.Type, sign uint8) Row {
	return Row{Name: name, Operands: "dmo", translate: func(t *translator) { t.b.LdTo(t.to(), typ, t.address(), sign) }}
}

func store(name string, typ ir.Type) Row {
	return Row{Name: name, Operands: "dmo", translate: func(t *translator) { t.b.St(typ, t.address(), t.reg('d')) }}
}

package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// Values of 1 and 2 bytes are kept in words whose upper bits may hold anything;
// who needs them clean extends them. Values of 4 bytes likewise, but operations
// of type I32 look at the low half only.

// opType is the type for arithmetic on operands of n bytes.
func opType(n uint8) ir.Type {
	if n == 8 {
		return ir.I64
	}
	return ir.I32
}

// arg is operand i of the instruction.
func (t *translator) arg(i int) *dec.Arg { return &t.in.Args[i] }

// get is the value of an operand.
func (t *translator) get(a *dec.Arg) ir.Val {
	switch a.Kind {
	case dec.ImmArg:
		return ir.K(uint64(a.Imm))
	case dec.GPRH:
		r := t.b.Temp()
		t.b.ExtractTo(r, ir.Ref(a.Reg), 8, 8)
		return ir.W(r)
	case dec.MemArg:
		return ir.W(t.b.Ld(ir.IntType(int(a.Size)), t.memory(a)))
	case dec.SegReg:
		return ir.W(regs.Sel + ir.Ref(a.Reg))
	}
	return ir.W(ir.Ref(a.Reg))
}

// word is the value of an operand in a word.
func (t *translator) word(a *dec.Arg) ir.Ref { return t.b.Word(t.get(a)) }

// dst is where to compute the new value of an operand: its register if the
// whole of it is written, else a temporary. put finishes.
func (t *translator) dst(a *dec.Arg) ir.Ref {
	if a.Kind == dec.GPR && a.Size >= 4 {
		return ir.Ref(a.Reg)
	}
	return t.b.Temp()
}

// put writes an operand. v was computed by an operation of the operand's type
// if it is the operand's own register.
func (t *translator) put(a *dec.Arg, v ir.Ref) {
	switch {
	case a.Kind == dec.MemArg:
		t.b.St(ir.IntType(int(a.Size)), t.memory(a), v)
	case a.Kind == dec.GPRH:
		t.b.DepositTo(ir.Ref(a.Reg), ir.Ref(a.Reg), ir.W(v), 8, 8)
	default:
		t.putReg(a.Reg, a.Size, v)
	}
}

// putReg writes the low n bytes of a general register as the CPU does: 4 bytes
// clear the upper half.
func (t *translator) putReg(reg, n uint8, v ir.Ref) {
	d := ir.Ref(reg)
	switch {
	case n < 4:
		t.b.DepositTo(d, d, ir.W(v), 0, 8*n)
	case d != v:
		t.b.MovTo(d, opType(n), ir.W(v))
	}
}

// memory is the address of a memory operand.
func (t *translator) memory(a *dec.Arg) ir.Address {
	if a.Reg == dec.MemDI {
		return t.segmented(regs.ES, t.pointer(regs.RDI))
	}
	return t.address(&t.in.Mem)
}

// address is the linear address of an effective address.
func (t *translator) address(m *dec.Mem) ir.Address {
	return t.segmented(ir.Ref(m.Seg), t.effective(m))
}

// effective is the address within the segment, truncated to the address size.
func (t *translator) effective(m *dec.Mem) ir.Address {
	a := ir.Address{Base: ir.None, Index: ir.None, Scale: m.Scale, Disp: uint64(m.Disp)}
	switch {
	case m.Base == dec.RegIP:
		a.Disp += t.next
	case m.Base != dec.RegNone:
		a.Base = ir.Ref(m.Base)
	}
	if m.Index != dec.RegNone {
		a.Index = ir.Ref(m.Index)
	}
	return t.truncated(a)
}

// truncated is an address cut to the address size. A 32-bit register alone
// needs no cutting outside 64-bit mode, where its upper half is zero.
func (t *translator) truncated(a ir.Address) ir.Address {
	n := t.in.AddrSize
	switch {
	case n == 8:
		return a
	case a.Base == ir.None && a.Index == ir.None:
		a.Disp &= 1<<(8*n) - 1
		return a
	case n == 4 && t.bits == 32 && a.Index == ir.None && a.Disp == 0:
		return a
	}
	r := t.b.Temp()
	t.b.LeaTo(r, ir.I32, a)
	if n == 2 {
		t.b.ExtTo(r, ir.ZExt, ir.I64, ir.I16, r)
	}
	return ir.Address{Base: r, Index: ir.None}
}

// pointer is the address in a register, cut to the address size.
func (t *translator) pointer(reg ir.Ref) ir.Address {
	return t.truncated(ir.Address{Base: reg, Index: ir.None})
}

// segmented adds a segment's base where it may have one: FS and GS always, the
// others outside 64-bit mode when the mode says so. Outside 64-bit mode linear
// addresses have 32 bits.
func (t *translator) segmented(seg ir.Ref, a ir.Address) ir.Address {
	if seg > regs.GS || seg < regs.FS && (t.bits == 64 || t.mode&modeBased == 0 && !t.checksData(seg)) {
		return a
	}
	base := regs.Base + seg
	typ := ir.I64
	if t.bits != 64 {
		typ = ir.I32
	}
	if t.checksData(seg) {
		v := via{lin: t.b.Temp(), off: t.b.Temp(), seg: seg}
		t.b.LeaTo(v.off, ir.I32, a)
		t.b.Op2To(v.lin, ir.Add, ir.I32, v.off, ir.W(base))
		t.via = append(t.via, v)
		return ir.Address{Base: v.lin, Index: ir.None}
	}
	switch {
	case a.Base == ir.None && typ == ir.I64:
		a.Base = base
		return a
	case a.Index == ir.None && typ == ir.I64:
		a.Index, a.Scale = base, 0
		return a
	}
	r := t.b.Temp()
	t.b.LeaTo(r, ir.I64, a)
	t.b.Op2To(r, ir.Add, typ, r, ir.W(base))
	return ir.Address{Base: r, Index: ir.None}
}

// extended is the value of n bytes with its upper bits filled by op.
func (t *translator) extended(op ir.Op, n uint8, v ir.Val) ir.Val {
	if v.IsConst() {
		s := 64 - 8*uint(n)
		if op == ir.SExt {
			return ir.K(uint64(int64(v.K<<s) >> s))
		}
		return ir.K(v.K << s >> s)
	}
	if n == 8 {
		return v
	}
	return ir.W(t.b.Ext(op, ir.I64, ir.IntType(int(n)), v.R))
}

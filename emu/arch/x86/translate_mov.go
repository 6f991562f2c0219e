package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// movTable holds data transfer.
var movTable = merge(map[string]trFunc{
	"mov": trMov, "movnti": trMov, "movzx": movExt(ir.ZExt), "movsx": movExt(ir.SExt), "movsxd": movExt(ir.SExt),
	"lea": trLea, "xchg": trXchg, "push": trPush, "pop": trPop, "pusha": trPusha, "popa": trPopa,
	"pushf": trPushf, "popf": trPopf, "cbw": trCbw, "cwd": trCwd, "bswap": trBswap, "xlat": trXlat, "salc": trSalc,
	"leave": trLeave, "enter": trEnter, "lahf": trLahf, "sahf": trSahf, "movbe": trMovbe,
}, conditional("cmov", trCmov), conditional("set", trSet))

// condNames are the condition codes in their order.
var condNames = [16]string{"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"}

// conditional makes the sixteen rows of an instruction with a condition.
func conditional(prefix string, f trFunc) map[string]trFunc {
	m := map[string]trFunc{}
	for _, c := range condNames {
		m[prefix+c] = f
	}
	return m
}

func trMov(t *translator) {
	d, s := t.arg(0), t.arg(1)
	if d.Kind == dec.GPR && s.Kind == dec.MemArg && d.Size >= 4 {
		t.b.LdTo(ir.Ref(d.Reg), ir.IntType(int(s.Size)), t.memory(s), 0)
		return
	}
	v := t.get(s)
	if d.Kind == dec.GPR && d.Size >= 4 {
		if v.IsConst() && d.Size == 4 {
			v.K = uint64(uint32(v.K))
		}
		t.b.MovTo(ir.Ref(d.Reg), opType(d.Size), v)
		return
	}
	if v.IsConst() && d.Kind == dec.GPR {
		t.b.DepositTo(ir.Ref(d.Reg), ir.Ref(d.Reg), v, 0, 8*d.Size)
		return
	}
	t.put(d, t.b.Word(v))
}

func movExt(op ir.Op) trFunc {
	return func(t *translator) {
		d, s := t.arg(0), t.arg(1)
		if d.Size == s.Size { // movsxd without REX.W
			trMov(t)
			return
		}
		if s.Kind == dec.MemArg && d.Size >= 4 {
			var sign uint8
			if op == ir.SExt {
				sign = ir.SignExt
				if d.Size == 8 {
					sign |= ir.SignExt64
				}
			}
			t.b.LdTo(ir.Ref(d.Reg), ir.IntType(int(s.Size)), t.memory(s), sign)
			return
		}
		v := t.word(s)
		r := t.dst(d)
		t.b.ExtTo(r, op, opType(d.Size), ir.IntType(int(s.Size)), v)
		t.put(d, r)
	}
}

func trLea(t *translator) {
	d := t.arg(0)
	a := t.effective(&t.in.Mem)
	if d.Size < 4 {
		r := t.b.Temp()
		t.b.LeaTo(r, ir.I64, a)
		t.put(d, r)
		return
	}
	t.b.LeaTo(ir.Ref(d.Reg), opType(d.Size), a)
}

func trXchg(t *translator) {
	d, s := t.arg(0), t.arg(1)
	if d.Kind != dec.MemArg {
		d, s = s, d // the memory operand is first, or there is none
	}
	a, b := t.keep(t.get(d), ir.Ref(d.Reg)), t.keep(t.get(s), ir.Ref(s.Reg))
	t.put(d, b.R)
	t.put(s, a.R)
}

func trCmov(t *translator) {
	d := t.arg(0)
	v := t.word(t.arg(1))
	c := t.condition(t.in.Opcode & 15)
	sel := t.b.SetCond(c.cond, c.typ, c.a, c.b)
	if d.Size < 4 {
		r := t.b.Temp()
		t.b.SelectTo(r, ir.I64, sel, v, ir.Ref(d.Reg))
		t.put(d, r)
		return
	}
	t.b.SelectTo(ir.Ref(d.Reg), opType(d.Size), sel, v, ir.Ref(d.Reg))
}

func trSet(t *translator) {
	c := t.condition(t.in.Opcode & 15)
	t.put(t.arg(0), t.b.SetCond(c.cond, c.typ, c.a, c.b))
}

// stackSize is the width of the stack pointer in bytes.
func (t *translator) stackSize() uint8 {
	switch {
	case t.bits == 64:
		return 8
	case t.mode&modeStack != 0:
		return 4
	}
	return 2
}

// stackAt is the address disp bytes above the stack pointer.
func (t *translator) stackAt(disp int64) ir.Address {
	a := ir.Address{Base: regs.RSP, Index: ir.None, Disp: uint64(disp)}
	if n := t.stackSize(); n != 8 {
		r := t.b.Temp()
		t.b.LeaTo(r, ir.I32, a)
		if n == 2 {
			t.b.ExtTo(r, ir.ZExt, ir.I64, ir.I16, r)
		}
		a = ir.Address{Base: r, Index: ir.None}
	}
	return t.segmented(regs.SS, a)
}

// moveStack adds to the stack pointer.
func (t *translator) moveStack(n int64) {
	r := t.b.Temp()
	if t.stackSize() >= 4 {
		r = regs.RSP
	}
	t.b.Op2To(r, ir.Add, opType(t.stackSize()), regs.RSP, ir.K(uint64(n)))
	t.putReg(uint8(regs.RSP), t.stackSize(), r)
}

// push stores n bytes of v and moves the stack pointer after that.
func (t *translator) push(v ir.Val, n uint8) {
	t.b.St(ir.IntType(int(n)), t.stackAt(-int64(n)), t.b.Word(v))
	t.moveStack(-int64(n))
}

// top loads n bytes from the stack, disp bytes above its pointer.
func (t *translator) top(n uint8, disp int64) ir.Ref {
	return t.b.Ld(ir.IntType(int(n)), t.stackAt(disp))
}

func trPush(t *translator) {
	a := t.arg(0)
	v := t.get(a)
	if a.Kind == dec.GPR && a.Reg == uint8(regs.RSP) {
		v = t.keep(v, regs.RSP)
	}
	t.push(v, t.in.OpSize)
}

// trPop moves the stack pointer before it uses it to address the destination
// (SDM vol. 2B, POP), so the fault of a store must put it back: the address is
// computed as if it had moved. Of a selector two bytes are read.
func trPop(t *translator) {
	a := t.arg(0)
	n := t.in.OpSize
	if a.Kind == dec.SegReg {
		t.loadSegment(a.Reg, t.top(2, 0))
		t.moveStack(int64(n))
		return
	}
	v := t.top(n, 0)
	switch {
	case a.Kind == dec.MemArg:
		if t.in.Mem.Base == int8(regs.RSP) {
			t.in.Mem.Disp += int64(n)
		}
		t.put(a, v)
		t.moveStack(int64(n))
	default:
		t.moveStack(int64(n))
		t.put(a, v)
	}
}

func trPusha(t *translator) {
	n := t.in.OpSize
	for i := range 8 { // all stores first: they may fault
		t.b.St(ir.IntType(int(n)), t.stackAt(-int64(n)*int64(i+1)), ir.Ref(i))
	}
	t.moveStack(-8 * int64(n))
}

func trPopa(t *translator) {
	n := t.in.OpSize
	var v [8]ir.Ref
	for i := 7; i >= 0; i-- { // from the top of the stack on
		v[i] = t.top(n, int64(7-i)*int64(n))
	}
	for i := range uint8(8) {
		if i != uint8(regs.RSP) {
			t.putReg(i, n, v[i])
		}
	}
	t.moveStack(8 * int64(n))
}

func trCbw(t *translator) {
	n := t.in.OpSize
	r := t.b.Ext(ir.SExt, opType(n), ir.IntType(int(n/2)), regs.RAX)
	t.putReg(uint8(regs.RAX), n, r)
}

func trCwd(t *translator) {
	n := t.in.OpSize
	v := t.extended(ir.SExt, n, ir.W(regs.RAX))
	r := t.b.Op2(ir.Sar, ir.I64, v.R, ir.K(63))
	t.putReg(uint8(regs.RDX), n, r)
}

// trBswap: 16 bits are undefined; CPUs clear them.
func trBswap(t *translator) {
	a := t.arg(0)
	if t.in.OpSize == 2 {
		t.b.DepositTo(ir.Ref(a.Reg), ir.Ref(a.Reg), ir.K(0), 0, 16)
		return
	}
	t.b.Op1To(ir.Ref(a.Reg), ir.Bswap, opType(t.in.OpSize), ir.Ref(a.Reg))
}

func trMovbe(t *translator) {
	d, s := t.arg(0), t.arg(1)
	r := t.b.Op1(ir.Bswap, opType(d.Size), t.word(s))
	if d.Size == 2 {
		t.b.Op2To(r, ir.Shr, ir.I32, r, ir.K(16))
	}
	t.put(d, r)
}

func trXlat(t *translator) {
	al := t.b.Ext(ir.ZExt, ir.I64, ir.I8, regs.RAX)
	a := t.segmented(ir.Ref(t.in.Mem.Seg), t.truncated(ir.Address{Base: regs.RBX, Index: al}))
	t.putReg(uint8(regs.RAX), 1, t.b.Ld(ir.I8, a))
}

func trLeave(t *translator) {
	n := t.in.OpSize
	bp := ir.Address{Base: regs.RBP, Index: ir.None}
	if s := t.stackSize(); s == 2 {
		bp.Base = t.b.Ext(ir.ZExt, ir.I64, ir.I16, regs.RBP)
	}
	v := t.b.Ld(ir.IntType(int(n)), t.segmented(regs.SS, bp))
	r := t.b.Op2(ir.Add, ir.I64, regs.RBP, ir.K(uint64(n)))
	t.putReg(uint8(regs.RSP), t.stackSize(), r)
	t.putReg(uint8(regs.RBP), n, v)
}

// trEnter makes a frame; nested levels copy frame pointers.
func trEnter(t *translator) {
	n := int64(t.in.OpSize)
	size, level := t.arg(0).Imm, t.arg(1).Imm&31
	typ := ir.IntType(int(n))
	t.b.St(typ, t.stackAt(-n), regs.RBP)
	frame := t.b.Op2(ir.Sub, ir.I64, regs.RSP, ir.K(uint64(n)))
	for i := int64(1); i < level; i++ {
		from := ir.Address{Base: regs.RBP, Index: ir.None, Disp: uint64(-n * i)}
		t.b.St(typ, t.stackAt(-n*(i+1)), t.b.Ld(typ, t.segmented(regs.SS, t.cutStack(from))))
	}
	down := n
	if level > 0 {
		t.b.St(typ, t.stackAt(-n*(level+1)), frame)
		down = n * (level + 1)
	}
	// the CPU checks that the new top can be written
	probe := t.stackAt(-(down + size))
	t.b.St(typ, probe, t.b.Ld(typ, probe))
	t.moveStack(-(down + size))
	t.putReg(uint8(regs.RBP), t.in.OpSize, frame)
}

// cutStack cuts an address to the width of the stack pointer.
func (t *translator) cutStack(a ir.Address) ir.Address {
	n := t.stackSize()
	if n == 8 {
		return a
	}
	r := t.b.Temp()
	t.b.LeaTo(r, ir.I32, a)
	if n == 2 {
		t.b.ExtTo(r, ir.ZExt, ir.I64, ir.I16, r)
	}
	return ir.Address{Base: r, Index: ir.None}
}

const lahfMask = regs.CF | regs.PF | regs.AF | regs.ZF | regs.SF

func trLahf(t *translator) {
	f := t.b.Op2(ir.And, ir.I64, t.flags(), ir.K(lahfMask))
	t.b.Op2To(f, ir.Or, ir.I64, f, ir.K(regs.FlagsFixed))
	t.b.DepositTo(regs.RAX, regs.RAX, ir.W(f), 8, 8)
}

// trSalc sets all bits of AL to CF. Intel documents only the opcode.
func trSalc(t *translator) {
	r := t.b.Op1(ir.Neg, ir.I64, t.carry())
	t.putReg(uint8(regs.RAX), 1, r)
}

func trSahf(t *translator) {
	f := t.b.Op2(ir.And, ir.I64, t.flags(), ir.K(regs.OF))
	ah := t.b.Temp()
	t.b.ExtractTo(ah, regs.RAX, 8, 8)
	t.b.Op2To(ah, ir.And, ir.I64, ah, ir.K(lahfMask))
	t.b.Op2To(f, ir.Or, ir.I64, f, ir.W(ah))
	t.setFlags(f)
}

package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
	"panda/emu/x87"
)

// The operations of a segment: see lower_x87.go.

// set notes that the register at st(i) has a new value.
func (s *segment) set(i uint64) { s.dirty |= 1 << (s.delta + int(i) + 8) }

// x87Drop stores the n registers that an operation is about to pop, and counts
// them as popped.
func (l *lower) x87Drop(n uint64) {
	s := &l.x87
	for i := range n {
		if p := s.delta + int(i); s.dirty>>(p+8)&1 != 0 {
			r, t := l.alloc(), l.alloc()
			l.Load(4, r, home(l.t.x87.Top))
			m := l.x87Slot(p, r, t)
			l.flags = fact{}
			switch full := s.need-s.delta == x87Depth; {
			case !full:
				l.X87Reg(asm.FldST, i)
				l.X87Mem(asm.Fstp80, m)
			case i == 0:
				l.X87Mem(asm.Fstp80, m)
				l.X87Mem(asm.Fld80, m)
			default:
				l.X87Reg(asm.FxchST, 1)
				l.X87Mem(asm.Fstp80, m)
				l.X87Mem(asm.Fld80, m)
				l.X87Reg(asm.FxchST, 1)
			}
			l.locked &^= 1<<r | 1<<t
		}
		s.dirty &^= 1 << (s.delta + int(i) + 8)
	}
}

var x87Funcs = [...]func(l *lower, i *ir.Insn, h x87.How){
	x87.Arith: x87Arith, x87.Com: x87Com, x87.Comi: x87Comi, x87.Push: x87Push, x87.Set: x87Set,
	x87.Store: x87Store, x87.Xch: x87Xch, x87.Unary: x87Unary,
}

// x87Fold reports whether a load is left to the operation that wants its result,
// and is the only one: nothing stands between but constants.
func (l *lower) x87Fold(i *ir.Insn) bool {
	n := l.pc + 1
	for ; n < len(l.b.Insns); n++ {
		if o := &l.b.Insns[n]; o.Op != ir.Nop && (o.Op != ir.Mov || o.B != ir.Const || o.D < l.base) {
			break
		}
	}
	if n >= l.x87.end || l.b.Insns[n].Op != ir.Call || l.b.Insns[n].B != i.D || int(l.lastUse[i.D]) != n || i.D < l.base {
		return false
	}
	h, ok := l.x87How(n)
	switch op := l.x87Op(l.b.Insns[n].Imm); {
	case !ok || op != x87.Arith && op != x87.Com && op != x87.Push || h.Kind() == x87.F80:
		return false
	}
	l.x87.load = l.pc
	return true
}

// x87Memory is where the next instruction finds an operand.
func (l *lower) x87Memory(w ir.Ref) asm.Mem {
	m, faults := l.x87Operand(w)
	if faults {
		l.fault(false)
	}
	return m
}

// x87Operand is where the host finds an operand: in the guest's memory, where it
// may fault, or the word that was loaded, at home. It is asked for before other
// registers are taken: what the address is made of was last used by the load.
func (l *lower) x87Operand(w ir.Ref) (m asm.Mem, faults bool) {
	if ld := &l.b.Insns[l.x87.load]; ld.Op == ir.Ld && ld.D == w {
		pc := l.pc
		l.pc = l.x87.load
		m = l.address(ld)
		l.pc, l.x87.load = pc, 0
		return m, true
	}
	if l.vecs.n != 0 {
		l.vecHome(w, 1)
	}
	switch s := &l.words[w]; {
	case s.dirty:
		l.clean(w)
	case s.konst:
		l.storeWord(w)
	}
	return home(w), false
}

// arithWith are the opcodes of arithmetic by what is in memory.
var arithWith = [...]asm.Opcode{x87.F32: asm.ArithF32, x87.F64: asm.ArithF64, x87.I16: asm.ArithI16, x87.I32: asm.ArithI32}

func x87Arith(l *lower, i *ir.Insn, h x87.How) {
	s, op := &l.x87, h.Op()
	if k := h.Kind(); k != x87.Reg {
		l.X87ArithMem(asm.Reg(op), arithWith[k], l.x87Memory(i.B))
		s.codes |= x87C1 // not before: the access may fault
		s.set(0)
		return
	}
	s.codes |= x87C1
	if h.Dst() == 0 {
		l.X87Arith(op, h.Src())
		s.set(0)
		return
	}
	l.x87Drop(h.Pops())
	l.X87ArithTo(op, h.Dst(), h.Pops())
	s.set(h.Dst())
	s.delta += int(h.Pops())
}

// comOps are the comparisons of registers by [quiet][pops]. Those that pop two
// are with st(1), the only register that the guest's have.
var comOps = [2][3]asm.X87Reg{
	x87.Signal: {asm.FcomST, asm.FcompST, asm.FcomppST},
	x87.Quiet:  {asm.FucomST, asm.FucompST, asm.FucomppST},
}

func x87Com(l *lower, i *ir.Insn, h x87.How) {
	s, pops := &l.x87, h.Pops()
	var m asm.Mem
	var faults bool
	if h.Kind() != x87.Reg {
		m, faults = l.x87Operand(i.B)
	}
	if faults && pops != 0 {
		l.x87KeepC1()
	}
	l.x87Drop(pops)
	if k := h.Kind(); k == x87.Reg {
		l.X87Reg(comOps[h.Op()][pops], h.Src())
	} else {
		if faults {
			l.fault(false)
		}
		l.X87ArithMem(asm.Reg(asm.FcomNumber+pops), arithWith[k], m)
	}
	s.codes |= x87C1 | x87Codes
	s.delta += int(pops)
}

// x87KeepC1 stores C1, which what follows would change, if it is the host's.
func (l *lower) x87KeepC1() {
	s, sw := &l.x87, home(l.t.x87.SW)
	if s.codes&x87C1 == 0 {
		return
	}
	l.X87Mem(asm.Fnstsw, atX87Temp)
	r, t := l.alloc(), l.alloc()
	l.RM(asm.OpMovzx16, 4, t, atX87Temp)
	l.AluI(asm.AluAnd, 4, t, x87C1)
	l.Load(4, r, sw)
	l.AluI(asm.AluAnd, 4, r, ^int32(x87C1))
	l.Alu(asm.AluOr, 4, r, t)
	l.Store(8, sw, r)
	l.flags = fact{}
	l.locked &^= 1<<r | 1<<t
	s.codes &^= x87C1
}

// comiOps are the comparisons into the flags by [quiet][pops].
var comiOps = [2][2]asm.X87Reg{x87.Signal: {asm.FcomiST, asm.FcomipST}, x87.Quiet: {asm.FucomiST, asm.FucomipST}}

// x87Comi compares into the flags of the processor. C1 stays.
func x87Comi(l *lower, i *ir.Insn, h x87.How) {
	if h.Pops() != 0 {
		l.x87KeepC1()
	}
	l.x87Drop(h.Pops())
	l.X87Reg(comiOps[h.Op()][h.Pops()], h.Src())
	l.x87.delta += int(h.Pops())
	l.relation(i.D)
}

// loadX87 are the loads of what the host finds in memory.
var loadX87 = [...]asm.X87Mem{x87.F32: asm.Fld32, x87.F64: asm.Fld64, x87.I16: asm.Fild16, x87.I32: asm.Fild32, x87.I64: asm.Fild64}

func x87Push(l *lower, i *ir.Insn, h x87.How) {
	s := &l.x87
	switch k := h.Kind(); k {
	case x87.Reg:
		l.X87Reg(asm.FldST, h.Src())
	case x87.Const:
		l.X87Reg(asm.Fconst, uint64(h.Op()))
	case x87.F80:
		hi := atX87Temp
		hi.Disp += 8
		l.Store(8, atX87Temp, l.toReg(i.B))
		l.Store(8, hi, l.toReg(i.C))
		l.X87Mem(asm.Fld80, atX87Temp)
	default:
		l.X87Mem(loadX87[k], l.x87Memory(i.B))
	}
	s.codes |= x87C1
	s.delta--
	s.set(0)
}

func x87Set(l *lower, _ *ir.Insn, h x87.How) {
	s := &l.x87
	s.codes |= x87C1
	l.x87Drop(h.Pops())
	l.X87Reg([2]asm.X87Reg{asm.FstST, asm.FstpST}[h.Pops()], h.Dst())
	if h.Dst() != 0 || h.Pops() == 0 {
		s.set(h.Dst())
	}
	s.delta += int(h.Pops())
}

// storeOps are the stores without pop, with it, and of an integer that is cut off.
var storeOps = [...]struct{ store, pop, cutOff asm.X87Mem }{
	x87.F32: {store: asm.Fst32, pop: asm.Fstp32},
	x87.F64: {store: asm.Fst64, pop: asm.Fstp64},
	x87.F80: {pop: asm.Fstp80},
	x87.I16: {asm.Fist16, asm.Fistp16, asm.Fisttp16},
	x87.I32: {asm.Fist32, asm.Fistp32, asm.Fisttp32},
	x87.I64: {pop: asm.Fistp64, cutOff: asm.Fisttp64},
}

// x87Store stores to the guest's memory at once, where that is what the value is
// for.
func x87Store(l *lower, i *ir.Insn, h x87.How) {
	s, row, first := &l.x87, storeOps[h.Kind()], l.pc
	l.X87Mem(asm.Fnstsw, atX87Temp) // a store that faults may have changed C1
	l.x87Drop(h.Pops())
	st := row.store
	switch {
	case h.Op() == x87.Trunc:
		st = row.cutOff
	case h.Pops() == 1:
		st = row.pop
	}
	l.pc++
	s.saved = true
	m := l.address(&l.b.Insns[l.pc])
	l.fault(true)
	s.saved = false
	l.X87Mem(st, m)
	s.codes |= x87C1
	s.delta += int(h.Pops())
	l.skipTo = l.x87Stored(first, h.Kind())
	l.locked = 0
}

// Of a control word: the bits that count, and one that is always set.
const (
	x87CW    = 0x1f3f
	x87CWSet = 0x40
)

// x87Control loads the control word, unless it unmasks an exception.
func (l *lower) x87Control(i *ir.Insn) {
	r, t, cw := l.alloc(), l.alloc(), l.t.x87.CW
	l.moveTo(r, i.A)
	l.Mov(4, t, r)
	l.Not(4, t)
	l.TestI(4, t, x87Flags)
	l.flags = fact{}
	l.leaveIf(asm.CcNE, l.refusal(), asm.NoReg)
	l.AluI(asm.AluAnd, 4, r, x87CW)
	l.AluI(asm.AluOr, 4, r, x87CWSet)
	l.Store(8, home(cw), r)
	l.X87Mem(asm.Fldcw, home(cw))
	l.forgetWord(cw, false)
}

func x87Xch(l *lower, _ *ir.Insn, h x87.How) {
	l.x87.codes |= x87C1
	l.X87Reg(asm.FxchST, h.Src())
	l.x87.set(0)
	l.x87.set(h.Src())
}

var unaryOps = [...]asm.X87Reg{x87.Chs: asm.Fchs, x87.Abs: asm.Fabs, x87.Sqrt: asm.Fsqrt, x87.Rndint: asm.Frndint}

func x87Unary(l *lower, _ *ir.Insn, h x87.How) {
	l.x87.codes |= x87C1
	l.X87Reg(unaryOps[h.Op()], 0)
	l.x87.set(0)
}

package emutest

import (
	"math/rand/v2"

	"panda/emu/ir"
)

// irGen makes a random block of everything but vector operations, which the
// instruction lines cover.
type irGen struct {
	r     *rand.Rand
	b     ir.Block
	known []ir.Ref // temporaries that have a value
	next  ir.Ref
	depth int // of branches
}

// block is the text of a new block of some instructions.
func (g *irGen) block() string {
	g.b.PC, g.next = 0x1000, irBase
	insns := 1 + g.r.IntN(12)
	for n := range insns {
		g.b.Marks = append(g.b.Marks, ir.Mark{PC: g.b.PC + uint64(n), Len: 1})
		g.add(ir.Insn{Op: ir.InsnMark, Imm: uint64(n)})
		for range 1 + g.r.IntN(5) {
			g.piece()
		}
	}
	switch g.r.IntN(3) {
	case 0:
		g.add(ir.Insn{Op: ir.GotoTB, Aux: uint8(g.r.IntN(2)), Imm: 0x2000})
	case 1:
		g.add(ir.Insn{Op: ir.GotoPtr, A: g.word()})
	default:
		g.add(ir.Insn{Op: ir.ExitTB, Aux: uint8(ir.ExitSyscall), Imm: 0x3000})
	}
	g.b.Temps = g.next
	g.b.Helpers = irHelpers
	return ir.Print(&g.b, nil)
}

func (g *irGen) add(i ir.Insn) { g.b.Insns = append(g.b.Insns, i) }

// word is a word with a value.
func (g *irGen) word() ir.Ref {
	if len(g.known) > 0 && g.r.IntN(2) == 0 {
		return g.known[g.r.IntN(len(g.known))]
	}
	return ir.Ref(g.r.IntN(irMem))
}

// result is a word to write. Within a branch that is a slot or an old temporary:
// a new one would have a value on one way only.
func (g *irGen) result() ir.Ref {
	switch {
	case g.r.IntN(2) == 0:
		return ir.Ref(g.r.IntN(irMem))
	case g.depth > 0 || len(g.known) > 20:
		return g.word()
	}
	g.next++
	g.known = append(g.known, g.next-1)
	return g.next - 1
}

// wordOrConst is a B operand.
func (g *irGen) wordOrConst(i *ir.Insn) {
	if i.B = g.word(); g.r.IntN(3) == 0 {
		i.B, i.Imm = ir.Const, irValue(g.r)
	}
}

func (g *irGen) intType() ir.Type { return ir.I32 + ir.Type(g.r.IntN(2)) }

// pieces are kinds of operations, by weight.
var pieces []func(g *irGen)

func init() { // some of them use pieces
	pieces = []func(g *irGen){
		(*irGen).arith, (*irGen).arith, (*irGen).arith, (*irGen).unary, (*irGen).field, (*irGen).choose, (*irGen).lea,
		(*irGen).load, (*irGen).store, (*irGen).move, (*irGen).divide, (*irGen).flags, (*irGen).branch, (*irGen).loop, (*irGen).call,
	}
}

func (g *irGen) piece() { pieces[g.r.IntN(len(pieces))](g) }

var irBinary = []ir.Op{
	ir.Add, ir.Sub, ir.Mul, ir.MulHU, ir.MulHS, ir.And, ir.Or, ir.Xor, ir.AndNot, ir.Shl, ir.Shr, ir.Sar, ir.Rotl, ir.Rotr,
}

func (g *irGen) arith() {
	i := ir.Insn{Op: irBinary[g.r.IntN(len(irBinary))], Type: g.intType(), A: g.word()}
	g.wordOrConst(&i)
	i.D = g.result()
	g.add(i)
}

var irUnary = []ir.Op{ir.Neg, ir.Not, ir.Clz, ir.Ctz, ir.Popcnt, ir.Bswap}

func (g *irGen) unary() {
	i := ir.Insn{Op: irUnary[g.r.IntN(len(irUnary))], Type: g.intType(), A: g.word()}
	i.D = g.result()
	g.add(i)
}

// field extends, takes out or puts in some bits.
func (g *irGen) field() {
	i := ir.Insn{Type: g.intType(), A: g.word()}
	bits := 8 * i.Type.Bytes()
	switch g.r.IntN(4) {
	case 0:
		i.Op, i.Aux = ir.ZExt, uint8(g.r.IntN(int(i.Type)+1))
	case 1:
		i.Op, i.Aux = ir.SExt, uint8(g.r.IntN(int(i.Type)+1))
	default:
		i.Op, i.Aux = ir.Extract, uint8(8*g.r.IntN(bits/8))
		if g.r.IntN(2) == 0 {
			i.Op, i.B = ir.Deposit, g.word()
		}
		i.Sub = uint8(min(bits-int(i.Aux), []int{1, 8, 16, 32, 5}[g.r.IntN(5)]))
	}
	i.D = g.result()
	g.add(i)
}

func (g *irGen) choose() {
	i := ir.Insn{Op: ir.SetCond, Type: g.intType(), Aux: uint8(g.r.IntN(int(ir.NumConds))), A: g.word()}
	if g.r.IntN(2) == 0 {
		i.Op, i.Aux, i.B, i.C = ir.Select, 0, g.word(), g.word()
	} else {
		g.wordOrConst(&i)
	}
	i.D = g.result()
	g.add(i)
}

func (g *irGen) lea() {
	i := ir.Insn{Op: ir.Lea, Type: g.intType(), Aux: uint8(g.r.IntN(4)), A: g.word(), B: g.word(), Imm: irValue(g.r)}
	if g.r.IntN(3) == 0 {
		i.B, i.Aux = ir.None, 0
	}
	i.D = g.result()
	g.add(i)
}

// address gives an access an address that is mostly in memory.
func (g *irGen) address(i *ir.Insn) {
	i.A, i.B, i.Imm = irMem, ir.None, g.r.Uint64N(irSize+4)
	switch g.r.IntN(24) {
	case 0:
		i.A = g.word()
	case 1:
		i.Imm = irValue(g.r)
	case 2:
		i.A, i.Imm = ir.None, uint64(irData)+g.r.Uint64N(irSize)
	case 3, 4, 5, 6:
		from := g.word()
		x := g.result()
		g.add(ir.Insn{Op: ir.And, Type: ir.I64, D: x, A: from, B: ir.Const, Imm: 0x3ff})
		i.B, i.Aux, i.Imm = x, i.Aux|uint8(g.r.IntN(4)), g.r.Uint64N(0x100)
	}
}

func (g *irGen) load() {
	i := ir.Insn{Op: ir.Ld, Type: ir.Type(g.r.IntN(4))}
	if i.Type < ir.I64 {
		i.Aux = []uint8{0, ir.SignExt, ir.SignExt | ir.SignExt64}[g.r.IntN(3)]
	}
	if i.Type == ir.I32 && i.Aux == ir.SignExt {
		i.Aux = 0
	}
	g.address(&i)
	i.D = g.result()
	g.add(i)
}

func (g *irGen) store() {
	i := ir.Insn{Op: ir.St, Type: ir.Type(g.r.IntN(4))}
	g.address(&i)
	i.C = g.word()
	g.add(i)
}

func (g *irGen) move() {
	i := ir.Insn{Op: ir.Mov, Type: g.intType()}
	g.wordOrConst(&i)
	i.D = g.result()
	g.add(i)
}

// divide divides by what is neither 0 nor -1.
func (g *irGen) divide() {
	from := g.word()
	by := g.result()
	g.add(ir.Insn{Op: ir.And, Type: ir.I64, D: by, A: from, B: ir.Const, Imm: 0x7fffffff})
	g.add(ir.Insn{Op: ir.Or, Type: ir.I64, D: by, A: by, B: ir.Const, Imm: 1 << g.r.IntN(31)})
	i := ir.Insn{Op: ir.DivU + ir.Op(g.r.IntN(4)), Type: g.intType(), A: g.word(), B: by, C: ir.None}
	i.D = g.result()
	g.add(i)
}

func (g *irGen) flags() {
	i := ir.Insn{Op: ir.Flags, Type: ir.Type(g.r.IntN(4)), Aux: uint8(g.r.IntN(int(ir.NumFlagOps))), A: g.word(), B: g.word(), C: ir.None}
	if ir.FlagOp(i.Aux) != ir.FlagsAnd && g.r.IntN(2) == 0 {
		i.C = g.word()
	}
	i.D = g.result()
	g.add(i)
}

func (g *irGen) label() uint64 {
	g.b.Labels++
	return uint64(g.b.Labels - 1)
}

// branch goes over some operations.
func (g *irGen) branch() {
	if g.depth > 2 {
		return
	}
	l := g.label()
	i := ir.Insn{Op: ir.BrCond, Type: g.intType(), Aux: uint8(g.r.IntN(int(ir.NumConds))), A: g.word(), C: ir.Ref(l)}
	g.wordOrConst(&i)
	g.add(i)
	g.depth++
	for range g.r.IntN(4) {
		g.piece()
	}
	g.depth--
	g.add(ir.Insn{Op: ir.SetLabel, Imm: l})
}

// loop does some operations a few times.
func (g *irGen) loop() {
	if g.depth > 0 || g.r.IntN(2) == 0 {
		return
	}
	count, l := g.next, g.label()
	g.next++
	g.add(ir.Insn{Op: ir.Mov, Type: ir.I64, D: count, B: ir.Const, Imm: 1 + g.r.Uint64N(4)})
	g.add(ir.Insn{Op: ir.SetLabel, Imm: l})
	g.depth++
	for range 1 + g.r.IntN(4) {
		g.piece()
	}
	g.depth--
	g.add(ir.Insn{Op: ir.Sub, Type: ir.I64, D: count, A: count, B: ir.Const, Imm: 1})
	g.add(ir.Insn{Op: ir.BrCond, Type: ir.I64, Aux: uint8(ir.Ne), A: count, B: ir.Const, C: ir.Ref(l)})
}

func (g *irGen) call() {
	i := ir.Insn{Op: ir.Call, A: g.word(), B: g.word(), C: g.word(), Imm: uint64(g.r.IntN(len(irHelpers)))}
	i.D = g.result()
	g.add(i)
}

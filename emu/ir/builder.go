package ir

import "panda/emu/softfloat"

// Val is an operand: a word or, with R == Const, a constant.
type Val struct {
	R Ref
	K uint64
}

// W is the operand that a word is, K the constant.
func W(r Ref) Val { return Val{R: r} }

// K is a constant operand.
func K(v uint64) Val { return Val{R: Const, K: v} }

// IsConst reports whether the operand is a constant.
func (v Val) IsConst() bool { return v.R == Const }

// Builder writes a Block. Methods that return a Ref put the result into a new
// temporary; those with To in their name put it where they are told.
type Builder struct {
	Block
	// Extend, when set, says whether a block may continue at the pc after a branch
	// that is not taken.
	Extend func(pc uint64) bool
	// Step is set by the translator when the guest traps after the block: it steps
	// through its code.
	Step bool
	// Rules are what floating-point operations go by that are emitted. The translator
	// sets them.
	Rules softfloat.Rules
	// PerAccess is how many words passes will need for each load and store.
	PerAccess int
	base      Ref
}

// Reset starts a block at pc whose temporaries begin at base. Slices are used
// again, so a finished block must be compiled or copied before.
func (b *Builder) Reset(pc uint64, base Ref) {
	b.Block = Block{PC: pc, Insns: b.Insns[:0], Temps: base, Helpers: b.Helpers[:0], Marks: b.Marks[:0]}
	b.base, b.Step = base, false
}

// Temp is a new word. Temporaries live to the end of the block.
func (b *Builder) Temp() Ref { return b.TempWords(1) }

// TempWords are n new consecutive words.
func (b *Builder) TempWords(n int) Ref {
	r := b.Temps
	b.Temps += Ref(n)
	return r
}

// Full reports whether the frame has little room left for temporaries.
func (b *Builder) Full() bool {
	return b.Temps > FrameWords-256 || b.PerAccess > 0 && int(b.Temps)+b.accesses()*b.PerAccess > FrameWords-256
}

// accesses is the number of loads and stores.
func (b *Builder) accesses() (n int) {
	for i := range b.Insns {
		if op := b.Insns[i].Op; op == Ld || op == St {
			n++
		}
	}
	return n
}

// Emit appends an operation.
func (b *Builder) Emit(i Insn) { b.Insns = append(b.Insns, i) }

// Mark starts a guest instruction.
func (b *Builder) Mark(pc uint64, n int, state uint64) {
	b.Emit(Insn{Op: InsnMark, Imm: uint64(len(b.Marks))})
	b.Marks = append(b.Marks, Mark{pc, uint8(n), state})
}

// Op2To emits d = x op y.
func (b *Builder) Op2To(d Ref, op Op, t Type, x Ref, y Val) {
	b.Emit(Insn{Op: op, Type: t, D: d, A: x, B: y.R, C: None, Imm: y.K})
}

// Op2 emits x op y into a new word.
func (b *Builder) Op2(op Op, t Type, x Ref, y Val) Ref {
	d := b.Temp()
	b.Op2To(d, op, t, x, y)
	return d
}

// Op1To emits d = op x.
func (b *Builder) Op1To(d Ref, op Op, t Type, x Ref) {
	b.Emit(Insn{Op: op, Type: t, D: d, A: x, B: None, C: None})
}

// Op1 emits op x into a new word.
func (b *Builder) Op1(op Op, t Type, x Ref) Ref {
	d := b.Temp()
	b.Op1To(d, op, t, x)
	return d
}

// MovTo emits d = v; for I32 the high half of d becomes zero.
func (b *Builder) MovTo(d Ref, t Type, v Val) {
	b.Emit(Insn{Op: Mov, Type: t, D: d, A: None, B: v.R, C: None, Imm: v.K})
}

// Unset says that nobody looks at a word until it is set again.
func (b *Builder) Unset(d Ref) { b.Emit(Insn{Op: Unset, D: d, A: None, B: None, C: None}) }

// Word puts an operand into a word: itself, or a new one for a constant.
func (b *Builder) Word(v Val) Ref {
	if !v.IsConst() {
		return v.R
	}
	d := b.Temp()
	b.MovTo(d, I64, v)
	return d
}

// ExtTo emits d = x zero- or sign-extended from type from to type t.
func (b *Builder) ExtTo(d Ref, op Op, t, from Type, x Ref) {
	b.Emit(Insn{Op: op, Type: t, Aux: uint8(from), D: d, A: x, B: None, C: None})
}

// Ext is ExtTo with a new word.
func (b *Builder) Ext(op Op, t, from Type, x Ref) Ref {
	d := b.Temp()
	b.ExtTo(d, op, t, from, x)
	return d
}

// ExtractTo emits d = n bits of x from bit pos up.
func (b *Builder) ExtractTo(d, x Ref, pos, n uint8) {
	b.Emit(Insn{Op: Extract, Type: I64, Aux: pos, Sub: n, D: d, A: x, B: None, C: None})
}

// DepositTo emits d = x with n bits from pos up replaced by the low bits of v.
func (b *Builder) DepositTo(d, x Ref, v Val, pos, n uint8) {
	b.Emit(Insn{Op: Deposit, Type: I64, Aux: pos, Sub: n, D: d, A: x, B: v.R, C: None, Imm: v.K})
}

// SetCondTo emits d = x cond y ? 1 : 0.
func (b *Builder) SetCondTo(d Ref, c Cond, t Type, x Ref, y Val) {
	b.Emit(Insn{Op: SetCond, Type: t, Aux: uint8(c), D: d, A: x, B: y.R, C: None, Imm: y.K})
}

// SetCond is SetCondTo with a new word.
func (b *Builder) SetCond(c Cond, t Type, x Ref, y Val) Ref {
	d := b.Temp()
	b.SetCondTo(d, c, t, x, y)
	return d
}

// SelectTo emits d = sel != 0 ? x : y. For I32 the high half becomes zero.
func (b *Builder) SelectTo(d Ref, t Type, sel, x, y Ref) {
	b.Emit(Insn{Op: Select, Type: t, D: d, A: sel, B: x, C: y})
}

// FlagsTo emits d = the flags of x op y, with a carry or borrow in unless c is
// None.
func (b *Builder) FlagsTo(d Ref, op FlagOp, t Type, x Ref, y Val, c Ref) {
	b.Emit(Insn{Op: Flags, Type: t, Aux: uint8(op), D: d, A: x, B: y.R, C: c, Imm: y.K})
}

// Flags is FlagsTo with a new word.
func (b *Builder) Flags(op FlagOp, t Type, x Ref, y Val, c Ref) Ref {
	d := b.Temp()
	b.FlagsTo(d, op, t, x, y, c)
	return d
}

// DivTo emits d = a division of hi:x by y, words all.
func (b *Builder) DivTo(d Ref, op Op, t Type, hi, x, y Ref) {
	b.Emit(Insn{Op: op, Type: t, D: d, A: x, B: y, C: hi})
}

// Address is where an access goes: Base + Index<<Scale + Disp.
type Address struct {
	Base, Index Ref
	Scale       uint8
	Disp        uint64
}

// LdTo emits a load of type t, zero-extended; sign is 0, SignExt or SignExt|SignExt64.
func (b *Builder) LdTo(d Ref, t Type, a Address, sign uint8) {
	b.Emit(Insn{Op: Ld, Type: t, Aux: a.Scale | sign, D: d, A: a.Base, B: a.Index, C: None, Imm: a.Disp})
}

// Ld is LdTo, zero-extended, into new words.
func (b *Builder) Ld(t Type, a Address) Ref {
	d := b.TempWords(t.Words())
	b.LdTo(d, t, a, 0)
	return d
}

// St emits a store of type t.
func (b *Builder) St(t Type, a Address, v Ref) {
	b.Emit(Insn{Op: St, Type: t, Aux: a.Scale, D: None, A: a.Base, B: a.Index, C: v, Imm: a.Disp})
}

// LeaTo emits d = the address.
func (b *Builder) LeaTo(d Ref, t Type, a Address) {
	b.Emit(Insn{Op: Lea, Type: t, Aux: a.Scale, D: d, A: a.Base, B: a.Index, C: None, Imm: a.Disp})
}

// Label is a new label, to be placed by Place.
func (b *Builder) Label() int {
	b.Labels++
	return b.Labels - 1
}

// Place puts a label here.
func (b *Builder) Place(l int) { b.Emit(Insn{Op: SetLabel, Imm: uint64(l)}) }

// Br jumps to a label.
func (b *Builder) Br(l int) { b.Emit(Insn{Op: Br, Imm: uint64(l)}) }

// BrCond jumps to a label when x cond y.
func (b *Builder) BrCond(l int, c Cond, t Type, x Ref, y Val) {
	b.Emit(Insn{Op: BrCond, Type: t, Aux: uint8(c), A: x, B: y.R, C: Ref(l), Imm: y.K})
}

// BrWatched jumps to a label if memory callbacks watch the instruction, which is
// known when the block is instrumented.
func (b *Builder) BrWatched(l int) { b.Emit(Insn{Op: Nop, Aux: IfWatched, Imm: uint64(l)}) }

// GotoTB leaves to the block at pc through chain slot n.
func (b *Builder) GotoTB(n uint8, pc uint64) { b.Emit(Insn{Op: GotoTB, Aux: n, Imm: pc}) }

// GotoSide is GotoTB with the last n instructions of the block not done.
func (b *Builder) GotoSide(slot uint8, pc uint64, n int) {
	b.Emit(Insn{Op: GotoTB, Aux: slot, Imm: pc, C: Ref(n)})
}

// GotoPtr leaves to the block at the pc in a word.
func (b *Builder) GotoPtr(pc Ref) { b.Emit(Insn{Op: GotoPtr, A: pc, B: None, C: None}) }

// Exit leaves to the run loop; the guest will continue at pc.
func (b *Builder) Exit(why Exit, pc uint64) { b.Emit(Insn{Op: ExitTB, Aux: uint8(why), Imm: pc}) }

// CallTo calls a helper with up to three words; d may be None.
func (b *Builder) CallTo(d Ref, h *Helper, args ...Ref) {
	i := Insn{Op: Call, Type: I64, D: d, A: None, B: None, C: None, Imm: b.helper(h)}
	for n, r := range args {
		*[]*Ref{&i.A, &i.B, &i.C}[n] = r
	}
	b.Emit(i)
}

// Call is CallTo with a new word.
func (b *Builder) Call(h *Helper, args ...Ref) Ref {
	d := b.Temp()
	b.CallTo(d, h, args...)
	return d
}

func (b *Builder) helper(h *Helper) uint64 {
	for i, x := range b.Helpers {
		if x == h {
			return uint64(i)
		}
	}
	b.Helpers = append(b.Helpers, h)
	return uint64(len(b.Helpers) - 1)
}

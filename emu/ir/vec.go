package ir

import "slices"

// VecOp is a vector or floating-point operation: the Aux of a Vec. Its row
// says what the operands are.
type VecOp uint8

// VecRow describes a vector operation to printers, verifiers and passes.
type VecRow struct {
	Name string
	// D, A, B and C are the types of the operands: NumTypes means the operation's
	// own type, I16 half of that, I32 a quarter, and I8 stands for an absent operand.
	D, A, B, C Type
	// ReadsD says that the old value of D matters.
	ReadsD bool
	// FP says that the operation works by Rules in the floating-point environment of
	// word C: it looks at it, adds flags to it, and can raise an exception.
	FP bool
}

// own is the operation's own type, half that of half its size, quarter that of a
// quarter, none an absent operand.
const (
	own     = NumTypes
	half    = I16
	quarter = I32
	none    = I8
)

// Row is the description of a vector operation.
func (v VecOp) Row() *VecRow { return &VecRows[v] }

func (v VecOp) String() string { return VecRows[v].Name }

// WordsD is the number of words of D that the operation sets.
func (i *Insn) WordsD() int {
	switch i.Op {
	case Ld:
		return i.Type.Words()
	case Vec:
		return i.operandType(VecRows[i.Aux].D).Words()
	}
	return 1
}

// WordsA is the number of words read at A, WordsB at B, WordsC at C.
func (i *Insn) WordsA() int {
	if i.Op == Vec {
		return i.operandType(VecRows[i.Aux].A).Words()
	}
	return 1
}

// WordsB is the number of words read at B.
func (i *Insn) WordsB() int {
	if i.Op == Vec {
		return i.operandType(VecRows[i.Aux].B).Words()
	}
	return 1
}

// WordsC is the number of words read at C.
func (i *Insn) WordsC() int {
	switch i.Op {
	case St:
		return i.Type.Words()
	case Vec:
		return i.operandType(VecRows[i.Aux].C).Words()
	}
	return 1
}

func (i *Insn) operandType(t Type) Type {
	switch t {
	case own:
		return i.Type
	case half:
		return i.Type - 1
	case quarter:
		return i.Type - 2
	}
	return t
}

// VecTo emits vector operation op on lanes of 1<<lane bytes. Absent operands are
// None. Floating point goes by b.Rules.
func (b *Builder) VecTo(d Ref, op VecOp, t Type, lane uint8, x, y, z Ref, imm uint64) {
	i := Insn{Op: Vec, Type: t, Aux: uint8(op), Sub: lane, D: d, A: x, B: y, C: z, Imm: imm}
	if VecRows[op].FP {
		i.Rules = b.Rules
	}
	b.Emit(i)
}

// EffectsVec reports whether the operation is a vector operation that does more
// than set D: floating point sets flags and can raise.
func (i *Insn) EffectsVec() bool { return i.Op == Vec && VecRows[i.Aux].FP }

// Plain reports whether the operation looks at no words but the first of its
// operands.
func (i *Insn) Plain() bool { return i.Op != Vec && i.Op != ProbeMem && i.Op != Call && i.Type < V128 }

// Visible reports whether all slots must hold their values at the operation: it
// can fault, or code outside the block looks at them.
func (i *Insn) Visible(b *Block) bool {
	if i.Op == Call {
		return b.Helpers[i.Imm].seesAll()
	}
	return i.Op.Faults() || i.Op.Barrier() || i.EffectsVec()
}

// Effects reports whether the operation does more than set its D words.
func (i *Insn) Effects(b *Block) bool {
	if i.Op == Call {
		h := b.Helpers[i.Imm]
		return h.MayFault || len(h.Writes) > 0 || i.D == None
	}
	return i.Op.Keep() || i.EffectsVec()
}

// AllSlots in a helper's Reads or Writes stands for every slot.
const AllSlots = None

func (h *Helper) seesAll() bool {
	return h.MayFault || slices.Contains(h.Reads, AllSlots) || slices.Contains(h.Writes, AllSlots)
}

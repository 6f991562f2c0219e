package ir

import (
	"fmt"

	"panda/emu/softfloat"
)

// Verify checks a block: operands present and in range, labels placed once,
// marks in order, temporaries written before they are read, and an end that
// leaves. tempBase is the first word that is no slot.
func Verify(b *Block, tempBase Ref) error {
	v := verifier{b: b, base: tempBase, placed: make([]int, b.Labels)}
	for n := range b.Insns {
		if err := v.insn(&b.Insns[n]); err != nil {
			return fmt.Errorf("operation %d (%s): %w", n, Format(b, &b.Insns[n], nil), err)
		}
	}
	for l, n := range v.placed {
		if n != 1 {
			return fmt.Errorf("label %d is placed %d times", l, n)
		}
	}
	if n := len(b.Insns); n == 0 || !b.Insns[n-1].leaves() {
		return fmt.Errorf("the block does not end by leaving")
	}
	return nil
}

type verifier struct {
	b       *Block
	base    Ref
	placed  []int
	marks   uint64
	written [FrameWords]bool
}

// leaves reports whether control never passes the operation.
func (i *Insn) leaves() bool {
	return i.Op == GotoTB || i.Op == GotoPtr || i.Op == ExitTB || i.Op == Br
}

func (v *verifier) insn(i *Insn) error {
	if i.Op >= NumOps || i.Type >= NumTypes {
		return fmt.Errorf("no such operation or type")
	}
	if err := v.special(i); err != nil {
		return err
	}
	for _, r := range []struct {
		has   bool
		ref   Ref
		words int
	}{{i.Op.ReadsA(), i.A, i.WordsA()}, {i.Op.ReadsB() && i.B != Const, i.B, i.WordsB()}, {i.Op.ReadsC(), i.C, i.WordsC()}} {
		if !r.has {
			continue
		}
		if err := v.read(i, r.ref, r.words); err != nil {
			return err
		}
	}
	if !i.Op.WritesD() {
		return nil
	}
	return v.write(i)
}

func (v *verifier) special(i *Insn) error {
	switch i.Op {
	case SetLabel:
		if i.Imm >= uint64(len(v.placed)) {
			return fmt.Errorf("label out of range")
		}
		v.placed[i.Imm]++
	case Br, BrCond:
		l := i.Imm
		if i.Op == BrCond {
			l = uint64(i.C)
		}
		if l >= uint64(v.b.Labels) {
			return fmt.Errorf("label out of range")
		}
	case InsnMark:
		if i.Imm != v.marks || i.Imm >= uint64(len(v.b.Marks)) {
			return fmt.Errorf("mark out of order")
		}
		v.marks++
	case Call:
		if i.Imm >= uint64(len(v.b.Helpers)) {
			return fmt.Errorf("no such helper")
		}
	case DivU, RemU, DivS, RemS:
		if i.B == Const || i.A == None || i.B == None {
			return fmt.Errorf("not a division of words")
		}
	case Flags:
		if FlagOp(i.Aux) >= NumFlagOps || i.Type > I64 || i.A == None || i.B == None || FlagOp(i.Aux) == FlagsAnd && i.C != None {
			return fmt.Errorf("no such flags")
		}
	case Vec:
		return i.verifyVec()
	}
	return nil
}

// verifyVec checks what no vector operation can do without, and that a constant
// asks for what there is.
func (i *Insn) verifyVec() error {
	if i.Aux >= uint8(NumVecOps) || i.Type < I32 {
		return fmt.Errorf("no such vector operation")
	}
	op := VecOp(i.Aux)
	switch fp := VecRows[op].FP; {
	case !fp && i.Rules != 0 || i.Rules >= softfloat.NumRules:
		return fmt.Errorf("no such rules")
	case fp && (i.C == None || i.Sub != 2 && i.Sub != 3 || i.Type.Bytes() < 1<<i.Sub):
		return fmt.Errorf("no environment, or no such lanes")
	case fp && i.Imm&^op.ImmBits() != 0:
		return fmt.Errorf("no such variant")
	}
	return nil
}

// ImmBits are the bits of Imm that a floating-point operation looks at.
func (v VecOp) ImmBits() uint64 {
	const (
		how = RoundZero | RoundEnv | RoundAway
		of  = IntUnsigned | IntShort | 0x7f<<IntFrac
	)
	switch v {
	case VFRound:
		return how | RoundSilent
	case VF32ToF16, VF64ToF16:
		return how
	case VF32ToI32, VF32ToI64, VF64ToI32, VF64ToI64:
		return how | of
	case VI32ToF32, VI32ToF64, VI64ToF32, VI64ToF64:
		return of
	case VFMulAdd, VFCmp:
		return 31
	case VFRelate:
		return 1<<33 - 1
	case VFRecipStep, VFRsqrtStep, VF64ToF32:
		return 1
	}
	return 0
}

func (v *verifier) read(i *Insn, r Ref, words int) error {
	if r == None {
		if i.Op.Optional() {
			return nil
		}
		return fmt.Errorf("operand missing")
	}
	if int(r)+words > FrameWords {
		return fmt.Errorf("word %d out of the frame", r)
	}
	for w := r; w < r+Ref(words); w++ {
		if w >= v.base && !v.written[w] {
			return fmt.Errorf("t%d is read before it is written", w)
		}
	}
	return nil
}

func (v *verifier) write(i *Insn) error {
	if i.D == None {
		if i.Op.Optional() {
			return nil
		}
		return fmt.Errorf("result missing")
	}
	n := i.WordsD()
	if int(i.D)+n > FrameWords {
		return fmt.Errorf("word %d out of the frame", i.D)
	}
	for w := range n {
		v.written[int(i.D)+w] = true
	}
	return nil
}

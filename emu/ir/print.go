package ir

import (
	"fmt"
	"strings"
)

// Names gives slots their names in text; a word without one prints as tN.
type Names map[Ref]string

// Print writes a block as text that Parse reads.
func Print(b *Block, names Names) string {
	var s strings.Builder
	fmt.Fprintf(&s, "block %#x\n", b.PC)
	for i := range b.Insns {
		s.WriteString("\t" + Format(b, &b.Insns[i], names) + "\n")
	}
	return s.String()
}

// Format prints one operation: name.type.details d, a, b, c, $imm.
func Format(b *Block, i *Insn, names Names) string {
	f := format{b, i, names}
	head := i.Op.String()
	if i.Op.typed() {
		head += "." + i.Type.String()
	}
	return strings.TrimRight(head+f.details()+" "+strings.Join(f.operands(), ", "), " ")
}

// typed reports whether the operation's type says anything.
func (op Op) typed() bool { return op.WritesD() && op != Call || op == St || op == BrCond }

type format struct {
	b     *Block
	i     *Insn
	names Names
}

func (f *format) details() string {
	i := f.i
	switch i.Op {
	case SetCond, BrCond:
		return "." + Cond(i.Aux).String()
	case ZExt, SExt:
		return "." + Type(i.Aux).String()
	case Flags:
		return "." + FlagOp(i.Aux).String()
	case Extract, Deposit:
		return fmt.Sprintf(".%d.%d", i.Aux, i.Sub)
	case Ld, St, Lea:
		return fmt.Sprintf(".%d", i.Aux)
	case Vec:
		if VecRows[i.Aux].FP {
			return fmt.Sprintf(".%s.%d.%s", VecOp(i.Aux), i.Sub, i.Rules)
		}
		return fmt.Sprintf(".%s.%d", VecOp(i.Aux), i.Sub)
	case GotoTB:
		if i.C != 0 {
			return fmt.Sprintf(".%d.%d", i.Aux, i.C)
		}
		return fmt.Sprintf(".%d", i.Aux)
	case Count:
		return fmt.Sprintf(".%d", i.C)
	case ExitTB:
		return "." + Exit(i.Aux).String()
	case Call:
		if int(i.Imm) < len(f.b.Helpers) {
			return "." + f.b.Helpers[i.Imm].Name
		}
	}
	return ""
}

func (f *format) operands() []string {
	i := f.i
	var s []string
	if i.Op.WritesD() {
		s = append(s, f.ref(i.D))
	}
	if i.Op.ReadsA() {
		s = append(s, f.ref(i.A))
	}
	if i.Op.ReadsB() && i.B != Const {
		s = append(s, f.ref(i.B))
	}
	if i.constAmid() {
		s = append(s, fmt.Sprintf("$%#x", i.Imm))
	}
	if i.Op.ReadsC() {
		s = append(s, f.ref(i.C))
	}
	if i.Op == BrCond {
		s = append(s, fmt.Sprintf("L%d", i.C))
	}
	if i.hasImm() {
		s = append(s, fmt.Sprintf("$%#x", i.Imm))
	}
	return s
}

// hasImm reports whether Imm is an operand of its own.
func (i *Insn) hasImm() bool {
	switch i.Op {
	case Ld, St, Lea, SetLabel, Br, GotoTB, ExitTB, InsnMark, Probe, ProbeMem, Count, Vec, Call:
		return true
	}
	return i.Op.ReadsB() && i.B == Const && !i.constAmid()
}

// constAmid reports whether a constant stands before operand C.
func (i *Insn) constAmid() bool { return i.Op.ReadsC() && i.Op.ReadsB() && i.B == Const }

func (f *format) ref(r Ref) string {
	if r == None {
		return "_"
	}
	if n, ok := f.names[r]; ok {
		return n
	}
	return fmt.Sprintf("t%d", r)
}

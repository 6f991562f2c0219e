package event

import "panda/emu/vcpu"

// Term is a condition, or an operand of one, as far as it can be decided without
// this package: of numbers, registers and what is known of an access.
type Term struct {
	// Op is an operator as it is written, with operands A and, unless it is one of
	// ! - ~ alone, B. It is empty for the rest.
	Op     string
	A, B   *Term
	Signed bool // the comparison is
	Num    uint64
	Reg    vcpu.Register
	Field  string // pc, addr or size
}

// termFields are the fields that a Term may name.
var termFields = map[string]bool{"pc": true, "addr": true, "size": true}

// termOps are the operators of terms by what they are called here.
var termOps = map[string]string{
	"or": "||", "||": "||", "and": "&&", "&&": "&&", "==": "==", "!=": "!=", "~=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
	"|": "|", "^": "^", "&": "&", "+": "+", "-": "-", "*": "*",
}

// term is what an operator makes of two terms, nil if one of them is none. Of
// a && b the half that is a term is left: it is true wherever the whole is.
func (op *whenOp) term(a, b *node) (t *Term, part bool) {
	name := termOps[op.sign]
	switch {
	case name == "&&" && a.term == nil && b.term != nil:
		return b.term, true
	case name == "&&" && b.term == nil && a.term != nil:
		return a.term, true
	case name == "" || a.term == nil || b.term == nil || name != "&&" && (a.part || b.part):
		return nil, false
	}
	return &Term{Op: name, A: a.term, B: b.term, Signed: a.signed || b.signed}, a.part || b.part
}

// Term is what of the condition is a term, nil for nothing. The event is taken
// only where it is true; whole says that it is taken then.
func (x *Expr) Term() (t *Term, whole bool) { return x.node.term, !x.node.part }

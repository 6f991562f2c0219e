package event

import (
	"encoding/binary"
	"fmt"
	"path"
	"strconv"
	"strings"

	"panda/emu/guest"
)

// Expr is a condition over an event, compiled from text:
//
//	rax == 0 && u32(rsp + 8) > 0x100
//	name == "open*" and ret < 0
//
// Operands are numbers, 'text' or "text", fields of the event, registers, and
// memory: u8(a) to u64(a), i8(a) to i64(a), str(a). Operators are those of C
// with their ranks, except that comparisons bind less than | ^ &; and, or, not
// and ~= are known too. Text is compared with == and !=, where * and ? of the
// right side stand for anything. Numbers have 64 bits; a comparison, division
// or shift to the right is signed if one of its operands is (a negative number,
// ret, pid, i32(…)). Memory that cannot be read makes the condition false.
type Expr struct {
	Text string
	node *node
	f    frame
}

// True evaluates the condition.
func (x *Expr) True(e *Env) (ok bool) {
	x.f = frame{Env: e}
	return x.node.eval(&x.f) != 0 && !x.f.unread
}

// frame is one evaluation.
type frame struct {
	*Env
	unread bool // memory was asked for that is not there
}

// node is a compiled expression: a number, or a text when str is set.
type node struct {
	eval   func(f *frame) uint64
	str    func(f *frame) string
	signed bool
	lit    *string // a literal text
	term   *Term   // the same for others, or a part of it
	part   bool
}

// WhenError is a mistake in a condition, with its place.
type WhenError struct {
	Text string
	Pos  int
	Msg  string
}

func (e *WhenError) Error() string {
	if len(e.Text) > maxWhen {
		return "when: " + e.Msg
	}
	return fmt.Sprintf("when: %s\n  %s\n  %s^", e.Msg, e.Text, strings.Repeat(" ", e.Pos))
}

// maxWhen bounds the text of a condition: a chain of operators is evaluated by as
// many calls within each other.
const maxWhen = 64 << 10

// ParseWhen compiles a condition for events of a kind.
func ParseWhen(k Kind, text string, regs Lookup) (x *Expr, err error) {
	p := &whenParser{kind: k, text: text, regs: regs}
	defer func() {
		if r := recover(); r != nil {
			we, ok := r.(*WhenError)
			if !ok {
				panic(r)
			}
			x, err = nil, we
		}
	}()
	if len(text) > maxWhen {
		p.fail("a condition has at most %d bytes, not %d", maxWhen, len(text))
	}
	p.next()
	n := p.binary(0)
	if p.tok != "" {
		p.fail("%q is too much here", p.tok)
	}
	return &Expr{Text: text, node: p.number(n)}, nil
}

// whenParser is a parser by operator precedence; it fails by panic.
type whenParser struct {
	kind  Kind
	text  string
	regs  Lookup
	pos   int    // after the token
	start int    // of the token
	tok   string // the token; a text begins with its quote; empty at the end
	depth int
}

func (p *whenParser) fail(format string, a ...any) {
	panic(&WhenError{p.text, p.start, fmt.Sprintf(format, a...)})
}

func (p *whenParser) next() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
	p.start = p.pos
	rest := p.text[p.pos:]
	p.tok = rest[:tokenLen(rest)]
	p.pos += len(p.tok)
	if p.tok == "" && rest != "" {
		p.fail("%q means nothing here", rest[:1])
	}
}

func tokenLen(s string) int {
	if s == "" {
		return 0
	}
	switch c := s[0]; {
	case c == '"' || c == '\'':
		if i := strings.IndexByte(s[1:], c); i >= 0 {
			return i + 2
		}
		return 0
	case isWord(c):
		n := 1
		for n < len(s) && isWord(s[n]) {
			n++
		}
		return n
	}
	for _, op := range []string{"&&", "||", "==", "!=", "~=", "<=", ">=", "<<", ">>"} {
		if strings.HasPrefix(s, op) {
			return 2
		}
	}
	if strings.IndexByte("()!~<>+-*/%&|^", s[0]) >= 0 {
		return 1
	}
	return 0
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (p *whenParser) operator() *whenOp {
	for i := range whenOps {
		if whenOps[i].sign == p.tok {
			return &whenOps[i]
		}
	}
	return nil
}

// binary reads operators of a rank above least.
func (p *whenParser) binary(least int) *node {
	left := p.unary()
	for {
		op := p.operator()
		if op == nil || op.rank <= least {
			return left
		}
		at := p.start
		p.next()
		right := p.binary(op.rank)
		left = p.combine(op, left, right, at)
	}
}

func (p *whenParser) combine(op *whenOp, a, b *node, at int) *node {
	if a.str != nil || b.str != nil {
		p.start = at
		return p.compareText(op, a, b)
	}
	n := &node{}
	n.term, n.part = op.term(a, b)
	do, signed := op.do, a.signed || b.signed
	switch op.rank {
	case 1:
		n.eval = func(f *frame) uint64 { return truth(a.eval(f) != 0 || b.eval(f) != 0) }
	case 2:
		n.eval = func(f *frame) uint64 { return truth(a.eval(f) != 0 && b.eval(f) != 0) }
	default:
		n.eval = func(f *frame) uint64 { return do(a.eval(f), b.eval(f), signed) }
		n.signed = signed && op.rank > 4
	}
	return n
}

func (p *whenParser) compareText(op *whenOp, a, b *node) *node {
	if op.rank != 3 {
		p.fail("text is compared with == and != only")
	}
	if a.str == nil || b.str == nil {
		p.fail("a text is compared with a number")
	}
	same := func(f *frame) bool { return a.str(f) == b.str(f) }
	if b.lit != nil && strings.ContainsAny(*b.lit, "*?[") {
		if _, err := path.Match(*b.lit, ""); err != nil {
			p.fail("%q is no pattern", *b.lit)
		}
		same = func(f *frame) bool { ok, _ := path.Match(*b.lit, a.str(f)); return ok }
	}
	if op.sign == "==" {
		return &node{eval: func(f *frame) uint64 { return truth(same(f)) }}
	}
	return &node{eval: func(f *frame) uint64 { return truth(!same(f)) }}
}

func (p *whenParser) unary() *node {
	if p.depth++; p.depth > 100 {
		p.fail("nested too deeply")
	}
	defer func() { p.depth-- }()
	switch tok := p.tok; tok {
	case "!", "not", "-", "~":
		p.next()
		return unaryNode(tok, p.number(p.unary()))
	case "(":
		p.next()
		n := p.binary(0)
		p.expect(")")
		return n
	case "":
		p.fail("an operand is missing")
	}
	return p.primary()
}

func unaryNode(tok string, n *node) *node {
	u := &node{eval: func(f *frame) uint64 { return truth(n.eval(f) == 0) }}
	switch tok {
	case "-":
		u.eval, u.signed = func(f *frame) uint64 { return -n.eval(f) }, true
	case "~":
		u.eval, u.signed = func(f *frame) uint64 { return ^n.eval(f) }, n.signed
	default:
		tok = "!"
	}
	if n.term != nil && !n.part {
		u.term = &Term{Op: tok, A: n.term}
	}
	return u
}

func (p *whenParser) expect(tok string) {
	if p.tok != tok {
		p.fail("%q expected", tok)
	}
	p.next()
}

// number insists on a number.
func (p *whenParser) number(n *node) *node {
	if n.str != nil {
		p.fail("a text stands where a number is needed")
	}
	return n
}

func (p *whenParser) primary() *node {
	tok := p.tok
	switch c := tok[0]; {
	case c == '"' || c == '\'':
		p.next()
		s := tok[1 : len(tok)-1]
		return &node{str: func(*frame) string { return s }, lit: &s}
	case c >= '0' && c <= '9':
		v, err := strconv.ParseUint(tok, 0, 64)
		if err != nil {
			p.fail("%q is no number of 64 bits", tok)
		}
		p.next()
		return &node{eval: func(*frame) uint64 { return v }, term: &Term{Num: v}}
	case !isWord(c):
		p.fail("%q stands where an operand is needed", tok)
	}
	if size, signed, ok := memAccess(tok); ok {
		return p.memory(size, signed)
	}
	return p.field(strings.TrimPrefix(tok, "$"))
}

// memAccess takes u8 … i64 apart, and str with size 0.
func memAccess(tok string) (size int, signed, ok bool) {
	switch tok {
	case "str":
		return 0, false, true
	case "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64":
		bits, _ := strconv.Atoi(tok[1:])
		return bits / 8, tok[0] == 'i', true
	}
	return 0, false, false
}

func (p *whenParser) memory(size int, signed bool) *node {
	p.next()
	p.expect("(")
	a := p.number(p.binary(0))
	p.expect(")")
	if size == 0 {
		return &node{str: func(f *frame) string { return f.readText(guest.Addr(a.eval(f))) }}
	}
	unused := 64 - 8*size
	return &node{signed: signed, eval: func(f *frame) uint64 {
		v := f.read(guest.Addr(a.eval(f)), size)
		if signed {
			return uint64(int64(v<<unused) >> unused)
		}
		return v
	}}
}

func (f *frame) read(a guest.Addr, size int) uint64 {
	var b [8]byte
	if f.CPU == nil || f.CPU.Read(a, b[:size]) != nil {
		f.unread = true
	}
	return binary.LittleEndian.Uint64(b[:])
}

func (f *frame) readText(a guest.Addr) string {
	var out []byte
	for len(out) < 4096 {
		c := byte(f.read(a+guest.Addr(len(out)), 1))
		if c == 0 {
			break
		}
		out = append(out, c)
	}
	return string(out)
}

func (p *whenParser) field(name string) *node {
	fd, err := p.kind.FindField(name, p.regs)
	if err != nil {
		p.fail("%v", err)
	}
	p.next()
	get := fd.Get
	if fd.Type == TextValue {
		return &node{str: func(f *frame) string { return get(f.Env).Text }}
	}
	n := &node{eval: func(f *frame) uint64 { return get(f.Env).Num }, signed: fd.Type == SignedValue}
	switch {
	case fd.Reg != nil:
		n.term = &Term{Reg: fd.Reg}
	case termFields[name] && p.kind.Class() != "exc":
		n.term = &Term{Field: name}
	}
	return n
}

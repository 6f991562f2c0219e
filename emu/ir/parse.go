package ir

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"panda/emu/softfloat"
)

// Parse reads the text of Print. Helpers are those that the block may call; Marks
// are made up with one-byte instructions at PC + index.
func Parse(text string, names Names, helpers []*Helper) (*Block, error) {
	p := parser{b: &Block{Helpers: helpers}, words: map[string]Ref{}}
	for r, n := range names { // a map again
		p.words[n] = r
	}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", n+1, line, err)
		}
	}
	return p.b, nil
}

type parser struct {
	b     *Block
	words map[string]Ref
}

func (p *parser) line(line string) error {
	head, rest, _ := strings.Cut(line, " ")
	if head == "block" {
		pc, err := strconv.ParseUint(strings.TrimSpace(rest), 0, 64)
		p.b.PC = pc
		return err
	}
	i, parts, err := parseHead(head)
	if err != nil {
		return err
	}
	var ops []string
	if rest = strings.TrimSpace(rest); rest != "" {
		ops = strings.Split(rest, ",")
	}
	if err := p.details(&i, parts); err != nil {
		return err
	}
	if err := p.operands(&i, ops); err != nil {
		return err
	}
	if i.Op == Call {
		if err := p.called(&i, parts[0]); err != nil {
			return err
		}
	}
	p.note(&i)
	p.b.Insns = append(p.b.Insns, i)
	return nil
}

func parseHead(head string) (i Insn, parts []string, err error) {
	i = Insn{D: None, A: None, B: None, C: None}
	parts = strings.Split(head, ".")
	op := slices.IndexFunc(opRows[:], func(r opRow) bool { return r.name == parts[0] })
	if op < 0 {
		return i, nil, fmt.Errorf("no operation %q", parts[0])
	}
	i.Op, parts = Op(op), parts[1:]
	if !i.Op.typed() {
		return i, parts, nil
	}
	if len(parts) == 0 {
		return i, nil, fmt.Errorf("%s wants a type", i.Op)
	}
	i.Type, err = parseType(parts[0])
	return i, parts[1:], err
}

func parseType(s string) (Type, error) {
	for t := range NumTypes {
		if t.String() == s {
			return t, nil
		}
	}
	return 0, fmt.Errorf("no type %q", s)
}

// details reads what stands after the type, mirroring format.details.
func (p *parser) details(i *Insn, parts []string) (err error) {
	want := map[Op]int{SetCond: 1, BrCond: 1, ZExt: 1, SExt: 1, Extract: 2, Deposit: 2, Ld: 1, St: 1, Lea: 1, Vec: 2, GotoTB: 1, ExitTB: 1, Call: 1, Flags: 1, Count: 1}[i.Op]
	switch {
	case i.Op == GotoTB && len(parts) == 2: // with instructions not done
		want = 2
	case i.Op == Vec && len(parts) == 3: // with rules
		want = 3
	}
	if len(parts) != want {
		return fmt.Errorf("%s takes %d details, not %d", i.Op, want, len(parts))
	}
	switch i.Op {
	case GotoTB:
		i.C = 0
		if want == 2 {
			if err := literal(&i.C, parts[1]); err != nil {
				return err
			}
		}
		return number8(&i.Aux, parts[0])
	case Count:
		return literal(&i.C, parts[0])
	case SetCond, BrCond:
		return index(&i.Aux, condNames[:], parts[0], "condition")
	case ZExt, SExt:
		t, err := parseType(parts[0])
		i.Aux = uint8(t)
		return err
	case Flags:
		return index(&i.Aux, flagOpNames[:], parts[0], "operation with flags")
	case ExitTB:
		return index(&i.Aux, exitNames[:], parts[0], "exit")
	case Call:
		return nil // see called
	case Vec:
		return i.parseVec(parts)
	}
	for n, d := range parts {
		if err := number8([]*uint8{&i.Aux, &i.Sub}[n], d); err != nil {
			return err
		}
	}
	return nil
}

// parseVec reads the operation, the lane and, for floating point, the rules.
func (i *Insn) parseVec(parts []string) error {
	v := slices.IndexFunc(VecRows[:], func(r VecRow) bool { return r.Name == parts[0] })
	if v < 0 {
		return fmt.Errorf("no vector operation %q", parts[0])
	}
	i.Aux = uint8(v)
	if err := number8(&i.Sub, parts[1]); err != nil {
		return err
	}
	if fp := VecRows[v].FP; fp != (len(parts) == 3) {
		return fmt.Errorf("floating point has rules, and nothing else")
	} else if !fp {
		return nil
	}
	for i.Rules = range softfloat.NumRules {
		if i.Rules.String() == parts[2] {
			return nil
		}
	}
	return fmt.Errorf("no rules %q", parts[2])
}

// called checks that a call's number is that of the helper it names.
func (p *parser) called(i *Insn, name string) error {
	if i.Imm >= uint64(len(p.b.Helpers)) || p.b.Helpers[i.Imm].Name != name {
		return fmt.Errorf("helper %d is not %q", i.Imm, name)
	}
	return nil
}

func index(to *uint8, names []string, s, what string) error {
	n := slices.Index(names, s)
	if n < 0 {
		return fmt.Errorf("no %s %q", what, s)
	}
	*to = uint8(n)
	return nil
}

func number8(to *uint8, s string) error {
	n, err := strconv.ParseUint(s, 10, 8)
	*to = uint8(n)
	return err
}

// literal reads a C that is a number and no word.
func literal(to *Ref, s string) error {
	n, err := strconv.ParseUint(s, 10, 16)
	*to = Ref(n)
	return err
}

// operands reads words in the order D, A, B, C, then label and constant.
func (p *parser) operands(i *Insn, ops []string) error {
	var slots []*Ref
	for _, s := range []struct {
		has bool
		ref *Ref
	}{{i.Op.WritesD(), &i.D}, {i.Op.ReadsA(), &i.A}, {i.Op.ReadsB(), &i.B}, {i.Op.ReadsC(), &i.C}} {
		if s.has {
			slots = append(slots, s.ref)
		}
	}
	for _, o := range ops {
		o = strings.TrimSpace(o)
		switch {
		case strings.HasPrefix(o, "$"):
			v, err := strconv.ParseUint(o[1:], 0, 64)
			if err != nil {
				return err
			}
			i.Imm = v
			if len(slots) > 0 && slots[0] == &i.B {
				i.B, slots = Const, slots[1:]
			}
		case strings.HasPrefix(o, "L"):
			l, err := strconv.ParseUint(o[1:], 10, 16)
			if err != nil {
				return err
			}
			i.C = Ref(l)
		case len(slots) == 0:
			return fmt.Errorf("too many operands")
		default:
			r, err := p.ref(o)
			if err != nil {
				return err
			}
			*slots[0], slots = r, slots[1:]
		}
	}
	if len(slots) > 0 {
		return fmt.Errorf("too few operands")
	}
	return nil
}

func (p *parser) ref(s string) (Ref, error) {
	if s == "_" {
		return None, nil
	}
	if r, ok := p.words[s]; ok {
		return r, nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "t"), 10, 16)
	if err != nil || !strings.HasPrefix(s, "t") || n >= FrameWords {
		return 0, fmt.Errorf("no word %q", s)
	}
	return Ref(n), nil
}

// note keeps the block's counts in step with what was read.
func (p *parser) note(i *Insn) {
	switch i.Op {
	case SetLabel:
		p.b.Labels = max(p.b.Labels, int(i.Imm)+1)
	case InsnMark:
		p.b.Marks = append(p.b.Marks, Mark{PC: p.b.PC + i.Imm, Len: 1})
	}
	if i.Op.WritesD() && i.D != None {
		p.b.Temps = max(p.b.Temps, i.D+Ref(i.WordsD()))
	}
}

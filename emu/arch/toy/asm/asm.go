package asm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Base is where the code of a program lies.
const Base = 0x401000

// pageSize is what a part of a program is aligned to.
const pageSize = 0x1000

// Label is a place of a program.
type Label struct {
	Name string
	Addr uint64
	Size uint64
	Data bool
}

// Program is what a text has become.
type Program struct {
	Code, Data []byte
	DataAt     uint64
	Labels     []Label // in the order of their addresses
	Entry      uint64
}

// assembler is a text that is read twice: labels are known the second time.
type assembler struct {
	consts map[string]uint64 // numbers of calls
	labels map[string]uint64
	order  []Label
	parts  [2][]byte // code and data
	at     [2]uint64 // where they begin
	part   int
	second bool
}

// Assemble reads a text. calls are the numbers of system calls by their names.
func Assemble(text string, calls map[string]uint64) (*Program, error) {
	a := &assembler{consts: calls, labels: map[string]uint64{}, at: [2]uint64{Base, Base}}
	if err := a.pass(text); err != nil {
		return nil, err
	}
	shift := uint64(len(a.parts[0])+pageSize-1) &^ (pageSize - 1)
	for _, l := range a.order {
		if l.Data {
			a.labels[l.Name] += shift
		}
	}
	*a = assembler{consts: calls, labels: a.labels, at: [2]uint64{Base, Base + shift}, second: true}
	if err := a.pass(text); err != nil {
		return nil, err
	}
	entry, ok := a.labels["start"]
	if !ok {
		return nil, errors.New("there is no label start")
	}
	return &Program{Code: a.parts[0], Data: a.parts[1], DataAt: a.at[1], Labels: a.sized(), Entry: entry}, nil
}

// sized are the labels that are symbols, each up to the next one.
func (a *assembler) sized() (labels []Label) {
	ends := [2]uint64{a.at[0] + uint64(len(a.parts[0])), a.at[1] + uint64(len(a.parts[1]))}
	next := ends
	for i := len(a.order) - 1; i >= 0; i-- {
		l, part := a.order[i], 0
		if l.Data {
			part = 1
		}
		if strings.HasPrefix(l.Name, ".") {
			continue
		}
		l.Size, next[part] = next[part]-l.Addr, l.Addr
		labels = append([]Label{l}, labels...)
	}
	return labels
}

func (a *assembler) pass(text string) error {
	for n, line := range strings.Split(text, "\n") {
		if err := a.line(line); err != nil {
			return fmt.Errorf("line %d: %q: %w", n+1, strings.TrimSpace(line), err)
		}
	}
	return nil
}

// here is where the next byte goes.
func (a *assembler) here() uint64 { return a.at[a.part] + uint64(len(a.parts[a.part])) }

func (a *assembler) put(b ...byte) { a.parts[a.part] = append(a.parts[a.part], b...) }

func (a *assembler) line(line string) error {
	line = strings.TrimSpace(cutComment(line))
	if name, rest, ok := strings.Cut(line, ":"); ok && !strings.ContainsAny(name, " \"") {
		if err := a.label(name); err != nil {
			return err
		}
		line = strings.TrimSpace(rest)
	}
	word, rest, _ := strings.Cut(line, " ")
	if word == "" {
		return nil
	}
	if do := directives[word]; do != nil {
		return do(a, strings.TrimSpace(rest))
	}
	return a.insn(word, operands(rest))
}

func (a *assembler) label(name string) error {
	if _, ok := a.labels[name]; ok && !a.second {
		return fmt.Errorf("there are two labels %s", name)
	}
	a.labels[name] = a.here()
	a.order = append(a.order, Label{Name: name, Addr: a.here(), Data: a.part == 1})
	return nil
}

// cutComment takes off what stands after a semicolon that is in no text.
func cutComment(line string) string {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"' && (i == 0 || line[i-1] != '\\'):
			quoted = !quoted
		case c == ';' && !quoted:
			return line[:i]
		}
	}
	return line
}

func operands(text string) (ops []string) {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	for op := range strings.SplitSeq(text, ",") {
		ops = append(ops, strings.TrimSpace(op))
	}
	return ops
}

// value is a number, a character, or the address of a label, with a number added
// perhaps. In the first reading labels may not be known yet.
func (a *assembler) value(text string) (uint64, error) {
	if v, err := strconv.ParseInt(text, 0, 64); err == nil {
		return uint64(v), nil
	}
	if v, err := strconv.ParseUint(text, 0, 64); err == nil {
		return v, nil
	}
	if c, err := strconv.Unquote(text); err == nil && len(c) == 1 {
		return uint64(c[0]), nil
	}
	name, more, sum := strings.Cut(text, "+")
	v, ok := a.labels[name]
	if !ok && a.second {
		return 0, fmt.Errorf("%q is neither a number nor a label", text)
	}
	if !sum {
		return v, nil
	}
	n, err := strconv.ParseUint(more, 0, 64)
	return v + n, err
}

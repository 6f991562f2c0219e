package asm

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"panda/emu/arch/toy"
)

// directives are the lines that are no instructions.
var directives = map[string]func(a *assembler, args string) error{
	".data":  func(a *assembler, _ string) error { a.part = 1; return nil },
	".byte":  func(a *assembler, args string) error { return a.numbers(args, 1) },
	".quad":  func(a *assembler, args string) error { return a.numbers(args, 8) },
	".word":  func(a *assembler, args string) error { return a.numbers(args, toy.Size) },
	".ascii": (*assembler).ascii,
	".space": (*assembler).space,
	".align": (*assembler).align,
}

func (a *assembler) numbers(args string, size int) error {
	for _, op := range operands(args) {
		v, err := a.value(op)
		if err != nil {
			return err
		}
		a.put(binary.LittleEndian.AppendUint64(nil, v)[:size]...)
	}
	return nil
}

func (a *assembler) ascii(args string) error {
	text, err := strconv.Unquote(args)
	a.put([]byte(text)...)
	return err
}

func (a *assembler) space(args string) error {
	n, err := strconv.Atoi(args)
	a.put(make([]byte, max(n, 0))...)
	return err
}

func (a *assembler) align(args string) error {
	n, err := strconv.Atoi(args)
	for err == nil && n > 0 && a.here()%uint64(n) != 0 {
		a.put(0)
	}
	return err
}

// insn writes an instruction, or the several that a name stands for.
func (a *assembler) insn(name string, ops []string) error {
	switch {
	case name == "mov" && len(ops) == 2:
		return a.encode("addi", []string{ops[0], ops[1], "0"})
	case name == "li" && len(ops) == 2:
		return a.constant(ops[0], ops[1])
	case name == "sys" && len(ops) == 1:
		n, ok := a.consts[ops[0]]
		if !ok {
			return fmt.Errorf("there is no system call %s", ops[0])
		}
		if err := a.encode("set", []string{"n", fmt.Sprint(n)}); err != nil {
			return err
		}
		return a.encode("sys", nil)
	}
	return a.encode(name, ops)
}

// constant makes a number, 16 bits at a time from where it begins.
func (a *assembler) constant(reg, text string) error {
	v, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		u, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			return err
		}
		v = int64(u)
	}
	const first = 18 // bits of set, and the sign
	shift := 0
	for v>>shift>>first != 0 && v>>shift>>first != -1 {
		shift += 16
	}
	if err := a.encode("set", []string{reg, fmt.Sprint(v >> shift)}); err != nil {
		return err
	}
	for ; shift > 0; shift -= 16 {
		if err := a.encode("app", []string{reg, fmt.Sprint(v >> (shift - 16) & 0xffff)}); err != nil {
			return err
		}
	}
	return nil
}

// encode writes one instruction.
func (a *assembler) encode(name string, ops []string) error {
	n := slices.IndexFunc(toy.Rows, func(r toy.Row) bool { return r.Name == name })
	if n < 0 || name == "" {
		return fmt.Errorf("there is no instruction %s", name)
	}
	row, word := &toy.Rows[n], toy.Opcode(n)
	if strings.HasSuffix(row.Operands, "mo") && len(ops) > 0 {
		ops = append(ops[:len(ops)-1:len(ops)-1], address(ops[len(ops)-1])...)
	}
	if len(ops) != len(row.Operands) {
		return fmt.Errorf("%s has %d operands", name, len(row.Operands))
	}
	for i, k := range row.Operands {
		kind := toy.Kinds[k]
		v, err := a.operand(&kind, ops[i])
		if err != nil {
			return err
		}
		field, ok := kind.Put(v)
		if !ok && a.second {
			return fmt.Errorf("%s is too far or too large", ops[i])
		}
		word |= field
	}
	a.put(binary.LittleEndian.AppendUint32(nil, word)...)
	return nil
}

// address splits "[reg+number]".
func address(text string) []string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if i := strings.IndexAny(text, "+-"); i > 0 {
		return []string{text[:i], strings.TrimPrefix(text[i:], "+")}
	}
	return []string{text, "0"}
}

func (a *assembler) operand(kind *toy.Kind, text string) (int64, error) {
	switch kind.Sort {
	case toy.General, toy.Base, toy.Float:
		r, ok := toy.Register(kind.Sort, text)
		if !ok {
			return 0, fmt.Errorf("%q is no such register", text)
		}
		return r, nil
	case toy.Relative:
		text, _, _ = strings.Cut(text, " ") // a disassembly has a symbol after it
		v, err := a.value(text)
		return int64(v - a.here()), err
	}
	v, err := a.value(text)
	return int64(v), err
}

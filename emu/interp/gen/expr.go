package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var operand = regexp.MustCompile(`\b[xy]\b`)

// sized is an expression for a width.
func sized(expr string, width int) string {
	return strings.NewReplacer("NN", strconv.Itoa(width), "MM", strconv.Itoa(width-1)).Replace(expr)
}

// has reports whether an expression has an operand.
func has(expr, name string) bool { return slices.Contains(operand.FindAllString(expr, -1), name) }

// form is one of the functions of an operation on words.
type form struct {
	Width  int
	Expr   string
	Suffix string // of the function's name: width and kind of operand
	Y      string // where y comes from
}

// formsOf are the forms of an expression that differs in its width.
func formsOf(expr func(width int) string) (fs []form) {
	for _, w := range []int{32, 64} {
		e := expr(w)
		fs = append(fs, form{w, e, fmt.Sprint(w), "c.W[o.b&frameMask]"})
		if has(e, "y") {
			fs = append(fs, form{w, e, fmt.Sprint(w, "i"), "o.imm"})
		}
	}
	return fs
}

// from is where an operand comes from, as a word of the width.
func (f form) from(name string) string {
	w := f.Y
	if name == "x" {
		w = "c.W[o.a&frameMask]"
	}
	if f.Width == 32 {
		return "uint32(" + w + ")"
	}
	return w
}

// Condition is the expression on what the operands are.
func (f form) Condition() string { return operand.ReplaceAllStringFunc(f.Expr, f.from) }

// Word is the same as a word of the frame.
func (f form) Word() string {
	if f.Width == 32 {
		return "uint64(" + f.Condition() + ")"
	}
	return f.Condition()
}

// Forms are the functions of a comparison.
func (c cond) Forms() []form { return formsOf(func(w int) string { return sized(c.Expr, w) }) }

// Forms are the functions of an operation.
func (a alu) Forms() []form {
	return formsOf(func(w int) string {
		if w == 64 && a.Expr64 != "" {
			return a.Expr64
		}
		return sized(a.Expr, w)
	})
}

// Const reports whether there are functions for a constant operand.
func (a alu) Const() bool { return has(a.Expr, "y") }

// laneForm is one of the functions of a vector operation.
type laneForm struct {
	Suffix string // of the function's name
	Lo, Hi string // the expression on two words
	Long   bool   // on 256 bits
}

func (v vec) form(width int, long bool) laneForm {
	expr, suffix := sized(v.Expr, width), fmt.Sprint(width, "v")
	if width == 64 && v.Whole != "" {
		expr = v.Whole
	}
	switch {
	case v.Bits && long:
		suffix = "256"
	case v.Bits:
		suffix = "128"
	case long:
		suffix = fmt.Sprint(width, "y")
	}
	half := func(h string) string { return operand.ReplaceAllString(expr, "$0."+h) }
	return laneForm{suffix, half("lo"), half("hi"), long}
}

// Forms are the functions of a vector operation.
func (v vec) Forms() (fs []laneForm) {
	if v.Bits {
		return []laneForm{v.form(64, false), v.form(64, true)}
	}
	for _, w := range v.Lanes128 {
		fs = append(fs, v.form(w, false))
	}
	for _, w := range v.Lanes256 {
		fs = append(fs, v.form(w, true))
	}
	return fs
}

// Row128 is the operation's row in the table for 128 bits, Row256 in that for 256.
func (v vec) Row128() string { return v.row(v.Lanes128, "v", "128") }

// Row256 is empty if the operation has no functions for 256 bits.
func (v vec) Row256() string { return v.row(v.Lanes256, "y", "256") }

func (v vec) row(lanes []int, suffix, length string) string {
	if v.Bits {
		return fmt.Sprintf("all(%s%s)", lower(v.Func()), length)
	}
	if lanes == nil {
		return ""
	}
	var fs []string
	for _, w := range lanes {
		fs = append(fs, fmt.Sprintf("%d: %s%d%s", slices.Index([]int{8, 16, 32, 64}, w), lower(v.Func()), w, suffix))
	}
	return "{" + strings.Join(fs, ", ") + "}"
}

// Func begins the names of the functions: comparisons are called by what they find.
func (v vec) Func() string { return strings.TrimPrefix(v.Name, "Cmp") }

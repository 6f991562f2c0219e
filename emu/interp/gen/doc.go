// The program gen writes the functions of the interpreter that differ in an
// operator, a width or a kind of operand only: emu/interp/zz_*.go.
//
//	go generate ./emu/interp
//
// An operation is a row of tables.go: a name and a Go expression. In an
// expression x and y are the operands, NN is the width in bits and MM the mask
// of a shift count. One function for each combination is what makes the
// interpreter fast (see RATIONALE.md), and what makes it dull to write by hand.
package main

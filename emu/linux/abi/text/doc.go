// Package text prints the calls of the guest, their arguments, results and signals
// as strace does. Constants have their names here.
//
// # Tests
//
// testdata/*.golden are calls that strace 6.1 printed, with the registers and the
// memory that belong to them. "go test -update" renews them from testdata/calls.c
// where strace and a C compiler for both architectures are installed;
// "go test -run Strace -prog 'ls -l'" compares any other program.
//
// # Quirks
//
// A value that reaches a formatter is a guest register: formatters truncate it
// to the width of the C type, as the kernel does.
package text

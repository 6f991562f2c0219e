// Package abi is the Linux ABI of the guest as data: the system calls of each
// architecture with the types of their arguments, the kernel's constants, the
// layouts of the structures that cross the boundary, and the text form in which
// strace prints all of it.
//
// The personality (package linux) calls it; so does everything that shows a
// system call to a person. It has no behaviour: it never performs a call, never
// keeps guest state, and knows no host. The host's own ABI (syscall,
// golang.org/x/sys/unix) must not be used here, because the guest's is another.
//
// # Tests
//
// testdata/*.golden are calls that strace 6.1 printed, with the registers and the
// memory that belong to them; testdata/*.structs is what a C compiler makes of the
// kernel's structures. "go test -bless" renews both from testdata/calls.c and
// testdata/structs.c where strace and a C compiler for both architectures are
// installed; "go test -run Strace -prog 'ls -l'" compares any other program.
//
// # Quirks
//
// Constants carry the kernel's names. Where architectures differ, the value is
// that of x86 (x86-64 and i386 agree on all flags in this package).
//
// A value that reaches a formatter is a guest register: formatters truncate it
// to the width of the C type, as the kernel does.
package abi

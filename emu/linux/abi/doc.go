// Package abi is the Linux ABI of the guest as data: the system calls of each
// architecture with the types of their arguments, the kernel's constants, and the
// layouts of the structures that cross the boundary.
//
// The personality (package linux) calls it; so does everything that shows a
// system call to a person, which text prints. It has no behaviour: it never performs
// a call, never keeps guest state, and knows no host. The host's own ABI (syscall,
// golang.org/x/sys/unix) must not be used here, because the guest's is another.
//
// # Tests
//
// testdata/*.structs is what a C compiler makes of the kernel's structures.
// "go test -update" renews it from testdata/structs.c where a C compiler for both
// architectures is installed.
//
// # Quirks
//
// Constants carry the kernel's names. Where architectures differ, the value is
// that of x86 (x86-64 and i386 agree on all flags in this package). Structures have
// the fields of the kernel's, however many these are, and tables, here and in text,
// are as long as what they list.
package abi

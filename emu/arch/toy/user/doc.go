// Package user is how programs of the toy architecture run on Linux: numbers and
// registers of system calls, signal frames, exceptions as signals, ELF files. The
// architecture is there, as toy, in every program that imports this package.
//
// A real architecture has the same in the rooms of the binary: what abi.go and
// signal.go say in files of emu/linux that are named after it, architecture.go in a
// file of emu and in its list. Here it is apart, so that the binary does not have it.
package user

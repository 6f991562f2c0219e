// Package vdso makes the shared objects that Linux maps into programs, as ELF images
// that the C library, Go's runtime and unwinders read: functions that tell the time,
// and in i386 programs the code for system calls and for the return from signal
// handlers.
//
// The functions make the system call that they are named after. So a time that the
// guest reads comes in through the same door whatever way it asks.
package vdso

import "encoding/binary"

var le = binary.LittleEndian

// function is a function of the object.
type function struct {
	name, version string
	code          []byte
	// frame is how an unwinder follows the code (DWARF 4 section 6.4.2).
	frame []byte
	// before is how many bytes of the code stand before the address of the name:
	// unwinders look at the byte before the address of a return.
	before int
	signal bool // a signal handler returns to it
}

// Image is an object, and where its functions are in it.
type Image struct {
	Bytes []byte
	At    map[string]uint64
}

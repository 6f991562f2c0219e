// Package vdso makes the shared objects that Linux maps into programs, as ELF images
// that the C library, Go's runtime and unwinders read: functions that tell the time,
// and in i386 programs the code for system calls and for the return from signal
// handlers.
//
// The functions make the system call that they are named after. So a time that the
// guest reads comes in through the same door whatever way it asks.
//
// __kernel_vsyscall pushes the registers that SYSENTER needs for itself. The kernel
// goes on after the INT 0x80 that follows it; that instruction is there for a call that
// is made again, and for CPUs without SYSENTER.
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

// Names of the functions for calls and returns.
const (
	Vsyscall    = "__kernel_vsyscall"
	Sigreturn   = "__kernel_sigreturn"
	RTSigreturn = "__kernel_rt_sigreturn"
)

var (
	// X86_64 is the object of x86-64 programs.
	X86_64 = style64.build(calls64(map[string]uint32{
		"__vdso_clock_gettime": 228, "__vdso_gettimeofday": 96, "__vdso_time": 201, "__vdso_clock_getres": 229, "__vdso_getcpu": 309,
	}))
	// I386 is that of i386 programs.
	I386 = style32.build(append([]function{
		{name: Vsyscall, version: "LINUX_2.5", code: vsyscallCode, frame: vsyscallFrame},
		{name: Sigreturn, version: "LINUX_2.5", code: sigreturnCode, frame: sigreturnFrame(), before: 1, signal: true},
		{name: RTSigreturn, version: "LINUX_2.5", code: rtSigreturnCode, frame: contextFrame(rtContext), before: 1, signal: true},
	}, calls32(map[string]uint32{
		"__vdso_clock_gettime": 265, "__vdso_gettimeofday": 78, "__vdso_time": 13, "__vdso_clock_getres": 266,
		"__vdso_clock_gettime64": 403, "__vdso_getcpu": 318,
	})...))
)

var (
	// push %ecx; push %edx; push %ebp; mov %esp,%ebp; sysenter; int $0x80;
	// pop %ebp; pop %edx; pop %ecx; ret
	vsyscallCode = []byte{0x51, 0x52, 0x55, 0x89, 0xe5, 0x0f, 0x34, 0xcd, 0x80, 0x5d, 0x5a, 0x59, 0xc3}
	// The frame grows with each push, ebp is saved in it, and shrinks again.
	vsyscallFrame = []byte{0x41, 0x0e, 8, 0x41, 0x0e, 12, 0x41, 0x0e, 16, 0x85, 4, 0x47, 0x0e, 12, 0xc5, 0x41, 0x0e, 8, 0x41, 0x0e, 4}
	// nop; pop %eax; mov $119,%eax; int $0x80
	sigreturnCode = []byte{0x90, 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80}
	// nop; mov $173,%eax; int $0x80
	rtSigreturnCode = []byte{0x90, 0xb8, 173, 0, 0, 0, 0xcd, 0x80}
	// NoEnter replaces mov %esp,%ebp; sysenter where there is no SYSENTER.
	NoEnter = []byte{0x90, 0x90, 0x90, 0x90}
)

// Places in the code of Vsyscall.
const (
	EnterAt   = 3 // where it enters by SYSENTER
	LandingAt = 9 // after INT 0x80
)

// calls64 are functions that make a call: mov $number,%eax; syscall; ret.
func calls64(numbers map[string]uint32) (fs []function) {
	for _, name := range sortedKeys(numbers) {
		code := append(le.AppendUint32([]byte{0xb8}, numbers[name]), 0x0f, 0x05, 0xc3)
		fs = append(fs, function{name: name, version: "LINUX_2.6", code: code})
	}
	return fs
}

// calls32 are functions of up to three arguments that make a call: push %ebx; load
// ebx, ecx and edx from the stack; mov $number,%eax; int $0x80; pop %ebx; ret.
func calls32(numbers map[string]uint32) (fs []function) {
	load := []byte{0x53, 0x8b, 0x5c, 0x24, 8, 0x8b, 0x4c, 0x24, 12, 0x8b, 0x54, 0x24, 16, 0xb8}
	frame := []byte{0x41, 0x0e, 8, 0x83, 2, 0x53, 0x0e, 4, 0xc3} // ebx is saved after the push, and back after the pop
	for _, name := range sortedKeys(numbers) {
		code := append(le.AppendUint32(load[:len(load):len(load)], numbers[name]), 0xcd, 0x80, 0x5b, 0xc3)
		fs = append(fs, function{name: name, version: "LINUX_2.6", code: code, frame: frame})
	}
	return fs
}

package vdso

import "debug/elf"

// __kernel_vsyscall pushes the registers that SYSENTER needs for itself. The kernel
// goes on after the INT 0x80 that follows it; that instruction is there for a call that
// is made again, and for CPUs without SYSENTER.

// Names of the functions for calls and returns.
const (
	Vsyscall    = "__kernel_vsyscall"
	Sigreturn   = "__kernel_sigreturn"
	RTSigreturn = "__kernel_rt_sigreturn"
)

// I386 is that of i386 programs.
var I386 = style32.build(append([]function{
	{name: Vsyscall, version: "LINUX_2.5", code: vsyscallCode, frame: vsyscallFrame},
	{name: Sigreturn, version: "LINUX_2.5", code: sigreturnCode, frame: sigreturnFrame(), before: 1, signal: true},
	{name: RTSigreturn, version: "LINUX_2.5", code: rtSigreturnCode, frame: contextFrame(rtContext), before: 1, signal: true},
}, calls32(map[string]uint32{
	"__vdso_clock_gettime": 265, "__vdso_gettimeofday": 78, "__vdso_time": 13, "__vdso_clock_getres": 266,
	"__vdso_clock_gettime64": 403, "__vdso_getcpu": 318,
})...))

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

var style32 = style{
	class: elf.ELFCLASS32, machine: elf.EM_386, name: "linux-gate.so.1", word: 4, versions: []string{"LINUX_2.5", "LINUX_2.6"},
	// Factors 1 and -4, return address 8; the frame is esp+4.
	cie:    []byte{1, 'z', 'R', 0, 1, 0x7c, 8, 1, 0x1b, 0x0c, 4, 4, 0x88, 1, 0, 0},
	signal: []byte{1, 'z', 'R', 'S', 0, 1, 0x7c, 8, 1, 0x1b, 0, 0},
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

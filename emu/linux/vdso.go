package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
)

// The shared object that Linux maps into programs, as an ELF image that the C
// library, Go's runtime and unwinders read: functions that tell the time, and in
// i386 programs the code for system calls and for the return from signal handlers.
//
// The functions make the system call that they are named after. So a time that the
// guest reads comes in through the same door whatever way it asks.
//
// __kernel_vsyscall pushes the registers that SYSENTER needs for itself. The kernel
// goes on behind the INT 0x80 after it; that instruction is there for a call that
// is made again, and for CPUs without SYSENTER.

// vdsoFunc is a function of the object.
type vdsoFunc struct {
	name, version string
	code          []byte
	// frame is how an unwinder follows the code (DWARF 4 section 6.4.2).
	frame []byte
	// before is how many bytes of the code stand before the address of the name:
	// unwinders look at the byte before the address of a return.
	before int
}

// vdsoImage is an object, and where its functions are in it.
type vdsoImage struct {
	bytes []byte
	at    map[string]uint64
}

// Names of the functions for calls and returns.
const (
	kernelVsyscall    = "__kernel_vsyscall"
	kernelSigreturn   = "__kernel_sigreturn"
	kernelRTSigreturn = "__kernel_rt_sigreturn"
)

var (
	vdso64 = vdsoStyle64.build(calls64(map[string]uint32{
		"__vdso_clock_gettime": 228, "__vdso_gettimeofday": 96, "__vdso_time": 201, "__vdso_clock_getres": 229, "__vdso_getcpu": 309,
	}))
	vdso32 = vdsoStyle32.build(append([]vdsoFunc{
		{name: kernelVsyscall, version: "LINUX_2.5", code: vsyscallCode, frame: vsyscallFrame},
		{name: kernelSigreturn, version: "LINUX_2.5", code: sigreturnCode, before: 1},
		{name: kernelRTSigreturn, version: "LINUX_2.5", code: rtSigreturnCode, before: 1},
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
	// mov %esp,%ebp; sysenter is replaced by it where there is no SYSENTER.
	noEnter = []byte{0x90, 0x90, 0x90, 0x90}
)

// Places in vsyscallCode.
const (
	enterAt   = 3 // the code that enters by SYSENTER
	landingAt = 9 // behind INT 0x80
)

// calls64 are functions that make a call: mov $number,%eax; syscall; ret.
func calls64(numbers map[string]uint32) (fs []vdsoFunc) {
	for _, name := range sortedKeys(numbers) {
		code := append(le.AppendUint32([]byte{0xb8}, numbers[name]), 0x0f, 0x05, 0xc3)
		fs = append(fs, vdsoFunc{name: name, version: "LINUX_2.6", code: code})
	}
	return fs
}

// calls32 are functions of up to three arguments that make a call: push %ebx; load
// ebx, ecx and edx from the stack; mov $number,%eax; int $0x80; pop %ebx; ret.
func calls32(numbers map[string]uint32) (fs []vdsoFunc) {
	load := []byte{0x53, 0x8b, 0x5c, 0x24, 8, 0x8b, 0x4c, 0x24, 12, 0x8b, 0x54, 0x24, 16, 0xb8}
	frame := []byte{0x41, 0x0e, 8, 0x83, 2, 0x53, 0x0e, 4, 0xc3} // ebx is saved after the push, and back after the pop
	for _, name := range sortedKeys(numbers) {
		code := append(le.AppendUint32(load[:len(load):len(load)], numbers[name]), 0xcd, 0x80, 0x5b, 0xc3)
		fs = append(fs, vdsoFunc{name: name, version: "LINUX_2.6", code: code, frame: frame})
	}
	return fs
}

// capSEP is the bit of the hardware capabilities, and of CPUID, that says that
// there is SYSENTER.
const capSEP = 1 << 11

// mapVdso maps the object of an architecture.
func mapVdso(m *mm.MM, arch guest.Arch, hwcap uint64) error {
	img := vdso64
	if arch == guest.I386 {
		img = vdso32
	}
	size := mm.RoundUp(uint64(len(img.bytes)))
	at, ok := m.Space.FindFree(size, 0x10000, m.Layout.MapTop, true)
	if !ok {
		return nil // programs can do without
	}
	if err := m.Space.Map(at, size, guest.Read|guest.Exec, mmu.Anonymous("[vdso]")); err != nil {
		return err
	}
	m.Vdso = at
	if err := m.Space.Write(at, img.bytes); err != nil || arch != guest.I386 || hwcap&capSEP != 0 {
		return err
	}
	return m.Space.Write(at+guest.Addr(img.at[kernelVsyscall]+enterAt), noEnter)
}

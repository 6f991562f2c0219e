package vdso

import "debug/elf"

// X86_64 is the object of x86-64 programs.
var X86_64 = style64.build(calls64(map[string]uint32{
	"__vdso_clock_gettime": 228, "__vdso_gettimeofday": 96, "__vdso_time": 201, "__vdso_clock_getres": 229, "__vdso_getcpu": 309,
}))

var style64 = style{
	class: elf.ELFCLASS64, machine: elf.EM_X86_64, name: "linux-vdso.so.1", word: 8, versions: []string{"LINUX_2.6"},
	// Factors 1 and -8, return address 16, pc-relative; the frame is rsp+8, the return address is below it.
	cie: []byte{1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0},
}

// calls64 are functions that make a call: mov $number,%eax; syscall; ret.
func calls64(numbers map[string]uint32) (fs []function) {
	for _, name := range sortedKeys(numbers) {
		code := append(le.AppendUint32([]byte{0xb8}, numbers[name]), 0x0f, 0x05, 0xc3)
		fs = append(fs, function{name: name, version: "LINUX_2.6", code: code})
	}
	return fs
}

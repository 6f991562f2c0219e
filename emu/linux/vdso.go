package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/mm"
	"panda/emu/linux/vdso"
	"panda/emu/mmu"
)

// vdso32 is the object of i386 programs, through which they make calls and return
// from handlers.
var vdso32 = vdso.For(guest.I386)

// capSEP is the bit of the hardware capabilities, and of CPUID, that says that
// there is SYSENTER.
const capSEP = 1 << 11

// mapVdso maps the object of an architecture.
func mapVdso(m *mm.MM, arch guest.Arch, hwcap uint64) error {
	img := vdso.For(arch)
	size := mm.RoundUp(uint64(len(img.Bytes)))
	at, ok := m.Space.FindFree(size, 0x10000, m.Layout.MapTop, true)
	if !ok {
		return nil // programs can do without
	}
	if err := m.Space.Map(at, size, guest.Read|guest.Exec, mmu.Anonymous("[vdso]")); err != nil {
		return err
	}
	m.Vdso = at
	if err := m.Space.Write(at, img.Bytes); err != nil || arch != guest.I386 || hwcap&capSEP != 0 {
		return err
	}
	return m.Space.Write(at+guest.Addr(img.At[vdso.Vsyscall]+vdso.EnterAt), vdso.NoEnter)
}

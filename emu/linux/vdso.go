package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
)

// mapVdso maps the kernel's object of an ABI, if it has one.
func (k *Kernel) mapVdso(m *mm.MM, a *ABI) error {
	if a.Vdso == nil {
		return nil
	}
	img := a.Vdso(k.guest.HWCap)
	size := mm.RoundUp(uint64(len(img.Bytes)))
	at, ok := m.Space.FindFree(size, 0x10000, m.Layout.MapTop, true)
	if !ok {
		return nil // programs can do without
	}
	if err := m.Space.Map(at, size, guest.Read|guest.Exec, mmu.Anonymous("[vdso]")); err != nil {
		return err
	}
	m.Vdso = at
	return m.Space.Write(at, img.Bytes)
}

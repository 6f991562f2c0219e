package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
	"panda/emu/sym"
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

// vdsoWords are the sizes of words in the programs that have the objects of a name.
var vdsoWords = map[string]int{sym.Vdso: 8, sym.Vdso32: 4}

// vdsoBytes is the object that symbols know by a name, nil for none.
func (g *Guest) vdsoBytes(name string) []byte {
	for _, a := range g.ABIs {
		if a.Vdso != nil && a.word() == vdsoWords[name] {
			return a.Vdso(g.HWCap).Bytes
		}
	}
	return nil
}

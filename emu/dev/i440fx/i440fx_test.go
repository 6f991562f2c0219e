package i440fx

import (
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/chiptest"
	"panda/emu/dev/pci"
	"panda/emu/guest"
)

func rig() *chiptest.Rig {
	r := &chiptest.Rig{}
	what := map[guest.PhysAddr]uint64{}
	b := New(func(at guest.PhysAddr, size uint64, read, write bool) {
		what[at] = size
		if read {
			what[at] |= 1
		}
		if write {
			what[at] |= 2
		}
	})
	bus := pci.NewBus(pci.World{Ports: &dev.PortBus{}})
	bus.Add(0, 0, b.Function())
	b.Tell()
	r.Chip = b
	r.Verb("what", func(v []uint64) uint64 { return what[guest.PhysAddr(v[0])] })
	r.Try("get", func(v []uint64) uint64 { return uint64(bus.Config(uint32(v[0]&0xff), 1)) })
	r.Try("put", func(v []uint64) uint64 { bus.SetConfig(uint32(v[0]&0xff), 1, uint32(v[1])); return 0 })
	return r
}

func TestShadow(t *testing.T) {
	chiptest.Script(t, rig, `
		get 0 = 86
		get 2 = 37
		get 3 = 12
		get 8 = 2
		get b = 6
		get 59 = 0
		what f0000 = 10000
		put 59 ff
		get 59 = 30
		what f0000 = 10003
		put 59 10
		what f0000 = 10001
		put 5a 21
		what c0000 = 4001
		what c4000 = 4002
		put 5f 30
		what ec000 = 4003
		what e8000 = 4000
		get 72 = 2
		put 72 48
		get 72 = 4a
		put 72 58             # locked, and so closed
		get 72 = 1a
		put 72 48
		get 72 = 1a
		reset
		get 72 = 2
		put 72 48
		get 72 = 4a
		what f0000 = 10000
		what ec000 = 4000
	`)
}

func FuzzBridge(f *testing.F) { chiptest.Fuzz(f, rig) }

package virtio

import (
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/chiptest"
	"panda/emu/dev/pci"
	"panda/emu/guest"
	"panda/emu/snap"
)

// pciBoard is a bus with one device.
type pciBoard struct {
	bus *pci.Bus
	*PCI
}

func (b *pciBoard) Reset() { b.bus.Reset(); b.PCI.Reset() }

func (b *pciBoard) State(s *snap.Stream) {
	b.bus.State(s)
	b.PCI.State(s)
}

type pages map[guest.PhysAddr]pci.Device

func (p pages) Map(at guest.PhysAddr, size uint64, d pci.Device) bool {
	p[at] = d
	return true
}

func (p pages) Unmap(at guest.PhysAddr, _ uint64) { delete(p, at) }

func pciRig(k func(r *chiptest.Rig) Kind) func() *chiptest.Rig {
	return func() *chiptest.Rig {
		r := &chiptest.Rig{RAM: make([]byte, ramSize)}
		portBus, mem := &dev.PortBus{}, pages{}
		data := r.Word("msi")
		bus := pci.NewBus(pci.World{Ports: portBus, Memory: mem, RAM: r.RAM, MSI: func(_ uint64, d uint32) { *data = uint64(d) }})
		p := NewPCI(k(r))
		bus.Add(1, 0, p.Function())
		bus.SetPIRQ(1, func(bool) {})
		bus.SetPIRQ(0, r.Wire("irq"))
		r.Chip = &pciBoard{bus, p}
		r.Ports(portBus, 0xc000, legacySize)
		verbs(r, queueMost)
		r.Try("setup", func([]uint64) uint64 {
			for _, w := range [][2]uint32{{0x810, 0xc000}, {0x814, 0xe0000000}, {0x820, 0xe0004000}, {0x824, 0}, {0x804, 7}} {
				bus.SetConfig(w[0], 4, w[1])
			}
			return 0
		})
		r.Try("get", func(v []uint64) uint64 { return uint64(bus.Config(0x800|uint32(v[0]&0xfc), 4)) })
		r.Try("put", func(v []uint64) uint64 { bus.SetConfig(0x800|uint32(v[0]&0xfc), 4, uint32(v[1])); return 0 })
		for prefix, at := range map[string]guest.PhysAddr{"x": 0xe0000000, "m": 0xe0004000} {
			r.Verb(prefix+"r4", func(v []uint64) uint64 {
				if d := mem[at]; d != nil {
					return d.Load(v[0]&0x3ffc, 4) & 0xffffffff
				}
				return 0xbad
			})
			r.Verb(prefix+"w4", func(v []uint64) uint64 {
				if d := mem[at]; d != nil {
					d.Store(v[0]&0x3ffc, 4, v[1]&0xffffffff)
				}
				return 0
			})
			r.Verb(prefix+"w2", func(v []uint64) uint64 { mem[at].Store(v[0]&0x3ffe, 2, v[1]&0xffff); return 0 })
			r.Verb(prefix+"w1", func(v []uint64) uint64 { mem[at].Store(v[0]&0x3fff, 1, v[1]&0xff); return 0 })
		}
		r.Random = append(r.Random, "mr4", "mw4", "xr4", "xw4")
		return r
	}
}

func blkKind(r *chiptest.Rig) Kind { return NewBlk(newDisk(r), "serial") }

func TestLegacyPCI(t *testing.T) {
	chiptest.Script(t, pciRig(blkKind), `
		get 0 = 10011af4
		get 2c = 21af4
		setup
		in4 c000 = 18006254
		in2 c00c = 100
		out4 c004 10000000
		in4 c004 = 10000000
		in4 c014 = 10
		in1 c028 = 0
		out2 c00e 0
		out4 c008 1
		in4 c008 = 1
		out1 c012 7
		desc 0 4000 10 1 1
		desc 1 5000 200 3 2
		desc 2 4100 1 2 0
		offer 0                # the available ring is where it should be by chance
		out2 c010 0
		irq = 1
		mem 5000 = 3020100
		mem 3008 = 201
		mem 3004 = 0
		in1 c013 = 1
		irq = 0
		in1 c013 = 0
		out1 c012 0
		in4 c008 = 0
	`)
}

func TestModernPCI(t *testing.T) {
	chiptest.Script(t, pciRig(blkKind), `
		setup
		mr4 4 = 18006254
		mw4 0 1
		mr4 4 = 1
		mw4 8 1
		mw4 c 1
		mw1 14 b
		mr4 14 = b             # status, generation, queue
		mr4 18 = ffff0100
		mw2 18 8
		mw4 20 1000
		mw4 28 2000
		mw4 30 3000
		mr4 20 = 1000
		mw2 1c 1
		mw1 14 f
		poke 4000 0
		desc 0 4000 10 1 1
		desc 1 5000 200 3 2
		desc 2 4100 1 2 0
		offer 0
		mw2 3000 0
		irq = 1
		used = 1
		mem 5000 = 3020100
		mr4 1000 = 1
		irq = 0
		mr4 2000 = 10
		put 40 80000000        # MSI-X
		xw4 18 4142
		xw4 1c 0
		mw2 1a 1
		mr4 18 = 10008
		mw2 1a 7               # no such vector
		mr4 18 = ffff0008
		mw2 1a 1
		offer 0
		mw2 3000 0
		msi = 4142
		irq = 0
		in4 c014 = 1ffff       # and the ports have two more registers
	`)
}

// TestWindow: memory can be reached through configuration space.
func TestWindow(t *testing.T) {
	r := pciRig(blkKind)()
	p := r.Chip.(*pciBoard).PCI
	at := uint64(p.window)
	for _, w := range [][2]uint64{{at + 4, barModern}, {at + 8, pageDevice}, {at + 12, 4}} {
		r.Verbs["put"](w[:])
	}
	if got := r.Verbs["get"]([]uint64{at + 16}); got != 16 {
		t.Errorf("the size of the disk is %d", got)
	}
	r.Verbs["put"]([]uint64{at + 8, 0})
	r.Verbs["put"]([]uint64{at + 16, 1})
	if p.d.deviceHalf != 1 {
		t.Error("a write through the window is lost")
	}
}

func netRig() *chiptest.Rig {
	var n *Net
	r := pciRig(func(r *chiptest.Rig) Kind {
		sent := r.Word("sent")
		n = NewNet([6]byte{0x52, 0x54, 0, 1, 2, 3}, func(f []byte) { *sent = uint64(f[0]) | uint64(len(f))<<8 })
		return n
	})()
	card := n
	r.Try("frame", func(v []uint64) uint64 {
		if card.Receive([]byte{byte(v[0]), 2, 3, 4}) {
			return 1
		}
		return 0
	})
	return r
}

func TestNet(t *testing.T) {
	chiptest.Script(t, netRig, `
		get 0 = 10001af4
		setup
		in4 c014 = 1005452
		in4 c018 = 10302
		frame 9 = 0            # there is no queue
		out4 c008 1
		desc 0 4000 40 2 0
		offer 0
		frame 9 = 1
		frame 9 = 0
		mem 400a = 4030209     # after ten bytes
		mem 3004 = 0
		irq = 1
		desc 0 4000 8 2 0      # it is lost
		offer 0
		frame 7 = 1
		out2 c00e 1
		out4 c008 1
	`)
	r := netRig()
	sent := r.Verbs["sent"]
	r.Verbs["setup"](nil)
	r.Verbs["out2"]([]uint64{0xc00e, 1})
	r.Verbs["out4"]([]uint64{0xc008, 1})
	r.RAM[0x400a] = 0x77
	r.Verbs["desc"]([]uint64{0, 0x4000, 20, 0, 0})
	r.Verbs["offer"]([]uint64{0})
	r.Verbs["out2"]([]uint64{0xc010, 1})
	if got := sent(nil); got != 0xa77 {
		t.Errorf("sent %x", got)
	}
}

func consoleRig() *chiptest.Rig {
	var c *Console
	r := pciRig(func(r *chiptest.Rig) Kind {
		said := r.Word("said")
		c = NewConsole(func(b []byte) { *said = uint64(b[0]) | uint64(len(b))<<8 })
		ready := r.Word("ready")
		c.Ready = func() { *ready++ }
		return c
	})()
	console := c
	r.Try("type", func(v []uint64) uint64 { return uint64(console.Receive([]byte{byte(v[0]), 'b', 'c'})) })
	return r
}

func TestConsole(t *testing.T) {
	chiptest.Script(t, consoleRig, `
		setup
		type 61 = 0
		out4 c008 1
		desc 0 4000 2 2 0
		desc 1 4010 8 2 0
		offer 0
		out2 c010 0
		ready = 1
		type 61 = 2
		mem 4000 = 6261
		offer 1
		type 78 = 3
		mem 4010 = 636278
		out1 c012 0
		poke 2000 0            # another queue in the same place
		out2 c00e 1
		out4 c008 1
		poke 4000 6a69
		desc 0 4000 2 0 0
		offer 0
		out2 c010 1
		said = 269
	`)
}

func TestRNG(t *testing.T) {
	r := pciRig(func(*chiptest.Rig) Kind {
		return NewRNG(func(b []byte) {
			for i := range b {
				b[i] = byte(i + 1)
			}
		})
	})()
	r.Verbs["setup"](nil)
	r.Verbs["out4"]([]uint64{0xc008, 1})
	r.Verbs["desc"]([]uint64{0, 0x4000, 4, 2, 0})
	r.Verbs["offer"]([]uint64{0})
	r.Verbs["out2"]([]uint64{0xc010, 0})
	if got := r.Verbs["mem"]([]uint64{0x4000}); got != 0x4030201 {
		t.Errorf("got %x", got)
	}
}

package piix

import (
	"fmt"
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/chiptest"
	"panda/emu/dev/pci"
	"panda/emu/snap"
)

type board struct {
	bus *pci.Bus
	isa *ISA
	pm  *PM
}

func (b *board) Reset() {
	b.bus.Reset()
	b.isa.Reset()
	b.pm.Reset()
}

func (b *board) State(s *snap.Stream) {
	b.bus.State(s)
	b.isa.State(s)
	b.pm.State(s)
}

func rig() *chiptest.Rig {
	r := &chiptest.Rig{Time: chiptest.NewTime()}
	ports := &dev.PortBus{}
	resets, off, slept := r.Word("resets"), r.Word("off"), r.Word("slept")
	var irq [16]dev.Wire
	for i := range irq {
		irq[i] = r.Wire(fmt.Sprintf("irq%d", i))
	}
	b := &board{
		bus: pci.NewBus(pci.World{Ports: ports}),
		isa: NewISA(irq, func() { *resets++ }),
		pm:  NewPM(r.Clock, ports, Outputs{SCI: r.Wire("sci"), PowerOff: func() { *off++ }, Sleep: func(k uint8) { *slept = uint64(k) }}),
	}
	b.bus.Add(1, 0, b.isa.Function())
	b.bus.Add(1, 3, b.pm.Function())
	b.isa.Connect(b.bus)
	r.Chip = b
	r.Ports(ports, 0xcf8, 8)
	r.Ports(ports, PortGPE0, 4)
	r.Ports(ports, PortCommand, 2)
	r.Ports(ports, 0x600, 64)
	r.Try("setup", func([]uint64) uint64 { b.pm.Setup(0x600); return 0 })
	r.Try("pirq", func(v []uint64) uint64 { b.isa.SetPIRQ(int(v[0]&3), v[1]&1 != 0); return 0 })
	r.Try("button", func([]uint64) uint64 { b.pm.PowerButton(); return 0 })
	r.Try("wake", func([]uint64) uint64 { b.pm.Wake(); return 0 })
	r.Try("gpe", func(v []uint64) uint64 { b.pm.SetGPE(int(v[0] & 15)); return 0 })
	r.Try("get", func(v []uint64) uint64 { return uint64(b.bus.Config(0x800|uint32(v[0]&0x7ff), 1)) })
	r.Try("put", func(v []uint64) uint64 { b.bus.SetConfig(0x800|uint32(v[0]&0x7ff), 1, uint32(v[1])); return 0 })
	return r
}

func TestISA(t *testing.T) {
	chiptest.Script(t, rig, `
		get 0 = 86
		get 3 = 70
		get a = 1
		get e = 80             # there are more functions
		get 60 = 80
		get 4e = 3
		pirq 0 1
		put 60 b
		irq11 = 1
		put 61 b
		pirq 1 1
		pirq 0 0
		irq11 = 1
		put 61 8a
		irq11 = 0
		put 61 8               # the clock's
		irq8 = 0
		put 61 5
		irq5 = 1
		in1 cf9 = 0
		out1 cf9 2
		resets = 0
		out1 cf9 6
		resets = 1
		out1 cf9 6
		resets = 0
		in1 cf9 = 6
		reset
		irq5 = 0
		get 61 = 80
		get e = 80
	`)
}

func TestPM(t *testing.T) {
	chiptest.Script(t, rig, `
		get 302 = 13
		get 303 = 71
		get 35b = 2            # SMM is taken care of
		in2 600 = ffff
		put 341 6
		put 380 1
		in2 600 = 0
		in4 608 = 0
		pass 3b9aca00          # a second
		in4 608 = 369e99
		in2 609 = 369e
		in1 60a = 36
		out1 b2 f1
		in1 b2 = f1
		out1 b3 7
		in1 b3 = 7
		in2 604 = 1
		out2 602 101
		in2 602 = 101
		sci = 0
		pass 3b9aca00
		pass 3b9aca00
		sci = 1                # the highest bit turned
		in2 600 = 1
		out2 600 1
		sci = 0
		in2 600 = 0
		button
		sci = 1
		in2 600 = 100
		out1 601 1
		sci = 0
		gpe 9
		out1 afe3 2
		sci = 1
		in1 afe1 = 2
		in2 afe2 = 200
		out2 afe0 ffff
		sci = 0
		out2 604 401           # no sleep without its bit
		slept = 0
		out2 604 2401
		slept = 1
		in2 604 = 401
		wake
		in2 600 = 8000
		out2 604 2001
		off = 1
		out1 b2 f0
		in2 604 = 0
		out4 628 12345678
		in2 62a = 1234
		reset
		in2 600 = ffff
		setup
		in2 602 = 0
	`)
}

func FuzzPIIX(f *testing.F) { chiptest.Fuzz(f, rig) }

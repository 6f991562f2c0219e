// Package piix is two functions of a PC's south bridge: the ISA bridge of the PIIX3 (Intel
// 82371SB datasheet, 290550) and the power management of the PIIX4 (82371AB datasheet,
// 290562). Guests and firmware for PCs of this kind expect the one beside the other.
//
// The chips that such a bridge has for its ISA bus, and its IDE, are packages of their own.
package piix

import (
	"panda/emu/dev"
	"panda/emu/dev/pci"
	"panda/emu/snap"
)

const (
	pirqs = 4
	irqs  = 16

	regPIRQ     = 0x60
	pirqOff     = 1 << 7
	pirqIRQ     = 0xf
	resetSystem = 1 << 1
	resetCPU    = 1 << 2
)

// routable are the inputs of an 8259 that may have a wire of the PCI bus (datasheet of the
// PIIX3, 2.2.13).
const routable = 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<9 | 1<<10 | 1<<11 | 1<<12 | 1<<14 | 1<<15

// ISA is the ISA bridge.
type ISA struct {
	f     *pci.Function
	irq   [irqs]dev.Wire
	reset func()

	pirq    [pirqs]bool
	levels  [irqs]bool
	control uint8
}

// NewISA is an ISA bridge. irq are inputs of the 8259 pair, which the board joins with those
// of the ISA bus; reset is called when port CF9 asks for a reset of the machine.
func NewISA(irq [irqs]dev.Wire, reset func()) *ISA {
	i := &ISA{irq: irq, reset: reset, f: pci.NewFunction(pci.ID{
		Vendor: 0x8086, Device: 0x7000, Class: 0x060100, SubVendor: 0x1af4, SubDevice: 0x1100,
	})}
	i.f.Registers([]pci.Register{
		{Off: 0x04, Size: 2, Value: 0x0007, Writable: 0x0108},
		{Off: 0x06, Size: 2, Value: 0x0200, Clear: 0x7900},
		{Off: 0x4c, Size: 1, Value: 0x4d, Writable: 0xff},
		{Off: 0x4e, Size: 2, Value: 0x0003, Writable: 0x01ff},
		{Off: regPIRQ, Size: 4, Value: 0x80808080, Writable: 0x8f8f8f8f},
		{Off: 0x69, Size: 1, Value: 0x02, Writable: 0xfe},
		{Off: 0x6a, Size: 2, Writable: 0x0015},
		{Off: 0x70, Size: 2, Value: 0x8080, Writable: 0xcfcf},
		{Off: 0x76, Size: 2, Value: 0x0c0c, Writable: 0x8f8f},
		{Off: 0x78, Size: 2, Value: 0x0002, Writable: 0xfffc},
		{Off: 0xa0, Size: 1, Value: 0x08, Writable: 0x1f},
		{Off: 0xa2, Size: 2, Writable: 0xffff},
		{Off: 0xa4, Size: 4, Writable: 0xffffffff},
		{Off: 0xa8, Size: 1, Value: 0x0f, Writable: 0xff},
		{Off: 0xaa, Size: 2, Clear: 0xffff},
		{Off: 0xac, Size: 1, Writable: 0xff},
		{Off: 0xae, Size: 1, Writable: 0xff},
	})
	i.f.OnWrite = func(int, int) { i.update() }
	return i
}

// Function is the bridge's place on the bus.
func (i *ISA) Function() *pci.Function { return i.f }

// Connect has the bridge take the wires of a bus, and answer at CF9.
func (i *ISA) Connect(b *pci.Bus) {
	for n := range pirqs {
		b.SetPIRQ(n, func(high bool) { i.SetPIRQ(n, high) })
	}
	b.ResetControl = i
}

// Reset routes no wire anywhere.
func (i *ISA) Reset() {
	i.f.Reset()
	i.control = 0
	i.update()
}

// State names its state.
func (i *ISA) State(s *snap.Stream) {
	s.Name("piix isa 1")
	i.f.State(s)
	for n := range i.pirq {
		s.Bool(&i.pirq[n])
	}
	for n := range i.levels {
		s.Bool(&i.levels[n])
	}
	snap.Int(s, &i.control)
}

// SetPIRQ gives a wire of the bus a level.
func (i *ISA) SetPIRQ(n int, high bool) {
	i.pirq[n] = high
	i.update()
}

func (i *ISA) update() {
	var now [irqs]bool
	for n, high := range i.pirq {
		if r := i.f.Get8(regPIRQ + n); r&pirqOff == 0 && routable>>(r&pirqIRQ)&1 != 0 {
			now[r&pirqIRQ] = now[r&pirqIRQ] || high
		}
	}
	for line, high := range now {
		if i.levels[line] != high {
			i.levels[line] = high
			i.irq[line].Set(high)
		}
	}
}

// In reads the reset control register (datasheet of the PIIX3, 2.5.5).
func (i *ISA) In(uint16, int) uint32 { return uint32(i.control) }

// Out resets the machine when the bit that does so rises.
func (i *ISA) Out(_ uint16, _ int, v uint32) {
	rises := uint8(v)&^i.control&resetCPU != 0
	i.control = uint8(v) & (resetSystem | resetCPU)
	if rises && i.reset != nil {
		i.reset()
	}
}

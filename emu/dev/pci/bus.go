// Package pci is a PCI bus as a PC has it: configuration mechanism #1 (PCI Local Bus
// Specification 3.0, 3.2.2.3.2), and functions with a type 0 header, whose base address
// registers move ranges of ports and memory about.
//
// A device makes a Function, fills it, and is added to a Bus by the board.
package pci

import (
	"panda/emu/dev"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Device is memory that answers: off is from the beginning of its range, and size 1, 2, 4
// or 8 bytes in it.
type Device interface {
	Load(off uint64, size int) uint64
	Store(off uint64, size int, v uint64)
}

// Memory is the physical memory of a machine as the addresses of its devices see it.
type Memory interface {
	// Map has a range of whole pages answered, and reports whether it could: not where
	// something answers already, nor beyond the addresses that there are.
	Map(at guest.PhysAddr, size uint64, d Device) bool
	// Unmap ends what Map did for the same range.
	Unmap(at guest.PhysAddr, size uint64)
}

// Page is the page that begins at an offset of a device, as a device of its own.
func Page(d Device, base uint64) Device { return page{d, base} }

type page struct {
	d    Device
	base uint64
}

func (p page) Load(off uint64, size int) uint64     { return p.d.Load(p.base+off, size) }
func (p page) Store(off uint64, size int, v uint64) { p.d.Store(p.base+off, size, v) }

// World is what a bus is wired to.
type World struct {
	Ports  *dev.PortBus
	Memory Memory
	RAM    dev.Memory
	// MSI is a write of a message to the memory of local APICs.
	MSI func(addr uint64, data uint32)
}

// pirqs is how many wires the interrupt pins of all slots come together in.
const pirqs = 4

// Bus is the only bus of a machine, and the bridge to it.
type Bus struct {
	world     World
	functions [256]*Function // by slot times 8, and function
	address   uint32         // CONFIG_ADDRESS
	pirq      [pirqs]dev.Wire
	levels    [pirqs]bool
	// Route is the wire of a pin, 0 to 3. NewBus sets the one of most boards.
	Route func(slot, pin int) int
	// Reset control, when set, answers at port CF9 (PIIX3 datasheet 2.5.5).
	ResetControl dev.Ports
}

// Configuration ports.
const (
	portAddress = 0xcf8
	portReset   = 0xcf9
	portData    = 0xcfc

	addressEnable = 1 << 31
)

// NewBus is a bus without devices, which answers at its ports.
func NewBus(w World) *Bus {
	b := &Bus{world: w, Route: func(slot, pin int) int { return (slot + pin + pirqs - 1) % pirqs }}
	w.Ports.Attach(portAddress, portData+3, 4, b)
	return b
}

// SetPIRQ connects one of the four wires.
func (b *Bus) SetPIRQ(n int, w dev.Wire) { b.pirq[n] = w }

// Add puts a function into a slot.
func (b *Bus) Add(slot, function int, f *Function) {
	at := slot*8 + function
	if b.functions[at] != nil {
		panic("BUG: a slot is taken")
	}
	f.bus, f.slot = b, slot
	b.functions[at] = f
	f.initial = f.config
	if first := b.functions[slot*8]; first != nil && (function > 0 || b.more(slot)) {
		first.config[regHeader] |= headerMulti
		first.initial[regHeader] |= headerMulti
	}
}

// more reports whether a slot has more than its first function.
func (b *Bus) more(slot int) bool {
	for _, f := range b.functions[slot*8+1 : slot*8+8] {
		if f != nil {
			return true
		}
	}
	return false
}

// Reset is what the bridge forgets. The functions have resets of their own.
func (b *Bus) Reset() { b.address = 0 }

// State names the state of the bridge. It comes before that of the functions: when it is
// loaded, they all give back their ports and memory.
func (b *Bus) State(s *snap.Stream) {
	s.Name("pci 1")
	snap.Int(s, &b.address)
	for i := range b.levels {
		s.Bool(&b.levels[i])
	}
	if s.Loading() {
		for _, f := range b.functions {
			if f != nil {
				f.unmapAll()
			}
		}
	}
}

// In answers at the ports CF8 to CFF.
func (b *Bus) In(port uint16, size int) uint32 {
	switch {
	case port == portAddress && size == 4:
		return b.address
	case port == portReset && size == 1 && b.ResetControl != nil:
		return b.ResetControl.In(port, size)
	case port >= portData && b.address&addressEnable != 0:
		return b.Config(b.address&0xffff00|b.address&0xfc+uint32(port&3), size)
	}
	return ^uint32(0)
}

// Out answers at the ports CF8 to CFF.
func (b *Bus) Out(port uint16, size int, v uint32) {
	switch {
	case port == portAddress && size == 4:
		b.address = v & 0x80fffffc
	case port == portReset && size == 1 && b.ResetControl != nil:
		b.ResetControl.Out(port, size, v)
	case port >= portData && b.address&addressEnable != 0:
		b.SetConfig(b.address&0xffff00|b.address&0xfc+uint32(port&3), size, v)
	}
}

// at finds the function of an address: bus 23-16, slot 15-11, function 10-8, register 7-0.
func (b *Bus) at(address uint32, size int) (f *Function, off int) {
	if address>>16 != 0 || int(address&0xff)+size > 0x100 {
		return nil, 0
	}
	return b.functions[address>>8&0xff], int(address & 0xff)
}

// Config reads configuration space. Nobody reads as all ones.
func (b *Bus) Config(address uint32, size int) (v uint32) {
	f, off := b.at(address, size)
	if f == nil {
		return ^uint32(0)
	}
	if f.OnRead != nil {
		f.OnRead(off, size)
	}
	for i := range size {
		v |= uint32(f.config[off+i]) << (8 * i)
	}
	return v
}

// SetConfig writes configuration space.
func (b *Bus) SetConfig(address uint32, size int, v uint32) {
	if f, off := b.at(address, size); f != nil {
		f.write(off, size, v)
	}
}

// interrupt finds the level of a wire again.
func (b *Bus) interrupt(wire int) {
	high := false
	for _, f := range b.functions {
		high = high || f != nil && f.asserted() && f.wire() == wire
	}
	if b.levels[wire] != high {
		b.levels[wire] = high
		b.pirq[wire].Set(high)
	}
}

// again tries to give functions the ranges that others were in the way of.
func (b *Bus) again() {
	for _, f := range b.functions {
		if f != nil {
			for _, r := range f.regions {
				r.place(b)
			}
		}
	}
}

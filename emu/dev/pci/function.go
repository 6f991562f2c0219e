package pci

import (
	"encoding/binary"

	"panda/emu/dev"
	"panda/emu/snap"
)

// Registers of a type 0 header (PCI 3.0 figure 6-1).
const (
	regVendor     = 0x00
	regDevice     = 0x02
	regCommand    = 0x04
	regStatus     = 0x06
	regRevision   = 0x08
	regClass      = 0x09
	regCacheLine  = 0x0c
	regLatency    = 0x0d
	regHeader     = 0x0e
	regBAR        = 0x10
	regSubVendor  = 0x2c
	regSubDevice  = 0x2e
	regROM        = 0x30
	regCapability = 0x34
	regLine       = 0x3c
	regPin        = 0x3d
	regFree       = 0x40

	headerMulti = 0x80
)

// Bits of the command and status registers (PCI 3.0, 6.2.2 and 6.2.3).
const (
	commandIO     = 1 << 0
	commandMemory = 1 << 1
	commandMaster = 1 << 2
	commandNoINTx = 1 << 10
	commandBits   = 0x0547

	statusInterrupt  = 1 << 3
	statusCapability = 1 << 4
	statusClear      = 0xf900
)

// ID is who a function says it is.
type ID struct {
	Vendor, Device       uint16
	SubVendor, SubDevice uint16
	Class                uint32 // base class, sub-class and programming interface
	Revision             uint8
	Pin                  uint8 // 1 to 4 for INTA to INTD, or 0
}

// Function is a function of a device.
type Function struct {
	// OnWrite, when set, is told of a write to configuration space that has been done.
	OnWrite func(off, size int)
	// OnRead, when set, is told of a read that is to be done.
	OnRead func(off, size int)

	bus      *Bus
	slot     int
	config   [256]byte
	initial  [256]byte // of config
	writable [256]byte // bits that writes change
	clear    [256]byte // bits that writing 1 clears
	regions  []*Region
	line     bool // the device asserts its pin
	free     int  // where the next capability goes
	msi      int  // where the one of messages is, or 0
	msix     *msix
}

// NewFunction is a function with nothing but a header.
func NewFunction(id ID) *Function {
	f := &Function{free: regFree}
	f.Set16(regVendor, id.Vendor)
	f.Set16(regDevice, id.Device)
	f.Set32(regRevision, id.Class<<8|uint32(id.Revision))
	f.Set16(regSubVendor, id.SubVendor)
	f.Set16(regSubDevice, id.SubDevice)
	f.Set8(regPin, id.Pin)
	binary.LittleEndian.PutUint16(f.writable[regCommand:], commandBits)
	binary.LittleEndian.PutUint16(f.clear[regStatus:], statusClear)
	f.writable[regCacheLine], f.writable[regLatency], f.writable[regLine] = 0xff, 0xff, 0xff
	return f
}

// Set8 gives a register a value, before the function is added also that after reset.
func (f *Function) Set8(off int, v uint8) { f.config[off] = v }

// Set16 is Set8 of two bytes.
func (f *Function) Set16(off int, v uint16) { binary.LittleEndian.PutUint16(f.config[off:], v) }

// Set32 is Set8 of four bytes.
func (f *Function) Set32(off int, v uint32) { binary.LittleEndian.PutUint32(f.config[off:], v) }

// Get8 reads a register.
func (f *Function) Get8(off int) uint8 { return f.config[off] }

// Get16 reads a register.
func (f *Function) Get16(off int) uint16 { return binary.LittleEndian.Uint16(f.config[off:]) }

// Get32 reads a register.
func (f *Function) Get32(off int) uint32 { return binary.LittleEndian.Uint32(f.config[off:]) }

// Register is a register of a device: its value after reset, the bits that can be written,
// and those that writing 1 clears.
type Register struct {
	Off, Size int
	Value     uint32
	Writable  uint32
	Clear     uint32
}

// Registers adds registers to those of the header.
func (f *Function) Registers(rs []Register) {
	for _, r := range rs {
		for i := range r.Size {
			f.config[r.Off+i] = uint8(r.Value >> (8 * i))
			f.writable[r.Off+i] = uint8(r.Writable >> (8 * i))
			f.clear[r.Off+i] = uint8(r.Clear >> (8 * i))
		}
	}
}

// Capability adds one to the list of them: its registers after the two bytes that each has,
// and their bits that can be written. It returns where it is (PCI 3.0, 6.7).
func (f *Function) Capability(id uint8, body, writable []byte) (off int) {
	off = f.free
	f.free = (off + 2 + len(body) + 3) &^ 3
	if f.free > len(f.config) {
		panic("BUG: too many capabilities")
	}
	f.config[off], f.config[off+1] = id, f.config[regCapability]
	f.config[regCapability] = uint8(off)
	f.config[regStatus] |= statusCapability
	copy(f.config[off+2:], body)
	copy(f.writable[off+2:], writable)
	return off
}

// CapabilitiesFrom says where the next capability goes, 40h else.
func (f *Function) CapabilitiesFrom(off int) { f.free = off }

func (f *Function) write(off, size int, v uint32) {
	for i := range size {
		at, b := off+i, uint8(v>>(8*i))
		f.config[at] = f.config[at]&^f.writable[at]&^(b&f.clear[at]) | b&f.writable[at]
	}
	f.update()
	if f.OnWrite != nil {
		f.OnWrite(off, size)
	}
}

// update does what the registers say.
func (f *Function) update() {
	f.decode()
	f.signal()
	if f.msix != nil {
		f.msix.flush()
	}
}

// Master reports whether the function may reach memory.
func (f *Function) Master() bool { return f.Get16(regCommand)&commandMaster != 0 }

// SetInterrupt gives the function's pin a level.
func (f *Function) SetInterrupt(high bool) {
	f.line = high
	f.signal()
}

func (f *Function) signal() {
	f.config[regStatus] &^= statusInterrupt
	if f.line {
		f.config[regStatus] |= statusInterrupt
	}
	if f.bus != nil && f.config[regPin] != 0 {
		f.bus.interrupt(f.wire())
	}
}

// asserted reports whether its pin is low, which is how one is asserted.
func (f *Function) asserted() bool {
	return f.line && f.config[regPin] != 0 && f.Get16(regCommand)&commandNoINTx == 0
}

func (f *Function) wire() int { return f.bus.Route(f.slot, int(f.config[regPin]-1)&3) & (pirqs - 1) }

// Reset is what the bus's reset line does: the function answers at nothing but in
// configuration space.
func (f *Function) Reset() {
	if f.bus != nil {
		f.config = f.initial
	}
	f.line = false
	if f.msix != nil {
		f.msix.reset()
	}
	f.update()
}

// State names the state of the function, but for that of the device.
func (f *Function) State(s *snap.Stream) {
	s.Name("pci function 1")
	s.Bool(&f.line)
	s.Bytes(f.config[:])
	if s.Loading() {
		f.unmapAll()
	}
	for _, r := range f.regions {
		r.state(s, f.bus)
	}
	if f.msix != nil {
		f.msix.state(s)
	}
}

// DMA is memory as the function reaches it: not at all unless it is a bus master.
func (f *Function) DMA() dev.Memory { return dma{f} }

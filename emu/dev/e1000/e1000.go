// Package e1000 is the Intel 82540EM, a network card ("PCI/PCI-X Family of Gigabit Ethernet
// Controllers Software Developer's Manual", 317453): rings of descriptors, checksums and
// segments of TCP, the EEPROM and the PHY. Its link is always up, and wakes nobody.
package e1000

import (
	"panda/emu/dev"
	"panda/emu/dev/pci"
	"panda/emu/snap"
)

const (
	memorySize = 128 << 10
	portsSize  = 64
	regWords   = 0x6000 / 4
	mostFrame  = 16384
	mostTSO    = 64<<10 + 256
)

// E1000 is a card.
type E1000 struct {
	f    *pci.Function
	mem  dev.Memory
	send func(frame []byte)
	// Ready, when set, is told that there may be room for frames.
	Ready func()

	mac   [6]byte
	regs  [regWords]uint32
	phy   [32]uint16
	port  uint32 // the register that the ports reach
	rom   microwire
	words [eepromWords]uint16 // follow from mac

	// The frame that is being sent.
	frame   []byte
	tooLong bool
	offload context // the last one of a descriptor
	chosen  options // of the frame
}

// New is a card whose frames go to a function, which does not keep them.
func New(mac [6]byte, send func(frame []byte)) *E1000 {
	e := &E1000{mac: mac, send: send, f: pci.NewFunction(pci.ID{
		Vendor: 0x8086, Device: deviceID, SubVendor: 0x1af4, SubDevice: 0x1100, Class: 0x020000, Revision: 3, Pin: 1,
	})}
	e.mem = e.f.DMA()
	e.words = eeprom(mac)
	e.f.MemoryBAR(0, memorySize, e)
	e.f.PortsBAR(1, portsSize, 4, ports{e})
	e.reset()
	return e
}

// Function is the card's place on the bus.
func (e *E1000) Function() *pci.Function { return e.f }

// Reset is as after power-up.
func (e *E1000) Reset() {
	e.f.Reset()
	e.port = 0
	e.reset()
}

// reset is what the bit of the control register does too.
func (e *E1000) reset() {
	e.regs = [regWords]uint32{}
	for _, r := range defaults {
		e.regs[r.reg/4] = r.v
	}
	e.phy = phyDefaults
	e.rom = microwire{}
	e.frame, e.tooLong, e.offload, e.chosen = nil, false, context{}, options{}
	m := e.mac
	e.regs[regRA/4] = uint32(m[0]) | uint32(m[1])<<8 | uint32(m[2])<<16 | uint32(m[3])<<24
	e.regs[regRA/4+1] = uint32(m[4]) | uint32(m[5])<<8 | raValid
	e.f.SetInterrupt(false)
}

// State names its state.
func (e *E1000) State(s *snap.Stream) {
	s.Name("e1000 1")
	e.f.State(s)
	snap.Ints(s, e.regs[:])
	snap.Ints(s, e.phy[:])
	snap.Int(s, &e.port)
	e.rom.state(s)
	s.Blob(&e.frame, mostTSO)
	s.Bool(&e.tooLong)
	e.offload.state(s)
	e.chosen.state(s)
}

// raise adds reasons of interrupts (13.4.17).
func (e *E1000) raise(cause uint32) {
	e.regs[regICR/4] |= cause
	e.signal()
}

func (e *E1000) signal() {
	e.f.SetInterrupt(e.regs[regICR/4]&e.regs[regIMS/4] != 0)
}

// count adds to a statistic of 32 bits, which stops at its end (13.7).
func (e *E1000) count(reg int, n uint32) {
	if v := &e.regs[reg/4]; *v+n >= *v {
		*v += n
	} else {
		*v = ^uint32(0)
	}
}

// count64 adds to one of 64 bits.
func (e *E1000) count64(reg int, n uint64) {
	v := uint64(e.regs[reg/4+1])<<32 | uint64(e.regs[reg/4])
	v += n
	e.regs[reg/4], e.regs[reg/4+1] = uint32(v), uint32(v>>32)
}

// counted is a frame in the statistics of one direction.
func (e *E1000) counted(frame []byte, good, broadcast, multicast, octets, total, sizes int, totalOctets int) {
	n := len(frame) + 4 // with its checksum
	e.count(good, 1)
	e.count(total, 1)
	e.count64(octets, uint64(n))
	e.count64(totalOctets, uint64(n))
	switch {
	case isBroadcast(frame):
		e.count(broadcast, 1)
	case frame[0]&1 != 0:
		e.count(multicast, 1)
	}
	size := 0
	for _, end := range []int{64, 127, 255, 511, 1023} {
		if n > end {
			size += 4
		}
	}
	e.count(sizes+size, 1)
}

func isBroadcast(frame []byte) bool {
	return [6]byte(frame) == [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
}

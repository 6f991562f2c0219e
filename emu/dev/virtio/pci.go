package virtio

import (
	"encoding/binary"

	"panda/emu/dev/pci"
	"panda/emu/snap"
)

// PCI is a transitional device on PCI (4.1): the ports of drivers before virtio 1, and the
// structures in memory of those after.
type PCI struct {
	d      *device
	f      *pci.Function
	vector uint16 // of changes of the configuration
	window int    // where the capability is that reaches memory through configuration space
}

// Structures in the memory of the second kind, a page each (4.1.4).
const (
	barLegacy = 0
	barMSIX   = 1
	barModern = 4

	pageCommon = 0x0000
	pageISR    = 0x1000
	pageDevice = 0x2000
	pageNotify = 0x3000
	modernSize = 0x4000
	legacySize = 128

	capVendor  = 0x09
	cfgCommon  = 1
	cfgNotify  = 2
	cfgISR     = 3
	cfgDevice  = 4
	cfgPCI     = 5
	notifyStep = 4

	windowBAR    = 4 // offsets in the capability
	windowOffset = 8
	windowLength = 12
	windowData   = 16
)

// NewPCI is a device for a PCI bus.
func NewPCI(k Kind) *PCI {
	a := k.about()
	p := &PCI{vector: noVector, f: pci.NewFunction(pci.ID{
		Vendor: 0x1af4, Device: a.pci, SubVendor: 0x1af4, SubDevice: a.id, Class: a.class, Pin: 1,
	})}
	p.d = newDevice(k, p.f.DMA())
	p.d.interrupt = p.interrupt
	p.f.PortsBAR(barLegacy, legacySize, 4, legacy{p})
	p.f.MemoryBAR64(barModern, modernSize, modern{p})
	p.f.MSIX(barMSIX, a.queues+1)
	for _, s := range []struct {
		kind     uint8
		at, size uint32
		more     []byte
	}{
		{kind: cfgCommon, at: pageCommon, size: 0x38},
		{kind: cfgISR, at: pageISR, size: 1},
		{kind: cfgDevice, at: pageDevice, size: 0x1000},
		{kind: cfgNotify, at: pageNotify, size: 0x1000, more: []byte{notifyStep, 0, 0, 0}},
	} {
		p.structure(s.kind, s.at, s.size, s.more, nil)
	}
	p.window = p.structure(cfgPCI, 0, 0, make([]byte, 4), []byte{2: 0xff, 6: 0xff, 7: 0xff, 8: 0xff, 9: 0xff, 10: 0xff, 11: 0xff, 12: 0xff, 13: 0xff, 14: 0xff, 15: 0xff, 16: 0xff, 17: 0xff})
	p.f.OnRead, p.f.OnWrite = p.windowRead, p.windowWrite
	return p
}

// structure adds the capability that says where one is.
func (p *PCI) structure(kind uint8, at, size uint32, more, writable []byte) int {
	body := []byte{uint8(16 + len(more)), kind, barModern, 0, 0, 0}
	body = binary.LittleEndian.AppendUint32(body, at)
	body = binary.LittleEndian.AppendUint32(body, size)
	return p.f.Capability(capVendor, append(body, more...), writable)
}

// Function is the device's place on the bus.
func (p *PCI) Function() *pci.Function { return p.f }

// Reset is as after power-up.
func (p *PCI) Reset() {
	p.f.Reset()
	p.reset()
}

func (p *PCI) reset() {
	p.d.reset()
	p.vector = noVector
	p.f.SetInterrupt(false)
}

// State names its state.
func (p *PCI) State(s *snap.Stream) {
	s.Name("virtio pci 1")
	p.f.State(s)
	p.d.state(s)
	snap.Int(s, &p.vector)
}

func (p *PCI) setStatus(v uint8) {
	if p.d.setStatus(v) {
		p.reset()
	}
}

// interrupt is a message, or the pin that the ISR register explains (4.1.5.1).
func (p *PCI) interrupt(queue int) {
	if p.f.MSIXOn() {
		vector := p.vector
		if queue >= 0 {
			vector = p.d.queues[queue].vector
		}
		if vector != noVector {
			p.f.Notify(int(vector))
		}
		return
	}
	p.d.isr |= reason(queue)
	p.f.SetInterrupt(true)
}

func (p *PCI) takeISR() uint8 {
	v := p.d.isr
	p.d.isr = 0
	p.f.SetInterrupt(false)
	return v
}

// vectorOf is a vector that a driver may choose, or none.
func (p *PCI) vectorOf(v uint16) uint16 {
	if int(v) > len(p.d.queues) {
		return noVector
	}
	return v
}

// windowed is the access to memory that the capability asks for (4.1.4.9).
func (p *PCI) windowed(off, size int) (at uint64, length int, ok bool) {
	at, length = uint64(p.f.Get32(p.window+windowOffset)), int(p.f.Get32(p.window+windowLength))
	ok = off < p.window+windowData+4 && off+size > p.window+windowData && p.f.Get8(p.window+windowBAR) == barModern &&
		(length == 1 || length == 2 || length == 4) && at <= modernSize-4 && at%uint64(max(length, 1)) == 0
	return at, length, ok
}

func (p *PCI) windowRead(off, size int) {
	if at, length, ok := p.windowed(off, size); ok {
		p.f.Set32(p.window+windowData, uint32(modern{p}.Load(at, length)))
	}
}

func (p *PCI) windowWrite(off, size int) {
	if at, length, ok := p.windowed(off, size); ok {
		modern{p}.Store(at, length, uint64(p.f.Get32(p.window+windowData))&(1<<(8*length)-1))
	}
}

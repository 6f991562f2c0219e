package pci

import (
	"encoding/binary"
	"errors"
	"fmt"

	"panda/emu/dev"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Region is a range of ports or memory that configuration space moves.
type Region struct {
	size   uint64
	ports  dev.Ports // or nil, with
	width  int
	device Device

	bar     int    // its register, or that of the ROM, or 0
	wide    bool   // it is one of 64 bits
	at      uint64 // where the guest wants it
	wanted  bool
	mapped  bool // it is there
	address uint64
	handle  *dev.PortRange
}

const (
	barPorts     = 1
	bar64        = 4
	barPrefetch  = 8
	romEnable    = 1
	pageSize     = 4096
	portsOfBus   = 1 << 16
	lowestBits   = 0xf
	lowestBitsIO = 0x3
)

// PortsBAR is a base address register for a power of two of ports, 4 at least. width is
// that of PortBus.Attach.
func (f *Function) PortsBAR(n, size, width int, p dev.Ports) {
	f.bar(regBAR+4*n, uint64(size), barPorts, 4, &Region{size: uint64(size), ports: p, width: width})
}

// MemoryBAR is a base address register for a power of two of bytes, a page at least.
func (f *Function) MemoryBAR(n int, size uint64, d Device) {
	f.bar(regBAR+4*n, size, 0, pageSize, &Region{size: size, device: d})
}

// MemoryBAR64 is MemoryBAR for addresses of 64 bits, which take the next register too.
func (f *Function) MemoryBAR64(n int, size uint64, d Device) {
	f.bar(regBAR+4*n, size, bar64|barPrefetch, pageSize, &Region{size: size, device: d, wide: true})
	binary.LittleEndian.PutUint32(f.writable[regBAR+4*n+4:], uint32(-size>>32))
}

// ROM is the register of an expansion ROM, which reads as zeros after its image.
func (f *Function) ROM(image []byte) {
	size := uint64(pageSize)
	for size < uint64(len(image)) {
		size *= 2
	}
	f.bar(regROM, size, 0, pageSize, &Region{size: size, device: rom(image)})
	f.writable[regROM] |= romEnable
}

func (f *Function) bar(reg int, size uint64, kind uint32, least uint64, r *Region) {
	if size&(size-1) != 0 || size < least {
		panic("BUG: no such BAR")
	}
	r.bar = reg
	f.Set32(reg, kind)
	binary.LittleEndian.PutUint32(f.writable[reg:], -uint32(size)&^lowestBitsIO)
	f.regions = append(f.regions, r)
}

// PortsAt is a range of ports that Move moves.
func (f *Function) PortsAt(size, width int, p dev.Ports) *Region {
	r := &Region{size: uint64(size), ports: p, width: width}
	f.regions = append(f.regions, r)
	return r
}

// Move has a region somewhere else, or nowhere.
func (f *Function) Move(r *Region, at uint64, wanted bool) { f.move(r, at, wanted) }

// decode moves the regions to where their registers say.
func (f *Function) decode() {
	command := f.Get16(regCommand)
	for _, r := range f.regions {
		v := f.Get32(r.bar)
		switch {
		case r.bar == 0:
		case r.ports != nil:
			f.move(r, uint64(v&^lowestBitsIO), command&commandIO != 0)
		case r.bar == regROM:
			f.move(r, uint64(v&^(pageSize-1)), command&commandMemory != 0 && v&romEnable != 0)
		default:
			at := uint64(v &^ lowestBits)
			if r.wide {
				at |= uint64(f.Get32(r.bar+4)) << 32
			}
			f.move(r, at, command&commandMemory != 0)
		}
	}
}

func (f *Function) move(r *Region, at uint64, wanted bool) {
	if f.bus == nil || r.at == at && r.wanted == wanted {
		return
	}
	r.at, r.wanted = at, wanted
	r.unmap(f.bus)
	f.bus.again()
}

// place maps a region, if nobody is in its way.
func (r *Region) place(b *Bus) {
	last := r.at + r.size - 1
	switch {
	case r.mapped || !r.wanted || last < r.at:
		return
	case r.ports != nil:
		if last >= portsOfBus || !b.world.Ports.Free(uint16(r.at), uint16(last)) {
			return
		}
		r.handle = b.world.Ports.Attach(uint16(r.at), uint16(last), r.width, r.ports)
	case r.at%pageSize != 0 || !b.world.Memory.Map(guest.PhysAddr(r.at), r.size, r.device):
		return
	}
	r.mapped, r.address = true, r.at
}

func (r *Region) unmap(b *Bus) {
	if !r.mapped {
		return
	}
	if r.ports != nil {
		b.world.Ports.Detach(r.handle)
		r.handle = nil
	} else {
		b.world.Memory.Unmap(guest.PhysAddr(r.address), r.size)
	}
	r.mapped = false
}

func (f *Function) unmapAll() {
	for _, r := range f.regions {
		r.unmap(f.bus)
	}
}

// state says whether a region is mapped as well as where: of two that overlap it is the
// first one that came.
func (r *Region) state(s *snap.Stream, b *Bus) {
	mapped := r.mapped
	snap.Int(s, &r.at)
	s.Bool(&r.wanted, &mapped)
	if !s.Loading() || !mapped {
		return
	}
	if r.place(b); !r.mapped {
		s.Fail("something else is at %#x", r.at)
	}
}

// Mapped reports where the region is.
func (r *Region) Mapped() (at uint64, ok bool) { return r.address, r.mapped }

type rom []byte

// Load reads the image.
func (r rom) Load(off uint64, size int) uint64 {
	var b [8]byte
	if off < uint64(len(r)) {
		copy(b[:size], r[off:])
	}
	return binary.LittleEndian.Uint64(b[:])
}

// Store does nothing.
func (rom) Store(uint64, int, uint64) {}

type dma struct{ f *Function }

var errMaster = errors.New("the function is no bus master")

func (d dma) memory() (dev.Memory, error) {
	if d.f.bus == nil || d.f.bus.world.RAM == nil || !d.f.Master() {
		return nil, errMaster
	}
	return d.f.bus.world.RAM, nil
}

// Read reads memory.
func (d dma) Read(a guest.PhysAddr, b []byte) error {
	m, err := d.memory()
	if err != nil {
		return fmt.Errorf("read memory: %w", err)
	}
	return m.Read(a, b)
}

// Write writes memory.
func (d dma) Write(a guest.PhysAddr, b []byte) error {
	m, err := d.memory()
	if err != nil {
		return fmt.Errorf("write memory: %w", err)
	}
	return m.Write(a, b)
}

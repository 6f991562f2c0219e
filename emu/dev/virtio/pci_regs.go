package virtio

// field is a register of a transport: where it is, how many bytes it has, and what it does.
type field struct {
	off   uint64
	size  int
	read  func(p *PCI) uint64
	write func(p *PCI, v uint64)
}

// common are those of the common configuration structure (4.1.4.3).
var common = []field{
	{0x00, 4, func(p *PCI) uint64 { return uint64(p.d.deviceHalf) }, func(p *PCI, v uint64) { p.d.deviceHalf = uint32(v) }},
	{0x04, 4, func(p *PCI) uint64 { return uint64(half(p.d.features, p.d.deviceHalf)) }, nil},
	{0x08, 4, func(p *PCI) uint64 { return uint64(p.d.driverHalf) }, func(p *PCI, v uint64) { p.d.driverHalf = uint32(v) }},
	{0x0c, 4, func(p *PCI) uint64 { return uint64(half(p.d.driver, p.d.driverHalf)) }, func(p *PCI, v uint64) { p.d.accept(p.d.driverHalf, uint32(v)) }},
	{0x10, 2, func(p *PCI) uint64 { return uint64(p.vector) }, func(p *PCI, v uint64) { p.vector = p.vectorOf(uint16(v)) }},
	{0x12, 2, func(p *PCI) uint64 { return uint64(len(p.d.queues)) }, nil},
	{0x14, 1, func(p *PCI) uint64 { return uint64(p.d.status) }, func(p *PCI, v uint64) { p.setStatus(uint8(v)) }},
	{0x15, 1, func(*PCI) uint64 { return 0 }, nil}, // the configuration never changes
	{0x16, 2, func(p *PCI) uint64 { return uint64(p.d.selected) }, func(p *PCI, v uint64) { p.d.selected = uint16(v) }},
	{0x18, 2, func(p *PCI) uint64 { return uint64(p.d.queue().size) }, func(p *PCI, v uint64) { p.d.queue().setSize(uint32(v)) }},
	{0x1a, 2, func(p *PCI) uint64 { return uint64(p.d.queue().vector) }, func(p *PCI, v uint64) { p.d.queue().vector = p.vectorOf(uint16(v)) }},
	{0x1c, 2, func(p *PCI) uint64 { return uint64(bit(p.d.queue().ready)) }, func(p *PCI, v uint64) { p.d.queue().ready = v&1 != 0 }},
	{0x1e, 2, func(p *PCI) uint64 { return uint64(p.d.selected) }, nil}, // of its notification
	{0x20, 8, func(p *PCI) uint64 { return p.d.queue().desc }, func(p *PCI, v uint64) { p.d.queue().desc = v }},
	{0x28, 8, func(p *PCI) uint64 { return p.d.queue().avail }, func(p *PCI, v uint64) { p.d.queue().avail = v }},
	{0x30, 8, func(p *PCI) uint64 { return p.d.queue().used }, func(p *PCI, v uint64) { p.d.queue().used = v }},
}

// ports are those of legacy drivers (4.1.4.10).
var ports = []field{
	{0x00, 4, func(p *PCI) uint64 { return uint64(half(p.d.features, 0)) }, nil},
	{0x04, 4, func(p *PCI) uint64 { return uint64(half(p.d.driver, 0)) }, func(p *PCI, v uint64) { p.d.accept(0, uint32(v)) }},
	{0x08, 4, func(p *PCI) uint64 { return p.d.queue().desc / legacyPage }, func(p *PCI, v uint64) { p.d.queue().place(v*legacyPage, legacyPage) }},
	{0x0c, 2, func(p *PCI) uint64 { return uint64(p.d.most()) }, nil},
	{0x0e, 2, func(p *PCI) uint64 { return uint64(p.d.selected) }, func(p *PCI, v uint64) { p.d.selected = uint16(v) }},
	{0x10, 2, nil, func(p *PCI, v uint64) { p.d.notify(uint32(v)) }},
	{0x12, 1, func(p *PCI) uint64 { return uint64(p.d.status) }, func(p *PCI, v uint64) { p.setStatus(uint8(v)) }},
	{0x13, 1, func(p *PCI) uint64 { return uint64(p.takeISR()) }, nil},
}

// portsMSIX are two more that there are while MSI-X is switched on.
var portsMSIX = []field{
	{0x14, 2, func(p *PCI) uint64 { return uint64(p.vector) }, func(p *PCI, v uint64) { p.vector = p.vectorOf(uint16(v)) }},
	{0x16, 2, func(p *PCI) uint64 { return uint64(p.d.queue().vector) }, func(p *PCI, v uint64) { p.d.queue().vector = p.vectorOf(uint16(v)) }},
}

const (
	legacyPage       = 4096
	legacyConfig     = 0x14
	legacyConfigMSIX = 0x18
)

// load reads the fields that an access touches, in parts as well.
func load(p *PCI, fields []field, off uint64, size int) (v uint64) {
	for _, f := range fields {
		if f.read == nil || f.off >= off+uint64(size) || f.off+uint64(f.size) <= off {
			continue
		}
		got := f.read(p) & ones(f.size)
		if f.off >= off {
			v |= got << (8 * (f.off - off))
		} else {
			v |= got >> (8 * (off - f.off))
		}
	}
	return v & ones(size)
}

// store writes a field, or a half of one of 64 bits.
func store(p *PCI, fields []field, off uint64, size int, v uint64) {
	for _, f := range fields {
		switch {
		case f.write == nil:
		case f.off == off && f.size <= size:
			f.write(p, v&ones(f.size))
		case f.size == 8 && size == 4 && (off == f.off || off == f.off+4):
			shift := 8 * (off - f.off)
			f.write(p, f.read(p)&^(0xffffffff<<shift)|v&0xffffffff<<shift)
		}
	}
}

func ones(size int) uint64 { return ^uint64(0) >> (64 - 8*size) }

// modern is the memory of drivers of version 1.
type modern struct{ p *PCI }

// Load reads a structure.
func (m modern) Load(off uint64, size int) uint64 {
	switch off &^ 0xfff {
	case pageCommon:
		return load(m.p, common, off, size)
	case pageISR:
		if off == pageISR {
			return uint64(m.p.takeISR())
		}
	case pageDevice:
		return m.p.d.loadConfig(off-pageDevice, size)
	}
	return 0
}

// Store writes a structure, or notifies a queue.
func (m modern) Store(off uint64, size int, v uint64) {
	switch off &^ 0xfff {
	case pageCommon:
		store(m.p, common, off, size, v)
	case pageNotify:
		m.p.d.notify(uint32(off-pageNotify) / notifyStep)
	}
}

// legacy are the ports of drivers before virtio 1.
type legacy struct{ p *PCI }

func (l legacy) fields() ([]field, uint64) {
	if l.p.f.MSIXOn() {
		return portsMSIX, legacyConfigMSIX
	}
	return nil, legacyConfig
}

// In reads a register or a part of configuration space.
func (l legacy) In(port uint16, size int) uint32 {
	off := uint64(port % legacySize)
	more, config := l.fields()
	if off >= config {
		return uint32(l.p.d.loadConfig(off-config, size))
	}
	return uint32(load(l.p, ports, off, size) | load(l.p, more, off, size))
}

// Out writes a register.
func (l legacy) Out(port uint16, size int, v uint32) {
	off := uint64(port % legacySize)
	more, config := l.fields()
	if off < config {
		store(l.p, ports, off, size, uint64(v))
		store(l.p, more, off, size, uint64(v))
	}
}

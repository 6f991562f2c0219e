package virtio

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

// MMIO is a device behind a page of memory (4.2): version 2 of it, or 1 for the drivers
// before virtio 1.
type MMIO struct {
	d        *device
	version  uint32
	irq      dev.Wire
	pageSize uint32
	align    uint32
	high     bool
}

// NewMMIO is a device whose interrupt is a wire. Its page is what Load and Store say.
func NewMMIO(k Kind, version uint32, memory dev.Memory, irq dev.Wire) *MMIO {
	m := &MMIO{d: newDevice(k, memory), version: version, irq: irq}
	if version == 1 {
		m.d.features &^= featureVersion1
	}
	m.d.interrupt = func(queue int) {
		m.d.isr |= reason(queue)
		m.signal()
	}
	m.Reset()
	return m
}

func reason(queue int) uint8 {
	if queue < 0 {
		return isrConfig
	}
	return isrQueue
}

// Reset is as after power-up.
func (m *MMIO) Reset() {
	m.d.reset()
	m.pageSize, m.align = 4096, 4096
	m.signal()
}

// State names its state.
func (m *MMIO) State(s *snap.Stream) {
	s.Name("virtio mmio 1")
	m.d.state(s)
	snap.Int(s, &m.pageSize, &m.align)
	if s.Loading() && (m.pageSize == 0 || m.align == 0) {
		s.Fail("pages of no size")
	}
	s.Bool(&m.high)
}

func (m *MMIO) signal() {
	if high := m.d.isr != 0; high != m.high {
		m.high = high
		m.irq.Set(high)
	}
}

const (
	mmioMagic  = 0x74726976
	mmioVendor = 0x41444e50
	mmioConfig = 0x100
)

// mmioReg is a register of 32 bits (tables 4.1 and 4.3).
type mmioReg struct {
	read    func(m *MMIO) uint32
	write   func(m *MMIO, v uint32)
	version uint32 // that alone has it, or 0
}

var mmioRegs = [mmioConfig / 4]mmioReg{
	0:         {read: func(*MMIO) uint32 { return mmioMagic }},
	0x004 / 4: {read: func(m *MMIO) uint32 { return m.version }},
	0x008 / 4: {read: func(m *MMIO) uint32 { return uint32(m.d.id) }},
	0x00c / 4: {read: func(*MMIO) uint32 { return mmioVendor }},
	0x010 / 4: {read: func(m *MMIO) uint32 { return half(m.d.features, m.d.deviceHalf) }},
	0x014 / 4: {write: func(m *MMIO, v uint32) { m.d.deviceHalf = v }},
	0x020 / 4: {write: func(m *MMIO, v uint32) { m.d.accept(m.d.driverHalf, v) }},
	0x024 / 4: {write: func(m *MMIO, v uint32) { m.d.driverHalf = v }},
	0x028 / 4: {write: func(m *MMIO, v uint32) { setPower(&m.pageSize, v) }, version: 1},
	0x030 / 4: {write: func(m *MMIO, v uint32) { m.d.selected = uint16(min(v, 0xffff)) }},
	0x034 / 4: {read: func(m *MMIO) uint32 { return m.d.most() }},
	0x038 / 4: {write: func(m *MMIO, v uint32) { m.d.queue().setSize(v) }},
	0x03c / 4: {write: func(m *MMIO, v uint32) { setPower(&m.align, v) }, version: 1},
	0x040 / 4: {
		read:    func(m *MMIO) uint32 { return uint32(m.d.queue().desc / uint64(m.pageSize)) },
		write:   func(m *MMIO, v uint32) { m.d.queue().place(uint64(v)*uint64(m.pageSize), uint64(m.align)) },
		version: 1,
	},
	0x044 / 4: {
		read:    func(m *MMIO) uint32 { return bit(m.d.queue().ready) },
		write:   func(m *MMIO, v uint32) { m.d.queue().ready = v&1 != 0 },
		version: 2,
	},
	0x050 / 4: {write: func(m *MMIO, v uint32) { m.d.notify(v) }},
	0x060 / 4: {read: func(m *MMIO) uint32 { return uint32(m.d.isr) }},
	0x064 / 4: {write: func(m *MMIO, v uint32) { m.d.isr &^= uint8(v) }},
	0x070 / 4: {read: func(m *MMIO) uint32 { return uint32(m.d.status) }, write: func(m *MMIO, v uint32) { m.d.setStatus(uint8(v)) }},
	0x080 / 4: {write: func(m *MMIO, v uint32) { setHalf(&m.d.queue().desc, 0, v) }, version: 2},
	0x084 / 4: {write: func(m *MMIO, v uint32) { setHalf(&m.d.queue().desc, 1, v) }, version: 2},
	0x090 / 4: {write: func(m *MMIO, v uint32) { setHalf(&m.d.queue().avail, 0, v) }, version: 2},
	0x094 / 4: {write: func(m *MMIO, v uint32) { setHalf(&m.d.queue().avail, 1, v) }, version: 2},
	0x0a0 / 4: {write: func(m *MMIO, v uint32) { setHalf(&m.d.queue().used, 0, v) }, version: 2},
	0x0a4 / 4: {write: func(m *MMIO, v uint32) { setHalf(&m.d.queue().used, 1, v) }, version: 2},
	// There is no memory to share: it reads as of the length -1 (4.2.2.1).
	0x0b0 / 4: {read: none, version: 2}, 0x0b4 / 4: {read: none, version: 2},
	0x0b8 / 4: {read: none, version: 2}, 0x0bc / 4: {read: none, version: 2},
	0x0fc / 4: {read: func(*MMIO) uint32 { return 0 }}, // the configuration never changes
}

func none(*MMIO) uint32 { return ^uint32(0) }

func bit(v bool) uint32 {
	if v {
		return 1
	}
	return 0
}

// setPower sets what must be a power of two.
func setPower(at *uint32, v uint32) {
	if v != 0 && v&(v-1) == 0 {
		*at = v
	}
}

func (m *MMIO) reg(off uint64) mmioReg {
	if r := mmioRegs[off/4]; r.version == 0 || r.version == m.version {
		return r
	}
	return mmioReg{}
}

// Load reads a register of 32 bits, or configuration space.
func (m *MMIO) Load(off uint64, size int) uint64 {
	if off >= mmioConfig {
		return m.d.loadConfig(off-mmioConfig, size)
	}
	if r := m.reg(off); off%4 == 0 && size == 4 && r.read != nil {
		return uint64(r.read(m))
	}
	return 0
}

// Store writes a register of 32 bits.
func (m *MMIO) Store(off uint64, size int, v uint64) {
	if off >= mmioConfig || off%4 != 0 || size != 4 {
		return
	}
	if r := m.reg(off); r.write != nil {
		r.write(m, uint32(v))
		m.signal()
	}
}

package pci

import (
	"encoding/binary"

	"panda/emu/snap"
)

// Capability numbers.
const (
	capMSI  = 0x05
	capMSIX = 0x11
)

// Registers of MSI, with an address of 64 bits and no masks (PCI 3.0, 6.8.1).
const (
	msiControl = 2
	msiAddress = 4
	msiUpper   = 8
	msiData    = 12
	msiEnable  = 1
	msi64      = 0x80
)

// MSI adds the capability of one message.
func (f *Function) MSI() {
	f.msi = f.Capability(capMSI,
		[]byte{msi64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		[]byte{msiEnable, 0, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
}

// Messages reports whether the guest has the function send messages, and not use its pin.
func (f *Function) Messages() bool { return f.msiOn() || f.MSIXOn() }

func (f *Function) msiOn() bool { return f.msi != 0 && f.Get16(f.msi+msiControl)&msiEnable != 0 }

// MSIXOn reports whether these are of MSI-X.
func (f *Function) MSIXOn() bool { return f.msix != nil && f.msix.control()&msixEnable != 0 }

// Notify sends a message, if messages are switched on. MSI has but one.
func (f *Function) Notify(vector int) {
	switch {
	case f.MSIXOn():
		f.msix.notify(vector)
	case f.msiOn():
		f.send(uint64(f.Get32(f.msi+msiUpper))<<32|uint64(f.Get32(f.msi+msiAddress)), uint32(f.Get16(f.msi+msiData)))
	}
}

// send writes to memory as far as local APICs hear it.
func (f *Function) send(addr uint64, data uint32) {
	if f.bus != nil && f.bus.world.MSI != nil && f.Master() {
		f.bus.world.MSI(addr, data)
	}
}

// Registers of MSI-X and of entries of its table (PCI 3.0, 6.8.2).
const (
	msixControl  = 2
	msixEnable   = 1 << 15
	msixMask     = 1 << 14
	msixMost     = 128 // vectors for which there is room
	msixPBA      = 0x800
	entrySize    = 16
	entryUpper   = 4
	entryData    = 8
	entryControl = 12
)

// msix is a page with the table of messages and, in its second half, the bits of those
// that wait.
type msix struct {
	f       *Function
	cap     int
	table   []byte
	pending [msixMost / 64]uint64
}

// MSIX adds the capability of a number of messages, whose table is behind a BAR.
func (f *Function) MSIX(bar, vectors int) {
	if vectors < 1 || vectors > msixMost {
		panic("BUG: no such number of vectors")
	}
	m := &msix{f: f, table: make([]byte, vectors*entrySize)}
	var body [10]byte
	binary.LittleEndian.PutUint16(body[:], uint16(vectors-1))
	binary.LittleEndian.PutUint32(body[2:], uint32(bar))
	binary.LittleEndian.PutUint32(body[6:], uint32(msixPBA|bar))
	m.cap = f.Capability(capMSIX, body[:], []byte{0, (msixEnable | msixMask) >> 8})
	f.msix = m
	m.reset()
	f.MemoryBAR(bar, pageSize, m)
}

func (m *msix) control() uint16 { return m.f.Get16(m.cap + msixControl) }

func (m *msix) reset() {
	clear(m.table)
	for at := entryControl; at < len(m.table); at += entrySize {
		m.table[at] = 1
	}
	clear(m.pending[:])
}

func (m *msix) state(s *snap.Stream) {
	s.Bytes(m.table)
	snap.Ints(s, m.pending[:])
}

// Load reads the page.
func (m *msix) Load(off uint64, size int) uint64 {
	var b [8]byte
	switch {
	case off < uint64(len(m.table)):
		copy(b[:size], m.table[off:])
	case off >= msixPBA && off < msixPBA+msixMost/8:
		var bits [msixMost / 8]byte
		for i, v := range m.pending {
			binary.LittleEndian.PutUint64(bits[8*i:], v)
		}
		copy(b[:size], bits[off-msixPBA:])
	}
	return binary.LittleEndian.Uint64(b[:])
}

// Store writes the table.
func (m *msix) Store(off uint64, size int, v uint64) {
	if off >= uint64(len(m.table)) {
		return
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	copy(m.table[off:], b[:size])
	m.flush()
}

func (m *msix) masked(vector int) bool {
	return m.control()&msixMask != 0 || m.table[vector*entrySize+entryControl]&1 != 0
}

func (m *msix) notify(vector int) {
	switch {
	case vector < 0 || vector >= len(m.table)/entrySize:
	case m.masked(vector):
		m.pending[vector/64] |= 1 << (vector % 64)
	default:
		e := m.table[vector*entrySize:]
		m.pending[vector/64] &^= 1 << (vector % 64)
		m.f.send(uint64(binary.LittleEndian.Uint32(e[entryUpper:]))<<32|uint64(binary.LittleEndian.Uint32(e)), binary.LittleEndian.Uint32(e[entryData:]))
	}
}

// flush sends those that waited and need not any more.
func (m *msix) flush() {
	if m.control()&msixEnable == 0 || m.pending == [2]uint64{} {
		return
	}
	for v := range len(m.table) / entrySize {
		if m.pending[v/64]>>(v%64)&1 != 0 && !m.masked(v) {
			m.notify(v)
		}
	}
}

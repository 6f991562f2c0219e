// Package i440fx is the host bridge of a PC (Intel 82441FX datasheet, 290549), as far as a
// guest can tell that it is there: the registers that put RAM in the place of the ROMs
// below 1 MiB. There is no SMM, and so nothing behind its SMRAM register.
package i440fx

import (
	"panda/emu/dev/pci"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Shadow is told whether reads and whether writes of a segment are of RAM; else they are of
// what is on the bus: a ROM, or nothing.
type Shadow func(at guest.PhysAddr, size uint64, read, write bool)

// segment is a part of memory and its half of a PAM register (datasheet 3.2.15).
type segment struct {
	at    guest.PhysAddr
	size  uint64
	reg   int
	shift int
}

const (
	kib16 = 16 << 10
	kib64 = 64 << 10

	regPAM   = 0x59
	regSMRAM = 0x72

	pamRead, pamWrite = 1, 2

	smramOpen = 1 << 6
	smramLock = 1 << 4
	smramBits = 0x78
)

// segments are all that the PAM registers name: the last 64 KiB, and then 16 KiB each from
// C0000 on.
var segments = func() []segment {
	s := []segment{{0xf0000, kib64, regPAM, 4}}
	for i := range 12 {
		s = append(s, segment{0xc0000 + guest.PhysAddr(i*kib16), kib16, regPAM + 1 + i/2, i % 2 * 4})
	}
	return s
}()

// Bridge is the host bridge.
type Bridge struct {
	f      *pci.Function
	shadow Shadow
	told   [13]uint8 // what has been said of each segment
}

// New is a host bridge, which belongs into slot 0.
func New(shadow Shadow) *Bridge {
	b := &Bridge{shadow: shadow, f: pci.NewFunction(pci.ID{
		Vendor: 0x8086, Device: 0x1237, Revision: 2, Class: 0x060000, SubVendor: 0x1af4, SubDevice: 0x1100,
	})}
	b.f.Registers([]pci.Register{
		{Off: 0x04, Size: 2, Value: 0x0006, Writable: 0x0100},
		{Off: 0x06, Size: 2, Value: 0x0280, Clear: 0xf900},
		{Off: 0x50, Size: 2, Writable: 0xffff},
		{Off: regPAM, Size: 4, Writable: 0x33333330},
		{Off: regPAM + 4, Size: 3, Writable: 0x333333},
		{Off: 0x60, Size: 4, Writable: 0xffffffff},
		{Off: 0x64, Size: 4, Writable: 0xffffffff},
		{Off: regSMRAM, Size: 1, Value: 2, Writable: smramBits},
	})
	b.f.OnWrite = func(int, int) { b.update() }
	return b
}

// Function is the bridge's place on the bus.
func (b *Bridge) Function() *pci.Function { return b.f }

// Reset has all segments be ROM.
func (b *Bridge) Reset() {
	b.f.Registers([]pci.Register{{Off: regSMRAM, Size: 1, Value: 2, Writable: smramBits}})
	b.f.Reset()
	b.update()
}

// State names its state. All segments are told of when it is loaded.
func (b *Bridge) State(s *snap.Stream) {
	s.Name("i440fx 1")
	b.f.State(s)
	if s.Loading() {
		b.Tell()
		b.lock()
	}
}

// Tell says of all segments again what they are.
func (b *Bridge) Tell() {
	for i, g := range segments {
		b.told[i] = b.f.Get8(g.reg) >> g.shift & 3
		b.shadow(g.at, g.size, b.told[i]&pamRead != 0, b.told[i]&pamWrite != 0)
	}
}

func (b *Bridge) update() {
	for i, g := range segments {
		if now := b.f.Get8(g.reg) >> g.shift & 3; now != b.told[i] {
			b.told[i] = now
			b.shadow(g.at, g.size, now&pamRead != 0, now&pamWrite != 0)
		}
	}
	b.lock()
}

// lock closes SMRAM for good once its lock is set (datasheet 3.2.20).
func (b *Bridge) lock() {
	if v := b.f.Get8(regSMRAM); v&smramLock != 0 {
		b.f.Registers([]pci.Register{{Off: regSMRAM, Size: 1, Value: uint32(v &^ smramOpen)}})
	} else {
		b.f.Registers([]pci.Register{{Off: regSMRAM, Size: 1, Value: uint32(v), Writable: smramBits}})
	}
}

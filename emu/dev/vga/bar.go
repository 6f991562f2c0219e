package vga

// The register BAR: a page of memory.
const (
	barPorts    = 0x400 // 3C0h to 3DFh, a byte each
	barPortsEnd = 0x420
	barDispi    = 0x500 // the display interface, 16 bits each
	barDispiEnd = 0x516
	barSize     = 0x600 // of what follows, 32 bits
	barOrder    = 0x604 // of the bytes of a pixel, 32 bits

	extended   = 8
	lowFirst   = 0x1e1e1e1e
	highFirst  = 0xbebebebe
	firstInBar = 0x3c0
)

// BAR is the registers in memory, which read as 0 where there are none: there is no EDID.
type BAR struct{ v *VGA }

// BAR is the page of the registers.
func (v *VGA) BAR() BAR { return BAR{v} }

// Load reads size bytes.
func (b BAR) Load(off uint64, size int) uint64 {
	n := uint64(0)
	if off >= barPorts && off < barPortsEnd {
		for i := range size {
			n |= uint64(b.v.In(uint16(firstInBar+off-barPorts)+uint16(i), 1)) << (8 * i)
		}
		return n
	}
	for i := 0; i < size; i += 2 {
		n |= uint64(b.word(off&^1+uint64(i))) << (8 * i)
	}
	if size == 1 {
		n = n >> (8 * (off & 1)) & 0xff
	}
	return n
}

// word reads 16 bits.
func (b BAR) word(off uint64) uint16 {
	order := uint32(lowFirst)
	if b.v.swapped {
		order = highFirst
	}
	switch {
	case off >= barDispi && off < barDispiEnd:
		return b.v.dispiRead(uint16(off-barDispi) / 2)
	case off == barSize:
		return extended
	case off == barOrder:
		return uint16(order)
	case off == barOrder+2:
		return uint16(order >> 16)
	}
	return 0
}

// Store writes size bytes. A register of 16 bits takes one as its low byte.
func (b BAR) Store(off uint64, size int, n uint64) {
	switch {
	case off >= barPorts && off < barPortsEnd:
		for i := range size {
			b.v.Out(uint16(firstInBar+off-barPorts)+uint16(i), 1, uint32(n>>(8*i))&0xff)
		}
	case off == barOrder && size == 4 && (n == lowFirst || n == highFirst):
		b.v.swapped = n == highFirst
		b.v.changed()
	case off >= barDispi && off < barDispiEnd && off&1 == 0:
		for i := 0; i < size; i += 2 {
			b.v.dispiWrite(uint16(off-barDispi+uint64(i))/2, uint16(n>>(8*i)))
		}
	}
}

package ide

import "encoding/binary"

// word is one of the 256 that IDENTIFY DEVICE gives (ATA/ATAPI-7, 6.17).
type word struct {
	at int
	v  func(d *drive) int64
}

func always(v int64) func(*drive) int64 { return func(*drive) int64 { return v } }

// both are words of disks and of CD-ROMs.
var both = []word{
	{20, always(3)},
	{21, always(512)},
	{22, always(4)},
	{49, always(0x0f00)}, // DMA, LBA, IORDY
	{53, always(7)},
	{63, func(d *drive) int64 { return 7 | chosen(d, 4) }},
	{64, always(3)},
	{65, always(120)},
	{66, always(120)},
	{67, always(120)},
	{68, always(120)},
	{80, always(0xf0)},
	{81, always(0x16)},
	{88, func(d *drive) int64 { return 0x3f | chosen(d, 8) }},
	{93, always(0x6001)},
}

var ofDisk = []word{
	{0, always(0x0040)},
	{1, cylinders},
	{3, always(heads)},
	{4, always(512 * sectors)},
	{5, always(512)},
	{6, always(sectors)},
	{47, always(0x8000 | mostMultiple)},
	{48, always(1)},
	{50, always(0x4000)},
	{51, always(0x200)},
	{52, always(0x200)},
	{54, translated},
	{55, func(d *drive) int64 { return int64(d.heads) }},
	{56, func(d *drive) int64 { return int64(d.sectors) }},
	{57, func(d *drive) int64 { return inCHS(d) & 0xffff }},
	{58, func(d *drive) int64 { return inCHS(d) >> 16 }},
	{59, func(d *drive) int64 { return 0x100 | int64(d.multiple) }},
	{60, func(d *drive) int64 { return in28(d) & 0xffff }},
	{61, func(d *drive) int64 { return in28(d) >> 16 }},
	{82, always(0x4028)},
	{83, always(0x7400)},
	{84, always(0x4000)},
	{85, func(d *drive) int64 {
		if d.noCache {
			return 0x4008
		}
		return 0x4028
	}},
	{86, always(0x3400)},
	{87, always(0x4000)},
	{100, func(d *drive) int64 { return d.total() & 0xffff }},
	{101, func(d *drive) int64 { return d.total() >> 16 & 0xffff }},
	{102, func(d *drive) int64 { return d.total() >> 32 & 0xffff }},
}

var ofCDROM = []word{
	{0, always(0x85c0)}, // packets of 12 bytes, a CD-ROM that can be taken out
	{82, always(0x0210)}, {83, always(0x4000)}, {84, always(0x4000)}, {85, always(0x0210)}, {87, always(0x4000)},
}

func cylinders(d *drive) int64 { return min(d.total()/(heads*sectors), mostCylinders) }

func translated(d *drive) int64 {
	return min(d.total()/max(int64(d.heads)*int64(d.sectors), 1), 65535)
}

func inCHS(d *drive) int64 { return translated(d) * int64(d.heads) * int64(d.sectors) }

func in28(d *drive) int64 { return min(d.total(), 1<<28-1) }

// chosen is the bit of the mode of transfers, if it is of a kind.
func chosen(d *drive, kind uint8) int64 {
	if d.mode>>3 != kind {
		return 0
	}
	return 1 << (8 + d.mode&7)
}

func identify(ch *channel, d *drive)       { ch.identity(d, ofDisk, "PANDA HARDDISK") }
func identifyPacket(ch *channel, d *drive) { ch.identity(d, ofCDROM, "PANDA CD-ROM") }

func (ch *channel) identity(d *drive, own []word, model string) {
	b := make([]byte, block)
	for _, rows := range [][]word{both, own} {
		for _, w := range rows {
			binary.LittleEndian.PutUint16(b[2*w.at:], uint16(w.v(d)))
		}
	}
	if d.Model != "" {
		model = d.Model
	}
	letters(b[20:40], d.Serial)
	letters(b[46:54], "1.0")
	letters(b[54:94], model)
	ch.job.packet = false
	ch.answer(b)
}

// letters are two in each word, the first in its upper half (ATA/ATAPI-7, 3.2.9).
func letters(b []byte, text string) {
	for i := range b {
		b[i^1] = ' '
		if i < len(text) {
			b[i^1] = text[i]
		}
	}
}

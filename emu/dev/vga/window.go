package vga

import "encoding/binary"

// WindowBase and WindowSize are where a PC has the window.
const (
	WindowBase = 0xa0000
	WindowSize = 0x20000
	pageSize   = 4096
)

// maps are where the four memory maps lie in the window.
var maps = [4]struct{ from, size uint32 }{
	{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000},
}

// WindowPage is a page of the window, as memory that answers.
type WindowPage struct {
	v    *VGA
	base uint32
}

// Window is the page of that number, of 32.
func (v *VGA) Window(page int) WindowPage {
	return WindowPage{v, uint32(page) * pageSize % WindowSize}
}

// Load reads size bytes of the page.
func (w WindowPage) Load(off uint64, size int) uint64 {
	n := uint64(0)
	for i := range size {
		n |= uint64(w.v.load(w.base+uint32(off)+uint32(i))) << (8 * i)
	}
	return n
}

// Store writes size bytes of the page.
func (w WindowPage) Store(off uint64, size int, b uint64) {
	for i := range size {
		w.v.store(w.base+uint32(off)+uint32(i), uint8(b>>(8*i)))
	}
}

// place finds what of the memory map an address of the window is.
func (v *VGA) place(a uint32) (off uint32, ok bool) {
	which := v.gc.r[gcMisc] >> 2 & 3
	m := maps[which]
	if v.misc&miscRAM == 0 || a < m.from || a-m.from >= m.size {
		return 0, false
	}
	off = a - m.from
	if which == 1 && v.dispi.on() {
		off += uint32(v.dispi.bank) * bankSize
	}
	return off, true
}

// cells is how many cells can be reached: a VGA has no more than its counter counts.
func (v *VGA) cells() uint32 {
	if v.dispi.on() {
		return uint32(len(v.vram) / cellSize)
	}
	return vgaCells
}

// cell finds the cell of a place, and the planes that chaining leaves of those that could be
// meant: all, those of even or odd addresses, or one.
func (v *VGA) cell(off uint32, oddEven bool) (cell uint32, planes uint8) {
	planes = 0x0f
	cell = off
	switch {
	case v.seq.r[seqMemory]&memoryChain4 != 0:
		cell, planes = off/cellSize, 1<<(off%cellSize)
	case oddEven:
		planes = 0x05 << (off & 1)
	}
	if v.seq.r[seqMemory]&memoryChain4 == 0 && v.gc.r[gcMisc]&miscChain != 0 {
		cell = off / 2
	}
	return cell % v.cells() * cellSize, planes
}

func (v *VGA) load(a uint32) uint8 {
	if v.dispi.packed() {
		if a < bankSize {
			return v.vram[v.dispi.bankAt()+int(a)]
		}
		return noise
	}
	off, ok := v.place(a)
	if !ok {
		return noise
	}
	at, _ := v.cell(off, false)
	v.latch = binary.LittleEndian.Uint32(v.vram[at:])
	gc := &v.gc.r
	if gc[gcMode]&modeCompare != 0 {
		return compare(v.latch, gc[gcCompare], gc[gcDontCare])
	}
	plane := uint32(gc[gcReadMap])
	switch {
	case v.seq.r[seqMemory]&memoryChain4 != 0:
		plane = off % cellSize
	case gc[gcMode]&modeOddEven != 0:
		plane = plane&2 | off&1
	}
	return uint8(v.latch >> (8 * plane))
}

// spread makes bytes of all ones of the low four bits.
func spread(bits uint8) uint32 {
	b := uint32(bits)
	return (b&1 | b&2<<7 | b&4<<14 | b&8<<21) * 0xff
}

// each has the same byte in all planes.
func each(b uint8) uint32 { return uint32(b) * 0x01010101 }

// compare is read mode 1: ones for the pixels of a colour, of whose planes some count.
func compare(cell uint32, colour, care uint8) uint8 {
	cell = (cell ^ spread(colour)) & spread(care)
	cell |= cell >> 16
	return ^uint8(cell | cell>>8)
}

func (v *VGA) store(a uint32, b uint8) {
	if v.dispi.packed() {
		if a < bankSize {
			at := v.dispi.bankAt() + int(a)
			v.vram[at] = b
			v.touch(at)
		}
		return
	}
	off, ok := v.place(a)
	if !ok {
		return
	}
	at, planes := v.cell(off, v.seq.r[seqMemory]&memorySequential == 0)
	mask := spread(planes & v.seq.r[seqMapMask])
	memory := v.vram[at : at+cellSize]
	was := binary.LittleEndian.Uint32(memory)
	binary.LittleEndian.PutUint32(memory, was&^mask|v.mix(b)&mask)
	v.touch(int(at))
}

// mix is what a byte from the CPU is in the four planes, with the latches. IBM, "Graphics
// controller", figure of the data flow.
func (v *VGA) mix(b uint8) uint32 {
	gc := &v.gc.r
	rotate := gc[gcRotate] & 7
	turned := b>>rotate | b<<(8-rotate)
	bits, cell := gc[gcBitMask], uint32(0)
	switch gc[gcMode] & modeWrite {
	case 0:
		set := spread(gc[gcEnableSet])
		cell = each(turned)&^set | spread(gc[gcSetReset])&set
	case 1:
		return v.latch
	case 2:
		cell = spread(b)
	case 3:
		bits &= turned
		cell = spread(gc[gcSetReset])
	}
	switch gc[gcRotate] >> 3 & 3 {
	case 1:
		cell &= v.latch
	case 2:
		cell |= v.latch
	case 3:
		cell ^= v.latch
	}
	mask := each(bits)
	return cell&mask | v.latch&^mask
}

package pc

import (
	"fmt"

	"panda/emu/guest"
	"panda/emu/load/bzimage"
	"panda/emu/mmu"
)

// The first MiB, and the hole for chips below 4 GiB.
const (
	baseEnd   = 0xa0000
	optionROM = 0xc0000
	lastROM   = 0xe0000
	extraRAM  = 0x100000
	baseKnown = 0x9fc00
	holeFrom  = 0xc0000000
	holeEnd   = 1 << 32

	vramSize = 16 << 20

	most = 64 << 30
)

// layout is what the frames of the memory are for.
type layout struct {
	rom, vram guest.PhysAddr // the first frames; RAM is before them
	romSize   guest.PhysAddr
	frames    uint64 // bytes of all
}

func newLayout(cfg *Config) (l layout, err error) {
	limit := uint64(holeFrom)
	if cfg.PCI {
		limit = most
	}
	if cfg.RAM < 1<<20 || cfg.RAM > limit {
		return l, fmt.Errorf("%d MiB of memory: this machine has from 1 to %d", cfg.RAM>>20, limit>>20)
	}
	size := uint64(len(cfg.Firmware))
	if size%mmu.PageSize != 0 || size > 16<<20 {
		return l, fmt.Errorf("firmware of %d bytes: it is to be full pages of %d, and 16 MiB at most", size, mmu.PageSize)
	}
	l.rom, l.romSize = guest.PhysAddr(cfg.RAM), guest.PhysAddr(size)
	l.vram = l.rom + l.romSize
	l.frames = uint64(l.vram)
	if cfg.PCI {
		l.frames += vramSize
	}
	return l, nil
}

const everything = guest.Read | guest.Write | guest.Exec

// showRAM shows RAM where a machine has it: a frame at its own address, below the hole.
func (p *PC) showRAM(at, end guest.PhysAddr) {
	p.mem.Show(mmu.Shown{At: at, Size: end - at, Frame: at, Write: at, Access: everything})
}

// showMemory is the memory as it is after reset.
func (p *PC) showMemory() {
	ram := guest.PhysAddr(p.cfg.RAM)
	p.mem.AttachNobody(nothing{})
	p.showRAM(0, baseEnd)
	if low := min(ram, holeFrom); low > extraRAM {
		p.showRAM(extraRAM, low)
	}
	if ram > holeFrom {
		p.mem.Show(mmu.Shown{At: holeEnd, Size: ram - holeFrom, Frame: holeFrom, Write: holeFrom, Access: everything})
	}
	if p.lay.romSize > 0 {
		copy(p.mem.Frames(p.lay.rom, int(p.lay.romSize)), p.cfg.Firmware)
		p.showROM(holeEnd-p.lay.romSize, p.lay.romSize)
		p.showROM(extraRAM-p.lastROM(), p.lastROM())
	} else if p.cfg.PCI {
		p.showRAM(optionROM, extraRAM)
	}
}

// lastROM is how much of the firmware's end is seen below 1 MiB.
func (p *PC) lastROM() guest.PhysAddr { return min(p.lay.romSize, extraRAM-lastROM) }

// showROM shows the end of the firmware.
func (p *PC) showROM(at, size guest.PhysAddr) {
	p.mem.Show(mmu.Shown{At: at, Size: size, Frame: p.lay.rom + p.lay.romSize - size, Access: guest.Read | guest.Exec})
}

// shadow shows RAM over the firmware, as the host bridge is told to (i440fx, PAM).
func (p *PC) shadow(at guest.PhysAddr, n uint64, read, write bool) {
	size := guest.PhysAddr(n)
	if p.lay.romSize == 0 {
		return
	}
	s := mmu.Shown{At: at, Size: size, Frame: at, Write: at, Access: guest.Read | guest.Exec}
	rom := at >= extraRAM-p.lastROM()
	switch {
	case !read && !rom && !write:
		p.mem.Hide(at, size)
		return
	case !read && rom:
		s.Frame = p.lay.rom + p.lay.romSize - (extraRAM - at)
	}
	if write {
		s.Access |= guest.Write
	}
	p.mem.Show(s)
}

// ranges is the memory as a kernel is told of it.
func (p *PC) ranges() []bzimage.Range {
	rs := []bzimage.Range{
		{Start: 0, Size: baseKnown, Usable: true},
		{Start: baseKnown, Size: baseEnd - baseKnown},
		{Start: 0xf0000, Size: 0x10000},
		{Start: extraRAM, Size: min(p.cfg.RAM, holeFrom) - extraRAM, Usable: true},
	}
	if p.cfg.RAM > holeFrom {
		rs = append(rs, bzimage.Range{Start: holeEnd, Size: p.cfg.RAM - holeFrom, Usable: true})
	}
	return rs
}

// setCMOS tells firmware of the memory and the disks, where it looks for that.
func (p *PC) setCMOS() {
	word := func(at int, v uint64) {
		p.rtc.CMOS(at, uint8(v))
		p.rtc.CMOS(at+1, uint8(v>>8))
	}
	low := min(p.cfg.RAM, holeFrom)
	word(0x15, 640)
	word(0x17, min((low-extraRAM)>>10, 0xfc00))
	word(0x30, min((low-extraRAM)>>10, 0xfc00))
	if low > 16<<20 {
		word(0x34, (low-16<<20)>>16)
	}
	if p.cfg.RAM > holeFrom {
		high := (p.cfg.RAM - holeFrom) >> 16
		word(0x5b, high)
		p.rtc.CMOS(0x5d, uint8(high>>16))
	}
	p.rtc.CMOS(0x14, 0x07) // a screen, a keyboard, an FPU
	p.setBoot()
}

// setBoot tells firmware what to boot from, by the numbers that it has for that.
func (p *PC) setBoot() {
	var order [3]uint8
	boot := p.cfg.Boot
	if boot == "" {
		boot = "cda"
	}
	for n := range min(len(boot), len(order)) {
		order[n] = map[byte]uint8{'a': 1, 'c': 2, 'd': 3, 'n': 4}[boot[n]]
	}
	p.rtc.CMOS(0x3d, order[1]<<4|order[0])
	p.rtc.CMOS(0x38, order[2]<<4)
}

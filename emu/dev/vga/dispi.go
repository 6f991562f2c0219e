package vga

// Registers of the display interface.
const (
	dispiID = iota
	dispiX
	dispiY
	dispiBPP
	dispiEnable
	dispiBank
	dispiVirtualX
	dispiVirtualY
	dispiOffsetX
	dispiOffsetY
	dispiMemory // in 64 KiB
)

const (
	oldestID = 0xb0c0
	newestID = 0xb0c5

	enableOn      = 1 << 0
	enableLimits  = 1 << 1 // reads of the size say what is possible
	enableWideDAC = 1 << 5
	enableLinear  = 1 << 6
	enableKeep    = 1 << 7 // the memory is not cleared
	enableBits    = enableOn | enableLimits | enableWideDAC | enableLinear | enableKeep

	mostX, mostY, mostBPP = 4096, 4096, 32
)

// dispi is the display interface.
type dispi struct {
	at     uint16
	id     uint16
	x, y   uint16
	bpp    uint8
	enable uint16
	bank   uint16
	wide   uint16 // the virtual width
	high   uint16 // the virtual height, which follows from the memory
	offX   uint16
	offY   uint16
}

// bitsOf are the bits that a pixel of so many takes, 0 where there is no such pixel.
var bitsOf = [mostBPP + 1]int{4: 4, 8: 8, 15: 16, 16: 16, 24: 24, 32: 32}

func (d *dispi) on() bool { return d.enable&enableOn != 0 }

// packed reports whether a mode is on whose pixels are bytes, and the window with it.
func (d *dispi) packed() bool { return d.on() && d.bpp != 4 }

func (d *dispi) bankAt() int { return int(d.bank) * bankSize }

func (v *VGA) wideDAC() bool { return v.dispi.enable&enableWideDAC != 0 }

// pitch is the bytes of so many pixels. With 4 bits they are in the four planes.
func (d *dispi) pitch(pixels int) int {
	if d.bpp == 4 {
		return (pixels + 7) / 8 * cellSize
	}
	return pixels * bitsOf[d.bpp] / 8
}

// picture is where the pixels of a mode are.
type picture struct{ start, pitch, width, height int }

// picture is what is shown, however the registers came to be what they are.
func (d *dispi) picture(memory int) picture {
	width := min(max(int(d.x), 1), mostX)
	p := picture{width: width, pitch: d.pitch(max(int(d.wide), width))}
	p.height = min(max(int(d.y), 1), mostY, max(memory/p.pitch, 1))
	along := d.pitch(int(d.offX))
	if d.bpp == 4 { // pixels within a cell are skipped by who draws
		along = int(d.offX) / 8 * cellSize
	}
	p.start = (int(d.offY)*p.pitch + along) % memory
	return p
}

// fit has the virtual width be one with which the lines are in the memory.
func (d *dispi) fit(wide, memory int) {
	widest := memory / max(int(d.y), 1) / cellSize * 8
	if d.bpp != 4 {
		widest = memory / max(int(d.y), 1) * 8 / bitsOf[d.bpp]
	}
	wide = max(min(wide, widest), int(d.x), 1)
	d.wide = uint16(min(wide, 0xffff))
	d.high = uint16(min(memory/d.pitch(int(d.wide)), 0xffff))
}

// dispiRead reads a register.
func (v *VGA) dispiRead(at uint16) uint16 {
	d := &v.dispi
	limits := d.enable&enableLimits != 0
	of := func(v, limit uint16) uint16 {
		if limits {
			return limit
		}
		return v
	}
	r := [...]uint16{
		dispiID: d.id,
		dispiX:  of(d.x, mostX), dispiY: of(d.y, mostY), dispiBPP: of(uint16(d.bpp), mostBPP),
		dispiEnable: d.enable, dispiBank: d.bank,
		dispiVirtualX: d.wide, dispiVirtualY: d.high,
		dispiOffsetX: d.offX, dispiOffsetY: d.offY,
		dispiMemory: uint16(min(len(v.vram)/bankSize, 0xffff)),
	}
	if int(at) < len(r) {
		return r[at]
	}
	return 0
}

// dispiWrites are the registers that can be written.
var dispiWrites = [...]func(v *VGA, w uint16){
	dispiID:       (*VGA).dispiSetID,
	dispiX:        func(v *VGA, w uint16) { v.dispiSize(&v.dispi.x, min(w, mostX)) },
	dispiY:        func(v *VGA, w uint16) { v.dispiSize(&v.dispi.y, min(w, mostY)) },
	dispiBPP:      (*VGA).dispiSetBPP,
	dispiEnable:   (*VGA).dispiSetEnable,
	dispiBank:     func(v *VGA, w uint16) { v.dispi.bank = w % uint16(min(len(v.vram)/bankSize, 0xffff)) },
	dispiVirtualX: func(v *VGA, w uint16) { v.dispi.fit(int(w), len(v.vram)) },
	dispiVirtualY: func(*VGA, uint16) {},
	dispiOffsetX:  func(v *VGA, w uint16) { v.dispi.offX = w },
	dispiOffsetY:  func(v *VGA, w uint16) { v.dispi.offY = w },
}

// dispiWrite writes a register.
func (v *VGA) dispiWrite(at, w uint16) {
	if int(at) < len(dispiWrites) {
		dispiWrites[at](v, w)
		v.changed()
	}
}

func (v *VGA) dispiSetID(w uint16) {
	if w >= oldestID && w <= newestID {
		v.dispi.id = w
	}
}

// dispiSize sets a size, which takes effect at once if a mode is on.
func (v *VGA) dispiSize(r *uint16, w uint16) {
	if *r = w; v.dispi.on() {
		v.dispiLimit()
		v.dispi.fit(int(v.dispi.wide), len(v.vram))
	}
}

func (v *VGA) dispiSetBPP(w uint16) {
	if w == 0 { // the first version had no other
		w = 8
	}
	if w <= mostBPP && bitsOf[uint8(w)] != 0 {
		v.dispi.bpp = uint8(w)
		v.dispiSize(&v.dispi.x, v.dispi.x)
	}
}

// dispiLimit takes lines away that the memory has no room for.
func (v *VGA) dispiLimit() {
	d := &v.dispi
	d.y = uint16(min(int(d.y), len(v.vram)/max(d.pitch(int(d.x)), 1)))
}

// dispiSetEnable starts a mode, which begins at the beginning of the memory, or ends it.
func (v *VGA) dispiSetEnable(w uint16) {
	d := &v.dispi
	was := d.on()
	d.enable = w & enableBits
	switch {
	case !d.on():
		d.bank = 0
	case !was:
		d.bank, d.offX, d.offY = 0, 0, 0
		v.dispiLimit()
		d.fit(int(d.x), len(v.vram))
		if n := min(d.pitch(int(d.wide))*int(d.y), len(v.vram)); w&enableKeep == 0 {
			clear(v.vram[:n])
			v.Touched(0, n)
		}
	}
}

// dispiPorts are the index and the data, which is at an odd port and at an even one.
type dispiPorts struct{ v *VGA }

// In reads a port, of which one byte is the low one.
func (p dispiPorts) In(port uint16, size int) uint32 {
	if port == 0x1ce {
		return uint32(p.v.dispi.at)
	}
	return uint32(p.v.dispiRead(p.v.dispi.at))
}

// Out writes a port.
func (p dispiPorts) Out(port uint16, size int, w uint32) {
	if port == 0x1ce {
		p.v.dispi.at = uint16(w)
	} else {
		p.v.dispiWrite(p.v.dispi.at, uint16(w))
	}
}

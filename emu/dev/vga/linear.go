package vga

// linear is what the window looks like, as Remapped was told last.
type linear struct {
	off int
	ok  bool
}

// plain is the registers of the graphics controller that leave a byte as it is.
var plain = [9]uint8{gcBitMask: 0xff}

// Linear reports whether the 64 KiB at A0000h are now plain memory, and from where on.
func (v *VGA) Linear() (off int, ok bool) {
	if v.dispi.packed() {
		return v.dispi.bankAt(), true
	}
	gc, seq := v.gc.r, &v.seq.r
	which := gc[gcMisc] >> 2 & 3
	gc[gcMode] &= modeWrite | modeCompare
	if gc[gcEnableSet] == 0 {
		gc[gcSetReset] = 0
	}
	gc[gcCompare], gc[gcReadMap], gc[gcMisc], gc[gcDontCare] = 0, 0, 0, 0 // of no effect then
	if gc != plain || which > 1 || v.misc&miscRAM == 0 || seq[seqMemory]&memoryChain4 == 0 || seq[seqMapMask] != 0x0f {
		return 0, false
	}
	if which == 1 && v.dispi.on() {
		off = int(v.dispi.bank) * bankSize
	}
	return off % len(v.vram), true
}

// changed is called when a register has been written.
func (v *VGA) changed() {
	v.seen.now++
	off, ok := v.Linear()
	if now := (linear{off, ok}); now != v.linear {
		v.linear = now
		if v.Remapped != nil {
			v.Remapped()
		}
	}
}

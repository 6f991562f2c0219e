package vga

import "panda/emu/snap"

// State is the registers; the memory is the board's. After loading it the board asks Linear.
func (v *VGA) State(s *snap.Stream) {
	s.Name("vga 1")
	snap.Int(s, &v.misc, &v.feature, &v.enable, &v.crtc.at, &v.seq.at, &v.gc.at, &v.attr.at)
	s.Bytes(v.crtc.r[:])
	masked(s, v.seq.r[:], seqBits[:])
	masked(s, v.gc.r[:], gcBits[:])
	masked(s, v.attr.r[:], attrBits[:])
	s.Bool(&v.attr.data, &v.swapped)
	snap.Int(s, &v.latch)
	v.dac.stateOf(s)
	v.dispi.state(s, len(v.vram))
	if s.Loading() {
		off, ok := v.Linear()
		v.linear = linear{off, ok}
		v.seen.now++
	}
}

// masked is registers, of which some bits cannot be written.
func masked(s *snap.Stream, r, bits []uint8) {
	got := append([]uint8(nil), r...)
	s.Bytes(got)
	for i, b := range got {
		if b&^bits[i] != 0 {
			s.Fail("a register that reads as %#x, with bits of %#x", b, bits[i])
			return
		}
	}
	copy(r, got)
}

func (d *dac) stateOf(s *snap.Stream) {
	snap.Int(s, &d.mask, &d.state, &d.at, &d.reads)
	snap.Below(s, &d.part, 3)
	s.Bytes(d.partial[:])
	for i := range d.colours {
		s.Bytes(d.colours[i][:])
	}
}

func (d *dispi) state(s *snap.Stream, memory int) {
	snap.Int(s, &d.at, &d.id, &d.enable, &d.wide, &d.high, &d.offX, &d.offY)
	snap.Below(s, &d.x, mostX+1)
	snap.Below(s, &d.y, mostY+1)
	snap.Below(s, &d.bank, uint16(min(memory/bankSize, 0xffff)))
	bpp := d.bpp
	if snap.Below(s, &bpp, mostBPP+1); bitsOf[bpp] == 0 {
		s.Fail("%d bits per pixel", bpp)
		return
	}
	d.bpp = bpp
}

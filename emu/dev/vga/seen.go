package vga

// seen is what somebody who shows the picture has seen of it.
type seen struct {
	now   uint64 // counts writes to registers
	then  uint64 // what it was
	phase uint8
	pages []uint64 // a bit for each page that was written since
	any   bool     // of them
}

// touch marks the page of a byte that was written.
func (v *VGA) touch(at int) {
	page := at / pageSize
	v.seen.pages[page/64] |= 1 << (page % 64)
	v.seen.any = true
}

// Touched tells that n bytes of memory from off on may have been written past the window.
func (v *VGA) Touched(off, n int) {
	end := min(len(v.vram), off+n)
	for at := max(off, 0) &^ (pageSize - 1); at < end; at += pageSize {
		v.touch(at)
	}
}

// Changed reports whether the picture may be another one than when that was asked last. It
// serves one who shows the picture.
func (v *VGA) Changed() bool {
	s := &v.seen
	phase := uint8(0)
	if v.blinks() {
		phase = v.phase()
	}
	changed := s.now != s.then || phase != s.phase || s.any && v.touchedShown()
	s.then, s.phase = s.now, phase
	if s.any {
		clear(s.pages)
		s.any = false
	}
	return changed
}

// touchedShown reports whether a page was written of those that are shown. What a VGA shows
// may be anywhere in its four planes.
func (v *VGA) touchedShown() bool {
	from, n := 0, leastVRAM
	if v.dispi.on() {
		p := v.dispi.picture(len(v.vram))
		from, n = p.start, p.pitch*p.height
		if from+n > len(v.vram) { // it begins again at 0
			from, n = 0, len(v.vram)
		}
	}
	for page := from / pageSize; page*pageSize < from+n; page++ {
		if v.seen.pages[page/64]>>(page%64)&1 != 0 {
			return true
		}
	}
	return false
}

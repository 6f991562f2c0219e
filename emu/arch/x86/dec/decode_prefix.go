package dec

// prefixInfo is what a legacy prefix byte adds and replaces.
type prefixInfo struct {
	set   Prefix
	clear Prefix
	seg   uint8 // segment + 1
	is    bool
}

var legacyPrefix = [256]prefixInfo{
	0x26: {seg: 1, is: true},
	0x2e: {seg: 2, is: true},
	0x36: {seg: 3, is: true},
	0x3e: {seg: 4, is: true},
	0x64: {seg: 5, is: true},
	0x65: {seg: 6, is: true},
	0x66: {set: OpSize66, is: true},
	0x67: {set: AddrSize67, is: true},
	0xf0: {set: Lock, is: true},
	0xf2: {set: RepNE, clear: RepE, is: true},
	0xf3: {set: RepE, clear: RepNE, is: true},
}

// prefixes reads legacy prefixes and REX. A REX that is not immediately before
// the opcode is ignored (SDM vol. 2A 2.2.1).
func (d *decoder) prefixes() {
	for d.pos < len(d.code) {
		b := d.code[d.pos]
		if p := &legacyPrefix[b]; p.is {
			d.in.Prefix = d.in.Prefix&^p.clear | p.set
			d.segment(p.seg)
			d.rex = 0
		} else if b&0xf0 == 0x40 && d.in.Mode == Mode64 {
			d.rex = b
		} else {
			return
		}
		d.pos++
	}
}

// segment notes an override. In 64-bit mode ES, CS, SS and DS overrides are
// ignored, so they do not undo FS or GS (SDM vol. 1 3.3.7.1).
func (d *decoder) segment(seg uint8) {
	if seg == 0 {
		return
	}
	in, s := d.in, Seg(seg-1)
	if in.Mode == Mode64 && s < SegFS && in.SegOverride != SegNone && in.SegOverride >= SegFS {
		return
	}
	in.SegOverride = s
}

// addrSize applies 67 (SDM vol. 1 table 3-4 and 3.6.1).
func (d *decoder) addrSize() {
	in := d.in
	flip := in.Prefix&AddrSize67 != 0
	switch {
	case in.Mode == Mode64 && !flip:
		in.AddrSize = 8
	case in.Mode == Mode64, flip == (in.Mode == Mode16):
		in.AddrSize = 4
	default:
		in.AddrSize = 2
	}
}

// rexBits turns the four payload bits of REX, and whether there is a REX, into
// Prefix bits.
var rexBits = func() (t [2][16]Prefix) {
	for i := range t[0] {
		var p Prefix
		for bit, f := range [4]Prefix{RexB, RexX, RexR, RexW} {
			if i>>bit&1 != 0 {
				p |= f
			}
		}
		t[0][i], t[1][i] = p, p|RexPrefix
	}
	return t
}()

// isVex tells VEX from les and lds, which outside 64-bit mode have the same
// first byte but never mod 3 (SDM vol. 2A 2.3.5).
func (d *decoder) isVex() bool {
	if d.in.Mode == Mode64 {
		return true
	}
	if d.pos >= len(d.code) {
		d.short = true
		return false
	}
	return d.code[d.pos] >= 0xc0
}

// vexMaps is indexed by the map number of a three-byte VEX prefix.
var vexMaps = [4]Map{1: MapVex0F, 2: MapVex0F38, 3: MapVex0F3A}

// vexKey is indexed by VEX.pp.
var vexKey = [4]key{keyNP, key66, keyF3, keyF2}

// vex reads the rest of a VEX prefix and the opcode. R, X, B and vvvv are
// stored inverted; outside 64-bit mode R and X are what tells VEX from les and
// lds, and B is ignored (SDM vol. 2A 2.3.5).
func (d *decoder) vex(first uint8) (*slot, bool) {
	in := d.in
	p1 := d.u8()
	m, p2, rex := uint8(1), p1, ^p1>>5&4
	if first == 0xc4 {
		p2 = d.u8()
		m, rex = p1&31, ^p1>>5&7|p2>>4&8
	}
	d.vvvv = ^p2 >> 3 & 15
	d.key = vexKey[p2&3] | rexKey(rex&8)
	if p2&4 != 0 {
		d.key |= keyL
		in.VexL = 1
	}
	if in.Mode == Mode64 {
		d.key |= key64
	} else {
		rex &= 8
	}
	if in.Prefix&(Lock|RepE|RepNE|OpSize66) != 0 || d.rex != 0 || m == 0 || m > 3 {
		return nil, false // SDM vol. 2A 2.3.2 to 2.3.5
	}
	d.rex = rex
	in.Prefix |= rexBits[0][rex] | VexPrefix
	in.Opcode = d.u8()
	return &slots[vexMaps[m]][in.Opcode], true
}

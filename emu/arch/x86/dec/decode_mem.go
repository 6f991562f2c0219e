package dec

// GPR numbers that addressing forms treat specially.
const (
	regAX = 0
	regBX = 3
	regSP = 4
	regBP = 5
	regSI = 6
	regDI = 7
)

// effective is the segment of an access whose default is def. In 64-bit mode
// only FS and GS have a say (SDM vol. 1 3.3.7.1).
func (d *decoder) effective(def Seg) Seg {
	s := d.in.SegOverride
	if s == SegNone || d.in.Mode == Mode64 && s < SegFS {
		return def
	}
	return s
}

// memory decodes the addressing form of ModRM.
func (d *decoder) memory() {
	m := &d.in.Mem
	m.Base, m.Index = RegNone, RegNone
	if d.in.AddrSize == 2 {
		d.memory16(m)
	} else {
		d.memory32(m)
	}
	m.Seg = d.effective(defaultSeg(m.Base))
}

// defaultSeg is the segment of an access without override.
func defaultSeg(base int8) Seg {
	if base == regSP || base == regBP {
		return SegSS
	}
	return SegDS
}

// forms16 are base and index of the 16-bit forms (SDM vol. 2A table 2-1).
var forms16 = [8][2]int8{
	{regBX, regSI},
	{regBX, regDI},
	{regBP, regSI},
	{regBP, regDI},
	{regSI, RegNone},
	{regDI, RegNone},
	{regBP, RegNone},
	{regBX, RegNone},
}

func (d *decoder) memory16(m *Mem) {
	mod, rm := d.in.ModRM>>6, d.in.ModRM&7
	if mod == 0 && rm == 6 {
		m.Disp = d.signed(2)
		return
	}
	m.Base, m.Index = forms16[rm][0], forms16[rm][1]
	if mod != 0 {
		m.Disp = d.signed(mod) // mod 1 and 2 happen to be the number of bytes
	}
}

// memory32 decodes 32- and 64-bit forms (SDM vol. 2A tables 2-2 and 2-3).
// rm 4 means SIB and mod 0 with base 5 means a plain displacement whatever
// REX.B says (table 2-5).
func (d *decoder) memory32(m *Mem) {
	mod, rm := d.in.ModRM>>6, d.in.ModRM&7
	base, disp := rm, mod
	if rm == regSP {
		base = d.sib(m)
	} else if mod == 0 && rm == regBP && d.in.Mode == Mode64 {
		m.Base, m.Disp = RegIP, d.signed(4)
		return
	}
	if mod == 0 && base == regBP {
		disp = 2
	} else {
		m.Base = int8(base | d.rex<<3&8)
	}
	switch disp {
	case 1:
		m.Disp = d.signed(1)
	case 2:
		m.Disp = d.signed(4)
	}
}

// sib reads the SIB byte and returns its base field. Index 4 means none, but
// r12 and the vector registers can be indexes.
func (d *decoder) sib(m *Mem) uint8 {
	b := d.u8()
	index := b>>3&7 | d.rex<<2&8
	if d.in.Row.Flags&GatherSrc != 0 {
		m.Vsib = max(16, d.in.size(d.in.Row.ops[1].rsz))
	}
	if index != regSP || m.Vsib != 0 {
		m.Index, m.Scale = int8(index), b>>6
	}
	return b & 7
}

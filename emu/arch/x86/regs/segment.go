package regs

import "panda/emu/ir"

// Descriptor is a segment descriptor as it stands in a table (SDM vol. 3A 3.4.5).
type Descriptor uint64

// Bits of a descriptor.
const (
	descAccessed = 1 << 40
	descWritable = 1 << 41 // data; code is readable
	descConforms = 1 << 42 // code
	descCode     = 1 << 43
	descSegment  = 1 << 44 // no gate or system segment
	descDPL      = 3 << 45
	descPresent  = 1 << 47
	descPages    = 1 << 55 // the limit counts pages
	attrBits     = 0x00f0ff00
)

// Present says that the segment is there.
func (d Descriptor) Present() bool { return d&descPresent != 0 }

// Code says that it is a code segment.
func (d Descriptor) Code() bool { return d&(descSegment|descCode) == descSegment|descCode }

// Data says that it is a data segment, Segment that it is one of both, and no gate or
// system segment.
func (d Descriptor) Data() bool    { return d&(descSegment|descCode) == descSegment }
func (d Descriptor) Segment() bool { return d&descSegment != 0 }

// Conforms says of a code segment that it runs with the privilege of who calls it.
func (d Descriptor) Conforms() bool { return d&descConforms != 0 }

// Accessed says that the segment has been loaded; Access is the same descriptor then.
func (d Descriptor) Accessed() bool     { return d&descAccessed != 0 }
func (d Descriptor) Access() Descriptor { return d | descAccessed }

// DPL is the privilege that it belongs to, and Type what a gate or system segment is.
func (d Descriptor) DPL() uint64  { return uint64(d >> 45 & 3) }
func (d Descriptor) Type() uint64 { return uint64(d >> 40 & 15) }

// Attr is its attributes, as they are kept with a segment register.
func (d Descriptor) Attr() uint64 { return uint64(d>>32) & attrBits }

// Long says that it is 64-bit code.
func (d Descriptor) Long() bool { return d>>32&AttrL != 0 }

// Base is the address of its first byte.
func (d Descriptor) Base() uint64 { return uint64(d>>16&0xffffff | d>>32&0xff000000) }

// Limit is the offset of its last byte.
func (d Descriptor) Limit() uint64 {
	n := uint64(d&0xffff | d>>32&0xf0000)
	if d&descPages != 0 {
		n = n<<12 | 0xfff
	}
	return n
}

// Loadable reports whether a program, whose privilege is 3, may load the
// descriptor of a selector, if it is present.
func (d Descriptor) Loadable(seg ir.Ref, sel uint16) bool {
	data := d&descCode == 0
	switch {
	case d&descSegment == 0 || d&descDPL != descDPL:
		return false
	case seg == CS:
		return !data && sel&3 == 3
	case seg == SS:
		return data && d&descWritable != 0 && sel&3 == 3
	}
	return data || d&descWritable != 0
}

// Asked reports whether a program may ask about the segment.
func (d Descriptor) Asked() bool { return d&descSegment != 0 && d&descDPL == descDPL }

// Readable and Writable report whether a program may read, or write, the segment.
func (d Descriptor) Readable() bool { return d&descCode == 0 || d&descWritable != 0 }
func (d Descriptor) Writable() bool { return d&descCode == 0 && d&descWritable != 0 }

// FlatDescriptor is the descriptor of a selector that Linux gives to every
// program.
func FlatDescriptor(sel uint16) (Descriptor, bool) {
	switch sel | 3 {
	case UserCode32:
		return 0x00cffb000000ffff, true
	case UserCode64:
		return 0x00affb000000ffff, true
	case UserData:
		return 0x00cff3000000ffff, true
	case UserCPU:
		return 0x0040f50000000000, true
	}
	return 0, false
}

// LoadSegment sets a segment register and what is cached with it. w are a
// thread's registers.
func LoadSegment(w []uint64, seg ir.Ref, sel uint16, d Descriptor) {
	w[Sel+seg], w[Base+seg], w[Limit+seg], w[Attr+seg] = uint64(sel), d.Base(), d.Limit(), d.Attr()
}

// LoadNull loads a null selector, through which only 64-bit code may access
// memory.
func LoadNull(w []uint64, seg ir.Ref, sel uint16) {
	w[Sel+seg], w[Base+seg], w[Limit+seg], w[Attr+seg] = uint64(sel), 0, 0, 0
}

// Allows reports whether a segment of some attributes and limit allows an access of n bytes
// at an offset (SDM vol. 3A 5.3 to 5.5).
func Allows(attr, limit, off, n uint64, write bool) bool {
	code, can := attr&AttrCode != 0, attr&AttrWrite != 0 // of code: may be read
	switch {
	case attr&AttrPresent == 0, write && (code || !can), code && !can:
		return false
	case !code && attr&AttrDown != 0:
		top := uint64(0xffff)
		if attr&AttrB != 0 {
			top = 0xffffffff
		}
		return off > limit && off+n-1 <= top
	}
	return off+n-1 <= limit || limit == 1<<32-1 // nothing is beyond: it wraps around
}

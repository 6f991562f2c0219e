package amd64

import "panda/emu/ir"

// value is what is known of a value number.
type value struct {
	// slack is how far the value can be from one that was found to be an address
	// inside the window; negative when nothing is known.
	slack int64
	// short says that the upper half is zero, bits that all is that stands above so
	// many low bits, 8 or 16, unless it is 0.
	short bool
	bits  uint8
	// signed says that it is a sign-extended number of 32 bits.
	signed bool
}

// reach is how far from 0 a value can be at most, or -1.
func (v *value) reach() int64 {
	switch {
	case v.short:
		return 1 << 32
	case v.signed:
		return 1 << 31
	}
	return -1
}

// number is the value number of a word.
func (l *lower) number(w ir.Ref) int32 {
	s := &l.words[w]
	if s.num == 0 {
		s.num = l.fresh()
	}
	return s.num
}

// fresh is a new value number.
func (l *lower) fresh() int32 {
	l.values = append(l.values, value{slack: -1})
	return int32(len(l.values) - 1)
}

package text

import (
	"strconv"
	"strings"
)

// Name is a constant with its name.
type Name struct {
	Value int64
	Name  string
}

// Enum is a set of values with names.
type Enum struct {
	Unknown string // what a value without a name belongs to: "SEEK_???"
	Names   []Name
}

// Lookup returns the name of v.
func (e *Enum) Lookup(v int64) (string, bool) {
	for _, n := range e.Names {
		if n.Value == v {
			return n.Name, true
		}
	}
	return "", false
}

// Format returns the name of v, or the number and a comment.
func (e *Enum) Format(v uint64) string {
	if name, ok := e.Lookup(int64(v)); ok {
		return name
	}
	return unknown(v, e.Unknown)
}

// Flags is a set of bits with names, in the order of printing. A name for 0
// stands for the absence of all.
type Flags struct {
	Unknown string
	Names   []Name
}

// Format returns the names of the bits in v, joined by "|". Bits without a name
// follow in hexadecimal.
func (f *Flags) Format(v uint64) string {
	names, rest := f.split(v)
	switch {
	case len(names) > 0 && rest != 0:
		names = append(names, hex(rest))
	case len(names) == 0 && rest != 0:
		return unknown(rest, f.Unknown)
	case len(names) == 0:
		return "0"
	}
	return strings.Join(names, "|")
}

// split returns the names of the known bits and the unknown bits.
func (f *Flags) split(v uint64) (names []string, rest uint64) {
	for _, n := range f.Names {
		bits := uint64(n.Value)
		if bits == 0 && v == 0 {
			return []string{n.Name}, 0
		}
		if bits != 0 && v&bits == bits {
			names = append(names, n.Name)
			v &^= bits
		}
	}
	return names, v
}

// with appends the bits of v to a list of names that is not empty.
func (f *Flags) with(head []string, v uint64) string {
	names, rest := f.split(v)
	if v != 0 {
		head = append(head, names...)
	}
	if rest != 0 {
		head = append(head, hex(rest))
	}
	return strings.Join(head, "|")
}

// unknown prints a value without a name.
func unknown(v uint64, comment string) string { return hex(v) + " /* " + comment + " */" }

// hex prints as C's %#x does: 0 has no prefix.
func hex(v uint64) string {
	if v == 0 {
		return "0"
	}
	return "0x" + strconv.FormatUint(v, 16)
}

// hexPad prints as C's %#0<width>x does: the prefix counts, and 0 has none.
func hexPad(v uint64, width int) string {
	if v == 0 {
		return strings.Repeat("0", width)
	}
	digits := strconv.FormatUint(v, 16)
	return "0x" + strings.Repeat("0", max(0, width-2-len(digits))) + digits
}

func hex8(v uint32) string { return hexPad(uint64(v), 8) }

// octal prints as C's %#03o does: at least three characters with the leading 0.
func octal(v uint64) string {
	s := "0" + strconv.FormatUint(v, 8)
	if v == 0 {
		s = "0"
	}
	for len(s) < 3 {
		s = "0" + s
	}
	return s
}

func dec(v int64) string { return strconv.FormatInt(v, 10) }

func udec(v uint64) string { return strconv.FormatUint(v, 10) }

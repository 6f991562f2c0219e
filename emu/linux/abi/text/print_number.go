package text

import (
	"panda/emu/linux/abi"
)

// Values that need no table.

func showInt(_ *printer, a operand) string { return int32Text(a.v) }

func showUint(_ *printer, a operand) string { return udec(uint64(uint32(a.v))) }

func showLong(p *printer, a operand) string { return dec(p.signed(a.v)) }

func showUlong(_ *printer, a operand) string { return udec(a.v) }

func showHex(_ *printer, a operand) string { return hex(a.v) }

func showPtr(p *printer, a operand) string { return p.ptr(a.v) }

func showID(_ *printer, a operand) string { return idText(a.v) }

func showID16(_ *printer, a operand) string { return id16Text(a.v) }

func showAtFD(p *printer, a operand) string {
	if int32(a.v) == abi.AT_FDCWD {
		return "AT_FDCWD"
	}
	return int32Text(a.v)
}

func showOffPair(_ *printer, a operand) string { return dec(int64(a.v)) }

// showOffHiLo: the high half comes first.
func showOffHiLo(_ *printer, a operand) string { return dec(int64(a.v<<32 | a.v>>32)) }

// showPageOff prints an offset that is passed in pages of 4096 bytes.
func showPageOff(_ *printer, a operand) string { return hex(a.v << 12) }

func showDev(_ *printer, a operand) string { return devText(a.v) }

// showMremapAddr: the new address counts only where the flags ask for one.
func showMremapAddr(p *printer, a operand) string {
	const fixed = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED
	if p.value(a.by)&fixed != fixed {
		return ""
	}
	return p.ptr(a.v)
}

// showMapFlags prints the type of a mapping, its flags, and the size of its huge
// pages.
func showMapFlags(_ *printer, a operand) string {
	v := uint64(uint32(a.v))
	list := []string{mapTypes.Format(v & abi.MAP_TYPE)}
	v &^= abi.MAP_TYPE
	huge := uint64(0)
	if v&abi.MAP_HUGETLB != 0 {
		huge = v >> abi.MAP_HUGE_SHIFT & abi.MAP_HUGE_MASK
		v &^= abi.MAP_HUGE_MASK << abi.MAP_HUGE_SHIFT
	}
	s := mapFlags.with(list, v)
	if huge != 0 {
		s += "|" + udec(huge) + "<<MAP_HUGE_SHIFT"
	}
	return s
}

// showMpolMode prints a policy with its flags.
func showMpolMode(_ *printer, a operand) string {
	_, mode := mpolFlags.split(a.v)
	if name, ok := mpolModes.Lookup(int64(mode)); ok {
		return mpolFlags.with([]string{name}, a.v&^mode)
	}
	if a.v == mode {
		return unknown(mode, mpolModes.Unknown)
	}
	return mpolFlags.Format(a.v)
}

// showNodeMask prints the words of a mask of memory nodes; the count that By names
// is one more than the bits.
func showNodeMask(p *printer, a operand) string {
	bits := 8 * uint64(p.l.Word)
	n := (p.length(a) + bits - 2) / bits
	if n > pathMax {
		return p.ptr(a.v)
	}
	return p.numbers(a.v, int(n), p.l.Word, func(v uint64) string { return hexPad(v, 2*p.l.Word) })
}

func showMemfdFlags(_ *printer, a operand) string {
	v := uint64(uint32(a.v))
	huge := v >> abi.MAP_HUGE_SHIFT & abi.MAP_HUGE_MASK
	if v&abi.MFD_HUGETLB == 0 || huge == 0 {
		return memfdFlags.Format(v)
	}
	return memfdFlags.Format(v&^(abi.MAP_HUGE_MASK<<abi.MAP_HUGE_SHIFT)) + "|" + udec(huge) + "<<MFD_HUGE_SHIFT"
}

// A pointer to a number that the kernel fills in, or reads.
var (
	outInt   = number(bytes4, func(_ *printer, v uint64) string { return int32Text(v) })
	outUlong = number(bytesWord, func(_ *printer, v uint64) string { return udec(v) })
	outPtr   = number(bytesWord, (*printer).ptr)
	outID    = number(bytes4, func(_ *printer, v uint64) string { return idText(v) })
	outID16  = number(bytes2, func(_ *printer, v uint64) string { return id16Text(v) })
	outOff64 = number(bytes8, func(_ *printer, v uint64) string { return dec(int64(v)) })
	outTime  = number(bytesWord, func(p *printer, v uint64) string { return secondsText(p.signed(v)) })
)

// keepOffset saves a file offset before the call moves it.
func keepOffset(size func(l *abi.Layout) int) func(p *printer, a operand) {
	return func(p *printer, a operand) {
		v, ok := p.word(a.v, size(p.l))
		if !ok {
			return
		}
		if size(p.l) == 4 {
			v = uint64(int64(int32(v)))
		}
		p.saved[a.i] = v
	}
}

// showOffset prints the offset that a call starts from.
func showOffset(size func(l *abi.Layout) int) formatter {
	return number(size, func(_ *printer, v uint64) string { return dec(int64(v)) })
}

// movedOffset prints where the offset was and where it is: [0] => [100].
func movedOffset(size func(l *abi.Layout) int) formatter {
	return func(p *printer, a operand) string {
		v, ok := p.word(a.v, size(p.l))
		if a.v == 0 || !ok {
			return p.ptr(a.v)
		}
		if size(p.l) == 4 {
			v = uint64(int64(int32(v)))
		}
		before := "[" + dec(int64(p.saved[a.i])) + "]"
		if p.failed {
			return before
		}
		return before + " => [" + dec(int64(v)) + "]"
	}
}

package dev

import (
	"fmt"
	"slices"
)

// Ports is what answers at I/O ports. size is 1, 2 or 4 bytes.
type Ports interface {
	In(port uint16, size int) uint32
	Out(port uint16, size int, v uint32)
}

// PortBus is the 64 KiB of I/O ports of a PC. What nobody answers reads as all ones.
type PortBus struct {
	ranges []*PortRange // by their first ports
	// Unassigned, when set, is told of an access that nobody answers.
	Unassigned func(port uint16, size int, write bool, v uint32)
}

// PortRange is what has been attached to the bus.
type PortRange struct {
	first, last uint16
	width       int
	ports       Ports
}

// Attach has ports first to last answered. An access that is wider than width bytes, or
// that reaches out of the range, falls into narrower ones, as it does on a bus. Nobody
// else may answer there.
func (b *PortBus) Attach(first, last uint16, width int, p Ports) *PortRange {
	at, _ := slices.BinarySearchFunc(b.ranges, first, func(r *PortRange, first uint16) int { return int(r.first) - int(first) })
	if last < first || at > 0 && b.ranges[at-1].last >= first || at < len(b.ranges) && b.ranges[at].first <= last {
		panic(fmt.Sprintf("BUG: ports %#x to %#x have somebody who answers", first, last))
	}
	r := &PortRange{first, last, width, p}
	b.ranges = slices.Insert(b.ranges, at, r)
	return r
}

// Free reports whether nobody answers at ports first to last.
func (b *PortBus) Free(first, last uint16) bool {
	return !slices.ContainsFunc(b.ranges, func(r *PortRange) bool { return r.first <= last && r.last >= first })
}

// Detach takes a range away, which may be gone already.
func (b *PortBus) Detach(r *PortRange) {
	b.ranges = slices.DeleteFunc(b.ranges, func(o *PortRange) bool { return o == r })
}

func (b *PortBus) at(port uint16) *PortRange {
	lo, hi := 0, len(b.ranges)
	for lo < hi {
		switch mid := (lo + hi) / 2; {
		case b.ranges[mid].last < port:
			lo = mid + 1
		case b.ranges[mid].first > port:
			hi = mid
		default:
			return b.ranges[mid]
		}
	}
	return nil
}

// In reads size bytes at a port.
func (b *PortBus) In(port uint16, size int) uint32 {
	r := b.at(port)
	switch {
	case r != nil && r.takes(port, size):
		return r.ports.In(port, size) & ones(size)
	case r == nil && (size == 1 || b.none(port, size)):
		b.unassigned(port, size, false, 0)
		return ones(size)
	}
	half := size / 2
	return b.In(port, half) | b.In(port+uint16(half), half)<<(8*half)
}

// Out writes size bytes to a port.
func (b *PortBus) Out(port uint16, size int, v uint32) {
	r := b.at(port)
	v &= ones(size)
	switch {
	case r != nil && r.takes(port, size):
		r.ports.Out(port, size, v)
	case r == nil && (size == 1 || b.none(port, size)):
		b.unassigned(port, size, true, v)
	default:
		half := size / 2
		b.Out(port, half, v&ones(half))
		b.Out(port+uint16(half), half, v>>(8*half))
	}
}

func (r *PortRange) takes(port uint16, size int) bool {
	return size <= r.width && int(port)+size-1 <= int(r.last)
}

// none reports whether nobody answers at size ports, which may begin again at 0.
func (b *PortBus) none(port uint16, size int) bool {
	for i := range size {
		if b.at(port+uint16(i)) != nil {
			return false
		}
	}
	return true
}

func (b *PortBus) unassigned(port uint16, size int, write bool, v uint32) {
	if b.Unassigned != nil {
		b.Unassigned(port, size, write, v)
	}
}

// ones is what size bytes of ones are.
func ones(size int) uint32 { return uint32(1<<(8*size) - 1) }

package proc

import (
	"encoding/binary"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
)

// Transfer reads or writes memory as /proc/PID/mem does, whatever the process itself
// may do with it. What is written to private pages is a copy of the process's own;
// shared ones must be writable.
func Transfer(s *mmu.Space, b []byte, off int64, write bool) (n int, e abi.Errno) {
	for n < len(b) {
		at := guest.Addr(off) + guest.Addr(n)
		part := b[n:min(len(b), n+int(mm.PageSize-uint64(at)%mm.PageSize))]
		if !transferPage(s, at, part, write) {
			break
		}
		n += len(part)
	}
	if n == 0 && len(b) > 0 {
		return 0, abi.EIO
	}
	return n, 0
}

// transferPage copies within one page.
func transferPage(s *mmu.Space, at guest.Addr, b []byte, write bool) bool {
	r, ok := s.Region(at)
	switch {
	case !ok:
		return false
	case !write:
		return s.Read(at, b) == nil
	case r.Shared && r.Prot&guest.Write == 0:
		return false
	}
	return s.Write(at, b) == nil
}

// Bits of an entry of pagemap (Documentation/admin-guide/mm/pagemap.rst).
const (
	pagemapFile    = 1 << 61
	pagemapPresent = 1 << 63
)

// Entries are those of /proc/PID/pagemap that fill b from a position on: a page that
// could be in memory is. Nobody learns at which frame.
func Entries(s *mmu.Space, b []byte, off int64) (n int) {
	const entry, end = 8, 1 << 47 / mm.PageSize * 8
	if off < 0 || off >= end {
		return 0
	}
	b = b[:min(len(b), int(end-off))]
	for i := 0; i < len(b); i += entry {
		v := uint64(0)
		if r, ok := s.Region(guest.Addr(uint64(off)+uint64(i)) / entry * mm.PageSize); ok && r.Prot != 0 {
			v = pagemapPresent
			if !mm.IsAnon(&r) {
				v |= pagemapFile
			}
		}
		binary.LittleEndian.PutUint64(b[i:], v)
	}
	return len(b)
}

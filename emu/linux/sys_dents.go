package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

func sysGetdents64(t *Thread, c *call) (int64, errno) {
	return t.getdents(c, abi.PutDirent64)
}

func sysGetdents(t *Thread, c *call) (int64, errno) {
	return t.getdents(c, t.lay().PutDirent)
}

// getdents lists a directory; put encodes an entry.
func (t *Thread) getdents(c *call, put func(b []byte, d *abi.Dirent) int) (int64, errno) {
	f, e := t.reader(c.i32(0))
	if e != 0 {
		return 0, e
	}
	n, e := t.fill(c.addr(1), uint64(c.u32(2)), func(b []byte) (int, errno) {
		switch {
		case f.proc.node != nil && f.mode != unix.S_IFDIR:
			return 0, abi.ENOTDIR
		case f.proc.node != nil:
			return t.putEntries(f, b, put)
		case c.info != nil && c.info.Name == "getdents64":
			return t.hostDents(f, b, c.abi.word())
		}
		return t.convertDents(f, b, put)
	})
	return int64(n), e
}

// hostDents puts the host's entries as they are, but for offsets where words are short.
func (t *Thread) hostDents(f *File, b []byte, word int) (int, errno) {
	n, e := t.k.host.Getdents(f.fd, b)
	if e == 0 && word == 4 {
		f.narrowOffsets(b[:n])
	}
	return n, e
}

// putEntries lists a directory of the kernel's own.
func (t *Thread) putEntries(f *File, b []byte, put func([]byte, *abi.Dirent) int) (int, errno) {
	if f.listing.pos == 0 {
		f.rewind()
	}
	total := 0
	for f.listing.pos < len(f.listing.entries) {
		n := put(b[total:], &f.listing.entries[f.listing.pos])
		if n == 0 {
			if total == 0 {
				return 0, abi.EINVAL
			}
			break
		}
		total += n
		f.listing.pos++
	}
	return total, 0
}

// dentsPart is how much of a directory is read at once to be converted: the room
// that the guest gives may be 2 GiB.
const dentsPart = 32 << 10

// convertDents reads a directory in parts. Each is no longer than what is left of
// the room: the old entries are no longer than the new ones.
func (t *Thread) convertDents(f *File, b []byte, put func([]byte, *abi.Dirent) int) (int, errno) {
	part, total := make([]byte, min(len(b), dentsPart)), 0
	for {
		part = part[:min(len(part), len(b)-total)]
		n, e := t.k.host.Getdents(f.fd, part)
		if n == 0 || e != 0 {
			if total > 0 { // what failed does so again next time
				e = 0
			}
			return total, e
		}
		total += t.convertPart(f, b[total:], part[:n], put)
	}
}

// convertPart puts the host's entries into b.
func (t *Thread) convertPart(f *File, b, host []byte, put func([]byte, *abi.Dirent) int) (total int) {
	for {
		var d abi.Dirent
		size := abi.GetDirent64(host, &d)
		if size == 0 {
			return total
		}
		host = host[size:]
		if t.lay().Word == 4 {
			d.Off = f.narrowOffset(d.Off)
		}
		total += put(b[total:], &d)
	}
}

// narrowOffset makes an offset of 31 bits of one in a directory: the host's are
// hashes of 64 bits, which the C library of a 32-bit program takes for an error.
// They are ordinal numbers in a list, until the program goes back to the start; one
// that comes again, as after a seek, keeps its number.
func (f *File) narrowOffset(off int64) int64 {
	n, ok := f.listing.placeOf[off]
	if !ok {
		if f.listing.placeOf == nil {
			f.listing.placeOf = map[int64]int64{}
		}
		f.listing.places = append(f.listing.places, off)
		n = int64(len(f.listing.places))
		f.listing.placeOf[off] = n
	}
	return n
}

func (f *File) narrowOffsets(entries []byte) {
	const offAt, sizeAt = 8, 16
	for len(entries) > sizeAt+2 {
		size := int(le.Uint16(entries[sizeAt:]))
		if size <= sizeAt+2 || size > len(entries) { // as no kernel says, but a recording may
			return
		}
		le.PutUint64(entries[offAt:], uint64(f.narrowOffset(int64(le.Uint64(entries[offAt:])))))
		entries = entries[size:]
	}
}

// place undoes narrowOffset for a position to go to.
func (f *File) place(off int64) int64 {
	switch {
	case off == 0:
		f.listing.places, f.listing.placeOf = nil, nil
	case off > 0 && off <= int64(len(f.listing.places)):
		return f.listing.places[off-1]
	}
	return off
}

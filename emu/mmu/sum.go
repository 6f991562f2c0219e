package mmu

import (
	"bytes"
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/unix"

	"panda/emu/digest"
	"panda/emu/guest"
)

// Sums calls f for each region with a number for how it is mapped and for what is in it
// that its file has not: pages of zeroes, and of private maps those that are as in the
// file, do not count, however the host keeps them. Of shared maps of files that the guest
// cannot write nothing counts.
//
// The pieces of a region are its pages that count, by number.
func (s *Space) Sums(f func(r *Region, sum uint64, pages []digest.Piece)) {
	sum := summer{s: s, page: make([]byte, PageSize), behind: make([]byte, PageSize)}
	for r := range s.regions.all() {
		sum.pieces = nil
		n := sum.region(r)
		f(&r.Region, n, sum.pieces)
	}
}

// summer sums up pages.
type summer struct {
	s            *Space
	d            xxhash.Digest
	page, behind []byte
	pieces       []digest.Piece
}

func (u *summer) numbers(ns ...uint64) {
	var b [8]byte
	for _, n := range ns {
		binary.LittleEndian.PutUint64(b[:], n)
		u.d.Write(b[:])
	}
}

func (u *summer) region(r *region) uint64 {
	u.d.Reset()
	flags := uint64(r.Prot)
	for i, on := range [...]bool{r.Shared, r.DontFork, r.WipeOnFork, r.GrowsDown} {
		if on {
			flags |= 1 << (16 + i)
		}
	}
	u.numbers(uint64(r.Start), uint64(r.End), flags, r.Offset)
	u.d.WriteString(r.Name)
	switch {
	case r.Shared && r.file.key.mode == unix.O_RDWR:
		u.shared(r)
	case !r.Shared:
		runs, err := u.s.written(r.Start, uint64(r.End-r.Start))
		if err != nil {
			runs = []run{{r.Start, r.End}}
		}
		for _, w := range runs {
			for a := w.start; a < w.end; a += PageSize {
				if mem := u.read(r, a); mem != nil && !u.asInFile(r, a, mem) {
					u.add(a, mem)
				}
			}
		}
	}
	return u.d.Sum64()
}

// read is a page of private memory.
func (u *summer) read(r *region, a guest.Addr) []byte {
	if r.Prot != 0 && r.file == nil {
		return u.s.whole(a, PageSize)
	}
	if u.s.Read(a, u.page) != nil {
		return nil
	}
	return u.page
}

// add adds a page that is not all zeroes.
func (u *summer) add(a guest.Addr, mem []byte) {
	if !bytes.Equal(mem, zeroPage[:]) {
		sum := xxhash.Sum64(mem)
		u.numbers(uint64(a), sum)
		u.pieces = append(u.pieces, digest.Piece{Key: uint64(a) / PageSize, Sum: uint16(sum)})
	}
}

// shared adds the pages of a shared map. They are read from the file, where that has
// something: to look at the others would make them.
func (u *summer) shared(r *region) {
	fd := r.file.fd
	at, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		return // no file with contents
	}
	defer unix.Seek(fd, at, unix.SEEK_SET) // the guest's descriptor may share it
	from, end := int64(r.Offset), int64(r.Offset)+int64(r.End-r.Start)
	for off := from; off < end; off += PageSize {
		data, err := unix.Seek(fd, off, unix.SEEK_DATA)
		if err != nil || data >= end {
			return
		}
		off = max(off, data&^(PageSize-1))
		n, err := unix.Pread(fd, u.page, off)
		if err != nil || n <= 0 {
			return
		}
		clear(u.page[n:])
		u.add(r.Start+guest.Addr(off-from), u.page)
	}
}

var zeroPage [PageSize]byte

// asInFile reports whether a page of a private map is as in the file.
func (u *summer) asInFile(r *region, a guest.Addr, mem []byte) bool {
	if r.file == nil {
		return false
	}
	n, err := unix.Pread(r.file.fd, u.behind, int64(r.offset(a)))
	if err != nil || n < 0 {
		return false
	}
	clear(u.behind[n:])
	return bytes.Equal(mem, u.behind)
}

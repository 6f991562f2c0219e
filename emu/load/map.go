package load

import (
	"fmt"

	"panda/emu/guest"
	"panda/emu/mmu"
)

// Image is a program in guest memory.
type Image struct {
	*Program
	Bias  guest.Addr // what was added to the file's addresses
	Start guest.Addr // of the pages
	End   guest.Addr // after the last byte, not rounded
	Entry guest.Addr
	Phdr  guest.Addr // of the program headers, 0 when no segment holds them
}

// Map maps the segments of an open program file, moved up by bias, one after the
// other: where they overlap, the later one counts. After an error a process that was
// to execute it is lost.
func Map(s *mmu.Space, p *Program, fd int, name string, bias guest.Addr) (*Image, error) {
	start, _ := p.Range()
	img := &Image{Program: p, Bias: bias, Start: bias + guest.Addr(start), Entry: bias + guest.Addr(p.Entry), End: bias, Phdr: bias}
	for _, seg := range p.Segments {
		err := mapSegment(s, seg, fd, name, bias)
		if err == nil {
			err = seg.check(p.end)
		}
		if err != nil {
			return nil, fmt.Errorf("map %s: segment at %#x: %w", name, seg.Addr, err)
		}
		if seg.Offset <= p.PhdrOff && p.PhdrOff < seg.Offset+seg.File {
			img.Phdr = bias + guest.Addr(seg.Addr+p.PhdrOff-seg.Offset)
		}
		img.End = max(img.End, bias+guest.Addr(seg.Addr+seg.Mem))
	}
	return img, nil
}

// check refuses what Linux refuses after it has mapped a segment.
func (s *Segment) check(taskSize uint64) error {
	switch {
	case s.File > s.Mem:
		return fmt.Errorf("it has %#x bytes in the file and only %#x in memory", s.File, s.Mem)
	case s.Addr >= taskSize || s.Mem > taskSize || taskSize-s.Mem < s.Addr:
		return fmt.Errorf("%#x bytes reach beyond the address space", s.Mem)
	}
	return nil
}

// mapSegment maps the pages that are in the file and, after them, zeroes. What
// the file has after the segment's bytes in the last page is cleared if the
// segment may be written; the pages of zeroes always may.
func mapSegment(s *mmu.Space, seg Segment, fd int, name string, bias guest.Addr) error {
	inPage := seg.Addr % pageSize
	first := bias + guest.Addr(seg.Addr-inPage)
	zeroes := first
	if seg.File != 0 {
		if seg.Offset%pageSize != inPage {
			return fmt.Errorf("it and its file offset %#x differ within the page", seg.Offset)
		}
		size := roundUp(inPage + seg.File)
		if err := mapPart(s, first, size, seg.Prot, mmu.Mapping{File: fd, Offset: seg.Offset - inPage, Name: name}); err != nil {
			return err
		}
		fileEnd := first + guest.Addr(inPage+seg.File)
		zeroes = first + guest.Addr(size)
		if seg.Mem > seg.File && seg.Prot&guest.Write != 0 && zeroes != fileEnd {
			if err := s.Write(fileEnd, make([]byte, zeroes-fileEnd)); err != nil {
				return err
			}
		}
	}
	end := first + guest.Addr(roundUp(inPage+seg.Mem))
	if seg.Mem <= seg.File || end == zeroes {
		return nil
	}
	return mapPart(s, zeroes, uint64(end-zeroes), guest.Read|guest.Write|seg.Prot&guest.Exec, mmu.Anonymous(""))
}

// mapPart maps pages that must lie in the guest's address space.
func mapPart(s *mmu.Space, at guest.Addr, size uint64, prot guest.Access, m mmu.Mapping) error {
	if uint64(at) >= s.Limit || size == 0 || size > s.Limit-uint64(at) {
		return fmt.Errorf("%#x bytes reach beyond the address space", size)
	}
	return s.Map(at, size, prot, m)
}

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
	End   guest.Addr // behind the last byte, not rounded
	Entry guest.Addr
	Phdr  guest.Addr // of the program headers, 0 when no segment holds them
}

// Map maps the segments of an open program file, moved up by bias.
func Map(s *mmu.Space, p *Program, fd int, name string, bias guest.Addr) (*Image, error) {
	start, end := p.Range()
	if uint64(bias)%pageSize != 0 || end > s.Limit || uint64(bias) > s.Limit-end {
		return nil, fmt.Errorf("map %s: addresses up to %#x do not fit the guest's %d GiB of address space", name, uint64(bias)+end, s.Limit>>30)
	}
	last := p.Segments[len(p.Segments)-1]
	img := &Image{
		Program: p, Bias: bias, Start: bias + guest.Addr(start), Entry: bias + guest.Addr(p.Entry),
		End: bias + guest.Addr(last.Addr+last.Mem),
	}
	for _, seg := range p.Segments {
		if err := mapSegment(s, seg, fd, name, bias); err != nil {
			return nil, fmt.Errorf("map %s: segment at %#x: %w", name, seg.Addr, err)
		}
		if seg.Offset <= p.PhdrOff && p.PhdrOff-seg.Offset < seg.File {
			img.Phdr = bias + guest.Addr(seg.Addr+p.PhdrOff-seg.Offset)
		}
	}
	return img, nil
}

// mapSegment maps the pages that are in the file and, behind them, zeroes. What
// the file has behind the segment's bytes in the last page is cleared.
func mapSegment(s *mmu.Space, seg Segment, fd int, name string, bias guest.Addr) error {
	first := seg.Addr &^ (pageSize - 1)
	fileEnd := seg.Addr + seg.File
	if seg.File == 0 {
		fileEnd = first
	}
	if mapped := roundUp(fileEnd) - first; mapped != 0 {
		m := mmu.Mapping{File: fd, Offset: seg.Offset &^ (pageSize - 1), Name: name}
		if err := s.Map(bias+guest.Addr(first), mapped, seg.Prot, m); err != nil {
			return err
		}
	}
	if seg.Mem == seg.File {
		return nil
	}
	if gap := roundUp(fileEnd) - fileEnd; gap != 0 {
		if err := s.Write(bias+guest.Addr(fileEnd), make([]byte, gap)); err != nil {
			return err
		}
	}
	if bss := roundUp(seg.Addr+seg.Mem) - roundUp(fileEnd); bss != 0 {
		return s.Map(bias+guest.Addr(roundUp(fileEnd)), bss, seg.Prot, mmu.Anonymous(""))
	}
	return nil
}

package mmu

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// Group is the address spaces of one machine. They see each other's changes of
// code: whoever stores into a page of a file, and by whatever way, ends the
// translations of that page in all of them.
//
// A page of a file that holds translated code is remembered by its place in the
// file, and every writable shared map of it is watched, in each space. The memory
// is of the past: a page leaves it when it is stored into, not when the last
// translation goes. So a map may be watched in vain, which costs one host fault.
type Group struct {
	// Limit, unless it is 0, is how many bytes of the host's memory all spaces
	// together may need.
	Limit uint64
	// Refused, unless it is nil, is told when Limit or FileRoom keeps spaces from n bytes more.
	Refused func(n uint64)
	// Short, unless it is nil, is told when the host has no room for what a space needs.
	Short func(err error)
	// Window is how large windows are if the host has room; 0 stands for DefaultWindow.
	Window uint64
	// Paged has the spaces do without a window.
	Paged bool
	// Audit has each change of a space followed by a look whether its window is
	// whole. It is slow.
	Audit bool

	// KeptFD is the first descriptor of the host that is kept for the emulator: maps
	// without a limit take one from there if they can.
	KeptFD int

	// Files is asked about files; the host itself, at first.
	Files Files

	// FileRoom, unless it is nil, is asked before maps show n more bytes of files that
	// are memory: it says no when there is no room for those. See Mapped.
	FileRoom func(n uint64) bool

	spaces []*Space
	shared uint64 // size of all shared memory without a file
	maps   fileMaps
	files  map[fileKey]*hostFile
	code   map[inode]map[uint64]bool // offsets of pages with translated code
}

// inode tells host files apart.
type inode struct{ dev, ino uint64 }

// NewGroup is a group without spaces.
func NewGroup() *Group {
	pagemapFileOf() // while it can be opened: a sandbox gives up /proc
	return &Group{Files: HostFiles{}, files: map[fileKey]*hostFile{}, code: map[inode]map[uint64]bool{}}
}

// noteCode remembers a page of a file, at an offset, that holds code.
func (g *Group) noteCode(of inode, off uint64) (err error) {
	pages := g.code[of]
	if pages[off] {
		return nil
	}
	if pages == nil {
		pages = map[uint64]bool{}
		g.code[of] = pages
	}
	pages[off] = true
	for _, s := range g.spaces {
		if s.files[fileKey{of, unix.O_RDWR}] == nil {
			continue // nothing writable is shared
		}
		s.eachMap(of, off, func(at guest.Addr, r *region) {
			if r.sharesStores() && err == nil {
				err = s.watch(at, r)
			}
		})
	}
	return err
}

// changed ends the translations of what [from, to) of a file holds.
func (g *Group) changed(of inode, from, to uint64) {
	for _, off := range g.codeIn(of, from, to) {
		delete(g.code[of], off)
		for _, s := range g.spaces {
			s.eachMap(of, off, func(at guest.Addr, _ *region) { s.forget(at) })
		}
	}
}

// codeIn lists the remembered pages of [from, to) in order.
func (g *Group) codeIn(of inode, from, to uint64) (offs []uint64) {
	for off := range g.code[of] { // sorted below
		if from <= off && off < to {
			offs = append(offs, off)
		}
	}
	slices.Sort(offs)
	return offs
}

// FileChanged is told that the contents of a file have been changed by other means
// than guest memory. Maps of it show the new contents at once, and so must
// translations.
func (g *Group) FileChanged(fd int) {
	if len(g.files) == 0 {
		return
	}
	if of, err := g.inodeOf(fd); err == nil {
		g.changed(of, 0, ^uint64(0))
	}
}

// FileResized is told that a file may have another size and other contents.
func (g *Group) FileResized(fd int) {
	of, err := g.inodeOf(fd)
	if err != nil {
		return
	}
	g.changed(of, 0, ^uint64(0))
	for _, s := range g.spaces {
		for mode := range unix.O_ACCMODE + 1 {
			if f := s.files[fileKey{of, mode}]; f != nil {
				f.look(g)
			}
		}
	}
}

// forgetAll ends all watches of all spaces.
func (g *Group) forgetAll() {
	clear(g.code)
	for _, s := range g.spaces {
		s.codeGone(0, guest.Addr(s.Limit))
	}
}

// drop takes a space out.
func (g *Group) drop(s *Space) {
	g.spaces = slices.DeleteFunc(g.spaces, func(o *Space) bool { return o == s })
}

// room fails with ENOMEM when the spaces may not have n bytes more.
func (g *Group) room(n uint64) error {
	if g.Limit == 0 || n == 0 {
		return nil
	}
	have := g.shared
	for _, s := range g.spaces {
		have += s.regions.private()
	}
	if n > g.Limit || have > g.Limit-n {
		return g.refuse(n)
	}
	return nil
}

// short tells that the host has refused something, if it has.
func (g *Group) short(err error) error {
	if g.Short != nil && errors.Is(err, unix.ENOMEM) {
		g.Short(err)
	}
	return err
}

func (g *Group) refuse(n uint64) error {
	if g.Refused != nil {
		g.Refused(n)
	}
	return unix.ENOMEM
}

// private is the size of a region if the host must find memory for it: what is
// private and may be written, or could be once, and maps of files that nothing but
// descriptors and maps keep. Shared memory without a file is counted as a whole, as
// long as a page of it is mapped: see hostFile.
func (r *region) private() uint64 {
	if r.file != nil && r.file.opened || r.charges() {
		return uint64(r.End - r.Start)
	}
	return 0
}

// charges reports whether what has been stored into a region is in it.
func (r *region) charges() bool { return r.charged || r.own() }

// own reports whether what is stored into a region stays in it.
func (r *region) own() bool { return !r.Shared && r.Prot&guest.Write != 0 }

// sharesStores reports whether a store into a region changes its file.
func (r *region) sharesStores() bool { return r.Shared && r.Prot&guest.Write != 0 }

package sym

import (
	"io"
	"path"
	"strings"

	"panda/emu/guest"
	"panda/emu/mmu"
)

// Source is an opened file.
type Source interface {
	io.ReaderAt
	io.Closer
}

// Symbols finds symbols in address spaces.
type Symbols struct {
	// Open opens a mapped file by the name of its region.
	Open  func(name string) (Source, error)
	files map[fileKey]*File
}

// fileKey tells files apart even when a name is used again.
type fileKey struct {
	name     string
	dev, ino uint64
}

// New is a Symbols that reads files with open.
func New(open func(name string) (Source, error)) *Symbols {
	return &Symbols{Open: open, files: map[fileKey]*File{}}
}

// file is the symbols of a region's file, nil when it has none.
func (s *Symbols) file(r *mmu.Region) *File {
	if r.Name == "" || r.Name[0] != '/' {
		return nil
	}
	key := fileKey{r.Name, r.Dev, r.Ino}
	f, ok := s.files[key]
	if !ok {
		f = s.read(r.Name)
		s.files[key] = f
	}
	return f
}

func (s *Symbols) read(name string) *File {
	src, err := s.Open(name)
	if err != nil {
		return nil
	}
	defer src.Close()
	f, err := Read(src)
	if err != nil {
		return nil
	}
	return f
}

// bias is what was added to the file's addresses. The first page of a file tells
// it best, because later ones may be mapped twice, for two segments.
func (s *Symbols) bias(space *mmu.Space, f *File, r mmu.Region) (guest.Addr, bool) {
	if _, base, ok := s.Module(space, r.Start); ok {
		r, _ = space.Region(base)
	}
	a, ok := f.fileAddr(r.Offset)
	return r.Start - guest.Addr(a), ok
}

// At finds the symbol that an address lies in, and how far.
func (s *Symbols) At(space *mmu.Space, a guest.Addr) (name string, off uint64, ok bool) {
	r, b, ok := s.locate(space, a)
	if !ok {
		return "", 0, false
	}
	at := uint64(a - b)
	sym, ok := s.file(&r).At(at)
	return sym.Name, at - sym.Addr, ok
}

// locate finds the region with symbols that an address belongs to. The bytes of
// .bss lie behind it in a region of their own.
func (s *Symbols) locate(space *mmu.Space, a guest.Addr) (r mmu.Region, b guest.Addr, ok bool) {
	r, ok = space.Region(a)
	if ok && r.Name == "" && r.Start > 0 {
		r, ok = space.Region(r.Start - 1)
	}
	if !ok {
		return r, 0, false
	}
	f := s.file(&r)
	if f == nil {
		return r, 0, false
	}
	b, ok = s.bias(space, f, r)
	return r, b, ok
}

// Module is the mapped file that an address lies in, and the address at which
// its first page is mapped.
func (s *Symbols) Module(space *mmu.Space, a guest.Addr) (file string, base guest.Addr, ok bool) {
	r, ok := space.Region(a)
	if !ok || r.Name == "" || r.Name[0] != '/' {
		return "", 0, false
	}
	base = r.Start
	for base > 0 {
		prev, ok := space.Region(base - 1)
		if !ok || prev.Name != r.Name && prev.Name != "" {
			break
		}
		if base = prev.Start; prev.Name == r.Name && prev.Offset == 0 {
			break
		}
	}
	if first, ok := space.Region(base); !ok || first.Name != r.Name {
		base = r.Start
	}
	return r.Name, base, true
}

// Find finds the address of a name in an address space: "main", or
// "libc.so.6!malloc". Files are asked in the order of their addresses.
func (s *Symbols) Find(space *mmu.Space, name string) (guest.Addr, bool) {
	module, sym, ok := strings.Cut(name, "!")
	if !ok {
		module, sym = "", name
	}
	var last string
	for _, r := range space.Regions() {
		if r.Name == last || module != "" && path.Base(r.Name) != module {
			continue
		}
		f := s.file(&r)
		if f == nil {
			continue
		}
		last = r.Name
		a, found := f.Find(sym)
		b, ok := s.bias(space, f, r)
		if found && ok {
			return b + guest.Addr(a), true
		}
	}
	return 0, false
}

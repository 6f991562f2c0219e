package sym

import (
	"io"
	"maps"
	"path"
	"slices"
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
	// Open opens a mapped file.
	Open func(id FileID) (Source, error)
	// Warn takes a line for the user when symbols are left out.
	Warn  func(format string, a ...any)
	files map[FileID]*File
	kept  int // symbols of all files
	last  located
}

// maxKept bounds the symbols of all files that are ever mapped.
const maxKept = 8 << 20

// FileID tells mapped files apart even when a name is used again, and then perhaps the
// number of the inode.
type FileID struct {
	Name     string // of the region
	Dev, Ino uint64
	Changed  int64 // see mmu.Region
}

// IDOf says which file a region shows.
func IDOf(r *mmu.Region) FileID { return FileID{r.Name, r.Dev, r.Ino, r.Changed} }

// Vdso is the name of the region with the kernel's own object, which Open is asked
// for by this name, or by Vdso32 for the one of 32-bit programs.
const (
	Vdso   = "[vdso]"
	Vdso32 = "[vdso32]"
)

// New is a Symbols that reads files with open.
func New(open func(id FileID) (Source, error)) *Symbols {
	return &Symbols{Open: open, files: map[FileID]*File{}}
}

// file is the symbols of a region's file, nil when it has none.
func (s *Symbols) file(r *mmu.Region) *File {
	if l := &s.last; l.file != nil && l.region == *r {
		return l.file
	}
	id := IDOf(r)
	switch name := id.Name; {
	case name == Vdso && r.End <= 1<<32:
		id.Name = Vdso32
	case name == Vdso:
	case name == "" || name[0] != '/':
		return nil
	}
	f, ok := s.files[id]
	if !ok {
		f = s.read(id)
		s.files[id] = f
	}
	return f
}

func (s *Symbols) read(id FileID) *File {
	src, err := s.Open(id)
	if err != nil {
		return nil
	}
	defer src.Close()
	f, err := Read(src)
	if err != nil {
		return nil
	}
	if s.kept+len(f.Symbols) > maxKept {
		f.lost.symbols += len(f.Symbols)
		f = &File{segments: f.segments, lost: f.lost}
	}
	s.kept += len(f.Symbols)
	if text := f.lost.String(); text != "" && s.Warn != nil {
		s.Warn("symbols of %s: %s were left out, they are more than a file may have", id.Name, text)
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
// .bss lie after it in a region of their own.
func (s *Symbols) locate(space *mmu.Space, a guest.Addr) (r mmu.Region, b guest.Addr, ok bool) {
	r, ok = space.Region(a)
	if ok && r.Name == "" && r.Start > 0 {
		r, ok = space.Region(r.Start - 1)
	}
	if !ok {
		return r, 0, false
	}
	if l := &s.last; l.space == space && l.region == r {
		return r, l.bias, l.ok
	}
	s.last = located{space: space, region: r}
	if f := s.file(&r); f != nil {
		s.last.file = f
		s.last.bias, s.last.ok = s.bias(space, f, r)
	}
	return r, s.last.bias, s.last.ok
}

// located is what was found last: most questions are about one file's code.
type located struct {
	space  *mmu.Space
	region mmu.Region
	file   *File
	bias   guest.Addr
	ok     bool
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

// Names are all names of the symbol that begins at an address.
func (s *Symbols) Names(space *mmu.Space, a guest.Addr) []string {
	r, b, ok := s.locate(space, a)
	if !ok {
		return nil
	}
	return s.file(&r).Names(uint64(a - b))
}

// Matching are the addresses of the symbols that take takes by one of their
// names.
func (s *Symbols) Matching(space *mmu.Space, take func(name string) bool) []guest.Addr {
	var as []guest.Addr
	s.eachFile(space, func(_ string, f *File, b guest.Addr) bool {
		for a, names := range f.names { // sorted below
			if slices.ContainsFunc(names, take) {
				as = append(as, b+guest.Addr(a))
			}
		}
		return true
	})
	slices.Sort(as)
	return as
}

// Symbols lists the names that begin with a prefix, sorted and each once; those
// of one file for "FILE!PREFIX", which then stand after "FILE!" too.
func (s *Symbols) Symbols(space *mmu.Space, prefix string) []string {
	module, start, ok := strings.Cut(prefix, "!")
	if !ok {
		module, start = "", prefix
	}
	found := map[string]bool{}
	s.eachFile(space, func(name string, f *File, _ guest.Addr) bool {
		if module != "" && module != name {
			return true
		}
		for n := range f.byName { // sorted below
			if strings.HasPrefix(n, start) {
				found[strings.TrimSuffix(prefix, start)+n] = true
			}
		}
		for _, names := range f.ifuncs { // sorted below
			for _, n := range names {
				if strings.HasPrefix(n, start) {
					found[strings.TrimSuffix(prefix, start)+n] = true
				}
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(found))
}

// eachFile calls do for the files with symbols of an address space, in the order
// of their addresses, until it answers false.
func (s *Symbols) eachFile(space *mmu.Space, do func(name string, f *File, bias guest.Addr) bool) {
	var last string
	for _, r := range space.Regions() {
		if r.Name == last {
			continue
		}
		f := s.file(&r)
		if f == nil {
			continue
		}
		last = r.Name
		if b, ok := s.bias(space, f, r); ok && !do(path.Base(r.Name), f, b) {
			return
		}
	}
}

// Find finds the address of a name in an address space: "main", or
// "libc.so.6!malloc". Files are asked in the order of their addresses.
func (s *Symbols) Find(space *mmu.Space, name string) (guest.Addr, bool) {
	module, sym, ok := strings.Cut(name, "!")
	if !ok {
		module, sym = "", name
	}
	var at guest.Addr
	var found bool
	s.eachFile(space, func(file string, f *File, b guest.Addr) bool {
		if module == "" || file == module {
			at, found = s.findIn(space, f, b, sym)
		}
		return !found
	})
	if !found { // a resolver whose choice is not known is better than nothing
		at, found = s.resolverOf(space, module, sym)
	}
	return at, found
}

package sym

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/mmu"
)

// Indirect functions (STT_GNU_IFUNC). The name belongs to what the resolver chose,
// which may lie in the kernel's object: it is the file's function nevertheless.

// Resolved notes that a resolver of an address space chose an implementation, for
// all address spaces with that file: the choice is the CPU's. It reports whether
// that is news.
func (s *Symbols) Resolved(space *mmu.Space, resolver, impl guest.Addr) bool {
	r, b, ok := s.locate(space, resolver)
	if !ok {
		return false
	}
	f := s.file(&r)
	names := f.ifuncs[uint64(resolver-b)]
	in, b, ok := s.locate(space, impl) // the file itself, or the kernel's object
	if !ok || len(names) == 0 {
		return false
	}
	to, at := s.file(&in), uint64(impl-b)
	if to != f && in.Name != Vdso || to.byName[names[0]] == at {
		return false
	}
	to.resolve(names, at)
	for _, n := range names {
		f.resolved[n] = true
		if to != f {
			f.abroad[n] = at
		}
	}
	to.lent[at] = to.lent[at] || to != f
	return true
}

// Unresolved are the resolvers of names that take takes and whose choice is not
// known yet.
func (s *Symbols) Unresolved(space *mmu.Space, take func(name string) bool) []guest.Addr {
	var as []guest.Addr
	s.eachFile(space, func(_ string, f *File, b guest.Addr) bool {
		for a, names := range f.ifuncs { // sorted below
			if !f.resolved[names[0]] && slices.ContainsFunc(names, take) {
				as = append(as, b+guest.Addr(a))
			}
		}
		return true
	})
	slices.Sort(as)
	return as
}

// findIn finds the address of a name of a file.
func (s *Symbols) findIn(space *mmu.Space, f *File, bias guest.Addr, name string) (guest.Addr, bool) {
	if a, ok := f.Find(name); ok {
		return bias + guest.Addr(a), true
	}
	a, ok := f.abroad[name]
	if !ok {
		return 0, false
	}
	bias, ok = s.vdso(space)
	return bias + guest.Addr(a), ok
}

func (s *Symbols) resolverOf(space *mmu.Space, module, name string) (at guest.Addr, ok bool) {
	s.eachFile(space, func(file string, f *File, b guest.Addr) bool {
		if module == "" || file == module {
			var a uint64
			a, ok = f.Find(name + Resolver)
			at = b + guest.Addr(a)
		}
		return !ok
	})
	return at, ok
}

// vdso is what is added to the addresses of the kernel's object.
func (s *Symbols) vdso(space *mmu.Space) (bias guest.Addr, ok bool) {
	s.eachFile(space, func(file string, _ *File, b guest.Addr) bool {
		if ok = file == Vdso; ok {
			bias = b
		}
		return !ok
	})
	return bias, ok
}

// Home is the file, by its base name, whose function lies at an address of the
// kernel's object, where the file's resolver has found it.
func (s *Symbols) Home(space *mmu.Space, a guest.Addr) (file string, ok bool) {
	r, b, ok := s.locate(space, a)
	if !ok || r.Name != Vdso {
		return "", false
	}
	vdso := s.file(&r)
	fn, ok := vdso.At(uint64(a - b))
	if !ok || !vdso.lent[fn.Addr] {
		return "", false
	}
	ok = false
	s.eachFile(space, func(name string, f *File, _ guest.Addr) bool {
		for _, v := range f.abroad { // whether there is one
			ok = ok || v == fn.Addr
		}
		file = name
		return !ok
	})
	return file, ok
}

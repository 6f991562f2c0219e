package mmu

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// clone makes a clone of a space and closes it in the end.
func clone(t *testing.T, s *Space) *Space {
	t.Helper()
	c, err := s.Clone(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// memfd is a file in memory.
func memfd(t *testing.T, pages int64) int {
	t.Helper()
	fd, err := unix.MemfdCreate("f", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	unix.Ftruncate(fd, pages*PageSize)
	return fd
}

// TestGroupStores: a store through a map of another space ends translations, be
// the map made before or after, and be the code in a shared map or in a private
// one that has no copy of its own.
func TestGroupStores(t *testing.T) {
	s := newTestSpace(t)
	told := 0
	s.OnCodeChange = func(start, end guest.Addr) { told++ }
	fd := memfd(t, 3)
	before := clone(t, s)
	before.Map(0x50000, 3*PageSize, rw, Mapping{File: fd, Shared: true})
	s.Map(0x10000, 3*PageSize, guest.Read|guest.Exec, Mapping{File: fd})
	s.Map(0x20000, 3*PageSize, rw|guest.Exec, Mapping{File: fd, Shared: true})
	s.WatchCode(0x11000)
	s.WatchCode(0x20000)
	after := clone(t, s)
	for n, x := range []struct {
		s *Space
		a guest.Addr
	}{{before, 0x51000}, {after, 0x20000}} {
		host, ok := store(x.s, x.a, 1)
		if ok {
			t.Fatalf("store %d was not seen", n)
		}
		if _, a, watched := x.s.HostFault(host, true); !watched || a != x.a {
			t.Fatalf("store %d: fault at %#x, watched %v", n, a, watched)
		}
		told = 0
		x.s.Stored(x.a)
		if _, ok := store(x.s, x.a, 2); !ok || told == 0 {
			t.Fatalf("store %d: told %d times, a second store %v", n, told, ok)
		}
	}
	if _, ok := store(s, 0x20000, 3); !ok {
		t.Error("still watched")
	}
}

// TestFileChanged: a write to a file ends translations, other files' stay.
func TestFileChanged(t *testing.T) {
	s := newTestSpace(t)
	var told []guest.Addr
	s.OnCodeChange = func(start, end guest.Addr) { told = append(told, start) }
	fd, other := memfd(t, 2), memfd(t, 2)
	s.Map(0x10000, 2*PageSize, guest.Read|guest.Exec, Mapping{File: fd})
	s.Map(0x20000, 2*PageSize, guest.Read|guest.Exec, Mapping{File: other})
	s.WatchCode(0x11000)
	s.WatchCode(0x21000)
	s.group.FileChanged(fd)
	if len(told) != 1 || told[0] != 0x11000 {
		t.Fatalf("told of %#x", told)
	}
	unix.Ftruncate(other, 0)
	s.group.FileResized(other)
	if f := s.Check(0x20000, 1, guest.Read); len(told) != 2 || f == nil || !f.Bus {
		t.Errorf("told of %#x, fault %v", told, f)
	}
}

// TestBudget: a guest that takes all maps gets ENOMEM, can give back what it has,
// and its code is still watched.
func TestBudget(t *testing.T) {
	defer func(f func() int64) { hostMaps = f }(hostMaps)
	taken := mapsTaken.Load()
	hostMaps = func() int64 { return taken + 100 }
	s := newTestSpace(t)
	told := 0
	s.OnCodeChange = func(start, end guest.Addr) { told++ }
	size := uint64(3 * watchMaps)
	s.Map(0x100000, size*PageSize, rw|guest.Exec, Anonymous(""))
	var err error
	n := guest.Addr(0)
	for ; err == nil && n < 1000; n++ {
		err = s.Protect(0x100000+2*n*PageSize, PageSize, guest.Read)
	}
	if err != unix.ENOMEM || n < 30 {
		t.Errorf("%v after %d changes", err, n)
	}
	if err := s.Map(0x20000, PageSize, rw, Anonymous("")); err != unix.ENOMEM {
		t.Error("a map more:", err)
	}
	for i := range guest.Addr(size / 2) {
		s.WatchCode(0x100000 + 2*i*PageSize)
	}
	last := 0x100000 + 2*guest.Addr(size/2-1)*PageSize
	if _, ok := store(s, last, 1); ok || told == 0 {
		t.Error("the last page is not watched, or the first ones still are")
	}
	if err := s.Audit(); err != nil {
		t.Error(err)
	}
	if err := s.Unmap(0x100000, size*PageSize); err != nil {
		t.Error(err)
	}
	if err := s.Map(0x20000, PageSize, rw, Anonymous("")); err != nil {
		t.Error(err)
	}
}

// TestLimit: memory that the host must find is limited, whoever has it.
func TestLimit(t *testing.T) {
	s := newTestSpace(t)
	s.group.Limit = 10 * PageSize
	rows := []struct {
		what string
		do   func() error
		ok   bool
	}{
		{"no access", func() error { return s.Map(0x100000, 100*PageSize, 0, Anonymous("")) }, true},
		{"private", func() error { return s.Map(0x10000, 4*PageSize, rw, Anonymous("")) }, true},
		{"shared", func() error { return s.Map(0x20000, 4*PageSize, rw, Mapping{File: -1, Shared: true}) }, true},
		{"too much", func() error { return s.Map(0x30000, 4*PageSize, rw, Anonymous("")) }, false},
		{"made writable", func() error { return s.Protect(0x100000, 4*PageSize, rw) }, false},
		{"clone", func() error { _, err := s.Clone(1); return err }, false},
		{"less", func() error { return s.Unmap(0x20000, 4*PageSize) }, true},
		{"made writable", func() error { return s.Protect(0x100000, 4*PageSize, rw) }, true},
		{"over itself", func() error { return s.Map(0x10000, 5*PageSize, rw, Anonymous("")) }, true},
		{"over itself and more", func() error { return s.Map(0x10000, 8*PageSize, rw, Anonymous("")) }, false},
		{"memory file", func() error { return s.Map(0x40000, 4*PageSize, guest.Read, Mapping{File: memfd(t, 4)}) }, false},
	}
	for _, r := range rows {
		if err := r.do(); (err == nil) != r.ok {
			t.Errorf("%s: %v", r.what, err)
		}
	}
}

// TestLimitKeeps: memory counts for as long as the host keeps it, not for as long as
// its pages can be written or seen.
func TestLimitKeeps(t *testing.T) {
	shared := Mapping{File: -1, Shared: true}
	for _, x := range []struct {
		what string
		keep func(s *Space) error // keeps 6 pages with fewer in sight
		free func(s *Space) error
	}{
		{"made read-only", func(s *Space) error {
			return errors.Join(s.Map(0x10000, 6*PageSize, rw, Anonymous("")), s.Protect(0x10000, 6*PageSize, guest.Read))
		}, func(s *Space) error { return s.Unmap(0x10000, 6*PageSize) }},
		{"partly unmapped", func(s *Space) error {
			return errors.Join(s.Map(0x10000, 6*PageSize, rw, shared), s.Unmap(0x11000, 5*PageSize))
		}, func(s *Space) error { return s.Unmap(0x10000, PageSize) }},
	} {
		s := newTestSpace(t)
		s.group.Limit = 10 * PageSize
		if err := x.keep(s); err != nil {
			t.Fatalf("%s: %v", x.what, err)
		}
		for _, m := range []Mapping{Anonymous(""), shared} {
			if s.Map(0x40000, 5*PageSize, rw, m) == nil {
				t.Errorf("%s: 11 pages of 10", x.what)
			}
		}
		if err := errors.Join(x.free(s), s.Map(0x40000, 10*PageSize, rw, shared)); err != nil {
			t.Errorf("%s: after it has gone: %v", x.what, err)
		}
	}
}

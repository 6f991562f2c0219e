package mmu

import (
	"errors"
	"os"
	"runtime/debug"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

func newTestSpace(t *testing.T) *Space {
	t.Helper()
	s := NewSpace(0)
	t.Cleanup(func() { s.Close() })
	return s
}

const rw = guest.Read | guest.Write

// store writes as translated code does and returns the host fault, if any.
func store(s *Space, a guest.Addr, v byte) (host uintptr, ok bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			host, ok = r.(interface{ Addr() uintptr }).Addr(), false
		}
	}()
	*(*byte)(unsafe.Add(s.Base, int(a))) = v
	return 0, true
}

func TestManySpaces(t *testing.T) {
	for range 60 {
		newTestSpace(t)
	}
}

func TestCloneNeedsWindow(t *testing.T) {
	s := newTestSpace(t)
	top := guest.Addr(MinWindow - PageSize)
	if err := s.Map(top, PageSize, rw, Anonymous("")); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		c, err := s.Clone(guest.ASID(i))
		if err != nil {
			t.Fatalf("clone %d: %v", i, err)
		}
		defer c.Close()
		if _, ok := c.Region(top); !ok {
			t.Fatalf("clone %d has no page at %#x", i, top)
		}
	}
}

func TestHostFault(t *testing.T) {
	s := newTestSpace(t)
	f, err := os.Create(t.TempDir() + "/f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Write(make([]byte, 100))
	s.Map(0x10000, PageSize, guest.Read, Anonymous(""))
	s.Map(0x20000, 2*PageSize, rw, Mapping{File: int(f.Fd())})
	rows := []struct {
		a    guest.Addr
		want guest.MemFault
	}{
		{0x1000, guest.MemFault{Addr: 0x1000, Access: guest.Write}},
		{0x10010, guest.MemFault{Addr: 0x10010, Access: guest.Write, Mapped: true, Present: true}},
		{0x21004, guest.MemFault{Addr: 0x21004, Access: guest.Write, Mapped: true, Bus: true}},
		{guest.Addr(s.Window) + 8, guest.MemFault{Addr: guest.Addr(s.Window) + 8, Access: guest.Write}},
	}
	for _, row := range rows {
		host, ok := store(s, row.a, 1)
		if ok {
			t.Errorf("store to %#x succeeded", row.a)
			continue
		}
		f, a, watched := s.HostFault(host, true)
		if f == nil || *f != row.want || a != row.a || watched {
			t.Errorf("%#x: %v %#x %v, want %v", row.a, f, a, watched, row.want)
		}
	}
	if f, _, _ := s.HostFault(uintptr(unsafe.Pointer(&rows)), true); f != nil {
		t.Error("a fault of the emulator was taken for the guest's")
	}
}

func TestWatchCode(t *testing.T) {
	s := newTestSpace(t)
	var told []guest.Addr
	s.OnCodeChange = func(start, end guest.Addr) { told = append(told, start, end) }
	s.Map(0x10000, 4*PageSize, rw|guest.Exec, Anonymous(""))
	s.WatchCode(0x11234)
	if _, ok := store(s, 0x10000, 1); !ok {
		t.Fatal("the page before the watched one faults")
	}
	host, ok := store(s, 0x11000, 1)
	if ok {
		t.Fatal("a store into watched code went through")
	}
	if f, a, watched := s.HostFault(host, true); f != nil || a != 0x11000 || !watched {
		t.Fatal(f, a, watched)
	}
	s.Unwatch(0x11000)
	if _, ok := store(s, 0x11000, 1); !ok || told != nil {
		t.Fatal("still watched, or told of what the engine itself dropped:", told)
	}
	changes := map[string]func(){
		"slice":   func() { s.Slice(0x11000, 4, guest.Write) },
		"write":   func() { s.Write(0x11ffe, make([]byte, 4)) },
		"protect": func() { s.Protect(0x10000, 4*PageSize, rw|guest.Exec) },
		"move":    func() { s.Move(0x11000, PageSize, 0x20000, PageSize); s.Move(0x20000, PageSize, 0x11000, PageSize) },
		"map":     func() { s.Map(0x11000, PageSize, rw|guest.Exec, Anonymous("")) },
		"unmap":   func() { s.Unmap(0x11000, PageSize) },
	}
	for _, name := range []string{"slice", "write", "protect", "move", "map", "unmap"} {
		told = nil
		s.WatchCode(0x11000)
		changes[name]()
		if len(told) < 2 || told[0] > 0x11000 || told[1] < 0x12000 {
			t.Errorf("%s: told of %#x", name, told)
		}
	}
}

func TestWatchAlias(t *testing.T) {
	s := newTestSpace(t)
	var told []guest.Addr
	s.OnCodeChange = func(start, end guest.Addr) { told = append(told, start) }
	fd, err := unix.MemfdCreate("jit", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	unix.Ftruncate(fd, 2*PageSize)
	m := Mapping{File: fd, Shared: true}
	s.Map(0x10000, 2*PageSize, guest.Read|guest.Exec, m)
	s.Map(0x20000, 2*PageSize, rw, m)
	s.WatchCode(0x11000)
	host, ok := store(s, 0x21000, 1)
	if ok {
		t.Fatal("a store through the other map was not seen")
	}
	if _, a, watched := s.HostFault(host, true); !watched || a != 0x21000 {
		t.Fatal(a, watched)
	}
	s.Stored(0x21000)
	if len(told) != 1 || told[0] != 0x11000 {
		t.Fatalf("told of %#x", told)
	}
	s.WatchCode(0x11000)
	s.Map(0x30000, 2*PageSize, rw, m)
	if _, ok := store(s, 0x31000, 1); ok {
		t.Fatal("a store through a map made later was not seen")
	}
}

// TestNoteCode: stores go through, all other changes are told; what a shared map
// holds is watched.
func TestNoteCode(t *testing.T) {
	s := newTestSpace(t)
	told := 0
	s.OnCodeChange = func(start, end guest.Addr) { told++ }
	s.Map(0x10000, PageSize, rw|guest.Exec, Anonymous(""))
	for n, change := range []func(){
		func() { s.Write(0x10010, make([]byte, 4)) },
		func() { s.Protect(0x10000, PageSize, rw|guest.Exec) },
		func() { s.Unmap(0x10000, PageSize) },
	} {
		if !s.NoteCode(0x10123) {
			t.Fatal("refused")
		}
		if _, ok := store(s, 0x10000, 1); !ok || told != n {
			t.Fatal("a store faults, or is told:", told)
		}
		if change(); told != n+1 {
			t.Errorf("change %d: told %d times", n, told)
		}
	}
	s.Map(0x20000, PageSize, rw|guest.Exec, Mapping{File: -1, Shared: true})
	if s.NoteCode(0x20000) || s.NoteCode(0x90000) {
		t.Error("took a shared page, or none")
	}
}

func TestFetch(t *testing.T) {
	s := newTestSpace(t)
	s.Map(0x10000, PageSize, guest.Read|guest.Exec, Anonymous(""))
	s.Map(0x11000, PageSize, guest.Read, Anonymous(""))
	var b [16]byte
	if n, f := s.Fetch(0x10ffc, b[:]); n != 4 || f != nil {
		t.Error(n, f)
	}
	if n, f := s.Fetch(0x11000, b[:]); n != 0 || *f != (guest.MemFault{Addr: 0x11000, Access: guest.Exec, Mapped: true, Present: true}) {
		t.Error(n, f)
	}
}

func TestFindFree(t *testing.T) {
	s := newTestSpace(t)
	s.Map(0x20000, 0x10000, rw, Anonymous(""))
	rows := []struct {
		size   uint64
		lo, hi guest.Addr
		down   bool
		want   guest.Addr
	}{
		{0x1000, 0x10000, 0x40000, true, 0x3f000},
		{0x1000, 0x10000, 0x30000, true, 0x1f000},
		{0x10000, 0x10000, 0x40000, false, 0x10000},
		{0x10000, 0x11000, 0x40000, false, 0x30000},
		{0x11000, 0x10000, 0x40000, false, 0},
		{0x11000, 0x10000, 0x40000, true, 0},
		{0x1000, 0x22000, 0x28000, false, 0},
	}
	for _, r := range rows {
		a, ok := s.FindFree(r.size, r.lo, r.hi, r.down)
		if ok != (r.want != 0) || ok && a != r.want {
			t.Errorf("%+v: %#x %v", r, a, ok)
		}
	}
}

func TestErrors(t *testing.T) {
	s := newTestSpace(t)
	f, _ := os.Open("/proc/self/exe")
	defer f.Close()
	err := s.Map(0x10000, PageSize, rw, Mapping{File: int(f.Fd()), Shared: true})
	if !errors.Is(err, unix.EACCES) {
		t.Error("shared writable map of a read-only file:", err)
	}
	if err := s.Map(guest.Addr(s.Limit-PageSize), 2*PageSize, rw, Anonymous("")); err == nil {
		t.Error("mapped beyond the limit")
	}
	if err := s.Read(^guest.Addr(0)-1, make([]byte, 16)); err == nil {
		t.Error("read the end of the world")
	}
	for _, a := range []guest.Addr{^guest.Addr(0), ^guest.Addr(0) - 1, guest.Addr(s.Limit), guest.Addr(s.Limit) - 1} {
		for _, n := range []int{1, 4, 1 << 40} {
			if _, f := s.Slice(a, n, guest.Read); f == nil || f.Addr != a {
				t.Errorf("slice of %#x+%#x: %v", a, n, f)
			}
		}
	}
}

func BenchmarkClone(b *testing.B) {
	s := NewSpace(0)
	defer s.Close()
	s.Map(0x100000, 64<<20, rw, Anonymous(""))
	mem, _ := s.Slice(0x100000, 2<<20, guest.Write)
	for i := 0; i < len(mem); i += PageSize {
		mem[i] = 1
	}
	for b.Loop() {
		c, err := s.Clone(1)
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

// TestWritten holds the two ways to find written pages against each other.
func TestWritten(t *testing.T) {
	s := newTestSpace(t)
	s.Map(0x100000, 64*PageSize, rw, Anonymous(""))
	for _, page := range []guest.Addr{0, 1, 5, 63} {
		s.Write(0x100000+page*PageSize, []byte{1})
	}
	var b [PageSize]byte
	s.Read(0x100000+10*PageSize, b[:]) // maps the zero page
	want := []run{{0x100000, 0x102000}, {0x105000, 0x106000}, {0x13f000, 0x140000}}
	in := extent{0x100000, s.whole(0x100000, 64*PageSize)}
	if runs, err := s.scanPages(in); err == nil && !slices.Equal(runs, want) {
		t.Errorf("PAGEMAP_SCAN finds %#x, want %#x", runs, want)
	}
	runs, err := readPagemap(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want { // it may take the zero page for a written one
		if !slices.ContainsFunc(runs, func(r run) bool { return r.start <= w.start && w.end <= r.end }) {
			t.Errorf("pagemap finds %#x, want %#x", runs, want)
		}
	}
}

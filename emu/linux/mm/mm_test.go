package mm

import (
	"testing"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
)

// wide is the shape of 64-bit programs.
var wide = Shape{38, 1<<47 - PageSize}

func newMM(t *testing.T) *MM {
	t.Helper()
	m := New(mmu.NewGroup(), wide, Compact, 8<<20)
	t.Cleanup(func() { m.Space.Close() })
	return m
}

func TestLayout(t *testing.T) {
	for _, shape := range []Shape{wide, {32, 0xffffe000}} {
		for _, stack := range []uint64{0, 8 << 20, ^uint64(0)} {
			l := LayoutFor(shape, Compact, stack)
			if uint64(l.StackTop) >= 1<<shape.Bits || uint64(l.StackTop-l.MapTop) < l.StackSize || l.ProgramBase >= l.MapTop ||
				uint64(l.ProgramBase|l.MapTop|l.StackTop)%PageSize != 0 || l.StackSize%PageSize != 0 {
				t.Errorf("%v with stack %#x: %+v", shape, stack, l)
			}
		}
	}
	if uint64(LayoutFor(wide, Compact, 0).StackTop) >= mmu.MinWindow {
		t.Error("the layout does not fit the smallest window")
	}
	// What Linux gives a program with a stack of 8 MiB when it does not randomise.
	want := Layout{ProgramBase: 0x555555554000, MapTop: 0x7ffff7fff000, StackTop: 0x7ffffffff000, StackSize: 8 << 20, End: 0x7ffffffff000}
	if l := LayoutFor(wide, Native, 8<<20); l != want {
		t.Errorf("native layout %+v, want %+v", l, want)
	}
}

func TestPlace(t *testing.T) {
	m := newMM(t)
	const rw = guest.Read | guest.Write
	anon := func(a guest.Addr, size, flags uint64) Request {
		return Request{Addr: a, Size: size, Prot: rw, Flags: abi.MAP_PRIVATE | flags, File: -1}
	}
	top := m.Layout.MapTop
	rows := []struct {
		r    Request
		want guest.Addr
		e    errno
	}{
		{anon(0, 100, 0), top - PageSize, 0},
		{anon(0, PageSize, 0), top - 2*PageSize, 0},
		{anon(0x20000001, PageSize, 0), 0x20001000, 0},
		{anon(0x20001000, PageSize, 0), top - 3*PageSize, 0}, // the hint is taken
		{anon(1<<46, PageSize, 0), 1 << 46, 0},               // the window does not matter
		{anon(1<<47, PageSize, 0), top - 4*PageSize, 0},      // the hint is outside
		{anon(0, 200<<30, 0), 0, 0},                          // fits below nothing
		{anon(0, 1<<45, 0), m.Layout.StackTop, 0},            // above the stack
		{anon(0, 1<<46, 0), 0, abi.ENOMEM},                   // fits nowhere
		{anon(0, PageSize, abi.MAP_32BIT), 0x7ffff000, 0},
		{anon(0x30000000, PageSize, abi.MAP_FIXED), 0x30000000, 0},
		{anon(0x30000001, PageSize, abi.MAP_FIXED), 0, abi.EINVAL},
		{anon(0x1000, PageSize, abi.MAP_FIXED), 0, abi.EPERM},
		{anon(0x30000000, PageSize, abi.MAP_FIXED_NOREPLACE), 0, abi.EEXIST},
		{anon(1<<46, PageSize, abi.MAP_FIXED), 1 << 46, 0},
		{anon(1<<47, PageSize, abi.MAP_FIXED), 0, abi.ENOMEM},
		{anon(0, 0, 0), 0, abi.EINVAL},
		{anon(0, ^uint64(0), 0), 0, abi.ENOMEM},
	}
	for i, row := range rows {
		got, e := m.Map(row.r)
		if e != row.e || row.want != 0 && got != row.want {
			t.Errorf("row %d: %#x %v, want %#x %v", i, got, e, row.want, row.e)
		}
	}
}

func TestBrk(t *testing.T) {
	m := newMM(t)
	m.BrkStart, m.Brk = 0x500000, 0x500000
	for _, to := range []guest.Addr{0x500010, 0x503000, 0x500001, 0x500000} {
		if got := m.SetBrk(to); got != to {
			t.Errorf("brk(%#x) = %#x", to, got)
		}
		if r, ok := m.Space.Region(0x500000); ok != (to > 0x500000) || ok && r.End != guest.Addr(RoundUp(uint64(to))) {
			t.Errorf("after brk(%#x): %+v", to, r)
		}
	}
	m.Space.Map(0x510000, PageSize, guest.Read, mmu.Anonymous(""))
	for _, to := range []guest.Addr{0, 0x4fffff, 0x511000, 0x510000, ^guest.Addr(0)} {
		if got := m.SetBrk(to); got != 0x500000 {
			t.Errorf("brk(%#x) = %#x", to, got)
		}
	}
}

func TestRemap(t *testing.T) {
	m := newMM(t)
	m.Anonymous(PageSize, "[above]")
	a, _ := m.Anonymous(4*PageSize, "")
	if got, e := m.Remap(a, 4*PageSize, 2*PageSize, 0, 0); got != a || e != 0 {
		t.Error("shrink", got, e)
	}
	if got, e := m.Remap(a, 2*PageSize, 4*PageSize, 0, 0); got != a || e != 0 {
		t.Error("grow in place", got, e)
	}
	if _, e := m.Remap(a, 4*PageSize, 8*PageSize, 0, 0); e != abi.ENOMEM {
		t.Error("grow into the next map", e)
	}
	b, e := m.Remap(a, 4*PageSize, 8*PageSize, abi.MREMAP_MAYMOVE, 0)
	if e != 0 || b == a {
		t.Error("move", b, e)
	}
	if _, e := m.Remap(a, PageSize, PageSize, 0, 0); e != abi.EFAULT {
		t.Error("nothing there", e)
	}
	if got, e := m.Remap(b, 8*PageSize, PageSize, abi.MREMAP_MAYMOVE|abi.MREMAP_FIXED, 0x40000000); got != 0x40000000 || e != 0 {
		t.Error("move to a place", got, e)
	}
	if _, e := m.Remap(0x40000000, 0, PageSize, abi.MREMAP_MAYMOVE, 0); e != abi.EINVAL {
		t.Error("duplicate of private memory", e)
	}
}

// TestGrowStart: only maps that grow down have one.
func TestGrowStart(t *testing.T) {
	m := newMM(t)
	anon := Request{Addr: 0x300000, Size: 2 * PageSize, Prot: guest.Read, Flags: abi.MAP_PRIVATE | abi.MAP_FIXED, File: -1}
	m.Map(anon)
	anon.Addr, anon.Flags = 0x400000, anon.Flags|abi.MAP_GROWSDOWN
	m.Map(anon)
	for _, row := range []struct {
		a, want guest.Addr
		pages   uint64
		up      bool
		e       errno
	}{
		{0x401000, 0x400000, 1, false, 0},
		{0x3ff000, 0x400000, 2, false, 0}, // the first map of the range
		{0x3ff000, 0, 1, false, abi.ENOMEM},
		{0x301000, 0, 1, false, abi.EINVAL},
		{0x500000, 0, 1, false, abi.ENOMEM},
		{0x400000, 0, 1, true, abi.EINVAL},
		{0x3ff000, 0, 2, true, abi.ENOMEM},
	} {
		if got, e := m.GrowStart(row.a, row.pages*PageSize, row.up); got != row.want || e != row.e {
			t.Errorf("%#x, up %v: %#x, %v", uint64(row.a), row.up, uint64(got), e)
		}
	}
}

// TestGrowDown: a map of MAP_GROWSDOWN grows, an ordinary one that takes its place
// does not.
func TestGrowDown(t *testing.T) {
	m := newMM(t)
	const at, limit = guest.Addr(0x10000000), 1 << 20
	make := func(flags uint64) {
		t.Helper()
		if _, e := m.Map(Request{Addr: at, Size: PageSize, Prot: guest.Read | guest.Write, Flags: abi.MAP_PRIVATE | abi.MAP_FIXED | flags, File: -1}); e != 0 {
			t.Fatal(e)
		}
	}
	make(abi.MAP_GROWSDOWN)
	for _, a := range []guest.Addr{at - 1, at - 5*PageSize, at - limit + PageSize} {
		if !m.GrowDown(a, limit) || !m.Space.Mapped(a&^(PageSize-1), PageSize) {
			t.Errorf("it does not grow to %#x", uint64(a))
		}
	}
	if r, _ := m.Space.Region(at); m.GrowDown(at-limit, limit) || !r.GrowsDown || uint64(r.End-r.Start) != limit {
		t.Errorf("%+v", r)
	}
	if e := m.Unmap(at-limit, 2*limit); e != 0 {
		t.Fatal(e)
	}
	if make(0); m.GrowDown(at-1, limit) {
		t.Error("an ordinary map grows")
	}
}

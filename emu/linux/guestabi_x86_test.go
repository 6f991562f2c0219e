package linux

import (
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
)

// TestNamesI386: every row is of a call of i386, and leads to one that exists.
func TestNamesI386(t *testing.T) {
	subcalls := map[string]bool{"send": true, "recv": true}
	check := func(name, as string) {
		if abi.LookupName(abi.I386, name) == nil && !subcalls[name] {
			t.Errorf("i386 has no %s", name)
		}
		if as != "" && rows[as] == nil {
			t.Errorf("%s stands for %s, which has no row", name, as)
		}
	}
	for name, as := range aliases32 {
		check(name, as)
	}
	for name, as := range wide32 {
		check(name, as)
	}
	for name, r := range own32 {
		check(name, "")
		if (r.level == refused) != (r.fn == nil) || (r.level == partial) != (r.gap != "") {
			t.Errorf("%s: level %d with gap %q", name, r.level, r.gap)
		}
	}
}

// TestSpread: arguments arrive where the functions of x86-64 look for them.
func TestSpread(t *testing.T) {
	rows := []struct {
		name string
		regs [6]uint64
		want [6]uint64
	}{
		{"pread64", [6]uint64{3, 0x1000, 16, 0x80000001, 5, 9}, [6]uint64{3, 0x1000, 16, 5<<32 | 0x80000001}},
		{"_llseek", [6]uint64{3, 5, 7, 0x1000, 1}, [6]uint64{3, 5<<32 | 7, 0x1000, 1}},
		{"lseek", [6]uint64{3, 0xffffffff, 1}, [6]uint64{3, ^uint64(0), 1}},
		{"fallocate", [6]uint64{3, 1, 2, 3, 4, 5}, [6]uint64{3, 1, 3<<32 | 2, 5<<32 | 4}},
		{"sync_file_range", [6]uint64{3, 1, 2, 3, 4, 5}, [6]uint64{3, 2<<32 | 1, 4<<32 | 3, 5}},
		{"setuid", [6]uint64{0x1ffff}, [6]uint64{0xffffffff}},
		{"chown", [6]uint64{0x1000, 0x12345, 0xffff, 9}, [6]uint64{0x1000, 0x2345, 0xffffffff}},
		{"kill", [6]uint64{0xffffffff, 9, 8}, [6]uint64{0xffffffff, 9}},
	}
	for _, r := range rows {
		c := &call{abi: newI386(), info: abi.LookupName(abi.I386, r.name), regs: r.regs}
		if c.spread(); c.Args != r.want {
			t.Errorf("%s: %#x, want %#x", r.name, c.Args, r.want)
		}
	}
}

// TestSpreadEven: as on ARM, where a pair of registers begins at an even one.
func TestSpreadEven(t *testing.T) {
	for name, want := range map[string][6]uint64{
		"pread64":         {1, 2, 3, 6<<32 | 5}, // not 4
		"fallocate":       {1, 2, 4<<32 | 3, 6<<32 | 5},
		"sync_file_range": {1, 4<<32 | 3, 6<<32 | 5, 0},
		"kill":            {1, 2},
	} {
		a := *newI386()
		lay := *a.Layout
		lay.EvenPairs, a.Layout = true, &lay
		c := &call{abi: &a, info: abi.LookupName(abi.I386, name), regs: [6]uint64{1, 2, 3, 4, 5, 6}}
		if c.spread(); c.Args != want {
			t.Errorf("%s: %#x, want %#x", name, c.Args, want)
		}
	}
}

// TestSegmentDescriptors: struct user_desc and descriptors, which are those of the CPU.
func TestSegmentDescriptors(t *testing.T) {
	const data = abi.UserDescSeg32Bit | abi.UserDescLimitInPages
	flat, _ := regs.FlatDescriptor(regs.UserData)
	if v := packDesc(&abi.UserDesc{Limit: 0xfffff, Flags: data}); v != uint64(flat) {
		t.Errorf("%#x, want %#x", v, uint64(flat))
	}
	for flags := range uint32(128) {
		d := abi.UserDesc{EntryNumber: 13, Base: 0x89abcdef, Limit: 0x5a5a5, Flags: flags}
		if got := unpackDesc(13, packDesc(&d)); got != d {
			t.Errorf("%+v, want %+v", got, d)
		}
		if v := regs.Descriptor(packDesc(&d)); v.Base() != 0x89abcdef || v.Present() != (flags&abi.UserDescNotPresent == 0) {
			t.Errorf("%#x", uint64(v))
		}
	}
}

// TestShapes: what programs have lies below the end of the smallest window.
func TestShapes(t *testing.T) {
	for _, a := range X86(new(regs.Environment), 0, 0).ABIs {
		if l := mm.LayoutFor(a.Shape, mm.Compact, 0); uint64(l.StackTop) >= mmu.MinWindow || l.StackTop > a.Shape.End {
			t.Errorf("%v: %+v", a.Arch, l)
		}
	}
}

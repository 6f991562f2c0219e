package mmu

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestMapsKeepDescriptors: the spaces of a group share one descriptor for a file,
// and files do not get those that are kept for the emulator.
func TestMapsKeepDescriptors(t *testing.T) {
	s := newTestSpace(t)
	fd := memfd(t, 1)
	shared := Mapping{File: fd, Shared: true}
	must(t, s.Map(0x10000, PageSize, rw, shared))
	must(t, s.Map(0x20000, PageSize, rw, Mapping{File: -1, Shared: true}))
	c := clone(t, s)
	for _, a := range []guest.Addr{0x10000, 0x20000} {
		if own, its := s.find(a).file.fd, c.find(a).file.fd; own != its {
			t.Errorf("%#x: the clone has descriptor %d, not %d", uint64(a), its, own)
		}
	}
	shared.MaxFD = 1
	must(t, c.Map(0x30000, PageSize, rw, shared)) // has one already
	if err := s.Map(0x40000, PageSize, rw, Mapping{File: memfd(t, 1), MaxFD: 1}); !errors.Is(err, unix.ENFILE) {
		t.Errorf("one file too many: %v", err)
	}
	if err := s.Map(0x40000, PageSize, rw, Mapping{File: -1, Shared: true, MaxFD: 1}); !errors.Is(err, unix.ENOMEM) {
		t.Errorf("shared memory without a descriptor: %v", err)
	}
	must(t, s.Unmap(0x10000, 0x20000))
	if n := len(s.group.files); n != 2 {
		t.Errorf("%d files are open, the clone has 2", n)
	}
	must(t, c.Close())
	if n := len(s.group.files); n != 0 {
		t.Errorf("%d files are open that nobody maps", n)
	}
}

// TestCloneSharesWhatCannotBeMapped: a clone has the memory of its parent where the
// file would not give it again.
func TestCloneSharesWhatCannotBeMapped(t *testing.T) {
	zero, err := unix.Open("/dev/zero", unix.O_RDWR|unix.O_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(zero)
	sealed, err := unix.MemfdCreate("sealed", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	must(t, err)
	defer unix.Close(sealed)
	must(t, unix.Ftruncate(sealed, 2*PageSize))
	for _, fd := range []int{zero, sealed} {
		s := newTestSpace(t)
		must(t, s.Map(0x10000, 2*PageSize, rw, Mapping{File: fd, Shared: true}))
		if fd == sealed {
			unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_FUTURE_WRITE)
		}
		s.WatchCode(0x10000) // the host has it in two pieces
		c := clone(t, s)
		must(t, c.Alias(0x11000, 0x20000, PageSize))
		if f := c.Store(0x20000, []byte{7}); f != nil {
			t.Fatal(f)
		}
		var b [1]byte
		if s.Load(0x11000, b[:]); b[0] != 7 {
			t.Errorf("sealed %v: the parent has %d", fd == sealed, b[0])
		}
		must(t, c.Audit())
	}
}

// Package mm is the memory of a guest process as Linux lays it out and changes
// it: program, heap, maps, stack, and the rules of mmap, mremap and brk. The
// pages themselves belong to mmu. Addresses are fixed, so that a run repeats:
// nothing is randomised.
//
// The Compact layout lies below mmu.MinWindow, so that windows of any size hold it:
//
//	0x400000        program that is not position-independent
//	2/3 of it       program that is, and its heap
//	MapTop          maps, growing down
//	StackTop        stack, growing down; reserved whole
//
// What does not fit below goes above StackTop. The Native layout is the same in all
// of the 2^47 bytes of x86-64: it has the addresses that gdb shows, which turns off
// randomisation too. Its space is not in a window but behind a TLB, and so slower; it
// is for programs that know where Linux puts things: see NeedsNative.
package mm

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/load"
	"panda/emu/mmu"
)

type errno = abi.Errno

// PageSize is that of the guest.
const PageSize = mmu.PageSize

// MinAddr is the lowest address that may be mapped (vm.mmap_min_addr).
const MinAddr = 0x10000

// Layout is where things go.
type Layout struct {
	ProgramBase guest.Addr // of a position-independent program
	MapTop      guest.Addr
	StackTop    guest.Addr
	StackSize   uint64
	End         guest.Addr // of what a program may map
}

// Shape is what programs of an architecture have of addresses.
type Shape struct {
	Bits uint       // of the address space that the compact layout is made for
	End  guest.Addr // of the program's part of Linux's
}

// Kind says how much of the addresses a layout takes.
type Kind uint8

// The kinds.
const (
	Compact Kind = iota
	Native
)

var kindNames = [...]string{"compact", "native"}

func (k Kind) String() string { return kindNames[k] }

// ParseKind finds a kind by its name.
func ParseKind(name string) (Kind, error) {
	i := slices.Index(kindNames[:], name)
	if i < 0 {
		return 0, fmt.Errorf("there is no %q; there are %s", name, strings.Join(kindNames[:], ", "))
	}
	return Kind(i), nil
}

// nativeGap is what Linux leaves at least for the stack (arch/x86/mm/mmap.c).
const nativeGap = 128 << 20

// LayoutFor is the layout of an architecture with stacks of the given size. One kind is
// the other where a window holds all addresses.
func LayoutFor(s Shape, kind Kind, stack uint64) Layout {
	size, end := uint64(1)<<s.Bits, s.End
	top, least := min(guest.Addr(size-PageSize), end), size/1024
	if kind == Native && size < uint64(end) {
		size, top, least = uint64(end), end, nativeGap
	}
	stack = RoundUp(min(max(stack, 128<<10), size/8))
	gap := max(stack+16*PageSize, least)
	return Layout{ProgramBase: guest.Addr(size/3*2) &^ 0xfff, MapTop: top - guest.Addr(RoundUp(gap)), StackTop: top, StackSize: stack, End: end}
}

// knowing are the beginnings of names by which programs are told that know where Linux
// puts things: the run-time libraries of sanitizers, which have their shadow memory
// where nothing else is on Linux.
var knowing = []string{"__asan_", "__tsan_", "__msan_", "__hwasan_", "__dfsan_"}

// NeedsNative reports whether a program is to be laid out as on Linux.
func NeedsNative(p *load.Program, file io.ReaderAt) bool { return p.Mentions(file, knowing...) }

// MM is the memory that threads share.
type MM struct {
	Space    *mmu.Space
	Layout   Layout
	BrkStart guest.Addr
	Brk      guest.Addr
	Refs     int

	// What /proc shows of the program.
	Exe                                string
	ArgStart, ArgEnd, EnvStart, EnvEnd guest.Addr
	StartCode, EndCode                 guest.Addr // of the program's segments
	StartData, EndData                 guest.Addr
	StartStack                         guest.Addr
	Auxv                               []byte
	Locked                             bool

	Vdso guest.Addr // the shared object of the kernel, 0 for none
	LDT  []uint64   // descriptors of modify_ldt
}

// MaxLDT is how many descriptors a local descriptor table may have.
const MaxLDT = 8192

// New is an empty memory with one reference. Its space joins a group.
func New(g *mmu.Group, shape Shape, kind Kind, stack uint64) *MM {
	limit := uint64(0)
	if shape.Bits <= 32 {
		limit = 1 << 32
	}
	return &MM{Space: g.NewSpace(limit), Layout: LayoutFor(shape, kind, stack), Refs: 1}
}

// end is where the addresses that may be mapped end.
func (m *MM) end() uint64 { return min(m.Space.Limit, uint64(m.Layout.End)) }

// Clone is the copy that fork makes, with one reference.
func (m *MM) Clone(asid guest.ASID) (*MM, error) {
	s, err := m.Space.Clone(asid)
	if err != nil {
		return nil, err
	}
	c := *m
	c.Space, c.Refs, c.Locked, c.LDT = s, 1, false, slices.Clone(m.LDT)
	return &c, nil
}

// RoundUp rounds up to a page; the result is 0 on overflow.
func RoundUp(n uint64) uint64 { return (n + PageSize - 1) &^ (PageSize - 1) }

// errnoOf is the errno of an error of mmu.
func errnoOf(err error) errno {
	var host unix.Errno
	switch {
	case err == nil:
		return 0
	case errors.As(err, &host):
		return errno(host)
	}
	return abi.ENOMEM
}

// Prot translates PROT_ bits. On x86 what may be written or executed may be read.
func Prot(prot uint64) guest.Access {
	var p guest.Access
	if prot&abi.PROT_READ != 0 {
		p |= guest.Read
	}
	if prot&abi.PROT_WRITE != 0 {
		p |= guest.Read | guest.Write
	}
	if prot&abi.PROT_EXEC != 0 {
		p |= guest.Read | guest.Exec
	}
	return p
}

package mm

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
)

// The fuzz target makes the calls that change memory, in several processes of one
// machine, with files of all kinds, some of which cannot be mapped. After each the
// windows must be whole and hold what their regions say. Bytes choose calls and
// arguments from small sets, so that ranges meet.

const (
	arena     = guest.Addr(1<<36 - arenaSize/2*PageSize) // where fixed maps go: across two chunks of a space without a window
	arenaSize = 24                                       // pages
	maxForks  = 6
)

type fuzzer struct {
	t     *testing.T
	group *mmu.Group
	all   []*MM
	files []int
	in    []byte
	mark  byte
}

// next is a number below n.
func (f *fuzzer) next(n int) int {
	if len(f.in) == 0 {
		return 0
	}
	v := int(f.in[0])
	f.in = f.in[1:]
	return v % n
}

// span is a range of the arena.
func (f *fuzzer) span() (a guest.Addr, size uint64) {
	first := f.next(arenaSize)
	return arena + guest.Addr(first*PageSize), uint64(1+f.next(arenaSize-first)) * PageSize
}

func (f *fuzzer) prot() guest.Access { return Prot(uint64(f.next(8))) }

// fuzzFiles are one of each kind that the host treats differently.
func fuzzFiles(t *testing.T) []int {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, make([]byte, 5*PageSize+100), 0o600); err != nil {
		t.Fatal(err)
	}
	var fds []int
	add := func(fd int, err error) {
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
		t.Cleanup(func() { unix.Close(fd) })
	}
	add(unix.Open(name, unix.O_RDWR|unix.O_CLOEXEC, 0))
	add(unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0))
	add(unix.Open(name, unix.O_WRONLY|unix.O_CLOEXEC, 0))
	add(unix.Open(dir, unix.O_RDONLY|unix.O_CLOEXEC, 0))
	add(unix.Open("/dev/zero", unix.O_RDWR|unix.O_CLOEXEC, 0))
	add(unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0))
	add(unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	add(unix.Eventfd(0, unix.EFD_CLOEXEC))
	sealed, err := unix.MemfdCreate("sealed", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	add(sealed, err)
	unix.Ftruncate(sealed, 3*PageSize)
	unix.FcntlInt(uintptr(sealed), unix.F_ADD_SEALS, unix.F_SEAL_WRITE)
	return fds
}

var fuzzCalls = []func(f *fuzzer, m *MM){
	func(f *fuzzer, m *MM) { // mmap without a file
		a, size := f.span()
		r := Request{Addr: a, Size: size, Prot: f.prot(), File: -1, Flags: f.flags()}
		m.Map(r)
	},
	func(f *fuzzer, m *MM) { // mmap of a file
		a, size := f.span()
		fd := f.files[f.next(len(f.files))]
		m.Map(Request{Addr: a, Size: size, Prot: f.prot(), File: fd, Flags: f.flags(), Offset: uint64(f.next(8)) * PageSize})
	},
	func(f *fuzzer, m *MM) { a, size := f.span(); m.Unmap(a, size) },
	func(f *fuzzer, m *MM) { a, size := f.span(); m.Protect(a, size, f.prot()) },
	func(f *fuzzer, m *MM) { // mremap
		a, size := f.span()
		to, newSize := f.span()
		flags := [...]uint64{0, abi.MREMAP_MAYMOVE, abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED, abi.MREMAP_MAYMOVE | abi.MREMAP_DONTUNMAP}[f.next(4)]
		if f.next(2) == 0 {
			newSize = size
		}
		m.Remap(a, size, newSize, flags, to)
	},
	func(f *fuzzer, m *MM) { m.SetBrk(m.BrkStart + guest.Addr(f.next(40)*PageSize/2)) },
	func(f *fuzzer, m *MM) { // madvise
		a, size := f.span()
		if m.Space.Mapped(a, size) {
			[...]func(guest.Addr, uint64) error{m.Space.Discard, m.Space.Punch}[f.next(2)](a, size)
		}
	},
	func(f *fuzzer, m *MM) { // what a child gets
		a, size := f.span()
		v := f.next(4)
		m.Space.Change(a, size, func(r *mmu.Region) { r.DontFork, r.WipeOnFork = v&1 != 0, v&2 != 0 && !r.Shared && r.Ino == 0 })
	},
	func(f *fuzzer, m *MM) { // fork
		if len(f.all) < maxForks {
			if c, err := m.Clone(guest.ASID(len(f.all))); err == nil {
				f.all = append(f.all, c)
			}
		}
	},
	func(f *fuzzer, m *MM) { // exit
		if len(f.all) > 1 {
			i := f.next(len(f.all))
			f.all[i].Space.Close()
			f.all = append(f.all[:i], f.all[i+1:]...)
		}
	},
	func(f *fuzzer, m *MM) { // code is translated
		a, _ := f.span()
		if !m.Space.NoteCode(a) || f.next(2) == 0 {
			m.Space.WatchCode(a)
		}
	},
	func(f *fuzzer, m *MM) { // a store, and a load of what was stored
		a, size := f.span()
		f.mark++
		n := min(size, 300)
		b := make([]byte, n)
		for i := range b {
			b[i] = f.mark
		}
		if m.Space.Store(a, b) == nil {
			if m.Space.Load(a, b) != nil || b[0] != f.mark || b[n-1] != f.mark {
				f.t.Fatalf("%#x does not hold what was stored", uint64(a))
			}
		}
	},
	func(f *fuzzer, m *MM) { // forced writes
		a, _ := f.span()
		m.Space.Write(a, []byte{1, 2, 3})
	},
	func(f *fuzzer, m *MM) { // the file gets another size
		unix.Ftruncate(f.files[0], int64(f.next(12)*PageSize))
		f.group.FileResized(f.files[0])
	},
	func(f *fuzzer, m *MM) { a, _ := f.span(); m.GrowDown(a, 1<<20) },
}

func (f *fuzzer) flags() uint64 {
	flags := [...]uint64{abi.MAP_PRIVATE, abi.MAP_SHARED}[f.next(2)]
	return flags | [...]uint64{abi.MAP_FIXED, abi.MAP_FIXED, abi.MAP_FIXED_NOREPLACE, 0, abi.MAP_FIXED | abi.MAP_GROWSDOWN}[f.next(5)]
}

// run makes the calls that the input stands for.
func (f *fuzzer) run(limit uint64) {
	m := New(f.group, wide, Compact, 8<<20)
	m.BrkStart, m.Brk = 0x500000, 0x500000
	f.all = append(f.all, m)
	f.group.Limit = limit
	for len(f.in) > 0 {
		fuzzCalls[f.next(len(fuzzCalls))](f, f.all[f.next(len(f.all))])
	}
	for _, m := range f.all {
		if err := m.Space.Audit(); err != nil {
			f.t.Fatal(err)
		}
		m.Space.Close()
	}
}

func FuzzMaps(f *testing.F) {
	f.Add([]byte{0, 0, 0, 23, 3, 0, 0, 1, 0, 0, 23, 6, 3, 1, 0, 0, 11, 0, 0, 4})
	f.Add([]byte("mmap munmap mprotect mremap brk madvise fork exit, and all of it again"))
	f.Fuzz(func(t *testing.T, in []byte) {
		x := &fuzzer{t: t, group: mmu.NewGroup(), files: fuzzFiles(t), in: in[:min(len(in), 600)]}
		x.group.Audit, x.group.Paged = true, len(in)/4%2 == 1
		x.run(uint64(len(in)%4) * 64 * PageSize)
	})
}

// TestRandomMaps is the fuzz target with inputs of its own.
func TestRandomMaps(t *testing.T) {
	seed := uint64(88172645463325252)
	for i := range 40 {
		in := make([]byte, 400)
		for j := range in {
			seed ^= seed << 13
			seed ^= seed >> 7
			seed ^= seed << 17
			in[j] = byte(seed >> 24)
		}
		x := &fuzzer{t: t, group: mmu.NewGroup(), files: fuzzFiles(t), in: in}
		x.group.Audit, x.group.Paged = true, i%2 == 1
		x.run(0)
	}
}

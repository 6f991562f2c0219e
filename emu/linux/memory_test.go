package linux

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
)

// Where the tests of memory have two pages that may be read and written, one without
// access, and nothing after them.
const (
	page    = mm.PageSize
	pagesAt = 0x20000000
	noneAt  = pagesAt + 2*page
	gapAt   = pagesAt + 3*page
)

// memoryRow is a call on a range and what comes of it.
type memoryRow struct {
	nr   int
	a, n uint64
	arg  int
	want errno
}

// TestRangeErrors: which error it is when a range wraps around, has gaps or ends where
// no program's address is, as the calls have it on Linux 6.18.
func TestRangeErrors(t *testing.T) {
	const (
		wraps = 1<<64 - page    // the sum is no address
		round = 1<<64 - 10      // the size itself is none when it is rounded up
		end   = 1<<47 - page    // of what programs may map
		bad   = 1000            // advice, or a flag
		above = uint64(1) << 46 // where nothing is mapped
	)
	rows := []memoryRow{
		{unix.SYS_MADVISE, pagesAt, wraps, abi.MADV_WILLNEED, abi.EINVAL},
		{unix.SYS_MADVISE, pagesAt, round, abi.MADV_WILLNEED, abi.EINVAL},
		{unix.SYS_MADVISE, pagesAt, above, abi.MADV_WILLNEED, abi.ENOMEM},
		{unix.SYS_MADVISE, pagesAt, 0, bad, abi.EINVAL},
		{unix.SYS_MADVISE, pagesAt, page, abi.MADV_POPULATE_WRITE, 0},
		{unix.SYS_MADVISE, noneAt, page, abi.MADV_POPULATE_READ, abi.EINVAL},
		{unix.SYS_MADVISE, gapAt, page, abi.MADV_POPULATE_READ, abi.ENOMEM},
		{unix.SYS_MLOCK, pagesAt, 2 * page, 0, 0},
		{unix.SYS_MLOCK, noneAt, page, 0, abi.ENOMEM},
		{unix.SYS_MLOCK, pagesAt, wraps, 0, abi.EINVAL},
		{unix.SYS_MLOCK, pagesAt, round, 0, 0},
		{unix.SYS_MLOCK2, noneAt, page, abi.MLOCK_ONFAULT, 0},
		{unix.SYS_MLOCK2, gapAt, page, abi.MLOCK_ONFAULT, abi.ENOMEM},
		{unix.SYS_MLOCK2, gapAt, page, 2, abi.EINVAL},
		{unix.SYS_MUNLOCK, noneAt, page, 0, 0},
		{unix.SYS_MUNLOCK, pagesAt, wraps, 0, abi.EINVAL},
		{unix.SYS_MSYNC, pagesAt, wraps, abi.MS_SYNC, abi.ENOMEM},
		{unix.SYS_MINCORE, end, 0, 0, 0},
		{unix.SYS_MINCORE, end + page, 0, 0, abi.ENOMEM},
		{unix.SYS_MINCORE, pagesAt, round, 0, abi.ENOMEM},
		{unix.SYS_MINCORE, pagesAt, 4 * page, 0, abi.EFAULT}, // before the gap
		{unix.SYS_MINCORE, gapAt, page, 0, abi.ENOMEM},
		{unix.SYS_MPROTECT, pagesAt, wraps, bad, abi.ENOMEM},
		{unix.SYS_MPROTECT, pagesAt, 0, bad << 4, 0},
		{unix.SYS_MPROTECT, pagesAt, page, bad << 4, abi.EINVAL},
		{unix.SYS_MPROTECT, pagesAt, page, abi.PROT_GROWSUP, abi.EINVAL},
		{unix.SYS_MPROTECT, gapAt, page, abi.PROT_GROWSUP, abi.ENOMEM},
		{unix.SYS_MPROTECT, gapAt, 0, abi.PROT_GROWSUP | abi.PROT_GROWSDOWN, abi.EINVAL},
		{unix.SYS_MUNMAP, end, 1, 0, abi.EINVAL},
		{unix.SYS_MREMAP, pagesAt, page, 1 << 46, abi.ENOMEM},
		{unix.SYS_MREMAP, above, page, 1 << 46, abi.EFAULT},
		{unix.SYS_MREMAP, above, page, 1 << 47, abi.EINVAL},
	}
	newSession(t).run(func(g *fakeThread) {
		mapPages(g)
		for _, row := range rows {
			g.fails(row.want, row.nr, row.a, row.n, row.arg)
		}
	})
}

func mapPages(g *fakeThread) {
	const flags = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED
	g.must(unix.SYS_MMAP, pagesAt, 2*page, abi.PROT_READ|abi.PROT_WRITE, flags, -1, 0)
	g.must(unix.SYS_MMAP, noneAt, page, abi.PROT_NONE, flags, -1, 0)
}

// TestAdviceOverGaps: what is mapped gets the advice.
func TestAdviceOverGaps(t *testing.T) {
	newSession(t).run(func(g *fakeThread) {
		mapPages(g)
		g.must(unix.SYS_MUNMAP, pagesAt, page)
		g.setU32(pagesAt+page, 7)
		g.fails(abi.ENOMEM, unix.SYS_MADVISE, pagesAt, 3*page, abi.MADV_DONTNEED)
		g.check(g.u32(pagesAt+page) == 0, "the page holds what it did")
	})
}

// TestEmptyingAdvice: what may be freed is freed at once, and a hole is one in the file
// behind a shared map.
func TestEmptyingAdvice(t *testing.T) {
	newSession(t).run(func(g *fakeThread) {
		mapPages(g)
		g.setU32(pagesAt, 7)
		g.must(unix.SYS_MADVISE, pagesAt, page, abi.MADV_FREE)
		g.check(g.u32(pagesAt) == 0, "a page that was freed holds what it did")
		g.fails(abi.EINVAL, unix.SYS_MADVISE, pagesAt, page, abi.MADV_REMOVE)
		const shared = abi.MAP_SHARED | abi.MAP_ANONYMOUS | abi.MAP_FIXED
		g.must(unix.SYS_MMAP, gapAt, 2*page, abi.PROT_READ|abi.PROT_WRITE, shared, -1, 0)
		g.setU32(gapAt, 7)
		g.setU32(gapAt+page, 8)
		g.fails(abi.EINVAL, unix.SYS_MADVISE, gapAt, page, abi.MADV_FREE)
		g.must(unix.SYS_MADVISE, gapAt, page, abi.MADV_REMOVE)
		g.check(g.u32(gapAt) == 0 && g.u32(gapAt+page) == 8, "after a hole %d %d", g.u32(gapAt), g.u32(gapAt+page))
	})
}

// TestProtectBeyond: mprotect changes what lies in front of where no memory can be.
func TestProtectBeyond(t *testing.T) {
	newSession(t).run(func(g *fakeThread) {
		mapPages(g)
		g.fails(abi.ENOMEM, unix.SYS_MPROTECT, pagesAt, 1<<46, abi.PROT_READ)
		g.fails(abi.EFAULT, unix.SYS_PIPE, pagesAt)
	})
}

// TestNewAddress: mremap looks at the new address before the old one, and for
// MREMAP_DONTUNMAP too.
func TestNewAddress(t *testing.T) {
	const (
		leave = abi.MREMAP_MAYMOVE | abi.MREMAP_DONTUNMAP
		fixed = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED
	)
	newSession(t).run(func(g *fakeThread) {
		mapPages(g)
		g.fails(abi.EINVAL, unix.SYS_MREMAP, gapAt, page, page, fixed, gapAt)
		g.fails(abi.EFAULT, unix.SYS_MREMAP, gapAt, page, page, fixed, pagesAt)
		g.fails(abi.EINVAL, unix.SYS_MREMAP, pagesAt, page, page, leave, gapAt+1)
		g.fails(abi.EINVAL, unix.SYS_MREMAP, pagesAt, page, page, leave, pagesAt)
		g.fails(abi.EPERM, unix.SYS_MREMAP, pagesAt, page, page, fixed, 0)
		at := g.must(unix.SYS_MREMAP, pagesAt, page, page, leave, gapAt)
		g.check(at == gapAt, "moved to %#x", at)
		g.must(unix.SYS_MREMAP, pagesAt, uint64(1)<<46, page, 0) // cuts off all after it, as munmap does
		g.fails(abi.ENOMEM, unix.SYS_MSYNC, noneAt, page, abi.MS_SYNC)
	})
}

// TestMapErrors: which error it is when a map can be none for two reasons, and how far
// offsets reach.
func TestMapErrors(t *testing.T) {
	newSession(t).run(func(g *fakeThread) {
		name := g.arg(t.TempDir() + "/f")
		file := g.must(unix.SYS_OPEN, name, unix.O_RDWR|unix.O_CREAT, 0o600)
		path := g.must(unix.SYS_OPEN, name, unix.O_PATH, 0)
		write := g.must(unix.SYS_OPEN, name, unix.O_WRONLY, 0)
		zero := g.must(unix.SYS_OPEN, "/dev/zero", unix.O_RDWR, 0)
		null := g.must(unix.SYS_OPEN, "/dev/null", unix.O_RDWR, 0)
		const private, anonymous, huge = abi.MAP_PRIVATE, abi.MAP_PRIVATE | abi.MAP_ANONYMOUS, abi.MAP_HUGETLB
		for _, row := range []struct {
			fd    int64
			size  int
			flags int
			off   uint64
			want  errno
		}{
			{path, page, private, 0, abi.EBADF},
			{path, page, 0, 0, abi.EBADF},
			{write, page, private, 0, abi.EACCES},
			{write, 0, private, 0, abi.EINVAL},
			{99, 0, private, 0, abi.EBADF},
			{99, page, private, 1, abi.EINVAL},
			{file, page, private, 1<<63 - page, abi.EOVERFLOW},
			{zero, page, private, 1<<64 - page, abi.EOVERFLOW},
			{null, page, private, 1<<64 - page, abi.EOVERFLOW},
			{null, page, private, 1<<64 - 2*page, abi.ENODEV},
			{file, page, private | huge, 0, abi.EINVAL},
			{-1, page, anonymous | huge, 0, abi.ENOMEM},
			{-1, page, anonymous | huge | 17<<26, 0, abi.EINVAL},
		} {
			g.fails(row.want, unix.SYS_MMAP, 0, row.size, abi.PROT_READ, row.flags, row.fd, row.off)
		}
		g.must(unix.SYS_MMAP, 0, page, abi.PROT_READ, private, zero, uint64(1<<64-2*page))
		g.must(unix.SYS_MMAP, 0, page, abi.PROT_READ, anonymous, -1, uint64(1<<64-page))
		beyond(g, g.must(unix.SYS_MMAP, 0, 2*page, abi.PROT_READ|abi.PROT_WRITE, abi.MAP_SHARED, file, 0), file)
	})
}

// beyond locks what lies after the end of a file.
func beyond(g *fakeThread, a, file int64) {
	g.must(unix.SYS_FTRUNCATE, file, 100)
	g.must(unix.SYS_MLOCK, a, page)
	g.fails(abi.ENOMEM, unix.SYS_MLOCK, a, 2*page)
	g.must(unix.SYS_MLOCK2, a, 2*page, abi.MLOCK_ONFAULT)
	g.fails(abi.EFAULT, unix.SYS_MADVISE, a, 2*page, abi.MADV_POPULATE_READ)
}

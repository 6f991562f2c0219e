package linux

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/cred"
	"panda/emu/linux/hostsys"
	"panda/emu/linux/mm"
)

// unlimited is RLIM_INFINITY.
const unlimited = ^uint64(0)

// limit is a soft limit.
func (p *Process) limit(res int) uint64 { return p.rlimits[res].Cur }

// Limits are what all guest processes together may have; 0 is no limit of this
// kind. Those of setrlimit(2) are the guest's own, and each process has them for
// itself.
type Limits struct {
	Memory  uint64 // bytes that the host must find for maps
	Files   int    // open files
	Threads int
}

// FileBudget counts files that are memory, and with them what maps show of them: see
// mmu.Group.
type FileBudget interface {
	OnMapped(mapped func(dev, ino, size uint64) (all, within uint64), files func() []int)
}

// maxThreads is how many threads there may be without a limit: more is a fork bomb.
const maxThreads = 8192

// setLimits applies them, and what the host has no limit for.
func (k *Kernel) setLimits(p *Process) {
	k.limits = k.cfg.Limits
	k.mem.group.Limit = k.limits.Memory
	k.mem.group.Refused = func(n uint64) { k.refused("mem", k.limits.Memory, fmt.Sprintf("%d bytes more", n)) }
	if k.cfg.Budget != nil {
		k.cfg.Budget.OnMapped(k.mem.group.Mapped, k.mem.group.MappedFiles)
	}
	k.mem.group.FileRoom = hostsys.Mapped{Host: k.host}.FileRoom
	if k.limits.Threads == 0 {
		k.limits.Threads = maxThreads
	}
	if k.limits.Files == 0 {
		k.limits.Files = math.MaxInt
	}
	files := &p.rlimits[unix.RLIMIT_NOFILE]
	files.Cur, files.Max = min(files.Cur, k.maxFiles()), min(files.Max, k.maxFiles())
}

// refused tells the user, once for each, of a limit that keeps the program from what it
// asks for: what it makes of the error need not tell.
func (k *Kernel) refused(limit string, most uint64, what string) {
	if k.limited[limit] || k.cfg.Warn == nil {
		return
	}
	k.limited[limit] = true
	k.cfg.Warn("limit %s=%d is reached: the program asked for %s and got an error (see -limit)", limit, most, what)
}

// maxFiles is how many descriptors a process may ever have (fs.nr_open).
func (k *Kernel) maxFiles() uint64 { return min(1<<20, uint64(k.limits.Files)) }

// ownFDs is how many descriptors of the host are kept for the emulator: symbols,
// scripts, memory and what it makes of /proc must not fail because the guest has
// opened all it can.
const ownFDs = 128

// fewFiles is how many files a process may have open that is not to suffer from
// what others have: it may take some of the kept descriptors.
const fewFiles = 32

// maxFD is the first descriptor of the host that the guest's files do not get, when
// there are n; last is that for processes with few files.
func maxFD(n uint64) (most, last int) {
	n = min(n, math.MaxInt32)
	kept := min(ownFDs, n/4)
	return int(n - kept), int(n - kept/2)
}

// maxFD is the first descriptor of the host that the thread's files do not get.
func (t *Thread) maxFD() int {
	if t.files.fewer(fewFiles) {
		return t.k.files.lastFD
	}
	return t.k.files.maxFD
}

// mayFork applies RLIMIT_NPROC, which counts the threads of a user and the processes
// that ended and nobody has waited for, and does not bind one with rights
// (setrlimit(2)).
func (t *Thread) mayFork() bool {
	if t.k.count(func(*Process) bool { return true }) >= t.k.limits.Threads {
		t.k.refused("procs", uint64(t.k.limits.Threads), "another thread or process")
		return false
	}
	limit := t.p.limit(unix.RLIMIT_NPROC)
	if t.p.creds.Privileged() || limit >= uint64(t.k.limits.Threads) {
		return true
	}
	user := t.p.creds.UID[cred.Real]
	return uint64(t.k.count(func(p *Process) bool { return p.creds.UID[cred.Real] == user })) < limit
}

// count is how many threads processes have; one that ended counts as well until it
// is reaped.
func (k *Kernel) count(of func(p *Process) bool) (n int) {
	for _, p := range k.tasks.procs {
		switch {
		case !of(p):
		case p.exit.ended:
			n++
		default:
			n += len(p.threads)
		}
	}
	return n
}

// mayQueue applies RLIMIT_SIGPENDING to a signal that a program queues with a
// value: all that wait in the guest count.
func (t *Thread) mayQueue(sig int) bool {
	if sig < abi.SIGRTMIN {
		return true // at most one waits
	}
	return uint64(t.k.queuedSignals()) < t.p.limit(unix.RLIMIT_SIGPENDING)
}

// queuedSignals is how many signals wait in the guest.
func (k *Kernel) queuedSignals() (n int) {
	for _, p := range k.tasks.procs {
		n += len(p.signal.pending.Infos)
		for _, o := range p.threads {
			n += len(o.signal.pending.Infos)
		}
	}
	return n
}

// roomFor applies RLIMIT_AS to size more bytes of memory, and RLIMIT_DATA if they
// are private and may be written.
func (t *Thread) roomFor(size uint64, data bool) errno {
	if !t.below(unix.RLIMIT_AS, size, t.p.mm.Space.Size()) || data && !t.roomForData(size) {
		return abi.ENOMEM
	}
	return 0
}

// roomForData reports whether RLIMIT_DATA allows size more bytes. Stacks do not count,
// but what is little with them needs no look at each region.
func (t *Thread) roomForData(size uint64) bool {
	return t.below(unix.RLIMIT_DATA, size, t.p.mm.Space.Own()) ||
		t.below(unix.RLIMIT_DATA, size, t.p.mm.Pages(mm.IsData)*mm.PageSize)
}

// below reports whether size more bytes than there are keep within a limit.
func (t *Thread) below(res int, size, have uint64) bool {
	limit := t.p.limit(res)
	return limit == unlimited || size <= limit && have <= limit-size
}

// sizeLimit is RLIMIT_FSIZE where it binds.
func (p *Process) sizeLimit() (limit int64, binds bool) {
	l := p.limit(unix.RLIMIT_FSIZE)
	return int64(l), l <= 1<<62
}

// refuseSize fails a call that would make a file larger than RLIMIT_FSIZE, which a
// signal tells.
func (t *Thread) refuseSize() errno {
	t.send(t.userInfo(abi.SIGXFSZ, abi.SI_USER), false)
	return abi.EFBIG
}

// fits applies RLIMIT_FSIZE to n bytes that are to be written at off of a file, at
// its position where that is negative: it says how many may be. When none may,
// SIGXFSZ is sent.
func (t *Thread) fits(f *File, off int64, n int) (int, errno) {
	limit, binds := t.p.sizeLimit()
	if !binds || f.mode != unix.S_IFREG || n == 0 {
		return n, 0
	}
	if off < 0 || f.flags&abi.O_APPEND != 0 {
		off = t.position(f)
	}
	if off >= limit {
		return 0, t.refuseSize()
	}
	return int(min(int64(n), limit-off)), 0
}

// position is where the next write to a file goes. No file has one below 0, but in a
// recording that lies.
func (t *Thread) position(f *File) int64 {
	if f.flags&abi.O_APPEND != 0 {
		st, _ := t.k.host.Fstat(f.fd)
		return max(st.Size, 0)
	}
	at, _ := t.k.host.Lseek(f.fd, 0, unix.SEEK_CUR)
	return max(at, 0)
}

// copyFits is fits for a copy to out, whose place is off or, where that is nil, its
// position. cut says that the limit is less than n.
func (t *Thread) copyFits(out *File, off *int64, n uint64) (size uint64, cut bool, e errno) {
	at := int64(-1)
	if off != nil {
		at = *off
	}
	some, e := t.fits(out, at, int(min(n, maxIO)))
	return uint64(some), uint64(some) < min(n, maxIO), e
}

// resizable applies RLIMIT_FSIZE to a new size of a file, which may shrink.
func (t *Thread) resizable(f *File, size int64) errno {
	limit, binds := t.p.sizeLimit()
	if !binds || size <= limit || f.mode != unix.S_IFREG || !f.writable() {
		return 0
	}
	if st, e := t.k.host.Fstat(f.fd); e != 0 || size <= st.Size {
		return 0
	}
	return t.refuseSize()
}

// resizablePath is resizable for a file that is named, where the caller may write
// to it.
func (t *Thread) resizablePath(path string, size int64) errno {
	limit, binds := t.p.sizeLimit()
	if !binds || size <= limit {
		return 0
	}
	h := t.k.host
	st, e := h.Fstatat(unix.AT_FDCWD, path, 0)
	if e != 0 || st.Mode&unix.S_IFMT != unix.S_IFREG || size <= st.Size || h.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS) != 0 {
		return 0 // the host says what is wrong
	}
	return t.refuseSize()
}

// short tells the user, once, that the host has no room for what a program asks for.
func (k *Kernel) short(err error) {
	if f := k.cfg.Memory.Short; f != nil {
		f(err)
	}
	if !k.limited["host"] && k.cfg.Warn != nil {
		k.limited["host"] = true
		k.cfg.Warn("this machine has no room for the memory that the program asked for, which got an error: %v; see ulimit -v and vm.max_map_count", err)
	}
}

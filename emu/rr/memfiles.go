package rr

import (
	"errors"
	"fmt"
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
	"panda/emu/mmu"
)

// memFiles are the files in memory that stand for those that were mapped.
type memFiles struct {
	p    *Player
	byID map[uint64]*memFile
	kept map[int]*memFile // by the descriptors that the guest's maps have
	last *recordedFile    // that SysMappedKeep has found
	used int64            // bytes of the host's memory that are in them
	room int64            // how many may be
}

// memFile is one.
type memFile struct {
	id   uint64
	typ  fileType
	fd   int // of our own
	refs int
	used int64
}

func (m *memFiles) init(p *Player) {
	*m = memFiles{p: p, byID: map[uint64]*memFile{}, kept: map[int]*memFile{}, room: math.MaxInt64}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		m.room = int64(info.Totalram * uint64(info.Unit) / 2) // as much as a tmpfs may have
	}
}

// BrokenError says why a replay cannot go on, though the guest did what it did.
type BrokenError struct{ Err error }

func (e *BrokenError) Error() string { return "the replay cannot go on: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *BrokenError) Unwrap() error { return e.Err }

// Fatal marks it as no failure of a callback.
func (e *BrokenError) Fatal() {}

// roomFor says what it is that a file in memory has no room for.
func roomFor(err error) error {
	if errors.Is(err, unix.EFBIG) {
		return errors.New("this machine's limit of the size of files (ulimit -f) is too small for the files that the program maps")
	}
	return err
}

func check(err error) {
	if err != nil {
		panic(&BrokenError{err})
	}
}

// file is told which file the last call has kept.
func (m *memFiles) file(f *recordedFile) {
	if m.last != nil {
		check(fmt.Errorf("%w: it has a file that nothing maps", ErrCorrupt))
	}
	if f.typ > zeroFile {
		check(fmt.Errorf("%w: there is no kind of file %d", ErrCorrupt, f.typ))
	}
	file := *f
	m.last = &file
	if m.byID[f.id] != nil {
		return
	}
	mf := &memFile{id: f.id, typ: f.typ, fd: -1}
	if f.typ == regularFile {
		fd, err := unix.MemfdCreate(fmt.Sprintf("recorded %d", f.id), unix.MFD_CLOEXEC)
		check(err)
		mf.fd = fd
	}
	m.byID[f.id] = mf
}

// contents puts what was recorded into a file.
func (m *memFiles) contents(p *recordedPages) {
	f := m.byID[p.id]
	if f == nil || f.fd < 0 {
		check(fmt.Errorf("%w: it has contents of a file that is not mapped", ErrCorrupt))
	}
	if p.size < 0 {
		check(fmt.Errorf("%w: a file cannot have %d bytes", ErrCorrupt, p.size))
	}
	check(roomFor(unix.Ftruncate(f.fd, p.size)))
	m.account(f)
	for _, r := range p.runs {
		m.run(f, &r, p.size)
		m.account(f)
	}
}

// account notes how much memory a file takes, and ends the replay where all take too much.
func (m *memFiles) account(f *memFile) {
	var st unix.Stat_t
	if unix.Fstat(f.fd, &st) != nil {
		return
	}
	m.used += st.Blocks*512 - f.used
	if f.used = st.Blocks * 512; m.used > m.room {
		check(fmt.Errorf("the files that the program maps take more than half of this machine's memory (%d bytes)", m.used))
	}
}

// accountEvery is how many pages of a run are put down before they are accounted for.
const accountEvery = 4096

func (m *memFiles) run(f *memFile, r *pageRun, size int64) {
	pages := (uint64(size) + PageSize - 1) / PageSize
	if r.page >= pages || r.n > pages-r.page {
		check(fmt.Errorf("%w: it has pages after the end of a file", ErrCorrupt))
	}
	if end := m.p.pages.end(); r.id != 0 && (r.id >= end || r.n > uint64(end-r.id)) {
		check(errNoPage)
	}
	if r.id == 0 && r.n > 0 {
		check(unix.Fallocate(f.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, int64(r.page*PageSize), int64(min(r.n*PageSize, uint64(size)-r.page*PageSize))))
		return
	}
	write := func(skip uint64, b []byte) error {
		off := int64(r.page+skip) * PageSize
		_, err := unix.Pwrite(f.fd, b[:min(int64(len(b)), size-off)], off)
		return roomFor(err)
	}
	if r.n >= framePages {
		check(m.p.pages.each(r.id, r.n, write))
		return
	}
	for i := range r.n {
		if i%accountEvery == accountEvery-1 {
			m.account(f)
		}
		b, err := m.p.pages.get(r.id + pageID(i))
		check(err)
		check(write(i, b))
	}
}

// do makes a call that is about a file in memory.
func (m *memFiles) do(c *hostsys.Call) {
	if do := memCalls[c.Nr]; do != nil && c.Err == 0 {
		do(m, c)
	}
}

var memCalls = map[uintptr]func(m *memFiles, c *hostsys.Call){
	hostsys.SysMappedKeep: func(m *memFiles, c *hostsys.Call) { c.Ret = int64(m.keep()) },
	hostsys.SysMemory: func(_ *memFiles, c *hostsys.Call) {
		fd, _, err := mmu.HostFiles{}.Memory(c.Args[0].Num, 0)
		check(roomFor(err))
		c.Ret = int64(fd)
	},
	hostsys.SysMappedSize:  (*memFiles).size,
	hostsys.SysMap:         (*memFiles).mapFile,
	hostsys.SysPunch:       (*memFiles).punch,
	hostsys.SysMappedClose: (*memFiles).drop,
}

// keep makes a descriptor of the file that was found. It may read and write whatever that
// one may: a map that was refused is none here, and mmu knows what maps may become.
func (m *memFiles) keep() int {
	if m.last == nil {
		check(fmt.Errorf("%w: it does not say which file is mapped", ErrCorrupt))
	}
	f := m.byID[m.last.id]
	m.last = nil
	if f == nil {
		check(fmt.Errorf("%w: a file is mapped that was dropped", ErrCorrupt))
	}
	var fd int
	var err error
	if f.fd >= 0 {
		fd, err = unix.FcntlInt(uintptr(f.fd), unix.F_DUPFD_CLOEXEC, 0)
	} else {
		fd, err = unix.MemfdCreate("recorded", unix.MFD_CLOEXEC)
	}
	check(err)
	f.refs++
	m.kept[fd] = f
	return fd
}

func (m *memFiles) size(c *hostsys.Call) {
	f := m.kept[int(c.Args[0].Num)]
	if f == nil || f.typ != regularFile {
		c.Ret = -1
		return
	}
	n, err := mmu.HostFiles{}.Size(f.fd)
	check(err)
	c.Ret = n
}

// mapFile maps it. What shows the zero device is memory without a file.
func (m *memFiles) mapFile(c *hostsys.Call) {
	a := &c.Args
	fd, flags := int(a[0].Num), int(a[4].Num)
	f := m.kept[fd]
	if f == nil || f.typ == 0 {
		why := fmt.Errorf("%w: it has a map of what cannot be mapped", ErrCorrupt)
		if f != nil {
			why = errors.New("the program maps what is no file there, whose contents are not recorded")
		}
		check(why)
	}
	off := int64(a[1].Num)
	if f.typ == zeroFile {
		fd, off, flags = -1, 0, flags|unix.MAP_ANONYMOUS
	}
	at, err := mmu.HostFiles{}.Map(fd, off, uintptr(a[2].Num), int(a[3].Num), flags)
	check(err)
	c.Ret = int64(uintptr(at))
}

func (m *memFiles) punch(c *hostsys.Call) {
	if f := m.kept[int(c.Args[0].Num)]; f != nil && f.fd >= 0 {
		check(mmu.HostFiles{}.Punch(f.fd, int64(c.Args[1].Num), c.Args[2].Num))
	}
}

func (m *memFiles) drop(c *hostsys.Call) {
	fd := int(c.Args[0].Num)
	if f := m.kept[fd]; f != nil {
		delete(m.kept, fd)
		if f.refs--; f.refs == 0 {
			delete(m.byID, f.id)
			m.used -= f.used
			f.close()
		}
	}
	unix.Close(fd)
}

func (f *memFile) close() {
	if f.fd >= 0 {
		unix.Close(f.fd)
	}
}

func (m *memFiles) close() {
	for _, f := range m.byID { // each by itself
		f.close()
	}
}

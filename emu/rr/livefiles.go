package rr

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// liveFiles is what a recorder knows of the files that are mapped, and of the program's
// output.
type liveFiles struct {
	r      *Recorder
	lastID uint64
	known  map[fileID]*liveFile
	found  map[fileID]*contents
	kept   map[int]*liveFile // by the descriptors that are kept
	seenAs map[int]seenFD    // what descriptors of the guest lead to, until some are made or closed
	output map[fileID]stream
	copies map[int]stream // descriptors of the guest's that are copies of stdio
	stdio  [3]int
	own    map[fileID]bool // memory files that the guest has made
	tee    [2]int          // a pipe of our own, made when it is needed
	itself [2]bool         // the guest has opened the recording to be read, and to be written
	buf    []byte
}

type fileID struct{ dev, ino uint64 }

type seenFD struct {
	fileID
	regular bool
}

// liveFile is a file of which descriptors are kept.
type liveFile struct {
	fileID
	id    uint64
	typ   fileType
	fd    int // one of the descriptors
	refs  int
	size  int64
	pages map[uint64]pageID // what the player has in it, where it is not zeroes
	mtime unix.Timespec     // of the last change that the guest has made
	loose bool              // the guest's stores may change the file
	told  bool              // that it is lossy
}

func (l *liveFiles) init(r *Recorder, stdio [3]int) {
	*l = liveFiles{r: r, known: map[fileID]*liveFile{}, found: map[fileID]*contents{}, kept: map[int]*liveFile{}, seenAs: map[int]seenFD{}, output: map[fileID]stream{}, copies: map[int]stream{}, own: map[fileID]bool{}, stdio: stdio}
	for i, to := range []stream{stderr, stdout} {
		var st unix.Stat_t
		if unix.Fstat(stdio[2-i], &st) == nil && !isNull(&st) { // which a program opens to discard something
			l.output[fileID{st.Dev, st.Ino}] = to
		}
	}
}

// isNull reports whether a file is the null device (devices.txt of Linux's documentation).
func isNull(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == unix.Mkdev(1, 3)
}

// remaking are the calls after which a descriptor may lead to another file.
var remaking = map[uintptr]bool{
	unix.SYS_CLOSE: true, unix.SYS_OPENAT: true, unix.SYS_OPENAT2: true, unix.SYS_PIPE2: true, unix.SYS_SOCKET: true, unix.SYS_SOCKETPAIR: true,
	unix.SYS_ACCEPT4: true, unix.SYS_FCNTL: true, unix.SYS_MEMFD_CREATE: true, unix.SYS_EVENTFD2: true, unix.SYS_EPOLL_CREATE1: true,
	unix.SYS_TIMERFD_CREATE: true, unix.SYS_INOTIFY_INIT1: true, unix.SYS_RECVMSG: true, hostsys.SysMappedKeep: true,
}

// of is what a descriptor of the guest leads to.
func (l *liveFiles) of(fd int) seenFD {
	if s, ok := l.seenAs[fd]; ok {
		return s
	}
	var st unix.Stat_t
	var s seenFD
	if unix.Fstat(fd, &st) == nil {
		s = seenFD{fileID{st.Dev, st.Ino}, st.Mode&unix.S_IFMT == unix.S_IFREG}
	}
	l.seenAs[fd] = s
	return s
}

// target is, of the calls that put something into a file, the argument that names it.
var target = map[uintptr]int{
	unix.SYS_WRITE: 0, unix.SYS_WRITEV: 0, unix.SYS_PWRITEV2: 0, unix.SYS_SENDMSG: 0, unix.SYS_FTRUNCATE: 0, unix.SYS_FALLOCATE: 0,
	unix.SYS_SENDFILE: 0, unix.SYS_COPY_FILE_RANGE: 2, unix.SYS_SPLICE: 2, unix.SYS_TEE: 1, unix.SYS_IOCTL: 0,
}

// after writes down what a call has done to files that are mapped, and to the output.
func (l *liveFiles) after(c *hostsys.Call, m moved) {
	if remaking[c.Nr] {
		clear(l.seenAs)
	}
	if opening[c.Nr] && c.Err == 0 {
		l.opened(int(c.Ret))
	}
	if c.Nr == unix.SYS_TRUNCATE && c.Err == 0 {
		l.r.w.touched.Store(true) // it may be that
	}
	if m.to != noStream && c.Ret > 0 && c.Err == 0 {
		l.echoMoved(c.Ret, m)
	}
	switch {
	case c.Err != 0:
	case c.Nr == unix.SYS_CLOSE:
		delete(l.copies, int(c.Args[0].Num))
	case c.Nr == unix.SYS_FCNTL && (c.Args[1].Num == unix.F_DUPFD || c.Args[1].Num == unix.F_DUPFD_CLOEXEC):
		if to := l.streamOf(int(c.Args[0].Num)); to != noStream {
			l.copies[int(c.Ret)] = to
		}
	case c.Nr == unix.SYS_MEMFD_CREATE:
		l.own[l.of(int(c.Ret)).fileID] = true
	case c.Nr == hostsys.SysMappedKeep:
		l.keep(int(c.Ret))
	case c.Nr == hostsys.SysMap:
		l.mapped(c)
	case c.Nr == hostsys.SysPunch:
		if f := l.kept[int(c.Args[0].Num)]; f != nil {
			f.forget(int64(c.Args[1].Num), int64(c.Args[2].Num))
		}
	case len(l.known) > 0:
		l.changed(c)
	}
}

// keep writes down which file a descriptor that is kept leads to.
func (l *liveFiles) keep(fd int) {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return
	}
	id := fileID{st.Dev, st.Ino}
	f := l.known[id]
	fresh := f == nil
	if fresh {
		l.lastID++
		f = &liveFile{fileID: id, id: l.lastID, typ: typeOf(&st), fd: fd, pages: map[uint64]pageID{}, mtime: st.Mtim}
		l.known[id] = f
	}
	f.refs++
	l.kept[fd] = f
	mode, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	l.r.head(fileEntry)
	l.r.enc.file(&recordedFile{f.id, f.typ, mode & unix.O_ACCMODE})
	if f.typ == 0 {
		l.lossy(f, "is no file whose contents can be recorded")
	}
	if l.resize(f, st.Size); fresh && l.own[id] {
		l.take(f, 0, math.MaxInt64) // from now on the player knows what is in it
	}
}

// zeroDevice is /dev/zero (Documentation/admin-guide/devices.txt).
var zeroDevice = unix.Mkdev(1, 5)

func typeOf(st *unix.Stat_t) fileType {
	switch {
	case st.Mode&unix.S_IFMT == unix.S_IFREG:
		return regularFile
	case st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == zeroDevice:
		return zeroFile
	}
	return 0
}

// drop is told that a descriptor is about to be closed.
func (l *liveFiles) drop(fd int) {
	f := l.kept[fd]
	if f == nil {
		return
	}
	delete(l.kept, fd)
	l.foreign(f)
	if f.refs--; f.refs == 0 {
		delete(l.known, f.fileID)
		return
	}
	for other, g := range l.kept { // any will do
		if g == f {
			f.fd = other
			break
		}
	}
}

// resize writes down that a file has another size than the player's.
func (l *liveFiles) resize(f *liveFile, size int64) {
	if f.typ == regularFile && size != f.size {
		f.cut(size)
		l.contents(f, nil)
	}
}

// resized is told of a size that the guest gets to know: a foreign process may have made
// the file longer.
func (l *liveFiles) resized(f *liveFile, size int64) {
	if was, mtime := f.size, f.mtime; f.typ == regularFile && size > was && !l.own[f.fileID] {
		l.take(f, was, size-was)
		f.mtime = mtime // see foreign
		return
	}
	l.resize(f, size)
}

func (f *liveFile) cut(size int64) {
	if size < f.size {
		f.forget(size, math.MaxInt64)
	}
	f.size = size
}

// forget notes that the player has zeroes in a part, and reports whether it had others.
// The part may be of any length: only the pages that are known are gone through.
func (f *liveFile) forget(off, n int64) (had bool) {
	end := off + min(n, math.MaxInt64-off)
	for p := range f.pages { // each by itself
		at := int64(p) * PageSize
		if at <= off-PageSize || at >= end {
			continue
		}
		if had = true; at < off || at > end-PageSize {
			f.pages[p] = unknownPage
		} else {
			delete(f.pages, p)
		}
	}
	return had
}

// unknownPage says that the player's page has not been put down as a whole.
const unknownPage = ^pageID(0)

func (l *liveFiles) contents(f *liveFile, runs []pageRun) {
	l.r.head(pagesEntry)
	l.r.enc.pages(&recordedPages{f.id, f.size, runs})
	l.r.flushFull()
}

// seen is told how large a mapped file is found to be.
func (l *liveFiles) seen(fd int, size int64) {
	if f := l.kept[fd]; f != nil && size >= 0 {
		l.resized(f, size)
	}
}

// mapped writes down what a new map of a file shows.
func (l *liveFiles) mapped(c *hostsys.Call) {
	f := l.kept[int(c.Args[0].Num)]
	if f == nil || f.typ != regularFile {
		return
	}
	if mode, err := unix.FcntlInt(uintptr(c.Args[0].Num), unix.F_GETFL, 0); c.Args[4].Num&unix.MAP_SHARED != 0 && (err != nil || mode&unix.O_ACCMODE == unix.O_RDWR) {
		l.loosen(f)
	}
	if !l.own[f.fileID] {
		l.take(f, int64(c.Args[1].Num), int64(c.Args[2].Num))
	}
}

// loosen notes that the guest's stores may change a file, and with that perhaps those of
// processes that nobody records.
func (l *liveFiles) loosen(f *liveFile) {
	if f.loose {
		return
	}
	f.loose = true
	delete(l.found, f.fileID) // not every store changes the stamp
	if name := f.name(); !l.own[f.fileID] && !strings.HasPrefix(name, memoryFile) && !slices.Contains(l.r.shared, name) {
		l.r.shared = append(l.r.shared, name)
	}
}

// memoryFile begins the names of files that are memory (memfd_create(2)).
const memoryFile = "/memfd:"

// take writes down what is in a part of a file where the player has something else.
func (l *liveFiles) take(f *liveFile, off, n int64) {
	var st unix.Stat_t
	if unix.Fstat(f.fd, &st) != nil {
		return
	}
	grown := st.Size != f.size
	f.mtime = st.Mtim
	f.cut(st.Size)
	var runs []pageRun
	end := st.Size
	if n < end-off-PageSize {
		end = min(end, (off+n+PageSize-1)&^(PageSize-1)) // whole pages: what is not read becomes zeroes
	}
	for b := range l.ids(f, &st, off&^(PageSize-1), end) {
		if runs = takePage(f, runs, b); len(runs) == mostRuns {
			l.contents(f, runs)
			runs, grown = runs[:0], false
		}
	}
	if grown || len(runs) > 0 {
		l.contents(f, runs)
	}
}

// changed writes down what a call has changed in the files that are mapped.
func (l *liveFiles) changed(c *hostsys.Call) {
	switch c.Nr {
	case unix.SYS_UTIMENSAT:
		for _, f := range l.sorted() {
			var st unix.Stat_t
			if unix.Fstat(f.fd, &st) == nil {
				f.mtime = st.Mtim
			}
		}
		return
	case unix.SYS_TRUNCATE:
		for _, f := range l.sorted() {
			var st unix.Stat_t
			if unix.Fstat(f.fd, &st) == nil {
				f.mtime = st.Mtim
				l.resize(f, st.Size)
			}
		}
		return
	}
	if measuring[c.Nr] {
		l.measured(int(c.Args[0].Num))
		return
	}
	fd := int(c.Ret) // of an open that may have emptied it
	if !opening[c.Nr] {
		arg, ok := target[c.Nr]
		if !ok || c.Nr == unix.SYS_SENDMSG {
			return
		}
		fd = int(c.Args[arg].Num)
	}
	f := l.known[l.of(fd).fileID]
	if f == nil || f.typ != regularFile {
		return
	}
	off, n := l.written(c, fd)
	l.take(f, off, n)
}

// measuring are the calls that tell the guest how long a file is that it has open.
var measuring = map[uintptr]bool{
	unix.SYS_FSTAT: true, unix.SYS_NEWFSTATAT: true, unix.SYS_STATX: true, unix.SYS_LSEEK: true,
	unix.SYS_READ: true, unix.SYS_READV: true, unix.SYS_PREAD64: true, unix.SYS_PREADV: true, unix.SYS_PREADV2: true,
}

// measured writes down what a foreign process has added to a file that is mapped, when the
// guest may get to know of it.
func (l *liveFiles) measured(fd int) {
	f := l.known[l.of(fd).fileID]
	var st unix.Stat_t
	if f != nil && unix.Fstat(f.fd, &st) == nil && st.Size != f.size {
		l.resized(f, st.Size)
	}
}

// written is which part of a file a call has written.
func (l *liveFiles) written(c *hostsys.Call, fd int) (off, n int64) {
	switch c.Nr {
	case unix.SYS_WRITE, unix.SYS_WRITEV:
		at, err := unix.Seek(fd, 0, unix.SEEK_CUR)
		if err != nil {
			break
		}
		return at - c.Ret, c.Ret
	case unix.SYS_PWRITEV2:
		if off := int64(c.Args[3].Num); off >= 0 && c.Args[5].Num == 0 {
			if fl, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err == nil && fl&unix.O_APPEND == 0 {
				return off, c.Ret
			}
		}
	case unix.SYS_FTRUNCATE, unix.SYS_OPENAT, unix.SYS_OPENAT2:
		return 0, 0
	}
	return 0, math.MaxInt64
}

// sorted are the files that are mapped, in the order in which they first were.
func (l *liveFiles) sorted() []*liveFile {
	return slices.SortedFunc(maps.Values(l.known), func(a, b *liveFile) int { return cmp.Compare(a.id, b.id) })
}

// foreign looks whether somebody else has written to a file. Where the guest's own
// stores do, that cannot be told, but for another size.
func (l *liveFiles) foreign(f *liveFile) {
	var st unix.Stat_t
	if f.typ != regularFile || l.own[f.fileID] || unix.Fstat(f.fd, &st) != nil {
		return
	}
	if !f.loose && st.Mtim != f.mtime || st.Size != f.size {
		l.lossy(f, "was written by another process")
	}
}

// close looks at the files that are still mapped.
func (l *liveFiles) close() {
	for _, f := range l.sorted() {
		l.foreign(f)
	}
	if l.tee != [2]int{} {
		unix.Close(l.tee[0])
		unix.Close(l.tee[1])
	}
}

// lossy says once why a replay may not be able to show a file.
func (l *liveFiles) lossy(f *liveFile, why string) {
	if f.told {
		return
	}
	f.told = true
	l.r.note("%s, which the program maps, %s: a replay may go another way", f.name(), why)
}

func (f *liveFile) name() string {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.fd))
	if err != nil {
		return "a file"
	}
	return name
}

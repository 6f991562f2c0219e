package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/hostsys"
	"panda/emu/linux/mm"
)

// File is an open file: what descriptors of several processes may share. All
// but the listings of /proc are files of the host.
type File struct {
	refs  int
	fd    int    // of the host
	path  string // the guest's name of it, absolute where known
	real  string // the same without links, when it was asked for
	flags int    // O_ access mode and status flags as the guest set them
	mode  uint32 // S_IFMT type
	rdev  uint64 // of a device
	// mayBlock says that the host's descriptor is in blocking mode and of a kind
	// that keeps a reader waiting: it is polled first.
	mayBlock bool
	proc     procFile
	listing  listing
	signals  *signalFile
	bound    string    // the host's name of a Unix socket that the guest spells otherwise
	process  *Process  // of a pidfd
	master   *terminal // whose other side this is
	notify   notify    // of O_ASYNC
}

// procFile is what a file of the guest's /proc is of.
type procFile struct {
	name string    // its place there; empty for a file that is elsewhere
	node *procNode // when the kernel answers for it
	mm   *mm.MM    // that it is about
	at   int64     // position in a node that is not text
}

// listing is how far a directory has been read.
type listing struct {
	entries []abi.Dirent // of one that the kernel makes
	pos     int          // in entries
	places  []int64      // see narrowOffset
	placeOf map[int64]int64
}

// newFile wraps a host descriptor that the kernel owns.
func (k *Kernel) newFile(fd int, path string, flags int) *File {
	k.files.open++
	f := &File{refs: 1, fd: fd, path: path, flags: flags &^ (abi.O_CLOEXEC | abi.O_CREAT | abi.O_EXCL | abi.O_NOCTTY | abi.O_TRUNC)}
	if st, e := k.host.Fstat(fd); e == 0 {
		f.mode, f.rdev = st.Mode&unix.S_IFMT, st.Rdev
		if k.procs.Has(fd, &st) {
			f.proc.name = k.procs.Name(fd, &st)
		}
	}
	return f
}

// unref gives up a reference.
func (f *File) unref(k *Kernel) {
	if f.refs--; f.refs > 0 {
		return
	}
	k.files.open--
	if f.signals != nil {
		k.files.signalFDs = remove(k.files.signalFDs, f)
	}
	if f.process != nil {
		f.process.pidfds = remove(f.process.pidfds, f)
	}
	if f.master != nil {
		k.hangUp(f.master)
	}
	k.forgetName(f)
	k.files.async = remove(k.files.async, f)
	k.host.Close(f.fd)
	k.files.full = false
	if f.mode == unix.S_IFSOCK && len(k.sockets.flights) > 0 {
		k.landAll()
	}
}

func (f *File) nonblock() bool { return f.flags&abi.O_NONBLOCK != 0 }

func (f *File) readable() bool {
	return f.flags&abi.O_ACCMODE != abi.O_WRONLY && f.flags&abi.O_PATH == 0
}

func (f *File) writable() bool {
	return f.flags&abi.O_ACCMODE != abi.O_RDONLY && f.flags&abi.O_PATH == 0
}

// ready reports whether an operation on the host would not keep it waiting.
func (f *File) ready(h *hostsys.Host, events int16) bool {
	if !f.mayBlock {
		return true
	}
	return polls(h, f.fd, events)
}

// noteWritten is told that the contents of a file have changed, noteResized that its
// size has too: maps of it show that, and so must code that was translated from them.
func (k *Kernel) noteWritten(f *File) {
	if f.mode == unix.S_IFREG {
		k.mem.group.FileChanged(f.fd)
	}
}

func (k *Kernel) noteResized(f *File) {
	if f.mode == unix.S_IFREG {
		k.mem.group.FileResized(f.fd)
	}
}

// prompt reports whether the host reads and writes the file without waiting: it is
// /dev/null or its like, or a pipe or socket that does not wait.
func (f *File) prompt() bool {
	switch f.mode {
	case unix.S_IFCHR:
		return unix.Major(f.rdev) == memoryDevices
	case unix.S_IFIFO, unix.S_IFSOCK:
		return !f.mayBlock
	}
	return false
}

// memoryDevices is the major number of /dev/null, /dev/zero and their like.
const memoryDevices = 1

// polls reports whether a host descriptor is ready.
func polls(h *hostsys.Host, fd int, events int16) bool {
	n, _ := h.Ppoll([]unix.PollFd{{Fd: int32(fd), Events: events}}, 0)
	return n != 0
}

// realPath is the guest's path of a file as the host knows it now.
func (k *Kernel) realPath(f *File) string {
	if f.real == "" {
		name, e := k.host.Readlinkat(unix.AT_FDCWD, hostfile.Path(f.fd))
		if e != 0 {
			return f.path
		}
		f.real = k.guestPath(name)
	}
	return f.real
}

// wrap makes a file of a descriptor that the guest was started with.
func (k *Kernel) wrap(fd int) *File {
	own, e := k.host.Fcntl(fd, unix.F_DUPFD_CLOEXEC, 0)
	if e != 0 {
		return nil
	}
	fl, _ := k.host.Fcntl(fd, unix.F_GETFL, 0)
	f := k.newFile(int(own), "", int(fl))
	f.path = k.realPath(f)
	switch f.mode {
	case unix.S_IFIFO, unix.S_IFSOCK, unix.S_IFCHR:
		f.mayBlock = fl&unix.O_NONBLOCK == 0
	}
	return f
}

// slot is an entry of a descriptor table.
type slot struct {
	file    *File
	cloexec bool
}

// fdTable is the descriptors of a process.
type fdTable struct {
	refs  int
	slots []slot
}

// unref gives up a reference; the last one closes all files.
func (ft *fdTable) unref(k *Kernel) {
	if ft == nil {
		return
	}
	if ft.refs--; ft.refs > 0 {
		return
	}
	for i := range ft.slots {
		ft.drop(k, i)
	}
}

// clone copies the table with one reference.
func (ft *fdTable) clone() *fdTable {
	c := &fdTable{refs: 1, slots: append([]slot(nil), ft.slots...)}
	for _, s := range c.slots {
		if s.file != nil {
			s.file.refs++
		}
	}
	return c
}

// file finds an open file.
func (ft *fdTable) file(fd int) (*File, errno) {
	if fd < 0 || fd >= len(ft.slots) || ft.slots[fd].file == nil {
		return nil, abi.EBADF
	}
	return ft.slots[fd].file, 0
}

// lowest is the lowest free descriptor from least on.
func (ft *fdTable) lowest(least int) int {
	for i := least; i < len(ft.slots); i++ {
		if ft.slots[i].file == nil {
			return i
		}
	}
	return max(least, len(ft.slots))
}

// set puts a file, whose reference it takes over, at a descriptor.
func (ft *fdTable) set(fd int, f *File, cloexec bool) {
	for len(ft.slots) <= fd {
		ft.slots = append(ft.slots, slot{})
	}
	ft.slots[fd] = slot{f, cloexec}
}

// drop closes a descriptor.
func (ft *fdTable) drop(k *Kernel, fd int) {
	if f := ft.slots[fd].file; f != nil {
		ft.slots[fd] = slot{}
		f.unref(k)
	}
}

// fewer reports whether fewer than n descriptors are open.
func (ft *fdTable) fewer(n int) bool {
	for i := range ft.slots {
		if ft.slots[i].file != nil {
			n--
		}
		if n <= 0 {
			return false
		}
	}
	return true
}

// file finds an open file of the thread.
func (t *Thread) file(fd int) (*File, errno) { return t.files.file(fd) }

// reader and writer find a file that may be read or written.
func (t *Thread) reader(fd int) (*File, errno) { return t.usable(fd, (*File).readable) }
func (t *Thread) writer(fd int) (*File, errno) { return t.usable(fd, (*File).writable) }

func (t *Thread) usable(fd int, may func(*File) bool) (*File, errno) {
	f, e := t.file(fd)
	if e == 0 && !may(f) {
		return nil, abi.EBADF
	}
	return f, e
}

// socket finds a socket.
func (t *Thread) socket(fd int) (*File, errno) {
	f, e := t.file(fd)
	if e == 0 && f.mode != unix.S_IFSOCK {
		return nil, abi.ENOTSOCK
	}
	return f, e
}

// install gives a new file the lowest descriptor.
func (t *Thread) install(f *File, cloexec bool) (int64, errno) {
	return t.installFrom(f, cloexec, 0)
}

func (t *Thread) installFrom(f *File, cloexec bool, least int) (int64, errno) {
	fd := t.files.lowest(least)
	e := t.mayOpen(fd)
	if e == 0 && f.fd >= t.k.files.maxFD && f.fd >= t.maxFD() {
		e = abi.EMFILE
	}
	if e != 0 {
		f.unref(t.k)
		return 0, e
	}
	t.k.files.full = t.k.files.full || f.fd == t.k.files.maxFD-1 // the host gives the lowest
	t.files.set(fd, f, cloexec)
	return int64(fd), 0
}

// mayInstall says before a call does what a failure would not take back whether
// there is a descriptor for its file.
func (t *Thread) mayInstall() errno {
	if t.k.files.full && !t.files.fewer(fewFiles) {
		return abi.EMFILE
	}
	return t.mayOpen(t.files.lowest(0))
}

// mayOpen says whether the limits allow a descriptor.
func (t *Thread) mayOpen(fd int) errno {
	switch {
	case uint64(fd) >= t.p.limit(unix.RLIMIT_NOFILE):
		if fd >= t.k.limits.Files {
			t.k.refused("files", uint64(t.k.limits.Files), "another open file")
		}
		return abi.EMFILE
	case t.k.files.open > t.k.limits.Files:
		t.k.refused("files", uint64(t.k.limits.Files), "another open file")
		return abi.ENFILE
	}
	return 0
}

// adopt installs a host descriptor that a call just made in non-blocking mode.
func (t *Thread) adopt(fd int, e errno, name string, flags int) (int64, errno) {
	if e != 0 {
		return 0, e
	}
	return t.install(t.k.newFile(fd, name, flags), flags&abi.O_CLOEXEC != 0)
}

// fsContext is where a process is in the file system.
type fsContext struct {
	refs  int
	cwd   *workDir
	path  string // its name in the guest
	proc  string // the same when it is in /proc
	umask uint32
}

// name is the directory's name as it is now.
func (fs *fsContext) name(k *Kernel) (string, errno) {
	if fs.proc != "" {
		return fs.proc, 0
	}
	name, e := k.host.Readlinkat(unix.AT_FDCWD, hostfile.Path(fs.cwd.fd))
	return k.guestPath(name), e
}

func (fs *fsContext) unref(k *Kernel) {
	if fs == nil {
		return
	}
	if fs.refs--; fs.refs == 0 {
		fs.cwd.unref(k)
	}
}

func (fs *fsContext) clone(k *Kernel) *fsContext {
	c := *fs
	c.refs = 1
	c.cwd.refs++
	return &c
}

// chdir makes a directory the working one.
func (fs *fsContext) chdir(k *Kernel, fd int) {
	fs.cwd.unref(k)
	fs.cwd = &workDir{fd, 1}
}

// workDir is a working directory, which processes share until they change it.
type workDir struct {
	fd   int // of the host
	refs int
}

func (d *workDir) unref(k *Kernel) {
	if d.refs--; d.refs == 0 {
		k.host.Close(d.fd)
	}
}

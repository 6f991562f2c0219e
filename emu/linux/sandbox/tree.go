package sandbox

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// fileID tells files apart, as the host does.
type fileID struct{ dev, ino uint64 }

const (
	ownDev   = 0x5a        // device number of files that the guest made
	firstIno = 0x1000_0000 // their numbers begin here
)

// inode is a file of any type. Where lower is set, the host has it: its content,
// and its attributes unless own is set.
type inode struct {
	typ   uint32 // S_IFMT
	id    fileID
	lower *lower
	own   bool // st holds the attributes
	fixed bool // belongs to the view: it cannot be changed or removed
	st    unix.Stat_t
	// links is how many names it has, as a difference to what the host says;
	// for a directory, how many subdirectories.
	links int
	data  int // memory file of the content, or of an open directory; -1 for none
	opens int // descriptors that lead here

	target   string            // of a link
	children map[string]*entry // of a directory: what is known and what is different
	opaque   bool              // the host's names do not count
	xattrs   map[string][]byte // nil while they are the host's
	hostFile string            // a file of the host's /proc
	device   string            // a device of the view
	sock     string            // host address of a bound socket
	fifo     *fifo
}

// entry is a name in a directory. A directory has one, so that it also knows
// where it is; other files may have several. Without an inode it says that
// the host's name is gone.
type entry struct {
	parent *entry
	name   string
	ino    *inode
	gone   bool // removed, while it is open
	home   bool // still where the host has it
	view   bool // made by buildView
}

func (n *inode) isDir() bool { return n.typ == unix.S_IFDIR }

// path is the entry's name in the guest, of a length that calls can give.
func (e *entry) path() (string, errno) {
	var names []string // from the last on
	size := 0
	if e.gone {
		names, size = []string{" (deleted)"}, len(" (deleted)")
	}
	for ; e.parent != nil; e = e.parent {
		names = append(names, e.name, "/")
		if size += 1 + len(e.name); size >= unix.PathMax {
			return "", abi.ENAMETOOLONG
		}
	}
	if names == nil {
		return "/", 0
	}
	slices.Reverse(names)
	return strings.Join(names, ""), 0
}

// within reports whether an entry lies at or below a directory.
func (e *entry) within(dir *entry) bool {
	for ; e != nil; e = e.parent {
		if e == dir {
			return true
		}
	}
	return false
}

// newInode makes a file of the guest's own.
func (s *Sandbox) newInode(mode uint32) *inode {
	s.view.nextIno++
	n := &inode{typ: mode & unix.S_IFMT, id: fileID{ownDev, s.view.nextIno}, own: true, opaque: true, data: -1}
	now := s.now()
	n.st = unix.Stat_t{Dev: ownDev, Ino: s.view.nextIno, Mode: mode, Uid: s.user.uid, Gid: s.user.gid, Blksize: 4096, Atim: now, Mtim: now, Ctim: now}
	if n.isDir() {
		n.st.Size, n.st.Blocks, n.st.Nlink = 4096, 8, 2
		n.children = map[string]*entry{}
		n.xattrs = map[string][]byte{}
	}
	return n
}

func (s *Sandbox) now() unix.Timespec {
	ts, _ := s.host.ClockGettime(unix.CLOCK_REALTIME)
	return ts
}

// child finds a name of a directory.
func (s *Sandbox) child(dir *entry, name string) (*entry, errno) {
	n := dir.ino
	if e, ok := n.children[name]; ok {
		if e.ino == nil {
			return nil, abi.ENOENT
		}
		return e, 0
	}
	if n.opaque || n.lower == nil || dir.gone {
		return nil, abi.ENOENT
	}
	found, e := s.lookUp(n.lower.join(name))
	if e != 0 {
		return nil, e
	}
	child := &entry{parent: dir, name: name, ino: found, home: true}
	n.put(child)
	return child, 0
}

func (n *inode) put(e *entry) {
	if n.children == nil {
		n.children = map[string]*entry{}
	}
	n.children[e.name] = e
}

// add puts a file into a directory, which has changed then.
func (s *Sandbox) add(dir *entry, name string, n *inode) *entry {
	e := &entry{parent: dir, name: name, ino: n}
	dir.ino.put(e)
	if n.isDir() {
		dir.ino.links++
	} else {
		n.links++
	}
	s.touchDir(dir)
	return e
}

// take removes a name from its directory; a mark remains where the host has that
// name.
func (s *Sandbox) take(e *entry) {
	dir := e.parent.ino
	delete(dir.children, e.name)
	if s.below(dir, e.name) {
		dir.put(&entry{parent: e.parent, name: e.name})
	}
	if e.ino.isDir() {
		dir.links--
	} else {
		e.ino.links--
		e.ino.st.Ctim = s.now()
	}
	s.touchDir(e.parent)
}

// below reports whether the host has a name in a directory whose names count.
func (s *Sandbox) below(dir *inode, name string) bool {
	if dir.lower == nil || dir.opaque {
		return false
	}
	fd, e := s.openLower(dir.lower.join(name), unix.O_PATH)
	if e == 0 {
		s.host.Close(fd)
	}
	return e != abi.ENOENT
}

// touchDir notes the time of a change in a directory.
func (s *Sandbox) touchDir(dir *entry) {
	if s.ownAttrs(dir.ino) == 0 {
		dir.ino.st.Mtim = s.now()
		dir.ino.st.Ctim = dir.ino.st.Mtim
	}
}

// move gives a file another name. Who has it open as a directory still has it.
func (s *Sandbox) move(e *entry, dir *entry, name string) {
	s.take(e)
	e.parent, e.name, e.home = dir, name, false
	dir.ino.put(e)
	if e.ino.isDir() {
		dir.ino.links++
	} else {
		e.ino.links++
	}
	s.touchDir(dir)
}

// remove takes a name away for good.
func (s *Sandbox) remove(e *entry) {
	s.take(e)
	e.gone = true
	s.forget(e.ino)
}

// forget frees the content of a file that neither names nor descriptors reach.
func (s *Sandbox) forget(n *inode) {
	if n.opens > 0 || !n.isDir() && (n.lower != nil || !n.own || int(n.st.Nlink)+n.links > 0) {
		return
	}
	s.freeContent(n)
}

// names lists a directory, sorted.
func (s *Sandbox) names(dir *entry) ([]abi.Dirent, errno) {
	n := dir.ino
	var all []abi.Dirent
	if n.lower != nil && !n.opaque {
		host, e := s.lowerNames(n.lower)
		if e != 0 {
			return nil, e
		}
		for _, d := range host {
			if _, ok := n.children[d.Name]; !ok {
				all = append(all, d)
			}
		}
	}
	for name, e := range n.children { // sorted below
		if e.ino != nil {
			all = append(all, abi.Dirent{Ino: e.ino.id.ino, Type: uint8(e.ino.typ >> 12), Name: name})
		}
	}
	slices.SortFunc(all, func(a, b abi.Dirent) int { return strings.Compare(a.Name, b.Name) })
	return all, 0
}

// stat is the attributes of a file.
func (s *Sandbox) stat(n *inode) (st unix.Stat_t, e errno) {
	if n.own {
		st = n.st
		if n.data >= 0 && !n.isDir() {
			s.contentStat(n, &st)
		}
	} else if st, e = s.lowerStat(n.lower); e != 0 {
		return st, e
	}
	assign(&st.Nlink, max(int(st.Nlink)+n.links, 0))
	st.Dev, st.Ino = n.id.dev, n.id.ino
	return st, 0
}

// contentStat adds what the memory file knows.
func (s *Sandbox) contentStat(n *inode, st *unix.Stat_t) {
	d, e := s.host.Fstat(n.data)
	if e != 0 {
		return
	}
	st.Size, st.Blocks, st.Atim, st.Mtim = d.Size, d.Blocks, d.Atim, d.Mtim
	if later(d.Ctim, st.Ctim) {
		st.Ctim = d.Ctim
	}
}

func later(a, b unix.Timespec) bool { return a.Sec > b.Sec || a.Sec == b.Sec && a.Nsec > b.Nsec }

// ownAttrs makes the attributes of a file the sandbox's, so that they can change.
// A regular file of the host is copied.
func (s *Sandbox) ownAttrs(n *inode) errno {
	switch {
	case n.fixed:
		return abi.EPERM
	case n.own:
		return 0
	case n.typ == unix.S_IFREG:
		return s.copyUp(n, false)
	}
	st, e := s.lowerStat(n.lower)
	if e != 0 {
		return e
	}
	if e := s.loadXattrs(n); e != 0 {
		return e
	}
	n.st, n.own = st, true
	return 0
}

// may checks the permission bits (r 4, w 2, x 1) for the user.
func (s *Sandbox) may(n *inode, want uint32) errno {
	if s.user.uid == 0 && (want&1 == 0 || n.isDir()) {
		return 0
	}
	st, e := s.stat(n)
	if e != 0 {
		return e
	}
	if s.user.allows(&st, want) {
		return 0
	}
	return abi.EACCES
}

func (u *user) allows(st *unix.Stat_t, want uint32) bool {
	mode := st.Mode
	switch {
	case u.uid == 0:
		return want&1 == 0 || mode&0o111 != 0
	case u.uid == st.Uid:
		mode >>= 6
	case u.gid == st.Gid || slices.Contains(u.groups, st.Gid):
		mode >>= 3
	}
	return mode&want == want
}

// mayChange checks whether names may be made and removed in a directory. victim,
// if any, is what would be removed; else there must be memory for a new one.
func (s *Sandbox) mayChange(dir *entry, victim *entry) errno {
	switch {
	case dir.ino.fixed:
		return abi.EACCES
	case victim != nil && (victim.ino.fixed || victim.parent == nil):
		return abi.EPERM
	case dir.gone:
		return abi.ENOENT
	}
	e := s.may(dir.ino, 3)
	if e == 0 && victim == nil {
		return s.charge(nameCost)
	}
	if e != 0 || s.user.uid == 0 {
		return e
	}
	st, e := s.stat(dir.ino)
	if e != 0 || st.Mode&unix.S_ISVTX == 0 || st.Uid == s.user.uid {
		return e
	}
	if st, e = s.stat(victim.ino); e == 0 && st.Uid != s.user.uid {
		e = abi.EPERM
	}
	return e
}

// isOwner reports whether the user may change the attributes of a file.
func (s *Sandbox) isOwner(n *inode) bool {
	st, e := s.stat(n)
	return e == 0 && (s.user.uid == 0 || s.user.uid == st.Uid)
}

// assign is for fields whose type depends on the host's architecture.
func assign[T ~int32 | ~int64 | ~uint32 | ~uint64](field *T, v int) { *field = T(v) }

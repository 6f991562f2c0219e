package linux

import (
	"hash/fnv"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/cred"
	"panda/emu/linux/namei"
)

// The guest's /proc. What is below /proc/PID is made of one table (proctable.go)
// and of nothing else: a name that is not there does not exist, whatever the host
// has. The processes of the host that are not the emulator, and what tells about
// the machine, are the host's.

// procRow is a file that every process has in its directory.
type procRow struct {
	name string
	mode uint32 // type and permissions
	// text is the content of a file, set takes what is written to it. transfer
	// reads and writes a file that is not text.
	text     func(n *procNode) string
	set      func(n *procNode, text string) errno
	transfer func(f *File, b []byte, off int64, write bool) (int, errno)
	// link is where a link leads; open is the file itself, for those that lead
	// to an open one whatever its name.
	link func(n *procNode) (string, errno)
	open func(n *procNode) (namei.Target, errno)
	// names and child are a directory's.
	names func(n *procNode) []string
	child func(n *procNode, name string) *procNode

	perProcess bool // not in the directories of threads
	perThread  bool // only there
	mirror     bool // exists where the host has it
}

// procNode is a file of /proc.
type procNode struct {
	k    *Kernel
	path string // its name, with the ids of process and thread
	row  *procRow
	p    *Process
	t    *Thread
	file *File  // of fd and fdinfo
	host string // the host's file of this name, when it is not path
	mode uint32 // when it is not the row's
}

// Typ is the type of the file.
func (n *procNode) Typ() uint32 { return n.perm() & unix.S_IFMT }

func (n *procNode) perm() uint32 {
	if n.mode != 0 {
		return n.mode
	}
	return n.row.mode
}

// Name is the path of the file.
func (n *procNode) Name() string { return n.path }

// Target is the node as the result of a path. What the host answers for is a
// plain name.
func (n *procNode) Target() *namei.Target {
	tg := &namei.Target{Dir: unix.AT_FDCWD, Path: n.hostPath(), Guest: n.path, Walked: true}
	if n.row != &hostRow {
		tg.Node = n
	}
	return tg
}

// hostPath is the host's name of a file that the host answers for.
func (n *procNode) hostPath() string {
	if n.host != "" {
		return n.host
	}
	return n.path
}

// Readlink is the text of a link.
func (n *procNode) Readlink() (string, errno) {
	switch {
	case n.row.link == nil:
		return "", abi.EINVAL
	case n.gone():
		return "", abi.ENOENT
	}
	return n.row.link(n)
}

// Opens reports whether a link leads to an open file whatever its name.
func (n *procNode) Opens() bool { return n.row.open != nil }

// Open is the file that such a link leads to.
func (n *procNode) Open() (namei.Target, errno) { return n.row.open(n) }

// procView is /proc as a thread sees it.
type procView struct{ t *Thread }

// ProcAt finds a node.
func (v procView) ProcAt(name string) (namei.Node, errno) {
	n, e := v.t.procAt(name)
	if e != 0 {
		return nil, e
	}
	return n, 0
}

// orNil is the node for a target, which has none where n is nil.
func (n *procNode) orNil() namei.Node {
	if n == nil {
		return nil
	}
	return n
}

// nodeOf is the file of /proc that a path means, nil for one of the host.
func nodeOf(tg namei.Target) *procNode {
	n, _ := tg.Node.(*procNode)
	return n
}

// below makes a node of a row in the directory n.
func (n *procNode) below(row *procRow, name string) *procNode {
	return &procNode{k: n.k, path: strings.TrimSuffix(n.path, "/") + "/" + name, row: row, p: n.p, t: n.t}
}

// procAt finds the node of a clean path at or below /proc. Links are not followed.
func (t *Thread) procAt(name string) (*procNode, errno) {
	n := &procNode{k: t.k, path: namei.ProcTop, row: &topRow, p: t.p, t: t}
	for part := range strings.SplitSeq(strings.TrimPrefix(name, namei.ProcTop), "/") {
		switch {
		case part == "":
			continue
		case len(part) > 255:
			return nil, abi.ENAMETOOLONG
		case n.row.child == nil:
			return nil, abi.ENOTDIR
		}
		if n = n.row.child(n, part); n == nil {
			return nil, abi.ENOENT
		}
	}
	return n, 0
}

// topRow is /proc itself.
var topRow, threadRow, processRow, hostRow procRow

// topLinks are the links in /proc that depend on who looks.
var topLinks = []procRow{
	{name: "self", mode: unix.S_IFLNK | 0o777, link: func(n *procNode) (string, errno) { return strconv.Itoa(n.p.pid), 0 }},
	{name: "thread-self", mode: unix.S_IFLNK | 0o777, link: func(n *procNode) (string, errno) {
		return strconv.Itoa(n.p.pid) + "/task/" + strconv.Itoa(n.t.tid), 0
	}},
	{name: "mounts", mode: unix.S_IFLNK | 0o777, link: func(*procNode) (string, errno) { return "self/mounts", 0 }},
	{name: "net", mode: unix.S_IFLNK | 0o777, link: func(*procNode) (string, errno) { return "self/net", 0 }},
}

func init() { // the rows refer to one another
	topRow = procRow{mode: unix.S_IFDIR | 0o555, names: topNames, child: topChild}
	processRow = procRow{mode: unix.S_IFDIR | 0o555, names: rowNames, child: rowChild}
	threadRow = processRow
	hostRow = procRow{child: hostChild, link: hostLink}
}

func topChild(n *procNode, name string) *procNode {
	for i := range topLinks {
		if topLinks[i].name == name {
			return n.below(&topLinks[i], name)
		}
	}
	id, err := strconv.Atoi(name)
	if err != nil {
		return hostChild(n, name)
	}
	if name != strconv.Itoa(id) {
		return nil
	}
	at := n.below(&processRow, name)
	if at.p = n.k.process(id); at.p != nil {
		at.t = at.p.leader()
	} else if at.t = n.k.thread(id); at.t != nil {
		at.p = at.t.p
	} else if n.k.tasks.ever[id] || n.k.isEmulator(id) {
		return nil
	} else {
		return hostChild(n, name)
	}
	if at.t == nil || at.p.exit.ended || at.p.mm == nil {
		at.row, at.t = &endedRow, nil
	}
	return at
}

// topNames are what the host has, with the guest's processes for those that were
// the guest's.
func topNames(n *procNode) []string {
	k := n.k
	names := slices.DeleteFunc(k.hostNames(namei.ProcTop), func(name string) bool {
		id, err := strconv.Atoi(name)
		return err == nil && (k.tasks.ever[id] || k.process(id) != nil) || slices.ContainsFunc(topLinks, func(r procRow) bool { return r.name == name })
	})
	for i := range topLinks {
		if row := &topLinks[i]; row.name != "net" || k.hostHas("/proc/self/net") {
			names = append(names, row.name)
		}
	}
	for _, p := range k.tasks.procs {
		names = append(names, strconv.Itoa(p.pid))
	}
	return names
}

// inThread reports whether the directory n is that of a thread in task.
func (n *procNode) inThread() bool { return n.row == &threadRow }

func rowChild(n *procNode, name string) *procNode {
	for i := range procRows {
		if row := &procRows[i]; row.name == name && row.isIn(n) {
			return n.below(row, name)
		}
	}
	return nil
}

func rowNames(n *procNode) (names []string) {
	for i := range procRows {
		if row := &procRows[i]; row.isIn(n) {
			names = append(names, row.name)
		}
	}
	return names
}

func (r *procRow) isIn(n *procNode) bool {
	if r.perProcess && n.inThread() || r.perThread && !n.inThread() {
		return false
	}
	return !r.mirror || n.k.hostHas("/proc/self/"+r.name)
}

// owner is the user and group that a node belongs to.
func (n *procNode) owner() (uid, gid uint32) {
	if n.p == nil || n.row == &topRow || n.p.dump.able != 1 && n.row != &processRow {
		return 0, 0
	}
	return n.p.creds.UID[cred.Effective], n.p.creds.GID[cred.Effective]
}

// stat is the attributes of a node.
func (n *procNode) stat() unix.Stat_t {
	st, _ := n.k.host.Fstatat(unix.AT_FDCWD, namei.ProcTop, 0)
	h := fnv.New32a()
	h.Write([]byte(n.path))
	st.Ino, st.Mode, st.Size, st.Rdev = uint64(h.Sum32()), n.perm(), 0, 0
	st.Uid, st.Gid = n.owner()
	st.Nlink = 1
	switch {
	case n.row == &topRow:
		st.Ino, st.Nlink = 1, 2
	case n.row.name == "task":
		st.Nlink = 2
		for range n.p.threads {
			st.Nlink++
		}
	case n.Typ() == unix.S_IFDIR:
		st.Nlink = 2
	case n.file != nil && n.Typ() == unix.S_IFLNK:
		st.Size = 64
	}
	if n.row.name == "fd" {
		st.Size = int64(len(n.row.names(n))) // since Linux 6.2
	}
	return st
}

// may checks the permission bits (r 4, w 2, x 1) of a node.
func (t *Thread) may(n *procNode, want uint32) errno {
	mode, cr := n.perm(), &t.p.creds
	uid, gid := n.owner()
	switch {
	case cr.Privileged() && (want&1 == 0 || mode&0o111 != 0):
		return 0
	case cr.UID[cred.Effective] == uid:
		mode >>= 6
	case cr.GID[cred.Effective] == gid || slices.Contains(cr.Groups, gid):
		mode >>= 3
	}
	if mode&want != want {
		return abi.EACCES
	}
	return 0
}

// direntType is the type of an entry of a listing.
func (n *procNode) direntType(name string) uint8 {
	if name == "." || name == ".." {
		return unix.DT_DIR
	}
	if n.row == &topRow && !isProcessName(name) {
		return unix.DT_UNKNOWN
	}
	if child := n.row.child(n, name); child != nil {
		return uint8(child.Typ() >> 12)
	}
	return unix.DT_UNKNOWN
}

// direntIno is the inode number of an entry of a listing.
func (n *procNode) direntIno(name string) uint64 {
	h := fnv.New32a()
	h.Write([]byte(path.Join(n.path, name)))
	return uint64(h.Sum32())
}

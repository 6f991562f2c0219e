package linux

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
)

// Open files of the guest's /proc. To the host they are memory files: text is
// written to one whenever it is read from the start, as the kernel makes it then.

// openNode opens a node of /proc.
func (t *Thread) openNode(n *procNode, flags int) (*File, errno) {
	write := flags&abi.O_ACCMODE != abi.O_RDONLY
	switch {
	case flags&abi.O_DIRECTORY != 0 && n.Typ() != unix.S_IFDIR:
		return nil, abi.ENOTDIR
	case flags&abi.O_PATH != 0:
		return t.k.nodeFile(n, flags, true)
	case flags&(abi.O_CREAT|abi.O_EXCL) == abi.O_CREAT|abi.O_EXCL:
		return nil, abi.EEXIST
	case n.Typ() == unix.S_IFLNK:
		return nil, abi.ELOOP
	case n.Typ() == unix.S_IFDIR && (write || flags&abi.O_CREAT != 0):
		return nil, abi.EISDIR
	}
	want := [4]uint32{4, 2, 6, 6}[flags&abi.O_ACCMODE]
	if flags&abi.O_TRUNC != 0 {
		want |= 2
	}
	if e := t.may(n, want); e != 0 {
		return nil, e
	}
	return t.k.nodeFile(n, flags, n.Typ() == unix.S_IFDIR)
}

// nodeFile makes an open file of a node: one that is only a place, or one with
// content.
func (k *Kernel) nodeFile(n *procNode, flags int, place bool) (f *File, e errno) {
	var fd int
	if place {
		fd, e = k.host.Openat(unix.AT_FDCWD, namei.ProcTop, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	} else {
		fd, e = k.host.Memfd("proc", unix.MFD_CLOEXEC)
	}
	if e != 0 {
		return nil, e
	}
	f = k.newFile(fd, n.path, flags)
	f.mode, f.proc.node, f.proc.name, f.real = n.Typ(), n, n.path, n.path
	if n.p != nil {
		f.proc.mm = n.p.mm
	}
	return f, 0
}

// ownNode replaces a file of the host's /proc that the guest was given by the
// guest's own, where that is about a process of the guest.
func (t *Thread) ownNode(f *File) {
	if f == nil || f.proc.name == "" || f.proc.node != nil {
		return
	}
	n, e := t.procAt(f.proc.name)
	if e == 0 && n.row == &hostRow {
		return
	} else if e != 0 {
		n = &procNode{k: t.k, path: f.proc.name, row: &lostRow, p: t.p, t: t}
	}
	own, e := t.k.nodeFile(n, f.flags, n.Typ() == unix.S_IFDIR)
	if e != 0 {
		return
	}
	t.k.host.Close(f.fd)
	t.k.files.open-- // the two are one file
	own.refs = f.refs
	*f = *own
}

// lostRow is a file that the guest was given and cannot have.
var lostRow = procRow{mode: unix.S_IFREG, text: func(*procNode) string { return "" }}

// gone reports whether the process of a node has ended.
func (n *procNode) gone() bool {
	switch {
	case n.row == &topRow, n.p == nil: // of the machine
		return false
	case n.t == nil: // it had ended before
		return n.k.process(n.p.pid) != n.p
	}
	return n.p.exit.ended || n.p.mm == nil || n.t.state == dead
}

// fill writes the text of a node to its memory file, when that is read from the
// start.
func (f *File) fill(k *Kernel, off int64) errno {
	if off < 0 {
		off, _ = k.host.Lseek(f.fd, 0, unix.SEEK_CUR)
	}
	if off != 0 {
		return 0
	}
	if f.proc.node.gone() {
		return abi.ESRCH
	}
	k.host.Ftruncate(f.fd, 0)
	text := []byte(f.proc.node.row.text(f.proc.node))
	for at := int64(0); len(text) != 0; {
		n, e := k.host.Pwritev2(f.fd, [][]byte{text}, at, 0)
		if e != 0 {
			return e
		}
		at, text = at+int64(n), text[n:]
	}
	return 0
}

// readNode prepares a read of a file of /proc. done says that it was all.
func (t *Thread) readNode(x transfer, v [][]byte) (n int64, e errno, done bool) {
	node := x.f.proc.node
	switch {
	case node.Typ() == unix.S_IFDIR:
		return 0, abi.EISDIR, true
	case node.row.transfer != nil:
		n, e = x.f.transfer(x.off, v, false)
		return n, e, true
	case node.row.text == nil:
		return 0, abi.EINVAL, true
	}
	e = x.f.fill(t.k, x.off)
	return 0, e, e != 0
}

// writeNode writes to a file of /proc.
func (t *Thread) writeNode(x transfer, v [][]byte) (int64, errno) {
	node := x.f.proc.node
	switch {
	case node.row.transfer != nil:
		return x.f.transfer(x.off, v, true)
	case node.row.set == nil:
		return 0, abi.EINVAL
	case node.gone():
		return 0, abi.ESRCH
	}
	var text strings.Builder
	for _, b := range v {
		text.Write(b)
	}
	if e := node.row.set(node, text.String()); e != 0 {
		return 0, e
	}
	return int64(text.Len()), 0
}

// transfer reads or writes a file that is not text, at the position of the file
// where off is negative.
func (f *File) transfer(off int64, v [][]byte, write bool) (total int64, e errno) {
	at := off
	if off < 0 {
		at = f.proc.at
	}
	for _, b := range v {
		n, err := f.proc.node.row.transfer(f, b, at+total, write)
		total += int64(n)
		if err != 0 && total == 0 {
			return 0, err
		}
		if n < len(b) {
			break
		}
	}
	if off < 0 {
		f.proc.at += total
	}
	return total, 0
}

// seekNode moves the position of a file of /proc, whose end nobody knows.
func (f *File) seekNode(k *Kernel, off int64, whence int) (int64, errno) {
	if f.proc.node.row.transfer == nil {
		if whence > unix.SEEK_CUR {
			return 0, abi.EINVAL
		}
		return k.host.Lseek(f.fd, off, whence)
	}
	switch whence {
	case unix.SEEK_SET:
	case unix.SEEK_CUR:
		off += f.proc.at
	default:
		return 0, abi.EINVAL
	}
	f.proc.at = off // addresses have all 64 bits
	return off, 0
}

// rewind makes a listing once more, as the first read of a directory does.
func (f *File) rewind() {
	f.listing.entries = f.listing.entries[:0]
	for i, name := range append([]string{".", ".."}, f.proc.node.row.names(f.proc.node)...) {
		f.listing.entries = append(f.listing.entries, abi.Dirent{Ino: f.proc.node.direntIno(name), Off: int64(i + 1), Type: f.proc.node.direntType(name), Name: name})
	}
}

func (ft *fdTable) names() []string {
	var names []string
	for i, s := range ft.slots {
		if s.file != nil {
			names = append(names, strconv.Itoa(i))
		}
	}
	return names
}

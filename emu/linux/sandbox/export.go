package sandbox

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// Names in an export that are not files: what was removed, and what a new
// directory hides. They are those of container images.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// exporter writes the changes of the tree.
type exporter struct {
	s    *Sandbox
	out  io.Writer
	w    *tar.Writer
	seen map[*inode]string // first name of a file with several
	// What was left out.
	deep int
	odd  []string
}

// Bounds of what an archive can hold. Paths that are longer cannot be opened, and
// to write the whole path of each of many directories within each other takes time
// and space without end.
const (
	maxPath   = unix.PathMax - 1
	maxXattrs = 512 << 10 // bytes of a file's attributes; readers take a megabyte
)

// Export writes what the guest changed as a tar: new and changed files whole,
// removed ones as ".wh.NAME", in sorted order, holes as holes. Sockets are left
// out; what else is left out is told to say.
func (s *Sandbox) Export(w io.Writer, say func(format string, a ...any)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &exporter{s: s, out: w, w: tar.NewWriter(w), seen: map[*inode]string{}}
	if err := x.directory(s.view.root, ""); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	x.report(say)
	return x.w.Close()
}

func (x *exporter) report(say func(format string, a ...any)) {
	if x.deep > 0 {
		say("export: %d files and folders whose paths are longer than %d bytes were left out, with all below them", x.deep, maxPath)
	}
	const shown = 10
	for i, text := range x.odd {
		if i == shown {
			say("export: … and %d more", len(x.odd)-shown)
			break
		}
		say("export: left out, because a tar cannot hold it: %s", text)
	}
}

// isMark reports whether a file of the guest, at a place in the archive, has a name
// that means there that another one was removed. It is left out with all below it.
func (x *exporter) isMark(name, place string) bool {
	if !strings.HasPrefix(name, whiteout) {
		return false
	}
	x.odd = append(x.odd, fmt.Sprintf("%q, whose name marks what was removed", place))
	return true
}

// directory writes the changes below a directory that is where it was.
func (x *exporter) directory(dir *entry, name string) error {
	for _, key := range sortedKeys(dir.ino.children) {
		if err := x.entry(dir.ino.children[key], name+key); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) entry(e *entry, name string) error {
	n := e.ino
	switch {
	case len(name) > maxPath:
		x.deep++
		return nil
	case n == nil:
		return x.removed(e, name)
	case n.fixed || e == x.s.view.proc || n.typ == unix.S_IFSOCK:
		return nil
	case x.isMark(e.name, name):
		return nil
	case !e.view && !e.home:
		return x.added(e, name)
	case n.isDir():
		if e.home && n.own {
			if err := x.header(n, name); err != nil {
				return err
			}
		}
		return x.directory(e, name+"/")
	case e.home && n.own, e.view && n.data >= 0 && x.s.changed(n):
		return x.header(n, name)
	}
	return nil
}

// changed reports whether a file that the view made was written to.
func (s *Sandbox) changed(n *inode) bool {
	st, e := s.host.Fstat(n.data)
	return e == 0 && st.Mtim != n.st.Mtim
}

// removed writes a mark for a name that the host has.
func (x *exporter) removed(e *entry, name string) error {
	if !x.s.below(e.parent.ino, e.name) {
		return nil
	}
	i := strings.LastIndexByte(name, '/') + 1
	return x.w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name[:i] + whiteout + name[i:], Mode: 0o600, Format: tar.FormatPAX})
}

// added writes what is new at its place. A directory hides what the host has
// there.
func (x *exporter) added(e *entry, name string) error {
	if err := x.all(e, name); err != nil || !e.ino.isDir() || !x.s.below(e.parent.ino, e.name) {
		return err
	}
	return x.w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name + "/" + opaque, Mode: 0o600, Format: tar.FormatPAX})
}

// all writes a file with all that is in it.
func (x *exporter) all(e *entry, name string) error {
	if len(name) > maxPath {
		x.deep++
		return nil
	}
	if err := x.header(e.ino, name); err != nil || !e.ino.isDir() {
		return err
	}
	names, errno := x.s.names(e)
	if errno != 0 {
		return errno
	}
	for _, d := range names {
		child, errno := x.s.child(e, d.Name)
		if errno != 0 || x.isMark(d.Name, name+"/"+d.Name) {
			continue
		}
		if err := x.all(child, name+"/"+d.Name); err != nil {
			return err
		}
	}
	return nil
}

// tarTypes are the types of files that a tar can hold.
var tarTypes = map[uint32]byte{unix.S_IFREG: tar.TypeReg, unix.S_IFDIR: tar.TypeDir, unix.S_IFLNK: tar.TypeSymlink, unix.S_IFIFO: tar.TypeFifo}

// header writes a file without what is in a directory.
func (x *exporter) header(n *inode, name string) error {
	st, errno := x.s.stat(n)
	if errno != 0 {
		return errno
	}
	typ, ok := tarTypes[n.typ]
	if !ok {
		return nil
	}
	h := &tar.Header{
		Typeflag: typ, Name: name, Linkname: n.target, Mode: int64(st.Mode & 0o7777), Uid: int(st.Uid), Gid: int(st.Gid),
		ModTime: time.Unix(int64(st.Mtim.Sec), int64(st.Mtim.Nsec)), Format: tar.FormatPAX,
	}
	h.PAXRecords = x.attributes(n, name)
	switch {
	case typ == tar.TypeDir:
		h.Name += "/"
	case typ == tar.TypeReg && x.seen[n] != "":
		h.Typeflag, h.Linkname = tar.TypeLink, x.seen[n]
	case typ == tar.TypeReg:
		x.seen[n] = name
		h.Size = st.Size
	}
	if h.Size == 0 {
		return x.w.WriteHeader(h)
	}
	return x.file(n, h)
}

// attributes are the extended attributes as records. A key of records has no "="
// and no zero.
func (x *exporter) attributes(n *inode, name string) map[string]string {
	records, size := map[string]string{}, 0
	for _, key := range sortedKeys(n.xattrs) {
		v := n.xattrs[key]
		if strings.ContainsAny(key, "=\x00") || !utf8.ValidString(key) || size+len(key)+len(v) > maxXattrs {
			x.odd = append(x.odd, fmt.Sprintf("attribute %q of %s", key, name))
			continue
		}
		size += len(key) + len(v)
		records["SCHILY.xattr."+key] = string(v)
	}
	return records
}

// file writes a file that has bytes.
func (x *exporter) file(n *inode, h *tar.Header) error {
	fd, errno := x.s.contentFD(n, unix.O_RDONLY)
	if errno != 0 {
		return errno
	}
	defer x.s.host.Close(fd)
	if parts, ok := x.extents(fd, h.Size); ok {
		return x.sparse(fd, h, parts)
	}
	if err := x.w.WriteHeader(h); err != nil {
		return err
	}
	return x.content(fd, extent{0, h.Size}, x.w)
}

func (x *exporter) content(fd int, part extent, w io.Writer) error {
	buf := make([]byte, 256<<10)
	for off, end := part.off, part.off+part.size; off < end; {
		got, errno := x.s.host.Preadv2(fd, [][]byte{buf[:min(int64(len(buf)), end-off)]}, off, 0)
		switch {
		case errno != 0:
			return errno
		case got == 0:
			return abi.EIO
		}
		if _, err := w.Write(buf[:got]); err != nil {
			return err
		}
		off += int64(got)
	}
	return nil
}

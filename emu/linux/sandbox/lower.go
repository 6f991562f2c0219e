package sandbox

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// mount is a directory of the host that was granted, or one that holds a file
// that was granted.
type mount struct {
	fd   int // O_PATH
	path string
}

// lower is a place on the host: a name below a mount that is made of names found
// one by one, none of them a link.
type lower struct {
	m    *mount
	name string // "." for the mount itself
	dev  uint64 // of the directory above
}

func (l *lower) join(name string) *lower {
	return &lower{m: l.m, name: path.Join(l.name, name), dev: l.dev}
}

// safely is how the host shall follow the names of a lower.
const safely = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS

// openLower opens a host file, never for writing. Nobody may follow its links.
func (s *Sandbox) openLower(l *lower, flags int) (fd int, e errno) {
	how := &unix.OpenHow{Flags: uint64(flags | unix.O_NOFOLLOW | unix.O_CLOEXEC), Resolve: safely}
	for range 8 { // EAGAIN: the host renames something meanwhile
		if fd, e = s.host.Openat2(l.m.fd, l.name, how); e != abi.EAGAIN {
			break
		}
	}
	if e == abi.EXDEV || e == abi.ELOOP {
		e = abi.ENOENT // it changed its nature
	}
	return fd, e
}

func (s *Sandbox) lowerStat(l *lower) (st unix.Stat_t, e errno) {
	fd, e := s.openLower(l, unix.O_PATH)
	if e != 0 {
		return st, e
	}
	defer s.host.Close(fd)
	return s.host.Fstat(fd)
}

// lookUp finds out what a host name is.
func (s *Sandbox) lookUp(l *lower) (*inode, errno) {
	fd, e := s.openLower(l, unix.O_PATH)
	if e != 0 {
		return nil, e
	}
	defer s.host.Close(fd)
	st, e := s.host.Fstat(fd)
	if e != 0 {
		return nil, e
	}
	if st.Dev != l.dev && s.foreign(fd) {
		return nil, abi.ENOENT
	}
	id := fileID{st.Dev, st.Ino}
	if n := s.view.linked[id]; n != nil && n.typ == st.Mode&unix.S_IFMT {
		return n, 0
	}
	l.dev = st.Dev
	n := &inode{typ: st.Mode & unix.S_IFMT, id: id, lower: l, data: -1}
	switch n.typ {
	case unix.S_IFLNK:
		if n.target, e = s.host.Readlinkat(fd, ""); e != 0 {
			return nil, e
		}
	case unix.S_IFREG:
		if st.Nlink > 1 {
			s.view.linked[id] = n
		}
	}
	return n, 0
}

// windows are the magic numbers of file systems that are windows into the kernel (statfs(2)).
var windows = map[int64]bool{
	unix.PROC_SUPER_MAGIC: true, unix.SYSFS_MAGIC: true, unix.DEBUGFS_MAGIC: true, unix.TRACEFS_MAGIC: true,
	unix.CGROUP_SUPER_MAGIC: true, unix.CGROUP2_SUPER_MAGIC: true, unix.DEVPTS_SUPER_MAGIC: true, unix.SECURITYFS_MAGIC: true,
	unix.BPF_FS_MAGIC: true, unix.NSFS_MAGIC: true, unix.SELINUX_MAGIC: true, unix.BINFMTFS_MAGIC: true,
}

// foreign reports whether a file lies in a file system that the guest must not
// see even within a granted directory.
func (s *Sandbox) foreign(fd int) bool {
	fs, e := s.host.Fstatfs(fd)
	return e != 0 || windows[int64(fs.Type)]
}

// lowerNames lists a host directory.
func (s *Sandbox) lowerNames(l *lower) ([]abi.Dirent, errno) {
	fd, e := s.openLower(l, unix.O_RDONLY|unix.O_DIRECTORY)
	if e != 0 {
		return nil, e
	}
	defer s.host.Close(fd)
	var all []abi.Dirent
	for buf := make([]byte, 32<<10); ; {
		n, e := s.host.Getdents(fd, buf)
		if e != 0 || n == 0 {
			return all, e
		}
		for b := buf[:n]; ; {
			var d abi.Dirent
			size := abi.GetDirent64(b, &d)
			if size == 0 {
				break
			}
			if b = b[size:]; d.Name != "." && d.Name != ".." {
				all = append(all, d)
			}
		}
	}
}

// openMount opens a host directory to grant what is in it.
func (s *Sandbox) openMount(dir string) (*mount, errno) {
	fd, e := s.host.Openat(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return nil, e
	}
	m := &mount{fd, dir}
	s.view.mounts = append(s.view.mounts, m)
	return m, 0
}

// loadXattrs copies the host's attributes that a program may have set.
func (s *Sandbox) loadXattrs(n *inode) errno {
	if n.xattrs != nil {
		return 0
	}
	n.xattrs = map[string][]byte{}
	if n.lower == nil || n.typ == unix.S_IFLNK {
		return 0
	}
	fd, e := s.openLower(n.lower, unix.O_PATH)
	if e != 0 {
		return e
	}
	defer s.host.Close(fd)
	buf := make([]byte, 64<<10)
	size, e := s.host.Listxattr(fdPath(fd), false, buf)
	if e != 0 {
		return 0 // the file system has none
	}
	for name := range strings.SplitSeq(string(buf[:size]), "\x00") {
		if !strings.HasPrefix(name, "user.") {
			continue
		}
		value := make([]byte, 64<<10)
		if size, e := s.host.Getxattr(fdPath(fd), false, name, value); e == 0 {
			n.xattrs[name] = append([]byte(nil), value[:size]...)
		}
	}
	return 0
}

// readHost reads a file of the host.
func (s *Sandbox) readHost(path string) (string, errno) {
	fd, e := s.host.Openat(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return "", e
	}
	defer s.host.Close(fd)
	var text []byte
	for buf := make([]byte, 32<<10); ; {
		n, e := s.host.Read(fd, buf)
		if e != 0 || n == 0 {
			return string(text), e
		}
		text = append(text, buf[:n]...)
	}
}

package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// usual is what any program needs of a machine. It may be read when there is no
// Root; what does not exist is left out. Nothing in it is somebody's data.
var usual = []string{
	"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives",
	"/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/networks",
	"/etc/localtime", "/etc/timezone", "/etc/locale.alias", "/etc/terminfo", "/etc/inputrc", "/etc/shells",
	"/etc/profile", "/etc/profile.d", "/etc/bash.bashrc", "/etc/magic", "/etc/mime.types", "/etc/debian_version",
	"/etc/os-release", "/etc/issue", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/perl", "/etc/python3",
}

// javaSettings is what the directories of Debian's Java versions in /etc have, to which
// Java's own files lead, but for its remote management: that has passwords.
var javaSettings = []string{
	"security", "net.properties", "logging.properties", "accessibility.properties", "sound.properties", "swing.properties",
	"psfontj2d.properties", "jvm-amd64.cfg",
}

const javaFirst, javaLast = 8, 32

// usualPaths are usual, and the settings of the Java that there is.
func (s *Sandbox) usualPaths() []string {
	paths := slices.Clone(usual)
	for v := javaFirst; v <= javaLast; v++ {
		dir := fmt.Sprintf("/etc/java-%d-openjdk", v)
		if _, e := s.host.Fstatat(unix.AT_FDCWD, dir, 0); e != 0 {
			continue
		}
		for _, name := range javaSettings {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths
}

// writable are directories that every machine has for temporary files.
var writable = []string{"/tmp", "/var/tmp", "/dev/shm", "/run"}

// grant is a host path that was granted, for Confine.
type grant struct {
	path string
	dir  bool
}

// buildView makes the tree that the guest begins with.
func (s *Sandbox) buildView() error {
	if err := s.makeRoot(); err != nil {
		return err
	}
	s.makeProc()
	if err := s.makeDevices(); err != nil {
		return err
	}
	if s.cfg.Root == "" {
		for _, p := range s.usualPaths() {
			if err := s.grant(p); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
				return err
			}
		}
		s.makeUsers()
	}
	for _, p := range s.cfg.Allow {
		if err := s.grant(p); err != nil {
			return fmt.Errorf("allow %s: %w", p, err)
		}
	}
	return s.makePlaces()
}

// makePlaces makes the directories to work in and grants the program.
func (s *Sandbox) makePlaces() error {
	for _, p := range writable {
		s.makeDir(p, 0o1777)
	}
	dir := s.abs(".")
	s.cwd = s.makeDir(dir, 0o755)
	if s.cfg.Home != "" {
		s.makeDir(s.abs(s.cfg.Home), 0o700)
	}
	if s.cfg.Program == "" {
		return nil
	}
	if s.cfg.Root != "" {
		if p, e := s.walk(s.cwd, s.cfg.Program, true); e == 0 && p.at != nil {
			return nil
		}
	}
	if err := s.grant(s.cfg.Program); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// abs makes a path of the caller absolute.
func (s *Sandbox) abs(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	if abs, err := filepath.Abs(filepath.Join(s.cfg.Dir, p)); err == nil {
		return abs
	}
	return "/"
}

func (s *Sandbox) makeRoot() error {
	n := s.hostDir("/", 0o755)
	s.view.root = &entry{name: "/", ino: n, view: true}
	if s.cfg.Root == "" {
		return nil
	}
	m, e := s.openMount(s.cfg.Root)
	if e != 0 {
		return fmt.Errorf("open %s: %w", s.cfg.Root, e)
	}
	st, e := s.host.Fstat(m.fd)
	if e != 0 {
		return fmt.Errorf("open %s: %w", s.cfg.Root, e)
	}
	real, err := filepath.EvalSymlinks(s.cfg.Root)
	if err != nil {
		return err
	}
	s.view.root.ino = &inode{typ: unix.S_IFDIR, id: fileID{st.Dev, st.Ino}, lower: &lower{m, ".", st.Dev}, data: -1}
	s.view.granted = append(s.view.granted, grant{real, true})
	return nil
}

// hostDir is a directory of the view that shows nothing of the host but who owns
// it.
func (s *Sandbox) hostDir(path string, perm uint32) *inode {
	n := s.newInode(unix.S_IFDIR | perm)
	if st, e := s.host.Fstatat(unix.AT_FDCWD, path, 0); e == 0 && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		n.st.Mode, n.st.Uid, n.st.Gid = st.Mode, st.Uid, st.Gid
	}
	return n
}

// viewEntry puts a file of the view into a directory, without a trace in its
// times.
func (s *Sandbox) viewEntry(dir *entry, name string, n *inode) *entry {
	e := &entry{parent: dir, name: name, ino: n, view: true}
	dir.ino.put(e)
	if n.isDir() {
		dir.ino.links++
	} else {
		n.links = 1
	}
	return e
}

// makeDir makes a directory and those above it, where the view has none. A file
// or a link in its place stays.
func (s *Sandbox) makeDir(path string, perm uint32) *entry {
	at, host := s.view.root, "/"
	names, _ := split(path)
	for _, name := range names {
		host = filepath.Join(host, name)
		next, e := s.child(at, name)
		if e == 0 && next.ino.typ == unix.S_IFLNK {
			if p, e := s.walk(at, name, true); e == 0 && p.at != nil {
				next = p.at
			}
		}
		if e != 0 || !next.ino.isDir() {
			mode := uint32(0o755)
			if host == path {
				mode = perm
			}
			next = s.viewEntry(at, name, s.hostDir(host, mode))
		}
		at = next
	}
	return at
}

// granting follows a host path, to make the same names in the tree.
type granting struct {
	s    *Sandbox
	at   *entry
	host string
	todo []string
}

// grant lets a host file or directory be seen at its own place. Links on the way
// are made as well.
func (s *Sandbox) grant(path string) error {
	g := &granting{s: s, at: s.view.root, host: "/"}
	g.todo, _ = split(s.abs(path))
	if len(g.todo) == 0 {
		return errors.New("the whole host cannot be granted; -L / does that")
	}
	for links := 0; len(g.todo) > 0; {
		name := g.todo[0]
		g.todo = g.todo[1:]
		if name == "." {
			continue
		}
		if name == ".." {
			if g.at.parent != nil {
				g.at, g.host = g.at.parent, filepath.Dir(g.host)
			}
			continue
		}
		full := filepath.Join(g.host, name)
		st, e := g.s.host.Fstatat(unix.AT_FDCWD, full, unix.AT_SYMLINK_NOFOLLOW)
		if e != 0 {
			return &fs.PathError{Op: "lstat", Path: full, Err: e}
		}
		var err error
		switch {
		case st.Mode&unix.S_IFMT == unix.S_IFLNK:
			if links++; links > maxLinks {
				return abi.ELOOP
			}
			err = g.link(name, full, &st)
		case len(g.todo) == 0:
			return g.mount(name, full, st.Mode&unix.S_IFMT == unix.S_IFDIR)
		default:
			g.directory(name, full)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// link makes a link of the view and goes on where it leads.
func (g *granting) link(name, full string, st *unix.Stat_t) error {
	target, e := g.s.host.Readlinkat(unix.AT_FDCWD, full)
	if e != 0 {
		return &fs.PathError{Op: "readlink", Path: full, Err: e}
	}
	if _, e := g.s.child(g.at, name); e != 0 {
		n := g.s.newInode(unix.S_IFLNK | 0o777)
		n.target = target
		n.st.Size, n.st.Uid, n.st.Gid = int64(len(target)), st.Uid, st.Gid
		n.st.Atim, n.st.Mtim, n.st.Ctim = st.Atim, st.Mtim, st.Ctim
		g.s.viewEntry(g.at, name, n)
	}
	names, _ := split(target)
	g.todo = append(names, g.todo...)
	if strings.HasPrefix(target, "/") {
		g.at, g.host = g.s.view.root, "/"
	}
	return nil
}

func (g *granting) directory(name, full string) {
	next, e := g.s.child(g.at, name)
	if e != 0 || !next.ino.isDir() {
		next = g.s.viewEntry(g.at, name, g.s.hostDir(full, 0o755))
	}
	g.at, g.host = next, full
}

// mount puts the host's file or directory into the tree.
func (g *granting) mount(name, full string, isDir bool) error {
	s := g.s
	l := &lower{name: "."}
	dir := full
	if !isDir {
		dir, l.name = g.host, name
	}
	m, e := s.openMount(dir)
	if e != 0 {
		return e
	}
	st, e := s.host.Fstat(m.fd)
	if e != 0 {
		return e
	}
	l.m, l.dev = m, st.Dev
	n, e := s.lookUp(l)
	if e != 0 {
		return e
	}
	s.view.granted = append(s.view.granted, grant{full, isDir})
	if old, e := s.child(g.at, name); e == 0 && old.view && old.ino.isDir() && n.isDir() {
		n.children, n.links = old.ino.children, old.ino.links // what was made in it before
		old.ino = n
		return nil
	}
	g.at.ino.put(&entry{parent: g.at, name: name, ino: n, home: true, view: true})
	return nil
}

// devices are those of /dev, with their numbers.
var devices = []struct {
	name   string
	number uint64
}{
	{"null", unix.Mkdev(1, 3)},
	{"zero", unix.Mkdev(1, 5)},
	{"full", unix.Mkdev(1, 7)},
	{"random", unix.Mkdev(1, 8)},
	{"urandom", unix.Mkdev(1, 9)},
	{"tty", unix.Mkdev(5, 0)},
}

// makeDevices makes /dev. A device is opened here and handed out as it is.
func (s *Sandbox) makeDevices() error {
	dev := s.viewDir(s.view.root, "dev")
	for _, d := range devices {
		name := d.name
		if name != "tty" {
			fd, e := s.host.Openat(unix.AT_FDCWD, "/dev/"+name, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
			if e != 0 {
				continue
			}
			s.devices[name] = fd
			if st, e := s.host.Fstat(fd); e != 0 || st.Mode&unix.S_IFMT != unix.S_IFCHR || uint64(st.Rdev) != d.number {
				return fmt.Errorf("/dev/%s is not that device", name)
			}
		}
		n := s.newInode(unix.S_IFCHR | 0o666)
		n.device, n.fixed = name, true
		assign(&n.st.Rdev, int(d.number))
		n.st.Uid, n.st.Gid = 0, 0
		s.viewEntry(dev, name, n)
	}
	for _, l := range [][2]string{{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}} {
		s.viewLink(dev, l[0], l[1])
	}
	s.makeTerminals()
	return nil
}

// makeTerminals gives the terminals that the guest was started with their names,
// so that it can tell which it has.
func (s *Sandbox) makeTerminals() {
	for _, name := range s.terminals() {
		st, e := s.host.Fstatat(unix.AT_FDCWD, name, unix.AT_SYMLINK_NOFOLLOW)
		if e != 0 || st.Mode&unix.S_IFMT != unix.S_IFCHR || !strings.HasPrefix(name, "/dev/") {
			continue
		}
		n := s.newInode(st.Mode)
		n.st, n.id = st, fileID{uint64(st.Dev), st.Ino}
		assign(&n.st.Nlink, 0)
		n.device, n.fixed = "tty", true
		s.viewEntry(s.makeDir(filepath.Dir(name), 0o755), filepath.Base(name), n)
	}
}

// viewDir makes a directory of the view, in place of any that the root has.
func (s *Sandbox) viewDir(at *entry, name string) *entry {
	n := s.newInode(unix.S_IFDIR | 0o755)
	n.st.Uid, n.st.Gid = 0, 0
	return s.viewEntry(at, name, n)
}

func (s *Sandbox) viewLink(at *entry, name, target string) {
	n := s.newInode(unix.S_IFLNK | 0o777)
	n.target, n.st.Size = target, int64(len(target))
	n.st.Uid, n.st.Gid = 0, 0
	s.viewEntry(at, name, n)
}

// makeUsers shows of the host's users and groups those that programs look for:
// the superuser, nobody and the user's own.
func (s *Sandbox) makeUsers() {
	users, groups := []uint32{0, 65534, s.user.uid}, append([]uint32{0, 65534, s.user.gid}, s.user.groups...)
	s.makeList("/etc/passwd", users)
	s.makeList("/etc/group", groups)
}

// makeList makes a file of the lines of the host's whose third field is among
// ids.
func (s *Sandbox) makeList(path string, ids []uint32) {
	text, e := s.readHost(path)
	if e != 0 {
		return
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		fields := strings.Split(line, ":")
		if len(fields) < 4 {
			continue
		}
		if id, err := strconv.ParseUint(fields[2], 10, 32); err == nil && slices.Contains(ids, uint32(id)) {
			b.WriteString(line)
		}
	}
	n := s.newInode(unix.S_IFREG | 0o644)
	n.st.Uid, n.st.Gid = 0, 0
	if st, e := s.host.Fstatat(unix.AT_FDCWD, path, 0); e == 0 {
		n.st.Mtim = st.Mtim
	}
	if s.setContent(n, b.String()) == 0 {
		s.host.Utimensat(n.data, "", &[2]unix.Timespec{n.st.Mtim, n.st.Mtim}, 0)
		s.viewEntry(s.makeDir(filepath.Dir(path), 0o755), filepath.Base(path), n)
	}
}

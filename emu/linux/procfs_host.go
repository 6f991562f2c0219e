package linux

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/namei"
)

// isEmulator reports whether an id of the host is that of the emulator or of a
// thread of it.
func (k *Kernel) isEmulator(id int) bool {
	self, e := k.host.Readlinkat(unix.AT_FDCWD, "/proc/self")
	if e != 0 {
		return true
	}
	return k.hostHas(namei.ProcTop + "/" + strconv.Itoa(id) + "/task/" + self)
}

// hostChild is a file of the host's /proc.
func hostChild(n *procNode, name string) *procNode {
	at := n.below(&hostRow, name)
	if n.host != "" {
		at.host = n.host + "/" + name
	}
	st, e := n.k.host.Fstatat(unix.AT_FDCWD, at.hostPath(), unix.AT_SYMLINK_NOFOLLOW)
	if e != 0 {
		return nil
	}
	if row := nameRows[at.hostPath()]; row != nil {
		return &procNode{k: n.k, path: at.path, row: row}
	}
	if at.mode = st.Mode; at.Typ() == unix.S_IFLNK && isProcessName(strings.Split(at.hostPath(), "/")[2]) {
		at.row = &hostLinkRow
	}
	return at
}

func isProcessName(name string) bool { _, err := strconv.Atoi(name); return err == nil }

// hostLinkRow is a link that leads to an open file of another process of the
// host. That may be a file of the emulator in /proc.
var hostLinkRow = procRow{mode: unix.S_IFLNK | 0o777, link: hostLink, open: openHostLink}

func hostLink(n *procNode) (string, errno) {
	return n.k.host.Readlinkat(unix.AT_FDCWD, n.hostPath())
}

func openHostLink(n *procNode) (namei.Target, errno) {
	h := n.k.host
	fd, e := h.Openat(unix.AT_FDCWD, n.hostPath(), unix.O_PATH|unix.O_CLOEXEC, 0)
	if e != 0 {
		return namei.Target{}, e
	}
	n.k.sched.cur.work.paths.Pinned(fd)
	return n.k.opened(fd, n.path)
}

// opened is an open file of the host as the target of a link.
func (k *Kernel) opened(fd int, guest string) (namei.Target, errno) {
	st, e := k.host.Fstat(fd)
	switch {
	case e != 0:
		return namei.Target{}, e
	case k.procs.Has(fd, &st):
		return namei.Target{Proc: k.procs.Name(fd, &st)}, 0
	case st.Mode&unix.S_IFMT == unix.S_IFDIR:
		return namei.Target{Dir: fd, Guest: guest}, 0
	}
	return namei.Target{Dir: unix.AT_FDCWD, Path: hostfile.Path(fd), Guest: guest}, 0
}

// hostNames are the names in a directory of the host.
func (k *Kernel) hostNames(dir string) (names []string) {
	fd, e := k.host.Openat(unix.AT_FDCWD, dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return nil
	}
	defer k.host.Close(fd)
	buf := make([]byte, 32<<10)
	for {
		n, e := k.host.Getdents(fd, buf)
		if e != 0 || n == 0 {
			return names
		}
		for b := buf[:n]; ; {
			var d abi.Dirent
			size := abi.GetDirent64(b, &d)
			if size == 0 {
				break
			}
			if b = b[size:]; d.Name != "." && d.Name != ".." {
				names = append(names, d.Name)
			}
		}
	}
}

func (k *Kernel) hostHas(name string) bool {
	return k.host.Faccessat(unix.AT_FDCWD, name, unix.F_OK, 0) == 0
}

// hostText is the content of a file of the host.
func (k *Kernel) hostText(name string) (string, errno) {
	fd, e := k.host.Openat(unix.AT_FDCWD, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return "", e
	}
	defer k.host.Close(fd)
	var text []byte
	buf := make([]byte, 32<<10)
	for {
		n, e := k.host.Read(fd, buf)
		if e != 0 || n == 0 {
			return string(text), e
		}
		text = append(text, buf[:n]...)
	}
}

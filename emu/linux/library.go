package linux

import (
	"bytes"
	"io"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
	"panda/emu/sym"
)

// library reads files for symbols. It has a door of its own: what somebody asks about
// the guest is no input of the guest's.
type library struct {
	guest *Guest
	host  *hostsys.Host
	root  *rootDir
}

// openLibrary opens what files are read through.
func (k *Kernel) openLibrary() (err error) {
	k.library.guest, k.library.host = k.guest, k.cfg.Symbols
	if k.library.host == nil {
		k.library.host = k.host
	}
	k.library.root, err = openSysroot(k.library.host, k.cfg.Command.Sysroot)
	return err
}

// hostSource reads a host file for symbols.
type hostSource struct {
	host *hostsys.Host
	fd   int
}

// ownSource is an object of the kernel's.
type ownSource struct{ *bytes.Reader }

func (ownSource) Close() error { return nil }

// open opens a file by its name in the guest.
func (l *library) open(name string) (sym.Source, error) {
	if b := l.guest.vdsoBytes(name); b != nil {
		return ownSource{bytes.NewReader(b)}, nil
	}
	how := &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	fd, e := l.host.Openat2(unix.AT_FDCWD, l.root.lookup(name, false), how)
	if e != 0 {
		return nil, e
	}
	if fs, e := l.host.Fstatfs(fd); e != 0 || fs.Type == unix.PROC_SUPER_MAGIC { // the guest has put a link there since
		l.host.Close(fd)
		return nil, abi.ENOENT
	}
	return &hostSource{l.host, fd}, nil
}

func (s *hostSource) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		m, e := s.host.Preadv2(s.fd, [][]byte{b[n:]}, off+int64(n), 0)
		switch {
		case e != 0:
			return n, e
		case m == 0:
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

func (s *hostSource) Close() error {
	s.host.Close(s.fd)
	return nil
}

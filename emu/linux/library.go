package linux

import (
	"bytes"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/hostsys"
	"panda/emu/mmu"
	"panda/emu/sym"
)

// library reads files for symbols. It has a door of its own: what somebody asks about
// the guest is no input of the guest's.
type library struct {
	guest   *Guest
	host    *hostsys.Host
	root    *hostfile.Root
	instead func(id sym.FileID) (sym.Source, error) // opens files that are not read through host; may be nil
	kept    *mmu.Group                              // has descriptors of the files that are mapped
}

// openLibrary opens what files are read through.
func (k *Kernel) openLibrary() (err error) {
	k.library.guest, k.library.host, k.library.kept = k.guest, k.cfg.Symbols, k.mem.group
	if k.library.instead = k.cfg.OpenSymbols; k.library.instead != nil {
		return nil
	}
	if k.library.host == nil {
		k.library.host = k.host
	}
	k.library.root, err = hostfile.OpenRoot(k.library.host, k.cfg.Command.Sysroot)
	return err
}

// OpenSymbols opens the file that is mapped at an address of the current space, and that
// symbols are read from.
func (k *Kernel) OpenSymbols(at guest.Addr) (id sym.FileID, src sym.Source, err error) {
	space := k.space()
	if space == nil {
		return id, nil, abi.ENOENT
	}
	r, ok := space.Region(at)
	if !ok {
		return id, nil, abi.ENOENT
	}
	id = sym.IDOf(&r)
	src, err = k.library.open(id)
	return id, src, err
}

// ownSource is an object of the kernel's.
type ownSource struct{ *bytes.Reader }

func (ownSource) Close() error { return nil }

// open opens a file that is mapped: the name may lead to another one by now.
func (l *library) open(id sym.FileID) (sym.Source, error) {
	if b := l.guest.vdsoBytes(id.Name); b != nil {
		return ownSource{bytes.NewReader(b)}, nil
	}
	if l.instead != nil {
		return l.instead(id)
	}
	if fd, ok := l.kept.Descriptor(id.Dev, id.Ino); ok {
		return &hostfile.Source{Host: l.host, FD: fd, Mapped: true}, nil
	}
	return l.openNamed(id.Name)
}

// openNamed opens a file by its name in the guest.
func (l *library) openNamed(name string) (sym.Source, error) {
	how := &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	fd, e := l.host.Openat2(unix.AT_FDCWD, l.root.Lookup(name, false), how)
	if e != 0 {
		return nil, e
	}
	if fs, e := l.host.Fstatfs(fd); e != 0 || fs.Type == unix.PROC_SUPER_MAGIC { // the guest has put a link there since
		l.host.Close(fd)
		return nil, abi.ENOENT
	}
	return &hostfile.Source{Host: l.host, FD: fd}, nil
}

// vdsoWords are the sizes of words in the programs that have the objects of a name.
var vdsoWords = map[string]int{sym.Vdso: 8, sym.Vdso32: 4}

// vdsoBytes is the object that symbols know by a name, nil for none.
func (g *Guest) vdsoBytes(name string) []byte {
	for _, a := range g.ABIs {
		if a.Vdso != nil && a.word() == vdsoWords[name] {
			return a.Vdso(g.HWCap).Bytes
		}
	}
	return nil
}

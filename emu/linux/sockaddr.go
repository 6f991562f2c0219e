package linux

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/namei"
)

// Problem: the name of a Unix socket is looked up as any other path, in the guest's
// /proc and below -L, but peers see the very bytes that bind was given, and answer
// to them.
//
// Idea: the host is told the real name, so that peers outside can answer. The
// guest's own spelling of it, which may be relative, is remembered as long as the
// socket is open.

// maxSockaddr is the size of struct sockaddr_storage, maxUnixPath that of sun_path.
const (
	maxSockaddr = 128
	maxUnixPath = 108
)

// unixPath is the path in the address of a Unix socket; false if there is none.
func unixPath(addr []byte) (string, bool) {
	if len(addr) <= 2 || le.Uint16(addr) != unix.AF_UNIX || addr[2] == 0 {
		return "", false
	}
	return cString(addr[2:]), true
}

// unixAddr is the address of a Unix socket with a path.
func unixAddr(name string) []byte {
	return append(append(le.AppendUint16(nil, unix.AF_UNIX), name...), 0)
}

// sockaddr reads an address and makes it the host's; nodeErr is the error of a path
// that leads to a file of /proc.
func (t *Thread) sockaddr(a guest.Addr, n uint64, nodeErr errno) (host, own []byte, e errno) {
	if n > maxSockaddr {
		return nil, nil, abi.EINVAL
	}
	own, e = t.mem(a, n)
	name, named := unixPath(own)
	if e != 0 || !named {
		return own, own, e
	}
	tg, e := t.resolve(abi.AT_FDCWD, name, false)
	if e == abi.ENOENT { // to be made
		tg, e = t.resolve(abi.AT_FDCWD, name, true)
	}
	if e == 0 {
		e = tg.OnHost(nodeErr)
	}
	if e != 0 {
		return nil, nil, e
	}
	if p := t.k.hostName(tg); len(p) < maxUnixPath {
		return unixAddr(p), own, 0
	}
	return own, own, 0
}

// hostName is an absolute path of the host without descriptors of the emulator, if
// that is short enough for an address.
func (k *Kernel) hostName(tg namei.Target) string {
	if tg.Path == "" || path.IsAbs(tg.Path) {
		return tg.Full()
	}
	dir, e := k.host.Readlinkat(unix.AT_FDCWD, hostfile.Path(tg.Dir))
	name := strings.TrimSuffix(dir, "/") + "/" + tg.Path
	if e != 0 || len(name) >= maxUnixPath {
		return tg.Full()
	}
	return name
}

// noteName notes how the guest spells the name that a socket was bound to.
func (k *Kernel) noteName(f *File, host, own []byte) {
	name, ok := unixPath(host)
	spelled, _ := unixPath(own)
	if ok && spelled != name {
		f.bound = name
		k.sockets.bound[name] = boundName{f, spelled}
	}
}

// boundName is the guest's spelling of the name of an open socket.
type boundName struct {
	f       *File
	spelled string
}

// forgetName forgets the name of a socket that is closed.
func (k *Kernel) forgetName(f *File) {
	if k.sockets.bound[f.bound].f == f {
		delete(k.sockets.bound, f.bound)
	}
}

// guestSockaddr is what the guest sees of an address of the host.
func (k *Kernel) guestSockaddr(addr []byte) []byte {
	name, ok := unixPath(addr)
	if !ok {
		return addr
	}
	if b, ok := k.sockets.bound[name]; ok {
		return unixAddr(b.spelled)
	}
	if own := k.guestPath(name); own != name {
		return unixAddr(own)
	}
	return addr
}

// putSockaddr stores an address of the host and its length; the buffer may be too
// short.
func (t *Thread) putSockaddr(a, lenAt guest.Addr, addr []byte) errno {
	if a == 0 || lenAt == 0 {
		return 0
	}
	room, e := t.u32(lenAt)
	if e != 0 {
		return e
	}
	if int32(room) < 0 {
		return abi.EINVAL
	}
	addr = t.k.guestSockaddr(addr)
	if e := t.copyOut(a, addr[:min(len(addr), int(room))]); e != 0 {
		return e
	}
	return t.putU32(lenAt, uint32(len(addr)))
}

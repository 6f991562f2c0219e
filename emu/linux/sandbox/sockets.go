package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// sockets keeps Unix sockets among guest processes. To the host each name is an
// abstract one that begins with a random prefix, so that what the guest names
// never is a socket of the host.
type sockets struct {
	prefix string
	names  map[string]string // guest address by host name
	next   uint64            // of a socket file or one without a name
}

func (k *sockets) init(h *hostsys.Host) errno {
	var b [16]byte
	_, e := h.Getrandom(b[:], 0)
	k.prefix, k.names = "\x00"+hex.EncodeToString(b[:])+".", map[string]string{}
	return e
}

// hostName is what the host calls an abstract address.
func (k *sockets) hostName(guest string) string {
	sum := sha256.Sum256([]byte(guest))
	return k.prefix + hex.EncodeToString(sum[:12])
}

func (k *sockets) fileName() string {
	k.next++
	return k.prefix + itoa(k.next)
}

func sockaddr(name string) []byte {
	return append(binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX), name...)
}

// unixName is the name in an address.
func unixName(addr []byte) (string, errno) {
	switch {
	case len(addr) < 2 || binary.NativeEndian.Uint16(addr) != unix.AF_UNIX:
		return "", abi.EINVAL
	case len(addr) == 2 || addr[2] == 0:
		return string(addr[2:]), 0
	}
	return unix.ByteSliceToString(addr[2:]), 0
}

// callSocket makes Unix sockets only: of other families the machine has none.
func callSocket(s *Sandbox, c *hostsys.Call) (int64, errno) {
	if intArg(c, 0) != unix.AF_UNIX {
		return 0, abi.EAFNOSUPPORT
	}
	fd, e := s.direct(c)
	if e != 0 {
		return 0, e
	}
	return s.adopt(int(fd), &file{kind: plain})
}

func mayPair(s *Sandbox, c *hostsys.Call) errno {
	if intArg(c, 0) != unix.AF_UNIX {
		return abi.EAFNOSUPPORT
	}
	return 0
}

// mayUse refuses what would lead a socket that the guest was started with to
// another peer.
func mayUse(s *Sandbox, c *hostsys.Call) errno {
	if s.open[fdArg(c, 0)].kind == stdio {
		return abi.EPERM
	}
	return 0
}

func callBind(s *Sandbox, c *hostsys.Call) (int64, errno) {
	guest, e := unixName(c.Args[1].Buf)
	if e != 0 {
		return 0, e
	}
	if guest == "" {
		s.sockets.next++
		guest = "\x00" + hex.EncodeToString([]byte{byte(s.sockets.next >> 16), byte(s.sockets.next >> 8), byte(s.sockets.next)})[1:]
	}
	if guest[0] == 0 {
		return 0, s.bind(c, guest, s.sockets.hostName(guest))
	}
	p, e := s.vacant(unix.AT_FDCWD, guest, false)
	if e == abi.EEXIST {
		e = abi.EADDRINUSE
	}
	if e != 0 {
		return 0, e
	}
	if _, rest, ok := cutFD(guest); ok {
		guest = rest // as the guest wrote it
	}
	host := s.sockets.fileName()
	if e := s.bind(c, guest, host); e != 0 {
		return 0, e
	}
	n := s.newInode(unix.S_IFSOCK | 0o777&^s.umask)
	n.sock = host
	s.add(p.dir, p.name, n)
	return 0, 0
}

// inUse adds the names of the addresses of a descriptor to those that are in use. The
// other ones lead to nothing.
func (k *sockets) inUse(host *hostsys.Host, fd int, names map[string]string) {
	for _, ask := range []func(int) ([]byte, errno){host.Sockname, host.Peername} {
		if addr, e := ask(fd); e == 0 && len(addr) > 2 {
			k.keep(string(addr[2:]), names)
		}
	}
}

func (k *sockets) keep(name string, names map[string]string) {
	if guest, ok := k.names[name]; ok {
		names[name] = guest
	}
}

func (s *Sandbox) bind(c *hostsys.Call, guest, host string) errno {
	if e := s.charge(nameCost); e != 0 {
		return abi.ENOMEM
	}
	e := s.host.Bind(fdArg(c, 0), sockaddr(host))
	if e == 0 {
		s.sockets.names[host] = guest
	}
	return e
}

// peer is the host's address for one of the guest.
func (s *Sandbox) peer(addr []byte) ([]byte, errno) {
	guest, e := unixName(addr)
	if e != 0 {
		return nil, e
	}
	if guest == "" || guest[0] == 0 {
		return sockaddr(s.sockets.hostName(guest)), 0
	}
	p, e := s.there(unix.AT_FDCWD, guest, true)
	switch {
	case e != 0:
		return nil, e
	case p.at == nil || p.at.ino.sock == "":
		return nil, abi.ECONNREFUSED
	}
	if e := s.may(p.at.ino, 2); e != 0 {
		return nil, e
	}
	return sockaddr(p.at.ino.sock), 0
}

// callConnect connects. AF_UNSPEC ends the association of a datagram socket.
func callConnect(s *Sandbox, c *hostsys.Call) (int64, errno) {
	addr := c.Args[1].Buf
	if len(addr) < 2 || binary.NativeEndian.Uint16(addr) != unix.AF_UNSPEC {
		var e errno
		if addr, e = s.peer(addr); e != 0 {
			return 0, e
		}
	}
	return 0, s.host.Connect(fdArg(c, 0), addr)
}

// guestAddr is the guest's form of an address that the host wrote to b.
func (s *Sandbox) guestAddr(b []byte) []byte {
	if len(b) <= 2 || binary.NativeEndian.Uint16(b) != unix.AF_UNIX {
		return b
	}
	guest, ok := s.sockets.names[string(b[2:])]
	switch {
	case ok && guest[0] == 0:
		return sockaddr(guest)
	case ok:
		return append(sockaddr(guest), 0)
	}
	return b[:2]
}

// callAccept accepts a connection of a guest process; one of another process of
// the host is closed.
func callAccept(s *Sandbox, c *hostsys.Call) (int64, errno) {
	fd, e := s.direct(c)
	if e != 0 {
		return 0, e
	}
	b := make([]byte, unix.SizeofUcred)
	if _, e := s.host.Getsockopt(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED, b); e != 0 || int(as[unix.Ucred](b).Pid) != s.self {
		s.host.Close(int(fd))
		return 0, abi.EAGAIN
	}
	s.giveAddr(c)
	return s.adopt(int(fd), &file{kind: plain})
}

// giveAddr translates the address in arguments 1 and 2.
func (s *Sandbox) giveAddr(c *hostsys.Call) {
	size := as[uint32](c.Args[2].Buf)
	if size == nil {
		return
	}
	buf := c.Args[1].Buf
	*size = uint32(copy(buf, s.guestAddr(buf[:min(int(*size), len(buf))])))
}

func callSockname(s *Sandbox, c *hostsys.Call) (int64, errno) {
	if _, e := s.direct(c); e != 0 {
		return 0, e
	}
	s.giveAddr(c)
	return 0, 0
}

// sockopts are the options that say something about the socket itself. Others
// carry pointers, descriptors or what belongs to the network.
var sockopts = map[int]bool{
	unix.SO_TYPE: true, unix.SO_ERROR: true, unix.SO_DOMAIN: true, unix.SO_PROTOCOL: true, unix.SO_ACCEPTCONN: true,
	unix.SO_SNDBUF: true, unix.SO_RCVBUF: true, unix.SO_RCVTIMEO: true, unix.SO_SNDTIMEO: true, unix.SO_PASSCRED: true, unix.SO_PEERCRED: true,
	unix.SO_KEEPALIVE: true, unix.SO_REUSEADDR: true, unix.SO_REUSEPORT: true, unix.SO_LINGER: true, unix.SO_OOBINLINE: true,
	unix.SO_BROADCAST: true, unix.SO_TIMESTAMP: true, unix.SO_RCVLOWAT: true, unix.SO_PEEK_OFF: true, unix.SO_PRIORITY: true,
}

func mayOption(s *Sandbox, c *hostsys.Call) errno {
	if intArg(c, 1) != unix.SOL_SOCKET || !sockopts[intArg(c, 2)] {
		return abi.ENOPROTOOPT
	}
	return 0
}

func callSendmsg(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	if c.Msg == nil || f.kind == stdio && (len(c.Msg.Name) > 0 || len(c.Msg.Control) > 0) {
		return 0, abi.EPERM
	}
	m := *c.Msg
	if len(m.Name) > 0 {
		addr, e := s.peer(m.Name)
		if e != 0 {
			return 0, e
		}
		m.Name = addr
	}
	if e := s.checkControl(m.Control); e != 0 {
		return 0, e
	}
	d := *c
	d.Msg = &m
	s.inner.Do(&d)
	return d.Ret, d.Err
}

// checkControl lets credentials pass, and of descriptors what is of no name: the
// personality passes a pipe in place of the guest's files.
func (s *Sandbox) checkControl(b []byte) errno {
	msgs, err := unix.ParseSocketControlMessage(b)
	if err != nil {
		return abi.EINVAL
	}
	for _, m := range msgs {
		switch {
		case m.Header.Level != unix.SOL_SOCKET:
			return abi.EINVAL
		case m.Header.Type == unix.SCM_CREDENTIALS:
		case m.Header.Type == unix.SCM_RIGHTS:
			for _, fd := range list[int32](m.Data) {
				if f := s.open[int(fd)]; f == nil || f.kind != plain || f.seals {
					return abi.EBADF
				}
			}
		default:
			return abi.EINVAL
		}
	}
	return 0
}

func callRecvmsg(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	if f.kind == stdio && c.Msg != nil {
		c.Msg.Control = nil // nobody outside gives the guest descriptors
	}
	n, e := s.direct(c)
	if e != 0 {
		return n, e
	}
	c.Msg.Name = s.guestAddr(c.Msg.Name)
	msgs, _ := unix.ParseSocketControlMessage(c.Msg.Control)
	for _, m := range msgs {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_RIGHTS {
			for _, fd := range list[int32](m.Data) {
				s.adopt(int(fd), &file{kind: plain})
			}
		}
	}
	return n, e
}

package text

import (
	"net/netip"
	"strings"

	"panda/emu/linux/abi"
)

func showSockType(_ *printer, a operand) string {
	v := uint64(uint32(a.v))
	name, ok := sockTypes.Lookup(int64(v & abi.SOCK_TYPE_MASK))
	switch {
	case ok:
		if v &^= abi.SOCK_TYPE_MASK; v != 0 {
			name += "|" + sockFlags.Format(v)
		}
		return name
	case v == 0 || v&(abi.SOCK_CLOEXEC|abi.SOCK_NONBLOCK) != 0:
		return sockFlags.Format(v)
	}
	return unknown(v, sockTypes.Unknown)
}

// showSockProto: what a protocol number means depends on the domain.
func showSockProto(p *printer, a operand) string {
	switch uint32(p.value(a.by)) {
	case abi.AF_INET, abi.AF_INET6:
		return ipProtos.Format(uint64(uint32(a.v)))
	case abi.AF_NETLINK:
		return netlinkProtos.Format(uint64(uint32(a.v)))
	}
	return udec(uint64(uint32(a.v)))
}

var sockOptions = map[uint32]*Enum{
	abi.SOL_SOCKET: &soOptions, abi.SOL_TCP: &tcpOptions, abi.SOL_IP: &ipOptions, abi.SOL_IPV6: &ipv6Options,
	abi.SOL_UDP: &udpOptions, abi.SOL_NETLINK: &netlinkOptions, abi.SOL_PACKET: &packetOptions, abi.SOL_RAW: &rawOptions,
}

func showSockOptName(p *printer, a operand) string {
	if e := sockOptions[uint32(p.value(a.by))]; e != nil {
		return e.Format(uint64(uint32(a.v)))
	}
	return udec(uint64(uint32(a.v)))
}

// keepLength saves the length that an in-out argument holds before the call.
func keepLength(p *printer, a operand) {
	p.saved[a.i], _ = p.word(a.v, 4)
}

// showSockLen prints a length and what the call made of it: [128 => 16].
func showSockLen(p *printer, a operand) string {
	now, ok := p.word(a.v, 4)
	before := p.saved[a.i]
	switch {
	case a.v == 0:
		return "NULL"
	case !ok:
		return hex(a.v)
	case p.failed || now == before:
		return "[" + int32Text(before) + "]"
	}
	return "[" + int32Text(before) + " => " + int32Text(now) + "]"
}

func showSockaddr(p *printer, a operand) string { return p.sockaddr(a.v, int(int32(p.length(a)))) }

// showOutSockaddr prints an address whose length is passed by a pointer. The kernel
// reports the full length but writes no more than there was room for.
func showOutSockaddr(p *printer, a operand) string {
	now, ok := p.word(p.value(a.by), 4)
	if !ok || a.v == 0 {
		return p.ptr(a.v)
	}
	return p.sockaddr(a.v, int(min(p.saved[a.by], now)))
}

// sockaddrMax is the size of struct sockaddr_storage.
const sockaddrMax = 128

var sockaddrTexts = map[uint16]func(p *printer, b []byte) string{
	abi.AF_UNIX: unixText, abi.AF_INET: inetText, abi.AF_INET6: inet6Text, abi.AF_NETLINK: netlinkText,
}

func (p *printer) sockaddr(addr uint64, n int) string {
	if addr == 0 {
		return "NULL"
	}
	if n < 2 {
		return hex(addr)
	}
	b, ok := p.read(addr, min(n, sockaddrMax))
	if !ok {
		return hex(addr)
	}
	family := uint16(abi.Uint(b, 2))
	text := ""
	if show := sockaddrTexts[family]; show != nil {
		text = show(p, b)
	}
	if text == "" && n > 2 {
		text = ", sa_data=" + quote(b[2:])
	}
	return "{sa_family=" + sockDomains.Format(uint64(family)) + text + "}"
}

func unixText(_ *printer, b []byte) string {
	switch path := b[2:]; {
	case len(path) == 0:
		return ""
	case path[0] == 0:
		return ", sun_path=@" + quote(path[1:])
	default:
		return ", sun_path=" + quote([]byte(abi.CString(path)))
	}
}

func inetText(p *printer, b []byte) string {
	var v abi.SockaddrIn
	if len(b) < p.l.Size(&v) {
		return ""
	}
	p.l.Get(b, &v)
	return ", sin_port=htons(" + udec(uint64(v.Port)) + `), sin_addr=inet_addr("` + netip.AddrFrom4(v.Addr).String() + `")`
}

func inet6Text(p *printer, b []byte) string {
	var v abi.SockaddrIn6
	if len(b) < p.l.Size(&v)-4 {
		return ""
	}
	full := make([]byte, p.l.Size(&v))
	copy(full, b)
	p.l.Get(full, &v)
	s := ", sin6_port=htons(" + udec(uint64(v.Port)) + "), sin6_flowinfo=htonl(" + udec(uint64(v.Flowinfo)) +
		`), inet_pton(AF_INET6, "` + netip.AddrFrom16(v.Addr).String() + `", &sin6_addr)`
	if len(b) == len(full) {
		s += ", sin6_scope_id=" + udec(uint64(v.ScopeID))
	}
	return s
}

func netlinkText(p *printer, b []byte) string {
	var v abi.SockaddrNl
	if len(b) < p.l.Size(&v) {
		return ""
	}
	p.l.Get(b, &v)
	return ", nl_pid=" + dec(int64(int32(v.PID))) + ", nl_groups=" + hex8(v.Groups)
}

func showMsghdr(p *printer, v *abi.Msghdr) string {
	return "{" + p.msghdr(v, int(v.Namelen), everything, false) + "}"
}

func showOutMsghdr(p *printer, a operand) string {
	return showAt(p, a.v, func(p *printer, v *abi.Msghdr) string {
		if p.failed {
			return "{msg_namelen=" + dec(int64(int32(p.saved[a.i]))) + "}"
		}
		return "{" + p.msghdr(v, int(p.saved[a.i]), uint64(p.ret), true) + "}"
	})
}

// keepNameLength saves the room for the address before recvmsg.
func keepNameLength(p *printer, a operand) {
	var v abi.Msghdr
	if p.l.Load(p.mem, a.v, &v) == nil {
		p.saved[a.i] = uint64(uint32(v.Namelen))
	}
}

// msghdr formats the fields of a message header: room is the space there was for
// the address, data the bytes that went through the buffers.
func (p *printer) msghdr(v *abi.Msghdr, room int, data uint64, received bool) string {
	namelen := dec(int64(v.Namelen))
	if received && room != int(v.Namelen) {
		namelen = dec(int64(room)) + " => " + namelen
	}
	list := []string{
		"msg_name=" + p.sockaddr(v.Name, min(room, int(v.Namelen))), "msg_namelen=" + namelen,
		"msg_iov=" + p.iovec(v.Iov, int(v.Iovlen), data, true), "msg_iovlen=" + udec(v.Iovlen),
	}
	if v.Controllen > 0 {
		list = append(list, "msg_control="+p.cmsgs(v.Control, v.Controllen))
	}
	list = append(list, "msg_controllen="+udec(v.Controllen), "msg_flags="+msgFlags.Format(uint64(v.Flags)))
	return strings.Join(list, ", ")
}

// cmsgs formats control messages.
func (p *printer) cmsgs(addr, n uint64) string {
	b, ok := p.read(addr, int(min(n, 4096)))
	if addr == 0 || !ok {
		return p.ptr(addr)
	}
	var list []string
	var v abi.Cmsghdr
	head := uint64(p.l.Size(&v))
	for uint64(len(b)) >= head {
		p.l.Get(b, &v)
		data := b[head:]
		if v.Len >= head && v.Len <= uint64(len(b)) {
			data = b[head:v.Len]
		}
		list = append(list, cmsgText(p, &v, data))
		next := p.l.CmsgAlign(v.Len)
		if v.Len < head || next > uint64(len(b)) {
			break
		}
		b = b[next:]
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func cmsgText(p *printer, v *abi.Cmsghdr, data []byte) string {
	kind, text := hex(uint64(uint32(v.Type))), quote(data)
	if v.Level == abi.SOL_SOCKET {
		kind = scmTypes.Format(uint64(uint32(v.Type)))
		switch {
		case v.Type == abi.SCM_RIGHTS:
			text = fdList(data)
		case v.Type == abi.SCM_CREDENTIALS && len(data) >= 12:
			var u abi.Ucred
			p.l.Get(data, &u)
			text = ucredText(&u)
		}
	}
	s := "{cmsg_len=" + udec(v.Len) + ", cmsg_level=" + sockLevels.Format(uint64(uint32(v.Level))) + ", cmsg_type=" + kind
	if len(data) > 0 {
		s += ", cmsg_data=" + text
	}
	return s + "}"
}

func fdList(b []byte) string {
	var list []string
	for ; len(b) >= 4; b = b[4:] {
		list = append(list, int32Text(abi.Uint(b, 4)))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func ucredText(u *abi.Ucred) string {
	return "{pid=" + dec(int64(u.PID)) + ", uid=" + udec(uint64(u.UID)) + ", gid=" + udec(uint64(u.GID)) + "}"
}

// showMmsg formats the messages of sendmmsg and recvmmsg that went through.
func showMmsg(received bool) formatter {
	return func(p *printer, a operand) string {
		n := int(p.length(a))
		if received {
			n = int(p.ret)
		}
		return showArray(p, a.v, n, func(p *printer, v *abi.Mmsghdr) string {
			data := uint64(everything)
			if received || !p.failed {
				data = uint64(v.Len)
			}
			return "{msg_hdr={" + p.msghdr(&v.Msghdr, int(v.Namelen), data, false) + "}, msg_len=" + udec(uint64(v.Len)) + "}"
		})
	}
}

// sockOptTexts formats the values that are structures or strings.
var sockOptTexts = map[[2]uint32]formatter{
	{abi.SOL_SOCKET, abi.SO_LINGER}: structure(func(_ *printer, v *abi.Linger) string {
		return "{l_onoff=" + dec(int64(v.Onoff)) + ", l_linger=" + dec(int64(v.Linger)) + "}"
	}),
	{abi.SOL_SOCKET, abi.SO_PEERCRED}: structure(func(_ *printer, v *abi.Ucred) string { return ucredText(v) }),
}

// sockOpt prints an option's value of n bytes: an int, or bytes.
func (p *printer) sockOpt(a operand, n int) string {
	key := [2]uint32{uint32(p.value(1)), uint32(p.value(2))}
	show := sockOptTexts[key]
	switch {
	case a.v == 0:
		return "NULL"
	case n <= 0:
		return hex(a.v)
	case show != nil && n >= 8:
		return show(p, a)
	case n == 4:
		return outInt(p, a)
	}
	return p.bytes(a.v, uint64(n), quote)
}

func showSockOpt(p *printer, a operand) string { return p.sockOpt(a, int(int32(p.length(a)))) }

func showOutSockOpt(p *printer, a operand) string {
	n, _ := p.word(p.value(a.by), 4)
	return p.sockOpt(a, int(int32(n)))
}

// showFDPair prints the two descriptors of pipe and socketpair.
func showFDPair(p *printer, a operand) string { return p.numbers(a.v, 2, 4, int32Text) }

func showPollFDs(p *printer, a operand) string {
	return showArray(p, a.v, int(p.length(a)), func(_ *printer, v *abi.PollFD) string {
		s := "{fd=" + dec(int64(v.FD))
		if v.FD >= 0 {
			s += ", events=" + pollEvents.Format(uint64(v.Events))
		}
		return s + "}"
	})
}

// fdSet returns the members of a set among the first n descriptors.
func (p *printer) fdSet(addr uint64, n int) ([]int, bool) {
	n = max(0, min(n, maxRead))
	size := (n + 8*p.l.Word - 1) / (8 * p.l.Word) * p.l.Word
	b, ok := p.read(addr, size)
	if addr == 0 || !ok {
		return nil, false
	}
	var fds []int
	for fd := range n {
		if b[fd/8]>>(fd%8)&1 != 0 {
			fds = append(fds, fd)
		}
	}
	return fds, true
}

func fdsText(fds []int) string {
	var list []string
	for _, fd := range fds {
		list = append(list, dec(int64(fd)))
	}
	return "[" + strings.Join(list, " ") + "]"
}

func showFDSet(p *printer, a operand) string {
	fds, ok := p.fdSet(a.v, int(int32(p.length(a))))
	if !ok {
		return p.ptr(a.v)
	}
	return fdsText(fds)
}

func epollText(_ *printer, v *abi.EpollEvent) string {
	return "{events=" + epollEvents.Format(uint64(v.Events)) +
		", data={u32=" + udec(uint64(uint32(v.Data))) + ", u64=" + udec(v.Data) + "}}"
}

// showEpollEvent: deleting needs no event.
func showEpollEvent(p *printer, a operand) string {
	if uint32(p.value(a.by)) == abi.EPOLL_CTL_DEL {
		return p.ptr(a.v)
	}
	return showAt(p, a.v, epollText)
}

func showEpollEvents(p *printer, a operand) string {
	return showArray(p, a.v, int(p.ret), epollText)
}

func showSocketCall(_ *printer, a operand) string {
	v := uint64(uint32(a.v))
	if name, ok := socketCallNames.Lookup(int64(v)); ok {
		return name
	}
	return udec(v)
}

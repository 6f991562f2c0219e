package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// maxControl bounds the control data of a message that is sent (optmem_max). Of one
// that comes it is no longer either, whatever room there is.
const maxControl = 64 << 10

// message reads a struct msghdr and finds its buffers.
func (t *Thread) message(a guest.Addr, access guest.Access) (h abi.Msghdr, m *hostsys.Msg, e errno) {
	if e = t.load(a, &h); e != 0 {
		return h, nil, e
	}
	if h.Iovlen > maxIovec {
		return h, nil, abi.EMSGSIZE
	}
	m = new(hostsys.Msg)
	m.Iov, _, e = t.iovecs(guest.Addr(h.Iov), int(h.Iovlen), access)
	return h, m, e
}

func sysSendmsg(t *Thread, c *call) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	return t.sendHeader(f, c.addr(1), c.i32(2))
}

func (t *Thread) sendHeader(f *File, a guest.Addr, flags int) (int64, errno) {
	h, m, e := t.message(a, guest.Read)
	if e != 0 {
		return 0, e
	}
	if h.Name != 0 && h.Namelen != 0 {
		if m.Name, _, e = t.sockaddr(guest.Addr(h.Name), uint64(uint32(h.Namelen)), abi.ECONNREFUSED); e != 0 {
			return 0, e
		}
	}
	if h.Controllen > maxControl {
		return 0, abi.ENOBUFS
	}
	if h.Control != 0 && t.call.progress == 0 {
		b, e := t.mem(guest.Addr(h.Control), h.Controllen)
		if e != 0 {
			return 0, e
		}
		fl, ticket, e := t.controlToHost(b, m)
		if e != 0 {
			return 0, e
		}
		defer t.k.closeTicket(fl, ticket)
	}
	return t.sendMsg(f, m, flags)
}

func sysRecvmsg(t *Thread, c *call) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	return t.recvHeader(f, c.addr(1), c.i32(2))
}

func (t *Thread) recvHeader(f *File, a guest.Addr, flags int) (int64, errno) {
	h, m, e := t.message(a, guest.Write)
	if e != 0 {
		return 0, e
	}
	if h.Name != 0 {
		m.Name = make([]byte, maxSockaddr)
	}
	room := int(min(h.Controllen, maxControl))
	if h.Control != 0 {
		m.Control = make([]byte, room)
		if t.lay() != abi.Layout64 { // the host's headers are longer
			m.Control = make([]byte, 2*room)
		}
	}
	n, e := t.recvMsg(f, m, flags)
	if e != 0 {
		return 0, e
	}
	control, whole := t.controlToGuest(m.Control, room, flags&unix.MSG_CMSG_CLOEXEC != 0)
	if !whole {
		m.Flags |= unix.MSG_CTRUNC
	}
	if h.Name != 0 {
		m.Name = t.k.guestSockaddr(m.Name)
		if e := t.copyOut(guest.Addr(h.Name), m.Name[:min(len(m.Name), max(0, int(h.Namelen)))]); e != 0 {
			return 0, e
		}
		h.Namelen = int32(len(m.Name))
	}
	if e := t.copyOut(guest.Addr(h.Control), control); e != 0 {
		return 0, e
	}
	h.Controllen, h.Flags = uint64(len(control)), uint32(m.Flags)&^unix.MSG_CMSG_CLOEXEC|uint32(flags)&unix.MSG_CMSG_CLOEXEC
	return n, t.store(a, &h)
}

// cmsgs walks control data in the layout of lay.
func cmsgs(lay *abi.Layout, b []byte, f func(h *abi.Cmsghdr, data []byte) errno) errno {
	var h abi.Cmsghdr
	head := lay.Size(&h)
	for len(b) >= head {
		lay.Get(b, &h)
		if h.Len < uint64(head) || h.Len > uint64(len(b)) {
			return abi.EINVAL
		}
		if e := f(&h, b[head:h.Len]); e != 0 {
			return e
		}
		b = b[min(lay.CmsgAlign(h.Len), uint64(len(b))):]
	}
	return 0
}

// appendCmsg adds a control message in the layout of lay.
func appendCmsg(lay *abi.Layout, b []byte, h *abi.Cmsghdr, data []byte) []byte {
	c := *h
	c.Len = uint64(lay.Size(&c) + len(data))
	b = append(append(b, lay.Bytes(&c)...), data...)
	return append(b, make([]byte, lay.CmsgAlign(c.Len)-c.Len)...)
}

// controlToHost replaces descriptors and process ids by the host's. In a sandbox one
// ticket stands for all files.
func (t *Thread) controlToHost(b []byte, m *hostsys.Msg) (fl *flight, ticket int, e errno) {
	var files []*File
	e = cmsgs(t.lay(), b, func(h *abi.Cmsghdr, data []byte) errno {
		data = append([]byte(nil), data...)
		if h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_RIGHTS {
			passed, e := t.passFiles(data)
			if e != 0 || t.k.host.Walks {
				files = append(files, passed...)
				return e
			}
		}
		if h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_CREDENTIALS && len(data) >= 4 && t.k.tasks.ever[int(le.Uint32(data))] {
			le.PutUint32(data, uint32(t.k.host.ID(unix.SYS_GETPID)))
		}
		m.Control = appendCmsg(abi.Layout64, m.Control, h, data)
		return 0
	})
	if e != 0 || len(files) == 0 {
		return nil, 0, e
	}
	if fl, ticket, e = t.takeOff(files); e == 0 {
		h := &abi.Cmsghdr{Level: unix.SOL_SOCKET, Type: unix.SCM_RIGHTS}
		m.Control = appendCmsg(abi.Layout64, m.Control, h, le.AppendUint32(nil, uint32(ticket)))
	}
	return fl, ticket, e
}

// passFiles replaces descriptors by the host's.
func (t *Thread) passFiles(data []byte) (files []*File, e errno) {
	for i := 0; i+4 <= len(data); i += 4 {
		f, e := t.file(int(int32(le.Uint32(data[i:]))))
		if e != 0 {
			return nil, e
		}
		le.PutUint32(data[i:], uint32(f.fd))
		files = append(files, f)
		if !t.k.host.Walks {
			t.k.rememberPassed(f)
		}
	}
	return files, 0
}

// controlToGuest gives received descriptors guest numbers. Those for which there
// is no number or no room are closed.
func (t *Thread) controlToGuest(b []byte, room int, cloexec bool) (control []byte, whole bool) {
	head := t.lay().Size(&abi.Cmsghdr{})
	whole = true
	cmsgs(abi.Layout64, b, func(h *abi.Cmsghdr, data []byte) errno {
		data = t.stampToGuest(h, data)
		fds := h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_RIGHTS
		var files []*File
		if fds {
			files, data = t.k.unpack(data)
		}
		fits := room - len(control) - head
		if n := max(0, fits); n < len(data) {
			if fds {
				n &^= 3
				t.k.drop(files[n/4:])
				files = files[:n/4]
			}
			data, whole = data[:n], false
		}
		if fits < 0 || fds && len(data) == 0 {
			return 0
		}
		if fds {
			t.installAll(files, data, cloexec)
		}
		control = appendCmsg(t.lay(), control, h, data)
		control = control[:min(len(control), room)]
		return 0
	})
	return control, whole
}

// stampToGuest gives the time of a message the guest's layout.
func (t *Thread) stampToGuest(h *abi.Cmsghdr, data []byte) []byte {
	stamp := h.Level == unix.SOL_SOCKET && (h.Type == abi.SO_TIMESTAMP_OLD || h.Type == abi.SO_TIMESTAMPNS_OLD)
	if !stamp || t.lay() == abi.Layout64 || len(data) < abi.Layout64.Size(&abi.Timeval{}) {
		return data
	}
	return relayout(abi.Layout64, t.lay(), data)
}

// unpack makes files of the host descriptors that came through a socket, and room for
// the guest's numbers.
func (k *Kernel) unpack(fds []byte) (files []*File, numbers []byte) {
	for ; len(fds) >= 4; fds = fds[4:] {
		fd := int(int32(le.Uint32(fds)))
		if k.host.Walks {
			files = append(files, k.collect(fd)...)
		} else {
			files = append(files, k.receiveFile(fd))
		}
	}
	return files, make([]byte, 4*len(files))
}

// installAll gives received files guest numbers, -1 for none.
func (t *Thread) installAll(files []*File, numbers []byte, cloexec bool) {
	for i, f := range files {
		n, e := t.install(f, cloexec)
		if e != 0 {
			n = -1
		}
		le.PutUint32(numbers[4*i:], uint32(n))
	}
}

// drop gives up files that the guest has no room for.
func (k *Kernel) drop(files []*File) {
	for _, f := range files {
		f.unref(k)
	}
}

// fileID names a host file, to recognise it when it comes back through a socket.
type fileID struct{ dev, ino uint64 }

// rememberPassed remembers how the guest sees a file that it sends away: the host's
// descriptor does not tell whether the guest wants it to wait.
func (k *Kernel) rememberPassed(f *File) {
	if st, e := k.host.Fstat(f.fd); e == 0 {
		if k.sockets.passed == nil {
			k.sockets.passed = map[fileID]File{}
		}
		k.sockets.passed[fileID{st.Dev, st.Ino}] = File{
			path: f.path, real: f.real, flags: f.flags, mode: f.mode, mayBlock: f.mayBlock,
			proc: procFile{name: f.proc.name, node: f.proc.node, mm: f.proc.mm},
		}
	}
}

// receiveFile makes a file of a descriptor that came through a socket.
func (k *Kernel) receiveFile(fd int) *File {
	fl, _ := k.host.Fcntl(fd, unix.F_GETFL, 0)
	f := k.newFile(fd, "", int(fl))
	f.mayBlock = fl&unix.O_NONBLOCK == 0 && f.mode != unix.S_IFREG && f.mode != unix.S_IFDIR
	st, _ := k.host.Fstat(fd)
	if from, ok := k.sockets.passed[fileID{st.Dev, st.Ino}]; ok {
		f.flags = int(fl)&^abi.O_NONBLOCK | from.flags&abi.O_NONBLOCK
		f.path, f.mayBlock = from.path, from.mayBlock
		if from.proc.node != nil {
			f.proc, f.mode, f.real = from.proc, from.mode, from.real
		}
	} else {
		f.path = k.realPath(f)
		k.sched.cur.ownNode(f)
	}
	return f
}

// sysSendmmsg and sysRecvmmsg make as many calls as they can without waiting
// once they have begun.
func sysSendmmsg(t *Thread, c *call) (int64, errno) {
	return t.eachMessage(c, func(f *File, a guest.Addr, flags int) (int64, errno) { return t.sendHeader(f, a, flags) })
}

func sysRecvmmsg(t *Thread, c *call) (int64, errno) {
	if e := t.timeout(c.addr(4)); e != 0 {
		return 0, e
	}
	return t.eachMessage(c, func(f *File, a guest.Addr, flags int) (int64, errno) { return t.recvHeader(f, a, flags) })
}

func (t *Thread) eachMessage(c *call, do func(f *File, a guest.Addr, flags int) (int64, errno)) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	size := guest.Addr(t.lay().Size(&abi.Mmsghdr{}))
	head := guest.Addr(t.lay().Size(&abi.Msghdr{}))
	flags := c.i32(3)
	for i := range min(c.u32(2), maxIovec) {
		a := c.addr(1) + guest.Addr(i)*size
		if i > 0 {
			flags |= unix.MSG_DONTWAIT
		}
		n, e := do(f, a, flags&^unix.MSG_WAITFORONE)
		c.progress = 0
		if e != 0 {
			if i > 0 {
				return int64(i), 0
			}
			return 0, e
		}
		if e := t.putU32(a+head, uint32(n)); e != 0 {
			return int64(i), e
		}
	}
	return int64(min(c.u32(2), maxIovec)), 0
}

package linux

import (
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// ioctlSizes are the requests that the host answers, with the size of the memory
// that their argument points to; 0 for a number. x86-64, i386 and the host agree
// on all of these structures.
var ioctlSizes = map[uint32]uint64{
	unix.TCGETS: 36, unix.TCSETS: 36, unix.TCSETSW: 36, unix.TCSETSF: 36,
	unix.TCGETS2: 44, unix.TCSETS2: 44, unix.TCSETSW2: 44, unix.TCSETSF2: 44,
	unix.TCSBRK: 0, unix.TCXONC: 0, unix.TCFLSH: 0, unix.TCSBRKP: 0, unix.TIOCEXCL: 0, unix.TIOCNXCL: 0,
	unix.TIOCGWINSZ: 8, unix.TIOCOUTQ: 4, unix.TIOCGETD: 4, unix.TIOCSETD: 4,
	unix.TIOCMGET: 4, unix.TIOCMSET: 4, unix.TIOCMBIS: 4, unix.TIOCMBIC: 4,
	unix.TIOCGPTN: 4, unix.TIOCSPTLCK: 4, unix.TIOCGPTLCK: 4, unix.TIOCPKT: 4,
	unix.TIOCINQ: 4, abi.FIOQSIZE: 8, unix.FICLONE: 0,
	unix.SIOCATMARK: 4, unix.BLKGETSIZE64: 8, unix.BLKSSZGET: 4,
}

// longIoctl is a request whose structure ends in what has the size of the guest's
// long, or of a union of such: size is the host's, less what it is less where longs
// have 32 bits, and req32 the number there, if it is another.
type longIoctl struct {
	size, less uint64
	req32      uint32
}

// ifreq is struct ifreq: its largest member is a struct of longs that none of
// these requests uses.
var ifreq = longIoctl{size: 40, less: 8}

var longIoctls = map[uint32]longIoctl{
	unix.FS_IOC_GETFLAGS: {8, 4, 0x80046601}, unix.FS_IOC_SETFLAGS: {8, 4, 0x40046602}, unix.BLKGETSIZE: {8, 4, 0},
	unix.SIOCGIFNAME: ifreq, unix.SIOCGIFFLAGS: ifreq, unix.SIOCGIFADDR: ifreq, unix.SIOCGIFNETMASK: ifreq, unix.SIOCGIFBRDADDR: ifreq,
	unix.SIOCGIFMTU: ifreq, unix.SIOCGIFHWADDR: ifreq, unix.SIOCGIFINDEX: ifreq,
}

// narrowIoctls are the requests of 32-bit programs that have numbers of their own.
var narrowIoctls = func() map[uint32]uint32 {
	m := map[uint32]uint32{}
	for req, l := range longIoctls { // a map again
		if l.req32 != 0 {
			m[l.req32] = req
		}
	}
	return m
}()

// ioctlFuncs are the requests that the kernel itself answers.
var ioctlFuncs = map[uint32]func(t *Thread, f *File, a guest.Addr) (int64, errno){
	abi.FIONBIO:      ioctlFionbio,
	abi.FIOCLEX:      func(t *Thread, _ *File, _ guest.Addr) (int64, errno) { return t.setCloexec(true) },
	abi.FIONCLEX:     func(t *Thread, _ *File, _ guest.Addr) (int64, errno) { return t.setCloexec(false) },
	abi.FIOASYNC:     ioctlFioasync,
	unix.TIOCGPGRP:   ioctlGetPgrp,
	unix.TIOCSPGRP:   ioctlSetPgrp,
	unix.TIOCGSID:    ioctlGetSid,
	unix.TIOCSCTTY:   ioctlSetTty,
	unix.TIOCNOTTY:   ioctlNoTty,
	unix.TIOCSWINSZ:  ioctlWinsize,
	unix.SIOCGIFCONF: ioctlIfconf,
	unix.TIOCGPTPEER: ioctlPtPeer,
}

func sysIoctl(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	req := c.u32(1)
	if do := ioctlFuncs[req]; do != nil {
		return do(t, f, c.addr(2))
	}
	if changesTTY[req] {
		if e := t.mayUse(f, abi.SIGTTOU); e != 0 {
			return 0, e
		}
	}
	size, ok := ioctlSizes[req]
	if wide, found := narrowIoctls[req]; found && t.lay().Word == 4 {
		req = wide
	}
	if l, found := longIoctls[req]; found {
		less := uint64(0)
		if t.lay().Word == 4 {
			less = l.less
		}
		return t.ioctlCopy(f, req, c.addr(2), l.size-less, less)
	}
	switch {
	case !ok:
		return t.unknownIoctl(f, req)
	case req == unix.FICLONE:
		src, e := t.file(c.i32(2))
		if e != 0 {
			return 0, e
		}
		defer t.k.noteResized(f)
		return t.k.host.Ioctl(f.fd, req, uint64(src.fd))
	case size == 0:
		return t.k.host.Ioctl(f.fd, req, c.Args[2])
	}
	return t.ioctlCopy(f, req, c.addr(2), size, 0)
}

// ioctlCopy gives the host a copy of the argument, and copies back what it made
// of it if the guest may be given that. The host's structure is more bytes longer.
func (t *Thread) ioctlCopy(f *File, req uint32, a guest.Addr, size, more uint64) (int64, errno) {
	m, e := t.mem(a, size)
	if e != 0 {
		return 0, e
	}
	b := append(slices.Clone(m), make([]byte, more)...)
	ret, e := t.k.host.IoctlBuf(f.fd, req, b)
	if b = b[:size]; e == 0 && string(b) != string(m) {
		e = t.copyOut(a, b)
	}
	return ret, e
}

// unknownIoctl answers as for a request that the file does not know. It is
// counted, because the file may know it.
func (t *Thread) unknownIoctl(f *File, req uint32) (int64, errno) {
	t.k.log.Debug("ioctl not supported", "request", req, "file", f.path, "pid", t.p.pid)
	return 0, abi.ENOTTY
}

func ioctlFionbio(t *Thread, f *File, a guest.Addr) (int64, errno) {
	on, e := t.u32(a)
	if e != 0 {
		return 0, e
	}
	f.flags &^= abi.O_NONBLOCK
	if on != 0 {
		f.flags |= abi.O_NONBLOCK
	}
	return 0, 0
}

func ioctlFioasync(t *Thread, f *File, a guest.Addr) (int64, errno) {
	on, e := t.u32(a)
	if e != 0 {
		return 0, e
	}
	t.k.setAsync(f, on != 0)
	return 0, 0
}

func (t *Thread) setCloexec(on bool) (int64, errno) {
	t.files.slots[t.call.i32(0)].cloexec = on
	return 0, 0
}

// ioctlIfconf lists network interfaces: a length and a pointer to the buffer.
func ioctlIfconf(t *Thread, f *File, a guest.Addr) (int64, errno) {
	n, e := t.u32(a)
	if e != 0 {
		return 0, e
	}
	to, e := t.word(a + guest.Addr(t.lay().Word))
	if e != 0 {
		return 0, e
	}
	entry := ifreq.size // in the guest's list
	if t.lay().Word == 4 {
		entry -= ifreq.less
	}
	buf := make([]byte, min(uint64(n)/entry*ifreq.size, 64<<10))
	got, e := t.k.host.Ifconf(f.fd, buf)
	if e != 0 {
		return 0, e
	}
	count := uint64(got) / ifreq.size
	for i := uint64(0); to != 0 && i < min(count, uint64(len(buf))/ifreq.size); i++ {
		if e := t.copyOut(guest.Addr(to+i*entry), buf[i*ifreq.size:][:entry]); e != 0 {
			return 0, e
		}
	}
	return 0, t.putU32(a, uint32(count*entry))
}

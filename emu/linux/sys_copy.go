package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// copyBetween makes one of the calls that move bytes between two files. A transfer that
// would wait is tried again when the side that is not ready is.
func (t *Thread) copyBetween(in, out *File, do func() (int, errno)) (int64, errno) {
	for _, side := range []struct {
		f      *File
		events int16
	}{{in, unix.POLLIN}, {out, unix.POLLOUT}} {
		if !side.f.ready(t.k.host, side.events) {
			return 0, t.waitFor(side.f, side.events)
		}
	}
	n, e := do()
	t.k.noteWritten(out)
	switch e {
	case abi.EAGAIN:
		if ready, _ := t.k.host.Ppoll([]unix.PollFd{{Fd: int32(out.fd), Events: unix.POLLOUT}}, 0); ready == 0 {
			return 0, t.waitFor(out, unix.POLLOUT)
		}
		return 0, t.waitFor(in, unix.POLLIN)
	case abi.EPIPE:
		t.send(abi.Siginfo{Signo: abi.SIGPIPE, Code: abi.SI_USER, PID: int32(t.p.pid), UID: t.k.uid()}, false)
	}
	return int64(n), e
}

// pair finds the two files of a copy.
func (t *Thread) pair(in, out int) (i, o *File, e errno) {
	if i, e = t.reader(in); e != 0 {
		return nil, nil, e
	}
	if o, e = t.writer(out); e == 0 {
		e = t.copyable(i, o)
	}
	return i, o, e
}

// copyable prepares a copy by the host from one file to another. A text of /proc
// may be copied; nothing can be copied to a file there.
func (t *Thread) copyable(in, out *File) errno {
	switch {
	case out.proc.node != nil || in.proc.node != nil && in.proc.node.row.text == nil:
		return abi.EINVAL
	case in.proc.node != nil:
		return in.fill(t.k, -1)
	}
	return 0
}

// offset reads an optional file offset.
func (t *Thread) offset(a guest.Addr) (*int64, errno) {
	if a == 0 {
		return nil, 0
	}
	v, e := t.u64(a)
	off := int64(v)
	return &off, e
}

func (t *Thread) putOffset(a guest.Addr, off *int64) errno {
	if off == nil {
		return 0
	}
	return t.putU64(a, uint64(*off))
}

// shortOffset and putShortOffset are those of sendfile, whose offset is a long.
func (t *Thread) shortOffset(a guest.Addr) (*int64, errno) {
	if a == 0 || t.lay().Word == 8 || t.call.wide() {
		return t.offset(a)
	}
	v, e := t.u32(a)
	off := int64(int32(v))
	return &off, e
}

func (t *Thread) putShortOffset(a guest.Addr, off *int64) errno {
	if off == nil || t.lay().Word == 8 || t.call.wide() {
		return t.putOffset(a, off)
	}
	return t.putU32(a, uint32(*off))
}

func sysSendfile(t *Thread, c *call) (int64, errno) {
	in, out, e := t.pair(c.i32(1), c.i32(0))
	if e != 0 {
		return 0, e
	}
	off, e := t.shortOffset(c.addr(2))
	if e != 0 {
		return 0, e
	}
	size := min(c.Args[3], maxIO)
	if out.mayBlock {
		size = min(size, pipeAtomic)
	}
	size, cut, e := t.copyFits(out, nil, size)
	if e != 0 {
		return 0, e
	}
	n, e := t.copyBetween(in, out, func() (int, errno) { return t.k.host.Sendfile(out.fd, in.fd, off, size) })
	if e != 0 {
		return 0, e
	}
	if cut && n == int64(size) && t.hasMore(in, off) {
		t.refuseSize() // the rest does not fit, which is seen when that is to be written
	}
	return n, t.putShortOffset(c.addr(2), off)
}

// hasMore reports whether a file has something after its position, or after off.
func (t *Thread) hasMore(f *File, off *int64) bool {
	if off == nil {
		at, _ := t.k.host.Lseek(f.fd, 0, unix.SEEK_CUR)
		off = &at
	}
	n, _ := t.k.host.Preadv2(f.fd, [][]byte{make([]byte, 1)}, *off, 0)
	return n > 0
}

// twoOffsets reads the offsets of copy_file_range and splice, does the copy and
// writes them back.
func (t *Thread) twoOffsets(c *call, do func(in *File, off *int64, out *File, outOff *int64) (int, errno)) (int64, errno) {
	in, out, e := t.pair(c.i32(0), c.i32(2))
	if e != 0 {
		return 0, e
	}
	off, e := t.offset(c.addr(1))
	if e != 0 {
		return 0, e
	}
	outOff, e := t.offset(c.addr(3))
	if e != 0 {
		return 0, e
	}
	n, e := t.copyBetween(in, out, func() (int, errno) { return do(in, off, out, outOff) })
	if e != 0 {
		return 0, e
	}
	if e = t.putOffset(c.addr(1), off); e == 0 {
		e = t.putOffset(c.addr(3), outOff)
	}
	return n, e
}

func sysCopyFileRange(t *Thread, c *call) (int64, errno) {
	return t.twoOffsets(c, func(in *File, off *int64, out *File, outOff *int64) (int, errno) {
		size, _, e := t.copyFits(out, outOff, c.Args[4])
		if e != 0 {
			return 0, e
		}
		return t.k.host.CopyFileRange(in.fd, off, out.fd, outOff, size, c.i32(5))
	})
}

func sysSplice(t *Thread, c *call) (int64, errno) {
	return t.twoOffsets(c, func(in *File, off *int64, out *File, outOff *int64) (int, errno) {
		size := c.Args[4]
		if out.mayBlock {
			size = min(size, pipeAtomic)
		}
		size, cut, e := t.copyFits(out, outOff, size)
		if e != 0 {
			return 0, e
		}
		n, e := t.k.host.Splice(in.fd, off, out.fd, outOff, size, c.i32(5)|unix.SPLICE_F_NONBLOCK)
		if cut && n == int(size) && t.pipeHolds(in) {
			t.refuseSize()
		}
		return n, e
	})
}

// pipeHolds reports whether something is in a pipe.
func (t *Thread) pipeHolds(f *File) bool {
	p := []unix.PollFd{{Fd: int32(f.fd), Events: unix.POLLIN}}
	t.k.host.Ppoll(p, 0)
	return p[0].Revents&unix.POLLIN != 0
}

func sysTee(t *Thread, c *call) (int64, errno) {
	in, out, e := t.pair(c.i32(0), c.i32(1))
	if e != 0 {
		return 0, e
	}
	return t.copyBetween(in, out, func() (int, errno) {
		return t.k.host.Tee(in.fd, out.fd, c.Args[2], c.i32(3)|unix.SPLICE_F_NONBLOCK)
	})
}

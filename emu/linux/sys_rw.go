package linux

import (
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// pipeAtomic is how much may be written at once to a descriptor that was polled
// and would otherwise block.
const pipeAtomic = 4096

// waitFor makes the call wait until a file is ready, unless it must not.
func (t *Thread) waitFor(f *File, events int16) errno {
	if f.nonblock() {
		return abi.EAGAIN
	}
	if f.mode == unix.S_IFSOCK {
		if t.socketDeadline(f, events); t.timedOut() {
			return abi.EAGAIN
		}
	}
	return t.parkFD(f.fd, events)
}

// timedOut reports whether the deadline of the call has passed.
func (t *Thread) timedOut() bool {
	return t.call.deadline != 0 && t.k.host.Now() >= t.call.deadline
}

// transfer is a read or write at the position of the file, or at off where that
// is not negative.
type transfer struct {
	f     *File
	off   int64
	flags int // RWF_
}

func (t *Thread) read(x transfer, v [][]byte) (int64, errno) {
	f := x.f
	switch {
	case f.proc.node != nil:
		if n, e, done := t.readNode(x, v); done {
			return n, e
		}
	case f.signals != nil:
		return t.readSignals(f, v)
	}
	if e := t.mayUse(f, abi.SIGTTIN); e != 0 {
		return 0, e
	}
	if !f.ready(t.k.host, unix.POLLIN) {
		return 0, t.waitFor(f, unix.POLLIN)
	}
	var n int
	var e errno
	t.k.host.Prompt = f.prompt()
	switch {
	case x.off >= 0 || x.flags != 0:
		n, e = t.k.host.Preadv2(f.fd, v, x.off, x.flags)
	case len(v) == 1:
		n, e = t.k.host.Read(f.fd, v[0])
	default:
		n, e = t.k.host.Readv(f.fd, v)
	}
	if e == abi.EAGAIN {
		return 0, t.waitFor(f, unix.POLLIN)
	}
	t.k.used(f, unix.POLLIN)
	return int64(n), e
}

// write writes all of v, waiting as often as needed; a file that does not wait
// gets what it takes at once.
func (t *Thread) write(x transfer, v [][]byte) (int64, errno) {
	c, f := &t.call, x.f
	if f.proc.node != nil {
		return t.writeNode(x, v)
	}
	v = skip(v, c.progress)
	if e := t.mayWrite(f); e != 0 {
		return t.partial(e)
	}
	if len(v) != 0 {
		n, e := t.fits(f, x.off, int(size(v)))
		if e != 0 {
			return t.partial(e)
		}
		v = cut(v, n)
	}
	for {
		if !f.ready(t.k.host, unix.POLLOUT) {
			return t.partial(t.waitFor(f, unix.POLLOUT))
		}
		n, e := t.writeOnce(x, v)
		if e == abi.EAGAIN {
			return t.partial(t.waitFor(f, unix.POLLOUT))
		}
		if e != 0 {
			if e == abi.EPIPE {
				t.send(abi.Siginfo{Signo: abi.SIGPIPE, Code: abi.SI_USER, PID: int32(t.p.pid), UID: t.k.uid()}, false)
			}
			return t.partial(e)
		}
		c.progress += int64(n)
		t.k.written(f)
		if f.master != nil {
			t.typed(f, v, n)
		}
		t.k.used(f, unix.POLLOUT)
		v = skip(v, int64(n))
		waits := f.mode == unix.S_IFIFO || f.mode == unix.S_IFSOCK || f.mode == unix.S_IFCHR
		if len(v) == 0 || n == 0 || !waits || f.nonblock() && !f.mayBlock {
			return c.progress, 0
		}
	}
}

// partial is the result of a call that has done some and then met e.
func (t *Thread) partial(e errno) (int64, errno) {
	if e != blocked && t.call.progress > 0 {
		return t.call.progress, 0
	}
	return 0, e
}

func (t *Thread) writeOnce(x transfer, v [][]byte) (int, errno) {
	h, f := t.k.host, x.f
	if f.mayBlock {
		v = [][]byte{v[0][:min(len(v[0]), pipeAtomic)]}
	}
	h.Prompt = f.prompt()
	switch {
	case x.off >= 0 || x.flags != 0:
		return h.Pwritev2(f.fd, v, x.off, x.flags)
	case len(v) == 1:
		return h.Write(f.fd, v[0])
	}
	return h.Writev(f.fd, v)
}

// skip drops the first n bytes of a vector, and empty buffers.
func skip(v [][]byte, n int64) [][]byte {
	for len(v) > 0 && n >= int64(len(v[0])) {
		n -= int64(len(v[0]))
		v = v[1:]
	}
	if n > 0 && len(v) > 0 {
		v = append([][]byte{v[0][n:]}, v[1:]...)
	}
	return v
}

// cut is the first n bytes of a vector.
func cut(v [][]byte, n int) [][]byte {
	for i, b := range v {
		switch {
		case n == len(b):
			return v[:i+1]
		case n < len(b):
			return append(v[:i:i], b[:n])
		}
		n -= len(b)
	}
	return v
}

// oneBuffer transfers one buffer.
func (t *Thread) oneBuffer(c *call, write bool, off int64) (int64, errno) {
	access, find, do := guest.Write, t.reader, t.read
	if write {
		access, find, do = guest.Read, t.writer, t.write
	}
	f, e := find(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if int64(c.Args[2]) < 0 {
		return 0, abi.EINVAL
	}
	x := transfer{f: f, off: off}
	if c.Args[2] == 0 {
		return t.nothing(x, write)
	}
	v, e := t.buffers(t.iov.single[:0], c.addr(1), c.Args[2], access)
	if e != 0 {
		return 0, e
	}
	return do(x, v)
}

// nothing transfers no bytes: the host says what that means for the file.
func (t *Thread) nothing(x transfer, write bool) (int64, errno) {
	var n int
	var e errno
	switch {
	case x.f.mayBlock || x.f.signals != nil || x.f.proc.node != nil:
		return 0, 0
	case write:
		n, e = t.k.host.Write(x.f.fd, nil)
	default:
		n, e = t.k.host.Read(x.f.fd, nil)
	}
	if e == abi.EAGAIN || e == abi.EFAULT {
		return 0, 0
	}
	return int64(n), e
}

// vector transfers a vector of buffers.
func (t *Thread) vector(c *call, write bool, off int64, flags int) (int64, errno) {
	access, find, do := guest.Write, t.reader, t.read
	if write {
		access, find, do = guest.Read, t.writer, t.write
	}
	f, e := find(c.i32(0))
	if e != 0 {
		return 0, e
	}
	v, total, e := t.iovecs(c.addr(1), c.i32(2), access)
	if e != 0 {
		return 0, e
	}
	x := transfer{f, off, flags}
	if total == 0 {
		return t.nothing(x, write)
	}
	return do(x, v)
}

func sysRead(t *Thread, c *call) (int64, errno)  { return t.oneBuffer(c, false, -1) }
func sysWrite(t *Thread, c *call) (int64, errno) { return t.oneBuffer(c, true, -1) }

func sysPread64(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < 0 {
		return 0, abi.EINVAL
	}
	return t.oneBuffer(c, false, c.i64(3))
}

func sysPwrite64(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < 0 {
		return 0, abi.EINVAL
	}
	return t.oneBuffer(c, true, c.i64(3))
}

func sysReadv(t *Thread, c *call) (int64, errno)  { return t.vector(c, false, -1, 0) }
func sysWritev(t *Thread, c *call) (int64, errno) { return t.vector(c, true, -1, 0) }

func sysPreadv(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < 0 {
		return 0, abi.EINVAL
	}
	return t.vector(c, false, c.i64(3), 0)
}

func sysPwritev(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < 0 {
		return 0, abi.EINVAL
	}
	return t.vector(c, true, c.i64(3), 0)
}

func sysPreadv2(t *Thread, c *call) (int64, errno) {
	return t.vector(c, false, c.i64(3), c.i32(5))
}

func sysPwritev2(t *Thread, c *call) (int64, errno) {
	return t.vector(c, true, c.i64(3), c.i32(5))
}

func sysLseek(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	off, e := t.seek(f, c.i64(1), c.i32(2))
	if e == 0 && t.lay().Word == 4 && off > math.MaxInt32 {
		e = abi.EOVERFLOW
	}
	return off, e
}

func (t *Thread) seek(f *File, off int64, whence int) (int64, errno) {
	if f.proc.node != nil && f.mode == unix.S_IFDIR {
		f.listing.pos = int(min(max(off, 0), int64(len(f.listing.entries))))
		return int64(f.listing.pos), 0
	}
	if f.proc.node != nil {
		return f.seekNode(t.k, off, whence)
	}
	if whence == unix.SEEK_SET && f.listing.places != nil {
		off = f.place(off)
	}
	return t.k.host.Lseek(f.fd, off, whence)
}

// copier is one of the calls that move bytes between two files. A transfer that
// would wait is tried again when the side that is not ready is.
func (t *Thread) copier(in, out *File, do func() (int, errno)) (int64, errno) {
	for _, side := range []struct {
		f      *File
		events int16
	}{{in, unix.POLLIN}, {out, unix.POLLOUT}} {
		if !side.f.ready(t.k.host, side.events) {
			return 0, t.waitFor(side.f, side.events)
		}
	}
	n, e := do()
	t.k.written(out)
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
	n, e := t.copier(in, out, func() (int, errno) { return t.k.host.Sendfile(out.fd, in.fd, off, size) })
	if e != 0 {
		return 0, e
	}
	if cut && n == int64(size) && t.hasMore(in, off) {
		t.tooBig() // the rest does not fit, which is seen when that is to be written
	}
	return n, t.putShortOffset(c.addr(2), off)
}

// hasMore reports whether a file has something behind its position, or behind off.
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
	n, e := t.copier(in, out, func() (int, errno) { return do(in, off, out, outOff) })
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
			t.tooBig()
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
	return t.copier(in, out, func() (int, errno) {
		return t.k.host.Tee(in.fd, out.fd, c.Args[2], c.i32(3)|unix.SPLICE_F_NONBLOCK)
	})
}

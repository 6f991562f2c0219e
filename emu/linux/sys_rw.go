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
	t.k.noteUse(f, unix.POLLIN)
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
		t.k.noteWritten(f)
		if f.master != nil {
			t.signalTyped(f, v, n)
		}
		t.k.noteUse(f, unix.POLLOUT)
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

// transferBuffer transfers one buffer.
func (t *Thread) transferBuffer(c *call, write bool, off int64) (int64, errno) {
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
		return t.transferNothing(x, write)
	}
	v, e := t.buffers(t.work.single[:0], c.addr(1), c.Args[2], access)
	if e != 0 {
		return 0, e
	}
	return do(x, v)
}

// transferNothing transfers no bytes: the host says what that means for the file.
func (t *Thread) transferNothing(x transfer, write bool) (int64, errno) {
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

// transferVector transfers a vector of buffers.
func (t *Thread) transferVector(c *call, write bool, off int64, flags int) (int64, errno) {
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
		return t.transferNothing(x, write)
	}
	return do(x, v)
}

func sysRead(t *Thread, c *call) (int64, errno)  { return t.transferBuffer(c, false, -1) }
func sysWrite(t *Thread, c *call) (int64, errno) { return t.transferBuffer(c, true, -1) }

func sysPread64(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < 0 {
		return 0, abi.EINVAL
	}
	return t.transferBuffer(c, false, c.i64(3))
}

func sysPwrite64(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < 0 {
		return 0, abi.EINVAL
	}
	return t.transferBuffer(c, true, c.i64(3))
}

func sysReadv(t *Thread, c *call) (int64, errno)  { return t.transferVector(c, false, -1, 0) }
func sysWritev(t *Thread, c *call) (int64, errno) { return t.transferVector(c, true, -1, 0) }

func sysPreadv(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < 0 {
		return 0, abi.EINVAL
	}
	return t.transferVector(c, false, c.i64(3), 0)
}

func sysPwritev(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < 0 {
		return 0, abi.EINVAL
	}
	return t.transferVector(c, true, c.i64(3), 0)
}

func sysPreadv2(t *Thread, c *call) (int64, errno) {
	return t.transferVector(c, false, c.i64(3), c.i32(5))
}

func sysPwritev2(t *Thread, c *call) (int64, errno) {
	if c.i64(3) < -1 { // which is the file's own place
		return 0, abi.EINVAL
	}
	return t.transferVector(c, true, c.i64(3), c.i32(5))
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

package hostsys

import "golang.org/x/sys/unix"

// Calls on open descriptors.

func (h *Host) Close(fd int) Errno { return h.run(unix.SYS_CLOSE, num(fd)) }

func (h *Host) Read(fd int, b []byte) (int, Errno) {
	return h.open(unix.SYS_READ, num(fd), out(b), num(len(b)))
}

func (h *Host) Write(fd int, b []byte) (int, Errno) {
	return h.open(unix.SYS_WRITE, num(fd), in(b), num(len(b)))
}

func (h *Host) Readv(fd int, v [][]byte) (int, Errno) {
	return h.vec(v, unix.SYS_READV, num(fd), Arg{Dir: VecOut}, num(len(v)))
}

func (h *Host) Writev(fd int, v [][]byte) (int, Errno) {
	return h.vec(v, unix.SYS_WRITEV, num(fd), Arg{Dir: VecIn}, num(len(v)))
}

func (h *Host) Preadv2(fd int, v [][]byte, off int64, flags int) (int, Errno) {
	return h.vec(v, unix.SYS_PREADV2, num(fd), Arg{Dir: VecOut}, num(len(v)), num(off), num(0), num(flags))
}

func (h *Host) Pwritev2(fd int, v [][]byte, off int64, flags int) (int, Errno) {
	return h.vec(v, unix.SYS_PWRITEV2, num(fd), Arg{Dir: VecIn}, num(len(v)), num(off), num(0), num(flags))
}

func (h *Host) Lseek(fd int, off int64, whence int) (int64, Errno) {
	return h.do(unix.SYS_LSEEK, num(fd), num(off), num(whence))
}

func (h *Host) Fstat(fd int) (st unix.Stat_t, e Errno) {
	e = h.run(unix.SYS_FSTAT, num(fd), structOut(&h.stat))
	return h.stat, e
}

func (h *Host) Fstatfs(fd int) (st unix.Statfs_t, e Errno) {
	p := new(unix.Statfs_t)
	e = h.run(unix.SYS_FSTATFS, num(fd), structOut(p))
	return *p, e
}

func (h *Host) Getdents(fd int, b []byte) (int, Errno) {
	return h.open(unix.SYS_GETDENTS64, num(fd), out(b), num(len(b)))
}

func (h *Host) Ftruncate(fd int, size int64) Errno {
	return h.run(unix.SYS_FTRUNCATE, num(fd), num(size))
}

func (h *Host) Fallocate(fd, mode int, off, size int64) Errno {
	return h.run(unix.SYS_FALLOCATE, num(fd), num(mode), num(off), num(size))
}

func (h *Host) Fsync(fd int) Errno     { return h.run(unix.SYS_FSYNC, num(fd)) }
func (h *Host) Fdatasync(fd int) Errno { return h.run(unix.SYS_FDATASYNC, num(fd)) }
func (h *Host) Syncfs(fd int) Errno    { return h.run(unix.SYS_SYNCFS, num(fd)) }
func (h *Host) Sync()                  { h.run(unix.SYS_SYNC) }

func (h *Host) SyncFileRange(fd int, off, n int64, flags int) Errno {
	return h.run(unix.SYS_SYNC_FILE_RANGE, num(fd), num(off), num(n), num(flags))
}

func (h *Host) Fadvise(fd int, off, n int64, advice int) Errno {
	return h.run(unix.SYS_FADVISE64, num(fd), num(off), num(n), num(advice))
}

func (h *Host) Readahead(fd int, off int64, n uint64) Errno {
	return h.run(unix.SYS_READAHEAD, num(fd), num(off), num(n))
}

func (h *Host) Fchmod(fd int, mode uint32) Errno { return h.run(unix.SYS_FCHMOD, num(fd), num(mode)) }

func (h *Host) Fchown(fd, uid, gid int) Errno {
	return h.run(unix.SYS_FCHOWN, num(fd), num(uid), num(gid))
}

func (h *Host) Flock(fd, how int) Errno { return h.run(unix.SYS_FLOCK, num(fd), num(how)) }

// Fcntl is for commands whose argument is a number.
func (h *Host) Fcntl(fd, cmd int, arg int64) (int64, Errno) {
	return h.do(unix.SYS_FCNTL, num(fd), num(cmd), num(arg))
}

// FcntlLock is for commands whose argument is a struct flock.
func (h *Host) FcntlLock(fd, cmd int, l *unix.Flock_t) Errno {
	return h.run(unix.SYS_FCNTL, num(fd), num(cmd), inout(bytesOf(l)))
}

// Ioctl is for requests whose argument is a number.
func (h *Host) Ioctl(fd int, req uint32, arg uint64) (int64, Errno) {
	return h.do(unix.SYS_IOCTL, num(fd), num(req), num(arg))
}

// IoctlBuf is for requests whose argument is memory.
func (h *Host) IoctlBuf(fd int, req uint32, b []byte) (int64, Errno) {
	return h.do(unix.SYS_IOCTL, num(fd), num(req), inout(b))
}

// CopyFileRange and Sendfile take the place of the files that an offset of nil
// means.
func (h *Host) CopyFileRange(from int, off *int64, to int, toOff *int64, n uint64, flags int) (int, Errno) {
	return h.open(unix.SYS_COPY_FILE_RANGE, num(from), inout(bytesOf(off)), num(to), inout(bytesOf(toOff)), num(n), num(flags))
}

func (h *Host) Sendfile(to, from int, off *int64, n uint64) (int, Errno) {
	return h.open(unix.SYS_SENDFILE, num(to), num(from), inout(bytesOf(off)), num(n))
}

func (h *Host) Splice(from int, off *int64, to int, toOff *int64, n uint64, flags int) (int, Errno) {
	return h.open(unix.SYS_SPLICE, num(from), inout(bytesOf(off)), num(to), inout(bytesOf(toOff)), num(n), num(flags))
}

func (h *Host) Tee(from, to int, n uint64, flags int) (int, Errno) {
	return h.open(unix.SYS_TEE, num(from), num(to), num(n), num(flags))
}

// Pipe makes a pipe; Memfd a file in memory.
func (h *Host) Pipe(flags int) (fds [2]int32, e Errno) {
	p := new([2]int32)
	e = h.run(unix.SYS_PIPE2, structOut(p), num(flags))
	return *p, e
}

func (h *Host) Memfd(name string, flags int) (int, Errno) {
	return h.open(unix.SYS_MEMFD_CREATE, str(name), num(flags))
}

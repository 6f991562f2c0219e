package linux

import (
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
)

// Problem: an open of a FIFO waits for somebody who opens the other end, a process
// of the guest's or one of the host's. In the background it would end at a time
// that nobody can repeat.
//
// Idea: the host's open never waits. Of a FIFO that is opened to read the end is
// there at once, and is kept until a writer has come; to write, the open is tried
// again. Both are looked at whenever a thread opens a FIFO, which is when processes
// of the guest meet, and now and then for those of the host.
//
// Invariant: an opening is in openFiles.openings until it has met or is given up.

// opening is an open of a FIFO that waits.
type opening struct {
	t    *Thread
	tg   namei.Target
	r    openReq
	id   fileID
	fd   int // the end that is open; -1 while there is none
	hung bool
	met  bool
}

// fifoRetry is how long to wait, in nanoseconds, before the ends of processes that
// are not the guest's are looked for again.
const fifoRetry = 5e6

// wait parks the thread until the other end is open.
func (o *opening) wait() errno {
	w := wait{interrupted: abi.ERESTARTSYS, undo: undoOpen}
	if o.fd >= 0 && !o.hung { // else a poll would not wait
		w.fds = []unix.PollFd{{Fd: int32(o.fd), Events: unix.POLLIN}}
	}
	return o.t.park(w)
}

// abandon gives up an open whose thread will not have it.
func (o *opening) abandon() {
	o.leave()
	o.t.call.state.opening = nil
	if o.fd >= 0 {
		o.t.k.host.Close(o.fd)
	}
}

// leave takes an opening out. The directory of its path is its own if it is a handle.
func (o *opening) leave() {
	k := o.t.k
	k.files.openings = remove(k.files.openings, o)
	if o.tg.Walked && o.tg.Dir != unix.AT_FDCWD {
		k.host.Close(o.tg.Dir)
	}
}

// try looks for the other end.
func (o *opening) try() bool {
	if o.r.flags&abi.O_ACCMODE == abi.O_RDONLY {
		o.met = o.written()
		return o.met
	}
	k := o.t.k
	const once = unix.O_CREAT | unix.O_EXCL | unix.O_TRUNC
	fd, e := k.host.Openat(o.tg.Dir, o.tg.Path, o.r.flags&openFlags&^once|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if e != 0 {
		return false
	}
	if id, ok := k.identity(fd); !ok || id != o.id { // it has another name now
		k.host.Close(fd)
		return false
	}
	o.fd, o.met = fd, true
	return true
}

// written reports whether the reader's end has, or had, a writer. The host tells of
// one that has written nothing by what it says to a copy: there may be more, or not.
func (o *opening) written() bool {
	h := o.t.k.host
	fds := []unix.PollFd{{Fd: int32(o.fd), Events: unix.POLLIN}}
	h.Ppoll(fds, 0)
	if fds[0].Revents&unix.POLLIN != 0 || fds[0].Revents&unix.POLLHUP != 0 && !o.hung {
		return true
	}
	to, e := h.Pipe(unix.O_CLOEXEC)
	if e != 0 {
		return false
	}
	n, e := h.Tee(o.fd, int(to[1]), 1, unix.SPLICE_F_NONBLOCK)
	h.Close(int(to[0]))
	h.Close(int(to[1]))
	return e == abi.EAGAIN || n > 0
}

// meet lets those go on whose other end is open. One that has met may be what another
// waits for.
func (k *Kernel) meet() {
	for more := len(k.files.openings) > 0; more; {
		more = false
		for _, o := range slices.Clone(k.files.openings) {
			if !o.met && o.try() {
				more = true
				o.t.wake()
			}
		}
	}
}

// waitsForEnd reports whether an open has to wait for the other end of a FIFO, which
// has then been identified: the reader perhaps, since the host opened it without
// waiting; the writer when nobody reads.
func (t *Thread) waitsForEnd(tg namei.Target, fd int, e errno) (id fileID, yes bool) {
	var st unix.Stat_t
	if e == 0 {
		st, e = t.k.host.Fstat(fd)
	} else {
		st, e = t.k.host.Fstatat(tg.Dir, tg.Path, 0)
	}
	if e != 0 || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return id, false
	}
	if fd >= 0 { // a pipe without a name, as in /dev/fd, waits for nobody
		fs, e := t.k.host.Fstatfs(fd)
		yes = e != 0 || fs.Type != unix.PIPEFS_MAGIC
		return fileID{st.Dev, st.Ino}, yes
	}
	return fileID{st.Dev, st.Ino}, true
}

// openFIFO opens a FIFO, of which fd is the reader's end, and waits.
func (t *Thread) openFIFO(c *call, tg namei.Target, r openReq, fd int, id fileID) (int64, errno) {
	if r.flags&abi.O_NONBLOCK != 0 {
		return 0, abi.ENXIO
	}
	if tg.Walked && tg.Dir != unix.AT_FDCWD { // a handle that the call closes
		own, e := t.k.host.Fcntl(tg.Dir, unix.F_DUPFD_CLOEXEC, 0)
		if e != 0 {
			return 0, e
		}
		tg.Dir = int(own)
	}
	o := &opening{t: t, tg: tg, r: r, id: id, fd: fd}
	if fd >= 0 {
		o.hung = polls(t.k.host, fd, 0) // a sandbox's end always says that a writer went
	}
	c.state.opening = o
	t.k.files.openings = append(t.k.files.openings, o)
	t.k.meet()
	return t.openEnd(o)
}

func (t *Thread) openEnd(o *opening) (int64, errno) {
	if !o.met {
		return 0, o.wait()
	}
	o.leave()
	t.call.state.opening = nil
	return t.opened(o.fd, o.tg, o.r)
}

package linux

import (
	"math"
	"math/bits"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/signal"
)

// deadlineIn sets the deadline of the call, once: ns from now. A time too far
// to be counted is no deadline.
func (t *Thread) deadlineIn(ns int64) {
	if t.call.deadline == 0 {
		t.call.deadline = t.k.deadline(ns)
	}
}

// deadline is the point of the host's clock ns from now.
func (k *Kernel) deadline(ns int64) int64 {
	now := k.host.Now()
	if ns > math.MaxInt64-now {
		return math.MaxInt64
	}
	return max(now+ns, 1)
}

// duration reads a timespec as nanoseconds.
func duration(ts *abi.Timespec) (int64, errno) {
	switch {
	case ts.Sec < 0 || ts.Nsec < 0 || ts.Nsec >= 1e9:
		return 0, abi.EINVAL
	case ts.Sec > math.MaxInt64/1_000_000_000-1:
		return math.MaxInt64, 0
	}
	return ts.Sec*1e9 + ts.Nsec, 0
}

// timeout sets the deadline of the call from a timespec; a null pointer means
// none. now is set when the time is zero.
func (t *Thread) timeout(a guest.Addr) errno {
	if a == 0 || t.call.deadline != 0 {
		return 0
	}
	var ts abi.Timespec
	if e := t.loadTime(a, &ts); e != 0 {
		return e
	}
	ns, e := duration(&ts)
	if e == 0 {
		t.deadlineIn(ns)
	}
	return e
}

func sysPoll(t *Thread, c *call) (int64, errno) {
	if ms := c.i32(2); ms >= 0 {
		t.deadlineIn(int64(ms) * 1e6)
	}
	return t.poll(c, abi.ERESTART_RESTARTBLOCK)
}

func sysPpoll(t *Thread, c *call) (int64, errno) {
	if e := t.timeout(c.addr(2)); e != 0 {
		return 0, e
	}
	t.leaveTime(c.addr(2))
	return t.withMask(c.addr(3), c.Args[4], func() (int64, errno) { return t.poll(c, abi.ERESTARTNOHAND) })
}

// leaveTime has the call store, when it ends, what is left of its time: it may be
// made again with that.
func (t *Thread) leaveTime(a guest.Addr) {
	t.call.left = timeLeft{at: a}
}

// withMask makes a call under another signal mask, when one is given. The mask
// stays while the thread is parked.
func (t *Thread) withMask(a guest.Addr, size uint64, do func() (int64, errno)) (int64, errno) {
	if a == 0 {
		return do()
	}
	if size != 8 {
		return 0, abi.EINVAL
	}
	if !t.signal.restore {
		mask, e := t.u64(a)
		if e != 0 {
			return 0, e
		}
		t.maskWhileParked(mask)
	}
	ret, e := do()
	if e != blocked && e != abi.EINTR && !restartable(e) { // else the mask is restored when the handler has its frame
		t.signal.mask, t.signal.restore = t.signal.oldMask, false
	}
	return ret, e
}

// maskWhileParked sets the mask that counts until the call has ended.
func (t *Thread) maskWhileParked(mask uint64) {
	if !t.signal.restore {
		t.signal.oldMask, t.signal.restore = t.signal.mask, true
		t.signal.mask = mask &^ signal.Unblockable
	}
}

func (t *Thread) poll(c *call, interrupted errno) (int64, errno) {
	n := int(c.u32(1))
	if uint64(n) > t.p.rlimits[unix.RLIMIT_NOFILE].Cur {
		return 0, abi.EINVAL
	}
	size := t.lay().Size(&abi.PollFD{})
	mem, e := t.mem(c.addr(0), uint64(n*size))
	if e != 0 {
		return 0, e
	}
	fds := make([]unix.PollFd, n)
	bad := int64(0)
	for i := range fds {
		var p abi.PollFD
		t.lay().Get(mem[i*size:], &p)
		fds[i] = unix.PollFd{Fd: -1, Events: int16(p.Events)}
		if f, e := t.file(int(p.FD)); e == 0 {
			fds[i].Fd = int32(f.fd)
		} else if p.FD >= 0 {
			fds[i].Revents = unix.POLLNVAL
			bad++
		}
	}
	ready, e := t.pollNow(fds, bad, interrupted)
	if e != 0 {
		return 0, e
	}
	for i := range fds {
		if e := t.putU16(c.addr(0)+guest.Addr(i*size+6), uint16(fds[i].Revents)); e != 0 {
			return 0, e
		}
	}
	return ready, 0
}

// pollNow polls without waiting; when nothing is ready it parks the call, until
// its deadline. bad is the number of entries that are ready for being invalid,
// interrupted what the call says when a signal ends the wait.
func (t *Thread) pollNow(fds []unix.PollFd, bad int64, interrupted errno) (int64, errno) {
	invalid := make([]bool, len(fds))
	for i := range fds {
		invalid[i] = fds[i].Revents == unix.POLLNVAL
	}
	n, e := t.k.host.Ppoll(fds, 0)
	if e == abi.EINTR {
		n, e = 0, 0
	}
	if e != 0 {
		return 0, e
	}
	for i := range fds {
		if invalid[i] {
			fds[i].Revents = unix.POLLNVAL
		}
	}
	switch total := int64(n) + bad; {
	case total != 0:
		return total, 0
	case t.deliverable() != 0: // comes before a time that is over
		return 0, interrupted
	case t.timedOut():
		return 0, 0
	}
	return 0, t.park(wait{fds: fds, deadline: t.call.deadline, interrupted: interrupted})
}

// fdSets are the three sets of select, as memory of the guest.
type fdSets [3][]byte

// selectEvents are what each set waits for (include/linux/poll.h).
var selectEvents = [3]struct{ ask, ready int16 }{
	{abi.POLLRDNORM | abi.POLLRDBAND | unix.POLLIN, abi.POLLRDNORM | abi.POLLRDBAND | unix.POLLIN | unix.POLLHUP | unix.POLLERR},
	{abi.POLLWRBAND | abi.POLLWRNORM | unix.POLLOUT, abi.POLLWRBAND | abi.POLLWRNORM | unix.POLLOUT | unix.POLLERR},
	{unix.POLLPRI, unix.POLLPRI},
}

func sysSelect(t *Thread, c *call) (int64, errno) {
	if a := c.addr(4); a != 0 && c.deadline == 0 {
		var tv abi.Timeval
		if e := t.load(a, &tv); e != 0 {
			return 0, e
		}
		if tv.Sec < 0 || tv.Usec < 0 {
			return 0, abi.EINVAL
		}
		ns, e := duration(&abi.Timespec{Sec: tv.Sec + tv.Usec/1e6, Nsec: tv.Usec % 1e6 * 1000})
		if e != 0 {
			return 0, e
		}
		t.deadlineIn(ns)
	}
	c.left = timeLeft{at: c.addr(4), micro: true}
	return t.doSelect(c)
}

func sysPselect6(t *Thread, c *call) (int64, errno) {
	if e := t.timeout(c.addr(4)); e != 0 {
		return 0, e
	}
	t.leaveTime(c.addr(4))
	var mask, size uint64
	if a := c.addr(5); a != 0 {
		var e errno
		if mask, e = t.word(a); e != 0 {
			return 0, e
		}
		if size, e = t.word(a + guest.Addr(t.lay().Word)); e != 0 {
			return 0, e
		}
	}
	return t.withMask(guest.Addr(mask), size, func() (int64, errno) { return t.doSelect(c) })
}

func (t *Thread) doSelect(c *call) (int64, errno) {
	n := c.i32(0)
	if n < 0 {
		return 0, abi.EINVAL
	}
	n = min(n, max(64, len(t.files.slots)))
	sets, e := t.fdSets(c, n)
	if e != 0 {
		return 0, e
	}
	fds, guests, e := t.selected(sets, n)
	if e != 0 {
		return 0, e
	}
	if _, e := t.pollNow(fds, 0, abi.ERESTARTNOHAND); e != 0 {
		return 0, e
	}
	total := int64(0)
	for _, s := range sets {
		clear(s)
	}
	for i, p := range fds {
		for j, s := range sets {
			if s != nil && p.Events&selectEvents[j].ask == selectEvents[j].ask && p.Revents&selectEvents[j].ready != 0 {
				s[guests[i]/8] |= 1 << (guests[i] % 8)
				total++
			}
		}
	}
	for i, s := range sets {
		if e := t.copyOut(c.addr(1+i), s); e != 0 {
			return 0, e
		}
	}
	return total, 0
}

// fdSets reads the sets of the first n descriptors, whole words of them.
func (t *Thread) fdSets(c *call, n int) (sets fdSets, e errno) {
	word := 8 * t.lay().Word
	size := uint64((n + word - 1) / word * t.lay().Word)
	for i := range sets {
		if a := c.addr(1 + i); a != 0 {
			if sets[i], e = t.mem(a, size); e != 0 {
				return sets, e
			}
		}
	}
	return sets, 0
}

// selected lists the descriptors in the sets, and their guest numbers.
func (t *Thread) selected(sets fdSets, n int) (fds []unix.PollFd, guests []int, e errno) {
	for base := 0; base < n; base += 8 {
		var any byte
		for _, s := range sets {
			if s != nil {
				any |= s[base/8]
			}
		}
		for ; any != 0; any &= any - 1 {
			fd := base + bits.TrailingZeros8(any)
			if fd >= n {
				break
			}
			f, e := t.file(fd)
			if e != 0 {
				return nil, nil, e
			}
			p := unix.PollFd{Fd: int32(f.fd)}
			for j, s := range sets {
				if s != nil && s[fd/8]&(1<<(fd%8)) != 0 {
					p.Events |= selectEvents[j].ask
				}
			}
			fds, guests = append(fds, p), append(guests, fd)
		}
	}
	return fds, guests, 0
}

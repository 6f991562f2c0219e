package sandbox

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// A sandbox's files are memory files of the host, which can do less than those of
// a disk: ranges are zeroed, taken out and put in here (fallocate(2)).

// blockSize is what the ranges that are taken out and put in are multiples of.
const blockSize = 4096

// fallocate asks the host first, which looks at all that is wrong with the call.
func (s *Sandbox) fallocate(c *hostsys.Call) (int64, errno) {
	s.inner.Do(c)
	f := s.open[fdArg(c, 0)]
	if c.Err != abi.EOPNOTSUPP || f.kind != regular || f.at.ino.data < 0 {
		return c.Ret, c.Err
	}
	fd, e := s.contentFD(f.at.ino, unix.O_RDWR)
	if e != 0 {
		return 0, e
	}
	defer s.host.Close(fd)
	st, e := s.host.Fstat(fd)
	if e != 0 {
		return 0, e
	}
	r := &ranges{s, fd, st.Size, int64(c.Args[2].Num), int64(c.Args[3].Num)}
	switch mode := intArg(c, 1); mode {
	case unix.FALLOC_FL_ZERO_RANGE, unix.FALLOC_FL_ZERO_RANGE | unix.FALLOC_FL_KEEP_SIZE:
		return 0, r.zero(mode & unix.FALLOC_FL_KEEP_SIZE)
	case unix.FALLOC_FL_COLLAPSE_RANGE:
		return 0, r.collapse()
	case unix.FALLOC_FL_INSERT_RANGE:
		return 0, r.insert()
	}
	return 0, abi.EOPNOTSUPP
}

// ranges changes a file at [off, off+n).
type ranges struct {
	s            *Sandbox
	fd           int
	size, off, n int64
}

func (r *ranges) punch(off, n int64) errno {
	if n == 0 {
		return 0
	}
	return r.s.host.Fallocate(r.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
}

func (r *ranges) zero(keep int) errno {
	if e := r.punch(r.off, r.n); e != 0 {
		return e
	}
	return r.s.host.Fallocate(r.fd, keep, r.off, r.n)
}

func (r *ranges) collapse() errno {
	end := r.off + r.n
	if r.off%blockSize != 0 || r.n%blockSize != 0 || end >= r.size {
		return abi.EINVAL
	}
	parts, e := r.data(end)
	if e != 0 {
		return e
	}
	at := end // what has been moved reaches up to here
	for _, p := range parts {
		if e := r.punch(at-r.n, p.off-at); e != 0 {
			return e
		}
		for off, n := p.off, int64(0); off < p.off+p.size; off += n {
			n = min(chunk, p.off+p.size-off)
			if e := r.copy(off, off-r.n, n); e != 0 {
				return e
			}
		}
		at = p.off + p.size
	}
	if e := r.punch(at-r.n, r.size-at); e != 0 {
		return e
	}
	return r.s.host.Ftruncate(r.fd, r.size-r.n)
}

func (r *ranges) insert() errno {
	if r.off%blockSize != 0 || r.n%blockSize != 0 || r.off >= r.size {
		return abi.EINVAL
	}
	parts, e := r.data(r.off)
	if e == 0 {
		e = r.s.host.Ftruncate(r.fd, r.size+r.n)
	}
	if e != 0 {
		return e
	}
	at := r.size // what has been moved begins here
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		if e := r.punch(p.off+p.size+r.n, at-p.off-p.size); e != 0 {
			return e
		}
		for end := p.off + p.size; end > p.off; end -= min(chunk, end-p.off) {
			n := min(chunk, end-p.off)
			if e := r.copy(end-n, end-n+r.n, n); e != 0 {
				return e
			}
		}
		at = p.off
	}
	return r.punch(r.off, at-r.off+r.n)
}

// chunk is how much is copied at once.
const chunk = 1 << 20

func (r *ranges) copy(from, to, n int64) errno {
	b := make([]byte, n)
	for done := 0; done < len(b); {
		got, e := r.s.host.Preadv2(r.fd, [][]byte{b[done:]}, from+int64(done), 0)
		switch {
		case e != 0:
			return e
		case got == 0:
			return abi.EIO
		}
		done += got
	}
	for len(b) > 0 {
		put, e := r.s.host.Pwritev2(r.fd, [][]byte{b}, to, 0)
		if e != 0 {
			return e
		}
		b, to = b[put:], to+int64(put)
	}
	return 0
}

// data lists the parts from off on that are no holes.
func (r *ranges) data(off int64) (parts []extent, e errno) {
	for off < r.size {
		from, e := r.s.host.Lseek(r.fd, off, unix.SEEK_DATA)
		if e == abi.ENXIO {
			break
		}
		if e == 0 {
			off, e = r.s.host.Lseek(r.fd, from, unix.SEEK_HOLE)
		}
		if e != 0 {
			return nil, e
		}
		parts = append(parts, extent{from, off - from})
	}
	return parts, 0
}

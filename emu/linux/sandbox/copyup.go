package sandbox

import (
	"strconv"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// setContent gives a file of the guest's own its memory file.
func (s *Sandbox) setContent(n *inode, text string) errno {
	fd, e := s.memory(n)
	if e != 0 {
		return e
	}
	for b := []byte(text); len(b) > 0; {
		got, e := s.host.Write(fd, b)
		if e != 0 {
			s.host.Close(fd)
			return e
		}
		b = b[got:]
	}
	n.data = fd
	return 0
}

// memory makes a memory file. The host may not have descriptors left.
func (s *Sandbox) memory(n *inode) (int, errno) {
	fd, e := s.host.Memfd("file", unix.MFD_CLOEXEC)
	if e == abi.EMFILE || e == abi.ENFILE {
		e = abi.ENOSPC
	}
	return fd, e
}

// copyUp gives a file of the host a content of its own, which will be emptied
// anyway when truncated is set. Descriptors that the guest has are moved to the
// copy.
func (s *Sandbox) copyUp(n *inode, truncated bool) errno {
	if n.data >= 0 || n.lower == nil {
		return 0
	}
	st, e := s.lowerStat(n.lower)
	if e != 0 {
		return e
	}
	if e := s.loadXattrs(n); e != 0 {
		return e
	}
	fd, e := s.memory(n)
	if e != 0 {
		return e
	}
	if !truncated {
		e := s.charge(st.Size)
		if e == 0 {
			e = s.copyContent(n, fd)
		}
		if e != 0 {
			s.host.Close(fd)
			return e
		}
		s.host.Utimensat(fd, "", &[2]unix.Timespec{st.Atim, st.Mtim}, 0)
	}
	n.data, n.lower = fd, nil
	if !n.own {
		n.own, n.st = true, st
	}
	s.moveOpeners(n)
	return 0
}

func (s *Sandbox) copyContent(n *inode, to int) errno {
	from, e := s.contentFD(n, 0)
	if e != 0 {
		return e
	}
	defer s.host.Close(from)
	for {
		got, e := s.host.Sendfile(to, from, nil, 1<<30)
		if e != 0 || got == 0 {
			return e
		}
	}
}

// moveOpeners gives those who read the host's file the copy, at the same place.
func (s *Sandbox) moveOpeners(n *inode) {
	for fd, f := range s.open { // each by itself
		if f.kind == regular && f.at.ino == n {
			s.moveOpener(n, fd)
		}
	}
}

func (s *Sandbox) moveOpener(n *inode, fd int) {
	fl, _ := s.host.Fcntl(fd, unix.F_GETFL, 0)
	now, e := s.contentFD(n, int(fl)&passedFlags)
	if e != 0 {
		return
	}
	if off, e := s.host.Lseek(fd, 0, unix.SEEK_CUR); e == 0 {
		s.host.Lseek(now, off, unix.SEEK_SET)
	}
	c := &hostsys.Call{Nr: unix.SYS_DUP3, Args: [6]hostsys.Arg{{Num: uint64(now)}, {Num: uint64(fd)}, {Num: unix.O_CLOEXEC}}}
	s.inner.Do(c)
	s.host.Close(now)
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

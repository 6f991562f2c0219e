package rr

import (
	"encoding/binary"

	"panda/emu/linux/hostsys"

	"golang.org/x/sys/unix"
)

// What a program writes to its output is written again in a replay. Most calls have the
// bytes; of those that move them from another file a recorder keeps a copy. Where in a file
// it went is not recorded: all comes in the order in which it was written.

// source is, of those that move bytes of other files, the argument that names the other,
// and that with its offset, or -1.
var source = map[uintptr][2]int{
	unix.SYS_SENDFILE: {1, 2}, unix.SYS_COPY_FILE_RANGE: {0, 1}, unix.SYS_SPLICE: {0, 1}, unix.SYS_TEE: {0, -1},
}

// streamOf says whether a descriptor is the program's output.
func (l *liveFiles) streamOf(fd int) stream {
	switch fd {
	case l.stdio[1]:
		return stdout
	case l.stdio[2]:
		return stderr
	}
	if to, ok := l.copies[fd]; ok {
		return to
	}
	return l.output[l.of(fd).fileID]
}

// echo says which output a call has written that has the bytes itself.
func (l *liveFiles) echo(c *hostsys.Call) stream {
	if writing[c.Nr] && c.Err == 0 && c.Ret > 0 {
		return l.streamOf(int(c.Args[0].Num))
	}
	return noStream
}

// writing are the calls that have the bytes that they write.
var writing = map[uintptr]bool{unix.SYS_WRITE: true, unix.SYS_WRITEV: true, unix.SYS_PWRITEV2: true, unix.SYS_SENDMSG: true}

// moved is what is known before a call that moves bytes to the program's output.
type moved struct {
	to   stream
	fd   int
	off  int64
	data []byte
}

// before looks at what a call will move to the program's output.
func (l *liveFiles) before(c *hostsys.Call) (m moved) {
	from, ok := source[c.Nr]
	if !ok {
		return m
	}
	m.to, m.fd = l.streamOf(int(c.Args[target[c.Nr]].Num)), int(c.Args[from[0]].Num)
	if m.to == noStream {
		return m
	}
	if l.of(m.fd).regular {
		if from[1] >= 0 && len(c.Args[from[1]].Buf) >= 8 {
			m.off = int64(binary.NativeEndian.Uint64(c.Args[from[1]].Buf))
		} else {
			m.off, _ = unix.Seek(m.fd, 0, unix.SEEK_CUR)
		}
		return m
	}
	m.data = l.peek(m.fd, lengthOf(c))
	if n := uint64(len(m.data)); n > 0 {
		lengthOf(c).Num = min(lengthOf(c).Num, n)
	}
	return m
}

// lengthOf is the argument that says how much a call moves.
func lengthOf(c *hostsys.Call) *hostsys.Arg {
	switch c.Nr {
	case unix.SYS_SENDFILE:
		return &c.Args[3]
	case unix.SYS_TEE:
		return &c.Args[2]
	}
	return &c.Args[4]
}

// peek reads what is in a pipe and leaves it there.
func (l *liveFiles) peek(fd int, length *hostsys.Arg) []byte {
	if l.tee == [2]int{} {
		var p [2]int
		if unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
			return nil
		}
		l.tee = p
	}
	n, err := unix.Tee(fd, l.tee[1], int(min(length.Num, 1<<16)), unix.SPLICE_F_NONBLOCK)
	if err != nil || n <= 0 {
		return nil
	}
	b := make([]byte, n)
	got, _ := unix.Read(l.tee[0], b)
	return b[:max(got, 0)]
}

// echoSize is how much an entry of moved bytes has at most. Together with what else a
// frame has it is no more than others are.
const echoSize = frameSize / 2

// echoMoved writes down the n bytes that a call has moved, of which few are in memory at a
// time.
func (l *liveFiles) echoMoved(n int64, m moved) {
	if m.data != nil {
		l.echoPart(m.to, m.data[:min(n, int64(len(m.data)))])
		return
	}
	b := make([]byte, min(n, echoSize))
	for off := m.off; off < m.off+n; {
		got, _ := unix.Pread(m.fd, b[:min(m.off+n-off, echoSize)], off)
		if got <= 0 {
			return
		}
		l.echoPart(m.to, b[:got])
		off += int64(got)
	}
}

func (l *liveFiles) echoPart(to stream, data []byte) {
	l.r.shown = true
	l.r.head(echoEntry)
	l.r.enc.echo(to, data)
	l.r.flushFull()
}

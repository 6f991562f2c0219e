package sandbox

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// TestSockets: names of sockets are the guest's own.
func TestSockets(t *testing.T) {
	b := newBox(t)
	host, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	b.must(err)
	defer unix.Close(host)
	name := "\x00panda-test-" + itoa(uint64(os.Getpid()))
	b.must(unix.Bind(host, &unix.SockaddrUnix{Name: "@" + name[1:]}))
	b.must(unix.Listen(host, 1))
	sock := func() int {
		fd, e := b.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
		b.want("socket", e, 0)
		return fd
	}
	b.want("connect to the host", b.Connect(sock(), sockaddr(name)), abi.ECONNREFUSED)
	for _, guest := range []string{name, "sock", "/tmp/sock"} {
		l, c := sock(), sock()
		addr := sockaddr(guest)
		b.want("bind", b.Bind(l, addr), 0)
		b.want("bind twice", b.Bind(sock(), addr), abi.EADDRINUSE)
		b.want("listen", b.Listen(l, 1), 0)
		b.want("connect", b.Connect(c, addr), 0)
		a, _, e := b.Accept(l, 0)
		b.want("accept", e, 0)
		if got, e := b.Peername(c); e != 0 || strings.TrimRight(string(got[2:]), "\x00") != strings.TrimRight(guest, "\x00") {
			t.Errorf("peer %q, want %q", got, guest)
		}
		_, e = b.Sendmsg(c, &hostsys.Msg{Iov: [][]byte{[]byte("x")}, Control: unix.UnixRights(b.open("a", unix.O_RDONLY))}, 0)
		b.want("send a file", e, abi.EBADF)
		pipe, e := b.Pipe(unix.O_CLOEXEC)
		b.want("pipe", e, 0)
		_, e = b.Sendmsg(c, &hostsys.Msg{Iov: [][]byte{[]byte("x")}, Control: unix.UnixRights(int(pipe[0]))}, 0)
		b.want("send", e, 0)
		_, e = b.Write(int(pipe[1]), []byte(guest))
		b.want("write", e, 0)
		b.want("close", b.Close(int(pipe[1])), 0)
		m := &hostsys.Msg{Iov: [][]byte{make([]byte, 10)}, Control: make([]byte, 64)}
		_, e = b.Recvmsg(a, m, unix.MSG_CMSG_CLOEXEC)
		b.want("receive", e, 0)
		msgs, err := unix.ParseSocketControlMessage(m.Control)
		b.must(err)
		fds, err := unix.ParseUnixRights(&msgs[0])
		b.must(err)
		buf := make([]byte, 64)
		if n, e := b.Read(fds[0], buf); e != 0 || string(buf[:n]) != guest {
			t.Errorf("the descriptor reads %q, %v, want %q", buf[:max(n, 0)], e, guest)
		}
	}
	_, e := b.Getsockopt(host, unix.SOL_SOCKET, unix.SO_TYPE, make([]byte, 4))
	b.want("option of a foreign socket", e, abi.EBADF)
	b.want("filter", b.Setsockopt(sock(), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, make([]byte, 16)), abi.ENOPROTOOPT)
}

// TestUnnamed: O_TMPFILE and what becomes of it.
func TestUnnamed(t *testing.T) {
	b := newBox(t)
	fd := b.open(".", unix.O_TMPFILE|unix.O_RDWR)
	b.Write(fd, []byte("unnamed"))
	if got := b.list("."); got != ". .. a abs d l rel" {
		t.Errorf("names %q", got)
	}
	b.want("link", b.Linkat(unix.AT_FDCWD, fdPath(fd), unix.AT_FDCWD, "named", unix.AT_SYMLINK_FOLLOW), 0)
	b.Close(fd)
	b.expect("named", "unnamed")
	b.refuse(b.out, unix.O_TMPFILE|unix.O_RDWR, abi.ENOENT)
	fd = b.open("gone", unix.O_CREAT|unix.O_RDWR)
	b.Write(fd, []byte("still"))
	b.want("unlink", b.Unlinkat(unix.AT_FDCWD, "gone", 0), 0)
	if st, e := b.Fstat(fd); e != 0 || st.Nlink != 0 || st.Size != 5 {
		t.Errorf("%+v %v", st, e)
	}
	again := b.open(fdPath(fd), unix.O_RDONLY)
	if got := b.readFD(again); got != "still" {
		t.Errorf("opened again: %q", got)
	}
}

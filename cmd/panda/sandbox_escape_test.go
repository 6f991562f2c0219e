package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// escapes is what a hostile program tries. It prints what it got.
const escapes = `
import os, sys, socket, errno, ctypes, fcntl, mmap
out = sys.argv[1]
def t(name, f):
    try: r = f()
    except OSError as e: r = errno.errorcode.get(e.errno, e.errno)
    except Exception as e: r = type(e).__name__
    print(name, r)
libc = ctypes.CDLL(None, use_errno=True)
def sc(*a):
    r = libc.syscall(*a)
    if r < 0: raise OSError(ctypes.get_errno(), "")
    return r
t("absolute", lambda: open(out).read())
t("relative", lambda: open("../" * 20 + out).read())
t("write", lambda: open(out, "w"))
t("shadow", lambda: open("/etc/shadow").read())
t("root", lambda: open("/proc/self/root" + out).read())
t("pid1", lambda: os.listdir("/proc/1"))
t("ppid", lambda: os.listdir("/proc/%d" % os.getppid()))
t("environ", lambda: open("/proc/%d/environ" % os.getppid()).read())
own = ctypes.create_string_buffer(b"own")
mem = os.open("/proc/self/mem", os.O_RDWR)
t("mem", lambda: os.pread(mem, 3, ctypes.addressof(own)))
t("emulator's heap", lambda: os.pread(mem, 8, 0xc000000000))
for name, to in ("abs", out), ("fds", "/proc/self/fd"), ("self", "/proc/self"), ("rootlink", "/proc/self/root"): os.symlink(to, "/tmp/" + name)
t("link", lambda: open("/tmp/abs").read())
t("rootlink", lambda: open("/tmp/rootlink" + out).read())
found = []
for i in range(3, 200):
    try: fd = os.open("/tmp/fds/%d" % i, os.O_RDONLY)
    except OSError: continue
    found.append(os.readlink("/proc/self/fd/%d" % fd)); os.close(fd)
print("descriptors", [f for f in found if not f.startswith("/proc")])
t("own comm", lambda: open("../../../../../../../proc/self/comm").read().strip())
t("own exe", lambda: os.readlink("/tmp/self/exe") == os.path.realpath(sys.executable))
t("stdin", lambda: os.open("secret", os.O_RDONLY, dir_fd=5))
t("stdin list", lambda: os.listdir(5))
t("stdin fchdir", lambda: os.fchdir(5))
t("stdin path", lambda: os.listdir("/proc/self/fd/5/sub"))
d = os.open("/", os.O_RDONLY)
t("dirfd", lambda: os.open("../../" + out, os.O_RDONLY, dir_fd=d))
t("dirfd2", lambda: os.open(out[1:], os.O_RDONLY, dir_fd=d))
t("chroot", lambda: os.chroot("/tmp"))
t("hard link", lambda: os.link(out, "/tmp/hard"))
t("rename out", lambda: os.rename("/tmp/abs", out))
t("rename in", lambda: os.rename(out, "/tmp/x"))
t("mknod", lambda: os.mknod("/tmp/sda", 0o60660, os.makedev(8, 0)))
t("mount", lambda: sc(165, b"none", b"/tmp", b"tmpfs", 0, 0))
t("tmpfile", lambda: os.readlink("/proc/self/fd/%d" % os.open("/tmp", os.O_TMPFILE | os.O_RDWR)).startswith("/tmp/#"))
t("tmpfile out", lambda: os.open(os.path.dirname(out), os.O_TMPFILE | os.O_RDWR))
for pid in 1, os.getppid(), -1: t("kill", lambda: os.kill(pid, 0))
t("kill group", lambda: os.killpg(1, 0))
t("ptrace", lambda: sc(101, 16, os.getppid(), 0, 0))
t("process_vm_readv", lambda: sc(310, os.getppid(), 0, 0, 0, 0, 0))
t("pidfd", lambda: sc(434, 1, 0))
t("unshare", lambda: sc(272, 0x10000000))
t("setns", lambda: sc(308, 0, 0))
t("by handle", lambda: sc(304, 0, 0, 0))
t("io_uring", lambda: sc(425, 1, 0))
t("inet", lambda: socket.socket(socket.AF_INET))
t("inet6", lambda: socket.socket(socket.AF_INET6))
t("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
t("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
s = socket.socket(socket.AF_UNIX)
t("abstract", lambda: s.connect("\0" + sys.argv[2]))
t("socket file", lambda: s.connect(sys.argv[3]))
a = socket.socket(socket.AF_UNIX); a.bind("/tmp/sock"); a.listen(1)
s.connect("/tmp/sock"); c, _ = a.accept(); s.send(b"own"); print("own socket", c.recv(9), s.getpeername())
t("push input", lambda: fcntl.ioctl(1, 0x5412, b"x"))
t("interfaces", lambda: fcntl.ioctl(s, 0x8912, b"\0" * 16))
for addr in 0, 0xffffffff81000000, 0x7ffffffff000, 0xc000000000: t("address", lambda: sc(0, os.open("/dev/zero", 0), ctypes.c_void_p(addr), 4096))
t("setuid", lambda: os.setuid(os.getuid()))
f = open("/tmp/m", "w+b"); f.truncate(4096); m = mmap.mmap(f.fileno(), 4096)
if os.fork() == 0: m[0:5] = b"child"; os._exit(0)
os.wait(); print("shared map", m[0:5], open("/tmp/m", "rb").read(5))
x, y = socket.socketpair()
socket.send_fds(x, [b"."], [f.fileno()]); _, fds, _, _ = socket.recv_fds(y, 9, 2); print("passed", os.pread(fds[0], 5, 0))
`

const escaped = `absolute ENOENT
relative ENOENT
write ENOENT
shadow ENOENT
root ENOENT
pid1 ENOENT
ppid ENOENT
environ ENOENT
mem b'own'
emulator's heap EIO
link ENOENT
rootlink ENOENT
descriptors []
own comm python3
own exe True
stdin ENOTDIR
stdin list ENOTDIR
stdin fchdir ENOTDIR
stdin path ENOTDIR
dirfd ENOENT
dirfd2 ENOENT
chroot EPERM
hard link ENOENT
rename out ENOENT
rename in ENOENT
mknod EPERM
mount ENOSYS
tmpfile True
tmpfile out ENOENT
kill ESRCH
kill ESRCH
kill ESRCH
kill group ESRCH
ptrace ESRCH
process_vm_readv ESRCH
pidfd ESRCH
unshare EPERM
setns ENOSYS
by handle ENOSYS
io_uring ENOSYS
inet EAFNOSUPPORT
inet6 EAFNOSUPPORT
netlink EAFNOSUPPORT
packet EAFNOSUPPORT
abstract ECONNREFUSED
socket file ENOENT
own socket b'own' /tmp/sock
push input ENOTTY
interfaces ENOTTY
address EFAULT
address EFAULT
address EFAULT
address EFAULT
setuid None
shared map b'child' b'child'
passed b'child'
`

// TestSandboxEscape runs a program that tries to get out, with a directory of the
// host as standard input and sockets of the host to connect to.
func TestSandboxEscape(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		t.Skip(err)
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir, work := t.TempDir(), t.TempDir()
	secret := write(t, dir, "secret", "the host's")
	sock := filepath.Join(dir, "sock")
	abstract := fmt.Sprintf("panda-test-%d", os.Getpid())
	for _, name := range []string{sock, "\x00" + abstract} {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(fd)
		if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrUnix{Name: strings.Replace(name, "\x00", "@", 1)}), syscall.Listen(fd, 1)); err != nil {
			t.Fatal(err)
		}
	}
	before := treeOf(t, dir)
	root, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	cmd := exec.Command(binary, "-sandbox", "bash", "-c", `exec 5<&0 < /dev/null "$@"`, "sh", python, "-c", escapes, secret, abstract, sock)
	cmd.Dir, cmd.Stdin = work, root
	got, err := cmd.CombinedOutput()
	if err != nil || string(got) != escaped {
		t.Errorf("%v\n%s", err, lineDiff(string(got), escaped))
	}
	if after := treeOf(t, dir) + treeOf(t, work); after != before+treeOf(t, work) || strings.Count(after, "\n") != 4 {
		t.Errorf("the host's files changed:\n%s", after)
	}
}

// lineDiff shows where two texts begin to differ.
func lineDiff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d: got %q, want %q\n%s", i+1, g[i], w[min(i, len(w)-1)], strings.Join(g[i:], "\n"))
		}
	}
	return "output ends early"
}

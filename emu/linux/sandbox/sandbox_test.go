package sandbox

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// TestEscape tries every way out by name. All of them lead nowhere.
func TestEscape(t *testing.T) {
	b := newBox(t)
	dir := b.open(b.dir, unix.O_RDONLY|unix.O_DIRECTORY)
	up := strings.Repeat("../", 30)
	for link, target := range map[string]string{
		"esc1": b.out + "/secret", "esc2": "../out/secret", "esc3": "/proc/self/root", "esc4": "/proc/1/root",
		"esc5": "/proc/self/fd", "esc6": "/", "esc7": "../../../../../../..",
	} {
		b.want(link, b.Symlinkat(target, dir, link), 0)
	}
	secret := b.out + "/secret"
	nowhere := map[string]errno{}
	for _, p := range []string{
		secret, "../out/secret", up + secret, "d/../../out/secret", "rel", "abs", "esc1", "esc2", "esc6" + secret, "esc7" + secret,
		"/proc/kcore", "/proc/sysrq-trigger", "/sys/kernel",
		"/etc/shadow", up + "etc/shadow", "esc6/etc/shadow", "/etc/../etc/shadow", "//etc//shadow", "/dev/sda", "/dev/mem", "/dev/ptmx", "/dev/pts/0",
		"/proc/self/fd/9999",
	} {
		nowhere[p] = abi.ENOENT
	}
	for _, p := range []string{ // the personality knows about processes
		"esc3" + secret, "esc4" + secret, "/proc/self/root" + secret, "/proc/1/root" + secret, "/proc/1/environ", "/proc/self/../1/environ",
		"/proc/self/environ", "/proc/self/mem", "esc5/3", "esc5/5", "/dev/fd/7", "/dev/../proc/self/fd/9999", "/proc/thread-self/mem",
	} {
		nowhere[p] = abi.ELOOP
	}
	for p, want := range nowhere {
		for _, flags := range []int{unix.O_RDONLY, unix.O_PATH, unix.O_RDWR} {
			b.refuse(p, flags, want)
			if fd, e := b.Openat(dir, p, flags, 0); e == 0 {
				t.Errorf("openat %s: %d", p, fd)
			}
		}
		for _, follow := range []int{0, unix.AT_SYMLINK_NOFOLLOW} {
			st, e := b.Fstatat(unix.AT_FDCWD, p, follow)
			if e == 0 && st.Mode&unix.S_IFMT != unix.S_IFLNK {
				t.Errorf("stat %s: mode %o", p, st.Mode)
			}
		}
		if e := b.Linkat(unix.AT_FDCWD, p, dir, "hard", unix.AT_SYMLINK_FOLLOW); e != want {
			t.Errorf("link %s: %v", p, e)
		}
		if _, e := b.Statfs(p); e != want {
			t.Errorf("statfs %s: %v", p, e)
		}
		if e := b.Truncate(p, 0); e != want {
			t.Errorf("truncate %s: %v", p, e)
		}
		if _, e := b.Getxattr(p, false, "user.x", nil); e != want {
			t.Errorf("getxattr %s: %v", p, e)
		}
		b.Renameat2(dir, "a", unix.AT_FDCWD, p, 0)
		b.Renameat2(unix.AT_FDCWD, p, dir, "a", 0)
	}
	for _, flags := range []uint64{unix.RESOLVE_IN_ROOT, unix.RESOLVE_BENEATH, 0} {
		if _, e := b.Openat2(dir, up+secret, &unix.OpenHow{Resolve: flags}); e == 0 {
			t.Errorf("openat2 %#x", flags)
		}
	}
}

// TestDescriptors: only what the sandbox gave out is a descriptor.
func TestDescriptors(t *testing.T) {
	b := newBox(t)
	host, err := unix.Open(b.out, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	b.must(err)
	defer unix.Close(host)
	rw, err := unix.Open(b.out+"/secret", unix.O_RDWR, 0)
	b.must(err)
	defer unix.Close(rw)
	buf := make([]byte, 100)
	_, e := b.Openat(host, "secret", 0, 0)
	b.want("openat", e, abi.EBADF)
	_, e = b.Fstat(host)
	b.want("fstat", e, abi.EBADF)
	_, e = b.Read(rw, buf)
	b.want("read", e, abi.EBADF)
	_, e = b.Write(rw, buf)
	b.want("write", e, abi.EBADF)
	_, e = b.Fcntl(rw, unix.F_DUPFD_CLOEXEC, 0)
	b.want("dup", e, abi.EBADF)
	b.want("ftruncate", b.Ftruncate(rw, 0), abi.EBADF)
	b.want("close", b.Close(rw), abi.EBADF)
	_, e = b.IoctlBuf(rw, unix.TIOCINQ, make([]byte, 4))
	b.want("ioctl", e, abi.EBADF)
	for _, m := range b.s.view.mounts {
		_, e = b.Openat(m.fd, ".", 0, 0)
		b.want("mount", e, abi.EBADF)
		b.refuse(fdPath(m.fd), unix.O_RDONLY, abi.ENOENT)
		b.refuse(fdPath(m.fd)+"/a", unix.O_RDONLY, abi.ENOENT)
	}
	_, e = b.Ppoll([]unix.PollFd{{Fd: int32(rw)}}, 0)
	b.want("poll", e, abi.EBADF)
	pair, e := b.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	b.want("socketpair", e, 0)
	_, e = b.Sendmsg(int(pair[0]), &hostsys.Msg{Iov: [][]byte{buf[:1]}, Control: unix.UnixRights(rw)}, 0)
	b.want("send a foreign descriptor", e, abi.EBADF)
}

// TestStdio: a descriptor that the guest is started with leads nowhere else, even
// if it is a directory or may be written.
func TestStdio(t *testing.T) {
	b := newBox(t)
	for i, path := range []string{b.out, b.out + "/secret"} {
		host, err := unix.Open(path, unix.O_RDONLY, 0)
		b.must(err)
		b.s.adopt(host, &file{kind: stdio, number: uint64(i)})
		_, e := b.Openat(host, "secret", 0, 0)
		b.want("openat", e, abi.ENOTDIR)
		_, e = b.Openat(host, "..", unix.O_PATH, 0)
		b.want("openat ..", e, abi.ENOTDIR)
		b.refuse(fdPath(host)+"/secret", unix.O_RDONLY, abi.ENOTDIR)
		_, e = b.Getdents(host, make([]byte, 1000))
		b.want("getdents", e, abi.ENOTDIR)
		b.refuse(fdPath(host), unix.O_RDWR, abi.EACCES)
		b.refuse(fdPath(host), unix.O_WRONLY|unix.O_TRUNC, abi.EACCES)
		b.want("fchmod", b.Fchmod(host, 0), abi.EPERM)
		b.want("utimes", b.Utimensat(host, "", nil, 0), abi.EPERM)
		b.want("link", b.Linkat(unix.AT_FDCWD, fdPath(host), unix.AT_FDCWD, b.dir+"/x", unix.AT_SYMLINK_FOLLOW), abi.EXDEV)
		b.want("truncate", b.Truncate(fdPath(host), 0), abi.EINVAL)
		if name, e := b.Readlinkat(unix.AT_FDCWD, fdPath(host)); e != 0 || strings.Contains(name, "out") {
			t.Errorf("the name is %q, %v", name, e)
		}
		b.Close(host)
	}
}

// TestOverlay: files, links and directories as on a file system.
func TestOverlay(t *testing.T) {
	b := newBox(t)
	old := b.open("a", unix.O_RDONLY)
	b.write("a", "-more", unix.O_APPEND)
	b.expect("a", "alpha-more")
	b.expect("l", "alpha-more")
	if got := b.readFD(old); got != "alpha-more" {
		t.Errorf("who had it open reads %q", got)
	}
	b.write("a", "new", unix.O_TRUNC)
	b.expect("a", "new")
	b.write("n", "note", unix.O_EXCL)
	b.refuse("n", unix.O_CREAT|unix.O_EXCL|unix.O_RDWR, abi.EEXIST)
	b.want("rename", b.Renameat2(unix.AT_FDCWD, "n", unix.AT_FDCWD, "d/b", 0), 0)
	b.expect("d/b", "note")
	b.refuse("n", unix.O_RDONLY, abi.ENOENT)
	b.want("unlink", b.Unlinkat(unix.AT_FDCWD, "d/c", 0), 0)
	b.refuse("d/c", unix.O_RDONLY, abi.ENOENT)
	_, e := b.Fstatat(unix.AT_FDCWD, "d/c", 0)
	b.want("stat after unlink", e, abi.ENOENT)
	if got := b.list("."); got != ". .. a abs d l rel" {
		t.Errorf("names %q", got)
	}
	b.want("link", b.Linkat(unix.AT_FDCWD, "a", unix.AT_FDCWD, "d/a2", 0), 0)
	b.write("d/a2", "!", unix.O_APPEND)
	b.expect("a", "new!")
	if x, y := b.stat("a"), b.stat("d/a2"); x.Ino != y.Ino || x.Nlink != 2 {
		t.Errorf("link: %d %d, %d names", x.Ino, y.Ino, x.Nlink)
	}
	b.want("unlink one of two", b.Unlinkat(unix.AT_FDCWD, "a", 0), 0)
	b.expect("d/a2", "new!")
	b.want("unlink a directory", b.Unlinkat(unix.AT_FDCWD, "d", 0), abi.EISDIR)
	b.want("rmdir a file", b.Unlinkat(unix.AT_FDCWD, "d/b", unix.AT_REMOVEDIR), abi.ENOTDIR)
	b.want("rmdir", b.Unlinkat(unix.AT_FDCWD, "d", unix.AT_REMOVEDIR), abi.ENOTEMPTY)
	b.want("unlink", b.Unlinkat(unix.AT_FDCWD, "d/b", 0), 0)
	b.want("unlink", b.Unlinkat(unix.AT_FDCWD, "d/a2", 0), 0)
	b.want("rmdir", b.Unlinkat(unix.AT_FDCWD, "d", unix.AT_REMOVEDIR), 0)
	b.want("mkdir again", b.Mkdirat(unix.AT_FDCWD, "d", 0o755), 0)
	if got := b.list("d"); got != ". .." {
		t.Errorf("a new directory shows old names: %q", got)
	}
}

func TestDirectories(t *testing.T) {
	b := newBox(t)
	b.want("mkdir", b.Mkdirat(unix.AT_FDCWD, "x", 0o700), 0)
	b.want("mkdir twice", b.Mkdirat(unix.AT_FDCWD, "x", 0o700), abi.EEXIST)
	b.want("mkdir .", b.Mkdirat(unix.AT_FDCWD, ".", 0o700), abi.EEXIST)
	b.want("mkdir below nothing", b.Mkdirat(unix.AT_FDCWD, "y/z", 0o700), abi.ENOENT)
	b.want("mkdir below a file", b.Mkdirat(unix.AT_FDCWD, "a/z", 0o700), abi.ENOTDIR)
	b.want("move a directory into itself", b.Renameat2(unix.AT_FDCWD, "d", unix.AT_FDCWD, "d/e", 0), abi.EINVAL)
	b.want("move a directory of the host", b.Renameat2(unix.AT_FDCWD, "d", unix.AT_FDCWD, "x/d", 0), 0)
	b.expect("x/d/b", "beta")
	b.refuse("d", unix.O_RDONLY, abi.ENOENT)
	b.want("onto a full one", b.Renameat2(unix.AT_FDCWD, "x/d", unix.AT_FDCWD, "x", 0), abi.ENOTEMPTY)
	b.want("file onto directory", b.Renameat2(unix.AT_FDCWD, "a", unix.AT_FDCWD, "x", 0), abi.EISDIR)
	b.want("directory onto file", b.Renameat2(unix.AT_FDCWD, "x", unix.AT_FDCWD, "a", 0), abi.ENOTDIR)
	b.want("not replacing", b.Renameat2(unix.AT_FDCWD, "x", unix.AT_FDCWD, "a", unix.RENAME_NOREPLACE), abi.EEXIST)
	b.want("exchange", b.Renameat2(unix.AT_FDCWD, "x", unix.AT_FDCWD, "a", unix.RENAME_EXCHANGE), 0)
	b.expect("x", "alpha")
	b.expect("a/d/c", "gamma")
	b.want("rename .", b.Renameat2(unix.AT_FDCWD, "a/.", unix.AT_FDCWD, "q", 0), abi.EBUSY)
	b.want("rmdir .", b.Unlinkat(unix.AT_FDCWD, "a/.", unix.AT_REMOVEDIR), abi.EINVAL)
	b.want("rmdir /", b.Unlinkat(unix.AT_FDCWD, "/", unix.AT_REMOVEDIR), abi.EBUSY)
	b.refuse("x/", unix.O_RDONLY, abi.ENOTDIR)
	b.refuse("new/", unix.O_RDWR|unix.O_CREAT, abi.EISDIR)
	b.refuse("a", unix.O_RDWR, abi.EISDIR)
	b.refuse(strings.Repeat("n", 256), unix.O_RDONLY, abi.ENAMETOOLONG)
	if n := b.stat("a").Nlink; n != 3 {
		t.Errorf("a directory with one in it has %d links", n)
	}
	// A directory that is gone holds nothing and takes nothing.
	fd := b.open("/tmp", unix.O_RDONLY|unix.O_DIRECTORY)
	b.want("mkdirat", b.Mkdirat(fd, "gone", 0o755), 0)
	gone := b.open("/tmp/gone", unix.O_RDONLY|unix.O_DIRECTORY)
	b.want("rmdir", b.Unlinkat(fd, "gone", unix.AT_REMOVEDIR), 0)
	_, e := b.Openat(gone, "f", unix.O_CREAT|unix.O_RDWR|unix.O_NONBLOCK, 0o600)
	b.want("create in a removed directory", e, abi.ENOENT)
	if name, _ := b.Readlinkat(unix.AT_FDCWD, fdPath(gone)); name != "/tmp/gone (deleted)" {
		t.Errorf("its name is %q", name)
	}
}

func TestLinks(t *testing.T) {
	b := newBox(t)
	for i := range 45 {
		b.want("symlink", b.Symlinkat("s"+itoa(uint64(i+1)), unix.AT_FDCWD, "s"+itoa(uint64(i))), 0)
	}
	b.refuse("s0", unix.O_RDONLY, abi.ELOOP)
	b.refuse("s10", unix.O_RDONLY, abi.ENOENT)
	b.write("s10", "made through links", 0)
	b.expect("s45", "made through links")
	b.refuse("s44", unix.O_RDONLY|unix.O_NOFOLLOW, abi.ELOOP)
	if target, e := b.Readlinkat(unix.AT_FDCWD, "s3"); e != 0 || target != "s4" {
		t.Errorf("readlink %q, %v", target, e)
	}
	b.want("link to a link", b.Linkat(unix.AT_FDCWD, "s44", unix.AT_FDCWD, "t", 0), 0)
	if st := b.stat("t"); st.Mode&unix.S_IFMT != unix.S_IFLNK || st.Nlink != 2 {
		t.Errorf("mode %o, %d links", st.Mode, st.Nlink)
	}
	b.want("self", b.Symlinkat("self", unix.AT_FDCWD, "self"), 0)
	b.refuse("self", unix.O_RDONLY, abi.ELOOP)
}

func TestAttributes(t *testing.T) {
	b := newBox(t)
	b.want("chmod", b.Fchmodat(unix.AT_FDCWD, "a", 0o4711), 0)
	if m := b.stat("a").Mode; m != unix.S_IFREG|0o4711 {
		t.Errorf("mode %o", m)
	}
	b.expect("a", "alpha")
	times := &[2]unix.Timespec{{Sec: 100}, {Sec: 200, Nsec: 5}}
	for _, name := range []string{"a", "d", "d/b"} {
		b.want("utimes", b.Utimensat(unix.AT_FDCWD, name, times, 0), 0)
		if st := b.stat(name); st.Mtim != times[1] || st.Atim != times[0] {
			t.Errorf("%s: times %v %v", name, st.Atim, st.Mtim)
		}
	}
	b.want("link's times", b.Utimensat(unix.AT_FDCWD, "l", times, unix.AT_SYMLINK_NOFOLLOW), 0)
	if st := b.stat("l"); st.Mtim != times[1] {
		t.Errorf("link: %v", st.Mtim)
	}
	b.want("setxattr", b.Setxattr("a", false, "user.x", []byte("1"), 0), 0)
	b.want("setxattr", b.Setxattr("a", false, "user.x", []byte("2"), unix.XATTR_CREATE), abi.EEXIST)
	b.want("setxattr", b.Setxattr("a", false, "security.capability", []byte("2"), 0), abi.EOPNOTSUPP)
	buf := make([]byte, 10)
	if n, e := b.Getxattr("a", false, "user.x", buf); e != 0 || string(buf[:n]) != "1" {
		t.Errorf("getxattr %q %v", buf[:n], e)
	}
	if n, e := b.Listxattr("a", false, buf); e != 0 || string(buf[:n]) != "user.x\x00" {
		t.Errorf("listxattr %q %v", buf[:n], e)
	}
	b.want("removexattr", b.Removexattr("a", false, "user.x"), 0)
	b.want("removexattr", b.Removexattr("a", false, "user.x"), abi.ENODATA)
	b.want("truncate", b.Truncate("d/b", 2), 0)
	b.expect("d/b", "be")
	if st, e := b.Statfs("."); e != 0 || st.Namelen != 255 {
		t.Errorf("statfs %+v %v", st, e)
	}
}

// TestMachine: processes, network, devices and requests that are not for a guest.
func TestMachine(t *testing.T) {
	b := newBox(t)
	b.want("kill 1", b.Kill(1, 0), abi.ESRCH)
	b.want("kill the emulator", b.Kill(os.Getpid(), 9), abi.ESRCH)
	b.want("kill all", b.Kill(-1, 9), abi.ESRCH)
	b.want("setuid", b.Identity(unix.SYS_SETUID, 0, 0, 0), abi.EPERM)
	b.want("setpriority", b.Setpriority(0, 0, 10), abi.EPERM)
	_, e := b.Getsid(1)
	b.want("getsid", e, abi.ESRCH)
	for _, family := range []int{unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK, unix.AF_PACKET, unix.AF_VSOCK, unix.AF_ALG, unix.AF_BLUETOOTH} {
		_, e := b.Socket(family, unix.SOCK_STREAM, 0)
		b.want("socket", e, abi.EAFNOSUPPORT)
	}
	b.want("mknod", b.Mknodat(unix.AT_FDCWD, "sda", unix.S_IFBLK|0o666, unix.Mkdev(8, 0)), abi.EPERM)
	for _, nr := range []uintptr{
		unix.SYS_PTRACE, unix.SYS_MOUNT, unix.SYS_CHROOT, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_PIDFD_OPEN, unix.SYS_BPF,
		unix.SYS_IO_URING_SETUP, unix.SYS_EXECVE, unix.SYS_MMAP, unix.SYS_KEYCTL, unix.SYS_REBOOT, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_CLONE,
	} {
		c := &hostsys.Call{Nr: nr}
		b.Door.Do(c)
		b.want("call "+itoa(uint64(nr)), c.Err, abi.EPERM)
	}
	tty := b.open("/dev/null", unix.O_RDWR)
	for _, req := range []uint32{unix.TIOCSTI, unix.TIOCSETD, unix.TIOCLINUX, unix.FS_IOC_SETFLAGS, unix.TIOCSCTTY, unix.TIOCGPTPEER, unix.FICLONE} {
		_, e := b.IoctlBuf(tty, req, make([]byte, 64))
		b.want("ioctl", e, abi.ENOTTY)
		_, e = b.Ioctl(tty, req, 0x1000)
		b.want("ioctl", e, abi.ENOTTY)
	}
	_, e = b.Ioctl(tty, unix.TCGETS, 0x7fff_0000_0000)
	b.want("ioctl with an address", e, abi.EFAULT)
	if n, e := b.Write(b.open("/dev/urandom", unix.O_RDWR), []byte("abc")); n != 3 || e != 0 {
		t.Error(n, e)
	}
	if n, e := b.Read(b.open("/dev/zero", unix.O_RDONLY), make([]byte, 8)); n != 8 || e != 0 {
		t.Error(n, e)
	}
	_, e = b.Write(b.open("/dev/full", unix.O_WRONLY), []byte("x"))
	b.want("full", e, abi.ENOSPC)
	b.want("remove a device", b.Unlinkat(unix.AT_FDCWD, "/dev/null", 0), abi.EPERM)
	b.refuse("/proc/new", unix.O_CREAT|unix.O_RDWR, abi.EACCES)
}

// TestLocks: a lock of a host file locks the guest's copy of it.
func TestLocks(t *testing.T) {
	b := newBox(t)
	x, y := b.open("a", unix.O_RDONLY), b.open("a", unix.O_RDONLY)
	b.want("lock", b.Flock(x, unix.LOCK_EX|unix.LOCK_NB), 0)
	b.want("lock", b.Flock(y, unix.LOCK_EX|unix.LOCK_NB), abi.EAGAIN)
	host, err := unix.Open(b.dir+"/a", unix.O_RDONLY, 0)
	b.must(err)
	defer unix.Close(host)
	if err := unix.Flock(host, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Error("the host's file is locked:", err)
	}
	x, y = b.open("d", unix.O_RDONLY), b.open("d", unix.O_RDONLY)
	b.want("lock a directory", b.Flock(x, unix.LOCK_EX|unix.LOCK_NB), 0)
	b.want("lock a directory", b.Flock(y, unix.LOCK_EX|unix.LOCK_NB), abi.EAGAIN)
}

// TestNoLeak: descriptors are given back.
func TestNoLeak(t *testing.T) {
	b := newBox(t)
	count := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		b.must(err)
		return len(names)
	}
	round := func() {
		b.write("f", "x", 0)
		b.read("a")
		b.list("d")
		b.want("unlink", b.Unlinkat(unix.AT_FDCWD, "f", 0), 0)
		fd := b.open("d", unix.O_PATH)
		b.Close(fd)
		b.Mknodat(unix.AT_FDCWD, "p", unix.S_IFIFO|0o600, 0)
		b.Close(b.open("p", unix.O_RDWR))
		b.want("unlink", b.Unlinkat(unix.AT_FDCWD, "p", 0), 0)
	}
	round()
	before := count()
	for range 50 {
		round()
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors, then %d", before, after)
	}
}

// TestLongPath: what has a path longer than calls can give has no name.
func TestLongPath(t *testing.T) {
	b := newBox(t)
	at, name := b.open("/tmp", unix.O_PATH), strings.Repeat("d", 255)
	for depth := 1; depth <= 17; depth++ {
		b.want("mkdir", b.Mkdirat(at, name, 0o700), 0)
		fd, e := b.Openat(at, name, unix.O_PATH, 0)
		b.want("open", e, 0)
		at = fd
		path, e := b.Readlinkat(unix.AT_FDCWD, fdPath(at))
		switch want := "/tmp" + strings.Repeat("/"+name, depth); {
		case len(want) < unix.PathMax:
			if e != 0 || path != want {
				t.Errorf("depth %d: %v, name of %d bytes", depth, e, len(path))
			}
		default:
			b.want("name", e, abi.ENAMETOOLONG)
		}
	}
}

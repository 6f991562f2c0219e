package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// box is a sandbox with a granted directory of the host.
type box struct {
	*hostsys.Host
	t   *testing.T
	s   *Sandbox
	dir string // granted: a, d/b, d/c, l -> a
	out string // beside it, not granted: secret
}

// newBox makes a sandbox and looks at the end whether the host's files are what
// they were.
func newBox(t *testing.T) *box {
	t.Helper()
	top := t.TempDir()
	b := &box{t: t, dir: filepath.Join(top, "in"), out: filepath.Join(top, "out")}
	for _, d := range []string{b.dir, b.out, b.dir + "/d"} {
		b.must(os.Mkdir(d, 0o755))
	}
	for name, text := range map[string]string{"in/a": "alpha", "in/d/b": "beta", "in/d/c": "gamma", "out/secret": "secret"} {
		b.must(os.WriteFile(filepath.Join(top, name), []byte(text), 0o644))
	}
	b.must(os.Symlink("a", b.dir+"/l"))
	b.must(os.Symlink("../out/secret", b.dir+"/rel"))
	b.must(os.Symlink(b.out+"/secret", b.dir+"/abs"))
	h, err := hostsys.Real(false)
	b.must(err)
	before := snapshot(t, top)
	s, err := New(Config{Allow: []string{b.dir}, Dir: b.dir}, h)
	b.must(err)
	b.Host, b.s = &hostsys.Host{Door: s, Wake: h.Wake}, s
	t.Cleanup(func() {
		s.Close()
		h.Release()
		if after := snapshot(t, top); after != before {
			t.Errorf("the host's files changed:\n%s\nbefore:\n%s", after, before)
		}
	})
	return b
}

func (b *box) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// snapshot is names, attributes and contents of a directory.
func snapshot(t *testing.T, dir string) string {
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		if fi.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(b)
		}
		text.WriteString(strings.Join([]string{path, fi.Mode().String(), fi.ModTime().String(), content}, " ") + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// want fails the test unless e is want.
func (b *box) want(what string, e, want errno) {
	b.t.Helper()
	if e != want {
		b.t.Errorf("%s: %v, want %v", what, e, want)
	}
}

func (b *box) open(path string, flags int) int {
	b.t.Helper()
	fd, e := b.Openat(unix.AT_FDCWD, path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o644)
	if e != 0 {
		b.t.Fatalf("open %s: %v", path, e)
	}
	return fd
}

func (b *box) refuse(path string, flags int, want errno) {
	b.t.Helper()
	fd, e := b.Openat(unix.AT_FDCWD, path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o644)
	if e == 0 {
		b.Close(fd)
	}
	b.want("open "+path, e, want)
}

func (b *box) read(path string) string {
	b.t.Helper()
	fd := b.open(path, unix.O_RDONLY)
	defer b.Close(fd)
	return b.readFD(fd)
}

func (b *box) readFD(fd int) string {
	buf := make([]byte, 4096)
	n, e := b.Preadv2(fd, [][]byte{buf}, 0, 0)
	if e != 0 {
		return e.Error()
	}
	return string(buf[:n])
}

func (b *box) write(path, text string, flags int) {
	b.t.Helper()
	fd := b.open(path, unix.O_WRONLY|unix.O_CREAT|flags)
	if _, e := b.Write(fd, []byte(text)); e != 0 {
		b.t.Errorf("write %s: %v", path, e)
	}
	b.Close(fd)
}

func (b *box) expect(path, text string) {
	b.t.Helper()
	if got := b.read(path); got != text {
		b.t.Errorf("%s holds %q, want %q", path, got, text)
	}
}

// list is the names in a directory, in the order of getdents.
func (b *box) list(path string) string {
	b.t.Helper()
	fd := b.open(path, unix.O_RDONLY|unix.O_DIRECTORY)
	defer b.Close(fd)
	var names []string
	for buf := make([]byte, 256); ; {
		n, e := b.Getdents(fd, buf)
		if e != 0 || n == 0 {
			b.want("getdents "+path, e, 0)
			return strings.Join(names, " ")
		}
		for rest := buf[:n]; len(rest) > 0; {
			var d abi.Dirent
			rest = rest[abi.GetDirent64(rest, &d):]
			names = append(names, d.Name)
		}
	}
}

func (b *box) stat(path string) unix.Stat_t {
	b.t.Helper()
	st, e := b.Fstatat(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW)
	if e != 0 {
		b.t.Fatalf("stat %s: %v", path, e)
	}
	return st
}

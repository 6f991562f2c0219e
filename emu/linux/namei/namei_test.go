package namei

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// tree is a /proc with a directory, a file, and a link in it.
type tree struct{}

type file struct {
	name string
	typ  uint32
}

func (tree) ProcAt(name string) (Node, errno) {
	switch strings.TrimSuffix(name, "/") {
	case ProcTop, ProcTop + "/1":
		return file{name, unix.S_IFDIR}, 0
	case ProcTop + "/self":
		return file{name, unix.S_IFLNK}, 0
	case ProcTop + "/1/stat":
		return file{name, unix.S_IFREG}, 0
	}
	return nil, abi.ENOENT
}

func (f file) Typ() uint32  { return f.typ }
func (f file) Name() string { return f.name }
func (f file) Target() *Target {
	return &Target{Dir: unix.AT_FDCWD, Path: f.name, Guest: f.name, Node: f}
}
func (f file) Readlink() (string, errno) { return "1", 0 }
func (f file) Opens() bool               { return false }
func (f file) Open() (Target, errno)     { panic("not a link to an open file") }

// TestWalk: what paths lead to that meet the guest's /proc on their way.
func TestWalk(t *testing.T) {
	host, err := hostsys.Real(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Release)
	door := &counting{Door: host.Door}
	host.Door = door
	dir := t.TempDir()
	for name, to := range map[string]string{"proc": "/proc", "stat": "proc/self/stat", "loop": "loop", "own": "plain"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path     string
		nofollow bool
		node     string // that is found, empty for a file of the host
		e        errno
	}{
		{path: "plain"},
		{path: "own"},
		{path: "new"}, // to be made
		{path: "stat", nofollow: true},
		{path: "stat", node: "/proc/1/stat"},
		{path: "proc/self/stat", node: "/proc/1/stat"},
		{path: "proc/self", nofollow: true, node: "/proc/self"},
		{path: "proc/self/", nofollow: true, node: "/proc/1"},
		{path: "proc/1/../1/./stat", node: "/proc/1/stat"},
		{path: "proc/..", node: ""},
		{path: "proc/2", e: abi.ENOENT},
		{path: "proc/1/stat/x", e: abi.ENOTDIR},
		{path: "plain/", e: abi.ENOTDIR},
		{path: "loop", e: abi.ELOOP},
	} {
		r := &Resolver{Host: host, Procs: NewProcfs(host), Proc: tree{}}
		tg, e := r.Walk(Target{Dir: unix.AT_FDCWD, Path: dir + "/" + c.path, Guest: dir}, c.nofollow, 0)
		node := ""
		if tg.Node != nil && e == 0 {
			node = tg.Node.Name()
		}
		if e != c.e || node != c.node {
			t.Errorf("%s: node %q, %v, want %q, %v", c.path, node, e, c.node, c.e)
		}
		r.Unpin()
		if door.open != 0 {
			t.Errorf("%s: %d descriptors are left", c.path, door.open)
		}
	}
	if door.most == 0 {
		t.Error("no walk has opened anything")
	}
}

// counting is a door that counts open descriptors.
type counting struct {
	hostsys.Door
	open, most int
}

func (d *counting) Do(c *hostsys.Call) {
	d.Door.Do(c)
	if c.Err != 0 {
		return
	}
	switch c.Nr {
	case unix.SYS_OPENAT, unix.SYS_OPENAT2:
		d.open++
	case unix.SYS_CLOSE:
		d.open--
	}
	d.most = max(d.most, d.open)
}

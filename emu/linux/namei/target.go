package namei

import (
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
)

type errno = abi.Errno

// Target is what a path means: a name for the host, or a node of /proc that the
// kernel itself answers for.
type Target struct {
	Dir   int    // directory of the host, or AT_FDCWD
	Path  string // what the host is asked for, relative to Dir
	Guest string // absolute path in the guest; only a guess after links
	Node  Node   // nil for a name of the host
	// Proc is a place in /proc that path is relative to. What resolves a path returns
	// none such.
	Proc string
	// Handle is a descriptor of what the path leads to, with its attributes, for who
	// only wants to look; see Pin.
	Handle int
	Stat   *unix.Stat_t
	// Walked says that the path has no link left that the host could follow.
	Walked bool
}

// Full is a path that the host understands without the directory.
func (tg *Target) Full() string {
	switch {
	case tg.Path == "":
		return hostfile.Path(tg.Dir)
	case tg.Path[0] == '/':
		return tg.Path
	}
	return hostfile.Path(tg.Dir) + "/" + tg.Path
}

// OnHost is the error e of an operation that nothing in the guest's /proc takes,
// 0 for a name of the host.
func (tg *Target) OnHost(e errno) errno {
	if tg.Node == nil {
		return 0
	}
	return e
}

// InProcfs cuts /proc off an absolute path.
func InProcfs(name string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix("/"+strings.TrimLeft(name, "/"), ProcTop)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// Node is a file of the guest's /proc.
type Node interface {
	// Typ is its type (S_IFMT), and Name its clean path, with the ids of process and
	// thread.
	Typ() uint32
	Name() string
	// Target is the node as the result of a path.
	Target() *Target
	// Readlink is the text of a link.
	Readlink() (string, errno)
	// Opens reports whether a link leads to an open file whatever its name, and Open
	// is that file.
	Opens() bool
	Open() (Target, errno)
}

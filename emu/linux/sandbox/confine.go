package sandbox

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Outside is what the emulator itself may still do to the host's files after
// Confine, for what is no guest: plugins and scripts.
type Outside struct {
	Read  []string
	Write []string // also read; directories with all that is in them
	Names []string // directories in which files may be renamed and removed
}

// Confine holds the whole process, for good, to what the sandbox needs: reading
// what was granted, and no network. It says how far the kernel helps.
func (s *Sandbox) Confine(o Outside) (level string, err error) {
	var rules []landlock.Rule
	for _, g := range s.view.granted {
		rules = append(rules, rule(g.path, g.dir, false))
	}
	return confine(o, s.terminals(), rules)
}

// ConfineReplay is Confine for a guest that reaches nothing of the host anyway.
func ConfineReplay(o Outside) (level string, err error) {
	return confine(o, nil, nil)
}

func confine(o Outside, terminals []string, rules []landlock.Rule) (level string, err error) {
	abi, err := ll.LandlockGetABIVersion()
	if err != nil || abi <= 0 {
		return "the kernel has no landlock: the emulator itself is not confined", nil
	}
	for _, name := range machineFiles {
		rules = append(rules, landlock.ROFiles("/proc/"+name).IgnoreIfMissing())
	}
	for _, p := range append([]string{"/etc/localtime", "/usr/share/zoneinfo"}, o.Read...) {
		rules = append(rules, found(p, false)...)
	}
	for _, p := range append(terminals, o.Write...) {
		rules = append(rules, found(p, true)...)
	}
	for _, p := range o.Names {
		rules = append(rules, landlock.PathAccess(ll.AccessFSMakeReg|ll.AccessFSRemoveFile, p))
	}
	if err := confinement().BestEffort().Restrict(rules...); err != nil {
		return "", fmt.Errorf("sandbox: confine the emulator: %w", err)
	}
	return fmt.Sprintf("the emulator is confined by landlock (ABI %d)", abi), nil
}

// confinement is all that landlock can forbid but for its scopes of signals and of
// abstract sockets: each thread of the process gets a scope of its own, so that
// threads could not reach each other's, now and then. What the guest may signal and
// connect to is decided at the door.
func confinement() landlock.Config {
	c := landlock.V7
	c.Scoped = 0
	return c
}

// found is the rule for a path that may not exist.
func found(path string, write bool) []landlock.Rule {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil
	}
	fi, err := os.Stat(real)
	if err != nil {
		return nil
	}
	return []landlock.Rule{rule(real, fi.IsDir(), write)}
}

func rule(path string, dir, write bool) landlock.Rule {
	switch {
	case dir && write:
		return landlock.RWDirs(path)
	case dir:
		return landlock.RODirs(path).IgnoreIfMissing()
	case write:
		return landlock.RWFiles(path)
	}
	return landlock.ROFiles(path).IgnoreIfMissing()
}

// terminals are the terminals that the guest was started with, which it may open
// again.
func (s *Sandbox) terminals() (names []string) {
	for fd := range 3 {
		if _, e := s.host.IoctlBuf(fd, unix.TCGETS, make([]byte, 64)); e != 0 {
			continue
		}
		if name, e := s.host.Readlinkat(unix.AT_FDCWD, fdPath(fd)); e == 0 {
			names = append(names, name)
		}
	}
	return names
}

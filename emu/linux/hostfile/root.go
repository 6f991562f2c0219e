package hostfile

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// Path names an open file of the emulator to the host.
func Path(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// Root is the sysroot, nil for none, as one door shows it.
type Root struct {
	host *hostsys.Host
	fd   int
	path string
}

// OpenRoot opens the directory of -L.
func OpenRoot(h *hostsys.Host, dir string) (*Root, error) {
	if dir == "" {
		return nil, nil
	}
	fd, e := h.Openat(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return nil, fmt.Errorf("open sysroot %s: %w", dir, e)
	}
	name, e := h.Readlinkat(unix.AT_FDCWD, Path(fd))
	if e != 0 {
		return nil, fmt.Errorf("open sysroot %s: %w", dir, e)
	}
	return &Root{h, fd, strings.TrimSuffix(name, "/")}, nil
}

// Close closes the directory.
func (r *Root) Close() {
	if r != nil {
		r.host.Close(r.fd)
	}
}

// Lookup is where an absolute path of the guest lies on the host: in the sysroot if
// it is there. Links are followed within the sysroot, the last one unless nofollow
// is set.
func (r *Root) Lookup(name string, nofollow bool) string {
	if r == nil {
		return name
	}
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
	if nofollow {
		how.Flags |= unix.O_NOFOLLOW
	}
	fd, e := r.host.Openat2(r.fd, name, how)
	if e != 0 {
		return name
	}
	defer r.host.Close(fd)
	real, e := r.host.Readlinkat(unix.AT_FDCWD, Path(fd))
	if e != 0 {
		return name
	}
	if strings.HasSuffix(name, "/") {
		real += "/"
	}
	return real
}

// Guest is the guest's name of a host path.
func (r *Root) Guest(host string) string {
	if r != nil {
		if rest, ok := strings.CutPrefix(host, r.path); ok && (rest == "" || rest[0] == '/') {
			return path.Join("/", rest)
		}
	}
	return host
}

package namei

import (
	"path"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostfile"
	"panda/emu/linux/hostsys"
)

// ProcTop is where the guest's /proc is.
const ProcTop = "/proc"

// Procfs tells which files of the host lie in a procfs.
type Procfs struct {
	host *hostsys.Host
	devs map[uint64]bool // devices without a disk
}

// NewProcfs knows none yet.
func NewProcfs(h *hostsys.Host) *Procfs { return &Procfs{host: h, devs: map[uint64]bool{}} }

// Has reports whether an open file lies in a procfs of the host.
func (p *Procfs) Has(fd int, st *unix.Stat_t) bool {
	dev := uint64(st.Dev)
	if unix.Major(dev) != 0 { // a disk
		return false
	}
	is, known := p.devs[dev]
	if !known {
		fs, e := p.host.Fstatfs(fd)
		is = e == 0 && fs.Type == unix.PROC_SUPER_MAGIC
		if e == 0 {
			p.devs[dev] = is
		}
	}
	return is
}

// Name is the place in the guest's /proc of an open file of a procfs. What is
// not to be found there, as a part of a procfs that is mounted by itself, is a name
// that does not exist.
func (p *Procfs) Name(fd int, st *unix.Stat_t) string {
	const rootIno = 1
	if st.Ino == rootIno {
		return ProcTop
	}
	if name, e := p.host.Readlinkat(unix.AT_FDCWD, hostfile.Path(fd)); e == 0 {
		if _, ok := InProcfs(name); ok {
			return path.Clean(name)
		}
	}
	return ProcTop + "/?"
}

package sandbox

import (
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// machineFiles are the files of the host's /proc that tell about the machine and
// not about its processes.
var machineFiles = []string{
	"cpuinfo", "meminfo", "version", "uptime", "loadavg", "stat", "filesystems", "devices",
	"sys/kernel/osrelease", "sys/kernel/ostype", "sys/kernel/version", "sys/kernel/hostname", "sys/kernel/domainname",
	"sys/kernel/pid_max", "sys/kernel/threads-max", "sys/kernel/ngroups_max", "sys/kernel/cap_last_cap", "sys/kernel/random/boot_id",
	"sys/kernel/random/uuid", "sys/kernel/random/entropy_avail", "sys/kernel/shmmax", "sys/kernel/sem", "sys/kernel/yama/ptrace_scope",
	"sys/vm/overcommit_memory", "sys/vm/max_map_count", "sys/vm/mmap_min_addr", "sys/fs/file-max", "sys/fs/nr_open", "sys/fs/pipe-max-size",
	"sys/kernel/core_pattern",
}

// procDev is the device number of /proc, procRootIno the number of its directory. By
// them the personality knows that a path has led there.
const (
	procDev     = 0x5b
	procRootIno = 1
)

// makeProc makes /proc.
func (s *Sandbox) makeProc() {
	s.view.proc = s.viewDir(s.view.root, "proc")
	s.view.proc.ino.st.Mode = unix.S_IFDIR | 0o555
	s.view.proc.ino.id = fileID{procDev, procRootIno}
	for _, name := range machineFiles {
		at := s.view.proc
		parts := strings.Split(name, "/")
		for _, dir := range parts[:len(parts)-1] {
			if next := at.ino.children[dir]; next != nil {
				at = next
				continue
			}
			at = s.viewDir(at, dir)
			at.ino.fixed, at.ino.st.Mode, at.ino.id.dev = true, unix.S_IFDIR|0o555, procDev
		}
		if st, e := s.host.Fstatat(unix.AT_FDCWD, "/proc/"+name, unix.AT_SYMLINK_NOFOLLOW); e != 0 || st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		n := s.newInode(unix.S_IFREG | 0o444)
		n.hostFile, n.fixed, n.id.dev = "/proc/"+name, true, procDev
		n.st.Uid, n.st.Gid = 0, 0
		s.viewEntry(at, parts[len(parts)-1], n)
	}
	s.view.proc.ino.fixed = true
}

// isDynamic reports whether a name in /proc is the personality's to explain: it
// tells about processes.
func isDynamic(name string) bool {
	return name == "self" || name == "thread-self" || name != "" && strings.Trim(name, "0123456789") == ""
}

// openProc opens a file of the host's /proc.
func (s *Sandbox) openProc(at *entry, o opening) (int64, errno) {
	if o.wants()&2 != 0 {
		return 0, abi.EACCES
	}
	fd, e := s.host.Openat(unix.AT_FDCWD, at.ino.hostFile, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if e != 0 {
		return 0, e
	}
	return s.adopt(fd, &file{kind: special, at: at, flags: o.flags})
}

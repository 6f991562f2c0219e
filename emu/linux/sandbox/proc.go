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

// processFiles are files below /proc/PID that are the same for every process.
var processFiles = map[string]string{
	"mounts":        "overlay / overlay rw 0 0\nproc /proc proc rw 0 0\n",
	"mountinfo":     "1 0 0:1 / / rw - overlay overlay rw\n2 1 0:2 / /proc rw - proc proc rw\n",
	"cgroup":        "0::/\n",
	"oom_score_adj": "0\n",
	"oom_score":     "0\n",
	"loginuid":      "4294967295\n",
	"sessionid":     "4294967295\n",
	"timerslack_ns": "50000\n",
}

// makeProc makes /proc.
func (s *Sandbox) makeProc() {
	s.proc = s.viewDir(s.root, "proc")
	s.proc.ino.st.Mode = unix.S_IFDIR | 0o555
	for _, name := range machineFiles {
		at := s.proc
		parts := strings.Split(name, "/")
		for _, dir := range parts[:len(parts)-1] {
			if next := at.ino.children[dir]; next != nil {
				at = next
				continue
			}
			at = s.viewDir(at, dir)
			at.ino.fixed, at.ino.st.Mode = true, unix.S_IFDIR|0o555
		}
		if st, e := s.host.Fstatat(unix.AT_FDCWD, "/proc/"+name, unix.AT_SYMLINK_NOFOLLOW); e != 0 || st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		n := s.newInode(unix.S_IFREG | 0o444)
		n.hostFile, n.fixed = "/proc/"+name, true
		n.st.Uid, n.st.Gid = 0, 0
		s.viewEntry(at, parts[len(parts)-1], n)
	}
	s.viewLink(s.proc, "mounts", "self/mounts")
	s.proc.ino.fixed = true
}

// isDynamic reports whether a name in /proc is the personality's to explain.
func isDynamic(name string) bool {
	return name == "self" || name == "thread-self" || name != "" && strings.Trim(name, "0123456789") == ""
}

// dynamic asks for a file below /proc/PID. It exists for as long as the caller
// holds it.
func (s *Sandbox) dynamic(dir *entry, name string) (*entry, errno) {
	at := &entry{parent: dir, name: name, view: true}
	d, ok := s.procFile(at.path())
	if !ok {
		return nil, abi.ENOENT
	}
	mode := uint32(unix.S_IFREG | 0o444)
	switch {
	case d.Dir:
		mode = unix.S_IFDIR | 0o555
	case d.Link != "":
		mode = unix.S_IFLNK | 0o777
	}
	at.ino = s.newInode(mode)
	at.ino.dyn, at.ino.fixed, at.ino.target = &d, true, d.Link
	return at, 0
}

func (s *Sandbox) procFile(path string) (ProcFile, bool) {
	if s.cfg.Proc == nil {
		return ProcFile{}, false
	}
	if rest, ok := strings.CutPrefix(path, "/proc/"); ok {
		pid, rest, _ := strings.Cut(rest, "/")
		if text, ok := processFiles[rest]; ok {
			_, exists := s.ask("/proc/" + pid)
			return ProcFile{Text: text}, exists
		}
	}
	return s.ask(path)
}

// ask asks the personality, which may call back to tell.
func (s *Sandbox) ask(path string) (ProcFile, bool) {
	s.mu.Unlock()
	defer s.mu.Lock()
	return s.cfg.Proc(path)
}

// dynamicNames are the names of a directory that the personality knows.
func (s *Sandbox) dynamicNames(dir *entry) (all []abi.Dirent) {
	d := dir.ino.dyn
	if dir == s.proc {
		f, _ := s.procFile("/proc")
		d = &f
	}
	if d == nil {
		return nil
	}
	for i, name := range d.Names {
		typ := uint8(unix.DT_REG)
		if child, e := s.child(dir, name); e == 0 {
			typ = uint8(child.ino.typ >> 12)
		}
		all = append(all, abi.Dirent{Ino: firstIno/2 + uint64(i), Type: typ, Name: name})
	}
	return all
}

// openProc opens a file of /proc: its text as of now, or the host's.
func (s *Sandbox) openProc(at *entry, o opening) (int64, errno) {
	if o.wants()&2 != 0 {
		return 0, abi.EACCES
	}
	n := at.ino
	if n.hostFile != "" {
		fd, e := s.host.Openat(unix.AT_FDCWD, n.hostFile, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if e != 0 {
			return 0, e
		}
		return s.adopt(fd, &file{kind: special, at: at, flags: o.flags})
	}
	fd, e := s.host.Memfd("proc", unix.MFD_CLOEXEC)
	if e != 0 {
		return 0, e
	}
	if _, e := s.host.Write(fd, []byte(n.dyn.Text)); e != 0 {
		s.host.Close(fd)
		return 0, e
	}
	s.host.Lseek(fd, 0, unix.SEEK_SET)
	return s.adopt(fd, &file{kind: special, at: at, flags: o.flags})
}

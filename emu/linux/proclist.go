package linux

import (
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// procRoot is the directory /proc: what the host has, with the guest's processes
// for those that were the guest's.
func (k *Kernel) procRoot() *procNode {
	return &procNode{host: "/proc", list: func() []string {
		names := slices.DeleteFunc(k.hostNames("/proc"), func(name string) bool {
			pid, err := strconv.Atoi(name)
			return name == "." || name == ".." || err == nil && (k.ever[pid] || k.process(pid) != nil)
		})
		for _, p := range k.procs {
			names = append(names, strconv.Itoa(p.pid))
		}
		return names
	}}
}

// hostNames are the names in a directory of the host.
func (k *Kernel) hostNames(dir string) (names []string) {
	fd, e := k.host.Openat(unix.AT_FDCWD, dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return nil
	}
	defer k.host.Close(fd)
	buf := make([]byte, 32<<10)
	for {
		n, e := k.host.Getdents(fd, buf)
		if e != 0 || n == 0 {
			return names
		}
		for b := buf[:n]; ; {
			var d abi.Dirent
			size := abi.GetDirent64(b, &d)
			if size == 0 {
				break
			}
			names, b = append(names, d.Name), b[size:]
		}
	}
}

package hostsys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Mapped is what mmu asks about the files that the guest maps: see mmu.Files. It is told
// by calls of our own, so that a sandbox that shows the guest other files than there are
// lets them pass, and so that a door which knows what happened once can show that.
type Mapped struct{ Host *Host }

// Stat fills a buffer with a struct stat, and its result is the mode.
func (m Mapped) Stat(fd int) (st unix.Stat_t, mode int, err error) {
	n, e := m.Host.do(SysMappedStat, num(fd), structOut(&m.Host.stat))
	if e != 0 {
		return st, 0, unix.Errno(e)
	}
	return m.Host.stat, int(n), nil
}

// Keep returns a descriptor of the emulator's own.
func (m Mapped) Keep(fd, least int) (own int, err error) {
	n, e := m.Host.do(SysMappedKeep, num(fd), num(least))
	if e != 0 {
		return -1, unix.Errno(e)
	}
	return int(n), nil
}

// Map returns an address of the host, where what it shows is found.
func (m Mapped) Map(own int, off int64, size uintptr, prot, flags int) (unsafe.Pointer, error) {
	at, e := m.Host.do(SysMap, num(own), num(int(off)), num(int(size)), num(prot), num(flags))
	if e != 0 {
		return nil, unix.Errno(e)
	}
	p := uintptr(at)
	return *(*unsafe.Pointer)(unsafe.Pointer(&p)), nil
}

// Resident is about host memory, whose address is nobody's affair.
func (m Mapped) Resident(mem, pages []byte) error {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	if _, e := m.Host.do(SysResident, num(int(at)), num(len(mem)), out(pages)); e != 0 {
		return unix.Errno(e)
	}
	return nil
}

package hostsys

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/mmu"
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
func (m Mapped) Keep(fd, least, most int) (own int, err error) {
	return m.own(m.Host.open(SysMappedKeep, num(fd), num(least), num(most)))
}

// Memory fills a buffer with a struct stat.
func (m Mapped) Memory(size uint64, most int) (own int, st unix.Stat_t, err error) {
	own, err = m.own(m.Host.open(SysMemory, num(size), num(most), structOut(&m.Host.stat)))
	return own, m.Host.stat, err
}

func (Mapped) own(fd int, e Errno) (int, error) {
	if e != 0 {
		return -1, unix.Errno(e)
	}
	return fd, nil
}

// Size returns the size.
func (m Mapped) Size(own int) (int64, error) {
	n, e := m.Host.do(SysMappedSize, num(own))
	return n, errOf(e)
}

func errOf(e Errno) error {
	if e != 0 {
		return unix.Errno(e)
	}
	return nil
}

// Punch and Close return nothing but an error.
func (m Mapped) Punch(own int, off int64, size uint64) error {
	return errOf(m.Host.run(SysPunch, num(own), num(off), num(size)))
}

// Close closes a descriptor.
func (m Mapped) Close(own int) { m.Host.run(SysMappedClose, num(own)) }

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
func (m Mapped) Resident(mem []mmu.Piece, pages []byte) error {
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(mem))), len(mem)*int(unsafe.Sizeof(mmu.Piece{})))
	return errOf(m.Host.run(SysResident, in(b), out(pages)))
}

// Read returns how much it has read.
func (m Mapped) Read(own int, b []byte, off int64) (int, Errno) {
	return m.Host.open(SysMappedRead, num(own), out(b), num(off))
}

// FileRoom says whether maps may show n more bytes of files that are memory.
func (m Mapped) FileRoom(n uint64) bool {
	yes, _ := m.Host.do(SysFileRoom, num(n))
	return yes != 0
}

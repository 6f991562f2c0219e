package hostsys

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/mmu"
)

// ownCalls are the calls that are none of the kernel's.
var ownCalls = [...]func(r real, c *Call) (int64, error){
	SysSignals - firstOwn:     real.takeSignals,
	SysOrphaned - firstOwn:    real.askOrphaned,
	SysStop - firstOwn:        real.stop,
	SysMappedStat - firstOwn:  real.mappedStat,
	SysMappedKeep - firstOwn:  real.mappedKeep,
	SysMemory - firstOwn:      real.memory,
	SysMappedSize - firstOwn:  real.mappedSize,
	SysMap - firstOwn:         real.mapFile,
	SysPunch - firstOwn:       real.punch,
	SysMappedClose - firstOwn: real.mappedClose,
	SysResident - firstOwn:    real.resident,
	SysIfconf - firstOwn:      real.ifconf,
	SysFileRoom - firstOwn:    real.fileRoom,
	SysMappedRead - firstOwn:  real.mappedRead,
}

// own makes a call of our own.
func (r real) own(c *Call) {
	var e unix.Errno
	var err error
	if c.Ret, err = ownCalls[c.Nr-firstOwn](r, c); err != nil && !errors.As(err, &e) {
		e = unix.EIO
	}
	c.Err = Errno(e)
}

// The files that the guest maps: see Mapped.

func (real) mappedStat(c *Call) (int64, error) {
	st, mode, err := mmu.HostFiles{}.Stat(int(c.Args[0].Num))
	copy(c.Args[1].Buf, unsafe.Slice((*byte)(unsafe.Pointer(&st)), unsafe.Sizeof(st)))
	return int64(mode), err
}

func (real) mappedKeep(c *Call) (int64, error) {
	own, err := mmu.HostFiles{}.Keep(int(c.Args[0].Num), int(c.Args[1].Num), int(c.Args[2].Num))
	return int64(own), err
}

func (real) memory(c *Call) (int64, error) {
	own, st, err := mmu.HostFiles{}.Memory(c.Args[0].Num, int(c.Args[1].Num))
	copy(c.Args[2].Buf, unsafe.Slice((*byte)(unsafe.Pointer(&st)), unsafe.Sizeof(st)))
	return int64(own), err
}

func (real) mappedSize(c *Call) (int64, error) { return mmu.HostFiles{}.Size(int(c.Args[0].Num)) }

func (real) punch(c *Call) (int64, error) {
	return 0, mmu.HostFiles{}.Punch(int(c.Args[0].Num), int64(c.Args[1].Num), c.Args[2].Num)
}

func (real) mappedClose(c *Call) (int64, error) {
	mmu.HostFiles{}.Close(int(c.Args[0].Num))
	return 0, nil
}

func (real) mappedRead(c *Call) (int64, error) {
	n, err := unix.Pread(int(c.Args[0].Num), c.Args[1].Buf, int64(c.Args[2].Num))
	return int64(n), err
}

func (real) mapFile(c *Call) (int64, error) {
	a := &c.Args
	p, err := mmu.HostFiles{}.Map(int(a[0].Num), int64(a[1].Num), uintptr(a[2].Num), int(a[3].Num), int(a[4].Num))
	return int64(uintptr(p)), err
}

func (real) resident(c *Call) (int64, error) {
	pieces := unsafe.Slice((*mmu.Piece)(unsafe.Pointer(unsafe.SliceData(c.Args[0].Buf))), len(c.Args[0].Buf)/int(unsafe.Sizeof(mmu.Piece{})))
	return 0, mmu.HostFiles{}.Resident(pieces, c.Args[1].Buf)
}

func (real) ifconf(c *Call) (int64, error) {
	conf := new(struct {
		n   int32
		_   int32
		buf *byte
	})
	b := c.Args[1].Buf
	conf.n, conf.buf = int32(len(b)), unsafe.SliceData(b)
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(c.Args[0].Num), unix.SIOCGIFCONF, uintptr(unsafe.Pointer(conf)))
	if e != 0 {
		return -1, e
	}
	return int64(conf.n), nil
}

// fileRoom: the host's own memory has no limit of this kind.
func (real) fileRoom(*Call) (int64, error) { return 1, nil }

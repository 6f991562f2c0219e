package abi

// Stat is struct stat of stat(2), the call's own one: on i386 that of number
// 106, with 32-bit sizes. Dev and Rdev are in the kernel's encoding, see MakeDev.
type Stat struct {
	Dev, Ino         uint64
	Nlink            uint64
	Mode, UID, GID   uint32
	Rdev             uint64
	Size             int64
	Blksize, Blocks  int64
	Atim, Mtim, Ctim Timespec
}

// Stat64 is i386's struct stat64; elsewhere it equals Stat.
type Stat64 Stat

// OldStat is struct __old_kernel_stat of i386.
type OldStat Stat

func (v *Stat) shape(c *codec) { c.stat(c, v) }

func (v *Stat64) shape(c *codec) {
	if c.Word == 8 {
		c.stat(c, (*Stat)(v))
		return
	}
	ino := v.Ino
	u64(c, &v.Dev)
	c.pad(4)
	u32(c, &ino)
	u32(c, &v.Mode)
	u32(c, &v.Nlink)
	u32s(c, &v.UID, &v.GID)
	u64(c, &v.Rdev)
	c.pad(4)
	u64(c, &v.Size)
	u32(c, &v.Blksize)
	u64(c, &v.Blocks)
	shapeUnsignedTimes(c, &v.Atim, &v.Mtim, &v.Ctim)
	u64(c, &v.Ino)
}

func shapeStatX86_64(c *codec, v *Stat) {
	u64s(c, &v.Dev, &v.Ino, &v.Nlink)
	u32s(c, &v.Mode, &v.UID, &v.GID)
	u64(c, &v.Rdev)
	u64s(c, &v.Size, &v.Blksize, &v.Blocks)
	v.Atim.shape(c)
	v.Mtim.shape(c)
	v.Ctim.shape(c)
	c.pad(24)
}

func shapeStatI386(c *codec, v *Stat) {
	u32s(c, &v.Dev, &v.Ino)
	u16(c, &v.Mode)
	u16(c, &v.Nlink)
	u16(c, &v.UID)
	u16(c, &v.GID)
	u32(c, &v.Rdev)
	u32s(c, &v.Size, &v.Blksize, &v.Blocks)
	shapeUnsignedTimes(c, &v.Atim, &v.Mtim, &v.Ctim)
	c.pad(8)
}

// shapeUnsignedTimes: i386 declares these fields as unsigned long, but a time
// before 1970 is stored there all the same.
func shapeUnsignedTimes(c *codec, ts ...*Timespec) {
	for _, t := range ts {
		u32s(c, &t.Sec, &t.Nsec)
	}
}

func (v *OldStat) shape(c *codec) {
	u16(c, &v.Dev)
	u16(c, &v.Ino)
	u16(c, &v.Mode)
	u16(c, &v.Nlink)
	u16(c, &v.UID)
	u16(c, &v.GID)
	u16(c, &v.Rdev)
	u32(c, &v.Size)
	u32s(c, &v.Atim.Sec, &v.Mtim.Sec, &v.Ctim.Sec)
}

// MakeDev encodes a device number as st_dev, st_rdev and mknod hold it.
func MakeDev(major, minor uint32) uint64 {
	hi := uint64(major&^0xfff)<<32 | uint64(minor&^0xff)<<12
	return hi | uint64(major&0xfff)<<8 | uint64(minor&0xff)
}

// Major returns the major number of an encoded device.
func Major(dev uint64) uint32 { return uint32(dev>>8)&0xfff | uint32(dev>>32)&^0xfff }

// Minor returns the minor number of an encoded device.
func Minor(dev uint64) uint32 { return uint32(dev)&0xff | uint32(dev>>12)&^0xff }

// StatxTime is struct statx_timestamp.
type StatxTime struct {
	Sec  int64
	Nsec uint32
}

func (v *StatxTime) shape(c *codec) {
	u64(c, &v.Sec)
	u32(c, &v.Nsec)
	c.pad(4)
}

// Statx is struct statx, the same for every guest.
type Statx struct {
	Mask                       uint32
	Blksize                    uint32
	Attributes                 uint64
	Nlink, UID, GID            uint32
	Mode                       uint16
	Ino, Size, Blocks          uint64
	AttributesMask             uint64
	Atime, Btime, Ctime, Mtime StatxTime
	RdevMajor, RdevMinor       uint32
	DevMajor, DevMinor         uint32
	MntID                      uint64
	DioMemAlign, DioOffAlign   uint32
}

func (v *Statx) shape(c *codec) {
	u32s(c, &v.Mask, &v.Blksize)
	u64(c, &v.Attributes)
	u32s(c, &v.Nlink, &v.UID, &v.GID)
	u16(c, &v.Mode)
	c.pad(2)
	u64s(c, &v.Ino, &v.Size, &v.Blocks, &v.AttributesMask)
	for _, t := range []*StatxTime{&v.Atime, &v.Btime, &v.Ctime, &v.Mtime} {
		t.shape(c)
	}
	u32s(c, &v.RdevMajor, &v.RdevMinor, &v.DevMajor, &v.DevMinor)
	u64(c, &v.MntID)
	u32s(c, &v.DioMemAlign, &v.DioOffAlign)
	c.padTo(256)
}

// Statfs is struct statfs with word-sized counts.
type Statfs struct {
	Type, Bsize          int64
	Blocks, Bfree        uint64
	Bavail, Files, Ffree uint64
	Fsid                 [2]int32
	Namelen, Frsize      int64
	Flags                int64
}

// Statfs64 is i386's struct statfs64; elsewhere it equals Statfs.
type Statfs64 Statfs

func (v *Statfs) shape(c *codec) {
	words(c, &v.Type, &v.Bsize)
	words(c, &v.Blocks, &v.Bfree, &v.Bavail, &v.Files, &v.Ffree)
	shapeStatfsTail(c, v)
}

func (v *Statfs64) shape(c *codec) {
	words(c, &v.Type, &v.Bsize)
	u64s(c, &v.Blocks, &v.Bfree, &v.Bavail, &v.Files, &v.Ffree)
	shapeStatfsTail(c, (*Statfs)(v))
}

func shapeStatfsTail(c *codec, v *Statfs) {
	u32s(c, &v.Fsid[0], &v.Fsid[1])
	words(c, &v.Namelen, &v.Frsize, &v.Flags)
	c.pad(4 * c.Word)
}

// Flock is struct flock with word-sized offsets.
type Flock struct {
	Type, Whence int16
	Start, Len   int64
	PID          int32
}

// Flock64 is struct flock64, used by the *LK64 and OFD commands of i386.
type Flock64 Flock

func (v *Flock) shape(c *codec) {
	u16(c, &v.Type)
	u16(c, &v.Whence)
	words(c, &v.Start, &v.Len)
	u32(c, &v.PID)
}

func (v *Flock64) shape(c *codec) {
	u16(c, &v.Type)
	u16(c, &v.Whence)
	u64s(c, &v.Start, &v.Len)
	u32(c, &v.PID)
}

// FOwnerEx is struct f_owner_ex.
type FOwnerEx struct{ Type, PID int32 }

func (v *FOwnerEx) shape(c *codec) { u32s(c, &v.Type, &v.PID) }

// OpenHow is struct open_how of openat2.
type OpenHow struct{ Flags, Mode, Resolve uint64 }

func (v *OpenHow) shape(c *codec) { u64s(c, &v.Flags, &v.Mode, &v.Resolve) }

// Dirent is a directory entry.
type Dirent struct {
	Ino  uint64
	Off  int64
	Type uint8
	Name string
}

// PutDirent64 writes a struct linux_dirent64 and returns its length, or 0 if b
// is too short for it.
func PutDirent64(b []byte, d *Dirent) int {
	const head = 19
	n := (head + len(d.Name) + 1 + 7) &^ 7
	if n > len(b) {
		return 0
	}
	clear(b[:n])
	store(b, 8, d.Ino)
	store(b[8:], 8, uint64(d.Off))
	store(b[16:], 2, uint64(n))
	b[18] = d.Type
	copy(b[head:], d.Name)
	return n
}

// GetDirent64 reads a struct linux_dirent64 and returns its length, or 0 if b
// holds none.
func GetDirent64(b []byte, d *Dirent) int {
	if len(b) < 20 {
		return 0
	}
	n := int(Uint(b[16:], 2))
	if n < 20 || n > len(b) {
		return 0
	}
	*d = Dirent{Uint(b, 8), int64(Uint(b[8:], 8)), b[18], CString(b[19:n])}
	return n
}

// PutDirent writes a struct linux_dirent of getdents(2), whose last byte is the
// type, and returns its length, or 0 if b is too short for it.
func (l *Layout) PutDirent(b []byte, d *Dirent) int {
	head := 2*l.Word + 2
	n := (head + len(d.Name) + 2 + l.Word - 1) &^ (l.Word - 1)
	if n > len(b) {
		return 0
	}
	clear(b[:n])
	l.PutWord(b, d.Ino)
	l.PutWord(b[l.Word:], uint64(d.Off))
	store(b[2*l.Word:], 2, uint64(n))
	copy(b[head:], d.Name)
	b[n-1] = d.Type
	return n
}

// GetDirent reads a struct linux_dirent and returns its length, or 0 if b holds none.
func (l *Layout) GetDirent(b []byte, d *Dirent) int {
	head := 2*l.Word + 2
	if len(b) < head {
		return 0
	}
	n := int(Uint(b[2*l.Word:], 2))
	if n <= head || n > len(b) {
		return 0
	}
	*d = Dirent{l.GetWord(b), int64(l.GetWord(b[l.Word:])), b[n-1], CString(b[head : n-1])}
	return n
}

// PutInotifyEvent writes a struct inotify_event. A name is padded to a multiple
// of 16, the size of the head, as the kernel does. It returns the length, or 0
// if b is too short.
func PutInotifyEvent(b []byte, wd int32, mask, cookie uint32, name string) int {
	pad := 0
	if name != "" {
		pad = (len(name) + 1 + 15) &^ 15
	}
	n := 16 + pad
	if n > len(b) {
		return 0
	}
	clear(b[:n])
	store(b, 4, uint64(uint32(wd)))
	store(b[4:], 4, uint64(mask))
	store(b[8:], 4, uint64(cookie))
	store(b[12:], 4, uint64(pad))
	copy(b[16:], name)
	return n
}

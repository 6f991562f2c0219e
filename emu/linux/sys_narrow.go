package linux

import (
	"math"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// Calls that only programs with longs of 32 bits have.

// sysMmap2 counts the offset in pages.
func sysMmap2(t *Thread, c *call) (int64, errno) { return t.mmap(c, c.Args[5]<<12) }

func sysLlseek(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	off, e := t.seek(f, c.i64(1), c.i32(3))
	if e != 0 {
		return 0, e
	}
	return 0, t.putU64(c.addr(2), uint64(off))
}

// In programs with longs of 64 bits the flags of these calls stand after a second half of the offset.

func sysPreadv2Narrow(t *Thread, c *call) (int64, errno) {
	return t.transferVector(c, false, c.i64(3), c.i32(4))
}

func sysPwritev2Narrow(t *Thread, c *call) (int64, errno) {
	return t.transferVector(c, true, c.i64(3), c.i32(4))
}

func sysStatfs64(t *Thread, c *call) (int64, errno)  { return t.statfsSized(c, sysStatfs) }
func sysFstatfs64(t *Thread, c *call) (int64, errno) { return t.statfsSized(c, sysFstatfs) }

// statfsSized is a call with the size of the structure before its address.
func (t *Thread) statfsSized(c *call, f sysFunc) (int64, errno) {
	if c.Args[1] != uint64(t.lay().Size(&abi.Statfs64{})) {
		return 0, abi.EINVAL
	}
	c.Args[1] = c.Args[2]
	return f(t, c)
}

// sysSend and sysRecv are subcalls of socketcall; their address is null.
func sysSend(t *Thread, c *call) (int64, errno) { return sysSendto(t, c) }
func sysRecv(t *Thread, c *call) (int64, errno) { return sysRecvfrom(t, c) }

// overflowID stands for an id that 16 bits do not hold.
const overflowID = 65534

func id16(id uint32) uint16 {
	if id > 0xffff {
		return overflowID
	}
	return uint16(id)
}

// low16 is a call whose result is an id of 16 bits.
func low16(f sysFunc) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		id, e := f(t, c)
		return int64(id16(uint32(id))), e
	}
}

// ids16 are ids of 16 bits.
var ids16 = &idForm{2, (*Thread).putID16, func(b []byte) uint32 { return uint32(le.Uint16(b)) }}

func (t *Thread) putID16(a guest.Addr, id uint32) errno {
	return t.putU16(a, id16(id))
}

// oldStat is a call that stores the structure of Linux 1.0.
func oldStat(f sysFunc) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		c.state.old = true
		return f(t, c)
	}
}

// putOldStat stores attributes in that structure. Numbers of files and links have
// 16 bits there; a size that does not fit is cut, as a 64-bit kernel does.
func (t *Thread) putOldStat(a guest.Addr, st *abi.Stat) errno {
	if st.Ino > math.MaxUint16 || st.Nlink > math.MaxUint16 {
		return abi.EOVERFLOW
	}
	old := abi.OldStat(*st)
	return t.store(a, &old)
}

func sysOlduname(t *Thread, c *call) (int64, errno) {
	u, e := t.uname()
	if e != 0 {
		return 0, e
	}
	return 0, t.store(c.addr(0), (*abi.OldUtsname)(u))
}

func sysOldolduname(t *Thread, c *call) (int64, errno) {
	u, e := t.uname()
	if e != 0 {
		return 0, e
	}
	return 0, t.store(c.addr(0), (*abi.OldOldUtsname)(u))
}

// sysOldGetrlimit knows no limits above 2^31-1.
func sysOldGetrlimit(t *Thread, c *call) (int64, errno) {
	if c.i32(0) < 0 || c.i32(0) >= numRlimits {
		return 0, abi.EINVAL
	}
	r := t.p.rlimits[c.i32(0)]
	old := abi.Rlimit{Cur: min(r.Cur, math.MaxInt32), Max: min(r.Max, math.MaxInt32)}
	return 0, t.store(c.addr(1), &old)
}

// sysNice changes nothing: the guest's threads take turns.
func sysNice(*Thread, *call) (int64, errno) { return 0, 0 }

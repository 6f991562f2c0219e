package linux

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// Limits of what calls take.
const (
	maxPath  = 4096
	maxIO    = 0x7ffff000 // MAX_RW_COUNT
	maxIovec = 1024
)

var le = binary.LittleEndian

// mem is guest memory that the call reads, out memory that it writes: the
// memory itself, valid until the guest runs again.
func (t *Thread) mem(a guest.Addr, n uint64) ([]byte, errno) { return t.slice(a, n, guest.Read) }

func (t *Thread) out(a guest.Addr, n uint64) ([]byte, errno) { return t.slice(a, n, guest.Write) }

func (t *Thread) slice(a guest.Addr, n uint64, access guest.Access) ([]byte, errno) {
	if n > t.p.mm.Space.Limit {
		return nil, abi.EFAULT
	}
	b, fault := t.access(a, n, access)
	if fault != nil {
		return nil, abi.EFAULT
	}
	return b, 0
}

// access is guest memory, to which a map that grows down is extended if need be.
func (t *Thread) access(a guest.Addr, n uint64, access guest.Access) ([]byte, *guest.MemFault) {
	m := t.p.mm
	b, fault := m.Space.Slice(a, int(n), access)
	if fault != nil && !fault.Mapped && m.GrowDown(fault.Addr, t.p.limit(unix.RLIMIT_STACK)) {
		return m.Space.Slice(a, int(n), access)
	}
	return b, fault
}

// prefix is as much of a buffer as may be accessed: a transfer stops there and
// reports what it did. It fails when that is nothing.
func (t *Thread) prefix(a guest.Addr, n uint64, access guest.Access) ([]byte, errno) {
	n = min(n, maxIO)
	b, fault := t.access(a, n, access)
	if fault == nil {
		return b, 0
	}
	if fault.Addr <= a || uint64(fault.Addr-a) >= n {
		return nil, abi.EFAULT
	}
	return t.slice(a, uint64(fault.Addr-a), access)
}

// iovecs are the buffers of a vector, as much of each as may be accessed.
func (t *Thread) iovecs(a guest.Addr, n int, access guest.Access) (v [][]byte, total int, e errno) {
	if n < 0 || n > maxIovec {
		return nil, 0, abi.EINVAL
	}
	var iov abi.Iovec
	for i := range n {
		if e := t.loadAt(a, i, &iov); e != 0 {
			return nil, 0, e
		}
		if int64(iov.Len) < 0 || t.lay().Word == 4 && int32(iov.Len) < 0 {
			return nil, 0, abi.EINVAL
		}
		size := min(iov.Len, uint64(maxIO-total))
		if size == 0 {
			continue
		}
		b, e := t.prefix(guest.Addr(iov.Base), size, access)
		if e != 0 {
			if total == 0 {
				return nil, 0, e
			}
			break
		}
		v, total = append(v, b), total+len(b)
		if uint64(len(b)) < size {
			break
		}
	}
	return v, total, 0
}

// str reads a string that ends with NUL, of less than limit bytes.
func (t *Thread) str(a guest.Addr, limit int) (string, errno) {
	var s []byte
	for len(s) < limit {
		at := a + guest.Addr(len(s))
		n := min(int(0x1000-at&0xfff), limit-len(s))
		b, e := t.mem(at, uint64(n))
		if e != 0 {
			return "", e
		}
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return string(append(s, b[:i]...)), 0
		}
		s = append(s, b...)
	}
	return "", abi.ENAMETOOLONG
}

// path reads a path.
func (t *Thread) path(a guest.Addr) (string, errno) { return t.str(a, maxPath) }

// lay is the layout of structures: that of the call in progress, else the
// program's.
func (t *Thread) lay() *abi.Layout {
	if t.call.active {
		return t.call.abi.lay
	}
	return t.p.abi.lay
}

// load and store copy a structure in the guest's layout.
func (t *Thread) load(a guest.Addr, v abi.Struct) errno {
	b, e := t.mem(a, uint64(t.lay().Size(v)))
	if e == 0 {
		t.lay().Get(b, v)
	}
	return e
}

func (t *Thread) loadAt(a guest.Addr, i int, v abi.Struct) errno {
	return t.load(a+guest.Addr(i*t.lay().Size(v)), v)
}

// loadTime and storeTime copy a timespec, and loadSpec and storeSpec a timer's, in
// the form of the call.
func (t *Thread) loadTime(a guest.Addr, ts *abi.Timespec) errno { return t.loadTimeAt(a, 0, ts) }

func (t *Thread) loadTimeAt(a guest.Addr, i int, ts *abi.Timespec) errno {
	if t.call.wide() {
		return t.loadAt(a, i, (*abi.Timespec64)(ts))
	}
	return t.loadAt(a, i, ts)
}

func (t *Thread) storeTime(a guest.Addr, ts *abi.Timespec) errno {
	if t.call.wide() {
		return t.store(a, (*abi.Timespec64)(ts))
	}
	return t.store(a, ts)
}

func (t *Thread) loadSpec(a guest.Addr, v *abi.Itimerspec) errno {
	if t.call.wide() {
		return t.load(a, (*abi.Itimerspec64)(v))
	}
	return t.load(a, v)
}

// storeSpec stores unless the pointer is null.
func (t *Thread) storeSpec(a guest.Addr, v *abi.Itimerspec) errno {
	if t.call.wide() {
		return t.storeIf(a, (*abi.Itimerspec64)(v))
	}
	return t.storeIf(a, v)
}

func (t *Thread) store(a guest.Addr, v abi.Struct) errno {
	b, e := t.out(a, uint64(t.lay().Size(v)))
	if e == 0 {
		t.lay().Put(b, v)
	}
	return e
}

// storeIf stores unless the pointer is null.
func (t *Thread) storeIf(a guest.Addr, v abi.Struct) errno {
	if a == 0 {
		return 0
	}
	return t.store(a, v)
}

func (t *Thread) copyOut(a guest.Addr, b []byte) errno {
	m, e := t.out(a, uint64(len(b)))
	copy(m, b)
	return e
}

func (t *Thread) u32(a guest.Addr) (uint32, errno) {
	b, e := t.mem(a, 4)
	if e != 0 {
		return 0, e
	}
	return le.Uint32(b), 0
}

func (t *Thread) putU32(a guest.Addr, v uint32) errno {
	b, e := t.out(a, 4)
	if e == 0 {
		le.PutUint32(b, v)
	}
	return e
}

func (t *Thread) u64(a guest.Addr) (uint64, errno) {
	b, e := t.mem(a, 8)
	if e != 0 {
		return 0, e
	}
	return le.Uint64(b), 0
}

func (t *Thread) putU64(a guest.Addr, v uint64) errno {
	b, e := t.out(a, 8)
	if e == 0 {
		le.PutUint64(b, v)
	}
	return e
}

// word reads and putWord writes a long or a pointer.
func (t *Thread) word(a guest.Addr) (uint64, errno) {
	b, e := t.mem(a, uint64(t.lay().Word))
	if e != 0 {
		return 0, e
	}
	return t.lay().GetWord(b), 0
}

func (t *Thread) putWord(a guest.Addr, v uint64) errno {
	b, e := t.out(a, uint64(t.lay().Word))
	if e == 0 {
		t.lay().PutWord(b, v)
	}
	return e
}

// strings reads an array of strings that ends with a null pointer.
func (t *Thread) strings(a guest.Addr) (list []string, e errno) {
	const limit = 128 << 10 // of one string
	total := 0
	for i := guest.Addr(0); a != 0; i++ {
		p, e := t.word(a + i*guest.Addr(t.lay().Word))
		if e != 0 {
			return nil, e
		}
		if p == 0 {
			break
		}
		s, e := t.str(guest.Addr(p), limit)
		if e == abi.ENAMETOOLONG {
			e = abi.E2BIG
		}
		if e != 0 {
			return nil, e
		}
		if total += len(s) + 1; total > 2<<20 {
			return nil, abi.E2BIG
		}
		list = append(list, s)
	}
	return list, 0
}

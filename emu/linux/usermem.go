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
	maxIO    = 0x7ffff000 // MAX_RW_COUNT
	maxIovec = 1024
)

var le = binary.LittleEndian

// The personality reaches guest memory in two ways. What it reads or writes itself
// is copied, by copyIn and copyOut and all that is built on them: whatever is not
// there, or not there any more, is EFAULT. What the host reads or writes, a buffer,
// is the memory itself (buffer, iovecs): the host answers EFAULT on its own.

// accessOK tells what the kernel refuses before it does anything (access_ok).
func (k *Kernel) accessOK(a guest.Addr, size uint64) bool {
	end := k.guest.UserEnd
	return size <= end && uint64(a) <= end-size
}

// copyIn reads guest memory.
func (t *Thread) copyIn(a guest.Addr, b []byte) errno {
	fault := t.p.mm.Space.Load(a, b)
	if fault != nil && t.growsTo(fault) {
		fault = t.p.mm.Space.Load(a, b)
	}
	if fault != nil {
		return abi.EFAULT
	}
	return 0
}

// copyOut writes guest memory.
func (t *Thread) copyOut(a guest.Addr, b []byte) errno {
	fault := t.p.mm.Space.Store(a, b)
	if fault != nil && t.growsTo(fault) {
		fault = t.p.mm.Space.Store(a, b)
	}
	if fault != nil {
		return abi.EFAULT
	}
	return 0
}

// growsTo extends a map that grows down to where a fault was.
func (t *Thread) growsTo(f *guest.MemFault) bool {
	return !f.Mapped && t.p.mm.GrowDown(f.Addr, t.p.limit(unix.RLIMIT_STACK))
}

// mem is a copy of guest memory. The caller bounds n.
func (t *Thread) mem(a guest.Addr, n uint64) ([]byte, errno) {
	b := make([]byte, n)
	return b, t.copyIn(a, b)
}

// scratch is n bytes that last until the next use.
func (t *Thread) scratch(n int) []byte {
	if n > len(t.work.spare) {
		return make([]byte, n)
	}
	return t.work.spare[:n]
}

// buffers appends memory for the host to transfer from or to. It fails if the first
// byte may not be accessed; what cannot be further on the host finds by itself, and
// stops there or fails as the kind of file wants. It is valid until the guest runs
// again.
func (t *Thread) buffers(v [][]byte, a guest.Addr, n uint64, access guest.Access) ([][]byte, errno) {
	s, size := t.p.mm.Space, int(min(n, maxIO))
	all, fault := s.Buffers(v, a, size, access)
	if fault != nil && t.growsTo(fault) {
		all, fault = s.Buffers(v, a, size, access)
	}
	if fault != nil {
		return v, abi.EFAULT
	}
	return all, 0
}

// fill has memory filled by what takes one buffer, says how many bytes there are in it
// now, and perhaps something else. Where the memory is in several pieces, it is
// copied there.
func (t *Thread) fill(a guest.Addr, n uint64, with func(b []byte) (n int, e errno)) (int, errno) {
	v, e := t.buffers(t.work.single[:0], a, n, guest.Write)
	switch {
	case e != 0:
		return 0, e
	case len(v) == 0:
		return with(nil)
	case len(v) == 1:
		return with(v[0])
	}
	b := make([]byte, size(v))
	got, e := with(b)
	if e == 0 && got > 0 {
		e = t.copyOut(a, b[:got])
	}
	return got, e
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
		have := len(v)
		if v, e = t.buffers(v, guest.Addr(iov.Base), size, access); e != 0 {
			if total == 0 {
				return nil, 0, e
			}
			break
		}
		for _, b := range v[have:] {
			total += len(b)
		}
	}
	return v, total, 0
}

// str reads a string that ends with NUL, of less than limit bytes.
func (t *Thread) str(a guest.Addr, limit int) (string, errno) {
	var s []byte
	for len(s) < limit {
		at := a + guest.Addr(len(s))
		b := t.scratch(min(strPart-int(at%strPart), limit-len(s)))
		if e := t.copyIn(at, b); e != 0 {
			return "", e
		}
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return string(append(s, b[:i]...)), 0
		}
		s = append(s, b...)
	}
	return "", abi.ENAMETOOLONG
}

// strPart is how much of a string is read at once: a part lies in one page.
const strPart = 256

// path reads a path.
func (t *Thread) path(a guest.Addr) (string, errno) { return t.str(a, abi.PATH_MAX) }

// lay is the layout of structures: that of the call in progress, else the
// program's.
func (t *Thread) lay() *abi.Layout {
	if t.call.active {
		return t.call.abi.Layout
	}
	return t.p.abi.Layout
}

// load and store copy a structure in the guest's layout.
func (t *Thread) load(a guest.Addr, v abi.Struct) errno {
	b := t.scratch(t.lay().Size(v))
	e := t.copyIn(a, b)
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
	b := t.scratch(t.lay().Size(v))
	clear(b)
	t.lay().Put(b, v)
	return t.copyOut(a, b)
}

// storeIf stores unless the pointer is null.
func (t *Thread) storeIf(a guest.Addr, v abi.Struct) errno {
	if a == 0 {
		return 0
	}
	return t.store(a, v)
}

func (t *Thread) u32(a guest.Addr) (uint32, errno) {
	b := t.scratch(4)
	e := t.copyIn(a, b)
	if e != 0 {
		return 0, e
	}
	return le.Uint32(b), 0
}

func (t *Thread) putU16(a guest.Addr, v uint16) errno {
	return t.copyOut(a, le.AppendUint16(t.scratch(2)[:0], v))
}

func (t *Thread) putU32(a guest.Addr, v uint32) errno {
	return t.copyOut(a, le.AppendUint32(t.scratch(4)[:0], v))
}

func (t *Thread) u64(a guest.Addr) (uint64, errno) {
	b := t.scratch(8)
	e := t.copyIn(a, b)
	if e != 0 {
		return 0, e
	}
	return le.Uint64(b), 0
}

func (t *Thread) putU64(a guest.Addr, v uint64) errno {
	return t.copyOut(a, le.AppendUint64(t.scratch(8)[:0], v))
}

// word reads and putWord writes a long or a pointer.
func (t *Thread) word(a guest.Addr) (uint64, errno) {
	b := t.scratch(t.lay().Word)
	e := t.copyIn(a, b)
	if e != 0 {
		return 0, e
	}
	return t.lay().GetWord(b), 0
}

func (t *Thread) putWord(a guest.Addr, v uint64) errno {
	b := t.scratch(t.lay().Word)
	t.lay().PutWord(b, v)
	return t.copyOut(a, b)
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

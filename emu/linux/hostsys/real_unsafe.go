package hostsys

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// real is the Door to the host's kernel.
type real struct {
	start   start
	signals *hostSignals
}

// Do passes buffers by address. They are guest memory or lie on the heap,
// because c came through an interface, so they do not move meanwhile.
func (r real) Do(c *Call) {
	if c.Nr >= firstOwn {
		r.own(c)
		return
	}
	var a [6]uintptr
	var vec []unix.Iovec
	var msg *unix.Msghdr
	for i := range c.Args {
		switch arg := &c.Args[i]; arg.Dir {
		case Number:
			a[i] = uintptr(arg.Num)
		case VecIn, VecOut:
			vec = iovecs(c.Vec)
			a[i] = uintptr(unsafe.Pointer(unsafe.SliceData(vec)))
		case MsgIn, MsgOut:
			msg = msghdr(c.Msg)
			a[i] = uintptr(unsafe.Pointer(msg))
		default:
			a[i] = uintptr(unsafe.Pointer(unsafe.SliceData(arg.Buf)))
		}
	}
	enter := unix.Syscall6
	if c.Prompt {
		enter = unix.RawSyscall6
	}
	ret, _, e := enter(c.Nr, a[0], a[1], a[2], a[3], a[4], a[5])
	if c.Ret, c.Err = int64(ret), Errno(e); e != 0 {
		c.Ret = -1
	}
	if msg != nil && e == 0 && c.Nr == unix.SYS_RECVMSG {
		received(c.Msg, msg)
	}
	runtime.KeepAlive(vec)
	runtime.KeepAlive(c)
}

// iovecs lies on the heap: its address escapes to the host.
func iovecs(v [][]byte) []unix.Iovec {
	iov := make([]unix.Iovec, len(v), len(v)+1)
	for i, b := range v {
		iov[i].Base = unsafe.SliceData(b)
		iov[i].SetLen(len(b))
	}
	return iov
}

func msghdr(m *Msg) *unix.Msghdr {
	iov := iovecs(m.Iov)
	h := &unix.Msghdr{
		Name: unsafe.SliceData(m.Name), Namelen: uint32(len(m.Name)), Control: unsafe.SliceData(m.Control),
		Flags: m.Flags, Iov: unsafe.SliceData(iov),
	}
	h.SetIovlen(len(iov))
	h.SetControllen(len(m.Control))
	return h
}

func received(m *Msg, h *unix.Msghdr) {
	m.Name = m.Name[:min(len(m.Name), int(h.Namelen))]
	m.Control = m.Control[:min(len(m.Control), int(h.Controllen))]
	m.Flags = h.Flags
}

// bytesOf is the memory of a struct without pointers.
func bytesOf[T any](p *T) []byte {
	if p == nil {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p))
}

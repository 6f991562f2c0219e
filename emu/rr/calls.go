package rr

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// What a door's calls are like, for who writes them down.

// unhashed are the arguments, as bits, that differ from run to run and mean the same:
// descriptors of mapped files, and addresses of the host.
var unhashed = map[uintptr]int{hostsys.SysMap: 1, hostsys.SysPunch: 1, hostsys.SysResident: 1}

// unit is how many bytes of a call's buffers count as one in its result. Of other calls
// all of each buffer is filled.
var unit = map[uintptr]int64{
	unix.SYS_READ: 1, unix.SYS_READV: 1, unix.SYS_PREADV2: 1, unix.SYS_GETDENTS64: 1, unix.SYS_READLINKAT: 1, unix.SYS_RECVMSG: 1,
	unix.SYS_GETXATTR: 1, unix.SYS_LGETXATTR: 1, unix.SYS_LISTXATTR: 1, unix.SYS_LLISTXATTR: 1, unix.SYS_GETRANDOM: 1,
	unix.SYS_SCHED_GETAFFINITY: 1, unix.SYS_GETGROUPS: 4, unix.SYS_EPOLL_PWAIT: hostsys.SizeofEpollEvent, hostsys.SysSignals: 1,
}

// outs are the buffers that a call fills.
func outs(c *hostsys.Call) (bs [][]byte) {
	for i := range c.Args {
		switch a := &c.Args[i]; a.Dir {
		case hostsys.Out, hostsys.InOut:
			bs = append(bs, a.Buf)
		case hostsys.VecOut:
			bs = append(bs, c.Vec...)
		case hostsys.MsgOut:
			bs = append(bs, c.Msg.Iov...)
		}
	}
	return bs
}

// filled are the buffers of a call that has been made, as far as it has filled them.
func filled(c *hostsys.Call) [][]byte {
	bs := outs(c)
	n := unit[c.Nr]
	switch {
	case n == 0:
		return bs
	case c.Err == abi.EFAULT: // some of it may have been
		return bs
	case c.Err != 0:
		return nil
	}
	left := n * c.Ret
	bs = slices.Clone(bs)
	for i, b := range bs {
		bs[i] = b[:min(left, int64(len(b)))]
		left -= int64(len(bs[i]))
	}
	return bs
}

// ins are the buffers that a call reads.
func ins(c *hostsys.Call) (bs [][]byte) {
	for i := range c.Args {
		switch a := &c.Args[i]; a.Dir {
		case hostsys.In, hostsys.InOut:
			if unhashed[c.Nr]>>i&1 == 0 {
				bs = append(bs, a.Buf)
			}
		case hostsys.VecIn:
			bs = append(bs, c.Vec...)
		case hostsys.MsgIn:
			bs = append(append(bs, c.Msg.Name, c.Msg.Control), c.Msg.Iov...)
		}
	}
	return bs
}

// summer sums up what goes out with calls.
type summer struct{ scratch []byte }

// fewBytes is how much of a buffer is summed up with the others.
const fewBytes = 64

// sum is a number for all that a call asks: the call, the numbers, the bytes that the
// host reads and how much it may write.
func (s *summer) sum(c *hostsys.Call) uint32 {
	b := binary.LittleEndian.AppendUint64(s.scratch[:0], uint64(c.Nr))
	for i := range c.Args {
		a := &c.Args[i]
		b = append(b, byte(a.Dir))
		if a.Dir == hostsys.Number && unhashed[c.Nr]>>i&1 == 0 {
			b = binary.LittleEndian.AppendUint64(b, a.Num)
		}
	}
	for _, in := range ins(c) {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(in)))
		if len(in) > 0 {
			b = appendSum(b, in)
		}
	}
	for _, out := range outs(c) {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(out)))
	}
	if c.Msg != nil {
		b = binary.LittleEndian.AppendUint32(b, uint32(c.Msg.Flags))
	}
	s.scratch = b
	return uint32(xxhash.Sum64(b))
}

// appendSum appends bytes, or their sum where there are many. Guest memory may not be
// there: then the host says so, and the bytes before count.
func appendSum(b, in []byte) []byte {
	if len(in) <= fewBytes {
		old := b
		if b = append(b, make([]byte, len(in))...); !copySafe(b[len(old):], in) {
			return old
		}
		return b
	}
	n, _ := sumSafe(in)
	return binary.LittleEndian.AppendUint64(b, n)
}

package rr

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// What a door's calls are like, for who writes them down.

// unhashed are the arguments, as bits, that differ from run to run and mean the same:
// descriptors of mapped files, and addresses of the host.
var unhashed = map[uintptr]int{
	hostsys.SysMap: 1, hostsys.SysPunch: 1, hostsys.SysResident: 1,
	unix.SYS_READ: pieces, unix.SYS_WRITE: pieces, unix.SYS_READV: pieces, unix.SYS_WRITEV: pieces, unix.SYS_PREADV2: pieces, unix.SYS_PWRITEV2: pieces,
}

// pieces is the argument that counts the bytes of a buffer or the buffers of a vector. In
// how many pieces guest memory lies on the host depends on how the guest reaches it.
const pieces = 1 << 2

// singly are calls with a vector, and those that are made where that is one buffer.
var singly = map[uintptr]uintptr{unix.SYS_READV: unix.SYS_READ, unix.SYS_WRITEV: unix.SYS_WRITE}

// alike is the number of a call, whichever way it names its buffers.
func alike(nr uintptr) uintptr {
	if one, ok := singly[nr]; ok {
		return one
	}
	return nr
}

// unit is how many bytes of a call's buffers count as one in its result. Of other calls
// all of each buffer is filled.
var unit = map[uintptr]int64{
	unix.SYS_READ: 1, unix.SYS_READV: 1, unix.SYS_PREADV2: 1, unix.SYS_GETDENTS64: 1, unix.SYS_READLINKAT: 1, unix.SYS_RECVMSG: 1,
	unix.SYS_GETXATTR: 1, unix.SYS_LGETXATTR: 1, unix.SYS_LISTXATTR: 1, unix.SYS_LLISTXATTR: 1, unix.SYS_GETRANDOM: 1,
	unix.SYS_SCHED_GETAFFINITY: 1, unix.SYS_GETGROUPS: 4, unix.SYS_EPOLL_PWAIT: hostsys.SizeofEpollEvent, hostsys.SysSignals: 1,
	hostsys.SysIfconf: 1, hostsys.SysMappedRead: 1,
}

// asking are those of them that say, where they have no room, how much they need.
var asking = map[uintptr]bool{
	unix.SYS_GETXATTR: true, unix.SYS_LGETXATTR: true, unix.SYS_LISTXATTR: true, unix.SYS_LLISTXATTR: true, hostsys.SysIfconf: true,
}

// counted is the most that the result of a call can be which counts something; ok is false
// of a result that counts nothing.
func counted(c *hostsys.Call) (most uint64, ok bool) {
	_, moves := source[c.Nr]
	room, n := total(outs(c)), unit[c.Nr]
	switch {
	case c.Nr == unix.SYS_RECVMSG || asking[c.Nr] && room == 0: // or a message is cut off
		return math.MaxInt32, true
	case n != 0:
		return uint64(int64(room) / n), true
	case writing[c.Nr]:
		return uint64(total(written(c))), true
	case moves:
		return lengthOf(c).Num, true
	case c.Nr == unix.SYS_PPOLL:
		return c.Args[1].Num, true
	}
	return 0, false
}

// written is what a call writes that has the bytes itself.
func written(c *hostsys.Call) [][]byte {
	bs := ins(c)
	if len(bs) == 0 || !writing[c.Nr] {
		return nil
	}
	return bs[len(bs)-1] // a message has a name and more before
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

// ins are the buffers that a call reads, together those that are one for the guest.
func ins(c *hostsys.Call) (bs [][][]byte) {
	for i := range c.Args {
		switch a := &c.Args[i]; a.Dir {
		case hostsys.In, hostsys.InOut:
			if unhashed[c.Nr]>>i&1 == 0 {
				bs = append(bs, [][]byte{a.Buf})
			}
		case hostsys.VecIn:
			bs = append(bs, c.Vec)
		case hostsys.MsgIn:
			bs = append(bs, [][]byte{c.Msg.Name}, [][]byte{c.Msg.Control}, c.Msg.Iov)
		}
	}
	return bs
}

// summer sums up what goes out with calls.
type summer struct {
	scratch []byte
	digest  xxhash.Digest
}

// sum is a number for all that a call asks: the call, the numbers, the bytes that the
// host reads and how much it may write.
func (s *summer) sum(c *hostsys.Call) uint32 {
	b := binary.LittleEndian.AppendUint64(s.scratch[:0], uint64(alike(c.Nr)))
	for i := range c.Args {
		a := &c.Args[i]
		b = append(b, byte(oneBuffer(a.Dir)))
		if a.Dir == hostsys.Number && unhashed[c.Nr]>>i&1 == 0 {
			b = binary.LittleEndian.AppendUint64(b, a.Num)
		}
	}
	for _, in := range ins(c) {
		b = binary.LittleEndian.AppendUint64(b, uint64(total(in)))
		b = s.append(b, in)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(total(outs(c))))
	if c.Msg != nil {
		b = binary.LittleEndian.AppendUint32(b, uint32(c.Msg.Flags))
	}
	s.scratch = b
	return uint32(xxhash.Sum64(b))
}

// oneBuffer is the direction of one buffer for that of several.
func oneBuffer(d hostsys.Dir) hostsys.Dir {
	switch d {
	case hostsys.VecIn:
		return hostsys.In
	case hostsys.VecOut:
		return hostsys.Out
	}
	return d
}

func total(bs [][]byte) (n int) {
	for _, b := range bs {
		n += len(b)
	}
	return n
}

// fewBytes is how much is summed up with the rest of a call.
const fewBytes = 64

// append appends bytes, or their sum where there are many. Guest memory may not be
// there: then the host says so.
func (s *summer) append(b []byte, in [][]byte) []byte {
	if total(in) <= fewBytes {
		for _, part := range in {
			old := len(b)
			if b = append(b, make([]byte, len(part))...); !copySafe(b[old:], part) {
				return b[:old]
			}
		}
		return b
	}
	s.digest.Reset()
	for _, part := range in {
		if !safely(func() { s.digest.Write(part) }) {
			return b
		}
	}
	return binary.LittleEndian.AppendUint64(b, s.digest.Sum64())
}

package hostsys

import (
	"sync/atomic"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// Errno is the error of a call, 0 for success.
type Errno = abi.Errno

// Dir says which way the bytes of a buffer go.
type Dir uint8

// The directions.
const (
	Number Dir = iota // no buffer: the argument is the number
	In                // the host reads the bytes
	Out               // the host writes them
	InOut
	VecIn // the call's Vec, as struct iovec
	VecOut
	MsgIn // the call's Msg, as struct msghdr
	MsgOut
)

// Arg is one argument of a call.
type Arg struct {
	Dir Dir
	Num uint64
	Buf []byte // nil is a null pointer
}

// Msg is a struct msghdr. The host shortens Name and Control on receiving.
type Msg struct {
	Name, Control []byte
	Iov           [][]byte
	Flags         int32
}

// Call is one call to the host.
type Call struct {
	Nr   uintptr
	Args [6]Arg
	Vec  [][]byte
	Msg  *Msg
	// Prompt says that the host answers without waiting for anybody: Go's scheduler
	// need not hear of the call.
	Prompt bool
	Ret    int64
	Err    Errno
}

// Bytes is how many bytes there are in the buffers of an argument.
func (c *Call) Bytes(i int) (n int) {
	v := [][]byte{c.Args[i].Buf}
	switch c.Args[i].Dir {
	case VecIn, VecOut:
		v = c.Vec
	case MsgIn, MsgOut:
		v = c.Msg.Iov
	}
	for _, b := range v {
		n += len(b)
	}
	return n
}

// Calls that are none of a kernel's, so that these inputs and effects pass the door
// like any other.
const (
	// SysSignals fills a buffer with the numbers of the signals that the emulator was
	// sent, and returns how many. Its second argument is the place: see
	// Host.TakeSignals.
	SysSignals uintptr = firstOwn + iota
	// SysOrphaned returns 1 if nobody could continue the emulator once a terminal has
	// stopped it.
	SysOrphaned
	// SysStop stops the emulator, as SIGSTOP does.
	SysStop
	// The others are for the files that the guest maps: see Mapped. Of the group's own
	// descriptors, SysMemory and SysMappedKeep return them, and the first argument of
	// those that come after them is one.
	SysMappedStat
	SysMappedKeep
	SysMemory
	SysMappedSize
	SysMap
	SysPunch
	SysMappedClose
	SysResident
	// SysFileRoom returns 1 if maps may show more bytes of files that are memory: see
	// mmu.Group.
	SysFileRoom
	// SysIfconf is the ioctl SIOCGIFCONF, whose argument points to another buffer.
	SysIfconf
	// SysMappedRead fills its second argument from a place of one of the group's own
	// descriptors, and returns how much. Symbols are read so.
	SysMappedRead

	firstOwn = 1 << 16
)

// Door is the way to the host. It is called from the goroutine of the Host alone.
type Door interface {
	Do(c *Call)
	// Clock reads a clock in nanoseconds without a call, if it can.
	Clock(clock int) (ns int64, ok bool)
	// Pending is set while SysSignals may have something to give. It is looked at wherever
	// the guest can take a signal.
	Pending() *atomic.Bool
}

// Host gives the calls of a Door typed names. It belongs to one goroutine.
type Host struct {
	Door    Door
	Wake    int   // descriptor that becomes readable when a signal waits, or for Ring
	Silent  bool  // nothing is to be written to it
	Ignored []int // signals that the first process ignores from its start

	// Walks says that the Door follows paths itself, and none into a process's directory
	// in /proc: such a path is ELOOP.
	Walks bool

	// Prompt is that of the next call: see Call.
	Prompt bool

	bell    *bell // Wake as Real made it
	signals *hostSignals
	pending *atomic.Bool // the Door's

	// A Host makes one call at a time, so that these are used again and again.
	call  Call
	ts    unix.Timespec
	stat  unix.Stat_t
	taken [32]byte
}

// do makes a call.
func (h *Host) do(nr uintptr, args ...Arg) (int64, Errno) {
	c := &h.call
	c.Nr, c.Ret, c.Err = nr, 0, 0
	c.Prompt, h.Prompt = h.Prompt, false
	clear(c.Args[copy(c.Args[:], args):])
	h.Door.Do(c)
	c.Vec, c.Msg = nil, nil
	return c.Ret, c.Err
}

// vec makes a call with a list of buffers, msg one with a message.
func (h *Host) vec(v [][]byte, nr uintptr, args ...Arg) (int, Errno) {
	h.call.Vec = v
	return h.open(nr, args...)
}

func (h *Host) msg(m *Msg, nr uintptr, args ...Arg) (int, Errno) {
	h.call.Msg = m
	return h.open(nr, args...)
}

// run makes a call whose result is nothing but an error.
func (h *Host) run(nr uintptr, args ...Arg) Errno {
	_, e := h.do(nr, args...)
	return e
}

// open makes a call whose result is a descriptor or a count.
func (h *Host) open(nr uintptr, args ...Arg) (int, Errno) {
	n, e := h.do(nr, args...)
	if e != 0 {
		return -1, e
	}
	return int(n), 0
}

func num[T ~int | ~int32 | ~int64 | ~uint | ~uint32 | ~uint64 | ~uint16](n T) Arg {
	return Arg{Num: uint64(n)}
}

func in(b []byte) Arg           { return Arg{Dir: In, Buf: b} }
func out(b []byte) Arg          { return Arg{Dir: Out, Buf: b} }
func inout(b []byte) Arg        { return Arg{Dir: InOut, Buf: b} }
func str(s string) Arg          { return Arg{Dir: In, Buf: append([]byte(s), 0)} }
func structIn[T any](p *T) Arg  { return Arg{Dir: In, Buf: bytesOf(p)} }
func structOut[T any](p *T) Arg { return Arg{Dir: Out, Buf: bytesOf(p)} }

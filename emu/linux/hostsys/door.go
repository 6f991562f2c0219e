package hostsys

import "panda/emu/linux/abi"

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
	VecIn // a list of buffers: struct iovec
	VecOut
	MsgIn // a struct msghdr
	MsgOut
)

// Arg is one argument of a call.
type Arg struct {
	Dir Dir
	Num uint64
	Buf []byte // nil is a null pointer
	Vec [][]byte
	Msg *Msg
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
	Ret  int64
	Err  Errno
}

// Door performs calls.
type Door interface{ Do(c *Call) }

// Host gives the calls of a Door typed names. It belongs to one goroutine.
type Host struct {
	Door    Door
	Signals Signals
	Wake    int // descriptor that becomes readable when a signal or an end waits

	call Call // reused: a Host makes one call at a time
}

// do makes a call.
func (h *Host) do(nr uintptr, args ...Arg) (int64, Errno) {
	c := &h.call
	c.Nr, c.Ret, c.Err = nr, 0, 0
	clear(c.Args[copy(c.Args[:], args):])
	h.Door.Do(c)
	return c.Ret, c.Err
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
func vecIn(v [][]byte) Arg      { return Arg{Dir: VecIn, Vec: v} }
func vecOut(v [][]byte) Arg     { return Arg{Dir: VecOut, Vec: v} }
func str(s string) Arg          { return Arg{Dir: In, Buf: append([]byte(s), 0)} }
func structIn[T any](p *T) Arg  { return Arg{Dir: In, Buf: bytesOf(p)} }
func structOut[T any](p *T) Arg { return Arg{Dir: Out, Buf: bytesOf(p)} }

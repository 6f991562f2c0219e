package rr

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
)

// kind says what an entry of the log is.
type kind byte

const (
	callEntry    kind = iota + 1 // a call of the door
	clockEntry                   // a clock that was read without a call
	fileEntry                    // the file that SysMappedKeep has got a descriptor of
	pagesEntry                   // what is in a file from now on
	echoEntry                    // what a call has written to the program's output
	stateEntry                   // sums of the guest's state
	editEntry                    // a change that a plugin has made
	processEntry                 // a process is made, starts a program or ends
	kinds

	otherThread = 0x80 // in the kind: the thread is not that of the entry before
)

// entry is one. Which fields there are depends on the kind.
type entry struct {
	kind   kind
	seq    uint64 // of all entries
	icount uint64
	thread int

	call  recordedCall
	clock recordedClock
	file  recordedFile
	pages recordedPages
	echo  recordedEcho
	state recordedState
	edit  Edit

	process recordedProcess
}

// recordedCall is a call of the door and its answer.
type recordedCall struct {
	nr    uintptr
	sum   uint32 // of the arguments: see sumCall
	ret   int64
	errno hostsys.Errno
	place uint64   // of signals: see hostsys.Host.TakeSignals
	echo  stream   // what it writes is the program's output
	outs  []outBuf // what it has filled, in order
}

// outBuf is a buffer that was filled: whole pages, and what comes after them.
type outBuf struct {
	pages []pageID
	rest  []byte
}

func (o *outBuf) len() int { return len(o.pages)*PageSize + len(o.rest) }

// bytes is how much it has filled.
func (c *recordedCall) bytes() (n uint64) {
	for i := range c.outs {
		n += uint64(c.outs[i].len())
	}
	return n
}

type recordedClock struct {
	clock int
	ns    int64
}

// fileType says what can be mapped.
type fileType byte

const (
	regularFile fileType = iota + 1
	zeroFile             // /dev/zero: each map is memory of its own
)

// recordedFile is the file of a descriptor that is kept.
type recordedFile struct {
	id   uint64
	typ  fileType
	mode int // unix.O_RDONLY and so on
}

// recordedPages is what is in a part of a file.
type recordedPages struct {
	id   uint64
	size int64
	runs []pageRun
}

// pageRun are pages of a file, from a number on: those of the recording from an id on, or
// n times the one of zeroes.
type pageRun struct {
	page uint64
	n    uint64
	id   pageID
}

// What an entry may have, so that a hostile one takes no more memory than its frame.
// A call has no more buffers than the kernel takes (UIO_MAXIOV), and a few.
const (
	mostRuns = 1 << 16
	mostOuts = 1024 + 16
)

type recordedEcho struct {
	to   stream
	data []byte
}

// stream is an output of the program.
type stream byte

const (
	noStream stream = iota
	stdout
	stderr
)

// encoder appends entries to a frame.
type encoder struct {
	buf    []byte
	first  uint64 // of the frame
	seq    uint64 // of the next entry
	icount uint64 // of the last one
	thread int
	clocks [lastClock]int64
}

// lastClock bounds the clocks whose times are told as differences.
const lastClock = 16

// begin begins a frame: a decoder needs none before it.
func (e *encoder) begin(buf []byte) {
	*e = encoder{buf: buf, first: e.seq, seq: e.seq, icount: e.icount}
	e.buf = binary.AppendUvarint(e.buf, e.seq)
	e.buf = binary.AppendUvarint(e.buf, e.icount)
}

func (e *encoder) head(k kind, icount uint64, thread int) {
	at := len(e.buf)
	e.buf = append(e.buf, byte(k))
	e.buf = binary.AppendVarint(e.buf, int64(icount-e.icount)) // a function that a plugin calls takes no time
	if thread != e.thread {
		e.buf[at] |= otherThread
		e.buf = binary.AppendVarint(e.buf, int64(thread-e.thread))
	}
	e.icount, e.thread = icount, thread
	e.seq++
}

// Bits of the flags of a call.
const (
	hasErrno = 1 << iota
	hasRet
	hasOuts
	hasPlace
	echoShift = iota
)

func (e *encoder) call(c *recordedCall) {
	e.buf = binary.AppendUvarint(e.buf, uint64(c.nr))
	flags := byte(c.echo) << echoShift
	for i, has := range [...]bool{c.errno != 0, c.ret != 0, len(c.outs) != 0, c.nr == hostsys.SysSignals} {
		if has {
			flags |= 1 << i
		}
	}
	e.buf = append(e.buf, flags)
	e.buf = binary.LittleEndian.AppendUint32(e.buf, c.sum)
	if flags&hasErrno != 0 {
		e.buf = binary.AppendUvarint(e.buf, uint64(c.errno))
	}
	if flags&hasRet != 0 {
		e.buf = binary.AppendVarint(e.buf, c.ret)
	}
	if flags&hasPlace != 0 {
		e.buf = binary.AppendUvarint(e.buf, c.place)
	}
	if flags&hasOuts != 0 {
		e.buf = binary.AppendUvarint(e.buf, uint64(len(c.outs)))
		for i := range c.outs {
			e.out(&c.outs[i])
		}
	}
}

func (e *encoder) out(o *outBuf) {
	e.buf = binary.AppendUvarint(e.buf, uint64(o.len()))
	for _, id := range o.pages {
		e.buf = binary.AppendUvarint(e.buf, uint64(id))
	}
	e.buf = append(e.buf, o.rest...)
}

func (e *encoder) clock(clock int, ns int64) {
	e.buf = binary.AppendUvarint(e.buf, uint64(clock))
	last := int64(0)
	if clock >= 0 && clock < lastClock {
		last, e.clocks[clock] = e.clocks[clock], ns
	}
	e.buf = binary.AppendVarint(e.buf, ns-last)
}

func (e *encoder) file(f *recordedFile) {
	e.buf = binary.AppendUvarint(e.buf, f.id)
	e.buf = append(e.buf, byte(f.typ), byte(f.mode))
}

func (e *encoder) pages(p *recordedPages) {
	e.buf = binary.AppendUvarint(e.buf, p.id)
	e.buf = binary.AppendUvarint(e.buf, uint64(p.size))
	e.buf = binary.AppendUvarint(e.buf, uint64(len(p.runs)))
	for _, r := range p.runs {
		e.buf = binary.AppendUvarint(e.buf, r.page)
		e.buf = binary.AppendUvarint(e.buf, r.n)
		e.buf = binary.AppendUvarint(e.buf, uint64(r.id))
	}
}

func (e *encoder) echo(to stream, data []byte) {
	e.buf = append(e.buf, byte(to))
	e.buf = binary.AppendUvarint(e.buf, uint64(len(data)))
	e.buf = append(e.buf, data...)
}

// String describes an entry for people.
func (e *entry) String() string {
	switch e.kind {
	case callEntry:
		if e.call.nr == hostsys.SysMap && e.call.errno == 0 {
			return callName(e.call.nr) // its result is an address of that host
		}
		return fmt.Sprintf("%s = %s", callName(e.call.nr), result(e.call.ret, e.call.errno))
	case clockEntry:
		return fmt.Sprintf("clock %d = %d ns", e.clock.clock, e.clock.ns)
	case fileEntry:
		return fmt.Sprintf("file %d", e.file.id)
	case pagesEntry:
		return fmt.Sprintf("contents of file %d", e.pages.id)
	case stateEntry:
		return "a sum of its state"
	case editEntry:
		return e.edit.String()
	case processEntry:
		return e.process.String()
	}
	return "output"
}

func result(ret int64, e hostsys.Errno) string {
	if e != 0 {
		return "-1 " + unix.ErrnoName(unix.Errno(e))
	}
	return fmt.Sprint(ret)
}

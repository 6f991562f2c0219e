package rr

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/linux/hostsys"
	"panda/emu/sym"
)

// follower is a guest that does what a recording says it did, whatever that is.
type follower struct {
	p    *Player
	kept []int
	mem  []byte
	maps [][]byte
}

// mostSteps is how many inputs a follower takes.
const mostSteps = 2000

// follow plays a recording and returns why it ends. Only what Player says may end it.
func follow(r *Recording) error {
	p, err := NewPlayer(r)
	if err != nil {
		return err
	}
	defer p.Close()
	p.files.room = 64 << 20
	p.Output(io.Discard, io.Discard)
	f := &follower{p: p, mem: make([]byte, 5*PageSize)}
	defer f.close()
	p.At(Now{Icount: func() uint64 { return p.next.icount }, Thread: func() int { return p.next.thread }}, func(uint64) {})
	return caught(func() {
		for range mostSteps {
			if p.Done() {
				break
			}
			f.step()
		}
		if p.Done() && !errors.Is(p.log.end, io.EOF) {
			panic(p.over())
		}
		p.now.Icount = func() uint64 { return 5 }
		if err, ok := p.Ended(3, 0).(*Divergence); ok {
			_ = err.Error()
		}
	})
}

func (f *follower) step() {
	n := &f.p.next
	if n.kind == clockEntry {
		f.p.Clock(n.clock.clock)
		return
	}
	if n.kind == processEntry {
		became := n.process
		for k, what := range processEvents {
			if what == became.what {
				f.p.Process(k, &became.Process)
				return
			}
		}
	}
	c := f.call(n.call.nr)
	if c.Nr == hostsys.SysSignals {
		c.Args[1].Num = n.call.place
	}
	n.call.sum = f.p.args.sum(c)
	f.p.Do(c)
	if c.Err != 0 {
		return
	}
	switch c.Nr {
	case hostsys.SysMappedKeep, hostsys.SysMemory:
		f.kept = append(f.kept, int(c.Ret))
		f.p.Do(newCall(hostsys.SysMappedSize, int(c.Ret)))
	case hostsys.SysMap:
		at := uintptr(c.Ret)
		f.maps = append(f.maps, unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&at))), 2*PageSize))
	case hostsys.SysPunch: // now and then one is dropped
		f.drop()
	}
}

func (f *follower) drop() {
	if n := len(f.kept); n > 0 {
		f.p.Do(newCall(hostsys.SysMappedClose, f.kept[n-1]))
		f.kept = f.kept[:n-1]
	}
}

// call is one of the shape that calls of a number have.
func (f *follower) call(nr uintptr) *hostsys.Call {
	last := -1
	if n := len(f.kept); n > 0 {
		last = f.kept[n-1]
	}
	c := &hostsys.Call{Nr: nr}
	out := hostsys.Arg{Dir: hostsys.Out, Buf: f.mem[:3*PageSize+5]}
	switch nr {
	case hostsys.SysSignals:
		c.Args[0] = hostsys.Arg{Dir: hostsys.Out, Buf: f.mem[:32]}
	case hostsys.SysMap:
		return newCall(nr, last, 0, 2*PageSize, unix.PROT_READ, unix.MAP_SHARED)
	case hostsys.SysPunch:
		return newCall(nr, last, 0, PageSize)
	case hostsys.SysMemory:
		c.Args[0].Num, c.Args[2] = PageSize, out
	case unix.SYS_READV:
		c.Args[2].Dir, c.Vec = hostsys.VecOut, [][]byte{f.mem[:5], {}, f.mem[5:][:2*PageSize], f.mem[PageSize:][:7]}
	case unix.SYS_RECVMSG:
		c.Args[2].Dir, c.Msg = hostsys.MsgOut, &hostsys.Msg{Name: f.mem[:16], Control: f.mem[16:64], Iov: [][]byte{f.mem[64:][:100], f.mem[PageSize:]}}
	case unix.SYS_SENDMSG:
		c.Args[2].Dir, c.Msg = hostsys.MsgIn, &hostsys.Msg{Name: f.mem[:16], Control: f.mem[16:64], Iov: [][]byte{f.mem[100:]}}
	case unix.SYS_WRITE:
		c.Args[1] = hostsys.Arg{Dir: hostsys.In, Buf: f.mem}
	case unix.SYS_PWRITEV2:
		c.Args[1].Dir, c.Vec = hostsys.VecIn, [][]byte{f.mem[:5], {}, f.mem[5:12]}
	case unix.SYS_SENDFILE:
		c.Args[3].Num = 7
	case unix.SYS_PPOLL:
		return pollCall(f.mem[:16])
	case unix.SYS_EPOLL_PWAIT:
		c.Args[2] = hostsys.Arg{Dir: hostsys.Out, Buf: f.mem[:2*hostsys.SizeofEpollEvent+5]}
	case unix.SYS_GETDENTS64:
		c.Args[2] = hostsys.Arg{Dir: hostsys.Out}
	default:
		c.Args[2] = out
	}
	return c
}

// pollCall asks for two descriptors.
func pollCall(b []byte) *hostsys.Call {
	c := &hostsys.Call{Nr: unix.SYS_PPOLL}
	c.Args[0] = hostsys.Arg{Dir: hostsys.InOut, Buf: b}
	c.Args[1].Num = 2
	return c
}

func (f *follower) close() {
	for _, m := range f.maps {
		unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(m)), uintptr(len(m)))
	}
	f.p.ended = true
	for len(f.kept) > 0 {
		f.drop()
	}
}

// play opens a recording of bytes and follows it.
func play(data []byte) error {
	r, err := open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	defer r.Close()
	r.OpenSymbols(sym.FileID{Name: "nowhere"})
	for name := range r.symbols.parts {
		if s, err := r.OpenSymbols(sym.FileID{Name: name}); err == nil {
			s.ReadAt(make([]byte, 1000), s.(*symbolSource).parts[0].off+3)
		}
	}
	return follow(r)
}

// sample records the scripts that have no large files and returns the bytes.
func sample(f *testing.F) []byte {
	dir := f.TempDir()
	name := dir + "/sample.rr"
	w, err := Create(name)
	if err != nil {
		f.Fatal(err)
	}
	r, err := NewRecorder(w, &Manifest{Stdio: [3]int{-1, 1, 2}}, func(string, ...any) {})
	if err != nil {
		f.Fatal(err)
	}
	if err := r.Keep(name, true); err != nil {
		f.Fatal(err)
	}
	h, err := hostsys.Real(false)
	if err != nil {
		f.Fatal(err)
	}
	defer h.Release()
	s := &side{door: r.Door(&fakeDoor{answer: answers}), world: true}
	r.At(s.now())
	shapes(s)
	r.inner = h.Door
	path := dir + "/file"
	if err := os.WriteFile(path, bytesAt(1, 2*PageSize+100), 0o600); err != nil {
		f.Fatal(err)
	}
	fd := int(must(f, s, newCall(unix.SYS_OPENAT, -100, path, unix.O_RDWR, 0)))
	own := int(must(f, s, newCall(hostsys.SysMappedKeep, fd, 0, 0)))
	at := uintptr(must(f, s, newCall(hostsys.SysMap, own, 0, 4*PageSize, unix.PROT_READ, unix.MAP_SHARED)))
	must(f, s, newCall(unix.SYS_WRITE, fd, []byte("text"), 4))
	must(f, s, newCall(unix.SYS_FTRUNCATE, fd, 3*PageSize))
	must(f, s, newCall(hostsys.SysPunch, own, PageSize, PageSize))
	unix.MunmapPtr(*(*unsafe.Pointer)(unsafe.Pointer(&at)), 4*PageSize)
	must(f, s, newCall(hostsys.SysMappedClose, own))
	r.symbols.w.write(symbolFrame, append([]byte{4, 'f', 'i', 'l', 'e', 0}, "contents"...))
	if err := r.Close(Summary{Ended: true, Status: 3}); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	return data
}

func must(f *testing.F, s *side, c *hostsys.Call) int64 {
	s.icount++
	if s.door.Do(c); c.Err != 0 {
		f.Fatal(describe(c), c.Err)
	}
	return c.Ret
}

// framesOf is what is in the frames of a recording: of each its kind, its length and its
// body, of pages only one byte.
func framesOf(t testing.TB, data []byte) (out []byte) {
	r, err := open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for at := r.at; ; {
		kind, body, next, err := r.frame(at)
		if err != nil {
			return out
		}
		if kind == pageFrame {
			body = bytes.Repeat([]byte{7}, len(body)/PageSize)
		}
		out = append(out, byte(kind))
		out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
		at = next
	}
}

// recordingOf makes a recording of frames, with sums that are right.
func recordingOf(frames []byte) []byte {
	w := &Writer{}
	w.enc = encoderForTests
	out := binary.LittleEndian.AppendUint32([]byte(magic), Version)
	manifest, _ := json.Marshal(&Manifest{})
	out = w.pack(out, frame{manifestFrame, manifest})
	for len(frames) > 1 {
		kind := frames[0]
		n, m := binary.Uvarint(frames[1:])
		if m <= 0 {
			break
		}
		frames = frames[1+m:]
		n = min(n, uint64(len(frames)))
		out = w.pack(out, frame{frameKind(kind), bodyOf(frameKind(kind), frames[:n])})
		frames = frames[n:]
	}
	return out
}

// bodyOf makes pages of their bytes.
func bodyOf(kind frameKind, b []byte) []byte {
	if kind != pageFrame {
		return b
	}
	pages := make([]byte, 0, len(b)*PageSize)
	for _, c := range b {
		pages = append(pages, bytes.Repeat([]byte{c}, PageSize)...)
	}
	return pages
}

// FuzzOpen reads any bytes as a recording.
func FuzzOpen(f *testing.F) {
	data := sample(f)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(data[:headerSize])
	f.Fuzz(func(_ *testing.T, data []byte) { play(data) })
}

// FuzzPlay plays any entries and pages, in frames that are whole.
func FuzzPlay(f *testing.F) {
	frames := framesOf(f, sample(f))
	if err := play(recordingOf(frames)); err != nil {
		f.Fatal(fmt.Errorf("the sample itself: %w", err))
	}
	f.Add(frames)
	for _, h := range hostile() {
		f.Add(h.frames)
	}
	f.Fuzz(func(_ *testing.T, frames []byte) { play(recordingOf(frames)) })
}

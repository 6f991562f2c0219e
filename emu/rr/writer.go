package rr

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// Writer writes a recording. Frames are packed and written by goroutines of its own,
// in order; what has been written survives the end of the process.
type Writer struct {
	path    string // its name; at the end see checkFile
	f       output
	id      fileID // of the file, if it is one
	frames  chan frame
	idle    chan frame    // to be written when no others wait
	taken   int           // how many frames next has been asked for
	turns   chan struct{} // of those that pack
	done    chan struct{}
	failed  atomic.Pointer[error]
	size    atomic.Int64
	touched atomic.Bool // somebody may have written to the file: see checkFile
	spoilt  error
	enc     *zstd.Encoder
	free    sync.Pool
}

// output is the file of a recording, which is cut off where a frame did not find room.
type output interface {
	io.WriteCloser
	io.Seeker
	Truncate(size int64) error
}

type frame struct {
	kind frameKind
	body []byte
}

// waiting is how many frames may wait to be written before who makes them has to wait: all
// that a large program maps when it starts. With fewer its start would take half as long
// again. They are lost with the process.
const waiting = 512

// partName is that of a recording of which it is not known yet whether it will be one.
const partName = "panda*.part"

// Create makes a recording in the directory of name, which it gets from Keep.
func Create(name string) (*Writer, error) {
	if _, err := os.Lstat(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, createError(name, err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), partName)
	if err != nil {
		return nil, createError(name, err)
	}
	w, err := newWriter(f)
	if err != nil {
		f.Close()
		return nil, errors.Join(createError(name, err), os.Remove(f.Name()))
	}
	w.path = f.Name()
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) == nil {
		w.id = fileID{st.Dev, st.Ino}
	}
	return w, nil
}

// createError tells of a file by the name that the user knows.
func createError(name string, err error) error {
	if at := (*os.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	return &os.PathError{Op: "create", Path: name, Err: err}
}

// Keep gives the recording a name in its directory. Where something has that already it is
// an os.ErrExist, or overwritten.
func (w *Writer) Keep(name string, overwrite bool) error {
	rename := unix.Rename
	if !overwrite {
		rename = renameFree
	}
	if err := rename(w.path, name); err != nil {
		return createError(name, err)
	}
	w.path = name
	return nil
}

// renameFree renames a file to a name that nothing has.
func renameFree(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	if err := unix.Link(from, to); err != nil { // the file system knows no better
		return err
	}
	return unix.Unlink(from)
}

// Discard ends a recording that nobody wants.
func (w *Writer) Discard() error {
	w.Close(nil) // whatever comes of it
	return os.Remove(w.path)
}

func newWriter(f output) (*Writer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(packers))
	if err != nil {
		return nil, err
	}
	w := &Writer{f: f, frames: make(chan frame, waiting), idle: make(chan frame), turns: make(chan struct{}, packers), done: make(chan struct{}), enc: enc}
	for range packers - 1 { // until the guest is done: see Close
		w.turns <- struct{}{}
	}
	if _, err := f.Write(header()); err != nil {
		return nil, err
	}
	w.size.Store(int64(headerSize))
	go w.run()
	return w, nil
}

// buffer is an empty one for a frame.
func (w *Writer) buffer() []byte {
	if b, ok := w.free.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, frameSize+frameSize/4)
}

// write hands over a frame, and its body.
func (w *Writer) write(kind frameKind, body []byte) { w.frames <- frame{kind, body} }

// writeIdle hands over a frame that others need not wait for, and returns when its turn
// has come.
func (w *Writer) writeIdle(kind frameKind, body []byte) { w.idle <- frame{kind, body} }

// idleShare is of how many frames one need not wait for the others, however many these are.
const idleShare = 16

// next is the frame that is packed next.
func (w *Writer) next() (fr frame, ok bool) {
	if w.taken++; w.taken%idleShare == 0 {
		select {
		case fr = <-w.idle:
			return fr, true
		default:
		}
	}
	select {
	case fr, ok = <-w.frames:
		return fr, ok
	default:
	}
	select {
	case fr, ok = <-w.frames:
		return fr, ok
	case fr = <-w.idle:
		return fr, true
	}
}

// packers is how many frames are packed at a time when nothing else is to be done. As
// long as the guest runs it is one, so that the guest has a processor.
const packers = 2

// packedFrame is a frame, and how large it is unpacked.
type packedFrame struct {
	frame []byte
	size  int
}

// run writes what comes until the channel is closed. After an error nothing is
// written any more, so that what is there stays a whole beginning.
func (w *Writer) run() {
	defer close(w.done)
	packed := make(chan chan packedFrame, packers)
	go func() {
		defer close(packed)
		for fr, ok := w.next(); ok; fr, ok = w.next() {
			w.turns <- struct{}{}
			out := make(chan packedFrame, 1)
			packed <- out
			go func() {
				out <- packedFrame{w.pack(w.buffer(), fr), len(fr.body)}
				w.free.Put(&fr.body)
				<-w.turns
			}()
		}
	}()
	for c := range packed {
		out := <-c
		if w.failed.Load() == nil {
			if err := w.put(out.frame, out.size); err != nil {
				w.failed.Store(&err)
			}
		}
		w.free.Put(&out.frame)
	}
}

// put writes what has a body of n bytes, or nothing of it.
func (w *Writer) put(out []byte, n int) error {
	if n > mostBody {
		return fmt.Errorf("%d bytes at once are too many", n)
	}
	if _, err := w.f.Write(out); err != nil {
		w.f.Truncate(w.Size())
		w.f.Seek(w.Size(), io.SeekStart)
		if path := (*os.PathError)(nil); errors.As(err, &path) {
			err = path.Err // the file has got another name meanwhile
		}
		return err
	}
	w.size.Add(int64(len(out)))
	return nil
}

// pack appends a frame to out.
func (w *Writer) pack(out []byte, fr frame) []byte {
	start := len(out)
	out = append(out, make([]byte, headSize)...)
	if out = w.enc.EncodeAll(fr.body, out); len(out)-start-headSize >= len(fr.body) {
		out = append(out[:start+headSize], fr.body...)
	}
	head, body := out[start:], out[start+headSize:]
	head[0] = byte(fr.kind)
	binary.LittleEndian.PutUint32(head[4:], uint32(len(body)))
	binary.LittleEndian.PutUint32(head[8:], uint32(len(fr.body)))
	binary.LittleEndian.PutUint32(head[12:], sumFrame(head, body))
	return out
}

func sumFrame(head, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(head[:12], castagnoli), castagnoli, body)
}

// Err is why nothing is written any more, nil if all is well.
func (w *Writer) Err() error {
	if e := w.failed.Load(); e != nil {
		return *e
	}
	return nil
}

// Size is how many bytes have been written.
func (w *Writer) Size() int64 { return w.size.Load() }

// Close ends the recording with a summary, or without. The summary says why the recording
// is not whole, if there is room to say so.
func (w *Writer) Close(s *Summary) error {
	for range packers - 1 {
		<-w.turns
	}
	close(w.frames)
	<-w.done
	err := w.Err()
	if err != nil && s != nil {
		s.Lost = fmt.Sprintf("its recorder could not write any more (%v)", err)
	}
	if s != nil {
		err = cmp.Or(err, w.end(s))
		w.spoilt = w.checkFile()
	}
	return cmp.Or(err, w.f.Close())
}

func (w *Writer) end(s *Summary) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	out := w.pack(nil, frame{summaryFrame, b})
	return w.put(append(binary.LittleEndian.AppendUint64(out, uint64(w.Size())), trailer...), len(b))
}

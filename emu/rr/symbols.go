package rr

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"panda/emu/sym"
)

// Symbols are read from whole files, of which maps show a part. So of each file whose
// code is mapped the parts are recorded that symbols are read from. It is no input of the
// guest's: a goroutine of its own reads them.

// symbolRecorder is that of a recorder.
type symbolRecorder struct {
	w     *Writer
	known map[sym.FileID]bool
	todo  sync.WaitGroup
	turn  chan struct{} // of the one that reads
}

func newSymbolRecorder(w *Writer) symbolRecorder {
	return symbolRecorder{w: w, known: map[sym.FileID]bool{}, turn: make(chan struct{}, 1)}
}

// Symbols records what symbols are read from, of a file that a descriptor leads to.
func (r *Recorder) Symbols(id sym.FileID, fd int) {
	s := &r.symbols
	if r.ended || s.known[id] {
		return
	}
	s.known[id] = true
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return
	}
	s.todo.Go(func() {
		s.turn <- struct{}{}
		defer func() { <-s.turn }()
		defer unix.Close(own)
		s.read(symbolName(id), own)
	})
}

// fileReader reads a file and notes what was read.
type fileReader struct {
	fd    int
	parts []filePart
}

// filePart is [off, end) of a file.
type filePart struct{ off, end int64 }

// ReadAt implements io.ReaderAt.
func (r *fileReader) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) {
		m, err := unix.Pread(r.fd, b[n:], off+int64(n))
		if err != nil {
			return n, err
		}
		if m == 0 {
			break
		}
		n += m
	}
	r.parts = append(r.parts, filePart{off, off + int64(n)})
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// symbolName is what a file is called in the frames. Behind the name in the guest, which
// has no NUL, comes what tells it from others of that name.
func symbolName(id sym.FileID) string {
	b := append([]byte(id.Name), 0)
	for _, n := range []uint64{id.Dev, id.Ino, uint64(id.Changed)} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return string(b)
}

func (s *symbolRecorder) read(name string, fd int) {
	from := &fileReader{fd: fd}
	sym.Touch(from)
	for _, p := range union(from.parts) {
		for off := p.off; off < p.end; {
			head := binary.AppendUvarint(nil, uint64(len(name)))
			head = binary.AppendUvarint(append(head, name...), uint64(off))
			b := append(head, make([]byte, min(p.end-off, readSize))...)
			n, err := unix.Pread(fd, b[len(head):], off)
			if err != nil || n <= 0 {
				break
			}
			s.w.writeIdle(symbolFrame, b[:len(head)+n])
			off += int64(n)
		}
	}
}

// union are the parts in order, none touching another.
func union(parts []filePart) (u []filePart) {
	slices.SortFunc(parts, func(a, b filePart) int { return int(min(max(a.off-b.off, -1), 1)) })
	for _, p := range parts {
		if n := len(u); n > 0 && p.off <= u[n-1].end {
			u[n-1].end = max(u[n-1].end, p.end)
		} else if p.off < p.end {
			u = append(u, p)
		}
	}
	return u
}

// mostName is how long a name in the frames may be: one of PATH_MAX, and what is behind it.
const mostName = 4096 + 25

// symbolPart is a part of a file in a frame.
type symbolPart struct {
	at   int64 // of the frame
	off  int64 // in the file
	size int64
}

// symbolFiles finds the files of a recording that symbols are read from.
type symbolFiles struct {
	once  sync.Once
	parts map[string][]symbolPart
	names int // bytes of their names
}

// OpenSymbols opens a file that symbols are read from.
func (r *Recording) OpenSymbols(id sym.FileID) (sym.Source, error) {
	r.symbols.once.Do(r.findSymbols)
	parts := r.symbols.parts[symbolName(id)]
	if parts == nil {
		return nil, fs.ErrNotExist
	}
	return &symbolSource{r: r, parts: parts}, nil
}

// mostNames is how many bytes the names of files with symbols may take. A hostile recording
// has more.
const mostNames = 32 << 20

// findSymbols goes through the frames.
func (r *Recording) findSymbols() {
	r.symbols.parts = map[string][]symbolPart{}
	for at := r.at; ; {
		kind, next, err := r.skip(at)
		if err != nil {
			return
		}
		if kind == symbolFrame {
			r.findPart(at)
		}
		at = next
	}
}

func (r *Recording) findPart(at int64) {
	name, off, data, err := r.symbolFrame(at)
	if err != nil {
		return
	}
	parts, ok := r.symbols.parts[name]
	if !ok {
		if r.symbols.names += len(name); r.symbols.names > mostNames {
			return
		}
	}
	r.symbols.parts[name] = append(parts, symbolPart{at, off, int64(len(data))})
}

func (r *Recording) symbolFrame(at int64) (name string, off int64, data []byte, err error) {
	kind, body, _, err := r.frame(at)
	if err != nil || kind != symbolFrame {
		return "", 0, nil, errors.Join(ErrCorrupt, err)
	}
	d := decoder{b: body}
	name = string(d.bytes(min(d.uvarint(), mostName)))
	off = int64(d.uvarint())
	if off < 0 || off > math.MaxInt64-mostBody {
		d.bad = true
	}
	return name, off, d.b, d.err()
}

// symbolSource reads such a file; what was not recorded is its end.
type symbolSource struct {
	r     *Recording
	parts []symbolPart
	last  symbolPart
	data  []byte
}

// ReadAt implements io.ReaderAt.
func (s *symbolSource) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		at := off + int64(n)
		i := slices.IndexFunc(s.parts, func(p symbolPart) bool { return p.off <= at && at < p.off+p.size })
		if i < 0 {
			return n, io.EOF
		}
		if s.last != s.parts[i] {
			if _, _, s.data, err = s.r.symbolFrame(s.parts[i].at); err != nil {
				return n, err
			}
			s.last = s.parts[i]
		}
		if int64(len(s.data)) != s.last.size { // somebody writes to the recording
			return n, ErrCorrupt
		}
		n += copy(b[n:], s.data[at-s.last.off:])
	}
	return n, nil
}

// Close implements sym.Source.
func (*symbolSource) Close() error { return nil }

package rr

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"panda/emu/event"
)

// A recording is a header and frames. A frame is a head of 16 bytes and a body, which is
// compressed by zstd (RFC 8878) where that makes it smaller:
//
//	kind of frame, 3 zeroes | length of the body | length when unpacked | CRC-32C of the rest of the head and the body
//
// Numbers are little-endian. The first frame is the manifest, the last one a summary,
// after which stands where it begins. A recording without is one whose recorder has been
// killed: all whole frames of it count.

// magic begins a recording, trailer ends it.
const (
	magic   = "panda.rr"
	trailer = "panda.ok"
)

// Version is that of the format; a recording of another one is refused.
const Version = 1

const (
	headerSize  = len(magic) + 4
	headSize    = 16
	trailerSize = 8 + len(trailer)
	// mostBody is the most that a frame has, packed and unpacked, so that a hostile
	// recording takes no more memory. The most that a call fills, which is one entry, is
	// 1024 parts of 4095 bytes, or the numbers of the pages of 2 GiB.
	mostBody = 16 << 20
)

// frameKind says what a frame holds.
type frameKind byte

const (
	manifestFrame frameKind = 'M' // JSON: a Manifest
	logFrame      frameKind = 'L' // entries: see entry.go
	pageFrame     frameKind = 'P' // pages: see pages.go
	symbolFrame   frameKind = 'S' // a part of a file: see symbols.go
	summaryFrame  frameKind = 'E' // JSON: a Summary
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Summary is what a recording says at its end.
type Summary struct {
	Instructions uint64
	Inputs       uint64
	Status       int
	Signal       int          // that killed the first process, or 0
	Ended        bool         // the guest has ended; else it was left
	Lost         string       // why some is missing, "" if it is whole
	Edited       []event.Kind // the kinds of events in which plugins changed the guest
	Notes        []string
	Shared       []string // files that the guest mapped to be written, for all to see
}

// doubts are reasons for which a replay may go another way.
func (s *Summary) doubts() (lines []string) {
	if s == nil {
		return nil
	}
	lines = append(lines, s.Notes...)
	for _, name := range s.Shared {
		lines = append(lines, fmt.Sprintf("%s was mapped shared, to be written: what processes that were not recorded write to it, is missing", name))
	}
	return lines
}

// ErrCorrupt is wrapped by errors about a recording that cannot be read.
var ErrCorrupt = errors.New("the recording is damaged")

// errCut says that a recording ends within a frame.
var errCut = fmt.Errorf("%w: it is cut off", ErrCorrupt)

// Recording is an opened recording.
type Recording struct {
	Name     string
	Manifest Manifest
	Summary  *Summary // nil of one whose recorder was killed
	Size     int64
	Added    int64 // bytes after its end, which are not part of it
	r        io.ReaderAt
	f        *os.File
	dec      *zstd.Decoder
	at       int64 // of the first frame after the manifest
	end      int64 // of the frames

	symbols symbolFiles
	free    sync.Pool // of *[]byte, each as large as a frame of pages
}

// Open opens a recording.
func Open(name string) (*Recording, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // it may be a FIFO, which has nobody to wait for
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	r, err := open(f, st.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.Name, r.f = name, f
	return r, nil
}

func open(f io.ReaderAt, size int64) (*Recording, error) {
	head := make([]byte, headerSize)
	if _, err := f.ReadAt(head, 0); err != nil || string(head[:len(magic)]) != magic {
		return nil, errors.New("this is no recording of panda")
	}
	if v := binary.LittleEndian.Uint32(head[len(magic):]); v != Version {
		return nil, fmt.Errorf("this recording has format %d; this panda reads format %d", v, Version)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(mostBody), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, err
	}
	r := &Recording{Size: size, r: f, dec: dec, end: size}
	kind, body, next, err := r.frame(int64(headerSize))
	if err != nil || kind != manifestFrame {
		return nil, fmt.Errorf("%w: it has no manifest", ErrCorrupt)
	}
	if err := json.Unmarshal(body, &r.Manifest); err != nil {
		return nil, fmt.Errorf("%w: its manifest: %w", ErrCorrupt, err)
	}
	r.at = next
	m := &r.Manifest
	for _, s := range []*string{&m.Panda, &m.Host, &m.Arch, &m.CPU, &m.MMU, &m.Accel, &m.Layout} {
		*s = Printable(*s)
	}
	r.readSummary()
	return r, nil
}

// readSummary looks for the end of a recording that has one, after which somebody may have
// added something.
func (r *Recording) readSummary() {
	end := int64(-1)
	if b, ok := r.trailer(r.Size - int64(trailerSize)); ok {
		end = r.summary(int64(binary.LittleEndian.Uint64(b)))
	}
	for at := r.at; end < 0; {
		kind, next, err := r.skip(at)
		if err != nil {
			return
		}
		if kind == summaryFrame {
			if end = r.summary(at); end < 0 {
				return
			}
		}
		at = next
	}
	r.Added = r.Size - end
}

// trailer is what stands where a trailer may.
func (r *Recording) trailer(at int64) (b []byte, ok bool) {
	b = make([]byte, trailerSize)
	if at < 0 {
		return nil, false
	}
	_, err := r.r.ReadAt(b, at)
	return b, err == nil && string(b[8:]) == trailer
}

// summary takes the summary that begins at a place, and says where its trailer ends, or -1.
func (r *Recording) summary(at int64) (end int64) {
	kind, body, next, err := r.frame(at)
	if err != nil || kind != summaryFrame {
		return -1
	}
	b, ok := r.trailer(next)
	s := new(Summary)
	if !ok || int64(binary.LittleEndian.Uint64(b)) != at || json.Unmarshal(body, s) != nil {
		return -1
	}
	s.Lost = Printable(s.Lost)
	for i := range s.Notes {
		s.Notes[i] = Printable(s.Notes[i])
	}
	r.Summary, r.end = s, at
	return next + int64(trailerSize)
}

// Printable writes what a terminal would obey as escapes of Go.
func Printable(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsPrint(r):
			b.WriteString(s[:n])
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		s = s[n:]
	}
	return b.String()
}

// frame reads a frame and says where the next one begins.
func (r *Recording) frame(at int64) (kind frameKind, body []byte, next int64, err error) {
	kind, stored, raw, err := r.stored(at)
	if err != nil {
		return 0, nil, at, err
	}
	body, err = r.unpack(stored, raw)
	return kind, body, at + headSize + int64(len(stored)), err
}

// unpack is what is in a frame.
func (r *Recording) unpack(stored []byte, raw int) ([]byte, error) {
	if len(stored) == raw {
		return stored, nil
	}
	body, err := r.dec.DecodeAll(stored, r.buffer(raw)[:0])
	r.reuse(stored)
	if err != nil || len(body) != raw {
		return nil, ErrCorrupt
	}
	return body, nil
}

// buffer has n bytes.
func (r *Recording) buffer(n int) []byte {
	if n > frameSize {
		return make([]byte, n)
	}
	if b, ok := r.free.Get().(*[]byte); ok {
		return (*b)[:n]
	}
	return make([]byte, n, frameSize)
}

// reuse takes a buffer that nobody looks at any more.
func (r *Recording) reuse(b []byte) {
	if cap(b) == frameSize {
		r.free.Put(&b)
	}
}

// stored reads a frame as it is stored, and how large it is unpacked.
func (r *Recording) stored(at int64) (kind frameKind, stored []byte, raw int, err error) {
	head, packed, size, err := r.head(at)
	if err != nil {
		return 0, nil, 0, err
	}
	stored = r.buffer(int(packed))
	if _, err := r.r.ReadAt(stored, at+headSize); errors.Is(err, io.EOF) { // somebody writes to the file
		return 0, nil, 0, errCut
	} else if err != nil {
		return 0, nil, 0, err
	}
	if sumFrame(head[:], stored) != binary.LittleEndian.Uint32(head[12:]) {
		return 0, nil, 0, ErrCorrupt
	}
	return frameKind(head[0]), stored, int(size), nil
}

// head reads the head of a frame.
func (r *Recording) head(at int64) (head [headSize]byte, packed, raw uint32, err error) {
	if at < 0 || at > r.end-headSize {
		return head, 0, 0, io.EOF
	}
	if _, err := r.r.ReadAt(head[:], at); errors.Is(err, io.EOF) {
		return head, 0, 0, errCut
	} else if err != nil {
		return head, 0, 0, err
	}
	packed, raw = binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[8:])
	if packed > mostBody || raw > mostBody || packed > raw {
		return head, 0, 0, ErrCorrupt
	}
	if int64(packed) > r.end-at-headSize {
		return head, 0, 0, errCut
	}
	return head, packed, raw, nil
}

// skip says what a frame is and where the next one begins.
func (r *Recording) skip(at int64) (kind frameKind, next int64, err error) {
	head, packed, _, err := r.head(at)
	return frameKind(head[0]), at + headSize + int64(packed), err
}

// Close closes the file.
func (r *Recording) Close() {
	r.dec.Close()
	if r.f != nil {
		r.f.Close()
	}
}

package rr

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// What has become of a recording's file when all is written. The guest, or anybody, may have
// removed it or written to it meanwhile, of which who writes to a descriptor hears nothing.

// errSpoilt is that the file holds something else than its recorder has written.
var errSpoilt = errors.New("something else has written to it")

// checkFile finds out where the file is now, and whether it is as it was written: all of it
// if the guest may have written to it, else its ends.
func (w *Writer) checkFile() error {
	f, ok := w.f.(*os.File)
	var st unix.Stat_t
	if !ok || w.path == "" || unix.Fstat(int(f.Fd()), &st) != nil {
		return nil
	}
	if err := w.find(f, fileID{st.Dev, st.Ino}); err != nil {
		return err
	}
	if st.Size != w.Size() {
		return fmt.Errorf("%w: it has %d bytes, and %d are the recording", errSpoilt, st.Size, w.Size())
	}
	head := make([]byte, headerSize)
	if _, err := f.ReadAt(head, 0); err == nil && string(head) != string(header()) {
		return fmt.Errorf("%w: it does not begin as a recording", errSpoilt)
	}
	if w.touched.Load() {
		return checkFrames(f, st.Size)
	}
	return nil
}

// header is what a recording begins with.
func header() []byte { return binary.LittleEndian.AppendUint32([]byte(magic), Version) }

// find looks whether the file has its name, or which other one.
func (w *Writer) find(f *os.File, id fileID) error {
	at, err := idOf(w.path)
	switch {
	case err == nil && at == id:
		return nil
	case err != nil && !errors.Is(err, os.ErrNotExist): // nobody can tell
		return nil
	}
	name, linkErr := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if linkErr == nil {
		if now, err := idOf(name); err == nil && now == id {
			w.path = name
			return nil
		}
	}
	if err == nil {
		return errors.New("another file has its name now")
	}
	return errors.New("the file was removed while it was written")
}

func idOf(name string) (fileID, error) {
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return fileID{}, err
	}
	return fileID{st.Dev, st.Ino}, nil
}

// checkFrames reads all frames up to the end, or the summary's.
func checkFrames(f io.ReaderAt, size int64) error {
	r := &Recording{r: f, end: size}
	for at := int64(headerSize); at < size; {
		kind, stored, _, err := r.stored(at)
		if err != nil {
			return errSpoilt
		}
		if at += headSize + int64(len(stored)); kind == summaryFrame {
			at += int64(trailerSize)
		}
		r.reuse(stored)
	}
	return nil
}

// opening are the calls that open a file.
var opening = map[uintptr]bool{unix.SYS_OPENAT: true, unix.SYS_OPENAT2: true}

// opened warns of a guest that may read what is recorded of its reads, or write over it.
func (l *liveFiles) opened(fd int) {
	w := l.r.w
	if w.id == (fileID{}) || l.of(fd).fileID != w.id {
		return
	}
	w.touched.Store(true)
	mode, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	what, to := "that grows by what is read of it, and may never end", 0
	if err == nil && mode&unix.O_ACCMODE != unix.O_RDONLY {
		what, to = "what is written there damages that", 1
	}
	if !l.itself[to] {
		l.itself[to] = true
		l.r.warn("the program opens %s, which is the recording of it: %s; give -o a place that the program does not touch", w.path, what)
	}
}

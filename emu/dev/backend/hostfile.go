package backend

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// HostFile is a file or a block device of the host. It is locked while it is open.
type HostFile struct{ f *os.File }

// OpenFile opens what is there.
func OpenFile(path string, readOnly bool) (*HostFile, error) {
	flag := os.O_RDWR
	if readOnly {
		flag = os.O_RDONLY
	}
	// A FIFO would keep the emulator waiting.
	f, err := os.OpenFile(path, flag|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, sentence(path, err)
	}
	if err := usable(f, readOnly); err != nil {
		f.Close()
		return nil, err
	}
	return &HostFile{f}, nil
}

// CreateFile makes a file that is not there yet.
func CreateFile(path string) (*HostFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("%s exists already: remove it, or give another name", path)
	case err != nil:
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	if err := lock(f, false); err != nil {
		f.Close()
		return nil, err
	}
	return &HostFile{f}, nil
}

// TemporaryFile is a file in a folder, the system's for "", that has no name and so is gone
// when the emulator is.
func TemporaryFile(dir string) (*HostFile, error) {
	f, err := os.CreateTemp(dir, "panda-overlay-*")
	if err != nil {
		return nil, fmt.Errorf("no temporary file for a disk: %w; TMPDIR names the folder of such files", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("unlink a temporary file: %w", err)
	}
	return &HostFile{f}, nil
}

// sentence says what can be done about a file that does not open.
func sentence(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no image %s: check the path, or make one with qemu-img create", path)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return fmt.Errorf("no permission to open the image %s (%w): change its mode, or open it read-only or as a snapshot", path, errors.Unwrap(err))
	case errors.Is(err, unix.EISDIR):
		return notImage(path, "a folder")
	}
	return fmt.Errorf("open the image %s: %w", path, err)
}

func notImage(path, what string) error {
	return fmt.Errorf("%s is %s: an image is a file or a block device", path, what)
}

// usable looks at what was opened, and locks it.
func usable(f *os.File, readOnly bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	mode := info.Mode()
	switch {
	case mode.IsDir():
		return notImage(f.Name(), "a folder")
	case !mode.IsRegular() && (mode&fs.ModeDevice == 0 || mode&fs.ModeCharDevice != 0):
		return notImage(f.Name(), "neither of the two")
	}
	return lock(f, readOnly)
}

// Name is the path under which it was opened.
func (h *HostFile) Name() string { return h.f.Name() }

// Is reports whether it is what a path leads to.
func (h *HostFile) Is(path string) bool {
	a, err := h.f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// ReadAt is io.ReaderAt.
func (h *HostFile) ReadAt(b []byte, off int64) (int, error) { return h.f.ReadAt(b, off) }

// WriteAt is io.WriterAt.
func (h *HostFile) WriteAt(b []byte, off int64) (int, error) { return h.f.WriteAt(b, off) }

// Size is found by seeking, which a block device answers as well.
func (h *HostFile) Size() (int64, error) { return h.f.Seek(0, io.SeekEnd) }

// Truncate moves its end.
func (h *HostFile) Truncate(size int64) error { return h.f.Truncate(size) }

// Sync is fdatasync(2): it writes the size of the file where that has changed.
func (h *HostFile) Sync() error {
	for {
		err := unix.Fdatasync(int(h.f.Fd()))
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("flush %s: %w", h.f.Name(), err)
		}
	}
}

// Punch is fallocate(2) with FALLOC_FL_PUNCH_HOLE, which block devices understand too.
func (h *HostFile) Punch(off, n int64) error {
	if n == 0 {
		return nil
	}
	for {
		err := unix.Fallocate(int(h.f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
			return errors.ErrUnsupported
		case !errors.Is(err, unix.EINTR):
			return fmt.Errorf("discard in %s: %w", h.f.Name(), err)
		}
	}
}

// Close lets it go, and its locks with it.
func (h *HostFile) Close() error { return h.f.Close() }

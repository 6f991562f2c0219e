package backend

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Users of an image tell each other what they do by locks of single bytes of it, which are
// those that QEMU uses as well (BLK_PERM_* in its include/block/block-common.h, the offsets
// in block/file-posix.c), so that it and we respect one another. All locks are shared ones:
// whoever has them asks afterwards whether there is one that excludes him. They are of the
// open file description (fcntl(2), F_OFD_SETLK), and so fall when the emulator is killed.
const (
	usedAt   = 100 // a lock of byte usedAt+way: somebody uses the file in that way
	deniedAt = 200 // a lock of byte deniedAt+way: somebody suffers nobody else who does
)

// Ways to use an image.
const (
	toRead   = 0
	toWrite  = 1
	toResize = 3
)

// denied are the ways in which nobody may use an image that is open here: not to write,
// because whoever reads would see one half of a change.
var denied = []int64{toWrite, toResize}

// A lock that stands in the way is asked about again for a while: whoever starts a program
// has, for a moment, given it the files that he has closed since.
const (
	tries = 10
	pause = 20 * time.Millisecond
)

// lock says that the file is in use, or why it cannot be used.
func lock(f *os.File, readOnly bool) error {
	err := tryLock(f, readOnly)
	for range tries {
		if err == nil {
			return nil
		}
		time.Sleep(pause)
		err = tryLock(f, readOnly)
	}
	return err
}

func tryLock(f *os.File, readOnly bool) error {
	ways := []int64{toRead, toWrite, toResize}
	if readOnly {
		ways = ways[:1]
	}
	for _, w := range ways {
		if err := take(f, usedAt+w); err != nil {
			return unlockable(err)
		}
	}
	for _, w := range denied {
		if err := take(f, deniedAt+w); err != nil {
			return unlockable(err)
		}
	}
	for _, w := range ways {
		if taken(f, deniedAt+w) {
			return fmt.Errorf("%s is in use by another emulator or tool: end that one first, or make an overlay of it (qemu-img create -b)", f.Name())
		}
	}
	for _, w := range denied {
		if taken(f, usedAt+w) {
			return fmt.Errorf("%s is being written by another emulator or tool: end that one first", f.Name())
		}
	}
	return nil
}

// unlockable forgives a file system that has no locks.
func unlockable(err error) error {
	for _, e := range []unix.Errno{unix.EINVAL, unix.ENOLCK, unix.EOPNOTSUPP, unix.ENOSYS} {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}

func take(f *os.File, at int64) error {
	l := unix.Flock_t{Type: unix.F_RDLCK, Start: at, Len: 1}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &l); err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}

// taken reports whether somebody else has a lock of a byte.
func taken(f *os.File, at int64) bool {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: at, Len: 1}
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &l) == nil && l.Type != unix.F_UNLCK
}

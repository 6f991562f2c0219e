package host

import (
	"fmt"
	"os"
	"unsafe"
)

// Arena is memory that holds machine code. Its methods may be called from any
// goroutine; who writes to Buf sees to it that nobody runs what changes.
type Arena struct {
	Buf  []byte  // where the code is written
	Base uintptr // where the same bytes run

	run  extent
	dual bool
}

// NewArena makes an arena of size bytes, rounded up to whole pages. Pages cost
// memory once they are written.
func NewArena(size int) (*Arena, error) {
	page := os.Getpagesize()
	if size <= 0 || size > maxArena {
		return nil, fmt.Errorf("code arena of %d bytes: must be 1..%d", size, maxArena)
	}
	size = (size + page - 1) &^ (page - 1)
	c, err := reserved()
	if err != nil {
		return nil, err
	}
	run, err := c.take(uintptr(size), uintptr(page))
	if err != nil {
		return nil, err
	}
	at := unsafe.Add(c.base, run.off)
	rw, dual, err := mapCode(at, size)
	if err != nil {
		c.give(run)
		return nil, fmt.Errorf("code arena of %d bytes: %w", size, err)
	}
	return &Arena{Buf: unsafe.Slice((*byte)(rw), size), Base: uintptr(at), run: run, dual: dual}, nil
}

// Close gives the memory back. Nothing may run in it any more, and Buf and Base
// are void afterwards. Closing again does nothing.
func (a *Arena) Close() error {
	if a.Buf == nil {
		return nil
	}
	c, err := reserved()
	if err != nil {
		return err
	}
	size := len(a.Buf)
	rw := unsafe.Pointer(unsafe.SliceData(a.Buf))
	a.Buf, a.Base = nil, 0
	if err := unmapCode(unsafe.Add(c.base, a.run.off), rw, size, a.dual); err != nil {
		return fmt.Errorf("close a code arena of %d bytes: %w", size, err)
	}
	c.give(a.run)
	return nil
}

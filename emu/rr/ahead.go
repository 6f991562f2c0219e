package rr

import (
	"io/fs"
	"sync"
)

// Problem: to unpack what a file holds takes as long as the guest needs to read it.
// Idea: the next frames are read and unpacked while the guest runs, in their order, as far
// as there is room for them.

// aheadFrame is a frame that has been read.
type aheadFrame struct {
	kind     frameKind
	at, next int64 // where it and the next one begin
	size     int   // unpacked
	err      error // of reading it; there is no frame after that

	unpacked chan struct{} // is closed when it is; nil of a frame that is not unpacked ahead
	body     []byte
	bodyErr  error
}

// readAhead reads the frames of a recording.
type readAhead struct {
	r      *Recording
	frames chan *aheadFrame
	entries,
	pages room
	end  chan struct{}
	work sync.WaitGroup
}

// How many bytes of entries and of pages are unpacked ahead, and how many frames are read.
// A frame of entries that is larger is unpacked when those before it are done with.
const (
	entriesAhead = 8 << 20
	pagesAhead   = 24 << 20
	framesAhead  = 1024
)

// newReadAhead reads from the first frame on, and unpacks pages that take so many bytes.
func newReadAhead(r *Recording, pages int) *readAhead {
	a := &readAhead{r: r, frames: make(chan *aheadFrame, framesAhead), end: make(chan struct{})}
	a.entries.init(entriesAhead)
	a.pages.init(pages)
	a.work.Go(a.run)
	return a
}

func (a *readAhead) run() {
	for at := a.r.at; ; {
		f := a.read(at)
		select {
		case a.frames <- f:
		case <-a.end:
			return
		}
		if at = f.next; f.err != nil {
			return
		}
	}
}

func (a *readAhead) read(at int64) *aheadFrame {
	kind, stored, size, err := a.r.stored(at)
	f := &aheadFrame{kind: kind, at: at, next: at + headSize + int64(len(stored)), size: size, err: err}
	if err != nil || kind == logFrame && !a.entries.take(size) || kind == pageFrame && !a.pages.try(size) || kind != logFrame && kind != pageFrame {
		return f
	}
	f.unpacked = make(chan struct{})
	a.work.Go(func() {
		defer close(f.unpacked)
		f.body, f.bodyErr = a.r.unpack(stored, size)
	})
	return f
}

// wait waits until a frame is unpacked.
func (f *aheadFrame) wait() ([]byte, error) {
	if f.unpacked == nil {
		return nil, fs.ErrClosed
	}
	<-f.unpacked
	return f.body, f.bodyErr
}

// close waits until nobody reads the recording any more.
func (a *readAhead) close() {
	close(a.end)
	a.entries.close()
	a.work.Wait()
}

// room is how many bytes may be in use.
type room struct {
	mu     sync.Mutex
	freed  sync.Cond
	used   int
	most   int
	closed bool
}

func (r *room) init(most int) { r.most, r.freed.L = most, &r.mu }

// take waits until there are n bytes, or all if n is more; or reports that there will not
// be any more.
func (r *room) take(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.used > 0 && r.used+n > r.most && !r.closed {
		r.freed.Wait()
	}
	r.used += n
	return !r.closed
}

// try takes n bytes if there are so many.
func (r *room) try(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := r.used+n <= r.most
	if ok {
		r.used += n
	}
	return ok
}

// give gives back n bytes.
func (r *room) give(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used -= n
	r.freed.Signal()
}

func (r *room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.freed.Signal()
}

package rr

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// What is in files that are mapped, as a recorder reads it.

// contents is what was found in a file as long as it was as a stamp says.
type contents struct {
	stamp stamp
	pages map[uint64]pageID // that are not zeroes
	read  []filePart        // of which pages is all
}

// stamp changes when a file does.
type stamp struct {
	size         int64
	mtime, ctime unix.Timespec
}

// settled is how long ago the last change of a file must be for the next one to have
// another time, in nanoseconds: clocks of file systems tick.
const settled = 1e8

// mostRemembered is how large a part may be whose pages are looked up one by one; larger
// ones may be sparse, which reading knows to skip.
const mostRemembered = 1 << 32

func stampOf(st *unix.Stat_t) stamp { return stamp{st.Size, st.Mtim, st.Ctim} }

// covers reports whether it is known what is in a part of a file that is as st says.
func (c *contents) covers(st *unix.Stat_t, off, end int64) bool {
	return c != nil && end-off < mostRemembered && c.stamp == stampOf(st) && slices.ContainsFunc(c.read, func(p filePart) bool { return p.off <= off && end <= p.end })
}

// knownPage is a page of a file; of a hole it is the first of n.
type knownPage struct {
	page uint64
	id   pageID
	hole uint64
}

// ids are the pages of a part of a file. What has not changed is not read again.
func (l *liveFiles) ids(f *liveFile, st *unix.Stat_t, off, end int64) iter.Seq[knownPage] {
	c := l.found[f.fileID]
	if c.covers(st, off, end) {
		return func(yield func(knownPage) bool) {
			for p := uint64(off) / PageSize; int64(p)*PageSize < end && yield(knownPage{page: p, id: c.pages[p]}); p++ {
			}
		}
	}
	if c == nil || c.stamp != stampOf(st) {
		c = &contents{stamp: stampOf(st), pages: map[uint64]pageID{}}
	}
	quiet := !f.loose && time.Now().UnixNano()-st.Ctim.Nano() > settled
	return func(yield func(knownPage) bool) {
		for b := range l.read(f, st, off, end) {
			k := knownPage{page: b.page, hole: b.hole}
			if b.data != nil {
				k.id = l.r.store.put(b.data)
				c.pages[b.page] = k.id
			}
			if !yield(k) {
				return
			}
		}
		if quiet {
			c.read = union(append(c.read, filePart{off, end}))
			l.found[f.fileID] = c
		}
	}
}

// takePage adds a page to the runs, unless the player has it. What it has of a file that
// the guest's stores change, is not known.
func takePage(f *liveFile, runs []pageRun, b knownPage) []pageRun {
	switch {
	case b.hole > 0:
		if f.forget(int64(b.page)*PageSize, int64(min(b.hole*PageSize, math.MaxInt64))) || f.loose {
			runs = append(runs, pageRun{b.page, b.hole, 0})
		}
		return runs
	case f.pages[b.page] == b.id && !f.loose:
		return runs
	case b.id == 0:
		delete(f.pages, b.page)
	default:
		f.pages[b.page] = b.id
	}
	return addRun(runs, b.page, b.id)
}

func addRun(runs []pageRun, page uint64, id pageID) []pageRun {
	if n := len(runs); n > 0 {
		last := &runs[n-1]
		next := last.id
		if last.id != 0 {
			next += pageID(last.n)
		}
		if last.page+last.n == page && next == id {
			last.n++
			return runs
		}
	}
	return append(runs, pageRun{page, 1, id})
}

// readSize is how much of a file is read at once.
const readSize = 1 << 20

// filePage is a page of a file, or a hole of so many.
type filePage struct {
	page uint64
	data []byte
	hole uint64
}

// read yields the pages of a part of a file. What a sparse file has no blocks for is not
// read.
func (l *liveFiles) read(f *liveFile, st *unix.Stat_t, off, end int64) iter.Seq[filePage] {
	return func(yield func(filePage) bool) {
		sparse := st.Blocks*512 < st.Size/2
		for at := off; at < end; {
			if sparse {
				data := holeEnd(f.fd, at, end)
				if n := (uint64(data-at) + PageSize - 1) / PageSize; n > 0 && !yield(filePage{uint64(at / PageSize), nil, n}) {
					return
				}
				if at = data; at == end {
					return
				}
			}
			if l.buf == nil {
				l.buf = make([]byte, readSize)
			}
			got, err := unix.Pread(f.fd, l.buf[:min(end-at, readSize)], at)
			if err != nil || got <= 0 {
				if err != nil {
					l.lossy(f, fmt.Sprintf("cannot be read (%v)", err))
				}
				return
			}
			for b := l.buf[:got]; len(b) > 0; at += PageSize {
				n := min(len(b), PageSize)
				if !yield(filePage{uint64(at / PageSize), b[:n], 0}) {
					return
				}
				b = b[n:]
			}
		}
	}
}

// holeEnd is where the hole at a page of a file ends: at a page, or at the end.
func holeEnd(fd int, at, end int64) int64 {
	if data := nextData(fd, at); data < end {
		return data &^ (PageSize - 1)
	}
	return end
}

// nextData is the first place from off on where a file has blocks. It leaves the offset
// of the descriptor, which the guest's may share.
func nextData(fd int, off int64) int64 {
	cur, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		return off
	}
	defer unix.Seek(fd, cur, unix.SEEK_SET)
	at, err := unix.Seek(fd, off, unix.SEEK_DATA)
	switch err {
	case nil:
		return at
	case unix.ENXIO:
		return math.MaxInt64
	}
	return off
}

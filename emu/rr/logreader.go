package rr

import (
	"fmt"
	"io"
)

// logReader reads the entries of a recording in order.
type logReader struct {
	pages *pageReader
	ahead *readAhead
	dec   decoder
	size  int   // of the frame that is decoded
	end   error // why there is no more, when there is no more
}

// newLogReader reads from the first entry on. So many bytes of pages are unpacked before
// they are asked for.
func newLogReader(r *Recording, pages *pageReader, unpack int) logReader {
	ahead := newReadAhead(r, unpack)
	pages.r, pages.ahead = r, &ahead.pages
	return logReader{pages: pages, ahead: ahead}
}

func (l *logReader) close() { l.ahead.close() }

// next reads the next entry, of kind 0 after the last.
func (l *logReader) next(e *entry) {
	for l.end == nil {
		if len(l.dec.b) > 0 {
			if l.end = l.dec.next(e); l.end == nil {
				return
			}
			break
		}
		l.end = l.frame()
	}
	*e = entry{}
}

// frame goes through the next frame.
func (l *logReader) frame() error {
	l.ahead.entries.give(l.size)
	l.size = 0
	f := <-l.ahead.frames
	if f.err != nil {
		return f.err
	}
	switch f.kind {
	case logFrame:
		l.size = f.size
		l.pages.age()
		body, err := f.wait()
		if err != nil {
			return err
		}
		return l.begin(body)
	case pageFrame:
		return l.pages.add(f)
	case symbolFrame:
		return nil
	case summaryFrame: // whose trailer is missing
		return io.EOF
	}
	return ErrCorrupt
}

// begin begins a frame of entries. Frames follow each other without a gap.
func (l *logReader) begin(body []byte) error {
	seq, icount := l.dec.seq, l.dec.icount
	if err := l.dec.begin(body); err != nil {
		return err
	}
	if l.dec.seq != seq || l.dec.icount != icount {
		return fmt.Errorf("%w: a part is missing", ErrCorrupt)
	}
	return nil
}

package backend

import (
	"fmt"
	"io"
)

// pageSize is the size of the pieces that a Memory keeps.
const pageSize = 1 << 16

// Memory is a File that is gone when the emulator is. Pages of it that were never written
// take no room.
type Memory struct {
	pages map[int64]*[pageSize]byte
	size  int64
}

// ReadAt is io.ReaderAt.
func (m *Memory) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at %d", off)
	}
	n := int(max(0, min(int64(len(b)), m.size-off)))
	for done := 0; done < n; {
		page, at := (off+int64(done))/pageSize, (off+int64(done))%pageSize
		piece := b[done:min(n, done+int(pageSize-at))]
		if p := m.pages[page]; p != nil {
			copy(piece, p[at:])
		} else {
			clear(piece)
		}
		done += len(piece)
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt is io.WriterAt.
func (m *Memory) WriteAt(b []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(b)) < 0 {
		return 0, fmt.Errorf("write at %d", off)
	}
	if m.pages == nil {
		m.pages = map[int64]*[pageSize]byte{}
	}
	for done := 0; done < len(b); {
		page, at := (off+int64(done))/pageSize, (off+int64(done))%pageSize
		if m.pages[page] == nil {
			m.pages[page] = new([pageSize]byte)
		}
		done += copy(m.pages[page][at:], b[done:])
	}
	m.size = max(m.size, off+int64(len(b)))
	return len(b), nil
}

// Size is the offset of its end.
func (m *Memory) Size() (int64, error) { return m.size, nil }

// Truncate moves its end.
func (m *Memory) Truncate(size int64) error {
	if size < m.size {
		if err := m.Punch(size, m.size-size); err != nil {
			return err
		}
	}
	m.size = size
	return nil
}

// Punch makes bytes read as zeros.
func (m *Memory) Punch(off, n int64) error {
	for end := min(off+n, m.size); off < end; {
		page, at := off/pageSize, off%pageSize
		k := min(end-off, pageSize-at)
		if k == pageSize {
			delete(m.pages, page)
		} else if p := m.pages[page]; p != nil {
			clear(p[at : at+k])
		}
		off += k
	}
	return nil
}

// Sync has nothing to do: nothing of a Memory outlasts the emulator.
func (m *Memory) Sync() error { return nil }

// Close forgets it.
func (m *Memory) Close() error {
	*m = Memory{}
	return nil
}

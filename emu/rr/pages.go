package rr

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// PageSize is that of pages of a recording.
const PageSize = 4096

// framePages is how many pages are in a page frame, but for the last before entries that
// are about them.
const framePages = 64

// frameSize is about how much a frame of entries holds.
const frameSize = framePages * PageSize

// pageID is a page of a recording: 0 is one of zeroes, the others count from 1 in the
// order of the file.
type pageID uint32

// pageKey tells contents apart. The seeds are the recorder's secret, so that no guest can
// make two pages that it takes for one.
type pageKey [2]uint64

// pageStore writes each page once.
type pageStore struct {
	w     *Writer
	seeds [2]maphash.Seed
	known map[pageKey]pageID
	buf   []byte
	last  pageID
}

var zeroes [PageSize]byte

func newPageStore(w *Writer) *pageStore {
	s := &pageStore{w: w, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, known: map[pageKey]pageID{}, buf: w.buffer()}
	s.known[s.key(zeroes[:])] = 0
	return s
}

func (s *pageStore) key(b []byte) pageKey {
	return pageKey{maphash.Bytes(s.seeds[0], b), maphash.Bytes(s.seeds[1], b)}
}

// put is the id of a page with these contents, filled up with zeroes.
func (s *pageStore) put(b []byte) pageID {
	if len(b) < PageSize {
		b = append(slices.Clip(b), zeroes[:PageSize-len(b)]...)
	}
	k := s.key(b)
	id, ok := s.known[k]
	if !ok {
		s.last++
		id = s.last
		s.known[k] = id
		if s.buf = append(s.buf, b...); len(s.buf) == frameSize {
			s.flush()
		}
	}
	return id
}

// flush writes what has come since the last time. It comes before entries that are
// about it.
func (s *pageStore) flush() {
	if len(s.buf) > 0 {
		s.w.write(pageFrame, s.buf)
		s.buf = s.w.buffer()
	}
}

// pageReader finds the pages of a recording again.
type pageReader struct {
	r      *Recording
	frames []pagesAt // in the order of the file
	cached []cachedPages
	turn   int
}

// pagesAt is a frame, and its first page.
type pagesAt struct {
	first pageID
	n     int
	at    int64
}

type cachedPages struct {
	at   int64
	body []byte
}

// mostCached is how many frames of pages are kept unpacked.
const mostCached = 64

var errNoPage = fmt.Errorf("%w: it refers to a page that it does not have", ErrCorrupt)

// add notes the next frame of pages.
func (p *pageReader) add(at int64, body []byte) error {
	first := p.end()
	if len(body) == 0 || len(body)%PageSize != 0 || len(body) > frameSize || first > unknownPage-framePages {
		return ErrCorrupt
	}
	p.frames = append(p.frames, pagesAt{first, len(body) / PageSize, at})
	p.keep(at, body)
	return nil
}

// end is the page after the last one that there is.
func (p *pageReader) end() pageID {
	if n := len(p.frames); n > 0 {
		return p.frames[n-1].first + pageID(p.frames[n-1].n)
	}
	return 1
}

func (p *pageReader) keep(at int64, body []byte) {
	if len(p.cached) < mostCached {
		p.cached = append(p.cached, cachedPages{at, body})
		return
	}
	p.cached[p.turn] = cachedPages{at, body}
	p.turn = (p.turn + 1) % mostCached
}

// get is a page, until the next call.
func (p *pageReader) get(id pageID) ([]byte, error) {
	if id == 0 {
		return zeroes[:], nil
	}
	i, found := slices.BinarySearchFunc(p.frames, id, func(f pagesAt, id pageID) int { return int(int64(f.first) - int64(id)) })
	if !found {
		i--
	}
	if i < 0 || id >= p.end() {
		return nil, errNoPage
	}
	f := p.frames[i]
	body, err := p.body(f.at)
	if err == nil && len(body) != f.n*PageSize { // somebody writes to the file
		err = ErrCorrupt
	}
	if err != nil {
		return nil, err
	}
	off := int(id-f.first) * PageSize
	return body[off : off+PageSize], nil
}

func (p *pageReader) body(at int64) ([]byte, error) {
	for _, c := range p.cached {
		if c.at == at {
			return c.body, nil
		}
	}
	_, body, _, err := p.r.frame(at, nil)
	if err == nil {
		p.keep(at, body)
	}
	return body, err
}

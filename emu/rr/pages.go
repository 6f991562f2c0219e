package rr

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
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
	ahead  *room     // that frames which are unpacked ahead take
	frames []pagesAt // in the order of the file
	fresh  int       // of them are before the frame of entries that comes next
	recent int       // are before the one that is read now
	cached []cachedPages
	turn   int
}

// pagesAt is a frame, and its first page.
type pagesAt struct {
	first pageID
	n     int
	at    int64
	ahead *aheadFrame // while it is kept
}

type cachedPages struct {
	at   int64
	body []byte
}

// mostCached is how many frames of pages are kept unpacked.
const mostCached = 64

var errNoPage = fmt.Errorf("%w: it refers to a page that it does not have", ErrCorrupt)

// add notes the next frame of pages, which is unpacked when one of them is asked for, if
// not before.
func (p *pageReader) add(f *aheadFrame) error {
	first, size := p.end(), f.size
	if size == 0 || size%PageSize != 0 || size > frameSize || first > unknownPage-framePages {
		return ErrCorrupt
	}
	at := pagesAt{first: first, n: size / PageSize, at: f.at}
	if f.unpacked != nil {
		at.ahead = f
	}
	p.frames = append(p.frames, at)
	p.fresh++
	return nil
}

// age is called when another frame of entries begins: most pages are asked for by the one
// that comes after them.
func (p *pageReader) age() {
	end := len(p.frames) - p.fresh
	for i := end - p.recent; i < end; i++ {
		p.forget(&p.frames[i])
	}
	p.recent, p.fresh = p.fresh, 0
}

// forget keeps a frame no longer than others that are asked for.
func (p *pageReader) forget(f *pagesAt) {
	if f.ahead == nil {
		return
	}
	if body, err := f.ahead.wait(); err == nil {
		p.keep(f.at, body)
	}
	p.ahead.give(f.ahead.size)
	f.ahead = nil
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
	p.r.reuse(p.cached[p.turn].body)
	p.cached[p.turn] = cachedPages{at, body}
	p.turn = (p.turn + 1) % mostCached
}

// get is a page, until the next call.
func (p *pageReader) get(id pageID) ([]byte, error) {
	if id == 0 {
		return zeroes[:], nil
	}
	f, err := p.find(id)
	if err != nil {
		return nil, err
	}
	body, err := p.body(f)
	if err == nil && len(body) != f.n*PageSize { // somebody writes to the file
		err = ErrCorrupt
	}
	if err != nil {
		return nil, err
	}
	off := int(id-f.first) * PageSize
	return body[off : off+PageSize], nil
}

// find is the frame of a page.
func (p *pageReader) find(id pageID) (pagesAt, error) {
	i, found := slices.BinarySearchFunc(p.frames, id, func(f pagesAt, id pageID) int { return cmp.Compare(f.first, id) })
	if !found {
		i--
	}
	if i < 0 || id >= p.frames[i].first+pageID(p.frames[i].n) {
		return pagesAt{}, errNoPage
	}
	return p.frames[i], nil
}

// each calls f for pages that follow each other, several at a time, from several
// goroutines; skip is how many there were before those.
func (p *pageReader) each(id pageID, n uint64, f func(skip uint64, pages []byte) error) error {
	var tasks errgroup
	for done := uint64(0); done < n; {
		fr, err := p.find(id + pageID(done))
		if err != nil {
			return cmp.Or(tasks.wait(), err)
		}
		skip, from := done, int(id+pageID(done)-fr.first)
		some := min(n-done, uint64(fr.n-from))
		tasks.start(func() error {
			body, err := p.unpacked(fr)
			if err != nil {
				return err
			}
			if len(body) != fr.n*PageSize { // somebody writes to the file
				return ErrCorrupt
			}
			err = f(skip, body[from*PageSize:][:some*PageSize])
			if fr.ahead == nil {
				p.r.reuse(body)
			}
			return err
		})
		done += some
	}
	return tasks.wait()
}

// errgroup runs a few functions at a time.
type errgroup struct {
	all  sync.WaitGroup
	turn chan struct{}
	mu   sync.Mutex
	err  error
}

func (g *errgroup) start(f func() error) {
	if g.turn == nil {
		g.turn = make(chan struct{}, runtime.GOMAXPROCS(0))
	}
	g.turn <- struct{}{}
	g.all.Go(func() {
		defer func() { <-g.turn }()
		if err := f(); err != nil {
			g.mu.Lock()
			g.err = cmp.Or(g.err, err)
			g.mu.Unlock()
		}
	})
}

func (g *errgroup) wait() error {
	g.all.Wait()
	return g.err
}

// unpacked is what is in a frame; it may be called from any goroutine.
func (p *pageReader) unpacked(f pagesAt) ([]byte, error) {
	if f.ahead != nil {
		return f.ahead.wait()
	}
	_, body, _, err := p.r.frame(f.at)
	return body, err
}

func (p *pageReader) body(f pagesAt) ([]byte, error) {
	if f.ahead == nil {
		for _, c := range p.cached {
			if c.at == f.at {
				return c.body, nil
			}
		}
	}
	body, err := p.unpacked(f)
	if err == nil && f.ahead == nil {
		p.keep(f.at, body)
	}
	return body, err
}

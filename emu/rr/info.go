package rr

import (
	"cmp"
	"errors"
	"io"
	"slices"
)

// Contents is what is in a recording.
type Contents struct {
	Instructions uint64 // at the last input, or the end
	Inputs       uint64
	Threads      int
	Processes    []ProcessInfo // in the order in which they were made
	Unlisted     int           // processes that are not in the list, which has room for those of any build
	Files        int
	Pages        uint64
	States       int
	Edits        int         // changes by plugins and people
	Kinds        []KindCount // of inputs, most frequent first
	End          string      // why there is no more
}

// KindCount is how many inputs of a kind there are.
type KindCount struct {
	Name string
	N    uint64
}

// Contents goes through a recording.
func (r *Recording) Contents() *Contents {
	c := new(Contents)
	var pages pageReader
	log := newLogReader(r, &pages, 0)
	defer log.close()
	kinds, ps := map[string]uint64{}, newProcesses()
	var threads idSet
	var lastFile uint64
	var e entry
	for log.next(&e); e.kind != 0; log.next(&e) {
		c.Inputs, c.Instructions = e.seq+1, e.icount
		threads.add(e.thread)
		switch e.kind {
		case callEntry:
			kinds[kindOf(kinds, callName(e.call.nr))]++
		case clockEntry:
			kinds["clock"]++
		case fileEntry:
			if e.file.id > lastFile { // they are numbered in order
				lastFile = e.file.id
				c.Files++
			}
		case stateEntry:
			c.States++
		case editEntry:
			c.Edits++
		case processEntry:
			ps.take(e.icount, &e.process)
		}
	}
	if n := len(pages.frames); n > 0 {
		c.Pages = uint64(pages.frames[n-1].first) + uint64(pages.frames[n-1].n) - 1
	}
	c.Threads, c.Processes, c.Unlisted = threads.n, ps.all, ps.unlisted
	for name, n := range kinds { // sorted below
		c.Kinds = append(c.Kinds, KindCount{name, n})
	}
	slices.SortFunc(c.Kinds, func(a, b KindCount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) })
	if c.End = log.end.Error(); errors.Is(log.end, io.EOF) {
		c.End = "the file ends"
	}
	if r.Summary != nil {
		c.Instructions = r.Summary.Instructions
	}
	return c
}

// mostKinds is more than there are calls.
const mostKinds = 1024

// kindOf is the name under which a call is counted.
func kindOf(kinds map[string]uint64, name string) string {
	if _, ok := kinds[name]; !ok && len(kinds) >= mostKinds {
		return "other calls"
	}
	return name
}

// idSet counts ids, each once. Those that no guest comes to are left out.
type idSet struct {
	bits []uint64
	n    int
}

// mostIDs is how many ids are told apart.
const mostIDs = 1 << 26

func (s *idSet) add(id int) {
	if id < 0 || id >= mostIDs {
		return
	}
	word, bit := id/64, uint64(1)<<(id%64)
	if word >= len(s.bits) {
		s.bits = append(s.bits, make([]uint64, word+1-len(s.bits))...)
	}
	if s.bits[word]&bit == 0 {
		s.bits[word] |= bit
		s.n++
	}
}

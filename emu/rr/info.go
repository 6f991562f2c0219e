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
	kinds, threads, files := map[string]uint64{}, map[int]bool{}, map[uint64]bool{}
	ps := processes{alive: map[int]int{}}
	var e entry
	for log.next(&e); e.kind != 0; log.next(&e) {
		c.Inputs, c.Instructions = e.seq+1, e.icount
		threads[e.thread] = true
		switch e.kind {
		case callEntry:
			kinds[callName(e.call.nr)]++
		case clockEntry:
			kinds["clock"]++
		case fileEntry:
			files[e.file.id] = true
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
	c.Threads, c.Files, c.Processes = len(threads), len(files), ps.all
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

package rr

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Contents is what is in a recording.
type Contents struct {
	Instructions uint64 // at the last input, or the end
	Inputs       uint64
	Threads      int           // that have got any
	Processes    []ProcessInfo // in the order in which they were made
	Files        int
	Pages        uint64
	States       int
	Edits        int         // changes by plugins and people
	Kinds        []KindCount // of inputs, most frequent first
	End          string      // how the run ended, or why there is no more of it
}

// KindCount is how many inputs of a kind there are, and how many bytes came with them.
type KindCount struct {
	Name     string
	N, Bytes uint64
}

// Contents goes through a recording.
func (r *Recording) Contents() *Contents {
	c := new(Contents)
	var pages pageReader
	log := newLogReader(r, &pages, 0)
	defer log.close()
	kinds, threads, files := map[string]*KindCount{}, map[int]bool{}, map[uint64]bool{}
	count := func(name string, bytes uint64) {
		if kinds[name] == nil {
			kinds[name] = &KindCount{Name: name}
		}
		kinds[name].N++
		kinds[name].Bytes += bytes
	}
	ps := processes{alive: map[int]int{}}
	var e entry
	for log.next(&e); e.kind != 0; log.next(&e) {
		c.Inputs, c.Instructions = e.seq+1, e.icount
		if e.thread != 0 { // else there is none yet
			threads[e.thread] = true
		}
		switch e.kind {
		case callEntry:
			count(callName(e.call.nr), e.call.bytes())
		case clockEntry:
			count("clock", 0)
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
	for _, k := range kinds { // sorted below
		c.Kinds = append(c.Kinds, *k)
	}
	slices.SortFunc(c.Kinds, func(a, b KindCount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) })
	if err := r.short(log.end); err != nil {
		c.End = fmt.Sprintf("%v, at icount %d", err, c.Instructions)
	} else {
		c.End, c.Instructions = r.Summary.end(), r.Summary.Instructions
	}
	return c
}

// short says why the end of the run is not in a recording whose log ends so, nil if it is.
func (r *Recording) short(end error) error {
	switch s := r.Summary; {
	case s == nil && (errors.Is(end, io.EOF) || errors.Is(end, errCut)):
		return ErrUnfinished
	case !errors.Is(end, io.EOF):
		return end
	case s.Lost != "":
		return errors.New(s.Lost)
	}
	return nil
}

// ErrUnfinished is why a recording has no summary.
var ErrUnfinished = errors.New("it is still being written, its recorder was killed or had no room, or the file was cut off or added to")

// end is how a run ended that is whole.
func (s *Summary) end() string {
	switch {
	case !s.Ended:
		return "the guest was left"
	case s.Signal != 0:
		return fmt.Sprintf("the program was killed by signal %d", s.Signal)
	}
	return fmt.Sprintf("exit status %d", s.Status)
}

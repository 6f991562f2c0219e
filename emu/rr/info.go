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
	Unlisted     int           // processes that are not in the list, which has room for those of any build
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
	kinds, ps := map[string]*KindCount{}, newProcesses()
	count := func(name string, bytes uint64) {
		if kinds[name] == nil {
			kinds[name] = &KindCount{Name: name}
		}
		kinds[name].N++
		kinds[name].Bytes += bytes
	}
	var threads idSet
	var lastFile uint64
	var e entry
	for log.next(&e); e.kind != 0; log.next(&e) {
		c.Inputs, c.Instructions = e.seq+1, e.icount
		if e.thread != 0 { // else there is none yet
			threads.add(e.thread)
		}
		switch e.kind {
		case callEntry:
			count(kindOf(kinds, callName(e.call.nr)), e.call.bytes())
		case clockEntry:
			count("clock", 0)
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
	for _, k := range kinds { // sorted below
		c.Kinds = append(c.Kinds, *k)
	}
	slices.SortFunc(c.Kinds, func(a, b KindCount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) })
	if err := r.short(log.end); err != nil {
		c.End = fmt.Sprintf("%v; its last input is at icount %d", err, c.Instructions)
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
var ErrUnfinished = errors.New("it is still being written, its recorder was killed or had no room, or the file was cut off")

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

// mostKinds is more than there are calls.
const mostKinds = 1024

// kindOf is the name under which a call is counted.
func kindOf(kinds map[string]*KindCount, name string) string {
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

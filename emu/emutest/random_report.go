package emutest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/oracle"
)

// Difference is a disagreement of the CPUs.
type Difference struct {
	Seed  uint64
	Bits  int
	Row   string // of the instruction, "" for a sequence as a whole
	Code  []byte
	Text  string
	Line  *Line // the instruction alone, if that shows it too
	Diffs []string
	List  []string // the sequence
	// Got and Want are how the instruction ended.
	Got, Want oracle.Stop
}

func (d *Difference) String() string {
	var b strings.Builder
	what := "instruction"
	if d.Row == "" {
		what = "sequence in one piece, last"
	}
	fmt.Fprintf(&b, "seed %#x, %d bits: %s %s [% x]: %s", d.Seed, d.Bits, what, d.Text, d.Code, strings.Join(d.Diffs, "; "))
	if d.Line != nil {
		fmt.Fprintf(&b, "\n  %s", d.Line)
		return b.String()
	}
	for _, s := range d.List {
		fmt.Fprintf(&b, "\n  %s", s)
	}
	return b.String()
}

func (r *Random) difference(s *step, ds []string) *Difference {
	d := &Difference{
		Seed: r.seed, Bits: r.m.Bits, Row: s.in.Row.Name, Code: s.code, Text: dec.Text(&s.in, s.pc, nil), Diffs: ds,
	}
	for i := range r.log {
		s := &r.log[i]
		d.List = append(d.List, fmt.Sprintf("%x: %-30x %s", s.pc, s.code, dec.Text(&s.in, s.pc, nil)))
	}
	return d
}

// differ reports an instruction, as a line if the difference shows there too.
func (r *Random) differ(s *step, ds []string) (*Difference, error) {
	d := r.difference(s, ds)
	if !settable(&r.cur) {
		return d, nil
	}
	l := &Line{Pos: fmt.Sprintf("seed %#x", r.seed), Bits: r.m.Bits, Code: s.code, Text: d.Text, In: r.cur}
	l.InMem = []Patch{{LineData, slices.Clone(r.before)}}
	if want, err := r.shrink(l); err != nil || want != nil {
		d.Line = want
		return d, err
	}
	return d, nil
}

// shrink takes out of a line whatever its difference does not need. It returns
// nil if there is no difference.
func (r *Random) shrink(l *Line) (*Line, error) {
	mask := r.taint
	differs := func(l *Line) (*Line, error) {
		want, err := RunLine(r.host, l)
		if err != nil {
			return nil, err
		}
		got, err := RunLine(r.m, l)
		if err != nil {
			return nil, err
		}
		got.Out.RFlags ^= (got.Out.RFlags ^ want.Out.RFlags) & mask
		if LineDiff(got, want) == nil {
			return nil, nil
		}
		return want, nil
	}
	best, err := differs(l)
	if best == nil || err != nil {
		return nil, err
	}
	base := NewLineState(l.Bits)
	for _, f := range fieldsOf(l.Bits) {
		if f.name == "rip" || f.name == "eip" || bytes.Equal(f.get(&l.In), f.get(base)) {
			continue
		}
		less := *l
		f.set(&less.In, f.get(base))
		if w, err := differs(&less); err != nil {
			return nil, err
		} else if w != nil {
			l, best = &less, w
		}
	}
	for size := 1024; size >= 1; size /= 4 {
		for at := 0; at < dataSize; at += size {
			if bytes.Count(l.InMem[0].Data[at:at+size], []byte{0}) == size {
				continue
			}
			less := *l
			less.InMem = []Patch{{LineData, slices.Clone(l.InMem[0].Data)}}
			clear(less.InMem[0].Data[at : at+size])
			if w, err := differs(&less); err != nil {
				return nil, err
			} else if w != nil {
				l, best = &less, w
			}
		}
	}
	best.InMem = memoryDiff(make([]byte, dataSize), best.InMem[0].Data)
	return best, nil
}

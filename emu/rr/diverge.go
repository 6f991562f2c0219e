package rr

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Divergence says that a replay went another way than the recording.
type Divergence struct {
	Icount uint64
	Thread int
	Got    string   // what the guest does
	Want   string   // what it did
	Last   []string // inputs before, oldest first
	State  bool     // its state was another, as it was not yet at icount Good
	Good   uint64
	Doubts []string // what the recorder knew that it might have missed
	Short  error    // what this machine had no room for before, if the recording one may have had it
}

// Fatal marks it as no failure of a callback.
func (d *Divergence) Fatal() {}

func (d *Divergence) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the replay diverges at icount %d in thread %d: %s, where it was recorded that %s", d.Icount, d.Thread, d.Got, d.Want)
	if len(d.Last) > 0 {
		fmt.Fprintf(&b, "\nThe last inputs:\n  %s", strings.Join(d.Last, "\n  "))
	}
	for _, line := range d.Doubts {
		fmt.Fprintf(&b, "\nThe recorder noted: %s", line)
	}
	if d.Short != nil {
		fmt.Fprintf(&b, "\nThis machine had no room for the guest before: %v; it takes a larger limit (ulimit -v, vm.max_map_count)", d.Short)
	}
	return b.String()
}

func (p *Player) diverge(got string) { panic(p.divergence(got, p.expected())) }

// expected is the input that comes next.
func (p *Player) expected() string {
	n := &p.next
	return fmt.Sprintf("thread %d at icount %d gets %s", n.thread, n.icount, n)
}

func (p *Player) divergence(got, want string) *Divergence {
	return &Divergence{Icount: p.now.Icount(), Thread: p.now.Thread(), Got: got, Want: want, Last: p.lastInputs(), Short: p.short, Doubts: p.rec.Summary.doubts()}
}

func (p *Player) lastInputs() (lines []string) {
	for i := p.taken - min(p.taken, lastEntries); i < p.taken; i++ {
		t := &p.last[i%lastEntries]
		lines = append(lines, fmt.Sprintf("#%d icount %d thread %d: %s", t.seq, t.icount, t.thread, &t.text))
	}
	return lines
}

// OverError says that a recording ends before the guest does. Icount is where the guest asks
// for more, which may be long after the last input that there is.
type OverError struct {
	Icount uint64
	Why    error // wraps ErrCorrupt if there is more, which cannot be read
}

// Fatal marks it as no failure of a callback.
func (e *OverError) Fatal() {}

// Unwrap gives the reason.
func (e *OverError) Unwrap() error { return e.Why }

func (e *OverError) Error() string {
	return fmt.Sprintf("the recording has no more at icount %d: %v", e.Icount, e.Why)
}

func (p *Player) over() error {
	return &OverError{p.now.Icount(), p.damage()}
}

// damage is why a recording has no more entries.
func (p *Player) damage() error {
	return cmp.Or(p.rec.short(p.log.end), errLeft)
}

var errLeft = errors.New("the guest was left there")

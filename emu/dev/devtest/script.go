package devtest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"panda/emu/dev"
	"panda/emu/snap"
)

// A script is steps, one a line or with semicolons between; what follows # is a comment.
//
//	out 43 34        a byte to a port; outw and outl are wider. Numbers are hexadecimal
//	out 40 12 34     several bytes
//	in 40 = 12       what a port reads as; inw, inl; several: in 40 = 12 34
//	wait 10ms        time passes
//	leap 10ms        time passes, and the timers are late
//	wire irq = 1     the level of a wire
//	rises irq = 2    how often it rose since that was asked last
//	log = 41 42      what the chip gave to the world since that was asked last
//	mem 100 = 1 2    bytes of memory; without =, mem 100 1 2 sets them
//	reset            the reset line
type step struct {
	text    string
	verb    string
	args    []string
	want    string
	compare bool
}

func parse(script string) (steps []step) {
	for line := range strings.Lines(script) {
		line, _, _ = strings.Cut(line, "#")
		for text := range strings.SplitSeq(line, ";") {
			do, want, compare := strings.Cut(text, "=")
			if words := strings.Fields(do); len(words) > 0 {
				steps = append(steps, step{strings.TrimSpace(text), words[0], words[1:], strings.Join(strings.Fields(want), " "), compare})
			}
		}
	}
	return steps
}

// Run runs a script, and once more for each of its steps with a new chip that takes over
// the state before that step. All must end in the same state.
func Run(t *testing.T, build func(r *Rig), script string) {
	t.Helper()
	steps := parse(script)
	whole := New(t, build)
	saved := make([]*Rig, len(steps))
	states := make([][]byte, len(steps))
	for i, s := range steps {
		saved[i], states[i] = New(t, build), snap.Save(whole.Chip.State)
		saved[i].follow(whole)
		whole.step(t, i, s)
	}
	end := snap.Save(whole.Chip.State)
	for from, r := range saved {
		if t.Failed() {
			return
		}
		if err := r.load(t, states[from]); err != nil {
			t.Fatalf("before step %d, %s: %v", from, steps[from].text, err)
		}
		for i, s := range steps[from:] {
			r.step(t, from+i, s)
		}
		if !t.Failed() && !bytes.Equal(snap.Save(r.Chip.State), end) {
			t.Errorf("ends in another state when loaded before step %d, %s", from, steps[from].text)
		}
		if t.Failed() {
			t.Fatalf("after loading before step %d, %s", from, steps[from].text)
		}
	}
}

func (r *Rig) step(t *testing.T, i int, s step) {
	t.Helper()
	do := r.Verbs[s.verb]
	if do == nil {
		do = r.verb(s)
	}
	if do == nil {
		t.Fatalf("step %d: no verb %q", i, s.verb)
	}
	if got := do(s.args); s.compare && got != s.want {
		t.Errorf("step %d, %s: got %s", i, s.text, got)
	}
}

var sizes = map[string]int{"in": 1, "inw": 2, "inl": 4, "out": 1, "outw": 2, "outl": 4}

// verb is what a common step does.
func (r *Rig) verb(s step) func(args []string) string {
	switch s.verb {
	case "in", "inw", "inl":
		return func(args []string) string {
			return r.in(Hex(args[0]), sizes[s.verb], max(1, len(strings.Fields(s.want))))
		}
	case "out", "outw", "outl":
		return func(args []string) string { return r.out(Hex(args[0]), sizes[s.verb], args[1:]) }
	case "wait":
		return func(args []string) string { r.Until(r.now + span(args[0])); return "" }
	case "leap":
		return func(args []string) string { r.Leap(r.now + span(args[0])); return "" }
	case "wire":
		return func(args []string) string { return Bit(r.levels[args[0]]) }
	case "rises":
		return func(args []string) string { return r.rose(args[0]) }
	case "log":
		return func([]string) string { log := r.log; r.log = nil; return strings.Join(log, " ") }
	case "mem":
		return func(args []string) string { return r.mem(Hex(args[0]), args[1:], len(strings.Fields(s.want))) }
	case "reset":
		return func([]string) string { r.Chip.Reset(); return "" }
	}
	return nil
}

func (r *Rig) in(port uint64, size, n int) string {
	var got []string
	for range n {
		got = append(got, fmt.Sprintf("%0*x", 2*size, r.Bus.In(uint16(port), size)))
	}
	return strings.Join(got, " ")
}

func (r *Rig) out(port uint64, size int, values []string) string {
	for _, v := range values {
		r.Bus.Out(uint16(port), size, uint32(Hex(v)))
	}
	return ""
}

func (r *Rig) rose(name string) string {
	n := r.rises[name]
	r.rises[name] = 0
	return strconv.Itoa(n)
}

func (r *Rig) mem(at uint64, set []string, n int) string {
	for i, v := range set {
		r.Memory[at+uint64(i)] = byte(Hex(v))
	}
	var got []string
	for _, b := range r.Memory[at : at+uint64(n)] {
		got = append(got, fmt.Sprintf("%02x", b))
	}
	return strings.Join(got, " ")
}

// Hex is a hexadecimal number of a script.
func Hex(s string) uint64 {
	v, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		panic(err)
	}
	return v
}

// Bit is how scripts write a truth value.
func Bit(v bool) string {
	if v {
		return "1"
	}
	return "0"
}

func span(s string) dev.Time {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return dev.Time(d)
}

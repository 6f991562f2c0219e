package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// series are the times of one peer on one kernel, by round, in seconds: user and system
// time, or what passes.
type series struct {
	times []float64
	err   error
}

// measure runs a kernel under all peers in turn. The first round does not count.
func measure(o *options, dir string, w work, peers []peer) []series {
	all := make([]series, len(peers))
	var want []byte
	for round := -1; round < o.rounds; round++ {
		for n, p := range peers {
			s := &all[n]
			if s.err != nil {
				continue
			}
			var out []byte
			var took float64
			took, out, s.err = runOnce(o, dir, w, p)
			switch {
			case s.err != nil:
			case want == nil:
				want = out
			case !bytes.Equal(out, want):
				s.err = errors.New("differs")
			}
			if round >= 0 {
				s.times = append(s.times, took)
			}
		}
	}
	return all
}

// runOnce runs a kernel and is the time that it takes.
func runOnce(o *options, dir string, w work, p peer) (took float64, out []byte, err error) {
	argv := slices.Clone(p.prefix)
	if !p.alone {
		argv = append(argv, w.command(o, dir)...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Dir, c.WaitDelay = o.dir, time.Second
	began := time.Now()
	out, err = c.Output()
	if ctx.Err() != nil {
		err = errors.New("too slow")
	}
	switch {
	case o.wall:
		took = time.Since(began).Seconds()
	case c.ProcessState != nil:
		took = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	}
	return took, out, err
}

// command is the command line of a kernel.
func (w *work) command(o *options, dir string) []string {
	argv := []string{w.program}
	if !filepath.IsAbs(w.program) {
		argv[0] = filepath.Join(dir, w.program)
	}
	if w.size > 0 {
		argv = append(argv, strconv.Itoa(max(1, int(w.size*o.scale+0.5))))
	}
	return append(argv, w.args...)
}

// median of a series that is not empty.
func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}

// ratio is the median of a's times to b's, round by round.
func ratio(a, b series) float64 {
	var v []float64
	for i := range a.times {
		if b.times[i] > 0 {
			v = append(v, a.times[i]/b.times[i])
		}
	}
	if len(v) == 0 {
		return 0
	}
	return median(v)
}

// means gathers ratios for their geometric mean.
type means struct {
	logs float64
	n    int
}

func (m *means) add(ratio float64) {
	if ratio > 0 {
		m.logs += math.Log(ratio)
		m.n++
	}
}

// text is the mean, "" of none.
func (m *means) text() string {
	if m.n == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", math.Exp(m.logs/float64(m.n)))
}

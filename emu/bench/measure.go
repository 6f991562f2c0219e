package main

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// series are the times of one peer on one kernel, by round, in seconds.
type series struct {
	cpu []float64
	err error
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
			var cpu float64
			cpu, out, s.err = runOnce(o, dir, w, p)
			switch {
			case s.err != nil:
			case want == nil:
				want = out
			case !bytes.Equal(out, want):
				s.err = errors.New("differs")
			}
			if round >= 0 {
				s.cpu = append(s.cpu, cpu)
			}
		}
	}
	return all
}

// runOnce runs a kernel and is its user and system time.
func runOnce(o *options, dir string, w work, p peer) (cpu float64, out []byte, err error) {
	argv := append(slices.Clone(p.prefix), w.command(o, dir)...)
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.WaitDelay = time.Second
	out, err = c.Output()
	if ctx.Err() != nil {
		err = errors.New("too slow")
	}
	if c.ProcessState != nil {
		cpu = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	}
	return cpu, out, err
}

// command is the command line of a kernel.
func (w *work) command(o *options, dir string) []string {
	argv := []string{filepath.Join(dir, w.program)}
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
	for i := range a.cpu {
		if b.cpu[i] > 0 {
			v = append(v, a.cpu[i]/b.cpu[i])
		}
	}
	if len(v) == 0 {
		return 0
	}
	return median(v)
}

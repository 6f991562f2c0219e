package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"panda/cmd/panda/prompt"
)

// progress tells how far a replay is: on a terminal in a line that is written over, with
// -json in lines of JSON.
type progress struct {
	out   io.Writer
	json  bool
	total uint64 // instructions; 0 if that is not known
	now   func() uint64
	began time.Time

	mu      sync.Mutex // of the line
	shown   bool
	partial bool // the program's last line on the terminal has no end yet
}

// How often it is told, and how long a replay runs before it first is.
const (
	progressTick  = 250 * time.Millisecond
	progressDelay = time.Second
)

// jsonProgress is a line of JSON.
type jsonProgress struct {
	Instructions uint64 `json:"instructions"`
	*jsonToGo
	PerSecond float64 `json:"perSecond"` // instructions
}

// jsonToGo is the part of it that is left out while it is not known.
type jsonToGo struct {
	Total   uint64  `json:"total"`
	Percent float64 `json:"percent"`
	ETA     float64 `json:"eta"` // seconds
}

// start tells until stop is called.
func (p *progress) start() (stop func()) {
	p.began = time.Now()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressTick)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if time.Since(p.began) >= progressDelay {
					p.tell()
				}
			case <-end:
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
		if p.json {
			p.tell()
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.clear()
	}
}

// measure is how far it is now.
func (p *progress) measure() jsonProgress {
	m := jsonProgress{Instructions: p.now()}
	speed := float64(m.Instructions) / time.Since(p.began).Seconds()
	m.PerSecond = math.Round(speed)
	if p.total > 0 && m.Instructions > 0 {
		m.jsonToGo = &jsonToGo{
			Total:   p.total,
			Percent: tenths(min(100, 100*float64(m.Instructions)/float64(p.total))),
			ETA:     tenths(max(0, float64(p.total)-float64(m.Instructions)) / speed),
		}
	}
	return m
}

// tenths rounds to what people read.
func tenths(x float64) float64 { return math.Round(10*x) / 10 }

func (p *progress) tell() {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.measure()
	if p.json {
		json.NewEncoder(p.out).Encode(m)
		return
	}
	if p.partial { // there is no room
		return
	}
	text := fmt.Sprintf("%s instructions, %.0f M/s", grouped(m.Instructions), m.PerSecond/1e6)
	if m.jsonToGo != nil {
		text = fmt.Sprintf("%s of %s instructions, %.0f %%, %.0f M/s, %.0fs to go", grouped(m.Instructions), grouped(m.Total), math.Floor(m.Percent), m.PerSecond/1e6, max(1, math.Ceil(m.ETA)))
	}
	fmt.Fprintf(p.out, "\r%s\x1b[K", text)
	p.shown = true
}

// clear takes the line away.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}

// before makes a writer before which the line is taken away. It does not come back to a
// terminal in the middle of a line of the program's.
func (p *progress) before(w io.Writer) io.Writer { return clearing{p, w, prompt.Colors(w)} }

type clearing struct {
	p        *progress
	w        io.Writer
	terminal bool
}

func (c clearing) Write(b []byte) (int, error) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.clear()
	if n := len(b); n > 0 && c.terminal {
		c.p.partial = b[n-1] != '\n'
	}
	return c.w.Write(b)
}

// wanted reports whether somebody is to be told.
func (o *replayOptions) wanted(json bool, stderr io.Writer) bool {
	return json || !o.quiet && prompt.Colors(stderr)
}

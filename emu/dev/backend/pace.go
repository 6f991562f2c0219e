package backend

import (
	"time"

	"panda/emu/dev"
)

// Unpaced lets the guest's time pass at once when the guest sleeps. One that sleeps for ever
// waits for what comes in.
type Unpaced struct{ woken chan struct{} }

// NewUnpaced is such a pace.
func NewUnpaced() *Unpaced { return &Unpaced{make(chan struct{}, 1)} }

// Wait returns at once, unless it is for ever.
func (p *Unpaced) Wait(until dev.Time) (dev.Time, bool) {
	if until == dev.Never {
		<-p.woken
		return 0, true
	}
	return until, false
}

// Wake ends Wait.
func (p *Unpaced) Wake() { wake(p.woken) }

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Paced lets a guest that sleeps wait for the world's clock. One that is behind it does not
// wait.
type Paced struct {
	start time.Time
	woken chan struct{}
}

// NewPaced is such a pace; the guest's time begins now.
func NewPaced() *Paced { return &Paced{time.Now(), make(chan struct{}, 1)} }

func (p *Paced) now() dev.Time { return dev.Time(time.Since(p.start)) }

// Wait waits for the world.
func (p *Paced) Wait(until dev.Time) (dev.Time, bool) {
	var over <-chan time.Time
	if until != dev.Never {
		now := p.now()
		if now >= until {
			return until, false
		}
		t := time.NewTimer(time.Duration(until - now))
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
		return until, false
	case <-p.woken:
		return min(p.now(), until), true
	}
}

// Wake ends Wait.
func (p *Paced) Wake() { wake(p.woken) }

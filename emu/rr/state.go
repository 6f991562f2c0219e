package rr

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Now and then the state of the guest is summed up, in parts, before a call. A replay
// that has other sums there is not the same any more, whatever it does later.

// Sum is a number for a part of the guest's state.
type Sum struct {
	Part string
	Sum  uint64
}

// recordedState are the sums of the parts, by sums of their names.
type recordedState struct {
	exit  bool // the first process ends
	parts map[uint32]uint64
	names []uint32 // in order
}

func partKey(name string) uint32 { return uint32(xxhash.Sum64String(name)) }

func (e *encoder) state(exit bool, sums []Sum) {
	flag := byte(0)
	if exit {
		flag = 1
	}
	e.buf = binary.AppendUvarint(append(e.buf, flag), uint64(len(sums)))
	for _, s := range sums {
		e.buf = binary.LittleEndian.AppendUint32(e.buf, partKey(s.Part))
		e.buf = binary.LittleEndian.AppendUint64(e.buf, s.Sum)
	}
}

func (d *decoder) state(s *recordedState) {
	s.exit = d.byte() != 0
	n := d.count(mostParts)
	s.parts = make(map[uint32]uint64, n)
	for range n {
		b := d.bytes(12)
		if b == nil {
			return
		}
		key := binary.LittleEndian.Uint32(b)
		s.parts[key] = binary.LittleEndian.Uint64(b[4:])
		s.names = append(s.names, key)
	}
}

// The first sums come after firstState instructions, others after twice as many as
// before, until there are usualState. From there on they are as far apart as they have to
// be to take no more than a part of the time.
const (
	firstState = 4 << 20
	usualState = 64 << 20
	mostState  = 1 << 33
	statePart  = 100 // a hundredth
	mostParts  = 1 << 20
)

// stateClock says when the state is summed up next.
type stateClock struct {
	of    func(memory bool) []Sum // nil for never
	next  uint64                  // icount
	every uint64
	last  time.Time
}

// SumStates has the recorder sum up the state.
func (r *Recorder) SumStates(of func(memory bool) []Sum) {
	r.states = stateClock{of: of, next: r.now.Icount() + firstState, every: firstState, last: time.Now()}
}

// sumState sums up the state if it is time.
func (r *Recorder) sumState() {
	s := &r.states
	if s.of == nil || r.now.Icount() < s.next {
		return
	}
	began := time.Now()
	r.putState(false)
	took, since := time.Since(began), began.Sub(s.last)
	switch s.last = time.Now(); {
	case s.every < usualState, took*statePart > since && s.every < mostState:
		s.every *= 2
	case took*statePart*8 < since && s.every > usualState:
		s.every /= 2
	}
	s.next = r.now.Icount() + s.every
}

func (r *Recorder) putState(exit bool) {
	sums := r.states.of(true)
	r.enter()
	defer r.leave()
	r.head(stateEntry)
	r.enc.state(exit, sums)
}

// Exit is called when the first process ends, while its memory is there.
func (r *Recorder) Exit() {
	if r.states.of != nil && !r.ended {
		r.putState(true)
	}
}

// SumStates has the player compare the state: all of it if memory is set, else that of
// registers and tables.
func (p *Player) SumStates(of func(memory bool) []Sum, memory bool) { p.stateOf, p.memory = of, memory }

// Exit is called when the first process ends.
func (p *Player) Exit() {
	switch {
	case p.ended:
	case p.next.kind == stateEntry && p.next.state.exit:
		p.compare()
	case p.next.kind != 0:
		p.diverge("the first process ends")
	}
}

// states compares what was summed up before the next call.
func (p *Player) states() {
	for p.next.kind == stateEntry && (p.stateOf == nil || !p.next.state.exit) {
		if p.stateOf == nil {
			p.advance()
			continue
		}
		p.compare()
	}
}

func (p *Player) compare() {
	if p.next.icount != p.now.Icount() {
		p.diverge("the guest is elsewhere when its state is summed up")
	}
	s := p.next.state
	sums := p.stateOf(p.memory)
	for _, sum := range sums {
		want, ok := s.parts[partKey(sum.Part)]
		switch {
		case !ok:
			p.differ(fmt.Sprintf("there are %s", sum.Part), "there were none")
		case want != sum.Sum:
			p.differ(fmt.Sprintf("the %s sum up to %#x", sum.Part, sum.Sum), fmt.Sprintf("they summed up to %#x", want))
		}
	}
	if p.memory && len(sums) != len(s.names) {
		p.differ(fmt.Sprintf("the state has %d parts", len(sums)), fmt.Sprintf("it had %d", len(s.names)))
	}
	p.checked = p.next.icount
	p.sums++
	p.advance()
}

// differ tells of a state that is another.
func (p *Player) differ(got, want string) {
	panic(&Divergence{Icount: p.now.Icount(), Thread: p.now.Thread(), Got: got, Want: want, Last: p.lastInputs(), State: true, Good: p.checked})
}

// Inputs is how many have been taken.
func (p *Player) Inputs() uint64 { return p.taken }

// States is how many sums of the state have been found right.
func (p *Player) States() uint64 { return p.sums }

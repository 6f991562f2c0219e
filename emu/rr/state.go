package rr

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"panda/emu/digest"
)

// Now and then the state of the guest is summed up, in parts, before a call. A replay
// that has other sums there is not the same any more, whatever it does later.

// recordedState are the sums of the parts, by sums of their names.
type recordedState struct {
	exit  bool // the first process ends
	parts map[uint32]recordedPart
	n     int // of them, which may have the same
}

type recordedPart struct {
	sum    uint64
	pieces []byte // read when the sum is another
}

func partKey(name string) uint32 { return uint32(xxhash.Sum64String(name)) }

func (e *encoder) state(exit bool, parts []digest.Part) {
	flag := byte(0)
	if exit {
		flag = 1
	}
	e.buf = binary.AppendUvarint(append(e.buf, flag), uint64(len(parts)))
	room := mostPieces
	for _, p := range parts {
		e.buf = binary.LittleEndian.AppendUint32(e.buf, partKey(p.Name))
		e.buf = binary.LittleEndian.AppendUint64(e.buf, p.Sum)
		pieces := p.Pieces[:min(len(p.Pieces), room)]
		room -= len(pieces)
		b := packPieces(nil, pieces)
		e.buf = append(binary.AppendUvarint(e.buf, uint64(len(b))), b...)
	}
}

// packPieces appends what pieces are, and unpackPieces reads it again.
func packPieces(b []byte, pieces []digest.Piece) []byte {
	last := uint64(0)
	for _, p := range pieces {
		b = binary.AppendUvarint(b, p.Key-last)
		b = binary.LittleEndian.AppendUint16(b, p.Sum)
		last = p.Key
	}
	return b
}

func unpackPieces(b []byte) (pieces []digest.Piece) {
	d := decoder{b: b}
	key := uint64(0)
	for len(d.b) > 0 {
		key += d.uvarint()
		if sum := d.bytes(2); sum != nil {
			pieces = append(pieces, digest.Piece{Key: key, Sum: binary.LittleEndian.Uint16(sum)})
		}
	}
	return pieces
}

func (d *decoder) state(s *recordedState) {
	s.exit = d.byte() != 0
	s.n = d.count(mostParts)
	s.parts = make(map[uint32]recordedPart, min(s.n, len(d.b)/13))
	for range s.n {
		b := d.bytes(12)
		if b == nil {
			return
		}
		s.parts[binary.LittleEndian.Uint32(b)] = recordedPart{binary.LittleEndian.Uint64(b[4:]), d.bytes(d.uvarint())}
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
	mostPieces = 1 << 20 // of all parts: pages of 4 GiB
)

// stateClock says when the state is summed up next.
type stateClock struct {
	of    func(memory bool) []digest.Part // nil for never
	next  uint64                          // icount
	every uint64
	last  time.Time
}

// SumStates has the recorder sum up the state.
func (r *Recorder) SumStates(of func(memory bool) []digest.Part) {
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
func (p *Player) SumStates(of func(memory bool) []digest.Part, memory bool) {
	p.stateOf, p.memory = of, memory
}

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
	for i := range sums {
		sum := &sums[i]
		want, ok := s.parts[partKey(sum.Name)]
		switch {
		case !ok:
			p.differ(fmt.Sprintf("there are %s", sum.Name), "there were none")
		case want.sum != sum.Sum:
			p.differ(fmt.Sprintf("%s differ (sum %#x)", sum.Describe(unpackPieces(want.pieces)), sum.Sum), fmt.Sprintf("the sum is %#x", want.sum))
		}
	}
	if p.memory && len(sums) != s.n {
		p.differ(fmt.Sprintf("the state has %d parts", len(sums)), fmt.Sprintf("it had %d", s.n))
	}
	p.checked = p.next.icount
	p.sums++
	p.advance()
}

// differ tells of a state that is another.
func (p *Player) differ(got, want string) {
	d := p.divergence(got, want)
	d.State, d.Good = true, p.checked
	panic(d)
}

// Inputs is how many entries have been taken.
func (p *Player) Inputs() uint64 { return p.passed }

// States is how many sums of the state have been found right.
func (p *Player) States() uint64 { return p.sums }

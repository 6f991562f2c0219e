package event

import (
	"slices"
	"strconv"
)

// The parts of a filter that are not known at translation are checked by Go
// closures around the callback. The Bus puts them there, so that who fires an
// event need not know them.

// Dynamic reports whether the filter has parts that are decided at each event.
func (f *Filter) Dynamic() bool {
	return f.When != nil || f.Process != nil || f.Thread != nil || f.Every > 1 || f.Limit > 0
}

// OnlyWhen reports whether nothing but a condition is decided at each event.
func (f *Filter) OnlyWhen() bool {
	return f.Process == nil && f.Thread == nil && f.Every <= 1 && f.Limit == 0
}

// take decides one event.
func (s *Sub) take(e *Env) bool {
	f := s.Filter
	if !f.matchWho(e) || f.When != nil && !f.When.True(e) {
		s.Hits-- // the Bus has counted it
		return false
	}
	s.seen++
	if f.Every > 1 && s.seen%f.Every != 0 {
		return false
	}
	s.taken++
	if f.Limit > 0 && s.taken >= f.Limit {
		s.Disable() // this call is the last
	}
	return true
}

func (f *Filter) matchWho(e *Env) bool {
	if f.Process == nil && f.Thread == nil {
		return true
	}
	if e.CPU == nil {
		return false
	}
	m := e.CPU.Machine
	return (f.Process == nil || matchAny(f.Process, m.Comm) || slices.Contains(f.Process, strconv.Itoa(m.Process))) &&
		(f.Thread == nil || slices.Contains(f.Thread, int64(m.Thread)))
}

// count makes a counter a callback that counts.
func (s *Sub) count() {
	n := s.Counter
	s.Counter, s.Counted = nil, n
	s.Fn = s.Kind.Each(func(*Env) { *n++ })
}

// guard puts what is decided at each event before the callback. A counter becomes
// a callback that counts.
func (s *Sub) guard() {
	if s.Counter != nil {
		s.count()
	}
	s.bind()
	of := s.deliver
	s.Fn = Rows[s.Kind].Shape.each(func(e *Env) bool { return s.take(e) && of(e) })
	s.CounterAt = nil
}

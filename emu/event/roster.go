package event

import "slices"

// roster is a list from which what has ended is taken out by and by: in one piece
// when it is more than half of the list. A script may make and end a hundred
// thousand subscriptions, each of which would copy the list.
type roster[T interface{ over() bool }] struct {
	all   []T // what has ended, too
	ended int // of those
}

func (r *roster[T]) insert(i int, v T) { r.all = slices.Insert(r.all, i, v) }

// left is called once when an element has ended. Who walks over all meanwhile keeps
// what it has.
func (r *roster[T]) left() {
	if r.ended++; 2*r.ended <= len(r.all) {
		return
	}
	live := make([]T, 0, len(r.all)-r.ended)
	for _, v := range r.all {
		if !v.over() {
			live = append(live, v)
		}
	}
	r.all, r.ended = live, 0
}

func (s *Sub) over() bool   { return s.removed }
func (h *Calls) over() bool { return h.Sub.removed }
func (t *Timer) over() bool { return t.Sub.removed }

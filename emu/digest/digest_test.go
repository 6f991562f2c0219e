package digest

import (
	"fmt"
	"slices"
	"testing"
)

func TestDescribe(t *testing.T) {
	same := []Piece{{1, 10}, {4, 40}, {7, 70}}
	p := Part{Name: "memory", Pieces: same, Piece: func(key uint64) string { return fmt.Sprintf("page %d", key) }}
	for _, c := range []struct {
		others []Piece
		keys   []uint64
		text   string
	}{
		{same, nil, "memory"},
		{[]Piece{{1, 10}, {4, 41}, {7, 70}}, []uint64{4}, "page 4 of the memory"},
		{[]Piece{{0, 1}, {1, 10}, {7, 70}, {8, 1}}, []uint64{0, 4, 8}, "page 0, page 4, page 8 of the memory"},
		{nil, []uint64{1, 4, 7}, "page 1, page 4, page 7 of the memory"},
		{[]Piece{{2, 1}, {3, 1}}, []uint64{1, 2, 3, 4, 7}, "page 1, page 2, page 3, page 4, … of the memory"},
	} {
		if keys := Differing(same, c.others); !slices.Equal(keys, c.keys) {
			t.Errorf("%v: %v, want %v", c.others, keys, c.keys)
		}
		if text := p.Describe(c.others); text != c.text {
			t.Errorf("%v: %q, want %q", c.others, text, c.text)
		}
	}
}

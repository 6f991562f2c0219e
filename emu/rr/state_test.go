package rr

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"panda/emu/digest"
)

// TestStatePieces: a replay whose state is another says which part is, and which of its
// pieces, as far as it was recorded.
func TestStatePieces(t *testing.T) {
	page := func(n uint64) string { return fmt.Sprintf("page %d", n) }
	many := make([]digest.Piece, mostPieces)
	for i := range many {
		many[i] = digest.Piece{Key: uint64(i) * 3, Sum: uint16(i)}
	}
	state := func() []digest.Part {
		return []digest.Part{
			{Name: "registers", Sum: 1},
			{Name: "memory", Sum: 2, Pieces: slices.Clone(many), Piece: page},
			{Name: "more memory", Sum: 3, Pieces: []digest.Piece{{Key: 1, Sum: 1}}, Piece: page},
		}
	}
	for _, c := range []struct {
		change func(parts []digest.Part) []digest.Part
		want   string
	}{
		{func(p []digest.Part) []digest.Part { return p }, ""},
		{func(p []digest.Part) []digest.Part { p[0].Sum++; return p }, "registers differ"},
		{func(p []digest.Part) []digest.Part { p[1].Sum++; p[1].Pieces[7].Sum++; return p }, "page 21 of the memory differ"},
		{func(p []digest.Part) []digest.Part { p[1].Sum++; p[1].Pieces = p[1].Pieces[2:]; return p }, "page 0, page 3 of the memory differ"},
		{func(p []digest.Part) []digest.Part { p[2].Sum++; return p }, "page 1 of the more memory differ"},
		{func(p []digest.Part) []digest.Part { return p[:2] }, "the state has 2 parts"},
		{func(p []digest.Part) []digest.Part { return append(p, digest.Part{Name: "other"}) }, "there are other"},
	} {
		script := func(s *side) {
			switch door := s.door.(type) {
			case *Recorder:
				door.SumStates(func(bool) []digest.Part { return state() })
				door.Exit()
			case *Player:
				door.SumStates(func(bool) []digest.Part { return c.change(state()) }, true)
				door.Exit()
			}
		}
		name, _ := recordScript(t, &fakeDoor{}, script)
		_, err := playScript(t, name, script)
		if d, ok := caughtAs[*Divergence](err); c.want == "" && err != nil || c.want != "" && (!ok || !strings.HasPrefix(d.Got, c.want)) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

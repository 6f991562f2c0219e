// Package digest has numbers that stand for parts of a guest's state: two runs that are in
// the same state have the same ones, on whatever engine and host. So who replays a run can
// tell whether it is the same, and if not, what is another.
package digest

// Part is a part of the state.
type Part struct {
	Name   string // "registers of thread 12"
	Sum    uint64
	Pieces []Piece // of it, in the order of their keys; pages of zeroes, for one, need not be there
	Piece  func(key uint64) string
}

// Piece is a piece of a part, such as a page of memory or a register. Its sum is short:
// it tells which piece is another once the part is.
type Piece struct {
	Key uint64
	Sum uint16
}

// Differing are the keys of pieces that a and b do not have alike.
func Differing(a, b []Piece) (keys []uint64) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Key < b[0].Key:
			keys, a = append(keys, a[0].Key), a[1:]
		case len(a) == 0 || b[0].Key < a[0].Key:
			keys, b = append(keys, b[0].Key), b[1:]
		default:
			if a[0] != b[0] {
				keys = append(keys, a[0].Key)
			}
			a, b = a[1:], b[1:]
		}
	}
	return keys
}

// mostNamed is how many pieces are named.
const mostNamed = 4

// Describe names the pieces of p that differ from others, or only p if none does.
func (p *Part) Describe(others []Piece) string {
	text := ""
	keys := Differing(p.Pieces, others)
	for i, key := range keys {
		if i == mostNamed {
			text += ", …"
			break
		}
		if i > 0 {
			text += ", "
		}
		text += p.Piece(key)
	}
	if text == "" {
		return p.Name
	}
	return text + " of the " + p.Name
}

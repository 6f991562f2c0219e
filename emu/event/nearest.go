package event

import (
	"fmt"
	"slices"
	"strings"
)

// beginning is how many letters of a name tell which is meant.
const beginning = 3

// DidYouMean is a clause that offers the name of known nearest to name, or nothing
// when none is near: a slip for each three letters, or one is the beginning of the
// other.
func DidYouMean(name string, known []string) string {
	best, dist := "", len(name)/3+1
	for _, k := range known {
		if d := editDistance(name, k); d < dist {
			best, dist = k, d
		}
	}
	for i := 0; i < len(known) && best == ""; i++ {
		short, long := min(name, known[i]), max(name, known[i])
		if len(short) >= beginning && strings.HasPrefix(long, short) {
			best = known[i]
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// Near reports whether a name is a known one with a slip: a letter too many, one that
// is lacking or another, the letters in another order, or its beginning alone.
func Near(name, known string) bool {
	letters := func(s string) string { return string(slices.Sorted(slices.Values([]byte(s)))) }
	return editDistance(name, known) <= 1 || letters(name) == letters(known) ||
		len(name) > beginning && strings.HasPrefix(known, name)
}

// editDistance counts letters too many, lacking or other ones, and neighbours that
// changed places.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

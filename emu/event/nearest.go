package event

import (
	"fmt"
	"slices"
	"strings"
)

// DidYouMean is a clause that offers the name of known nearest to name, or
// nothing when none is near.
func DidYouMean(name string, known []string) string {
	best, dist := "", len(name)/2+2
	for _, k := range known {
		if d := editDistance(name, k); d < dist {
			best, dist = k, d
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
	const beginning = 4
	letters := func(s string) string { return string(slices.Sorted(slices.Values([]byte(s)))) }
	return editDistance(name, known) <= 1 || letters(name) == letters(known) ||
		len(name) >= beginning && strings.HasPrefix(known, name)
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

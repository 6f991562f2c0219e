package event

import (
	"fmt"
	"slices"
	"strings"
)

// filterParts are the parts of a Filter that a row lists if its events have them,
// under the names of the rows.
var filterParts = []struct {
	name string
	set  func(f *Filter) bool
}{
	{"pc", func(f *Filter) bool { return f.PC != nil }},
	{"bytes", func(f *Filter) bool { return f.Bytes != nil }},
	{"mnemonic", func(f *Filter) bool { return f.Mnemonic != nil }},
	{"class", func(f *Filter) bool { return f.Class != nil }},
	{"symbol", func(f *Filter) bool { return f.Symbol != nil }},
	{"module", func(f *Filter) bool { return f.Module != nil }},
	{"addr", func(f *Filter) bool { return f.Addr != nil }},
	{"size", func(f *Filter) bool { return f.Size != 0 }},
	{"name", func(f *Filter) bool { return f.Names != nil }},
	{"number", func(f *Filter) bool { return f.Numbers != nil }},
}

// Check reports a part of the filter that events of a kind do not have: it would
// choose nothing, or everything.
func (f *Filter) Check(k Kind) error {
	if k >= NumKinds {
		return nil
	}
	takes := strings.Fields(Rows[k].Filters)
	for _, p := range filterParts {
		if !p.set(f) || slices.Contains(takes, p.name) {
			continue
		}
		if len(takes) == 0 {
			return fmt.Errorf("%v has no filter %q: its events have no place, name or number", k, p.name)
		}
		return fmt.Errorf("%v has no filter %q; it takes: %s", k, p.name, strings.Join(takes, ", "))
	}
	return nil
}

package lua

import (
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/lua/val"
)

// pandaDoctor tells of every subscription what became of it.
func pandaDoctor(s *State, L *glua.LState) int {
	var b strings.Builder
	owner := ""
	for _, sub := range s.needHost(L).Subscriptions() {
		if sub.Owner.Name != owner {
			owner = sub.Owner.Name
			fmt.Fprintf(&b, "%s:\n", owner)
		}
		fmt.Fprintf(&b, "  %s%s\n", sub.Explain(), s.misspelt(sub))
	}
	return val.PushString(L, b.String())
}

// misspelt offers the nearest symbol for a name that no file has.
func (s *State) misspelt(sub *event.Sub) string {
	if sub.Hits > 0 || sub.Matches > 0 {
		return ""
	}
	var all []string
	for _, name := range sub.Filter.Symbol {
		if _, ok := s.host.Core().Lookup(name); ok || strings.ContainsAny(name, "*?[") {
			continue
		}
		if all == nil {
			all = s.host.Symbols("")
		}
		if hint := event.DidYouMean(name, all); hint != "" {
			return hint
		}
	}
	return ""
}

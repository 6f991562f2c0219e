package lua

import (
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
)

// pandaDoctor tells of every subscription what became of it.
func pandaDoctor(s *State, L *glua.LState) int {
	var b strings.Builder
	owner := ""
	for _, sub := range s.needHost(L).Subscriptions() {
		if sub.Kind == event.ProcessStart && sub.Owner.Name == s.host.Name() && sub.Hits == 0 {
			continue // those of aggregations are of no interest
		}
		if sub.Owner.Name != owner {
			owner = sub.Owner.Name
			fmt.Fprintf(&b, "%s:\n", owner)
		}
		fmt.Fprintf(&b, "  %s\n", sub.Explain())
	}
	return pushString(L, b.String())
}

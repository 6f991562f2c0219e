package main

import (
	"strings"
	"testing"
)

// TestOneName: programs that have one name in turn, and one inode, have each their own
// symbols, and so has one whose name leads to another by now; in a replay as well.
func TestOneName(t *testing.T) {
	first, second := buildC(t, "named", "-DFUNC=first"), buildC(t, "named", "-DFUNC=second")
	for _, c := range []struct{ hook, script, want string }{
		{
			`for _, f in ipairs{"first", "second"} do panda.hook(f, { enter = function() print(f) end }) end`,
			`for f in "$1" "$2" "$1"; do cat "$f" >it; chmod +x it; ./it; done`, "first\nsecond\nfirst\n",
		},
		{
			`panda.on("process_exit", function() print(panda.symbol("first") ~= nil, panda.symbol("second") ~= nil) end)`,
			`cp "$1" it; cp "$2" other; exec ./it other`, "true\tfalse\n",
		},
	} {
		live, file := record(t, t.TempDir(), "", []string{"-e", c.hook}, "sh", "-c", c.script, "sh", first, second)
		if !strings.HasSuffix(live.stdout, c.want) {
			t.Errorf("live %+v", live)
		}
		if got := panda(t, t.TempDir(), "replay", file, "-e", c.hook); got != live {
			t.Errorf("replayed %+v", got)
		}
	}
}

package event

import (
	"strings"
	"testing"
)

// TestDidYouMean: what is offered is a slip away, and a short word is not near to all
// other short words.
func TestDidYouMean(t *testing.T) {
	known := strings.Fields("json op c mem context continue file strace sandbox x86 insn_exec x86-64-v1")
	for name, want := range map[string]string{
		"version": "", "foo": "", "help": "", "co": "", "o": "", "": "", "nosuch": "",
		"fiel": "file", "stroce": "strace", "x68": "x86", "insn_exce": "insn_exec", "cnotinue": "continue", "jsno": "json",
		"x86-64-v9": "x86-64-v1", "sandb": "sandbox", "cont": "context", "con": "context", "memory": "mem", "contin": "continue",
	} {
		if want != "" {
			want = ` (did you mean "` + want + `"?)`
		}
		if got := DidYouMean(name, known); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}

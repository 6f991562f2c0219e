package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"panda/emu/rr"
)

// contentsOf is what panda info -json says, which stands after the name.
func contentsOf(t *testing.T, dir, name string) *rr.Contents {
	t.Helper()
	var said struct{ Contents *rr.Contents }
	r := panda(t, dir, "info", name, "-json")
	if err := json.Unmarshal([]byte(r.stdout), &said); err != nil {
		t.Fatalf("%v %+v", err, r)
	}
	return said.Contents
}

// TestInfoForms: what panda info says of a recording, in both forms.
func TestInfoForms(t *testing.T) {
	dir, data, _ := recorded(t)
	if err := os.WriteFile(filepath.Join(dir, "cut.rr"), data[:len(data)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"run", "cut"} {
		text, c := panda(t, dir, "info", name).stdout, contentsOf(t, dir, name)
		if !strings.HasSuffix(text, "\nend           "+c.End+"\n") || !strings.Contains(text, "\nthreads       1\n") || c.Threads != 1 {
			t.Errorf("%s\n%+v", text, c)
		}
		if !regexp.MustCompile(`(?m)^ +9 getrandom, 272 bytes$`).MatchString(text) {
			t.Error(text)
		}
	}
	if end := contentsOf(t, dir, "run").End; end != "exit status 7" {
		t.Error(end)
	}
	if end := contentsOf(t, dir, "cut").End; !regexp.MustCompile(`^it is still being written, its recorder was killed .*; its last input is at icount \d+$`).MatchString(end) {
		t.Error(end)
	}
	for _, c := range []string{"", "run cut", "run -jsn", "-x run"} {
		if r := panda(t, dir, append([]string{"info"}, strings.Fields(c)...)...); r.status != 2 {
			t.Errorf("%s: %+v", c, r)
		}
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

// TestProgress: what is told of a replay, as a line on a terminal, which the program's
// output takes away, and as JSON.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := progress{out: &out, total: 4_000_000, now: func() uint64 { return 1_000_000 }, began: time.Now().Add(-time.Second)}
	p.tell()
	if text := out.String(); !strings.HasPrefix(text, "\r1,000,000 of 4,000,000 instructions, 25 %, ") || !strings.HasSuffix(text, " to go\x1b[K") {
		t.Errorf("%q", text)
	}
	out.Reset()
	io.WriteString(p.before(&out), "text")
	io.WriteString(p.before(&out), "more")
	if text := out.String(); text != "\r\x1b[Ktextmore" {
		t.Errorf("%q", text)
	}
	for _, c := range []struct {
		text  string
		shown bool
	}{{"name: ", false}, {"x\n", true}} { // to a terminal
		io.WriteString(clearing{&p, &out, true}, c.text)
		out.Reset()
		if p.tell(); (out.Len() > 0) != c.shown {
			t.Errorf("after %q: %q", c.text, out.String())
		}
	}
	out.Reset()
	p.json = true
	p.tell()
	if text := out.String(); !strings.Contains(text, `"total":4000000,"percent":25,"eta":`) || !strings.Contains(text, `"perSecond":`) || strings.Count(text, ".") > 1 {
		t.Errorf("%q", text)
	}
	out.Reset()
	p.total = 0
	p.tell()
	var line jsonProgress
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Instructions != 1_000_000 || bytes.Contains(out.Bytes(), []byte("total")) || bytes.Contains(out.Bytes(), []byte("eta")) || line.PerSecond < 1 {
		t.Errorf("%s: %+v %v", out.Bytes(), line, err)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"panda/emu/rr"
)

// verified are what panda verify says, of a recording that is whole and of parts of it, in
// words and as JSON.
var verified = []struct {
	args, typed     string
	status          int
	text, result    string
	onStandardError bool
}{
	{"verify run", "", 0, `^run\.rr is right: [\d,]+ instructions, \d+ inputs, the state [1-9]\d* times\n$`, "right", false},
	{"verify run -e panda.stop()", "", 1, `^run\.rr is not verified: the replay was left at icount 0\. Up to there nothing differed: 0 instructions, \d+ inputs, the state 0 times\n$`, "left", false},
	{"verify run -i", ":step 3\n", 1, `(?m)(> |^)run\.rr is not verified: the replay was left at icount 3\. Up to there nothing differed: 3 instructions, `, "left", false},
	{"verify run -i", ":c\n", 0, `(?m)(> |^)run\.rr is right: `, "right", false},
	{"verify cut", "", 0, `^cut\.rr is right as far as it goes: [\d,]+ instructions, \d+ inputs, the state \d+ times\. It has no more at icount [\d,]+: it is still being written, `, "cut", false},
	{"verify cut -i", ":c\n:c\n", 0, `cut\.rr is right as far as it goes: `, "cut", false},
	{"verify damaged", "", 1, `(?m)^panda: the recording has no more at icount \d+: the recording is damaged\n$`, "failed", true},
	{"verify other", "", 1, `^panda: the replay diverges at icount \d+ in thread \d+: panda asks the host, `, "diverged", true},
	{"verify other -i", ":c\n", 1, `^panda: the replay diverges at icount \d+ in thread \d+: `, "diverged", true},
	{"verify missing", "", 1, `^panda: open missing: no such file or directory\n$`, "failed", true},
	{"replay cut", "", 1, `(?m)^panda: the recording has no more at icount \d+: it is still being written, `, "cut", true},
	{"replay other", "", 1, `^panda: the replay diverges at icount `, "diverged", true},
}

// parts writes parts of a recording, and one with another input, beside it.
func parts(t *testing.T, dir string, data []byte) {
	t.Helper()
	frames := framesOf(t, data)
	logs := 0
	last := slices.IndexFunc(frames, func(f recordingFrame) bool {
		if f.kind == 'L' {
			logs++
		}
		return logs == 3
	})
	if last < 0 {
		t.Fatalf("%d parts", logs)
	}
	cut := recordingOf(data, frames[:last])
	damaged := recordingOf(data, frames)
	damaged[len(cut)] ^= 1
	for name, b := range map[string][]byte{
		"cut": cut[:len(cut)-1], "damaged": damaged, "other": withManifest(t, data, map[string]any{"Walks": true}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".rr"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerify: the verdict, its status, and where it is said.
func TestVerify(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir, data, _ := recorded(t, "wait")
	parts(t, dir, data)
	for _, c := range verified {
		command := append([]string{binary}, strings.Fields(c.args)...)
		said := func(r result) string {
			if c.onStandardError {
				return r.stderr
			}
			return r.stdout
		}
		if r := execute(t, dir, c.typed, command...); r.status != c.status || !regexp.MustCompile(c.text).MatchString(said(r)) {
			t.Errorf("%s: %+v", c.args, r)
		}
		r := execute(t, dir, c.typed, append(command, "-json")...)
		lines := bytes.Split(bytes.TrimSpace([]byte(said(r))), []byte("\n"))
		last := lines[len(lines)-1]
		var o outcome
		if err := json.Unmarshal(last[max(0, bytes.IndexByte(last, '{')):], &o); err != nil || r.status != c.status || o.Result != c.result || o.File == "" {
			t.Errorf("%s -json: %v %+v", c.args, err, r)
		}
	}
}

// TestHint: what is to be done about a divergence depends on whether something explains it.
func TestHint(t *testing.T) {
	for want, d := range map[string]*rr.Divergence{ // each by itself
		"panda verify -bisect run.rr says which instruction it is": {},
		"That may be why. If it is not, panda verify -bisect":      {Doubts: []string{"a file was written"}},
		"That may be why. If it is not, panda verify -bisect run":  {Short: errors.New("no room")},
	} {
		if err := hinted(d, d, "run.rr"); !strings.Contains(err.Error(), "\n"+want) || !errors.Is(err, d) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestRecordJSON: what has been recorded, as JSON.
func TestRecordJSON(t *testing.T) {
	dir := t.TempDir()
	for _, option := range []string{"record -o", "-record"} {
		r := panda(t, dir, append(strings.Fields(option), "run", "-json", "/bin/true")...)
		var o outcome
		if err := json.Unmarshal([]byte(r.stderr), &o); err != nil || o.Result != "recorded" || o.File != "run.rr" || o.Icount == 0 || *o.Inputs == 0 || o.Bytes == 0 {
			t.Errorf("%v %+v", err, r)
		}
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// namesIn are the files of a directory.
func namesIn(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return strings.Join(names, " ")
}

// TestRecordFails: a recording of a run that does not begin leaves the one that is there,
// and nothing else.
func TestRecordFails(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "keep.rr", "old")
	for _, options := range []string{
		"record -o keep -panda nosuch", "record -o keep -panda-plugin nosuch.lua", "record -o keep -e syntax(", "record -o keep -panda syscalls:nope=1",
		"record -o keep -arch vax", "-record keep -panda nosuch", "record -o keep -i", "record -o keep -i -sandbox",
	} {
		args := append(append([]string{binary}, strings.Fields(options)...), "/bin/true")
		r := execute(t, dir, ":quit\n", args...)
		if b, err := os.ReadFile(filepath.Join(dir, "keep.rr")); err != nil || string(b) != "old" || strings.Contains(r.stderr, "recorded") {
			t.Errorf("%s: %q %v %+v", options, b, err, r)
		}
		if names := namesIn(t, dir); names != "keep.rr" {
			t.Errorf("%s: %s", options, names)
		}
	}
	for _, options := range []string{"-record keep", "record -o keep -i", "record -o keep -sandbox", "record -o keep -i -sandbox -allow-write /"} {
		args := append(append([]string{binary}, strings.Fields(options)...), "/bin/true")
		r := execute(t, dir, ":c\n", args...)
		if again := panda(t, dir, "replay", "keep"); !strings.HasPrefix(r.stderr, "panda: recorded keep.rr: ") || again.status != 0 || again.stderr != "" {
			t.Errorf("%s: %+v %+v", options, r, again)
		}
		write(t, dir, "keep.rr", "old")
	}
}

// TestRecordSpoilt: a recording that the program removes, or writes to, is none, and it is
// said so. One that gets another name is one.
func TestRecordSpoilt(t *testing.T) {
	const advice = "; give -o a place that the program does not touch\n"
	for script, want := range map[string]string{ // each by itself
		"rm x.rr":                      "the file was removed while it was written" + advice,
		"mv x.rr y; rm y; echo > x.rr": "another file has its name now" + advice,
		": > x.rr":                     "something else has written to it: it does not begin as a recording" + advice,
		"printf JUNK | dd of=x.rr conv=notrunc bs=4 seek=10": "something else has written to it" + advice,
		"head -c 9000000 /dev/zero >> x.rr":                  "something else has written to it: it has ",
		"perl -e 'truncate q(x.rr), 200'":                    "something else has written to it" + advice,
	} {
		dir := t.TempDir()
		r := panda(t, dir, "record", "-o", "x", "/bin/sh", "-c", script)
		if lines := strings.SplitAfter(r.stderr, "panda: "); !strings.HasPrefix(lines[len(lines)-1], "x.rr is no recording of the run: "+want) {
			t.Errorf("%s: %+v", script, r)
		}
		again := panda(t, t.TempDir(), "record", "-json", "-o", filepath.Join(dir, "x"), "/bin/sh", "-c", "cd "+dir+"; "+script)
		if !strings.Contains(again.stderr, `"result":"spoilt"`) {
			t.Errorf("%s: %+v", script, again)
		}
	}
	dir := t.TempDir()
	r := panda(t, dir, "record", "-o", "x", "/bin/sh", "-c", "mv x.rr y.rr")
	if y := filepath.Join(dir, "y.rr"); !strings.HasPrefix(r.stderr, "panda: the recording x.rr has another name now\npanda: recorded "+y+": ") {
		t.Errorf("%+v", r)
	}
	if again := panda(t, dir, "verify", "y"); again.status != 0 {
		t.Errorf("%+v", again)
	}
}

// TestRecordNames: recordings that are made at the same time get names of their own, each
// of which is told.
func TestRecordNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "echo.2.rr", "old")
	const n = 5
	var all sync.WaitGroup
	said := make([]string, n)
	for i := range n {
		all.Go(func() { said[i] = panda(t, dir, "record", "/bin/echo", fmt.Sprint("run", i)).stderr })
	}
	all.Wait()
	if names := namesIn(t, dir); names != "echo.2.rr echo.3.rr echo.4.rr echo.5.rr echo.6.rr echo.rr" {
		t.Error(names)
	}
	for i, line := range said {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "panda: recorded "), ": ")
		if r := panda(t, dir, "replay", name); r.stdout != fmt.Sprintf("run%d\n", i) {
			t.Errorf("%q: %+v", line, r)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "echo.2.rr")); err != nil || string(b) != "old" {
		t.Error(b, err)
	}
}

// TestRecordLongName: a recording has any name that a file may have, and is told by it
// where it cannot be made.
func TestRecordLongName(t *testing.T) {
	dir := t.TempDir()
	longest := strings.Repeat("x", 252)
	if r := panda(t, dir, "record", "-o", longest, "/bin/true"); r.status != 0 || !strings.HasPrefix(r.stderr, "panda: recorded "+longest+".rr: ") {
		t.Errorf("%+v", r)
	}
	if r := panda(t, dir, "record", "-o", longest+"x", "/bin/true"); r.status != 1 || r.stderr != "panda: record: create "+longest+"x.rr: file name too long\n" {
		t.Errorf("%+v", r)
	}
	if r := underLimit(t, dir, "0", "record", "-o", "run", "/bin/true"); r.status != 1 || r.stderr != "panda: record: create run.rr: file too large\n" {
		t.Errorf("%+v", r)
	}
	if names := namesIn(t, dir); names != longest+".rr" {
		t.Error(names)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrace traces a function, edits its handler, breaks it, and lets one that
// edits it run.
func TestTrace(t *testing.T) {
	dir := t.TempDir()
	args := []string{"trace", "-i", "getenv", "-i", "libc.so.6!str*", "-x", "strlen", "/bin/ls", "/dev/null"}
	r := panda(t, dir, args...)
	if r.status != 0 || !strings.Contains(r.stdout, "trace: wrote __handlers__/libc.so.6/getenv.lua\n") || !strings.Contains(r.stderr, "getenv(\"QUOTING_STYLE\")\n") {
		t.Fatalf("%+v", r)
	}
	if strings.Contains(r.stderr, "strlen(") {
		t.Error("-x strlen is not left out")
	}
	handler := filepath.Join(dir, "__handlers__/libc.so.6/getenv.lua")
	for source, want := range map[string]string{
		`return { leave = function(cpu, log, call, ret) log("getenv gave %d", ret) end }`: "getenv gave 0\n",
		`return 5`: "trace: __handlers__/libc.so.6/getenv.lua returns no table\n",
		`x = = 1`:  "getenv.lua:1: syntax error",
		`return { enter = function() error("oops") end }`: "trace: __handlers__/libc.so.6/getenv.lua:1: oops\n",
	} {
		if err := os.WriteFile(handler, []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
		r := panda(t, dir, args...)
		if all := r.stdout + r.stderr; r.status != 0 || strings.Count(all, want) == 0 || strings.Contains(want, "oops") && strings.Count(all, want) != 1 {
			t.Errorf("%s: %+v", source, r)
		}
	}
	if r := panda(t, dir, "trace", "-i", "getenvy", "/bin/true"); r.status != 0 || r.stdout != "trace: no call of getenvy: none was made, or no symbol has this name\n" {
		t.Errorf("%+v", r)
	}
	if r := panda(t, dir, "trace", "/bin/ls"); r.status != 2 || !strings.Contains(r.stderr, "-i names the functions") {
		t.Errorf("%+v", r)
	}
}

// TestTraceReload: a handler that is saved while the program runs takes effect.
// The shell itself saves it, after some calls of its own, and goes on until it
// has seen what the new one says.
func TestTraceReload(t *testing.T) {
	dir := t.TempDir()
	const script = `
for i in 1 2 3 4 5 6 7 8 9 10; do cd /tmp; cd /; done
echo 'return { enter = function(cpu, log) io.open("seen", "w"):close() log("new") end }' > "$1"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cd /tmp; cd /; test -e "$2" && exit 0; sleep 0.2; done
exit 1`
	r := panda(t, dir, "trace", "-i", "chdir", "/bin/sh", "-c", script, "sh", filepath.Join(dir, "__handlers__/libc.so.6/chdir.lua"), filepath.Join(dir, "seen"))
	if r.status != 0 || !strings.Contains(r.stderr, "chdir(") || !strings.Contains(r.stderr, "\nnew\n") {
		t.Errorf("%+v", r)
	}
}

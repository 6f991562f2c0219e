package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNewPlugin makes a plugin in a copy of the tree's shape, and builds and
// tests it as part of the real tree by an overlay.
func TestNewPlugin(t *testing.T) {
	real, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copyFile(t, filepath.Join(real, "go.mod"), filepath.Join(dir, "go.mod"))
	copyFile(t, filepath.Join(real, "native/all/all.go"), filepath.Join(dir, "native/all/all.go"))
	t.Chdir(filepath.Join(dir, "native"))
	var out bytes.Buffer
	if code := run([]string{"new-plugin", "mycounter"}, &out, &out); code != 0 || strings.Count(out.String(), "\n") != 4 {
		t.Fatal(code, out.String())
	}
	overlay := map[string]map[string]string{"Replace": {}}
	for _, f := range []string{"native/mycounter/mycounter.go", "native/mycounter/mycounter_test.go", "native/all/all.go"} {
		overlay["Replace"][filepath.Join(real, f)] = filepath.Join(dir, f)
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, dir, "overlay.json", string(text))
	// The package's folder is not there, so its test is built and run by hand.
	binary := filepath.Join(dir, "mycounter.test")
	for _, args := range [][]string{
		{"go", "build", "-overlay", file, "panda/native/all"},
		{"go", "test", "-c", "-vet=off", "-o", binary, "-overlay", file, "panda/native/mycounter"},
		{binary},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = real
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"mycounter"}, "file exists"},
		{[]string{"syscalls"}, "there is a plugin syscalls already"},
		{[]string{"My-Plugin"}, "is no name for a plugin"},
		{nil, "wants one name"},
	} {
		out.Reset()
		if code := run(append([]string{"new-plugin"}, c.args...), &out, &out); code != 1 || !strings.Contains(out.String(), c.want) {
			t.Errorf("%q: code %d, %s", c.args, code, out.String())
		}
	}
	t.Chdir("/")
	out.Reset()
	if code := run([]string{"new-plugin", "x"}, &out, &out); code != 1 || !strings.Contains(out.String(), "within the source tree") {
		t.Error(code, out.String())
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestNewScript makes a script and runs it.
func TestNewScript(t *testing.T) {
	dir := t.TempDir()
	if r := panda(t, dir, "new-plugin", "--lua", "mine"); r.status != 0 || r.stdout != "mine.lua\n" {
		t.Fatalf("%+v", r)
	}
	r := panda(t, dir, "-panda", "mine:name=write", "/bin/echo", "hi")
	if want := "hi\nfailed calls: 0\ncount of syscall_leave by process, name:\n  echo["; !strings.HasPrefix(r.stdout, want) || r.status != 0 {
		t.Errorf("%+v", r)
	}
}

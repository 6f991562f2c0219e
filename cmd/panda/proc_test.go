package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProc: /proc tells of the guest what Linux tells of a program, by whatever name
// and call the guest comes there, on both engines and in a sandbox.
func TestProc(t *testing.T) {
	prog := buildC(t, "proc")
	names := strings.Fields(execute(t, "", "", prog).stdout)
	if len(names) < 8 {
		t.Fatalf("tests %q", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := execute(t, t.TempDir(), "", prog, name)
			if strings.Contains(want.stdout, "0xc000000000") || strings.Count(want.stdout, "\n") < 5 {
				t.Fatalf("natively %q", want.stdout)
			}
			for _, how := range []string{"-accel=jit", "-accel=interp", "-sandbox"} {
				if got := panda(t, t.TempDir(), how, prog, name); got.stdout != want.stdout || got.ended != want.ended {
					t.Errorf("%s: %s\n%s", how, got.ended, lineDiff(got.stdout, want.stdout))
				}
			}
		})
	}
}

// nosy reads whatever a process can read in /proc of itself and of the ids
// around its own, and prints the names of files in which it finds the name of the
// emulator.
const nosy = `
import os, sys
word, found, read = sys.argv[1].encode(), [], 0
def look(path, depth):
    global read
    try:
        if os.path.islink(path): text = os.readlink(path).encode()
        elif os.path.isdir(path):
            for n in os.listdir(path):
                if depth and n not in ("task", "net", "cwd", "root"): look(path + "/" + n, depth - 1)
            return
        elif path.endswith(("/mem", "/pagemap", "/clear_refs")): return
        else: text = open(path, "rb").read()
    except OSError: return
    read += 1
    if word in text: found.append(path)
pid = os.getpid()
look("/proc/self", 2)
look("/proc/self/task/%d" % pid, 2)
for i in range(pid, pid + 40):
    for n in "maps", "exe", "cmdline", "environ", "auxv", "fd":
        if open("/proc/self/stat").read().split()[0] == str(i) or not os.path.exists("/proc/%d/task/%d" % (i, pid)): continue
        look("/proc/%d/%s" % (i, n), 1)
print(read > 40, found)
`

// TestProcHidesEmulator: no file of /proc/PID tells of the emulator, and the ids of
// its threads name nothing.
func TestProcHidesEmulator(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		t.Skip(err)
	}
	built, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const word = "the-emulator"
	b, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, word)
	if err := os.WriteFile(binary, b, 0o755); err != nil {
		t.Fatal(err)
	}
	// In two halves: the script is in the guest's own arguments.
	script := strings.ReplaceAll(nosy, "sys.argv[1].encode()", `b"`+word[:4]+`" + b"`+word[4:]+`"`)
	for _, args := range [][]string{{}, {"-sandbox"}} {
		got := execute(t, t.TempDir(), "", append(append([]string{binary}, args...), python, "-c", script)...)
		if got.stdout != "True []\n" {
			t.Errorf("%q: %q %s %s", args, got.stdout, got.stderr, got.ended)
		}
	}
}

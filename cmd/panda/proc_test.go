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

// wander looks at random paths through a tree full of links to and through /proc.
const wander = `
import errno, os, random, sys
random.seed(int(sys.argv[1]))
top = sys.argv[2]
os.chdir(top)
parts = "self proc thread-self task fd cwd root .. . a b self/fd fdinfo mem status exe l1 l2 l3 ns 0 net sys kernel map_files attr".split()
os.makedirs("a/b")
for name, to in (("l1", "/proc/self"), ("l2", "/proc"), ("l3", "/proc/self/fd"), ("a/self", "../l1/cwd"), ("a/proc", "/proc/self/cwd/l2"), ("b", "a/b"),
        ("a/b/cwd", "/proc/thread-self/cwd"), ("a/l3", "/proc/self/fd/0"), ("a/0", "/dev/fd/0/..")): os.symlink(to, name)
os.dup2(os.open("a", os.O_RDONLY), 0) # no number is a process
def opened(p):
    fd = os.open(p, os.O_RDONLY | os.O_NONBLOCK)
    mode = os.fstat(fd).st_mode >> 12
    os.close(fd)
    return mode
def entered(p):
    os.chdir(p)
    return os.getcwd().replace(str(os.getpid()), "PID").replace(top, "TOP")
def made(p):
    os.mkdir(p + "/new")
    os.rmdir(p + "/new")
calls = [lambda p: os.stat(p).st_mode >> 12, lambda p: os.lstat(p).st_mode >> 12, lambda p: len(os.readlink(p)) > 0, lambda p: os.access(p, 4), opened, made, entered]
def result(f, p):
    try: return f(p)
    except OSError as e: return errno.errorcode[e.errno]
for i in range(1500):
    p = "/".join(random.choice(parts) for _ in range(random.randint(1, 6)))
    p = random.choice(("", "", "/")) + p + random.choice(("", "", "", "/"))
    print(p, [result(f, p) for f in calls])
    os.chdir(top)
`

// TestProcRandomPaths: each of them leads where Linux has it.
func TestProcRandomPaths(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		t.Skip(err)
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range []string{"1", "2"} {
		native, own := t.TempDir(), t.TempDir()
		want := execute(t, "", "", python, "-c", wander, seed, native)
		got := execute(t, "", "", binary, python, "-c", wander, seed, own)
		if strings.Count(want.stdout, "\n") != 1500 {
			t.Fatalf("natively %s", want.stderr)
		}
		if got.stdout != want.stdout {
			t.Errorf("seed %s: %s\n%s", seed, got.ended, lineDiff(got.stdout, want.stdout))
		}
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

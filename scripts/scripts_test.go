package scripts_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"panda/emu"
	"panda/emu/plugin"
	"panda/lua"
	"panda/scripts"
)

// played is what a program and the script over it did.
type played struct {
	status         int
	guest, printed string
}

// machine makes a machine for a program; what the guest prints is in a file.
func machine(t *testing.T, guest *os.File, out *bytes.Buffer, program ...string) *emu.Machine {
	t.Helper()
	if _, err := os.Stat(program[0]); err != nil {
		t.Skip(err)
	}
	m, err := emu.New(emu.Config{
		Program: &emu.Program{Path: program[0], Args: program, Env: []string{"LC_ALL=C"}, Stdin: 0, Stdout: int(guest.Fd()), Stderr: int(guest.Fd())},
		Loaders: []plugin.Loader{lua.NewLoader(lua.Options{Out: out})}, Files: plugin.Finder{Dirs: []string{"/"}, Embedded: scripts.FS},
		Warn: func(format string, a ...any) { t.Errorf("warning: "+format, a...) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// play runs a program under a script: one of ours, or a file without .lua.
func play(t *testing.T, script string, args []plugin.Arg, program ...string) played {
	t.Helper()
	guest, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	var out bytes.Buffer
	m := machine(t, guest, &out, program...)
	if _, err := m.Plugins().Load(script, args); err != nil {
		m.Close()
		t.Fatal(err)
	}
	status, done, err := m.Run()
	m.Close()
	if !done || err != nil {
		t.Fatalf("status %d, done %v, %v", status, done, err)
	}
	text, err := os.ReadFile(guest.Name())
	if err != nil {
		t.Fatal(err)
	}
	return played{status, string(text), out.String()}
}

// loadError is the error of loading a script.
func loadError(t *testing.T, script string, args ...plugin.Arg) error {
	t.Helper()
	m := machine(t, os.Stderr, new(bytes.Buffer), "/bin/true")
	defer m.Close()
	_, err := m.Plugins().Load(script, args)
	return err
}

// run runs a program that succeeds and gives what the script printed.
func run(t *testing.T, script string, args []plugin.Arg, program ...string) (printed string) {
	t.Helper()
	p := play(t, script, args, program...)
	if p.status != 0 {
		t.Fatalf("status %d\n%s", p.status, p.guest)
	}
	return p.printed
}

// args reads arguments as -panda does: "key=value,flag".
func args(t *testing.T, text string) []plugin.Arg {
	t.Helper()
	specs, err := plugin.ParseSpecs("script:" + text)
	if err != nil {
		t.Fatal(err)
	}
	return specs[0].Args
}

func file(t *testing.T, name string) (path string, read func() string) {
	path = filepath.Join(t.TempDir(), name)
	return path, func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

// every checks that all lines match and that there are some.
func every(t *testing.T, text, pattern string, least int) {
	t.Helper()
	re := regexp.MustCompile("^" + pattern + "$")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, l := range lines {
		if !re.MatchString(l) {
			t.Errorf("line %q does not match %s", l, pattern)
			return
		}
	}
	if len(lines) < least {
		t.Errorf("only %d lines:\n%s", len(lines), text)
	}
}

func TestSyscalls(t *testing.T) {
	path, read := file(t, "log.txt")
	run(t, "syscalls", []plugin.Arg{{Key: "file", Value: path}}, "/bin/ls", "/")
	every(t, read(), `PC=[0-9a-f]{16}, SYSCALL=[0-9a-f]{16}`, 20)
}

func TestStrace(t *testing.T) {
	path, read := file(t, "log.txt")
	run(t, "strace", []plugin.Arg{{Key: "file", Value: path}}, "/bin/ls", "/")
	text := read()
	every(t, text, `\[\d+\] \w+\(.*`, 20)
	for _, want := range []string{`"/"`, "exit_group(0) = ?\n", "write(1, "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestCoverage(t *testing.T) {
	path, read := file(t, "cov.txt")
	out := run(t, "coverage", []plugin.Arg{{Key: "file", Value: path}}, "/bin/ls", "/")
	text := read()
	every(t, text, `\d+ \S+\+0x[0-9a-f]+ .*`, 500)
	if want := fmt.Sprintf("coverage: %d blocks, list in %s\n", strings.Count(text, "\n"), path); out != want {
		t.Errorf("printed %q, want %q", out, want)
	}
	if !strings.Contains(text, " ls+0x") && !strings.Contains(text, " coreutils+0x") {
		t.Error("no block of the program itself")
	}
}

func TestHotblocks(t *testing.T) {
	out := run(t, "hotblocks", []plugin.Arg{{Key: "n", Value: "5"}}, "/bin/ls", "/")
	head, rest, _ := strings.Cut(out, "\n")
	if head != "instructions by block:" || strings.Count(rest, "\n") != 6 || !strings.HasSuffix(rest, " more)\n") {
		t.Error(out)
	}
}

func TestMemwatch(t *testing.T) {
	out := run(t, "memwatch", []plugin.Arg{{Key: "addr", Value: "__libc_enable_secure"}, {Key: "reads", Flag: true}}, "/bin/ls", "/")
	every(t, out, `(read|write) 0x[0-9a-f]+\+\d+ by 0x[0-9a-f]+ .*: ([0-9a-f]{2} )+`, 1)
	if out := run(t, "memwatch", args(t, "addr=nosuch"), "/bin/true"); out != "memwatch: no file with nosuch was mapped\n" {
		t.Error(out)
	}
}

// TestHeads checks the fixed head of each script, and that its arguments are
// those that the script declares.
func TestHeads(t *testing.T) {
	files, err := fs.Glob(scripts.FS, "*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		src, err := fs.ReadFile(scripts.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		var head []string
		for l := range strings.Lines(string(src)) {
			if !strings.HasPrefix(l, "--") {
				break
			}
			head = append(head, strings.TrimSpace(l))
		}
		text := strings.Join(head, "\n")
		if !strings.HasPrefix(text, "-- "+strings.TrimSuffix(name, ".lua")+": ") {
			t.Errorf("%s: the first line is not its name and what it does", name)
		}
		for _, part := range []string{"-- Arguments:", "-- Events:", "-- Example:"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %s", name, part)
			}
		}
		for _, arg := range regexp.MustCompile(`panda\.arg\("(\w+)"`).FindAllStringSubmatch(string(src), -1) {
			if !regexp.MustCompile(`-- .*\b` + arg[1] + `\b`).MatchString(text) {
				t.Errorf("%s: the head does not tell of argument %s", name, arg[1])
			}
		}
	}
}

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// builtAndFull is panda, and a file on a disk that is full.
func builtAndFull(t *testing.T) (path string, full *os.File) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { full.Close() })
	if path, err = builtBinary(); err != nil {
		t.Fatal(err)
	}
	return path, full
}

// TestLostOutput: what a script writes to a disk that is full is not lost in
// silence.
func TestLostOutput(t *testing.T) {
	path, full := builtAndFull(t)
	for _, script := range []string{
		`print(1)`, `io.write("x")`, `pcall(print, 1)`, `panda.count{ on = "syscall_enter", by = "name" }`,
		`panda.on("syscall_enter", function() print("x") end)`, `io.stdout:write("x")`, `io.output("/dev/full") io.write(("x"):rep(1e6))`,
		`io.open("/dev/full", "w"):write("x")`, `local f = io.open("/dev/full", "w") f:write("x") f:close()`,
		`local f = io.open("/dev/full", "w") f:write(("x"):rep(1e6))`, `local f = io.open("/dev/full", "w") f:write("x") f:flush()`,
	} {
		cmd := exec.Command(path, "-e", script, "/bin/true")
		var errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &errs
		var exit *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &exit) || !strings.Contains(errs.String(), "no space left on device") {
			t.Errorf("%s: %v %s", script, err, errs.String())
		}
	}
	if r := panda(t, "", "-e", "print(1)", "/bin/true"); r.status != 0 || r.stdout != "1\n" || r.stderr != "" {
		t.Errorf("%+v", r)
	}
}

// TestLostPrompt: so it is with what the prompt prints.
func TestLostPrompt(t *testing.T) {
	path, full := builtAndFull(t)
	for _, line := range []string{":help", "print(1)", "1 + 1", ":info threads"} {
		cmd := exec.Command(path, "-i", "/bin/true")
		var errs bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(line+"\n"), full, &errs
		var exit *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &exit) || strings.Count(errs.String(), "is lost: ") != 1 {
			t.Errorf("%s: %v %s", line, err, errs.String())
		}
	}
}

// TestLostDump: so it is with what is printed about translation and calls.
func TestLostDump(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	for _, item := range []string{"strace", "in_asm", "op", "out_asm"} {
		r := panda(t, "", "-d", item, "-D", "/dev/full", "/bin/true")
		if r.status == 0 || strings.Count(r.stderr, "-strace print is lost: ") != 1 || !strings.Contains(r.stderr, "no space left on device") {
			t.Errorf("%s: %+v", item, r)
		}
	}
}

// TestLostHelp: so it is with what is asked for instead of a run.
func TestLostHelp(t *testing.T) {
	path, full := builtAndFull(t)
	for _, args := range [][]string{{"-panda", "strace:help", "/bin/true"}, {"-l"}} {
		cmd := exec.Command(path, args...)
		var errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &errs
		var exit *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &exit) || !strings.Contains(errs.String(), "no space left on device") {
			t.Errorf("%v: %v %s", args, err, errs.String())
		}
	}
}

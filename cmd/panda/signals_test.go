package main

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sendTo runs a program with the beginning of its input, sends it a signal when it
// says by a line that it is ready, and returns how it ended and what it printed
// then.
func sendTo(t *testing.T, stdin string, sig syscall.Signal, args ...string) (syscall.WaitStatus, string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = t.TempDir()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	stuck := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() }) // for a failure with a name instead of the end of all tests
	defer stuck.Stop()
	lines := bufio.NewReader(out)
	io.WriteString(in, stdin)
	for line := ""; line != "ready\n"; {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatalf("%q: %v; %s", args, err, stderr.String())
		}
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(lines)
	cmd.Wait()
	if !stuck.Stop() {
		t.Fatalf("%q goes on after %v; it wrote %q; %s", args, sig, rest, stderr.String())
	}
	return cmd.ProcessState.Sys().(syscall.WaitStatus), string(rest) + stderr.String()
}

// TestSignalsFromOutside: a signal that panda is sent is the program's, which dies
// of it or handles it, while it computes and while it waits, on both engines.
func TestSignalsFromOutside(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	const (
		busy    = "echo ready; while :; do :; done"
		waiting = "echo ready; read line"
		handler = `trap 'echo handled; exit 3' ABRT SEGV FPE TERM; echo ready; while :; do :; done`
	)
	fatal := []syscall.Signal{
		unix.SIGABRT, unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGTRAP, unix.SIGSYS, unix.SIGQUIT, unix.SIGTERM, unix.SIGINT,
		unix.SIGHUP, unix.SIGXCPU, unix.SIGVTALRM, unix.SIGSTKFLT, unix.SIGUSR1, 34, 40,
	}
	for i, sig := range fatal {
		accel, program := []string{"jit", "interp"}[i%2], []string{busy, waiting}[i/2%2]
		end, text := sendTo(t, "", sig, binary, "-accel", accel, "/bin/sh", "-c", program)
		if !end.Signaled() || end.Signal() != sig || text != "" {
			t.Errorf("%v, %s, %q: %#x %v, %q", sig, accel, program, end, end.Signal(), text)
		}
	}
	for i, sig := range []syscall.Signal{unix.SIGABRT, unix.SIGSEGV, unix.SIGFPE, unix.SIGTERM} {
		accel := []string{"interp", "jit"}[i%2]
		if end, text := sendTo(t, "", sig, binary, "-accel", accel, "/bin/sh", "-c", handler); end.ExitStatus() != 3 || text != "handled\n" {
			t.Errorf("%v, %s, handled: %#x %q", sig, accel, end, text)
		}
	}
}

// TestIgnoredSignals: what whoever started panda has it ignore, the program ignores
// until it says otherwise, as after nohup.
func TestIgnoredSignals(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	const script = `trap '' HUP; "$@" sh -c 'kill -HUP $$; echo survived; kill -TERM $$'`
	want := execute(t, t.TempDir(), "", "sh", "-c", script, "sh", "env")
	got := execute(t, t.TempDir(), "", "sh", "-c", script, "sh", binary)
	if got != want || !strings.Contains(want.stdout, "survived") {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestTermAtPipe: TERM ends a prompt in order that reads from a pipe.
func TestTermAtPipe(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	end, text := sendTo(t, "print('ready')\n", unix.SIGTERM, binary, "-i", "-e", "function uninit_plugin() print('goodbye') end", "/bin/true")
	if !end.Signaled() || end.Signal() != unix.SIGTERM || !strings.HasSuffix(text, "goodbye\n") {
		t.Errorf("%#x %q", end, text)
	}
}

// TestExitInCallback: panda.exit ends the guest with its status, also from a
// callback.
func TestExitInCallback(t *testing.T) {
	r := panda(t, t.TempDir(), "-e", "panda.on('syscall_enter', { name = 'write' }, function() panda.exit(5) end)", "/bin/sh", "-c", "echo one; echo two")
	if r.status != 5 || r.stderr != "" || strings.Contains(r.stdout, "two") {
		t.Errorf("%+v", r)
	}
}

// TestStopsOfTerminals: a program that a terminal's signal stops is stopped with panda,
// before it goes on, where a shell could continue it; in an orphaned process group
// nothing stops it.
func TestStopsOfTerminals(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	const script = "echo before; kill -TSTP $$; echo after; (sh -c 'kill -TSTP $$; echo child'); exit 3"
	for _, command := range [][]string{{"sh"}, {binary, "sh"}, {binary, "-accel", "interp", "sh"}, {binary, "-sandbox", "sh"}} {
		cmd := exec.Command(command[0], append(command[1:], "-c", script)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		out, err := cmd.Output()
		if cmd.ProcessState.ExitCode() != 3 || !strings.HasPrefix(string(out), "before\nafter\n") {
			t.Errorf("%q, orphaned: %q, %v", command, out, err)
		}
		cmd = exec.Command(command[0], append(command[1:], "-c", script)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if got := stopAndContinue(t, cmd); got != "before\n|after\n" {
			t.Errorf("%q, as a job: %q", command, got)
		}
	}
}

// stopAndContinue runs a command until it is stopped, continues it, and gives what it
// printed up to its second line, with a bar where it was stopped.
func stopAndContinue(t *testing.T, cmd *exec.Cmd) (printed string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &ws, syscall.WUNTRACED, nil); err != nil || !ws.Stopped() {
		return err.Error() + " not stopped"
	}
	b := make([]byte, 100)
	n, _ := out.Read(b)
	printed = string(b[:n]) + "|"
	cmd.Process.Signal(syscall.SIGCONT)
	line, _ := bufio.NewReader(out).ReadString('\n')
	return printed + line
}

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// conditions are ways to record. Those with a script stop, step or look on.
var conditions = [][]string{
	{"-sandbox"},
	{"-sandbox", "-mmu", "soft"},
	{"-lockstep"},
	{"-accel", "interp"},
	{"-panda", "syscalls:file=/dev/null;coverage:file=/dev/null;hotblocks:file=/dev/null", "-e", `n = 0; panda.on("insn_exec", { symbol = "mem*" }, function() n = n + 1 end)`},
	{"-e", `panda.on("syscall_enter", function(cpu) cpu:backtrace(5) end)`},
	{"-sched-seed", "7", "-limit", "files=100", "-cpu", "x86-64-v2"},
}

// recordedScript is what is recorded: it reads its input and writes a file.
const recordedScript = `while read x; do echo $x $RANDOM >> f; done; cat f; sort f | tr a-z A-Z; ls -la f | wc -l; ls /proc/self; echo err >&2
	cat /proc/self/maps | md5sum; (sleep 0.01; kill -9 $BASHPID); date +%N; exit 4`

// TestReplayConditions records under all conditions, with input from a pipe, and replays
// without and with a sandbox.
func TestReplayConditions(t *testing.T) {
	need(t, "bash")
	for _, options := range conditions {
		t.Run(strings.Join(options[:min(len(options), 2)], " "), func(t *testing.T) {
			t.Parallel()
			dir := gone(t)
			want, file := record(t, dir, "one\ntwo\n", options, "bash", "-c", recordedScript)
			if want.status != 4 || !strings.Contains(want.stdout, "ONE") {
				t.Fatalf("%+v", want)
			}
			os.RemoveAll(dir)
			replaysAs(t, file, want)
			if got := panda(t, t.TempDir(), "replay", file, "-sandbox", "-lockstep"); got != want {
				t.Errorf("-sandbox -lockstep\ngot  %+v\nwant %+v", clip(got), clip(want))
			}
		})
	}
}

// TestReplaySandboxedMaps: a sandboxed program's own files, which are memory, are mapped.
func TestReplaySandboxedMaps(t *testing.T) {
	t.Parallel()
	dir := gone(t, buildC(t, "replay"))
	input(t, filepath.Join(dir, "file"), 100_000)
	want, file := record(t, dir, "", []string{"-sandbox", "-allow", "."}, "./replay", "file")
	if strings.Count(want.stdout, "\n") < 20 {
		t.Fatalf("%+v", want)
	}
	os.RemoveAll(dir)
	replaysAs(t, file, want)
	if left := panda(t, t.TempDir(), "replay", file, "-sandbox"); left != want {
		t.Errorf("got  %+v\nwant %+v", left, want)
	}
}

// endedBySignal records a program that is sent a signal when it says that it is ready, and
// replays it: it ends alike.
func endedBySignal(t *testing.T, script string, sig syscall.Signal) string {
	t.Helper()
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.rr")
	end, text := sendTo(t, "", sig, binary, "record", "-o", file, "bash", "-c", script)
	text = recordedLine.ReplaceAllString(text, "")
	for _, way := range replays {
		var out bytes.Buffer
		cmd := exec.Command(binary, slices.Concat([]string{"replay", file}, way)...)
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.Run()
		if got := cmd.ProcessState.Sys().(syscall.WaitStatus); sig != unix.SIGKILL && got != end {
			t.Errorf("%v, %v: ended %#x, want %#x", sig, way, got, end)
		}
		_, after, _ := strings.Cut(out.String(), "ready\n")
		if sig == unix.SIGKILL {
			text = out.String() // it may have been killed before it wrote more
		} else if after != text {
			t.Errorf("%v, %v: %q, want %q", sig, way, after, text)
		}
	}
	return text
}

// TestReplaySignals: signals that somebody sends while a program computes or waits come
// again where they came; one that ends the run ends the replay.
func TestReplaySignals(t *testing.T) {
	need(t, "bash")
	for _, c := range []struct {
		name, script string
		sig          syscall.Signal
		want         string
	}{
		{"handled", `trap 'echo handled; exit 3' USR1; echo ready; while :; do :; done`, unix.SIGUSR1, "handled\n"},
		{"waiting", `trap 'echo handled; exit 3' TERM; echo ready; while :; do read -t 0.1 x; sleep 0.01; done`, unix.SIGTERM, "handled\n"},
		{"interrupted", `echo ready; while :; do :; done`, unix.SIGINT, ""},
		{"recorder killed", `echo ready; while :; do :; done`, unix.SIGKILL, "its recorder was killed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := endedBySignal(t, c.script, c.sig); !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestReplayLeft: a run that a script has ended is replayed to the instruction where it
// was left, which is said.
func TestReplayLeft(t *testing.T) {
	stop := `panda.on("syscall_enter", { name = "write" }, function() panda.stop() end)`
	want, file := record(t, t.TempDir(), "", []string{"-e", stop}, "sh", "-c", "echo one; echo two")
	if want.stdout != "one\n" || want.status != 1 {
		t.Fatalf("%+v", want)
	}
	insns := ""
	for _, way := range replays {
		r := panda(t, t.TempDir(), slices.Concat([]string{"replay", file, "-panda", "insncount"}, way)...)
		if r.stdout != "one\n" || r.status != 1 || !strings.Contains(r.stderr, ": the guest was left there\n") || insns != "" && r.stderr != insns {
			t.Errorf("%v: %+v, want %q", way, r, insns)
		}
		insns = r.stderr
	}
}

// TestReplayTerminal records a session at a terminal, and replays what it showed.
func TestReplayTerminal(t *testing.T) {
	need(t, "bash")
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.rr")
	session := append(jobControl[:8:8], typing{"stty size; echo $RANDOM\n", "$ "}, typing{"exit 3\n", "exit\r\n"})
	typeTo(t, session, binary, "record", "-o", file, "bash", "--norc", "--noediting", "-i")
	first := ""
	for _, way := range replays {
		r := panda(t, t.TempDir(), slices.Concat([]string{"replay", file}, way)...)
		if r.status != 3 || !strings.Contains(r.stdout+r.stderr, "terminal") || strings.Contains(r.stderr, "panda:") || first != "" && r.stdout+r.stderr != first {
			t.Errorf("%v: %+v, want %q", way, clip(r), first)
		}
		first = r.stdout + r.stderr
	}
}

// TestReplayDiscarded: what a program writes to its output appears again, wherever that led;
// what it discards does not.
func TestReplayDiscarded(t *testing.T) {
	t.Parallel()
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const script = "echo hidden > /dev/null; echo shown; (echo error >&2); /bin/echo hidden > /dev/null 2>&1"
	execute(t, dir, "", "sh", "-c", `"$0" record -o run sh -c "$1" > /dev/null 2>&1`, binary, script)
	if r := panda(t, dir, "replay", "run"); r.stdout != "shown\n" || r.stderr != "error\n" || r.status != 0 {
		t.Errorf("%+v", r)
	}
}

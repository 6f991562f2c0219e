package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// replays are the ways to replay.
var replays = [][]string{
	{"-accel", "jit", "-mmu", "window"},
	{"-accel", "jit", "-mmu", "soft"},
	{"-accel", "interp", "-mmu", "window"},
	{"-accel", "interp", "-mmu", "soft"},
}

// recordedLine is what panda record says at its end.
var recordedLine = regexp.MustCompile(`panda: recorded [^\n]*\n`)

// record records a run in dir, and gives what it did and the recording, which lies
// elsewhere.
func record(t *testing.T, dir, stdin string, options []string, command ...string) (result, string) {
	t.Helper()
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.rr")
	r := execute(t, dir, stdin, slices.Concat([]string{binary, "record", "-o", file}, options, command)...)
	if _, err := os.Stat(file); err != nil || !recordedLine.MatchString(r.stderr) && r.status >= 0 {
		t.Fatalf("nothing is recorded: %v\n%s", err, r.stderr)
	}
	r.stderr = recordedLine.ReplaceAllString(r.stderr, "")
	return r, file
}

// replaysAs replays a recording in each way, in a directory of its own.
func replaysAs(t *testing.T, file string, want result, options ...string) {
	t.Helper()
	for _, way := range replays {
		got := panda(t, t.TempDir(), slices.Concat([]string{"replay", file}, way, options)...)
		if got != want {
			t.Errorf("%v\ngot  %+v\nwant %+v", way, clip(got), clip(want))
		}
	}
}

// clip leaves little of what a program wrote.
func clip(r result) result {
	r.stdout, r.stderr = r.stdout[max(0, len(r.stdout)-1000):], r.stderr[:min(len(r.stderr), 2000)]
	return r
}

// input fills a file with bytes that are easy to tell apart.
func input(t *testing.T, path string, n int) {
	t.Helper()
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*i>>7 + i)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// gone makes a directory that is removed after the recording, with copies of files in it.
func gone(t *testing.T, files ...string) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gone")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(f)), b, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestReplayC: threads, signals, timers, pipes, and a mapped file that is written, cut and
// grown by calls, by maps and by another process, in each way to reach memory.
func TestReplayC(t *testing.T) {
	prog := buildC(t, "replay")
	for _, mmu := range []string{"window", "soft"} {
		t.Run(mmu, func(t *testing.T) {
			t.Parallel()
			dir := gone(t, prog)
			input(t, filepath.Join(dir, "file"), 100_000)
			want, file := record(t, dir, "", []string{"-mmu", mmu}, "./replay", "file")
			if strings.Count(want.stdout, "\n") < 20 || want.status < 20 {
				t.Fatalf("%+v", want)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			replaysAs(t, file, want)
		})
	}
}

// TestReplayI386 replays a program of 32 bits.
func TestReplayI386(t *testing.T) {
	t.Parallel()
	prog := build386(t, map[string]string{"go.mod": goMod, "main.go": program386})
	dir := gone(t, prog)
	want, file := record(t, dir, "", nil, filepath.Join(dir, filepath.Base(prog)))
	if want.status != 3 {
		t.Fatalf("%+v", want)
	}
	os.RemoveAll(dir)
	replaysAs(t, file, want)
}

// replayedPrograms are replayed by the ordinary tests: what they print is another thing in
// each run.
var replayedPrograms = []shellProgram{
	{"bash", "bash sort tr", `set -m; for i in 1 2 3; do echo $RANDOM $i | tr 1-9 a-i | sort; done; sleep 0.02 & sleep 0.01 & jobs; wait %1; (kill -TSTP $BASHPID; echo on) & sleep 0.1; jobs; kill -CONT %1; wait
		x=$(date +%N; echo $BASHPID); echo "$x"; diff <(seq 3) <(seq 2); coproc cat; echo to >&${COPROC[1]}; read r <&${COPROC[0]}; echo $r; cut -c1-30 /proc/self/stat; trap 'echo got' USR1; kill -USR1 $$; exit $((RANDOM % 50 + 1))`},
	{"python3", "/usr/bin/python3", `/usr/bin/python3 -c '
import asyncio, os, random, subprocess, threading, time
r = []; ts = [threading.Thread(target=lambda: r.append((time.time_ns(), random.random()))) for i in range(5)]
for t in ts: t.start()
for t in ts: t.join()
print(r, subprocess.run(["sh", "-c", "cat; date +%N; exit 3"], input=b"in", capture_output=True))
async def echo(rd, wr):
    while d := await rd.readline(): wr.write(d.upper()); await wr.drain()
    wr.close()
async def main():
    s = await asyncio.start_server(echo, "127.0.0.1", 0)
    rd, wr = await asyncio.open_connection("127.0.0.1", s.sockets[0].getsockname()[1])
    for i in range(3): wr.write(b"hi %d\n" % time.time_ns()); print(await rd.readline()); await asyncio.sleep(0.002)
    wr.close(); s.close()
asyncio.run(main()); os._exit(os.urandom(1)[0] | 1)'`},
	{"sqlite3", "sqlite3", `sqlite3 t.db 'pragma journal_mode=wal; create table t(a, b); with recursive c(x) as (select 1 union all select x + 1 from c where x < 900) insert into t select x, random() from c; create index i on t(b);
		update t set b = a where a % 3 = 0; pragma mmap_size = 10000000; select sum(a), max(b), hex(randomblob(9)) from t; vacuum; select count(*), sum(b) from t'`},
	{"git", "git", gitEnv + `git init -q -b main r; cd r; seq 200 > f; git add .; git commit -qm one; seq 100 >> f; git status; git diff --stat`},
}

// TestReplayPrograms replays programs whose directory is gone.
func TestReplayPrograms(t *testing.T) { replayScripts(t, replayedPrograms) }

// TestReplaysSlow is for "make replays".
func TestReplaysSlow(t *testing.T) {
	if !*slow {
		t.Skip("they take long: make replays")
	}
	replayScripts(t, slices.Concat(shellPrograms, slowPrograms))
}

func replayScripts(t *testing.T, list []shellProgram) {
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			need(t, p.needs)
			t.Parallel()
			dir := gone(t)
			want, file := record(t, dir, "", nil, "bash", "-c", fmt.Sprintf("PORT=%d\n", freePort(t))+p.script)
			os.RemoveAll(dir)
			replaysAs(t, file, want)
		})
	}
}

// TestReplayGo replays a Go program.
func TestReplayGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "main.go", `package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"sync"
	"time"
)

func main() {
	var wg sync.WaitGroup
	c := make(chan string, 100)
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if i%5 == 0 {
				runtime.LockOSThread()
				time.Sleep(time.Millisecond)
			}
			keep := make([][]byte, 50)
			for j := range keep {
				keep[j] = make([]byte, 10000+j)
			}
			c <- fmt.Sprint(i, time.Now().UnixNano(), rand.Int(), len(keep))
		}()
	}
	wg.Wait()
	runtime.GC()
	for range 20 {
		fmt.Println(<-c)
	}
	os.Exit(rand.Intn(100) + 1)
}
`)
	cmd := exec.Command("go", "build", "-o", "prog", "main.go")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GO111MODULE=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	want, file := record(t, dir, "", nil, "./prog")
	os.RemoveAll(dir)
	replaysAs(t, file, want)
}

// TestReplayElsewhere: a replay needs nothing but panda and the recording. It runs in a
// root directory where there is nothing else.
func TestReplayElsewhere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change its root")
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	dir := gone(t, buildC(t, "replay"))
	input(t, filepath.Join(dir, "file"), 100_000)
	want, file := record(t, dir, "", nil, "bash", "-c", "echo $RANDOM; date; ls / | sort; ./replay file; exit $?")
	os.RemoveAll(dir)
	root := gone(t, binary, file)
	for _, way := range replays {
		cmd := exec.Command("/panda", slices.Concat([]string{"replay", "/run"}, way)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		var out, errs bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = "/", []string{}, &out, &errs
		err := cmd.Run()
		if cmd.ProcessState == nil {
			t.Skip(err)
		}
		if got := (result{out.String(), errs.String(), cmd.ProcessState.String(), cmd.ProcessState.ExitCode()}); got != want {
			t.Errorf("%v\ngot  %+v\nwant %+v", way, clip(got), clip(want))
		}
	}
}

// TestReplayInterrupted: Ctrl-C ends a replay, and a verification, as it ends other programs.
func TestReplayInterrupted(t *testing.T) {
	t.Parallel()
	_, file := record(t, t.TempDir(), "", nil, "bash", "-c", "echo ready; for ((i = 0; i < 300000; i++)); do :; done")
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	wait := `panda.at(1000000, function() print("ready") while true do end end)` // until it is interrupted
	for _, command := range []string{"replay", "verify"} {
		end, text := sendTo(t, "", unix.SIGINT, binary, command, file, "-e", wait)
		if !end.Signaled() || end.Signal() != unix.SIGINT || strings.Contains(text, "ended by") || strings.Contains(text, " is right") {
			t.Errorf("%s: %#x %q", command, end, text)
		}
	}
}

// TestReplayLostOutput: what cannot be written of the program's output is said, and shows in
// the status.
func TestReplayLostOutput(t *testing.T) {
	t.Parallel()
	_, file := record(t, t.TempDir(), "", nil, "/bin/echo", "hello")
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	r := execute(t, t.TempDir(), "", "sh", "-c", `"$0" replay "$1" > /dev/full`, binary, file)
	if r.status != 1 || r.stderr != "panda: output of the program is lost: write /dev/stdout: no space left on device\n" {
		t.Errorf("%+v", r)
	}
}

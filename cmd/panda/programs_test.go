package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// builtBinary builds panda once for all tests.
var builtBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "panda-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "panda")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	// A shell that starts the tests in the background has them ignore signals, and
	// with them all they start. What is handled here is not ignored there.
	signal.Notify(make(chan os.Signal, 1), ignoredHere()...)
	code := m.Run()
	if path, err := builtBinary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// ignoredHere are the signals that whoever started the tests has them ignore.
func ignoredHere() []os.Signal {
	sigs := []os.Signal{syscall.SIGWINCH} // an empty list would mean all
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(sig) {
			sigs = append(sigs, sig)
		}
	}
	return sigs
}

// result is what a command did.
type result struct {
	stdout, stderr string
	ended          string // as os.ProcessState prints it: exit status or signal
	status         int
}

// runLimit is how long a program may take under the interpreter.
const runLimit = 3 * time.Minute

// execute runs a command in dir with stdin and waits for it.
func execute(t *testing.T, dir, stdin string, args ...string) result {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(stdin), &out, &errs
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	limit := runLimit
	if *slow {
		limit *= 5
	}
	timer := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.String(), cmd.ProcessState.ExitCode()}
}

// panda runs the built binary.
func panda(t *testing.T, dir string, args ...string) result {
	t.Helper()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	return execute(t, dir, "", append([]string{path}, args...)...)
}

// sameAsNative runs a program natively and under panda and compares output and
// status.
func sameAsNative(t *testing.T, stdin string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skip(err)
	}
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	want := execute(t, t.TempDir(), stdin, args...)
	for range 5 { // the world may change meanwhile: then the native run does too
		got := execute(t, t.TempDir(), stdin, append([]string{path}, args...)...)
		if got == want {
			return
		}
		again := execute(t, t.TempDir(), stdin, args...)
		if again == want {
			t.Errorf("%q\ngot  %+v\nwant %+v", args, got, want)
			return
		}
		want = again
	}
	t.Skip("the native run gives another output each time")
}

// programs run with their output compared with the native run.
var programs = []struct {
	name  string
	args  []string
	stdin string
}{
	{name: "ls", args: []string{"ls", "-l", "/usr", "/usr/lib/"}},
	{name: "bash", args: []string{"bash", "-c", "for i in 1 2 3; do echo $i | tr 1-9 a-i; done; ls /usr | sort | wc -l; exit 7"}},
	{name: "bash-fork", args: []string{"bash", "-c", "x=$(echo a; (echo b; exit 3); echo $?); echo \"$x\"; true && false || echo or; kill -9 $$"}},
	{name: "bash-trap", args: []string{"bash", "-c", "trap 'echo got' USR1; kill -USR1 $$; sleep 0.01 & wait $!; echo $?"}},
	{name: "bash-fifo", args: []string{"bash", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do mkfifo p; (echo through $i > p &); cat p; rm p; done"}},
	{name: "dash", args: []string{"dash", "-c", "set -- a b; for x; do printf '%s\\n' $x; done; cat < /etc/debian_version"}},
	{name: "cat", args: []string{"cat"}, stdin: "one\ntwo\n"},
	{name: "sort", args: []string{"sort", "-n"}, stdin: "3\n1\n2\n"},
	{name: "sha256sum", args: []string{"sha256sum"}, stdin: strings.Repeat("panda", 1000)},
	{name: "find", args: []string{"find", "/etc", "-maxdepth", "1", "-name", "p*"}},
	{name: "grep", args: []string{"grep", "-c", "root", "/etc/passwd"}},
	{name: "sed", args: []string{"sed", "s/a/b/g;2d"}, stdin: "aaa\nbbb\naca\n"},
	{name: "awk", args: []string{"awk", "{ s += $1 } END { print s, s / 3 }"}, stdin: "1\n2\n4\n"},
	{name: "perl", args: []string{"perl", "-e", `my %h = map { $_ => $_ ** 2 } 1..5; print join(",", map { "$_=$h{$_}" } sort keys %h), "\n"; printf "%.10g\n", atan2(1,1)*4`}},
	{name: "python3", args: []string{"/usr/bin/python3", "-c", "import json, hashlib; print(json.dumps({'a': [1, 2.5, None]}), hashlib.sha256(b'panda').hexdigest())"}},
	{name: "busybox", args: []string{"busybox", "sh", "-c", "echo hi | md5sum; seq 3 | tac; exit 5"}},
	{name: "lua5.1", args: []string{"lua5.1", "-e", "local t = {} for i = 1, 100 do t[i] = i * i end print(#t, t[100], string.format('%5.2f', 1/3))"}},
	{name: "gzip", args: []string{"sh", "-c", "gzip -c /etc/passwd | gunzip | cmp - /etc/passwd && echo same"}},
	{name: "env", args: []string{"env", "-i", "A=b", "/usr/bin/env"}},
	{name: "missing", args: []string{"ls", "/does/not/exist"}},
	{name: "segfault", args: []string{"sh", "-c", "kill -SEGV $$"}},
}

func TestPrograms(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			sameAsNative(t, p.stdin, p.args...)
		})
	}
}

// TestGoProgram builds a Go program with goroutines and garbage collection.
func TestGoProgram(t *testing.T) {
	dir := t.TempDir()
	src := `package main

import (
	"fmt"
	"runtime"
	"sync"
)

func main() {
	var mu sync.Mutex
	var wg sync.WaitGroup
	total := 0
	for g := range 8 {
		wg.Go(func() {
			var keep [][]byte
			for i := range 200 {
				keep = append(keep, make([]byte, 10000+i))
				if i%50 == 0 {
					keep = nil
					runtime.GC()
				}
			}
			mu.Lock()
			total += g
			mu.Unlock()
		})
	}
	wg.Wait()
	ch := make(chan int)
	go func() {
		for i := range 100 {
			ch <- i
		}
		close(ch)
	}()
	for i := range ch {
		total += i
	}
	fmt.Println(total, runtime.GOARCH)
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "prog")
	cmd := exec.Command("go", "build", "-o", exe, "main.go")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GO111MODULE=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sameAsNative(t, "", exe)
}

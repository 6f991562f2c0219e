package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestHighMemory: memory all over the addresses of a program, in a window that grows,
// in one that is large enough, and without one.
func TestHighMemory(t *testing.T) {
	prog := buildC(t, "high")
	for _, name := range strings.Fields(execute(t, "", "", prog).stdout) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := execute(t, "", "", prog, name)
			sameAs(t, want, prog, name)
			for _, how := range [][]string{{"-window", "50t"}, {"-layout", "native"}, {"-d", "windows"}, {"-lockstep"}} {
				got := panda(t, "", append(how, prog, name)...)
				firstDifference(t, strings.Join(how, " "), got.stdout, want.stdout)
			}
		})
	}
}

// finds runs a program natively and under panda: both must end alike and say a text.
func finds(t *testing.T, prog, what, text string) {
	t.Helper()
	want := execute(t, "", "", prog, what)
	if !strings.Contains(want.stderr, text) {
		t.Skipf("natively: %s\n%s", want.ended, want.stderr)
	}
	got := panda(t, "", prog, what)
	if got.stdout != want.stdout || got.ended != want.ended || !strings.Contains(got.stderr, text) {
		t.Errorf("got %q, %s\n%s\nwant %q, %s and %q", got.stdout, got.ended, got.stderr, want.stdout, want.ended, text)
	}
}

// TestSanitizers: programs with a sanitizer run, and it finds their bugs.
func TestSanitizers(t *testing.T) {
	bugs := map[string][][2]string{
		"address":   {{"clean", ""}, {"freed", "heap-use-after-free"}, {"stack", "stack-buffer-overflow"}, {"global", "global-buffer-overflow"}, {"child", "heap-use-after-free"}, {"leak", "detected memory leaks"}},
		"thread":    {{"clean", ""}, {"race", "data race"}},
		"undefined": {{"clean", ""}},
		"leak":      {{"clean", ""}, {"leak", "detected memory leaks"}},
	}
	for _, kind := range []string{"address", "thread", "undefined", "leak"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			prog := buildC(t, "sanitized", "-g", "-fsanitize="+kind)
			for _, bug := range bugs[kind] {
				t.Run(bug[0], func(t *testing.T) { finds(t, prog, bug[0], bug[1]) })
			}
		})
	}
}

// TestGoRace: the race detector of Go finds one.
func TestGoRace(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("compares with the native run")
	}
	need(t, "go")
	need(t, "gcc")
	dir := t.TempDir()
	write(t, dir, "main.go", `package main

import "fmt"

func main() {
	n, done := 0, make(chan int)
	go func() { n++; done <- 1 }()
	n++
	<-done
	fmt.Println(n > 0)
}
`)
	build := exec.Command("go", "build", "-race", "-o", "prog", "main.go")
	build.Dir, build.Env = dir, append(os.Environ(), "GO111MODULE=off", "GOFLAGS=", "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	finds(t, filepath.Join(dir, "prog"), "", "DATA RACE")
}

// TestZGC: a collector that maps the heap of Java at several places far up.
func TestZGC(t *testing.T) {
	need(t, "java")
	need(t, "javac")
	dir := t.TempDir()
	write(t, dir, "T.java", `import java.util.*;

public class T {
	public static void main(String[] a) {
		List<byte[]> l = new ArrayList<>();
		for (int i = 0; i < 500; i++) {
			l.add(new byte[1 << 16]);
			if (l.size() > 20) l.remove(0);
		}
		System.gc();
		System.out.println(l.size());
	}
}
`)
	compile := exec.Command("javac", "T.java")
	compile.Dir = dir
	if out, err := compile.CombinedOutput(); err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip(err)
	}
	command := []string{java, "-Xmx128m", "-XX:+UseZGC", "-cp", dir, "T"}
	want := execute(t, "", "", command...)
	if want.status != 0 {
		t.Skipf("natively: %s\n%s", want.ended, want.stderr)
	}
	if got := panda(t, "", command...); got.stdout != want.stdout || got.ended != want.ended {
		t.Errorf("got %q %s\n%s\nwant %q %s", got.stdout, got.ended, got.stderr, want.stdout, want.ended)
	}
}

// TestNativeLayout: programs lie where they do on Linux, stacks at the end.
func TestNativeLayout(t *testing.T) {
	for layout, want := range map[string]string{"compact": "-3ffffff000 rw-p", "native": "-7ffffffff000 rw-p"} {
		got := panda(t, "", "-layout", layout, "/bin/cat", "/proc/self/maps")
		if !strings.Contains(got.stdout, want) {
			t.Errorf("-layout %s: no stack ends at %s\n%s%s", layout, want, got.stdout, got.stderr)
		}
	}
	for _, bad := range [][2]string{{"-layout", "wide"}, {"-window", "wide"}, {"-window", "5000"}, {"-window", "1g"}, {"-window", "300t"}} {
		got := panda(t, "", bad[0], bad[1], "/bin/true")
		if name := strings.TrimPrefix(bad[0], "-"); got.status == 0 || !strings.Contains(got.stderr, name) {
			t.Errorf("%s: %s\n%s", bad, got.ended, got.stderr)
		}
	}
}

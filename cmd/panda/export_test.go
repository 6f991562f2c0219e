package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const exportSource = `
volatile unsigned long sum;
__attribute__((noinline)) void hot_spot(unsigned long n) { while (n--) sum += n; }
int main(void) { hot_spot(1000); return 0; }
`

// TestExports: profilers and gdb find the guest's symbols in machine code.
func TestExports(t *testing.T) {
	need(t, "gcc")
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "hot.c")
	if err := os.WriteFile(source, []byte(exportSource), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-O1", "-o", filepath.Join(dir, "hot"), source).CombinedOutput(); err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	if r := panda(t, dir, "-accel", "interp", "-perfmap", "./hot"); r.status == 0 || !strings.Contains(r.stderr, "-perfmap: the interpreter makes no machine code") {
		t.Errorf("%+v", r)
	}
	if r := panda(t, dir, "-accel", "jit", "/bin/true"); r.status != 0 {
		t.Skip(r.stderr)
	}
	t.Run("files", func(t *testing.T) {
		// The shell says its own process id, which exec keeps.
		r := execute(t, dir, "", "sh", "-c", `echo $$; exec "$0" -perfmap -jitdump -gdbjit ./hot`, binary)
		pid := strings.TrimSpace(r.stdout)
		for _, file := range []string{"/tmp/perf-" + pid + ".map", filepath.Join(dir, "jit-"+pid+".dump")} {
			text, err := os.ReadFile(file)
			if r.status != 0 || err != nil || !strings.Contains(string(text), "hot_spot") || !strings.Contains(string(text), "panda.enter") {
				t.Errorf("%+v, %v, %d bytes", r, err, len(text))
			}
			os.Remove(file)
		}
	})
	t.Run("gdb", func(t *testing.T) {
		need(t, "gdb")
		args := []string{"gdb", "-nx", "-batch"}
		for _, c := range []string{
			"set debuginfod enabled off", "set auto-load off", "handle SIGURG nostop noprint pass", "handle SIGSEGV nostop noprint pass",
			"catch syscall exit_group", "run -gdbjit ./hot", "info functions hot_spot",
		} {
			args = append(args, "-ex", c)
		}
		r := execute(t, dir, "", append(args, binary)...)
		if !strings.Contains(r.stdout, "hit Catchpoint") {
			t.Skipf("gdb runs nothing here: %+v", r)
		}
		if !strings.Contains(r.stdout, "hot_spot\n") {
			t.Errorf("no symbol: %+v", r)
		}
	})
}

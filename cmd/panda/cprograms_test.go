package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"panda/emu/emutest"
)

// buildC builds a program of testdata/c for the host.
func buildC(t *testing.T, name string, flags ...string) string {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("compares with the native run")
	}
	need(t, "gcc")
	prog := filepath.Join(t.TempDir(), name)
	flags = append([]string{"-O0", "-w", "-pthread"}, flags...)
	flags = append(flags, "-o", prog, filepath.Join("testdata", "c", name+".c"))
	out, err := exec.Command("gcc", flags...).CombinedOutput()
	if i := slices.Index(flags, "-m32"); err != nil && i >= 0 { // a compiler for i386 by itself
		out, err = exec.Command("i686-linux-gnu-gcc", append(slices.Delete(flags, i, i+1), "-static")...).CombinedOutput()
	}
	if err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	return prog
}

// sameOutput compares a program's native run with that on each engine, and with its
// memory behind a TLB.
func sameOutput(t *testing.T, prog string, args ...string) {
	t.Helper()
	sameAs(t, execute(t, "", "", append([]string{prog}, args...)...), prog, args...)
}

// asCPU runs a program that shows what CPUs of our maker do: natively if this is
// one, else by the interpreter.
func asCPU(t *testing.T, command ...string) result {
	t.Helper()
	if emutest.SameMaker() {
		return execute(t, "", "", command...)
	}
	return panda(t, "", append([]string{"-accel", "interp"}, command...)...)
}

// sameAs runs a program in every way and compares its output.
func sameAs(t *testing.T, want result, prog string, args ...string) {
	t.Helper()
	for _, how := range [][]string{{"-accel", "jit"}, {"-accel", "interp"}, {"-mmu", "soft"}} {
		got := panda(t, "", slices.Concat(how, []string{prog}, args)...)
		if got.stdout != want.stdout || got.ended != want.ended {
			t.Errorf("%v\ngot  %q %s\nwant %q %s", how, got.stdout, got.ended, want.stdout, want.ended)
		}
	}
}

// TestSocketNames: sockets in folders are known by the names that they were bound to.
func TestSocketNames(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // as short as an address
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	prog := buildC(t, "sockets")
	sameOutput(t, prog, dir)
	got := panda(t, "", "-sandbox", "-allow", dir, prog, dir)
	if want := execute(t, "", "", prog, dir); got.stdout != want.stdout {
		t.Errorf("sandboxed:\n%s\nwant\n%s", got.stdout, want.stdout)
	}
}

// TestUnwinding: an unwinder finds its way through the frames of signal handlers.
func TestUnwinding(t *testing.T) {
	for _, width := range []string{"-m64", "-m32"} {
		t.Run(width, func(t *testing.T) { sameOutput(t, buildC(t, "unwind", width, "-funwind-tables")) })
	}
}

// TestEpoll: what epoll_wait says of places that are not there, and how deep epolls
// may stand in one another.
func TestEpoll(t *testing.T) { sameOutput(t, buildC(t, "epoll")) }

// TestStreams: parts of streams that come late, are looked at first, or bring
// descriptors.
func TestStreams(t *testing.T) { sameOutput(t, buildC(t, "stream")) }

// TestPtrace: a thread of another process is stopped, looked at and let go.
func TestPtrace(t *testing.T) {
	prog := buildC(t, "ptrace")
	want := execute(t, "", "", prog)
	if want.status == 77 {
		t.Skip("the host forbids it")
	}
	sameAs(t, want, prog)
}

// TestX87Threads: the rounding of a thread stays its own.
func TestX87Threads(t *testing.T) { sameOutput(t, buildC(t, "x87threads")) }

// TestProcessLimit: RLIMIT_NPROC counts what a user has running. The host counts
// everything that the user has: a user is needed that has nothing.
func TestProcessLimit(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	prog := buildC(t, "nproc")
	for _, dir := range []string{filepath.Dir(prog), filepath.Dir(filepath.Dir(prog))} {
		if err := os.Chmod(dir, 0o755); err != nil { // for that user
			t.Fatal(err)
		}
	}
	if native := execute(t, "", "", prog); native.status != 0 {
		t.Skip("that user cannot be had here: ", native.ended)
	}
	sameOutput(t, prog)
}

// TestBigFile: a program of 32 bits says that it can deal with large files.
func TestBigFile(t *testing.T) {
	prog := buildC(t, "big", "-m32", "-O1", "-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-no-pie")
	want := execute(t, t.TempDir(), "", prog)
	if !strings.Contains(want.stdout, "open -75\n") {
		t.Skipf("no such files here: %q", want.stdout)
	}
	for _, args := range [][]string{{prog}, {"-sandbox", prog}} {
		if got := panda(t, t.TempDir(), args...); got.stdout != want.stdout || got.ended != want.ended {
			t.Errorf("%q\ngot  %q %s\nwant %q %s", args, got.stdout, got.ended, want.stdout, want.ended)
		}
	}
}

// compareC runs the tests that a program lists, natively and under panda. Standard
// error does not count: panda says where a program dies.
func compareC(t *testing.T, prog string, skip ...string) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(execute(t, "", "", prog).stdout)
	if len(names) == 0 {
		t.Fatal("no tests")
	}
	for _, name := range names {
		if strings.Contains(strings.Join(skip, " "), name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, got := execute(t, t.TempDir(), "", prog, name), execute(t, t.TempDir(), "", binary, prog, name)
			if strings.Contains(got.stderr, "BUG") || strings.Contains(got.stderr, "goroutine") {
				t.Errorf("the emulator fails:\n%s", got.stderr)
			}
			if got.stdout != want.stdout || got.ended != want.ended {
				t.Errorf("got  %q %s\nwant %q %s", got.stdout, got.ended, want.stdout, want.ended)
			}
		})
	}
}

// TestCodeSegments: code runs in segments of 16 bits, and in those with a base.
func TestCodeSegments(t *testing.T) {
	t.Run("-m64", func(t *testing.T) { sameOutput(t, buildC(t, "segments", "-no-pie")) })
	t.Run("-m32", func(t *testing.T) { sameOutput(t, buildC(t, "segments", "-m32", "-static")) })
}

// TestSigreturn: handlers return to segments, addresses and states of all kinds.
func TestSigreturn(t *testing.T) {
	run := func(t *testing.T, prog string) { sameAs(t, asCPU(t, prog), prog) }
	t.Run("-m64", func(t *testing.T) { run(t, buildC(t, "sigreturn", "-no-pie")) })
	t.Run("-m32", func(t *testing.T) { run(t, buildC(t, "sigreturn", "-m32", "-static")) })
}

// TestPageFaults: the frame of a fault says what the CPU's does.
func TestPageFaults(t *testing.T) {
	t.Run("-m64", func(t *testing.T) { sameOutput(t, buildC(t, "pagefault", "-no-pie")) })
	t.Run("-m32", func(t *testing.T) { sameOutput(t, buildC(t, "pagefault", "-m32", "-static")) })
}

// TestKernelServices: what the kernel does for libraries.
func TestKernelServices(t *testing.T) { compareC(t, buildC(t, "kernel")) }

// TestBadInput: programs that break all rules end as they do on Linux.
func TestBadInput(t *testing.T) { compareC(t, buildC(t, "bad"), "calls") }

// TestBadCalls makes every call with arguments that mean nothing, in a sandbox:
// the host would take some of them seriously.
func TestBadCalls(t *testing.T) {
	prog := buildC(t, "bad")
	dir := t.TempDir()
	for _, args := range [][]string{{"-sandbox"}, {"-sandbox", "-strace", "-D", filepath.Join(dir, "trace")}} {
		if r := panda(t, dir, append(args, prog, "calls")...); r.stdout != "done\n" || r.status != 0 {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "trace")); err != nil {
		t.Error(err)
	}
}

// TestSingleStep: a program that sets TF traps where it does on the CPU.
func TestSingleStep(t *testing.T) {
	for _, width := range []string{"-m64", "-m32"} {
		t.Run(width, func(t *testing.T) {
			prog := buildC(t, "step", width, "-fno-pic", "-no-pie", "-static")
			want := asCPU(t, prog)
			if n := strings.Count(want.stdout, "\n"); n < 100 {
				t.Fatalf("%d traps", n)
			}
			for _, accel := range []string{"jit", "interp"} {
				if got := panda(t, "", "-accel", accel, prog); got.stdout != want.stdout || got.ended != want.ended {
					t.Errorf("-accel %s\ngot  %q %s\nwant %q %s", accel, got.stdout, got.ended, want.stdout, want.ended)
				}
			}
		})
	}
}

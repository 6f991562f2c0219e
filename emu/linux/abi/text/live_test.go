//go:build linux && amd64

package text_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/abi/text"
)

var prog = flag.String("prog", "", "another program, with arguments, for TestAgainstStrace")

// TestAgainstStrace runs one program twice, under strace and under a small tracer
// that prints with this package, and compares the lines. With -update the lines that
// agree are kept, with the memory they need, for TestGolden.
func TestAgainstStrace(t *testing.T) {
	if testing.Short() {
		t.Skip("needs strace and a C compiler")
	}
	if v, err := exec.Command("strace", "--version").Output(); err != nil || !strings.Contains(string(v), "version 6.1\n") {
		t.Skip("the lines are those of strace 6.1")
	}
	if *prog != "" {
		compareWithStrace(t, "", strings.Fields(*prog)...)
		return
	}
	cflags := []string{"-w", "-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector", "-O1"}
	i386 := append([]string{"-m32", "-fno-pic", "-no-pie", "-I/usr/include/x86_64-linux-gnu"}, cflags...)
	t.Run("x86_64", func(t *testing.T) { compareWithStrace(t, "testdata/x86_64.golden", build(t, cflags)) })
	t.Run("i386", func(t *testing.T) { compareWithStrace(t, "testdata/i386.golden", build(t, i386)) })
}

// build compiles the program that makes calls of every kind.
func build(t *testing.T, cflags []string) string {
	prog := filepath.Join(t.TempDir(), "calls")
	if out, err := exec.Command("cc", append(cflags, "-o", prog, "testdata/calls.c")...).CombinedOutput(); err != nil {
		t.Skipf("cannot build the program: %v\n%s", err, out)
	}
	return prog
}

func compareWithStrace(t *testing.T, golden string, prog ...string) {
	dir := t.TempDir()
	first, second := strace(t, dir, prog), strace(t, dir, prog)
	ours, err := trace(dir, prog)
	if err != nil {
		t.Skipf("cannot trace: %v", err)
	}
	if len(first) != len(second) || len(first) != len(ours) {
		t.Logf("lines: strace %d and %d, ours %d", len(first), len(second), len(ours))
	}
	var keep []record
	for i := range min(len(first), len(second), len(ours)) {
		want, again, got := first[i].line, second[i].line, ours[i].line
		if want == got || first[i].raw == ours[i].raw { // a number may be a process id by chance
			if !strings.Contains(got, dir) {
				keep = append(keep, ours[i])
			}
			continue
		}
		if want == again && !passing(want) || shape(want) != shape(got) {
			t.Errorf("\nours   %s\nstrace %s", got, want)
		}
	}
	t.Logf("%d of %d lines are equal to the letter", len(keep), len(ours))
	if *update && golden != "" {
		writeGolden(t, golden, keep)
	}
}

// passing reports whether a line shows what holds for a moment on this machine:
// the time, which terminals are in use, or what the kernel has logged.
func passing(line string) bool {
	return slices.ContainsFunc([]string{"tv_usec=", "tv_nsec=", "TIOCGPTN", "SYSLOG_ACTION_SIZE_UNREAD"}, func(s string) bool {
		return strings.Contains(line, s)
	})
}

var digits = regexp.MustCompile(`[0-9a-f]+|\\x[0-9a-f]{2}|sa_data="[^"]*"`) // the last shows a port

// shape is a line without its numbers, for lines that differ from run to run.
func shape(line string) string {
	return strings.Join(strings.Fields(digits.ReplaceAllString(line, "N")), " ")
}

// withoutASLR runs f so that programs it starts get the same addresses each time.
func withoutASLR(f func()) {
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its personality
		defer close(done)
		syscall.RawSyscall(syscall.SYS_PERSONALITY, abi.ADDR_NO_RANDOMIZE, 0, 0)
		f()
	}()
	<-done
}

// strace returns the system calls of a program, run in dir, as strace prints them, from the
// first one after execve.
func strace(t *testing.T, dir string, prog []string) []record {
	out := filepath.Join(t.TempDir(), "trace")
	var err error
	withoutASLR(func() {
		cmd := exec.Command("strace", append([]string{"-o", out}, prog...)...)
		cmd.Dir, cmd.Env = dir, []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
		_ = cmd.Run() // the program's status is not 0
		_, err = os.Stat(out)
	})
	if err != nil {
		t.Skipf("no strace: %v", err)
	}
	text, _ := os.ReadFile(out)
	var lines []string
	for _, line := range strings.Split(string(text), "\n") {
		if line != "" && !strings.HasPrefix(line, "+++") && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "[ ") {
			lines = append(lines, line)
		}
	}
	if len(lines) < 2 {
		t.Skip("strace may not trace here")
	}
	records := make([]record, len(lines)-1)
	for i, line := range lines[1:] {
		records[i].line = line
	}
	hidePIDs(records)
	return records
}

var forked = regexp.MustCompile(`^(?:fork|vfork|clone3?|getpid|gettid)\(.*\) += (\d+)$`)

// hidePIDs replaces the process ids of a run in the lines, but not in the raw ones.
func hidePIDs(records []record) {
	pids := map[string]bool{}
	for _, r := range records {
		if m := forked.FindStringSubmatch(r.line); m != nil {
			pids[m[1]] = true
		}
	}
	word := regexp.MustCompile(`\b\d+\b`)
	for i := range records {
		r := &records[i]
		r.raw = r.line
		r.line = word.ReplaceAllStringFunc(r.line, func(n string) string {
			if pids[n] {
				return "PID"
			}
			return n
		})
	}
}

// record is one call with the memory that was read for it.
type record struct {
	line   string
	raw    string // with process ids
	ptr    int
	number int
	args   [6]uint64
	ret    int64
	before map[uint64]byte
	after  map[uint64]byte
}

// tracee is the memory of a traced process; it remembers what was read.
type tracee struct {
	pid  int
	seen map[uint64]byte
}

func (m *tracee) Read(addr uint64, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
	remote := []unix.RemoteIovec{{Base: uintptr(addr), Len: len(b)}}
	n, err := unix.ProcessVMReadv(m.pid, local, remote, 0)
	if err != nil || n != len(b) {
		return fmt.Errorf("read %d bytes at %#x: %w", len(b), addr, syscall.EFAULT)
	}
	for i, v := range b {
		m.seen[addr+uint64(i)] = v
	}
	return nil
}

// trace runs a program and prints its calls with this package.
func trace(dir string, prog []string) (records []record, err error) {
	withoutASLR(func() {
		cmd := exec.Command(prog[0], prog[1:]...)
		cmd.Dir, cmd.Env = dir, []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
		if err = cmd.Start(); err == nil {
			records, err = follow(cmd.Process.Pid)
		}
	})
	hidePIDs(records)
	return records, err
}

func follow(pid int) (records []record, err error) {
	var ws syscall.WaitStatus
	if _, err = syscall.Wait4(pid, &ws, 0, nil); err != nil {
		return nil, err
	}
	if err = syscall.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL); err != nil {
		return nil, err
	}
	var now *record
	var call *text.Trace
	for sig := 0; ; {
		if err = syscall.PtraceSyscall(pid, sig); err != nil {
			return records, err
		}
		if _, err = syscall.Wait4(pid, &ws, syscall.WALL, nil); err != nil {
			return records, err
		}
		sig = 0
		switch {
		case ws.Exited() || ws.Signaled():
			if now != nil { // exit_group has no way out
				now.line = call.Enter() + call.Exit(&tracee{pid, now.after}, 0)
				records = append(records, *now)
			}
			return records, nil
		case ws.StopSignal() != syscall.SIGTRAP|0x80:
			sig = int(ws.StopSignal())
		case now == nil:
			now, call = enter(pid)
		default:
			var regs syscall.PtraceRegs
			if err = getRegs(pid, &regs); err != nil {
				return records, err
			}
			now.ret = int64(regs.Rax)
			if now.ptr == 4 {
				now.ret = int64(int32(regs.Rax))
			}
			now.line = call.Enter() + call.Exit(&tracee{pid, now.after}, now.ret)
			records = append(records, *now)
			now = nil
		}
	}
}

// getRegs reads the registers in the 64-bit layout, of a 32-bit process, too.
func getRegs(pid int, r *syscall.PtraceRegs) error {
	_, _, e := syscall.RawSyscall6(syscall.SYS_PTRACE, syscall.PTRACE_GETREGS, uintptr(pid), 0, uintptr(unsafe.Pointer(r)), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// enter reads the registers of a process that is about to make a call.
func enter(pid int) (*record, *text.Trace) {
	var r syscall.PtraceRegs
	_ = getRegs(pid, &r)
	rec := &record{ptr: 8, number: int(r.Orig_rax), before: map[uint64]byte{}, after: map[uint64]byte{}}
	rec.args = [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}
	table, lay := abi.X86_64, abi.Layout64
	if r.Cs == 0x23 {
		rec.ptr, table, lay = 4, abi.I386, abi.Layout32
		rec.args = [6]uint64{r.Rbx, r.Rcx, r.Rdx, r.Rsi, r.Rdi, r.Rbp}
	}
	c := abi.Lookup(table, rec.number)
	if c == nil {
		c = &abi.Call{Number: rec.number, Name: "syscall_" + strconv.Itoa(rec.number)}
	}
	if strings.HasSuffix(c.Name, "sigreturn") {
		rec.args[0] = r.Rsp
	}
	return rec, text.Begin(&tracee{pid, rec.before}, c, rec.args, lay)
}

// writeGolden keeps one record for each line.
func writeGolden(t *testing.T, name string, records []record) {
	var b strings.Builder
	seen := map[string]bool{}
	for _, r := range records {
		if seen[r.line] || strings.Contains(r.line, "PID") {
			continue
		}
		seen[r.line] = true
		fmt.Fprintf(&b, "%s\ncall %d %d %x %d\n", r.line, r.ptr, r.number, r.args, r.ret)
		writeMemory(&b, "before", r.before)
		writeMemory(&b, "after", r.after)
		b.WriteByte('\n')
	}
	if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeMemory writes runs of bytes.
func writeMemory(b *strings.Builder, label string, mem map[uint64]byte) {
	var addrs []uint64
	for a := range mem {
		addrs = append(addrs, a)
	}
	sort.Slice(addrs, func(i, j int) bool { return addrs[i] < addrs[j] })
	for i := 0; i < len(addrs); {
		run := []byte{mem[addrs[i]]}
		start := addrs[i]
		for i++; i < len(addrs) && addrs[i] == start+uint64(len(run)); i++ {
			run = append(run, mem[addrs[i]])
		}
		fmt.Fprintf(b, "%s %x %x\n", label, start, run)
	}
}

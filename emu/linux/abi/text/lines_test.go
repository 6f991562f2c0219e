package text_test

import (
	"strings"
	"testing"

	"panda/emu/linux/abi"
	"panda/emu/linux/abi/text"
)

// TestNoMemory formats every call with memory that cannot be read: nothing may panic.
func TestNoMemory(t *testing.T) {
	for _, args := range [][6]uint64{{}, {1, 1, 1, 1, 1, 1}, {1 << 63, 1 << 40, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}, {2, 0x1000, 64, 64, 64, 64}} {
		for lay, table := range map[*abi.Layout][]abi.Call{abi.Layout64: abi.X86_64, abi.Layout32: abi.I386} { // each is a test of its own
			for i := range table {
				for _, ret := range []int64{0, 5, -2, -514, 1 << 40} {
					line := text.FormatCall(sparse{}, &table[i], args, ret, lay)
					if !strings.Contains(line, "(") || !strings.Contains(line, ") ") {
						t.Errorf("%s: %q", table[i].Name, line)
					}
				}
			}
		}
	}
}

// TestHalves: the two halves of a line, and lines that are not calls.
func TestHalves(t *testing.T) {
	m := sparse{}
	for i, ch := range []byte("/etc/passwd\x00") {
		m[0x1000+uint64(i)] = ch
	}
	openat := abi.LookupName(abi.X86_64, "openat")
	args := [6]uint64{1<<32 - 100, 0x1000, abi.O_RDONLY | abi.O_CLOEXEC, 0o644}
	rows := []struct{ got, want string }{
		{text.FormatEnter(m, openat, args, abi.Layout64), `openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC`},
		{text.FormatCall(m, openat, args, 3, abi.Layout64), `openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3`},
		{text.FormatCall(m, openat, args, -2, abi.Layout64), `openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)`},
		{text.FormatEnter(m, abi.LookupName(abi.X86_64, "read"), [6]uint64{3, 0x1000, 100}, abi.Layout64), "read(3, "},
		{text.FormatEnter(m, abi.LookupName(abi.X86_64, "exit_group"), [6]uint64{1}, abi.Layout64), "exit_group(1"},
		{text.FormatCall(m, abi.LookupName(abi.X86_64, "exit_group"), [6]uint64{1}, 0, abi.Layout64), "exit_group(1)                           = ?"},
		{text.FormatUnknown(999, [6]uint64{1}, -38), "syscall_0x3e7(0x1, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)"},
		{
			text.FormatSignal(&abi.Siginfo{Signo: abi.SIGCHLD, Code: abi.CLD_EXITED, PID: 7, Status: 3}),
			"--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---",
		},
		{text.FormatSignal(&abi.Siginfo{Signo: abi.SIGSEGV, Code: abi.SI_KERNEL}), "--- SIGSEGV {si_signo=SIGSEGV, si_code=SI_KERNEL, si_addr=NULL} ---"},
		{text.FormatEnd(0x0300), "+++ exited with 3 +++"},
		{text.FormatEnd(9), "+++ killed by SIGKILL +++"},
		{text.FormatEnd(0x8b), "+++ killed by SIGSEGV (core dumped) +++"},
	}
	blocked := text.Begin(m, abi.LookupName(abi.X86_64, "read"), [6]uint64{3, 0x1000, 100}, abi.Layout64)
	rows = append(rows, struct{ got, want string }{blocked.Enter(), "read(3, "},
		struct{ got, want string }{blocked.Resumed(m, 4), `<... read resumed>"/etc", 100)          = 4`})
	for _, r := range rows {
		if r.got != r.want {
			t.Errorf("got  %s\nwant %s", r.got, r.want)
		}
	}
}

package abi_test

import (
	"go/constant"
	"go/importer"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"panda/emu/linux/abi"
)

// TestConstants compares every constant that this package and golang.org/x/sys/unix
// both have, and the system call numbers.
func TestConstants(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks a large package")
	}
	load := importer.ForCompiler(token.NewFileSet(), "source", nil)
	host, err := load.Import("golang.org/x/sys/unix")
	if err != nil {
		t.Skipf("cannot load x/sys/unix: %v", err)
	}
	ours, err := load.Import("panda/emu/linux/abi")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range ours.Scope().Names() {
		c, ok := ours.Scope().Lookup(name).(*types.Const)
		h, both := host.Scope().Lookup(name).(*types.Const)
		if !ok || !both || differsInLibrary[name] || strings.HasPrefix(name, "SYS_") {
			continue
		}
		compared++
		if !sameBits(c.Val(), h.Val()) {
			t.Errorf("%s = %s, but x/sys has %s", name, c.Val(), h.Val())
		}
	}
	t.Logf("%d constants compared", compared)
	for _, c := range abi.X86_64 {
		h, ok := host.Scope().Lookup("SYS_" + strings.ToUpper(c.Name)).(*types.Const)
		if !ok {
			t.Errorf("x/sys has no %s", c.Name)
		} else if n, _ := constant.Int64Val(h.Val()); int(n) != c.Number {
			t.Errorf("%s is number %d, not %d", c.Name, n, c.Number)
		}
	}
}

// differsInLibrary are names to which the library gives another value on purpose:
// C defines O_LARGEFILE as 0 where it is implied, and x/sys has its own meaning or
// the 64-bit command for the others.
var differsInLibrary = map[string]bool{"O_LARGEFILE": true, "F_GETLK64": true, "F_SETLK64": true, "F_SETLKW64": true}

// sameBits compares the low 64 bits: one side may write -1 where the other writes
// all ones of 32 or 64 bits.
func sameBits(a, b constant.Value) bool {
	if a.Kind() != constant.Int || b.Kind() != constant.Int {
		return a.String() == b.String()
	}
	mask := constant.MakeUint64(1<<32 - 1)
	low := func(v constant.Value) constant.Value { return constant.BinaryOp(v, token.AND, mask) }
	return constant.Compare(low(a), token.EQL, low(b))
}

func TestTables(t *testing.T) {
	for name, table := range map[string][]abi.Call{"x86_64": abi.X86_64, "i386": abi.I386} {
		last := -1
		for i := range table {
			c := &table[i]
			if c.Number <= last {
				t.Errorf("%s: %s is out of order", name, c.Name)
			}
			last = c.Number
			if abi.Lookup(table, c.Number) != c || abi.LookupName(table, c.Name) != c {
				t.Errorf("%s: %s cannot be looked up", name, c.Name)
			}
			checkArgs(t, name, c)
		}
		t.Logf("%s: %d calls", name, len(table))
	}
	if abi.Lookup(abi.X86_64, 400) != nil || abi.LookupName(abi.I386, "nope") != nil {
		t.Error("a call that does not exist was found")
	}
}

func checkArgs(t *testing.T, table string, c *abi.Call) {
	for i, a := range c.Args {
		if a.Type.By() >= len(c.Args) || a.Type.By() == i {
			t.Errorf("%s: %s: the type of %s refers to argument %d", table, c.Name, a.Name, a.Type.By())
		}
		if a.Type.String() == "" {
			t.Errorf("%s: %s: the type of %s has no formatter", table, c.Name, a.Name)
		}
		if c.Slot(i) > 5 {
			t.Errorf("%s: %s has too many arguments", table, c.Name)
		}
	}
}

// TestNoMemory formats every call with memory that cannot be read: nothing may panic.
func TestNoMemory(t *testing.T) {
	for _, args := range [][6]uint64{{}, {1, 1, 1, 1, 1, 1}, {1 << 63, 1 << 40, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}, {2, 0x1000, 64, 64, 64, 64}} {
		for lay, table := range map[*abi.Layout][]abi.Call{abi.Layout64: abi.X86_64, abi.Layout32: abi.I386} { // each is a test of its own
			for i := range table {
				for _, ret := range []int64{0, 5, -2, -514, 1 << 40} {
					line := abi.FormatCall(sparse{}, &table[i], args, ret, lay)
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
		{abi.FormatEnter(m, openat, args, abi.Layout64), `openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC`},
		{abi.FormatCall(m, openat, args, 3, abi.Layout64), `openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3`},
		{abi.FormatCall(m, openat, args, -2, abi.Layout64), `openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)`},
		{abi.FormatEnter(m, abi.LookupName(abi.X86_64, "read"), [6]uint64{3, 0x1000, 100}, abi.Layout64), "read(3, "},
		{abi.FormatEnter(m, abi.LookupName(abi.X86_64, "exit_group"), [6]uint64{1}, abi.Layout64), "exit_group(1"},
		{abi.FormatCall(m, abi.LookupName(abi.X86_64, "exit_group"), [6]uint64{1}, 0, abi.Layout64), "exit_group(1)                           = ?"},
		{abi.FormatArg(m, openat, 1, args, abi.Layout64), `"/etc/passwd"`},
		{abi.FormatUnknown(999, [6]uint64{1}, -38), "syscall_0x3e7(0x1, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)"},
		{
			abi.FormatSignal(&abi.Siginfo{Signo: abi.SIGCHLD, Code: abi.CLD_EXITED, PID: 7, Status: 3}),
			"--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---",
		},
		{abi.FormatSignal(&abi.Siginfo{Signo: abi.SIGSEGV, Code: abi.SI_KERNEL}), "--- SIGSEGV {si_signo=SIGSEGV, si_code=SI_KERNEL, si_addr=NULL} ---"},
		{abi.FormatEnd(0x0300), "+++ exited with 3 +++"},
		{abi.FormatEnd(9), "+++ killed by SIGKILL +++"},
		{abi.FormatEnd(0x8b), "+++ killed by SIGSEGV (core dumped) +++"},
		{abi.Errno(2).Error(), "ENOENT (No such file or directory)"},
		{abi.SignalName(11) + abi.SignalName(32) + abi.SignalName(64), "SIGSEGVSIGRTMINSIGRT_32"},
	}
	blocked := abi.Begin(m, abi.LookupName(abi.X86_64, "read"), [6]uint64{3, 0x1000, 100}, abi.Layout64)
	rows = append(rows, struct{ got, want string }{blocked.Unfinished(), "read(3,  <unfinished ...>"},
		struct{ got, want string }{blocked.Resumed(m, 4), `<... read resumed>"/etc", 100)          = 4`})
	for _, r := range rows {
		if r.got != r.want {
			t.Errorf("got  %s\nwant %s", r.got, r.want)
		}
	}
}

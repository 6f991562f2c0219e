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
		if c.Slot(i, false) > 5 {
			t.Errorf("%s: %s has too many arguments", table, c.Name)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{abi.Errno(2).Error(), "ENOENT (No such file or directory)"},
		{abi.SignalName(11) + abi.SignalName(32) + abi.SignalName(64) + abi.SignalName(65), "SIGSEGVSIGRTMINSIGRT_3265"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

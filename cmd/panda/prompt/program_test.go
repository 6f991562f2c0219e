package prompt

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"panda/cmd/panda/interrupt"
	"panda/emu"
)

// TestReplProgram debugs a program of the system: break on a symbol, look
// around, change a register and memory, continue to the end.
func TestReplProgram(t *testing.T) {
	const program = "/bin/echo"
	if _, err := os.Stat(program); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	guest, err := os.Create(filepath.Join(dir, "guest"))
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	in, err := os.Create(filepath.Join(dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	in.WriteString(`break write
c
regs rdi
hexdump $rsi 8
panda.cpu:write(panda.cpu.rsi, "HE")
regs rdx=3
bt 2
c
c
c
quit
`)
	in.Seek(0, 0)
	m, err := emu.New(emu.Config{Program: &emu.Program{Path: program, Args: []string{"echo", "hello"}, Stdin: 0, Stdout: int(guest.Fd()), Stderr: int(guest.Fd())}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var out bytes.Buffer
	status, err := Run(m, interrupt.New(), in, &out, Options{})
	if status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	for _, want := range []string{
		`breakpoint 1 at write`, `\nbreakpoint 1 at 0x[0-9a-f]+ write\n`, `\n rdi +0x1\n`, `68 65 6c 6c 6f 0a 00 00 +\|hello\.\.\.\|`,
		`\ntrue\n`, `\n rdx +0x3\n`, `\n#0 +0x[0-9a-f]+ write\n#1 `, `the guest ended with status 0\n\(ended\)> `, `\nthe guest has ended\n`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
	if got, _ := os.ReadFile(guest.Name()); string(got) != "HEllo\n" {
		t.Errorf("the guest wrote %q", got)
	}
}

package prompt

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/cmd/panda/interrupt"
	"panda/emu/plugin"
)

// typed runs the lines that a user types on a new machine.
func typed(t *testing.T, lines string) string {
	t.Helper()
	in, err := os.Create(filepath.Join(t.TempDir(), "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	in.WriteString(lines)
	in.Seek(0, 0)
	var out bytes.Buffer
	if _, err := Run(newBare(t, &out), interrupt.New(), in, &out, Options{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// typedBefore is what a user typed.
const typedBefore = `set context off
n = 0
panda.on("insn_exec", { pc = "add" }, function()
n = n + 1
end)
break add if rdi == 2
watch 0x402000 4
regs rdi=1
1 + 1
bad.thing
b 0x401010
disable 3
tb leaf
b leaf
delete 5 99
delete 5
watch 0x402000 0
b *0x401019
b rsi
disable all
enable 1 2 3
c
regs rsi=9
`

// TestSave writes a session as a script, and the script does what was done.
func TestSave(t *testing.T) {
	file := filepath.Join(t.TempDir(), "saved.lua")
	out := typed(t, typedBefore+"save "+file+"\nquit\n")
	if !strings.Contains(out, "18 lines in "+file) {
		t.Fatal(out)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := `-- session: what was done at a prompt
-- Arguments: none
-- Events:    see below
-- Example:   panda -i -panda-plugin ` + file + ` PROGRAM
breakpoints = {}
-- :set context off
n = 0
panda.on("insn_exec", { pc = "add" }, function()
n = n + 1
end)
breakpoints[1] = panda.on("insn_exec", { symbol = "add", when = "rdi == 2" }, function() panda.stop() end)
breakpoints[2] = panda.on("virt_mem_before_write", { addr = { 0x402000, 0x402004 } }, function() panda.stop() end)
panda.cpu.rdi = 0x1
print(1 + 1)
breakpoints[3] = panda.on("insn_exec", { pc = 0x401010 }, function() panda.stop() end)
breakpoints[3]:disable()
breakpoints[4] = panda.on("insn_exec", { symbol = "leaf", once = true }, function() panda.stop() end)
breakpoints[5] = panda.on("insn_exec", { symbol = "leaf" }, function() panda.stop() end)
breakpoints[5]:remove()
breakpoints[6] = panda.on("insn_exec", { pc = 0x401019 }, function() panda.stop() end)
breakpoints[7] = panda.on("insn_exec", { pc = 0x0 }, function() panda.stop() end)
for _, b in pairs(breakpoints) do b:disable() end
breakpoints[1]:enable()
breakpoints[2]:enable()
breakpoints[3]:enable()
-- :c
-- at 0x40101d add+0xc: panda.cpu.rsi = 0x9
`
	if string(got) != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	var log bytes.Buffer
	m := newBare(t, &log)
	if _, err := m.Plugins().LoadFile(file, []plugin.Arg{}); err != nil {
		t.Fatal(err)
	}
	if _, done, _ := m.Run(); done || m.CPU().PC() < 0x401017 && m.CPU().PC() != 0x40100c {
		t.Errorf("the saved watchpoint did not stop the guest: pc %#x\n%s", m.CPU().PC(), log.String())
	}
}

func TestSource(t *testing.T) {
	dir := t.TempDir()
	file, self := filepath.Join(dir, "lines"), filepath.Join(dir, "self")
	for path, text := range map[string]string{file: "set context off\n:tbreak add\nc\nregs rdi\n", self: "source " + self + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out := typed(t, "source "+file+"\nsource "+self+"\nsource /does/not/exist\n1 + 1\n")
	for _, want := range []string{"\n rdi    0x3\n0x401011 add> source", "too many files within each other\n", "no such file", "> 1 + 1\n2\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestTemporary: a breakpoint for one stop waits for its own; what continue makes is gone
// with any.
func TestTemporary(t *testing.T) {
	out := typed(t, "set context off\ntbreak 0x401017\nb add\nc 0x40101d\nc\ndelete 2\nc\n")
	for _, want := range []string{"breakpoint 2 at 0x401011", "breakpoint 1 at 0x401017"} {
		if strings.Count(out, "\n"+want) < 1 {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Count(out, "\nbreakpoint 3 at 0x40101d") != 1 || strings.Count(out, "\nbreakpoint 1 at 0x401017") != 2 {
		t.Error(out)
	}
}

// TestColours: they are there when asked for, and not in what is no terminal.
func TestColours(t *testing.T) {
	if out := typed(t, "c\ncontext\n"); strings.Contains(out, "\x1b") {
		t.Errorf("colours in a file: %q", out)
	}
	out := typed(t, ":set color on\nregs rsi=0x402010\ntbreak add\nc\n")
	for _, want := range []string{"\x1b[1;31m*rip\x1b[m", "\x1b[36m-- stack --\x1b[m", "\x1b[31m0x40100c main+0xc\x1b[m → dec edi", "\x1b[35m0x402010\x1b[m → \x1b[33m\"hello, guest\"\x1b[m", "\x1b[1;32m=> 0x401011"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%q", want, out)
		}
	}
	t.Setenv("NO_COLOR", "1")
	if Colors(os.Stdout) {
		t.Error("NO_COLOR is not heeded")
	}
}

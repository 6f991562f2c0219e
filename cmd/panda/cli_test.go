package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"panda/emu/event"
)

// write puts a file into dir and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// mistakes are command lines that cannot work, and what is said of them.
var mistakes = []struct {
	args   []string
	status int
	want   string
}{
	{[]string{"-stroce", "ls"}, 2, `no option -stroce (did you mean "strace"?)`},
	{[]string{}, 2, "no program to run"},
	{[]string{"-script-deadline", "-1s", "ls"}, 2, "-script-deadline -1s: "},
	{[]string{"trace", "-untrusted", "-i", "open", "ls"}, 2, "-untrusted gives scripts none"},
	{[]string{"/does/not/exist"}, 127, "No such file"},
	{[]string{"nosuchprogram"}, 127, "nosuchprogram\": executable file not found in $PATH; panda -help says what panda runs"},
	{[]string{"./text"}, 126, "text"},
	{[]string{"./short.elf"}, 126, "short.elf"},
	{[]string{"./arm.elf"}, 126, "AArch64"},
	{[]string{"./loop.sh"}, 127, "loop.sh"},
	{[]string{"-panda", "syscals", "ls"}, 1, `no plugin "syscals" (did you mean "syscalls"?)`},
	{[]string{"-panda", "syscalls:fiel=x", "ls"}, 1, `no argument "fiel" (did you mean "file"?)`},
	{[]string{"-panda", "syscalls:file=/does/not/exist", "ls"}, 1, "plugin syscalls: open /does/not/exist"},
	{[]string{"-panda-plugin", "bad.lua", "ls"}, 1, "bad.lua:1:"},
	{[]string{"-panda-plugin", "init.lua", "ls"}, 1, "init_plugin returned false"},
	{[]string{"-panda-plugin", "filter.lua", "ls"}, 1, `filter.lua:1: insn_exec has no filter "byte" (did you mean "bytes"?)`},
	{[]string{"-panda-plugin", "event.lua", "ls"}, 1, `event.lua:1: no event "insn_exce" (did you mean "insn_exec"?)`},
	{[]string{"-panda-plugin", "x.so", "ls"}, 1, "shared objects"},
	{[]string{"-e", "local = 1", "ls"}, 1, "-e:1:"},
	{[]string{"-cpu", "x86-64-v9", "ls"}, 1, `-cpu: x86 has no model "x86-64-v9" (did you mean "x86-64-v1"?); there are pentium, pentium2, `},
	{[]string{"-json", "-tsv", "ls"}, 2, "-json and -tsv: tables are printed as one of them"},
	{[]string{"-l", "sys*", "x"}, 2, `-l has one glob and no program: "x" is too much`},
	{[]string{"-sched-seed", "x", "ls"}, 2, `-sched-seed "x": it is to be a number from 0 up`},
	{[]string{"-script-deadline", "5", "ls"}, 2, `-script-deadline "5": it is to be a time, as 500ms, 10s or 2m`},
	{[]string{"-script-memory", "-1", "ls"}, 2, `-script-memory "-1": it is to be a number from 0 up`},
	{[]string{"-strace=maybe", "ls"}, 2, `-strace "maybe": it is to be true or false`},
	{[]string{"-window", "1.5g", "ls"}, 2, `-window "1.5g": "1.5g" is no amount`},
	{[]string{"-panda-plugin", "/nowhere/p.lua", "ls"}, 1, "no such file or directory"},
	{[]string{"-panda-plugin", "/nowhere/p", "ls"}, 1, "no such file or directory"},
	{[]string{"-accel", "q", "ls"}, 1, `-accel: there is no engine "q"; there are jit, interp`},
	{[]string{"-E", "=x", "ls"}, 2, "a variable has a name"},
	{[]string{"-env", "foo=1", "ls"}, 1, "-E NAME=value sets a variable"},
	{[]string{"-panda", "nosuch:help"}, 1, `no plugin "nosuch"`},
	{[]string{"-vresion"}, 2, `no option -vresion (did you mean "version"?)`},
	{[]string{"-d", "help", "ls"}, 1, "-d: no item \"help\"; there are in_asm, "},
	{[]string{"-window", "1g", "ls"}, 1, "-window: 1073741824 bytes: a window has from 256g to 60t\n"},
	{[]string{"-window", "274877906945", "ls"}, 1, "-window: 274877906945 bytes are not whole pages of 4096\n"},
	{[]string{"-arch", "x68", "ls"}, 1, `there is no architecture "x68" (did you mean "x86"?)`},
	{[]string{"-d", "in_asn", "ls"}, 1, `no item "in_asn" (did you mean "in_asm"?)`},
	{[]string{"-l", "nosuch"}, 1, "no event, field, plugin or script"},
}

// TestErrors runs command lines that cannot work.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "bad.lua", "local x = = 1\n")
	write(t, dir, "init.lua", "function init_plugin() return false end\n")
	write(t, dir, "filter.lua", "panda.on('insn_exec', { byte = '90' }, print)\n")
	write(t, dir, "event.lua", "panda.on('insn_exce', print)\n")
	write(t, dir, "text", "no program\n")
	write(t, dir, "short.elf", "\x7fELF\x02\x01\x01")
	write(t, dir, "arm.elf", "\x7fELF\x02\x01\x01"+strings.Repeat("\x00", 9)+"\x02\x00\xb7\x00\x01\x00\x00\x00"+strings.Repeat("\x00", 40))
	write(t, dir, "loop.sh", "#!/does/not/exist\n")
	for _, c := range mistakes {
		r := panda(t, dir, c.args...)
		if r.status != c.status || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
			t.Errorf("%q: status %d (want %d)\nstdout %q\nstderr %q\nwant   %q", c.args, r.status, c.status, r.stdout, r.stderr, c.want)
		}
		if strings.Contains(r.stderr, "goroutine") {
			t.Errorf("%q: a Go traceback", c.args)
		}
	}
}

// TestScriptError lets a callback fail: the error names script, line, event and
// pc, and the guest goes on.
func TestScriptError(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "fail.lua", "panda.on('syscall_enter', { name = 'write' }, function(cpu)\n  local t = nil\n  t.x = 1\nend)\n")
	r := panda(t, dir, "-panda-plugin", "fail.lua", "/bin/echo", "still here")
	if r.stdout != "still here\n" || r.status != 0 {
		t.Errorf("stdout %q, status %d", r.stdout, r.status)
	}
	for _, want := range []string{"fail.lua:3:", "syscall_enter", "pc 0x", "traceback"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in %q", want, r.stderr)
		}
	}
	if r := panda(t, dir, "-strict", "-panda-plugin", "fail.lua", "/bin/echo", "no"); r.status != 1 || strings.Count(r.stderr, "traceback") != 1 || !strings.HasSuffix(r.stderr, "panda: fail: its syscall_enter callback failed, which ends the run (-strict)\n") {
		t.Errorf("-strict: status %d, stderr %q", r.status, r.stderr)
	}
}

// TestManualExample runs the manual's example as Go plugin, as the script of
// the tree and as a one-file script: the logs are the same to the byte.
func TestManualExample(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "mine.lua", `local log = assert(io.open("mine.txt", "w"))
panda.on("insn_exec", { bytes = "0f 34 | 0f 05" }, function(cpu, pc)
  log:write(string.format("PC=%016x, SYSCALL=%016x\n", pc, cpu.rax))
end)
function uninit_plugin() log:close() end
`)
	write(t, dir, "manual.lua", `local log
function init_plugin(self)
  panda.register_callback("insn_translate", function(cpu, pc)
    local code = cpu:read(pc, 2)
    return code == "\x0f\x34" or code == "\x0f\x05"
  end)
  panda.register_callback("insn_exec", function(cpu, pc)
    log:write(string.format("PC=%016x, SYSCALL=%016x\n", pc, cpu.rax))
  end)
  log = io.open("manual.txt", "w")
  return log ~= nil
end
function uninit_plugin(self) log:close() end
`)
	run := func(args ...string) string {
		r := panda(t, dir, append(args, "/bin/ls", "/")...)
		if r.status != 0 {
			t.Fatalf("%q: %+v", args, r)
		}
		return r.stdout
	}
	run("-panda", "syscalls:file=native.txt")
	run("-panda-plugin", "mine.lua")
	run("-panda-plugin", "manual.lua")
	want, err := os.ReadFile(filepath.Join(dir, "native.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := regexp.Match(`^(PC=[0-9a-f]{16}, SYSCALL=[0-9a-f]{16}\n){20,}$`, want); !ok {
		t.Errorf("the log is not what it should be:\n%.500s", want)
	}
	for _, name := range []string{"mine.txt", "manual.txt"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from the plugin's log (%v)", name, err)
		}
	}
}

func TestOneLiner(t *testing.T) {
	r := panda(t, t.TempDir(), "-e", `panda.count{on="syscall_enter", by="name"}`, "/bin/echo", "hi")
	if !strings.HasPrefix(r.stdout, "hi\n") || !regexp.MustCompile(`(?m)^\W*write\W+1\W*$`).MatchString(r.stdout) {
		t.Errorf("got %+v", r)
	}
}

// TestList holds the listing against the table of events.
func TestList(t *testing.T) {
	var out bytes.Buffer
	if code := run([]string{"-l"}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	for _, r := range event.Rows {
		for _, want := range []string{r.Name, r.Doc, r.Filters} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("the listing lacks %q", want)
			}
		}
	}
	for _, want := range []string{"field   icount", "plugin  syscalls", "script  ltrace", "Arguments: min=4", "Example:   panda -panda malloc:skip"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the listing lacks %q", want)
		}
	}
	dir := t.TempDir()
	write(t, dir, "own.lua", "-- own: a script of my own\n")
	t.Setenv("PANDA_PLUGIN_DIR", dir)
	out.Reset()
	if code := run([]string{"-l", "ow?"}, &out, &out); code != 0 || !strings.Contains(out.String(), "script  own  a script of my own\n") {
		t.Error(code, out.String())
	}
	out.Reset()
	if code := run([]string{"-l", "thread_exit"}, &out, &out); code != 0 || !strings.Contains(out.String(), "fields: process comm pid tid status\n") {
		t.Error(out.String())
	}
	out.Reset()
	if code := run([]string{"-l", "["}, &out, &out); code != 1 || !strings.Contains(out.String(), "syntax error in pattern") {
		t.Error(code, out.String())
	}
	out.Reset()
	if code := run([]string{"-l", "virt_mem*"}, &out, &out); code != 0 || strings.Count(out.String(), "event  ") != 4 {
		t.Errorf("virt_mem*: code %d\n%s", code, out.String())
	}
}

// TestWildGuest runs programs that go wrong: the guest dies as it would
// natively, what it printed is there, and nothing of ours breaks.
func TestWildGuest(t *testing.T) {
	sameAsNative(t, "", "sh", "-c", "echo before; kill -SEGV $$")
	sameAsNative(t, "", "sh", "-c", "echo before; kill -ILL $$")
}

// TestCoverage reads the coverage of ls back: every block lies in its module.
func TestCoverage(t *testing.T) {
	dir := t.TempDir()
	if r := panda(t, dir, "-panda", "coverage:file=ls.drcov", "/bin/ls"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	data, err := os.ReadFile(filepath.Join(dir, "ls.drcov"))
	if err != nil {
		t.Fatal(err)
	}
	checkDrcov(t, data)
}

// TestLockstep: machine code and interpreter agree on a program, which the pair
// runs as it is.
func TestLockstep(t *testing.T) {
	r := panda(t, t.TempDir(), "-d", "lockstep", "/bin/sh", "-c", "read x; echo $((x * 6)); exit 3 < /dev/null")
	if r.status != 3 || r.stdout != "0\n" || r.stderr != "" {
		t.Error(r)
	}
}

// TestDump looks for a line of each item of -d.
func TestDump(t *testing.T) {
	dir := t.TempDir()
	items := map[string]string{"in_asm": "IN: <", "op": "translated block 0x", "op_opt": "optimised block 0x", "out_asm": "qword ptr [r14+"}
	r := panda(t, dir, "-accel", "jit", "-d", "in_asm,op,op_opt,out_asm", "-D", "dump.txt", "/bin/true")
	if strings.Contains(r.stderr, "-accel jit: ") {
		t.Skip(r.stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, "dump.txt"))
	if err != nil || r.status != 0 {
		t.Fatal(err, r)
	}
	for item, line := range items {
		if !strings.Contains(string(text), line) {
			t.Errorf("%s: no %q", item, line)
		}
	}
}

// TestReportAfterShutdown: what -v says of callbacks includes those at the end.
func TestReportAfterShutdown(t *testing.T) {
	r := panda(t, t.TempDir(), "-v", "-e", `panda.on("shutdown", function() print "told" end)`, "/bin/true")
	if !strings.Contains(r.stderr, "shutdown: 1 hits\n") || strings.Count(r.stdout+r.stderr, "told") != 1 {
		t.Errorf("%q %q", r.stdout, r.stderr)
	}
}

// TestProgramsList: -l without a glob is panda's where panda's options are, and the
// program's where its arguments are.
func TestProgramsList(t *testing.T) {
	for _, args := range [][]string{{"/bin/echo", "-l"}, {"--", "/bin/echo", "-l"}, {"-accel", "interp", "/bin/echo", "-l"}} {
		if r := panda(t, t.TempDir(), args...); r.stdout != "-l\n" || r.status != 0 {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

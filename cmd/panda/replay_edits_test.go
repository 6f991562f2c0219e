package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/event"
)

// editors change a program in each of the ways that there are, and what edited.c prints
// then in place of another line.
var editors = []struct {
	name, script, was, is string
	unmet                 bool // in a replay the script finds nothing to change
}{
	{"skip", `panda.hook("check", { enter = function() return 1 end })`, "check 0", "check 1", true},
	{"result", `panda.hook("twice", { leave = function() return 99 end })`, "twice 8", "twice 99", false},
	{"register", `panda.on("insn_exec", { symbol = "twice" }, function(cpu) cpu.rdi = 50 end)`, "twice 8", "twice 100", false},
	{"block", `panda.on("before_block_exec", { symbol = "twice" }, function(cpu) cpu.rdi = 50 end)`, "twice 8", "twice 100", false},
	{"after", `panda.on("after_insn_exec", { symbol = "twice", mnemonic = "lea" }, function(cpu) cpu.rax = 7 end)`, "twice 8", "twice 7", false},
	{"read", `panda.on("virt_mem_after_read", { module = "edited", size = 4, mnemonic = "mov" }, function(_, _, _, _, b) if b == "\5\0\0\0" then return 6 end end)`, "cell 5", "cell 6", true},
	{"memory", `panda.on("syscall_leave", { name = "read" }, function(cpu, call) if call.args[1] == 0 then cpu:write(call.args[2], "CHANGED") end end)`, "read input", "read CHANGED", false},
	{"answer", `panda.on("syscall_enter", { name = "getuid" }, function(_, call) call.ret = 77; return true end)`, "uid 0", "uid 1", false},
	{"call", `panda.hook("check", { enter = function() return panda.call("twice", 21) end })`, "check 0", "check 42", true},
	{"nested", `panda.hook("check", { enter = function() return panda.call("twice", 5) end })
		panda.hook("twice", { leave = function(_, ret) return ret + 1 end })
		panda.on("insn_exec", { symbol = "twice" }, function(cpu) cpu.rdi = cpu.rdi + 1 end)`, "check 0 twice 8", "check 13 twice 11", true},
	{"exit", `panda.on("syscall_enter", { name = "getuid" }, function() panda.exit(9) end)`, "", "", false},
	{"timer", `panda.at(90000, function(cpu) cpu:write(cpu.sp - 300, "x") end)`, "", "", false},
}

// TestReplayEdits: what plugins change while a program is recorded is changed again, and
// at the same instruction, without them.
func TestReplayEdits(t *testing.T) {
	prog := buildC(t, "edited", "-O1")
	plain := execute(t, t.TempDir(), "input!!\n", prog)
	for _, e := range editors {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			dir := gone(t, prog)
			want, file := record(t, dir, "input!!\n", []string{"-e", e.script}, "./edited")
			os.RemoveAll(dir)
			if e.was != "" && (!strings.Contains(plain.stdout, e.was) && e.name != "answer" || !strings.Contains(want.stdout, e.is)) || want.stderr != "" {
				t.Fatalf("%+v, without %+v", want, plain)
			}
			replaysAs(t, file, want)
			for _, way := range replays {
				if r := panda(t, t.TempDir(), append([]string{"verify", file}, way...)...); r.status != 0 || !strings.Contains(r.stdout, " is right: ") {
					t.Errorf("%v: %+v", way, r)
				}
			}
			r := panda(t, t.TempDir(), "replay", file, "-e", e.script)
			if refused := strings.Contains(r.stderr, " in a replay, which goes as the run was recorded"); r.stdout != want.stdout || !refused && !e.unmet {
				t.Errorf("with the script\ngot  %+v\nwant %+v", r, want)
			}
		})
	}
}

// TestReplayEditsEverywhere: what is changed within an event of any kind is changed again,
// there.
func TestReplayEditsEverywhere(t *testing.T) {
	prog := buildC(t, "everywhere", "-O1")
	for k := range event.NumKinds {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "run.rr")
			script := fmt.Sprintf(`local n = 0
				panda.on(%q, function(cpu) if cpu and n < 400 then cpu.xmm15 = n; n = n + 1 end end)
				panda.on("shutdown", function() print(n) end)`, k)
			r := panda(t, "", "record", "-o", file, "-e", script, prog)
			if strings.Contains(r.stderr, " cannot occur here: ") {
				t.Skip("no program has them")
			}
			if r.status != 3 {
				t.Fatalf("%+v", r)
			}
			for _, way := range replays {
				if r := panda(t, "", append([]string{"verify", file}, way...)...); r.status != 0 || !strings.Contains(r.stdout, " is right: ") {
					t.Errorf("%v: %+v", way, r)
				}
			}
		})
	}
}

// typed runs panda with a prompt.
func typed(t *testing.T, options []string, lines ...string) result {
	t.Helper()
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	return execute(t, t.TempDir(), strings.Join(append(lines, "quit", ""), "\n"), append([]string{binary}, options...)...)
}

// TestReplayPrompt: what is changed at the prompt of a recording is changed again, and a
// prompt of a replay changes nothing.
func TestReplayPrompt(t *testing.T) {
	prog, file := buildC(t, "edited", "-O1"), t.TempDir()+"/run.rr"
	r := typed(t, []string{"record", "-o", file, "-i", prog}, "b check", "c", `panda.call("puts", "called")`, ":regs rdi=42", ":handle SIGUSR1 nopass nostop", "c")
	if !strings.Contains(r.stdout, "check 1") || !strings.Contains(r.stdout, "signals 0") || !strings.Contains(r.stdout, "called\n") {
		t.Fatalf("%+v", r)
	}
	for _, way := range replays {
		r := panda(t, t.TempDir(), append([]string{"replay", file}, way...)...)
		if r.status != 3 || !strings.Contains(r.stdout, "check 1") || !strings.Contains(r.stdout, "signals 0") || !strings.Contains(r.stdout, "called\n") {
			t.Errorf("%v: %+v", way, r)
		}
	}
	r = typed(t, []string{"replay", file, "-i"}, "b check", "c", ":regs rdi=7", ":jump main", "si", "c")
	if n := strings.Count(r.stdout, "in a replay, which goes as the run was recorded"); n != 2 || !strings.Contains(r.stdout, "check 1") {
		t.Errorf("%d refusals: %+v", n, r)
	}
}

// heldEdits are changes at the prompt while a signal is held, or before the guest is left.
var heldEdits = map[string][]string{
	"register":  {":regs xmm15=5", "c", "c"},
	"memory":    {`panda.cpu:write(panda.cpu.sp - 4000, "x")`, "c", "c"},
	"jump":      {":jump main", "c", "c"},
	"call":      {`panda.call("getpid")`, "c", "c"},
	"many":      {":regs xmm15=5", `panda.call("getpid")`, ":regs xmm15=6", "c", ":regs xmm15=7", "c"},
	"not given": {":handle SIGUSR1 nopass", ":regs xmm15=5", "c", "c"},
	"left":      {":regs xmm15=5"},
	"call left": {"b printf", "c", `panda.call("getpid")`},
	"step left": {"s 3", ":regs xmm15=5"},
}

// TestReplayHeldEdits: they are made again at the same place, and the guest is left where
// it was.
func TestReplayHeldEdits(t *testing.T) {
	prog := buildC(t, "everywhere", "-O1")
	for name, lines := range heldEdits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "run.rr")
			r := typed(t, []string{"record", "-o", file, "-i", prog}, append([]string{":handle SIGUSR1 stop", ":handle SIGSEGV stop", "c"}, lines...)...)
			if strings.Contains(r.stderr, "Error") || !strings.Contains(r.stderr, "recorded") {
				t.Fatalf("%+v", r)
			}
			for _, way := range replays {
				r := panda(t, "", append([]string{"verify", file}, way...)...)
				if all := r.stdout + r.stderr; !strings.Contains(all, " is right: ") && !strings.Contains(all, "the guest was left there") {
					t.Errorf("%v: %+v", way, r)
				}
			}
		})
	}
}

// TestReplaySetSignal: at a stop of a recording or a replay no signal can be had that did not
// come; none is taken where there is none.
func TestReplaySetSignal(t *testing.T) {
	file := t.TempDir() + "/run.rr"
	for _, c := range []struct{ command, want string }{
		{"record -o " + file + " -i /bin/true", "\na run that is recorded takes the signals that come to it: none can be added, "},
		{"replay " + file + " -i", "\na replay takes the signals that were recorded, where they came: none can be added, "},
	} {
		r := typed(t, strings.Fields(c.command), ":signal SIGINT", ":signal 0")
		if !strings.Contains(r.stdout, c.want) || !strings.Contains(r.stdout, "the guest ended with status 0\n") {
			t.Errorf("%s: %+v", c.command, r)
		}
	}
	for _, command := range [][]string{{"record", "-o", file, "-i", "/bin/sh", "-c", "kill -SEGV $$"}, {"replay", file, "-i"}} {
		r := typed(t, command, ":c", ":signal 0", ":signal SIGSEGV")
		if !strings.Contains(r.stdout, ":c delivers it, which kills the process\n") || !strings.Contains(r.stdout, "none can be added, dropped") || !strings.Contains(r.stdout, "the guest ended with status 139\n") {
			t.Errorf("%s: %+v", command, r)
		}
	}
}

// TestInfo: what a recording is of.
func TestInfo(t *testing.T) {
	_, file := record(t, t.TempDir(), "input", nil, "cat", "-")
	for args, want := range map[string][]string{
		"":      {"\narguments     [\"cat\" \"-\"]\n", "\nguest         x86, CPU max", "\nend           exit status 0\n", " write\n"},
		"-json": {`"Args":["cat","-"]`, `"Ended":true`},
	} {
		r := panda(t, t.TempDir(), append(strings.Fields("info "+args), file)...)
		for _, w := range want {
			if r.status != 0 || !strings.Contains(r.stdout, w) {
				t.Errorf("%s: %+v, want %q", args, r, w)
			}
		}
	}
}

// TestReplayBrokenBuild: a panda whose interpreter counts bits wrong is found out, and the
// instruction named.
func TestReplayBrokenBuild(t *testing.T) {
	if !*slow {
		t.Skip("builds panda once more: -slow")
	}
	prog, dir := buildC(t, "counted", "-O1", "-mpopcnt"), t.TempDir()
	_, file := record(t, dir, "", nil, prog)
	source, err := filepath.Abs("../../emu/interp/zz_alu.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	const right = "uint64(bits.OnesCount64(c.W[o.a&frameMask]))"
	if strings.Count(string(text), right) != 1 {
		t.Fatal("the interpreter counts bits elsewhere")
	}
	broken := write(t, dir, "broken.go", strings.Replace(string(text), right, right+" + 1", 1))
	overlay := write(t, dir, "overlay.json", fmt.Sprintf(`{"Replace": {%q: %q}}`, source, broken))
	panda := filepath.Join(dir, "broken")
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", panda, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if r := execute(t, dir, "", panda, "verify", file); r.status != 0 {
		t.Errorf("the engine that is right: %+v", r)
	}
	r := execute(t, dir, "", panda, "verify", file, "-accel", "interp")
	if r.status != 1 || !strings.Contains(r.stderr, " of the registers of thread ") || !strings.Contains(r.stderr, "panda verify -bisect ") {
		t.Errorf("%+v", r)
	}
	r = execute(t, dir, "", panda, "verify", file, "-accel", "interp", "-bisect")
	if r.status != 1 || !strings.Contains(r.stderr, "<main+") || !strings.Contains(r.stderr, ": jit has ") {
		t.Errorf("%+v", r)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// badScripts are scripts that something is wrong with, what the program and panda say,
// and what the user is told.
var badScripts = []struct {
	name, script string
	args         []string
	stdout       string
	ended        string
	told         []string
}{
	{
		"endless loop", `panda.on("syscall_enter", { name = "write" }, function() while true do end end)`,
		[]string{"-script-deadline", "100ms"},
		"hello\n", "exit status 0",
		[]string{"bad: syscall_enter callback disabled: ", "bad.lua:1: the script took longer than its deadline of 100ms (in syscall_enter at pc 0x"},
	},
	{
		"endless memory", `local all = {} panda.on("syscall_enter", { name = "write" }, function() while true do all[#all + 1] = { {}, {} } end end)`,
		[]string{"-script-memory", "64"},
		"hello\n", "exit status 0",
		[]string{"bad.lua:1: the script took more than its 64 MiB of memory (in syscall_enter at pc 0x"},
	},
	{
		"untrusted", `print(io.open, os.execute, panda.load) panda.on("syscall_enter", { name = "write" }, function() print("seen") end)`,
		[]string{"-untrusted"},
		"nil\tnil\tnil\nseen\nhello\n", "exit status 0", nil,
	},
	{
		"unloads itself", `panda.on("syscall_enter", { name = "write" }, function() panda.detach() print("gone") end) function uninit_plugin() print("bye") end`,
		nil, "bye\ngone\nhello\n", "exit status 0", nil,
	},
	{
		"unmapped pc", `panda.on("insn_exec", { symbol = "write", once = true }, function(cpu) cpu.pc = 0x10 end)`,
		nil, "", "signal: segmentation fault", nil,
	},
	{
		"registers inside", `panda.on("syscall_enter", { name = "write" }, function() panda.on("syscall_leave", { name = "write" }, function(cpu, call) print("left", call.ret) end) end)`,
		nil, "hello\nleft\t6\n", "exit status 0", nil,
	},
	{
		"stops without a prompt", `panda.on("syscall_enter", { name = "write" }, function() panda.stop() end)`,
		nil, "hello\n", "exit status 1",
		[]string{"a script stopped the guest at 0x", "with -i there is a prompt"},
	},
	{
		"uninit", `function uninit_plugin() error("oops") end`,
		nil, "hello\n", "exit status 0",
		[]string{"plugin bad: close: bad.lua:1: oops"},
	},
	{
		"one name twice", `print("first")`,
		[]string{"-panda-plugin", "sub/bad.lua"},
		"first\n", "exit status 1",
		[]string{"bad", "already"},
	},
}

// TestBadScripts runs scripts that go wrong: what is wrong is told, with the
// script, and the guest and the other scripts go on.
func TestBadScripts(t *testing.T) {
	for _, c := range badScripts {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "bad.lua", c.script+"\n")
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o777); err != nil {
				t.Fatal(err)
			}
			write(t, dir, "sub/bad.lua", "")
			args := append([]string{"-panda-plugin", "bad.lua", "-e", `n = panda.count{ on = "syscall_enter", name = "write", print = false } function uninit_plugin() io.stderr:write("other saw ", n:get(), "\n") end`}, c.args...)
			r := panda(t, dir, append(args, "/bin/echo", "hello")...)
			if r.stdout != c.stdout || r.ended != c.ended {
				t.Errorf("%+v", r)
			}
			for _, want := range c.told {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("no %q in %q", want, r.stderr)
				}
			}
			if c.ended == "exit status 0" && c.name != "untrusted" && !strings.Contains(r.stderr, "other saw 1\n") {
				t.Errorf("the other script did not go on: %q", r.stderr)
			}
			if strings.Contains(r.stderr, "goroutine") {
				t.Error("a Go traceback")
			}
		})
	}
}

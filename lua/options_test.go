package lua

import (
	"strings"
	"testing"
	"time"

	"panda/emu/plugin"
)

func (f *fake) options(o Options) *fake {
	o.Out = &f.out
	f.man.Loaders = []plugin.Loader{NewLoader(o)}
	return f
}

func TestDeadline(t *testing.T) {
	f := newFake(t).options(Options{Deadline: 20 * time.Millisecond})
	f.must(`
		panda.on("insn_exec", { pc = 1 }, function() while true do end end)
		panda.on("insn_exec", { pc = 1 }, function() while true do pcall(function() while true do end end) end end)
		panda.on("insn_exec", function(cpu, pc) print(pc) end)`)
	f.insn(1)
	f.insn(2)
	f.man.Close()
	f.want(t, "1\n2\n")
	if len(f.log) != 2 || !strings.Contains(f.log[0], "t.lua:2: the script took longer than its deadline of 20ms") {
		t.Error(f.log)
	}
	if _, err := newFake(t).options(Options{Deadline: 10 * time.Millisecond}).load("t", "while true do end"); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Error(err)
	}
}

func TestUntrusted(t *testing.T) {
	f := newFake(t).options(Options{Untrusted: true})
	f.must(`
		print(io.open, os.execute, dofile, loadfile, debug, package, panda.load_plugin, type(os.time()), type(require "json"), type(require "test"))
		print(pcall(require, "secret"), loadstring("return 5")())
		io.write("written\n")
		panda.on("insn_exec", function(cpu, pc) print(pc) end)`)
	f.insn(1)
	got := f.out.String()
	if !strings.HasPrefix(got, "nil\tnil\tnil\tnil\tnil\tnil\tnil\tnumber\ttable\ttable\nfalse\t") || !strings.HasSuffix(got, "5\nwritten\n1\n") {
		t.Error(got)
	}
}

func TestFormats(t *testing.T) {
	src := `
		panda.count{ on = "syscall_leave", by = { "name", "ret" } }
		panda.hist{ on = "syscall_leave", value = "arg1" }
		panda.max{ on = "syscall_leave", value = "arg1" }`
	for format, want := range map[string]string{
		"json": `{"title":"count of syscall_leave by name, ret","op":"count","by":["name","ret"],"rows":[{"key":["read",-4],"value":2,"count":2},{"key":["open",3],"value":1,"count":1}]}
{"title":"hist of arg1 on syscall_leave","op":"hist","rows":[{"value":[{"lo":"9223372036854775808","n":3}],"count":3}]}
{"title":"max of arg1 on syscall_leave","op":"max","rows":[{"value":18446744071579044964,"count":3}]}
`,
		"tsv": "name\tret\tcount\nread\t-4\t2\nopen\t3\t1\nlo\thi\tn\n9223372036854775808\t\t3\nmax\n0xffffffff81030c64\n",
	} {
		f := newFake(t).options(Options{Format: format})
		f.must(src)
		f.syscall("read", 0, -4, 0xffffffff81030c64)
		f.syscall("read", 0, -4, 0xffffffff81030c64)
		f.syscall("open", 2, 3, 0xffffffff81030c64)
		f.man.Close()
		f.want(t, want)
	}
}

func TestKeep(t *testing.T) {
	f := newFake(t)
	src := `
		local k = panda.keep
		k.n = (k.n or 0) + 1
		k.list = k.list or {}
		k.list[#k.list + 1] = { at = 0xffffffff81030c64 * k.n }
		k.fn, k.self = print, k
		print(k.n, #k.list, k.list[#k.list].at, k.list[1].at)`
	for range 3 {
		if err := f.man.Unload(f.must(src)); err != nil {
			t.Fatal(err)
		}
	}
	f.want(t, "1\t1\t0xffffffff81030c64\t0xffffffff81030c64\n2\t2\t0xffffffff020618c8\t0xffffffff81030c64\n3\t3\t0xfffffffe8309252c\t0xffffffff81030c64\n")
}

func TestConditions(t *testing.T) {
	f := newFake(t)
	f.must(`
		panda.on("insn_exec", { when = "rax > 5 and comm == 'p*'", process = { 42, "other" }, thread = 43, every = 2 }, function(cpu) print(cpu.rax) end)
		panda.on("syscall_leave", { when = "ret < 0 && error != 11" }, function(cpu, call) print(call.name, call.ret) end)
		c = panda.count{ on = "insn_exec", when = "rax == 7" }`)
	for rax := range uint64(12) {
		f.cpu.SetReg("rax", rax)
		f.insn(1)
	}
	f.cpu.Machine.Process = 41
	f.insn(1)
	f.insn(1)
	f.syscall("a", 1, -11)
	f.syscall("b", 1, -2)
	f.syscall("c", 1, 2)
	f.man.Close()
	f.want(t, "7\n9\n11\nb\t-2\ncount of insn_exec: 1\n")
	_, err := f.load("u", `panda.on("insn_exec", { when = "rax = 5" }, print)`)
	if err == nil || !strings.Contains(err.Error(), "u.lua:1: insn_exec: when: \"=\" means nothing here\n  rax = 5\n      ^") {
		t.Error(err)
	}
}

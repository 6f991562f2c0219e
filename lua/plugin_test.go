package lua

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/scripts"
)

// want compares what a script printed.
func (f *fake) want(t *testing.T, text string) {
	t.Helper()
	if got := f.out.String(); got != text {
		t.Errorf("printed\n%s\nwant\n%s", got, text)
	}
	f.out.Reset()
}

func TestManualExample(t *testing.T) {
	f := newFake(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "log.txt")
	src, err := scripts.FS.ReadFile("syscalls.lua")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(src), "\n"); n > 10 {
		t.Errorf("%d lines", n)
	}
	f.must(string(src), plugin.Arg{Key: "file", Value: file})
	f.cpu.SetReg("rax", 0x153)
	f.insn(0x77bd70b2, 0x0f, 0x34)
	f.insn(0x77bd70b4, 0x90)
	f.insn(0x401000, 0x0f, 0x05)
	f.man.Close()
	got, err := os.ReadFile(file)
	if want := "PC=0000000077bd70b2, SYSCALL=0000000000000153\nPC=0000000000401000, SYSCALL=0000000000000153\n"; err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if len(f.log) != 0 {
		t.Error(f.log)
	}
}

func TestManualShape(t *testing.T) {
	f := newFake(t)
	f.must(`
		local seen = 0
		local function translate(cpu, pc) return cpu:read(pc, 2) == "\x0f\x34" end
		local function exec(cpu, pc) seen = seen + 1 end
		function init_plugin(self)
			assert(self.name == "t" and self.path == "t.lua")
			panda.register_callback(self, "PANDA_CB_INSN_TRANSLATE", translate)
			panda.register_callback("insn_exec", exec)
			panda.register_callback("insn_translate", { bytes = "90" })
			local args = panda.get_args()
			print(args.a, args.flag, #args, args[1].key, args[1].value)
			return true
		end
		function uninit_plugin(self) print("seen", seen, self == nil) end`,
		plugin.Arg{Key: "a", Value: "1"}, plugin.Arg{Key: "flag", Flag: true})
	f.cpu.Write(0x401000, []byte{0x0f, 0x34, 0x90})
	var answers []bool
	for _, pc := range []guest.Addr{0x401000, 0x401002} {
		for _, s := range f.bus.Active(event.InsnTranslate) {
			code := make([]byte, 2)
			f.cpu.Read(pc, code)
			answers = append(answers, s.Filter.MatchInsn(f.view(pc, code)) && s.Fn.(event.PCBoolFunc)(f.cpu, pc))
		}
	}
	if len(answers) != 4 || !answers[0] || answers[1] || answers[2] || !answers[3] {
		t.Error(answers)
	}
	if s := f.bus.Active(event.InsnExec); len(s) != 1 || s[0].Filter.ChoosesInsn() {
		t.Error("insn_exec must wait for insn_translate")
	}
	f.insn(0x401000, 0x90)
	f.man.Close()
	f.want(t, "1\ttrue\t2\ta\t1\nseen\t1\ttrue\n")
}

func TestInitRefuses(t *testing.T) {
	f := newFake(t)
	_, err := f.load("t", `panda.on("insn_exec", print) function init_plugin() return false end`)
	if err == nil || !strings.Contains(err.Error(), "init_plugin returned false") {
		t.Error(err)
	}
	if len(f.bus.All()) != 0 || f.man.Get("t") != nil {
		t.Error("the plugin is still there")
	}
}

func TestArguments(t *testing.T) {
	f := newFake(t)
	src := `print(panda.arg("file", "def", "a file"), panda.arg("n", 3), panda.arg("quiet", false), panda.arg("none"))`
	f.must(src, plugin.Arg{Key: "n", Value: "0xffffffffffffffff"}, plugin.Arg{Key: "quiet", Flag: true})
	f.want(t, "def\t0xffffffffffffffff\ttrue\tnil\n")
	_, err := f.load("u", src, plugin.Arg{Key: "fil", Value: "x"})
	if err == nil || !strings.Contains(err.Error(), `did you mean "file"`) {
		t.Error(err)
	}
	_, err = f.load("u", src, plugin.Arg{Key: "help", Flag: true})
	var help *plugin.HelpRequested
	if !errors.As(err, &help) || !strings.Contains(help.Text, "a file") {
		t.Error(err)
	}
}

// TestMistakes: what is wrong in a script is told with its line and, for names,
// the nearest one.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"x = = 1", "t.lua:1: syntax error near '='"},
		{"\npanda.on('insn_exce', print)", `t.lua:2: no event "insn_exce" (did you mean "insn_exec"?)`},
		{"panda.on('insn_exec', {byte='90'}, print)", `t.lua:1: insn_exec has no filter "byte" (did you mean "bytes"?); it takes: pc, bytes`},
		{"panda.on('syscall_enter', {bytes='90'}, print)", `syscall_enter has no filter "bytes"`},
		{"panda.on('insn_exec', {bytes='9'}, print)", `bytes "9": "9" is not a list of hex pairs`},
		{"panda.on('insn_exec', {class={'call','jmp'}}, print)", `filter class: there is no class of instructions "jmp"`},
		{"panda.on('insn_exec', {pc='nosuch'}, print)", `filter pc: no symbol "nosuch"`},
		{"panda.on('insn_exec', {pc={5,3}}, print)", "the range from 0x5 to 0x3 is empty"},
		{"panda.on('insn_exec', {pc={}}, print)", "the list is empty"},
		{"panda.on('insn_exec', {every=0}, print)", "must be positive"},
		{"panda.on('insn_exec')", "function expected, got no value"},
		{"panda.count{on='insn_exec', by='mnemonc'}", `no field or register "mnemonc" (did you mean "mnemonic"?)`},
		{"panda.count{by='pc'}", "on= must name an event"},
		{"panda.sum{on='insn_exec'}", "value= must name a field or register"},
		{"panda.count{on='shutdown'}", "shutdown cannot be aggregated"},
		{"panda.nosuch()", "t.lua:1:"},
		{"return cpu.rax", "t.lua:1:"},
		{"panda.cpu.rxx = 1", `the cpu has no register or method "rxx" (did you mean "rax"?)`},
		{"local x = panda.cpu.read(1, 2)", "methods are called with a colon"},
		{"panda.cpu.icount = 1", "cpu.icount cannot be assigned"},
		{"panda.cpu:read('nosuch', 1)", `no symbol "nosuch"`},
		{"error({message='custom'})", "custom"},
		{"error()", "nil"},
	} {
		f := newFake(t)
		_, err := f.load("t", c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.src, err, c.want)
		}
	}
}

func TestCallbackErrors(t *testing.T) {
	f := newFake(t)
	f.must(`
		local function deep(x) return x.y end
		h = panda.on("insn_exec", function(cpu, pc) deep(nil) end)
		panda.on("insn_exec", function(cpu, pc) print("second", hex(pc)) end)
		function uninit_plugin() print(h.active, h.error:match("^[^\n]*")) end`)
	f.insn(0x401000, 0x90)
	f.insn(0x401001, 0x90)
	if len(f.log) != 1 {
		t.Fatal(f.log)
	}
	for _, want := range []string{"t.lua:2: ", "in insn_exec at pc 0x401000 main", "stack traceback:", "t.lua:3: in insn_exec callback"} {
		if !strings.Contains(f.log[0], want) {
			t.Errorf("%q misses %q", f.log[0], want)
		}
	}
	f.man.Close()
	f.want(t, "second\t0x401000\nsecond\t0x401001\nfalse\tt.lua:2: attempt to index a non-table object(nil) with key 'y' (in insn_exec at pc 0x401000 main)\n")
}

func TestCPU(t *testing.T) {
	f := newFake(t)
	f.cpu.SetReg("rdi", 0xffffffff81030c64)
	f.cpu.SetReg("rsp", 0x408000)
	f.cpu.Write(0x408008, []byte{7, 0, 0, 0, 0, 0, 0, 0x80})
	f.cpu.Write(0x401000, []byte{0x90, 0xc3})
	f.must(`
		local cpu = panda.cpu
		print(cpu.rdi, cpu.pc, cpu.sp, cpu.pid, cpu.tid, cpu.comm, cpu.arch, cpu.bits)
		print(cpu:arg(1), cpu:arg(2), cpu:arg(3), cpu:ret())
		cpu.rax = -1 cpu.rsi = cpu.rdi + 1 print(cpu.rax, cpu.rsi, cpu:reg("rsi"))
		cpu:write(0x402000, "hello\0world") print(cpu:str(0x402000), cpu:str(0x402000, 3), #cpu:read(0x402000, 11))
		cpu:u32(0x403000, 0xfffffffe) print(cpu:u32(0x403000), cpu:i32(0x403000), cpu:u8(0x403000), cpu:i64(0x403000))
		cpu:u64(0x403000, 0xfedcba9876543210) print(cpu:u64(0x403000), cpu:u16(0x403000))
		print(cpu:disas(0x401000, 2)) print(cpu:symbol(), cpu:symbol(0x401012), cpu:symbol(5), cpu:module())
		print(cpu:read(0x10, 4)) print(cpu:str(0x40fffe))
		print(cpu:regs().rip, panda.symbol("main"), panda.symbol("x"), panda.maps()[1].file, panda.maps()[1].prot)
		print(panda.virtual_memory_rw(0x402000, 5), panda.virtual_memory_rw(cpu, 0x402000, "J", true), panda.virtual_memory_rw(0x402000, 5, false))
		cpu.pc = "main" == nil and 0 or 0x401234 print(hex(cpu.pc))`)
	f.want(t, "0xffffffff81030c64\t4198400\t4227072\t42\t43\tprog\tx86_64\t64\n"+
		"0xffffffff81030c64\t0\t0x8000000000000007\t0\n"+
		"0xffffffffffffffff\t0xffffffff81030c65\t0xffffffff81030c65\n"+
		"hello\thel\t11\n4294967294\t-2\t254\t4294967294\n0xfedcba9876543210\t12816\n"+
		"nop\nret\nmain\tmain+0x12\tnil\t/bin/prog\t4194304\n"+
		"nil\tread of 4 bytes at 0x10: guest memory at 0x10 is not mapped\n\n"+
		"4198400\t4198400\tnil\t/bin/prog\tr-x\nhello\ttrue\tJello\n0x401234\n")
}

func TestFilters(t *testing.T) {
	f := newFake(t)
	f.must(`
		local function on(filter) panda.on("insn_exec", filter, function(cpu, pc) print(hex(pc)) end) end
		on{ pc = 0x1000 } on{ pc = { 0x2000, 0x2010 } } on{ pc = "0x3000-0x3004" } on{ pc = { 1, 2, 0x4000 } }
		on{ pc = { { 0x5000, 0x5001 }, { 0x6000 }, "main" } } on{ bytes = "c3 | 0f ??", every = 2 } on{ symbol = "nothing*" }
		panda.on("insn_exec", { pc = 0x7000, limit = 2 }, function() print("limit") end)
		panda.on("insn_exec", { pc = 0x7000, once = true }, function() print("once") end)`)
	for _, pc := range []guest.Addr{0x1000, 0x1001, 0x2000, 0x200f, 0x2010, 0x3003, 0x3004, 2, 0x4000, 0x5000, 0x6000, 0x6001, 0x401000} {
		f.insn(pc, 0x90)
	}
	for range 4 {
		f.insn(0x7000, 0xc3)
	}
	f.want(t, "0x1000\n0x2000\n0x200f\n0x3003\n0x2\n0x4000\n0x5000\n0x6000\n0x401000\nlimit\nonce\n0x7000\nlimit\n0x7000\n")
}

func TestHandles(t *testing.T) {
	f := newFake(t)
	f.must(`
		local h h = panda.on("insn_exec", function(cpu, pc)
			print(h.hits, h.active, h.kind)
			if pc == 2 then h:disable() elseif pc == 3 then h:remove() end
		end)
		panda.on("syscall_enter", function() h:enable() end)`)
	f.insn(1)
	f.insn(2)
	f.insn(2)
	f.syscall("getpid", 39, 1)
	f.insn(3)
	f.insn(4)
	f.want(t, "1\ttrue\tinsn_exec\n2\ttrue\tinsn_exec\n3\ttrue\tinsn_exec\n")
}

func TestSyscalls(t *testing.T) {
	f := newFake(t)
	f.must(`
		local kept
		panda.on("syscall_enter", { name = "open*" }, function(cpu, call)
			kept = call
			print("enter", call.name, call.number, #call.args, call.args[2], call.nargs, tostring(call))
			if call.name == "openat2" then call.ret = -38 return true end
		end)
		panda.on("syscall_leave", { number = { 2, 257 } }, function(cpu, call) print("leave", call.text, call.ret) end)
		panda.on("user_after_syscall", function(cpu, n, a1, a2, a3, a4, a5, a6, ret) print("user", n, a1, a6, ret) end)
		panda.on("insn_exec", function() print(kept.name) end)`)
	f.syscall("openat", 257, -2, 1, 0xffffffffffffff9c)
	swallowed, ret := f.syscall("openat2", 437, 0, 1)
	if !swallowed || ret != -38 {
		t.Error(swallowed, ret)
	}
	f.insn(1)
	f.want(t, "enter\topenat\t257\t2\t0xffffffffffffff9c\t2\topenat(…)\nleave\topenat(…)\t-2\nuser\t257\t1\t0\t-2\n"+
		"enter\topenat2\t437\t1\tnil\t1\topenat2(…)\nuser\t437\t1\t0\t-38\n")
	if len(f.log) != 1 || !strings.Contains(f.log[0], "the call of an event is gone when its callback returns") {
		t.Error(f.log)
	}
}

func TestMemoryAndBlocks(t *testing.T) {
	f := newFake(t)
	f.must(`
		panda.on("virt_mem_write", { addr = { 0x1000, 0x2000 }, size = 4 }, function(cpu, pc, addr, size, buf)
			print(hex(pc), hex(addr), size, string.unpack("<I4", buf))
		end)
		panda.on("virt_mem_before_read", function(cpu, pc, addr) print("read", hex(addr)) end)
		panda.on("before_block_exec", function(cpu, tb) print("block", hex(tb.pc), tb.size, tb.insns) end)
		panda.on("after_block_exec", function(cpu, tb, next) print("after", hex(tb.last), next) end)
		panda.on("asid_changed", function(cpu, old, new) print(old, new) end)
		panda.on("process_start", function(cpu, pid, path) print(pid, path) end)
		panda.on("before_exception", { number = 14 }, function(cpu, e) print(e.vector, e.code, hex(e.addr)) end)
		panda.on("guest_hypercall", function(cpu) return cpu.rax == 5 end)`)
	f.mem(event.VirtMemBeforeWrite, 0x1ffe, 1, 2, 3, 4)
	f.mem(event.VirtMemBeforeWrite, 0x2000, 1, 2, 3, 4)
	f.mem(event.VirtMemBeforeWrite, 0x1000, 1, 2)
	f.mem(event.VirtMemBeforeRead, 0xffffffff81030c64, 1)
	f.block(0x401000, 7)
	fire := func(k event.Kind) any { return f.bus.Active(k)[0].Fn }
	fire(event.ASIDChanged).(event.ASIDFunc)(f.cpu, 1, 2)
	fire(event.ProcessStart).(event.ProcessFunc)(f.cpu, &event.Process{PID: 7, Path: "/bin/x"})
	fire(event.BeforeException).(event.ExceptionFunc)(f.cpu, &guest.Exception{Vector: 14, HasCode: true, Code: 6, Addr: 0x10})
	hyper := fire(event.GuestHypercall).(event.HypercallFunc)
	if hyper(f.cpu) {
		t.Error("hypercall taken")
	}
	f.cpu.SetReg("rax", 5)
	if !hyper(f.cpu) {
		t.Error("hypercall not taken")
	}
	f.want(t, "0x401000\t0x1ffe\t4\t67305985\t5\nread\t0xffffffff81030c64\nblock\t0x401000\t7\t2\nafter\t0x401001\tnil\n"+
		"1\t2\n7\t/bin/x\n14\t6\t0x10\n")
}

func TestReplaceValue(t *testing.T) {
	f := newFake(t)
	f.must(`
		panda.on("virt_mem_read", { size = 2 }, function() return "xy" end)
		panda.on("virt_mem_read", { size = 4 }, function() return 0xffffffff81030c64 end)
		panda.on("virt_mem_read", { size = 1 }, function() return "long" end)`)
	for _, c := range []struct{ buf, want string }{{"ab", "xy"}, {"abcd", "\x64\x0c\x03\x81"}, {"a", "a"}, {"abcdefgh", "abcdefgh"}} {
		buf := []byte(c.buf)
		f.mem(event.VirtMemAfterRead, 0x1000, buf...)
		if string(buf) != c.want {
			t.Errorf("%q became %q, want %q", c.buf, buf, c.want)
		}
	}
	if len(f.log) != 1 || !strings.Contains(f.log[0], "t.lua:4: virt_mem_after_read callback returned 4 bytes for an access of 1") {
		t.Error(f.log)
	}
}

func TestSwitches(t *testing.T) {
	f := newFake(t)
	f.must(`
		panda.do_flush_tb() panda.enable_memcb() panda.disable_tb_chaining() panda.enable_precise_pc()
		panda.stop() panda.exit(3) print(panda.enable_llvm())`)
	if got := strings.Join(f.done, ", "); got != "flush, memcb true, chaining false, precise true, stop, exit 3" {
		t.Error(got)
	}
	f.want(t, "nil\tthis build has no LLVM back end\n")
}

func TestPlugins(t *testing.T) {
	f := newFake(t)
	dir := t.TempDir()
	other := filepath.Join(dir, "other.lua")
	os.WriteFile(other, []byte(`local k = panda.get_args().k panda.on("insn_exec", function() print("other", k) end) function uninit_plugin() print("bye") end`), 0o666)
	f.must(`
		local p = assert(panda.load_plugin("` + other + `", { k = "v" }))
		print(p.name, panda.get_plugin_by_name("other").path == p.path, panda.get_plugin_by_name("nobody"))
		print(panda.load_plugin("/nonexistent.lua"))
		print(pcall(panda.disable_plugin, "othre"))
		panda.on("insn_exec", function(cpu, pc)
			if pc == 2 then panda.disable_plugin(p) elseif pc == 3 then panda.enable_plugin("other") elseif pc == 4 then panda.unload_plugin(p) end
		end)`)
	for pc := range guest.Addr(6) {
		f.insn(pc)
	}
	f.want(t, "other\ttrue\tnil\nnil\tload plugin: open /nonexistent.lua: no such file or directory\n"+
		"false\tbad argument #1 to main chunk (no plugin \"othre\" is loaded)\nother\tv\nother\tv\nbye\n")
}

func TestRequire(t *testing.T) {
	f := newFake(t)
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "mine.lua"), []byte(`return { x = 0xffffffff81000000, name = ... }`), 0o666)
	path := filepath.Join(dir, "main.lua")
	os.WriteFile(path, []byte(`
		local mine, test, json, bit = require "mine", require "test", require "json", require "bit"
		print(mine.x, mine.name, type(test.equal), json.encode({ mine.x }), bit.band(5, 4))
		print(pcall(require, "broken"))`), 0o666)
	os.WriteFile(filepath.Join(dir, "broken.lua"), []byte("\nx = = 1"), 0o666)
	if _, err := f.man.LoadFile(path, nil); err != nil {
		t.Fatal(err)
	}
	f.want(t, "0xffffffff81000000\tmine\tfunction\t[18446744071578845184]\t4\n"+
		"false\t"+filepath.Join(dir, "broken.lua")+":2: syntax error near '='\n")
}

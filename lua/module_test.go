package lua

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// exporter is a Go plugin that offers functions and data.
type exporter struct{ got []any }

func (e *exporter) Init(h *plugin.Host) error {
	n := uint64(7)
	h.Export("add", func(a, b int) int { return a + b })
	h.Export("where", func(c *vcpu.CPU, names ...string) ([]guest.Addr, error) {
		if len(names) == 0 {
			return nil, errors.New("no names")
		}
		return []guest.Addr{c.PC(), guest.Addr(len(names))}, nil
	})
	h.Export("list", map[string]any{"a": []int{1, 2}, "big": uint64(0xffffffff81030c64), "text": []byte("xyz")})
	h.Export("n", &n)
	h.Export("odd", func(chan int) {})
	l := h.Get("t")
	if l == nil {
		return nil
	}
	f, ok := l.Lookup("twice").(plugin.Func)
	if !ok {
		return fmt.Errorf("twice is a %T", l.Lookup("twice"))
	}
	ret, err := f([]any{int64(21), "x", []any{true, 2.5}})
	e.got = append(ret, err)
	_, err = f(nil)
	e.got = append(e.got, err, l.Lookup("data"))
	return nil
}

func (e *exporter) Close() error { return nil }

func TestExports(t *testing.T) {
	f := newFake(t)
	f.must(`
		panda.export("twice", function(n, text, list) return n * 2, text .. #list, { x = list } end)
		panda.export("data", { 1, "two", { three = 3 } })
		print(pcall(panda.export, "bad", { panda.cpu }))
		local loop = {}
		loop.loop = loop
		print(pcall(panda.export, "bad", loop))`)
	e := new(exporter)
	if _, err := f.man.Start("go", "", e, nil); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e.got[:4]); got != "[42 x2 map[x:[true 2.5]] <nil>]" || e.got[4] == nil || fmt.Sprint(e.got[5]) != "[1 two map[three:3]]" {
		t.Errorf("Go saw %v", e.got)
	}
	if _, err := f.load("u", `
		local go, lua = panda.get_plugin_by_name("go"), panda.get_plugin_by_name("t")
		print(go:lookup("add")(2, 40), go:lookup("n"), go:lookup("nothing"))
		local at, list = go:lookup("where")("a", "b"), go:lookup("list")
		print(hex(at[1]), at[2], list.a[2], list.big, list.text)
		print(pcall(go:lookup("where")))
		print(pcall(go:lookup("add"), "x"))
		print(pcall(go:lookup("odd"), 1))
		print(lua:lookup("twice")(4, "t", { 1, 2, 3 }))
		print(lua:lookup("data")[3].three, pcall(lua:lookup("twice")))`); err != nil {
		t.Fatal(err)
	}
	got := f.out.String()
	for _, want := range []string{
		"(a userdata value cannot be exported)\n", "the table is more than 20 deep",
		"\n42\t7\tnil\n0x401000\t2\t2\t0xffffffff81030c64\txyz\nfalse\tno names\n",
		"integer expected, got string", "takes a chan int, which Lua cannot make", "\n8\tt3\ttable", "\n3\tfalse\tt.lua:2: attempt to perform arithmetic on a nil value\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestFloats(t *testing.T) {
	f := newFake(t)
	f.must(`
		local cpu = panda.cpu
		print(cpu:f64(0x400100, 2.5), cpu:f64(0x400100), cpu:f32(0x400200, 0.1), cpu:f32(0x400200), hex(cpu:u32(0x400200)))
		print(cpu:f64(1))`)
	f.want(t, "true\t2.5\ttrue\t0.10000000149011612\t0x3dcccccd\nnil\tguest memory at 0x1 is not mapped\n")
}

// TestCallTable: enter and leave of one call share a table, also when calls are
// within each other.
func TestCallTable(t *testing.T) {
	out, _ := runBare(t, `
		local h = {}
		function h.enter(cpu, n) h.call.depth = cpu.sp h.call.n = n end
		function h.leave(cpu, ret) print(h.name, h.call.n, h.call.depth < cpu.sp, h.call.seen) h.call.seen = true end
		panda.hook("[al]*", h)`)
	const want = "leaf\t3\ttrue\tnil\nleaf\t3\ttrue\tnil\nadd\t3\ttrue\tnil\n"
	if !strings.HasPrefix(out, want) {
		t.Error(out)
	}
	f := newFake(t)
	f.must(`
		local h = {}
		function h.enter(cpu, a) h.call.a = a end
		function h.leave(cpu, ret) print(h.name, h.call.a, ret) end
		panda.syscall("read", h)`)
	f.syscall("read", 0, 3, 17)
	f.syscall("read", 0, -4, 18)
	f.want(t, "read\t17\t3\nread\t18\t-4\n")
}

func TestRate(t *testing.T) {
	out, _ := runBare(t, `c = panda.rate{ on = "insn_exec", class = "call", by = "symbol" }
		function uninit_plugin() print(c.main == 3e6 / panda.cpu.icount, c.nothing) c:clear() print(#c) end`)
	if out != "true\t0\n0\nrate of insn_exec by symbol:\n  (no events)\n" {
		t.Error(out)
	}
}

func TestStops(t *testing.T) {
	f := newFake(t)
	f.must(`
		b = panda.breakpoint("main", "rax == 1")
		w = panda.watchpoint(0x400100, 4)
		print(b, w, pcall(panda.breakpoint, "main", "rax ="))
		print(pcall(panda.step), pcall(panda["continue"]))`)
	for rax := range uint64(3) {
		f.cpu.SetReg("rax", rax)
		f.insn(0x401000)
	}
	f.mem(event.VirtMemBeforeWrite, 0x400102, 1)
	f.mem(event.VirtMemBeforeWrite, 0x400104, 1)
	if got := strings.Join(f.done, " "); got != "stop stop" {
		t.Error(got)
	}
	for _, want := range []string{"handle: insn_exec, active", "handle: virt_mem_before_write", "when: ", "only the prompt can run the guest"} {
		if !strings.Contains(f.out.String(), want) {
			t.Errorf("no %q in\n%s", want, f.out.String())
		}
	}
}

func TestColor(t *testing.T) {
	const src = `print(panda.color("text", "red"), panda.color(5, "bold")) print(pcall(panda.color, "x", "rod"))`
	f := newFake(t)
	f.must(src)
	f.want(t, "text\t5\nfalse\tbad argument #2 to main chunk (no color \"rod\" (did you mean \"red\"?))\n")
	f = newFake(t).options(Options{Color: true})
	f.must(src)
	if !strings.HasPrefix(f.out.String(), "\x1b[31mtext\x1b[m\t\x1b[1m5\x1b[m\n") {
		t.Errorf("%q", f.out.String())
	}
}

// TestUnloadsItself: a script may end itself within its own callback, also under
// a deadline; the callback runs to its end, and is not called again.
func TestUnloadsItself(t *testing.T) {
	for name, end := range map[string]string{"detach": "panda.detach()", "unload": "print(panda.unload_plugin('t'))"} {
		f := newFake(t).options(Options{Deadline: time.Minute})
		f.must(`
			c = panda.count{ on = "insn_exec" }
			panda.on("insn_exec", function(cpu, pc)
				` + end + `
				for i = 1, 1000 do pcall(function() end) end
				print("still here", pc)
			end)
			panda.on("insn_exec", function(cpu, pc) print("no more") end)
			function uninit_plugin() print("bye") end`)
		f.insn(1)
		f.insn(2)
		f.man.Close()
		want := "bye\ncount of insn_exec: 1\n"
		if name == "unload" {
			want += "true\n"
		}
		f.want(t, want+"still here\t1\n")
	}
}

// TestMemoryBound: a script that allocates without end is ended, and told so.
func TestMemoryBound(t *testing.T) {
	f := newFake(t).options(Options{Memory: 64 << 20})
	f.must(`
		panda.on("insn_exec", { pc = 1 }, function() local t = {} while true do t[#t + 1] = { {}, {}, {} } end end)
		panda.on("insn_exec", { pc = 1 }, function() for i = 1, 1e6 do local garbage = { {} } end print("garbage is no matter") end)
		panda.on("insn_exec", function(cpu, pc) print(pc) end)`)
	f.insn(1)
	f.insn(2)
	f.want(t, "garbage is no matter\n1\n2\n")
	if len(f.log) != 1 || !strings.Contains(f.log[0], "t.lua:2: the script took more than its 64 MiB of memory (in insn_exec at pc 0x1") {
		t.Error(f.log)
	}
}

// TestRegisterInCallback: a callback may register others and remove itself; what
// it registers is called from the next event on.
func TestRegisterInCallback(t *testing.T) {
	f := newFake(t)
	f.must(`
		local first
		first = panda.on("insn_exec", function(cpu, pc)
			print("first", pc)
			first:remove()
			panda.on("insn_exec", function(cpu, pc) print("second", pc) end)
			panda.count{ on = "insn_exec" }
		end)`)
	f.insn(1)
	f.insn(2)
	f.man.Close()
	f.want(t, "first\t1\nsecond\t2\ncount of insn_exec: 1\n")
}

// TestUninitError: an error of uninit_plugin is told with its line, and the
// tables are printed all the same.
func TestUninitError(t *testing.T) {
	f := newFake(t)
	f.must(`panda.count{ on = "insn_exec", title = "n" }
		function uninit_plugin() local x = nil; x.y = 1 end`)
	f.insn(1)
	f.man.Close()
	f.want(t, "n: 1\n")
	if len(f.log) != 1 || !strings.Contains(f.log[0], "t.lua:2:") || !strings.Contains(f.log[0], "plugin t: close:") {
		t.Error(f.log)
	}
}

// system answers for a guest with threads.
type system struct {
	f     *fake
	calls []string
}

func (s *system) Threads() []plugin.Thread {
	return []plugin.Thread{{TID: 43, PID: 42, Comm: "prog", PC: 0x401000, State: "running"}, {TID: 44, PID: 42, Comm: "prog", State: "waiting", Call: "futex"}}
}

func (s *system) Symbols(prefix string) []string {
	return []string{prefix + "a", prefix + "b", prefix + "strlen"}
}

func (s *system) Switches() plugin.Switches { return plugin.Switches{Chaining: true} }

func (s *system) Recording() *plugin.Recording { return nil }

func (s *system) Replay() *plugin.Recording {
	return &plugin.Recording{File: "run.rr", Inputs: 3, Instructions: 1 << 60, Bytes: 1234}
}

// Call notes what it is given; an argument that is a text is read.
func (s *system) Call(fn guest.Addr, args []uint64, _ uint64) (uint64, error) {
	call := fmt.Sprintf("%#x", uint64(fn))
	for _, a := range args {
		if text, _, err := event.CString(s.f.cpu, guest.Addr(a), 100); err == nil && a > 1000 {
			call += fmt.Sprintf(" %q", text)
		} else {
			call += fmt.Sprintf(" %d", a)
		}
	}
	s.calls = append(s.calls, call)
	if len(args) == 0 {
		return 0, errors.New("no arguments")
	}
	return args[0] + 1, nil
}

func TestSystem(t *testing.T) {
	f := newFake(t)
	sys := &system{f: f}
	f.man.System = sys
	f.cpu.SetReg("rsp", 0x408000)
	before := make([]byte, 0x10000)
	if err := f.cpu.Read(0x400000, before); err != nil {
		t.Fatal(err)
	}
	f.must(`
		for _, t in ipairs(panda.threads()) do print(t.tid, t.state, t.call, hex(t.pc)) end
		print(table.concat(panda.symbols("x"), " "), panda.switches().chaining, panda.switches().memcb)
		print(panda.call("main", 5), panda.call(0x401234, 0xffffffff81030c64, "text", 7, "more text"))
		print(panda.call("main"))
		print(pcall(panda.call, "nosuch"))
		local p = panda.program()
		print(p.path, p.name, hex(p.start), hex(p.stop), p.pid, p.arch, p.bits)
		print(panda.physical_memory_rw(0, 5))
		print(panda.memsavep("x"))
		print(panda.free_args(panda.get_args()))`)
	f.want(t, `43	running		0x401000
44	waiting	futex	0x0
xa xb xstrlen	true	false
6	0xffffffff81030c65
nil	call of main: no arguments
false	bad argument #1 to main chunk (no symbol "nosuch")
/bin/prog	prog	0x400000	0x410000	42	x86_64	64
nil	a program in user mode has no physical memory
nil	a program in user mode has no physical memory

`)
	if got := strings.Join(sys.calls, "; "); got != `0x401000 5; 0x401234 18446744071579044964 "text" 7 "more text"; 0x401000` {
		t.Error(got)
	}
	after := make([]byte, len(before))
	if err := f.cpu.Read(0x400000, after); err != nil || string(after) != string(before) {
		t.Error("a call left something in memory", err)
	}
}

package lua

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"panda/emu/emutest"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// bare runs a small program on the real engine: main calls add(3), add(2),
// add(1), each of which calls leaf, and halts with their sum in rax.
type bare struct {
	*emutest.Bare
	man plugin.Manager
	out bytes.Buffer
	log []string
}

var bareProgram = map[guest.Addr][]byte{
	0x401000: { // main
		0xbf, 3, 0, 0, 0, // mov edi, 3
		0x31, 0xdb, // xor ebx, ebx
		0xe8, 0x14, 0, 0, 0, // 401007 call add
		0x01, 0xc3, // 40100c add ebx, eax
		0xff, 0xcf, // dec edi
		0x75, 0xf5, // 401010 jne 401007
		0x89, 0xd8, // mov eax, ebx
		0xf4, // 401014 hlt
	},
	0x401020: { // add
		0x57,             // push rdi
		0xe8, 7, 0, 0, 0, // 401021 call leaf
		0x5f,                         // 401026 pop rdi
		0x89, 0x05, 0xd3, 0x0f, 0, 0, // 401027 mov [402000], eax
		// 40102d: falls into leaf, which returns for both
	},
	0x40102d: { // leaf
		0x8d, 0x47, 10, // lea eax, [rdi+10]
		0xc3, // ret
	},
}

func newBare(t testing.TB) *bare {
	b := &bare{Bare: emutest.NewBare(t, 64, "max")}
	b.Map(t, 0x401000, 0x2000, guest.Read|guest.Write|guest.Exec)
	b.Map(t, 0x7fff0000, 0x10000, guest.Read|guest.Write)
	for a, code := range bareProgram {
		b.Write(t, a, code)
	}
	c := b.Bare.CPU
	c.SetPC(0x401000)
	c.SetReg("rsp", 0x7fff8000)
	c.Machine.Symbol = func(a guest.Addr) (string, uint64, bool) {
		for _, s := range []struct {
			name   string
			lo, hi guest.Addr
		}{{"main", 0x401000, 0x401020}, {"add", 0x401020, 0x40102d}, {"leaf", 0x40102d, 0x401040}} {
			if a >= s.lo && a < s.hi {
				return s.name, uint64(a - s.lo), true
			}
		}
		return "", 0, false
	}
	b.man = plugin.Manager{Bus: b.Bus, Core: (*bareCore)(b), Loaders: []plugin.Loader{NewLoader(Options{Out: &b.out})}}
	b.man.Log = func(format string, a ...any) { b.log = append(b.log, fmt.Sprintf(format, a...)) }
	b.Bus.Report = func(s *event.Sub, err error) { b.log = append(b.log, err.Error()) }
	return b
}

type bareCore bare

func (b *bareCore) CPU() *vcpu.CPU                        { return b.Bare.CPU }
func (b *bareCore) FlushTB()                              { b.Engine.FlushTB() }
func (b *bareCore) SetChaining(on bool)                   { b.Engine.SetChaining(on) }
func (b *bareCore) SetMemCallbacks(on bool)               { b.Engine.SetMemCallbacks(on) }
func (b *bareCore) SetPrecisePC(bool)                     {}
func (b *bareCore) Stop()                                 { b.Bare.CPU.Stop() }
func (b *bareCore) Exit(int)                              { b.Bare.CPU.Stop() }
func (b *bareCore) Lookup(name string) (guest.Addr, bool) { return 0, false }
func (b *bareCore) Regions() []plugin.Region {
	return []plugin.Region{
		{Start: 0x401000, End: 0x403000, Prot: guest.Read | guest.Exec, File: "/bin/prog"},
		{Start: 0x7fff0000, End: 0x80000000, Prot: guest.Read | guest.Write, File: "[stack]"},
	}
}

// run runs a script over the program and gives what it printed and rax.
func runBare(t testing.TB, src string) (printed string, rax uint64) {
	t.Helper()
	b := newBare(t)
	p, err := b.man.Loaders[0].Open("t.lua", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.man.Start("t", "t.lua", p, nil); err != nil {
		t.Fatal(err)
	}
	b.Engine.Run(b.Bare.CPU, 10000)
	if pc := b.Bare.CPU.PC(); pc>>1 != 0x401014>>1 {
		t.Errorf("stopped at %#x", uint64(pc))
	}
	for _, s := range b.Bus.Active(event.Shutdown) {
		b.Bus.Call(s, s.Fn.(event.Func))
	}
	b.man.Close()
	for _, l := range b.log {
		t.Error(l)
	}
	rax, _ = b.Bare.CPU.Reg("rax")
	return b.out.String(), rax
}

func TestHook(t *testing.T) {
	for _, c := range []struct {
		src, want string
		rax       uint64
	}{
		{"", "", 36},
		{
			`local h h = { enter = function(cpu, a) print("enter", h.name, a, hex(h.caller)) end, leave = function(cpu, ret, a) print("leave", h.name, ret, a) end }
			handle = panda.hook("add", h) function uninit_plugin() print(handle.hits) end`,
			"enter\tadd\t3\t0x40100c\nleave\tadd\t13\t3\nenter\tadd\t2\t0x40100c\nleave\tadd\t12\t2\nenter\tadd\t1\t0x40100c\nleave\tadd\t11\t1\n3\n", 36,
		},
		// A call within a call, and one that ends in a jump to another.
		{
			`local h h = { enter = function(cpu, a) print("+" .. h.name) end, leave = function(cpu, ret) print("-" .. h.name, ret) end }
			panda.hook("[al]*", h)`,
			strings.Repeat("+add\n+leaf\n-leaf\t%d\n+leaf\n-leaf\t%d\n-add\t%d\n", 3), 36,
		},
		{`panda.hook("add", { enter = function(cpu, a) if a == 2 then return 1000 end end })`, "", 13 + 1000 + 11},
		{`panda.hook(0x401020, { leave = function(cpu, ret) return ret + 100 end })`, "", 336},
		{`panda.hook("nosuch!add", { enter = function() print("no") end })`, "", 36},
		{
			`local h = panda.hook("leaf", { leave = function(cpu) print("leaf") end })
			panda.on("insn_exec", { pc = 0x401010, once = true }, function() h:remove() end)`, "leaf\nleaf\n", 36,
		},
	} {
		out, rax := runBare(t, c.src)
		want := c.want
		if n := strings.Count(want, "%d"); n > 0 {
			want = fmt.Sprintf(want, 13, 13, 13, 12, 12, 12, 11, 11, 11)
		}
		if out != want || rax != c.rax {
			t.Errorf("%s\nprinted\n%swant\n%srax=%d, want %d", c.src, out, want, rax, c.rax)
		}
	}
}

// TestHookFails: an error of either handler ends the hook, and its handle tells.
func TestHookFails(t *testing.T) {
	for _, which := range []string{"enter", "leave"} {
		b := newBare(t)
		src := fmt.Sprintf(`h = panda.hook("leaf", { %s = function(cpu) print("once") error("oops", 0) end })
			function uninit_plugin() print(h.active, (h.error:gsub("\n.*", ""))) end`, which)
		p, err := b.man.Loaders[0].Open("t.lua", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.man.Start("t", "t.lua", p, nil); err != nil {
			t.Fatal(err)
		}
		b.Engine.Run(b.Bare.CPU, 10000)
		b.man.Close()
		if out := b.out.String(); !strings.HasPrefix(out, "once\nfalse\toops (in insn_exec at pc 0x4010") || len(b.log) != 1 {
			t.Errorf("%s: printed %q, log %q", which, out, b.log)
		}
	}
}

// TestHookResults: what handlers return is a result, nothing, or a mistake; the
// guest's result stays then.
func TestHookResults(t *testing.T) {
	for _, which := range []string{"enter", "leave"} {
		for value, want := range map[string]uint64{"true": 1, "7": 7, "'x'": 36, "{}": 36, "3.5": 36} {
			b := newBare(t)
			p, err := b.man.Loaders[0].Open("t.lua", fmt.Appendf(nil, `panda.hook("add", { %s = function(cpu, a) return %s end })`, which, value))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.man.Start("t", "t.lua", p, nil); err != nil {
				t.Fatal(err)
			}
			b.Engine.Run(b.Bare.CPU, 10000)
			b.man.Close()
			bad := want == 36
			if got := b.Bare.CPU.W[0]; bad != (len(b.log) == 1 && strings.Contains(b.log[0], "value; a result is an integer")) || bad && got != 36 || !bad && got != 3*want {
				t.Errorf("%s returns %s: result %d, log %q", which, value, got, b.log)
			}
		}
	}
}

func TestHookMistakes(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"panda.hook('add', {})", "a hook needs enter=, leave= or abandoned="},
		{"panda.hook('add', {enter=5})", "enter= must be a function"},
		{"panda.hook(nil, {enter=print})", "string expected"},
		{"panda.syscall({}, {enter=print})", "the list is empty"},
	} {
		f := newFake(t)
		_, err := f.load("t", c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.src, err, c.want)
		}
	}
}

func TestSyscallHook(t *testing.T) {
	f := newFake(t)
	f.must(`
		local h h = {
			enter = function(cpu, fd, n) print("enter", h.name, fd, n) if fd == 9 then return -9 end end,
			leave = function(cpu, ret, fd) print("leave", h.name, ret, fd) end }
		panda.syscall("read*", h)`)
	f.syscall("write", 1, 5, 1)
	f.syscall("read", 0, -4, 3, 0xffffffff81030c64)
	if swallowed, ret := f.syscall("readv", 19, 0, 9); !swallowed || ret != -9 {
		t.Error(swallowed, ret)
	}
	f.want(t, "enter\tread\t3\t0xffffffff81030c64\nleave\tread\t-4\t3\nenter\treadv\t9\tnil\nleave\treadv\t-9\t9\n")
}

// TestMisspeltHandler: a handler under nearly its name is refused; other functions
// of the table are the script's own.
func TestMisspeltHandler(t *testing.T) {
	f := newFake(t)
	f.must(`
		local function f() end
		print(pcall(panda.hook, 1, { enter = f, leav = f }))
		print(pcall(panda.hook, 1, { onEnter = f }))
		print(pcall(panda.syscall, "read", { entre = f, leave = f }))
		print(pcall(panda.hook, 1, { abandon = f, leave = f }))
		panda.hook(1, { enter = f, entered = f, handler = f, leaves = 3 })
		panda.hook(1, { leave = f, inner = f, entropy = f, entries = f, level = f })
		panda.hook(1, { enter = f, level = f, ready = f })
		panda.syscall("read", { leave = f, show = f })`)
	f.want(t, `false	bad argument #2 to main chunk (a hook calls no "leav" (did you mean "leave"?))
false	bad argument #2 to main chunk (a hook calls no "onEnter" (did you mean "enter"?))
false	bad argument #2 to main chunk (a hook calls no "entre" (did you mean "enter"?))
false	bad argument #2 to main chunk (a hook calls no "abandon" (did you mean "abandoned"?))
`)
}

// TestMachine runs what needs a real engine and memory.
func TestMachine(t *testing.T) {
	out, _ := runBare(t, `
		panda.on("insn_exec", { pc = 0x401026, when = "rdi == 2 && u32(rsp + 8) == 0x40100c" }, function(cpu)
			print(table.concat(panda.search_bytes("c3", { module = "prog" }), " "), #panda.search("\x01\xc3"), #panda.search("\x01\xc3", { hi = 0x401000 }))
			for _, m in ipairs(panda.modules()) do print(m.name, hex(m.start), hex(m.stop)) end
		end)
		panda.on("insn_exec", { symbol = "add", once = true }, function(cpu)
			for _, f in ipairs(cpu:backtrace(2)) do print(hex(f.pc), f.symbol) end
		end)
		panda.on("insn_exec", { bytes = "cc" }, print)
		panda.on("insn_exec", { symbol = "never" }, print)
		panda.on("virt_mem_write", { addr = 5 }, print)
		panda.on("syscall_enter", { name = "open" }, print)
		panda.on("insn_exec", { mnemonic = "lea", when = "rdi == 77" }, print)
		panda.on("shutdown", function() print((panda.doctor():gsub("%d+ instr", "N instr"):gsub("%d+ places match", "N places match"))) end)`)
	want := `0x401020	add
0x40100c	main+0xc
4198413 4198448	1	0
prog	0x401000	0x403000
t:
  insn_exec pc=0x401026 when="rdi == 2 && u32(rsp + 8) == 0x40100c": 1 hits at 1 places
  insn_exec symbol=add limit=1: 1 hits, disabled now
  insn_exec bytes=cc: never fired: no instruction that begins with these bytes was translated
  insn_exec symbol=never: never fired: no symbol of this name was reached; names are those of the files' symbol tables
  insn_exec mnemonic=lea when="rdi == 77": never fired: N places match, but not the process, thread or condition when they ran
  virt_mem_before_write addr=0x5: never fired: N instructions could have, none of their accesses touched the address or had the size
  syscall_enter name=open: never fired: nothing of this name or number occurred
  shutdown: 1 hits

`
	if out != want {
		t.Errorf("printed\n%s\nwant\n%s", out, want)
	}
}

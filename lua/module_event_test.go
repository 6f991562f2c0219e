package lua

import (
	"fmt"
	"strings"
	"testing"

	"panda/emu/plugin"
)

func TestTimers(t *testing.T) {
	b := newBare(t)
	p, err := b.man.Loaders[0].Open("t.lua", []byte(`
		panda.at(5, function(cpu) print("at", cpu.icount, hex(cpu.pc)) end)
		local n = 0
		h = panda.every(10, function(cpu) n = n + 1 print("every", cpu.icount) if n == 2 then h:remove() end end)
		panda.at(7, function() error("oops") end)
		print(h, pcall(panda.every, 0, print))`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.man.Start("t", "t.lua", p, nil); err != nil {
		t.Fatal(err)
	}
	b.Engine.Run(b.Bare.CPU, 10000)
	want := "handle: timer, active, 0 hits at 0 places\tfalse\tbad argument #1 to main chunk (must be positive)\nat\t5\t0x40102d\nevery\t10\nevery\t20\n"
	if got := b.out.String(); got != want || len(b.log) != 1 || !strings.Contains(b.log[0], "t.lua:5: oops (in timer at pc") {
		t.Errorf("%q %q", got, b.log)
	}
}

func TestBatch(t *testing.T) {
	out, _ := runBare(t, `
		panda.batch("virt_mem_before_write", { addr = { 0x402000, 0x402004 }, n = 2 }, function(b)
			print(#b, b)
			for i, pc, addr, size, value in b:each() do print(i, hex(pc), hex(addr), size, value) end
			print(pcall(b.get, b, 3))
		end)
		panda.batch("before_block_exec", { fields = { "pc", "icount" } }, function(b) print(b:lines("%x %d", "pc", "icount"):match("^(.-)\n")) kept = b end)
		print(pcall(panda.batch, "shutdown", {}, print))
		print(pcall(panda.batch, "insn_exec", { fields = "pcs" }, print))
		function uninit_plugin() print(#kept) end`)
	for _, want := range []string{
		"2\tbatch of 2 events\n1\t0x401027\t0x402000\t4\t13\n2\t0x401027\t0x402000\t4\t12\nfalse\t",
		"1\tbatch of 1 events\n1\t0x401027\t0x402000\t4\t11\n", "401000 0\n", "shutdown comes too seldom", `no field "pcs" (did you mean "pc"?)`, "\n0\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// hearer is a Go plugin that fires an event and listens to one of a script.
type hearer struct {
	heard []string
	tick  *plugin.Event
}

func (p *hearer) Init(h *plugin.Host) error {
	p.tick = h.Event("tick", "it ticks", "n", "text")
	if h.Get("t") != nil {
		_, err := h.Listen("t", "found", func(args []any) { p.heard = append(p.heard, fmt.Sprint(args...)) })
		return err
	}
	return nil
}

func (p *hearer) Close() error { return nil }

func TestPluginEvents(t *testing.T) {
	f := newFake(t)
	f.must(`
		local found = panda.event("found", "something was found", "where", "what")
		panda.on("insn_exec", function(cpu, pc) if found:heard() then found:fire(pc, { "x", big = 0xffffffff81030c64 }) end end)
		print(pcall(panda.event, "found"))`)
	f.insn(1) // nobody listens
	p := new(hearer)
	if _, err := f.man.Start("go", "", p, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := f.load("u", `
		local go, t = panda.need("go"), panda.get_plugin_by_name("t")
		print(go.events[1].name, go.events[1].doc, table.concat(go.events[1].params, " "), #t.exports)
		print(panda.listen("go", "tick", function(n, text) print("tick", n, text) end))
		print(panda.listen("t", "found", function(where, what) print("found", where, what[1], what.big) end))
		panda.listen("t", "found", function() error("oops") end)
		print(panda.listen("t", "fund", print))
		print(panda.need("nosuch"))`); err != nil {
		t.Fatal(err)
	}
	f.insn(2)
	f.insn(3)
	p.tick.Fire(uint64(5), "text")
	if got := fmt.Sprint(p.heard); strings.Count(got, "big:18446744071579044964") != 2 {
		t.Error(got)
	}
	for _, want := range []string{
		"declared twice", "tick\tit ticks\tn text\t0\n", "handle: go.tick, active", "found\t2\tx\t0xffffffff81030c64\nfound\t3\t", "\ntick\t5\ttext\n",
		`plugin t has no event "fund" (did you mean "found"?)`, "nil\tit needs another plugin: no plugin \"nosuch\"",
	} {
		if !strings.Contains(f.out.String(), want) {
			t.Errorf("no %q in\n%s", want, f.out.String())
		}
	}
	if len(f.log) != 1 || !strings.Contains(f.log[0], "u.lua:6: oops") {
		t.Error(f.log)
	}
}

// TestDoctor: what the doctor says of a name that no file has, and of a callback
// that failed.
func TestDoctor(t *testing.T) {
	f := newFake(t)
	f.man.System = &system{f: f}
	f.must(`
		panda.hook("strlne", { enter = function() end })
		panda.on("insn_exec", { pc = 1 }, function() local x = nil; x.y = 1 end)
		panda.on("insn_exec", { symbol = "main" }, function() end)
		panda.on("process_start", function() end)
		panda.count{ on = "insn_exec", by = { "symbol", "mnemonic" }, print = false }`)
	f.insn(1)
	if _, err := f.load("u", "print(panda.doctor())"); err != nil {
		t.Fatal(err)
	}
	f.want(t, `t:
  insn_exec symbol=strlne: never fired: no symbol of this name was reached; names are those of the files' symbol tables (did you mean "strlen"?)
  insn_exec pc=0x1: disabled after 1 hits by an error: t.lua:3: attempt to index a non-table object(nil) with key 'y' (in insn_exec at pc 0x1)
  insn_exec symbol=main: never fired: no symbol of this name was reached; names are those of the files' symbol tables
  insn_exec: 1 hits
  process_start: never fired: no program was loaded by execve; the first one is there before plugins are

`)
}

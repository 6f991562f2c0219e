package lua

import (
	"fmt"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
)

func TestCounts(t *testing.T) {
	f := newFake(t)
	f.must(`
		calls = panda.count{ on = "syscall_enter", by = "name" }
		insns = panda.count{ on = "insn_exec" }
		syms = panda.count{ on = "insn_exec", by = { "symbol", "mnemonic" }, print = false }
		panda.top{ on = "before_block_exec", by = "pc", limit = 2 }
		panda.on("shutdown", function()
			print(calls.read, calls["nope"], #calls, calls:total(), insns:get(), syms:get("main", "nop"), syms[{ "main", "nop" }])
			for k, v in pairs(calls) do print(k, v) end
			print(table.concat(calls:keys(), " "))
			for k, v in syms:pairs() do print(k[1], k[2], v) end
			calls:clear() print(#calls)
		end)`)
	for _, n := range []string{"read", "write", "read", "exit"} {
		f.syscall(n, 0, 0)
	}
	f.cpu.Write(0x401000, []byte{0x90, 0xf0})
	for range 5 {
		f.insn(0x401000, 0x90)
	}
	f.insn(0x401001, 0xf0)
	for _, pc := range []guest.Addr{0x401000, 0x401000, 0x401005, 0x401009, 0x401009, 0x401009} {
		f.block(pc, 4)
	}
	f.bus.Active(event.Shutdown)[0].Fn.(event.Func)()
	f.syscall("openat", 257, 0)
	f.man.Close()
	f.want(t, "2\t0\t3\t4\t6\t5\t5\nread\t2\nexit\t1\nwrite\t1\nread exit write\n"+
		"main\tnop\t5\nmain\tinc\t1\n0\n"+
		"count of syscall_enter by name:\n  openat  1\n"+
		"count of insn_exec: 6\n"+
		"top of before_block_exec by pc:\n  0x401009  3\n  0x401000  2\n  (1 more)\n")
}

func TestStatistics(t *testing.T) {
	f := newFake(t)
	f.must(`
		local function on(op, more)
			local d = { on = "syscall_leave", name = "read", value = "ret", print = false }
			for k, v in pairs(more or {}) do d[k] = v end
			return panda[op](d)
		end
		local sum, avg, min, max, distinct = on"sum", on"avg", on"min", on"max", on"distinct"
		local hist, lhist, arg = on"hist", on("lhist", { lo = 0, hi = 20, step = 5 }), on("max", { value = "arg2", by = "error" })
		function uninit_plugin()
			print(sum:get(), avg:get(), min:get(), max:get(), distinct:get(), arg[0], arg[4], arg[5])
			local b = hist:get()
			print(#b, b[1].lo, b[1].hi, b[1].n, b[#b].lo, b[#b].hi, b[#b].n)
			hist:print() lhist:print() print(tostring(sum))
		end`)
	for _, ret := range []int64{-4, 0, 1, 7, 7, 100} {
		f.syscall("read", 0, ret, 3, 0xffffffff81030c64)
	}
	f.syscall("write", 1, 1000)
	f.man.Close()
	f.want(t, "111\t18.5\t-4\t100\t5\t0xffffffff81030c64\t0xffffffff81030c64\tnil\n"+
		"9\tnil\t0\t1\t64\t128\t1\n"+
		"hist of ret on syscall_leave:\n"+
		"  [, 0)              1 |@@@@@@@@@@@@@@@@@@@@                    |\n"+
		"  [0, 1)             1 |@@@@@@@@@@@@@@@@@@@@                    |\n"+
		"  [1, 2)             1 |@@@@@@@@@@@@@@@@@@@@                    |\n"+
		"  [2, 4)             0 |                                        |\n"+
		"  [4, 8)             2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"+
		"  [8, 16)            0 |                                        |\n"+
		"  [16, 32)           0 |                                        |\n"+
		"  [32, 64)           0 |                                        |\n"+
		"  [64, 128)          1 |@@@@@@@@@@@@@@@@@@@@                    |\n"+
		"lhist of ret on syscall_leave:\n"+
		"  [, 0)             1 |@@@@@@@@@@@@@@@@@@@@                    |\n"+
		"  [0, 5)            2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"+
		"  [5, 10)           2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"+
		"  [10, 15)          0 |                                        |\n"+
		"  [15, 20)          0 |                                        |\n"+
		"  [20, )            1 |@@@@@@@@@@@@@@@@@@@@                    |\n"+
		"sum of ret on syscall_leave: 111\n\n")
}

func TestMemoryFields(t *testing.T) {
	f := newFake(t)
	f.must(`
		panda.count{ on = "virt_mem_write", by = { "addr", "value" } }
		panda.sum{ on = "virt_mem_write", value = "size", by = "pid" }
		panda.count{ on = "virt_mem_write", by = "rax", title = "writes by rax", every = 2 }`)
	f.cpu.SetReg("rax", 9)
	for range 2 {
		f.mem(event.VirtMemBeforeWrite, 0x1000, 1, 2)
	}
	f.mem(event.VirtMemBeforeWrite, 0x1004, 1)
	f.man.Close()
	f.want(t, "count of virt_mem_before_write by addr, value:\n  0x1000, 0x201  2\n  0x1004, 0x1    1\n"+
		"sum of size on virt_mem_before_write by pid:\n  42  5\n"+
		"writes by rax:\n  0x9  1\n")
}

// TestCacheForgets: another program at the same addresses is another key.
func TestCacheForgets(t *testing.T) {
	f := newFake(t)
	f.must(`panda.count{ on = "insn_exec", by = "mnemonic" }`)
	f.cpu.Write(0x401000, []byte{0x90})
	f.insn(0x401000, 0x90)
	f.cpu.Write(0x401000, []byte{0xc3})
	f.bus.Active(event.ProcessStart)[0].Fn.(event.ProcessFunc)(f.cpu, &event.Process{PID: 1})
	f.insn(0x401000, 0xc3)
	f.man.Close()
	f.want(t, "count of insn_exec by mnemonic:\n  nop  1\n  ret  1\n")
}

func TestLastAndRounding(t *testing.T) {
	f := newFake(t)
	f.must(`
		local l = panda.last{ on = "syscall_leave", by = { "name", "ret" }, limit = 3 }
		panda.count{ on = "syscall_leave", by = "ret:10", sort = "key" }
		panda.count{ on = "virt_mem_write", by = "addr:0x1000" }
		function uninit_plugin() for k, n in pairs(l) do print(k[1], k[2], n) end end`)
	for i, n := range []string{"a", "b", "c", "d", "e"} {
		f.syscall(n, i, int64(i)*7-10)
	}
	f.mem(event.VirtMemBeforeWrite, 0xffffffff81030c64, 1)
	f.mem(event.VirtMemBeforeWrite, 0xffffffff81030fff, 1)
	f.man.Close()
	f.want(t, "c\t4\t1\nd\t11\t1\ne\t18\t1\n"+
		"last of syscall_leave by name, ret:\n  c, 4\n  d, 11\n  e, 18\n"+
		"count of syscall_leave by ret:10:\n  -10  2\n  0    1\n  10   2\n"+
		"count of virt_mem_before_write by addr:0x1000:\n  0xffffffff81030000  2\n")
}

// TestAggLimits: under a limit of memory aggregations keep what fits and count the
// rest.
func TestAggLimits(t *testing.T) {
	const bound, events = 1 << 20, 4000
	f := newFake(t).options(Options{Untrusted: true, Memory: bound})
	f.must(`
		panda.count{ on = "syscall_enter", by = "arg1", limit = 1, sort = "key" }`)
	for i := range events {
		f.syscall("read", 0, 0, uint64(i))
	}
	f.man.Close()
	kept := bound / 2 / cellBytes
	want := fmt.Sprintf("  (%d more)\n  (%d events of further keys: the memory of scripts is full)\n", kept-1, events-kept)
	if !strings.Contains(f.out.String(), want) {
		t.Errorf("got %q, want %q", f.out.String(), want)
	}

	f = newFake(t).options(Options{Untrusted: true, Memory: bound})
	f.must(`d = panda.distinct{ on = "syscall_enter", value = "arg1", by = "name" }`)
	for i := range 2 * bound / valueBytes {
		f.syscall("read", 0, 0, uint64(i))
	}
	f.man.Close()
	if !strings.Contains(f.out.String(), "events of further keys") {
		t.Errorf("got %q", f.out.String())
	}
}

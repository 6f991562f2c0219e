package lua

import (
	"testing"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// benchInsn fires insn_exec at 64 addresses in turn.
func benchInsn(b *testing.B, src string) { benchFake(b, newFake(b), src) }

func benchFake(b *testing.B, f *fake, src string) {
	f.must(src)
	subs := f.bus.Active(event.InsnExec)
	if len(subs) == 0 {
		b.Fatal("no subscription")
	}
	s := subs[0]
	fn := s.Fn.(event.PCFunc)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f.bus.CallPC(s, fn, f.cpu, guest.Addr(0x401000+i&63*4))
	}
	if len(f.log) != 0 {
		b.Fatal(f.log)
	}
}

func BenchmarkInsnNoArgs(b *testing.B) { benchInsn(b, `panda.on("insn_exec", function() end)`) }
func BenchmarkInsnMemory(b *testing.B) {
	benchFake(b, newFake(b).options(Options{Memory: 256 << 20}), `panda.on("insn_exec", function() end)`)
}

func BenchmarkInsnTwoArgs(b *testing.B) {
	benchInsn(b, `panda.on("insn_exec", function(cpu, pc) end)`)
}

func BenchmarkInsnCount(b *testing.B) {
	benchInsn(b, `local n = 0 panda.on("insn_exec", function(cpu, pc) n = n + 1 end)`)
}

func BenchmarkInsnRegister(b *testing.B) {
	benchInsn(b, `local x panda.on("insn_exec", function(cpu, pc) x = cpu.rax end)`)
}

func BenchmarkInsnTable(b *testing.B) {
	benchInsn(b, `local t = {} panda.on("insn_exec", function(cpu, pc) t[pc] = (t[pc] or 0) + 1 end)`)
}
func BenchmarkAggPC(b *testing.B)     { benchInsn(b, `panda.count{ on = "insn_exec", by = "pc" }`) }
func BenchmarkAggSymbol(b *testing.B) { benchInsn(b, `panda.count{ on = "insn_exec", by = "symbol" }`) }

func BenchmarkAggRegister(b *testing.B) {
	benchInsn(b, `panda.count{ on = "insn_exec", by = "rax" }`)
}

func BenchmarkAggHist(b *testing.B) { benchInsn(b, `panda.hist{ on = "insn_exec", value = "rax" }`) }

func BenchmarkMemWrite(b *testing.B) {
	f := newFake(b)
	f.must(`panda.on("virt_mem_write", function(cpu, pc, addr, size) end)`)
	s := f.bus.Active(event.VirtMemBeforeWrite)[0]
	fn := s.Fn.(event.MemFunc)
	m := &vcpu.MemAccess{PC: 0x401000, Size: 8, Buf: make([]byte, 8)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Addr = guest.Addr(0x7ffe0000 + i&255*8)
		f.bus.CallMem(s, fn, f.cpu, m)
	}
}

func benchLua(b *testing.B, body string) {
	s := NewState(Options{})
	fn := evalIn(b, s, "local h, t = 0xffffffff81000000, {} return function(n) local x = 0 for i = 1, n do "+body+" end end")[0]
	b.ResetTimer()
	b.ReportAllocs()
	if _, err := s.runOn(s.enter(), fn, []glua.LValue{glua.LNumber(b.N)}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkLuaLoop(b *testing.B)       { benchLua(b, "") }
func BenchmarkLuaCounter(b *testing.B)    { benchLua(b, "x = x + 1") }
func BenchmarkLuaAddUnknown(b *testing.B) { benchLua(b, "t.x = (t.x or 0) + i") }
func BenchmarkLuaAddU64(b *testing.B)     { benchLua(b, "local y = h + i") }
func BenchmarkLuaLess(b *testing.B)       { benchLua(b, "local y = h < i") }
func BenchmarkLuaFormat(b *testing.B)     { benchLua(b, "local y = string.format('%016x', i)") }
func BenchmarkLuaNewState(b *testing.B) {
	for b.Loop() {
		NewState(Options{})
	}
}

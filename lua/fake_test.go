package lua

import (
	"bytes"
	"fmt"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// fake is a machine without an engine: tests fire its events by hand.
type fake struct {
	t    testing.TB
	cpu  *vcpu.CPU
	bus  *event.Bus
	man  *plugin.Manager
	out  bytes.Buffer
	log  []string // what the user was told
	done []string // what plugins asked of the core
}

var fakeRegs = []string{"rax", "rdi", "rsi", "rsp", "rip"}

type fakeReg int

func (r fakeReg) Value(w *[ir.FrameWords]uint64) uint64       { return w[r] }
func (r fakeReg) SetValue(w *[ir.FrameWords]uint64, v uint64) { w[r] = v }

func fakeLookup(name string) vcpu.Register {
	for i, n := range fakeRegs {
		if n == name {
			return fakeReg(i)
		}
	}
	return nil
}

// fakeDisasm knows instructions of one byte.
func fakeDisasm(_ *vcpu.CPU, code []byte, _ guest.Addr, _ func(uint64) (string, uint64, bool)) (string, int) {
	return map[byte]string{0x90: "nop", 0xc3: "ret", 0xf0: "lock inc eax"}[code[0]], 1
}

func newFake(t testing.TB) *fake {
	t.Helper()
	space := mmu.NewSpace(1 << 38)
	t.Cleanup(func() { space.Close() })
	if err := space.Map(0x400000, 0x10000, guest.Read|guest.Write, mmu.Anonymous("")); err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, bus: event.NewBus()}
	f.cpu = &vcpu.CPU{Machine: &vcpu.Machine{
		Arch: &vcpu.Arch{
			Name: "x86_64", PC: 4, SP: 3, Bits: 64, Naming: vcpu.Naming{Lookup: fakeLookup, Names: fakeRegs}, Disasm: fakeDisasm, Longest: 15,
			Calls: vcpu.Convention{Args: []ir.Ref{1, 2}, Link: ir.None, Frame: ir.None},
		},
		Symbol: func(a guest.Addr) (string, uint64, bool) {
			return "main", uint64(a - 0x401000), a >= 0x401000 && a < 0x402000
		},
		Module: func(a guest.Addr) (string, guest.Addr, bool) { return "/bin/prog", 0x400000, a < 0x500000 },
		Comm:   "prog", Process: 42, Thread: 43,
	}}
	f.cpu.SetSpace(space)
	f.cpu.SetPC(0x401000)
	f.bus.Report = func(s *event.Sub, err error) { f.log = append(f.log, fmt.Sprintf("%s: %v", s.Owner.Name, err)) }
	f.man = &plugin.Manager{
		Bus: f.bus, Core: f, Loaders: []plugin.Loader{NewLoader(Options{Out: &f.out})},
		Log: func(format string, a ...any) { f.log = append(f.log, fmt.Sprintf(format, a...)) },
	}
	return f
}

func (f *fake) note(format string, a ...any) { f.done = append(f.done, fmt.Sprintf(format, a...)) }

func (f *fake) CPU() *vcpu.CPU          { return f.cpu }
func (f *fake) FlushTB()                { f.note("flush") }
func (f *fake) SetChaining(on bool)     { f.note("chaining %v", on) }
func (f *fake) SetMemCallbacks(on bool) { f.note("memcb %v", on) }
func (f *fake) SetPrecisePC(on bool)    { f.note("precise %v", on) }
func (f *fake) Stop()                   { f.note("stop") }
func (f *fake) Exit(status int)         { f.note("exit %d", status) }

func (f *fake) Lookup(name string) (guest.Addr, bool) { return 0x401000, name == "main" }

func (f *fake) Regions() []plugin.Region {
	return []plugin.Region{{Start: 0x400000, End: 0x410000, Prot: guest.Read | guest.Exec, File: "/bin/prog"}}
}

// load starts a script under a name.
func (f *fake) load(name, src string, args ...plugin.Arg) (*plugin.Loaded, error) {
	p, err := f.man.Loaders[0].Open(name+".lua", []byte(src))
	if err != nil {
		return nil, err
	}
	return f.man.Start(name, name+".lua", p, args)
}

func (f *fake) must(src string, args ...plugin.Arg) *plugin.Loaded {
	f.t.Helper()
	l, err := f.load("t", src, args...)
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

// insn fires insn_exec as the engine does: the filter is decided at the site.
func (f *fake) insn(pc guest.Addr, code ...byte) {
	f.cpu.SetPC(pc)
	for _, s := range f.bus.Active(event.InsnExec) {
		if !s.Active() || !s.Filter.MatchInsn(f.view(pc, code)) {
			continue
		}
		if s.Counter != nil {
			*s.Counter++
			continue
		}
		f.bus.CallPC(s, s.Fn.(event.PCFunc), f.cpu, pc)
	}
}

func (f *fake) view(pc guest.Addr, code []byte) *event.Insn {
	return &event.Insn{
		PC: pc, Code: code,
		Mnemonic: func() string { return "nop" },
		Class:    func() vcpu.Class { return vcpu.ClassPlain },
		Symbols: func() []string {
			name, off, ok := f.cpu.Machine.Symbol(pc)
			if !ok || off != 0 {
				return nil
			}
			return []string{name}
		},
		Module: func() string { return "prog" },
	}
}

// syscall fires enter and leave and reports whether the call was swallowed.
func (f *fake) syscall(name string, number int, ret int64, args ...uint64) (swallowed bool, result int64) {
	sc := &event.Syscall{Name: name, Number: number, NArgs: len(args), Ret: ret, Text: func() string { return name + "(…)" }}
	copy(sc.Args[:], args)
	for _, s := range f.bus.Active(event.SyscallEnter) {
		if s.Filter.MatchName(name, int64(number)) {
			f.bus.Call(s, func() { swallowed = s.Fn.(event.SyscallBoolFunc)(f.cpu, sc) || swallowed })
		}
	}
	for _, k := range []event.Kind{event.SyscallLeave, event.UserAfterSyscall} {
		for _, s := range f.bus.Active(k) {
			if s.Filter.MatchName(name, int64(number)) {
				f.bus.Call(s, func() { s.Fn.(event.SyscallFunc)(f.cpu, sc) })
			}
		}
	}
	return swallowed, sc.Ret
}

func (f *fake) mem(k event.Kind, a guest.Addr, b ...byte) {
	m := &vcpu.MemAccess{PC: f.cpu.PC(), Addr: a, Size: len(b), Buf: b}
	for _, s := range f.bus.Active(k) {
		if s.Filter.MatchMem(a, len(b)) {
			f.bus.CallMem(s, s.Fn.(event.MemFunc), f.cpu, m)
		}
	}
}

func (f *fake) block(pc guest.Addr, size int) {
	tb := &vcpu.TB{PC: pc, Size: size, Marks: make([]ir.Mark, 2), Last: pc + 1}
	f.cpu.SetPC(pc)
	for _, s := range f.bus.Active(event.BeforeBlockExec) {
		if s.Counter != nil {
			*s.Counter++
		} else {
			f.bus.CallBlock(s, s.Fn.(event.BlockFunc), f.cpu, tb)
		}
	}
	for _, s := range f.bus.Active(event.AfterBlockExec) {
		f.bus.Call(s, func() { s.Fn.(event.AfterBlockFunc)(f.cpu, tb, nil) })
	}
}

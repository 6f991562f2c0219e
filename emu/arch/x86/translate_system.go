package x86

import (
	"maps"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/arch/x86/system"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// systemHelper is a helper that the privileged part of the CPU does: it looks at all and
// may change all.
func systemHelper(name string, do func(a, b, c uint64) uint64) *ir.Helper {
	return &ir.Helper{Name: name, Reads: all, Writes: all, MayFault: true, Once: true, Fn: func(_ *vcpu.CPU, a, b, c uint64) uint64 { return do(a, b, c) }}
}

// systemTranslators are the instructions that a machine's CPU does otherwise than for
// programs of Linux.
func systemTranslators(g *Guest, s *system.CPU) map[string]trFunc {
	all := map[string]trFunc{}
	for _, t := range []map[string]trFunc{tableTranslators(s), controlTranslators(s), transferTranslators(s), portTranslators(s), flagTranslators(s), timeTranslators(g, s)} {
		maps.Copy(all, t)
	}
	return all
}

// leave ends the block without a link: what comes next is another mode, or another memory.
func (t *translator) leave() {
	t.sync()
	t.b.Exit(ir.ExitEnd, t.next)
	t.done = true
}

// action is an instruction without operands after which another block begins.
func action(name string, do func()) trFunc {
	h := systemHelper(name, func(_, _, _ uint64) uint64 { do(); return 0 })
	return func(t *translator) {
		t.b.CallTo(ir.None, h)
		t.leave()
	}
}

// quiet is one that changes nothing that translations depend on.
func quiet(name string, do func()) trFunc {
	h := systemHelper(name, func(_, _, _ uint64) uint64 { do(); return 0 })
	return func(t *translator) { t.b.CallTo(ir.None, h) }
}

// tableTranslators are those of descriptor tables.
func tableTranslators(s *system.CPU) map[string]trFunc {
	lldt := systemHelper("lldt", func(sel, _, _ uint64) uint64 { s.LoadLocalTable(uint16(sel)); return 0 })
	ltr := systemHelper("ltr", func(sel, _, _ uint64) uint64 { s.LoadTask(uint16(sel)); return 0 })
	loadWord := func(h *ir.Helper) trFunc {
		return func(t *translator) { t.b.CallTo(ir.None, h, t.word(t.arg(0))) }
	}
	storeWord := func(name string, get func() uint64) trFunc {
		h := systemHelper(name, func(_, _, _ uint64) uint64 { return get() })
		return func(t *translator) { t.putStatus(t.b.Call(h)) }
	}
	arpl := quiet("arpl", s.Segmented)
	return map[string]trFunc{
		"lgdt": loadTable(s, false), "lidt": loadTable(s, true), "sgdt": storeTable(s, false), "sidt": storeTable(s, true),
		"lldt": loadWord(lldt), "ltr": loadWord(ltr), "sldt": storeWord("sldt", s.LocalTable), "str": storeWord("str", s.Task),
		"smsw": storeWord("smsw", s.Status),
		"lar":  askSystem(s, system.Rights), "lsl": askSystem(s, system.Limit),
		"verr": verifySystem(s, system.Read), "verw": verifySystem(s, system.Write),
		"arpl": func(t *translator) { arpl(t); trArpl(t) },
	}
}

// putStatus stores a word of 16 bits, or in a register as many as it has.
func (t *translator) putStatus(v ir.Ref) { t.put(t.arg(0), v) }

func loadTable(s *system.CPU, idt bool) trFunc {
	h := systemHelper("load_table", func(base, limit, _ uint64) uint64 { s.LoadTable(idt, base, limit); return 0 })
	return func(t *translator) {
		at := t.b.Temp()
		t.b.LeaTo(at, ir.I64, t.memory(t.arg(0)))
		limit := t.b.Ld(ir.I16, ir.Address{Base: at, Index: ir.None})
		base := t.b.Ld(ir.IntType(int(baseSize(t.bits))), ir.Address{Base: at, Index: ir.None, Disp: 2})
		if t.in.OpSize == 2 {
			base = t.b.Op2(ir.And, ir.I64, base, ir.K(0xffffff))
		}
		t.b.CallTo(ir.None, h, t.word32(base), t.b.Ext(ir.ZExt, ir.I64, ir.I16, limit))
	}
}

// word32 clears what is above a base outside 64-bit code.
func (t *translator) word32(v ir.Ref) ir.Ref {
	if t.bits == 64 {
		return v
	}
	return t.b.Ext(ir.ZExt, ir.I64, ir.I32, v)
}

func storeTable(s *system.CPU, idt bool) trFunc {
	base := systemHelper("table_base", func(_, _, _ uint64) uint64 { b, _ := s.StoreTable(idt); return b })
	limit := systemHelper("table_limit", func(_, _, _ uint64) uint64 { _, l := s.StoreTable(idt); return l })
	return func(t *translator) {
		at := t.b.Temp()
		t.b.LeaTo(at, ir.I64, t.memory(t.arg(0)))
		l, b := t.b.Call(limit), t.b.Call(base)
		n := baseSize(t.bits)
		t.b.CallTo(ir.None, hTouch, at, t.b.Word(ir.K(n+2)))
		t.b.St(ir.I16, ir.Address{Base: at, Index: ir.None}, l)
		t.b.St(ir.IntType(int(n)), ir.Address{Base: at, Index: ir.None, Disp: 2}, b)
	}
}

// hTouch faults where a store of n bytes would.
var hTouch = &ir.Helper{
	Name: "touch", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, a, n, _ uint64) uint64 { c.Touch(a, int(n)); return 0 },
}

// questions answers LAR and its like; bit 32 says yes.
func questions(s *system.CPU, what system.Question) *ir.Helper {
	return systemHelper("selector", func(sel, _, _ uint64) uint64 {
		v, ok := s.Ask(what, uint16(sel))
		if ok {
			v |= 1 << 32
		}
		return v
	})
}

func askSystem(s *system.CPU, what system.Question) trFunc {
	h := questions(s, what)
	return func(t *translator) {
		d := t.arg(0)
		answer := t.b.Call(h, t.word(t.arg(1)))
		yes := t.b.Op2(ir.Shr, ir.I64, answer, ir.K(32))
		t.setZF(yes)
		no := t.b.Label()
		t.b.BrCond(no, ir.Eq, ir.I64, yes, ir.K(0))
		t.put(d, t.b.Ext(ir.ZExt, ir.I64, ir.I32, answer))
		t.b.Place(no)
	}
}

func verifySystem(s *system.CPU, what system.Question) trFunc {
	h := questions(s, what)
	return func(t *translator) {
		t.setZF(t.b.Op2(ir.Shr, ir.I64, t.b.Call(h, t.word(t.arg(0))), ir.K(32)))
	}
}

// controlTranslators are those of control, debug and model-specific registers.
func controlTranslators(s *system.CPU) map[string]trFunc {
	const data = 0
	rdmsr := systemHelper("rdmsr", func(n, _, _ uint64) uint64 { return s.ReadMSR(uint32(n)) })
	wrmsr := systemHelper("wrmsr", func(n, low, high uint64) uint64 { s.WriteMSR(uint32(n), low&0xffffffff|high<<32); return data })
	xsetbv := systemHelper("xsetbv", func(n, low, high uint64) uint64 { s.SetExtended(uint32(n), low&0xffffffff|high<<32); return data })
	lmsw := systemHelper("lmsw", func(v, _, _ uint64) uint64 { s.LoadStatus(v & 0xffff); return data })
	invpcid := systemHelper("invpcid", func(kind, at, _ uint64) uint64 { s.InvalidateProcess(kind, at); return data })
	write := func(h *ir.Helper) trFunc {
		return func(t *translator) { t.b.CallTo(ir.None, h, regs.RCX, regs.RAX, regs.RDX); t.leave() }
	}
	invlpg, supervisor := quiet("invlpg", s.InvalidatePage), quiet("supervisor", s.Supervisor)
	xstateOf := func(h *ir.Helper) trFunc { return func(t *translator) { supervisor(t); xstate(h)(t) } }
	return map[string]trFunc{
		"movcr": moveRegister(s.Control, s.SetControl, dec.CtlReg), "movdr": moveRegister(s.Debug, s.SetDebug, dec.DbgReg),
		"rdmsr": func(t *translator) {
			v := t.b.Call(rdmsr, regs.RCX)
			t.b.MovTo(regs.RAX, ir.I32, ir.W(v))
			t.b.Op2To(regs.RDX, ir.Shr, ir.I64, v, ir.K(32))
		},
		"wrmsr": write(wrmsr), "xsetbv": write(xsetbv), "rdpmc": privileged,
		"lmsw": func(t *translator) { t.b.CallTo(ir.None, lmsw, t.word(t.arg(0))); t.leave() },
		"clts": action("clts", s.ClearTaskSwitched), "clac": action("clac", func() { s.SetAC(false) }), "stac": action("stac", func() { s.SetAC(true) }),
		"invd": supervisor, "wbinvd": supervisor, "wbnoinvd": supervisor, "invlpg": invlpg, "swapgs": quiet("swapgs", s.SwapGS),
		"xsaves": xstateOf(hXsavec), "xrstors": xstateOf(hXrstors), // there is no state of supervisors
		"invpcid": func(t *translator) {
			at := t.b.Temp()
			t.b.LeaTo(at, ir.I64, t.memory(t.arg(1)))
			t.b.CallTo(ir.None, invpcid, t.word(t.arg(0)), at)
		},
	}
}

// moveRegister is MOV from or to a control or debug register.
func moveRegister(get func(int) uint64, set func(int, uint64), kind dec.Kind) trFunc {
	load := systemHelper("mov_from", func(n, _, _ uint64) uint64 { return get(int(n)) })
	store := systemHelper("mov_to", func(n, v, _ uint64) uint64 { set(int(n), v); return 0 })
	return func(t *translator) {
		d, a := t.arg(0), t.arg(1)
		if d.Kind == kind {
			v := t.word(a)
			if t.bits != 64 {
				v = t.b.Ext(ir.ZExt, ir.I64, ir.I32, v)
			}
			t.b.CallTo(ir.None, store, t.b.Word(ir.K(uint64(d.Reg))), v)
			t.leave()
			return
		}
		t.put(d, t.b.Call(load, t.b.Word(ir.K(uint64(a.Reg)))))
	}
}

// transferTranslators are those that go to other code segments.
func transferTranslators(s *system.CPU) map[string]trFunc {
	jump := systemHelper("jump_far", func(sel, off, next uint64) uint64 { return s.Jump(uint16(sel), off, next) })
	call := systemHelper("call_far", func(sel, off, next uint64) uint64 { return s.Call(uint16(sel), off, int(sel>>32), next) })
	ret := systemHelper("ret_far", func(size, params, _ uint64) uint64 { return s.Return(int(size), params) })
	iret := systemHelper("iret", func(size, next, _ uint64) uint64 { return s.Iret(int(size), next) })
	syscall := systemHelper("syscall", func(next, _, _ uint64) uint64 { return s.Syscall(next) })
	sysret := systemHelper("sysret", func(size, _, _ uint64) uint64 { return s.Sysret(int(size)) })
	sysenter := systemHelper("sysenter", func(_, _, _ uint64) uint64 { return s.Sysenter() })
	sysexit := systemHelper("sysexit", func(size, _, _ uint64) uint64 { return s.Sysexit(int(size)) })
	to := func(target func(t *translator) ir.Ref) trFunc {
		return func(t *translator) {
			t.sync()
			v := target(t)
			t.cc = ccDynamic // the helper may have set the flags
			t.jumpTo(v)
		}
	}
	size := func(t *translator) ir.Ref { return t.b.Word(ir.K(uint64(t.in.OpSize))) }
	return map[string]trFunc{
		"jmpf": to(func(t *translator) ir.Ref {
			off, sel := t.farPointer()
			return t.b.Call(jump, t.b.Ext(ir.ZExt, ir.I64, ir.I16, sel), t.farOffset(off), t.b.Word(ir.K(t.next)))
		}),
		"callf": to(func(t *translator) ir.Ref {
			off, sel := t.farPointer()
			s := t.b.Ext(ir.ZExt, ir.I64, ir.I16, sel)
			t.b.Op2To(s, ir.Or, ir.I64, s, ir.K(uint64(t.in.OpSize)<<32))
			return t.b.Call(call, s, t.farOffset(off), t.b.Word(ir.K(t.next)))
		}),
		"retf": to(func(t *translator) ir.Ref {
			params := uint64(0)
			if t.in.N == 1 {
				params = uint64(t.arg(0).Imm & 0xffff)
			}
			return t.b.Call(ret, size(t), t.b.Word(ir.K(params)))
		}),
		"iret":     to(func(t *translator) ir.Ref { return t.b.Call(iret, size(t), t.b.Word(ir.K(t.next))) }),
		"syscall":  to(func(t *translator) ir.Ref { return t.b.Call(syscall, t.b.Word(ir.K(t.next))) }),
		"sysret":   to(func(t *translator) ir.Ref { return t.b.Call(sysret, size(t)) }),
		"sysenter": to(func(t *translator) ir.Ref { return t.b.Call(sysenter) }),
		"sysexit":  to(func(t *translator) ir.Ref { return t.b.Call(sysexit, size(t)) }),
		"int":      func(t *translator) { t.interrupt(uint8(t.arg(0).Imm)) },
		"int3":     func(t *translator) { t.raise(t.own(regs.VecBP)) }, "int1": func(t *translator) { t.raise(t.own(regs.VecDB)) },
		"into": func(t *translator) {
			c := t.condition(condO<<1 | 1)
			t.sync()
			ok := t.b.Label()
			t.brCond(ok, c)
			t.raiseHere(t.own(regs.VecOF))
			t.b.Place(ok)
		},
	}
}

// farOffset is an offset of the operand size.
func (t *translator) farOffset(off ir.Ref) ir.Ref {
	if t.in.OpSize == 8 {
		return off
	}
	return t.b.Ext(ir.ZExt, ir.I64, ir.IntType(int(t.in.OpSize)), off)
}

// interrupt ends the block with the interrupt that the instruction is there for.
func (t *translator) interrupt(vec uint8) { t.raise(t.asked(vec)) }

func (t *translator) asked(vec uint8) guest.Exception {
	return guest.Exception{Vector: vec, Next: true, Asked: t.in.Len}
}

// own is what an instruction for one vector alone is there for.
func (t *translator) own(vec uint8) guest.Exception {
	x := t.asked(vec)
	x.Own = true
	return x
}

// flagTranslators are those of the interrupt flag, and of all flags.
func flagTranslators(s *system.CPU) map[string]trFunc {
	sti, cli, pushf := quiet("sti", s.Enable), quiet("cli", s.Disable), quiet("pushf", s.PushFlags)
	popf := systemHelper("popf", func(v, size, _ uint64) uint64 { s.PopFlags(v, int(size)); return 0 })
	hlt := systemHelper("hlt", func(_, _, _ uint64) uint64 { s.Halt(); return 0 })
	return map[string]trFunc{
		"sti": func(t *translator) { sti(t); t.last = true },
		"cli": func(t *translator) {
			if t.mode&modeCPL != 0 {
				cli(t)
				return
			}
			t.b.Op2To(regs.EFL, ir.And, ir.I64, regs.EFL, ir.K(^uint64(regs.IF)))
		},
		"hlt": func(t *translator) {
			t.b.CallTo(ir.None, hlt)
			t.sync()
			t.b.Exit(ir.ExitHalt, t.next)
			t.done = true
		},
		"pushf": func(t *translator) {
			if t.mode&modeCPL == modeCPL && t.bits != 64 {
				pushf(t)
			}
			v := t.rflags()
			t.b.Op2To(v, ir.And, ir.I64, v, ir.K(^uint64(regs.VM|regs.RF)))
			t.push(ir.W(v), t.in.OpSize)
		},
		"popf": func(t *translator) {
			n := t.in.OpSize
			v := t.top(n, 0)
			t.sync()
			t.b.CallTo(ir.None, popf, v, t.b.Word(ir.K(uint64(n))))
			t.moveStack(int64(n))
			t.cc = regs.CCFlags
			t.last = true
		},
	}
}

// timeTranslators are those of the time-stamp counter, CPUID and the extended state.
func timeTranslators(g *Guest, s *system.CPU) map[string]trFunc {
	counter := systemHelper("rdtsc", func(_, _, _ uint64) uint64 { return s.ReadCounter() })
	rdtsc := func(t *translator) {
		v := t.b.Call(counter)
		t.b.MovTo(regs.RAX, ir.I32, ir.W(v))
		t.b.Op2To(regs.RDX, ir.Shr, ir.I64, v, ir.K(32))
	}
	all := map[string]trFunc{
		"rdtsc":  rdtsc,
		"rdtscp": func(t *translator) { rdtsc(t); t.b.MovTo(regs.RCX, ir.I32, ir.W(regs.TSCAux)) },
	}
	enabled := quiet("fsgsbase", s.FSGSBase)
	for _, name := range []string{"rdfsbase", "rdgsbase", "wrfsbase", "wrgsbase"} {
		tr := sysTable[name]
		all[name] = func(t *translator) { enabled(t); tr(t) }
	}
	return all
}

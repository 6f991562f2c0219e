package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
)

// sysTable holds flags, segments and what else touches the system.
var sysTable = map[string]trFunc{
	"nop": trNop, "pause": trNop, "endbr64": trNop, "endbr32": trNop, "rdsspd": trNop, "rdsspq": trNop,
	"prefetch": trNop, "prefetchw": trNop, "prefetchwt1": trNop, "prefetchnta": trNop, "prefetcht0": trNop,
	"prefetcht1": trNop, "prefetcht2": trNop, "cldemote": trNop, "clflush": trFlush, "clflushopt": trFlush, "clwb": trFlush,
	"lfence": trNop, "mfence": trNop, "sfence": trNop,
	"clc": trClc, "stc": trStc, "cmc": trCmc,
	"cld": direction(1), "std": direction(^uint64(0)),
	"cpuid": trCpuid, "rdtsc": trRdtsc, "rdtscp": trRdtscp, "rdpid": trRdpid,
	"hlt": privileged, "cli": privileged, "sti": privileged, "in": privileged, "out": privileged, "ins": privileged,
	"outs": privileged, "wrmsr": privileged, "rdmsr": privileged, "rdpmc": privileged, "movcr": privileged, "movdr": privileged,
	"lgdt": privileged, "lidt": privileged, "lldt": privileged, "ltr": privileged, "lmsw": privileged, "clts": privileged,
	"invd": privileged, "wbinvd": privileged, "wbnoinvd": privileged, "invlpg": privileged, "invpcid": privileged,
	"swapgs": privileged, "sysret": trSysret, "sysexit": privileged,
	"movseg":   trMovSeg,
	"rdfsbase": readBase(regs.FS), "rdgsbase": readBase(regs.GS), "wrfsbase": writeBase(regs.FS), "wrgsbase": writeBase(regs.GS),
}

func trNop(*translator) {}

// trFlush faults as a load does.
func trFlush(t *translator) { t.b.Ld(ir.I8, t.memory(t.arg(0))) }

// privileged is #GP(0) for a program.
func privileged(t *translator) { t.raise(guest.Exception{Vector: regs.VecGP, HasCode: true}) }

// trSysret is as much an instruction of 64-bit code as SYSCALL.
func trSysret(t *translator) {
	if t.bits != 64 {
		t.undefined()
		return
	}
	privileged(t)
}

func trStc(t *translator) {
	t.setCF(ir.K(1))
}

func trClc(t *translator) {
	t.setCF(ir.K(0))
}

func trCmc(t *translator) {
	t.setCF(ir.W(t.b.Op2(ir.Xor, ir.I64, t.carry(), ir.K(1))))
}

func direction(step uint64) trFunc {
	return func(t *translator) { t.b.MovTo(regs.DF, ir.I64, ir.K(step)) }
}

func trPushf(t *translator) {
	t.push(ir.W(t.rflags()), t.in.OpSize)
}

// trPopf: a program changes the arithmetic flags, TF, DF, NT, AC and ID; the
// others keep their values.
func trPopf(t *translator) {
	n := t.in.OpSize
	v := t.top(n, 0)
	t.moveStack(int64(n))
	t.b.CallTo(ir.None, hPopf, v, t.b.Word(ir.K(uint64(n))))
	t.cc = regs.CCFlags
	t.last = true // the mode may be another
}

func trMovSeg(t *translator) {
	d, s := t.arg(0), t.arg(1)
	if d.Kind == dec.SegReg {
		t.loadSegment(d.Reg, t.word(s))
		return
	}
	v := t.word(s)
	if d.Kind == dec.GPR && d.Size >= 4 {
		t.b.MovTo(ir.Ref(d.Reg), ir.I64, ir.W(v))
		return
	}
	t.put(d, v)
}

// loadSegment loads a selector; the helper knows which a program may load.
func (t *translator) loadSegment(seg uint8, v ir.Ref) {
	t.b.CallTo(ir.None, t.g.helpers.loadSegment, t.b.Word(ir.K(uint64(seg))), v)
	t.last = true
}

func readBase(seg ir.Ref) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		t.b.MovTo(ir.Ref(d.Reg), opType(d.Size), ir.W(regs.Base+seg))
	}
}

// writeBase raises #GP(0) for a base that is not canonical (SDM vol. 2D, WRFSBASE).
func writeBase(seg ir.Ref) trFunc {
	return func(t *translator) {
		v := t.get(t.arg(0))
		if t.arg(0).Size == 8 {
			ok, at := t.b.Label(), t.b.Word(v)
			high := t.b.Op2(ir.Shl, ir.I64, at, ir.K(64-linearBits))
			t.b.BrCond(ok, ir.Eq, ir.I64, at, ir.W(t.b.Op2(ir.Sar, ir.I64, high, ir.K(64-linearBits))))
			t.raiseHere(guest.Exception{Vector: regs.VecGP, HasCode: true})
			t.b.Place(ok)
		}
		t.b.MovTo(regs.Base+seg, opType(t.arg(0).Size), v)
	}
}

// trCpuid ends the block: it is also the hypercall, after which a plugin may
// have changed anything.
func trCpuid(t *translator) {
	t.b.CallTo(ir.None, t.g.helpers.cpuid, t.b.Word(ir.K(t.pc)))
	t.last = true
}

func trRdtsc(t *translator) {
	v := t.b.Call(hRdtsc)
	t.b.MovTo(regs.RAX, ir.I32, ir.W(v))
	t.b.Op2To(regs.RDX, ir.Shr, ir.I64, v, ir.K(32))
}

func trRdtscp(t *translator) {
	trRdtsc(t)
	t.b.MovTo(regs.RCX, ir.I32, ir.W(regs.TSCAux))
}

func trRdpid(t *translator) { t.b.MovTo(ir.Ref(t.arg(0).Reg), ir.I32, ir.W(regs.TSCAux)) }

// aligned raises #GP for an address that is no multiple of n.
func (t *translator) aligned(a ir.Address, n uint64) {
	r := a.Base
	if a.Index != ir.None || a.Base == ir.None || a.Disp&(n-1) != 0 {
		r = t.b.Temp()
		t.b.LeaTo(r, ir.I64, a)
	}
	ok := t.b.Label()
	t.b.BrCond(ok, ir.TestEq, ir.I64, r, ir.K(n-1))
	t.raiseHere(guest.Exception{Vector: regs.VecGP, HasCode: true})
	t.b.Place(ok)
}

package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Problem: a segment of 32-bit code may have a limit, may forbid stores, or may
// be null, and with EFLAGS.AC set every access must be aligned. Hardly a program
// has such segments or that flag, and those that have not must not pay.
//
// Idea: the mode of a translation says which segments are not plain and whether
// AC is set. Translators know nothing of it. When an instruction has been
// translated in such a mode, each of its loads and stores gets calls in front.
//
// Invariant: in such a mode the address of an access through a segment that is
// not plain is a word of its own, which t.via knows.

// via says that word lin is a linear address: offset off, and disp, in a segment.
type via struct {
	lin, off ir.Ref
	disp     uint64
	seg      ir.Ref
}

// checks reports whether the mode says that a segment is not plain.
func (t *translator) checks(seg ir.Ref) bool { return t.mode&(modeChecked<<seg) != 0 }

// checksData reports whether accesses through a segment are to be checked: those
// through CS always, because they may be stores.
func (t *translator) checksData(seg ir.Ref) bool {
	return t.checks(seg) || seg == regs.CS && t.bits != 64
}

// checkAccesses adds the checks to what the instruction has emitted from index
// from on.
func (t *translator) checkAccesses(from int) {
	if len(t.via) == 0 && t.mode&(modeAC|modeBreak) == 0 {
		return
	}
	insns := append([]ir.Insn(nil), t.b.Insns[from:]...)
	t.b.Insns = t.b.Insns[:from]
	stored := t.storedSegments(insns)
	for _, i := range insns {
		switch i.Op {
		case ir.Ld, ir.St:
			t.checkAccess(&i, stored)
		case ir.Lea:
			if v := t.viaOf(i.A); v != nil && i.B == ir.None {
				t.via = append(t.via, via{i.D, v.off, v.disp + i.Imm, v.seg})
			}
		}
		t.b.Emit(i)
	}
	t.via = t.via[:0]
}

// storedSegments are the segments, as a bit set, that the instruction stores
// through. A load through one of them is that of an operand that is changed, for
// which the CPU asks first whether it may be written. String instructions have
// two operands, and ARPL may have nothing to store.
func (t *translator) storedSegments(insns []ir.Insn) (set uint) {
	if t.in.Row.Flags&(dec.RepOK|dec.RepZOK) != 0 || t.in.Row.Name == "arpl" {
		return 0
	}
	for i := range insns {
		if v := t.viaOf(insns[i].A); insns[i].Op == ir.St && v != nil {
			set |= 1 << v.seg
		}
	}
	return set
}

func (t *translator) viaOf(lin ir.Ref) *via {
	for i := range t.via {
		if t.via[i].lin == lin {
			return &t.via[i]
		}
	}
	return nil
}

// checkAccess emits the checks of a load or store.
func (t *translator) checkAccess(i *ir.Insn, stored uint) {
	n := uint64(i.Type.Bytes())
	if v := t.viaOf(i.A); v != nil {
		t.checkSegment(v, i.Imm, n, i.Op == ir.St || stored>>v.seg&1 != 0)
	}
	a := ir.Address{Base: i.A, Index: i.B, Scale: i.Aux & ir.ScaleMask, Disp: i.Imm}
	if n > 1 && n <= 8 && !t.anyAlign { // 16 bytes are aligned or need not be
		t.checkAlign(a, n)
	}
	t.breakData(a, n, i.Op == ir.St)
}

// breakData emits the check for a breakpoint in n bytes at a, if there are any.
func (t *translator) breakData(a ir.Address, n uint64, write bool) {
	if t.mode&modeBreak == 0 {
		return
	}
	if write {
		n |= checkWrite
	}
	t.scratchWords()
	t.b.LeaTo(t.scratch, ir.I64, a)
	t.b.MovTo(t.scratch+1, ir.I64, ir.K(n))
	t.b.CallTo(ir.None, t.g.helpers.breakData, t.scratch+1, t.scratch)
}

// checkAlign emits the check of n bytes at a if the mode asks for it.
func (t *translator) checkAlign(a ir.Address, n uint64) {
	if t.mode&modeAC != 0 {
		t.scratchWords()
		t.b.LeaTo(t.scratch, ir.I64, a)
		t.b.MovTo(t.scratch+1, ir.I64, ir.K(n))
		t.b.CallTo(ir.None, hAlign, t.scratch, t.scratch+1)
	}
}

// checkSegment emits the check of n bytes, disp bytes above what v describes.
func (t *translator) checkSegment(v *via, disp, n uint64, write bool) {
	t.scratchWords()
	what := uint64(v.seg) | n<<8
	if write {
		what |= checkWrite
	}
	t.b.LeaTo(t.scratch, ir.I32, ir.Address{Base: v.off, Index: ir.None, Disp: v.disp + disp})
	t.b.MovTo(t.scratch+1, ir.I64, ir.K(what))
	t.b.CallTo(ir.None, hSegment, t.scratch+1, t.scratch)
}

// checkArea checks the n bytes at a, fields of some bytes each, which a helper
// accesses.
func (t *translator) checkArea(a ir.Address, n, field uint64, write bool) {
	if v := t.viaOf(a.Base); v != nil {
		t.checkSegment(v, a.Disp, n, write)
	}
	t.checkAlign(a, field)
	t.breakData(a, n, write)
}

func (t *translator) scratchWords() {
	if t.scratch == 0 {
		t.scratch = t.b.TempWords(2)
	}
}

// checkWrite in the first argument of hSegment says that it is a store. The
// segment is in the low byte, the number of bytes above it.
const checkWrite = 1 << 32

// hSegment raises #SS(0) or #GP(0) for an access that a segment does not allow
// (SDM vol. 3A 5.3 to 5.5).
var hSegment = &ir.Helper{
	Name: "segment", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, what, off, _ uint64) uint64 {
		seg := ir.Ref(what & 0xff)
		if !regs.Allows(c.W[regs.Attr+seg], c.W[regs.Limit+seg], off, what&0xffffffff>>8, what&checkWrite != 0) {
			vec := uint8(regs.VecGP)
			if seg == regs.SS {
				vec = regs.VecSS
			}
			c.Raise(guest.Exception{Vector: vec, HasCode: true})
		}
		return 0
	},
}

// hAlign raises #AC for an access of n bytes at a that is not aligned (SDM vol. 3A
// table 6-7). An address that is not canonical is #GP before that.
var hAlign = &ir.Helper{
	Name: "align", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, a, n, _ uint64) uint64 {
		if a&(n-1) != 0 && canonical(a) {
			c.Raise(guest.Exception{Vector: regs.VecAC, HasCode: true})
		}
		return 0
	},
}

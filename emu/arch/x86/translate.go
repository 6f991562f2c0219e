package x86

import (
	"errors"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/softfloat"
)

// translator is the state of translating one block.
type translator struct {
	b     *ir.Builder
	g     *Guest
	in    *dec.Inst
	pc    uint64 // of the instruction
	next  uint64 // of the one after it
	bits  int    // of the code segment
	mode  uint64
	cc    regs.CC // form of the flags here, or ccDynamic
	ownCF bool    // CF is in CCCF, while the form is dynamic
	done  bool    // the block has left
	last  bool    // the block must end after this instruction

	alone bool // the block is for one instruction, which may have stored into code

	via     []via  // what checks have to know of the instruction's addresses
	scratch ir.Ref // two words for checks, 0 if there are none yet

	anyAlign bool // the instruction's accesses need no alignment

	inst dec.Inst

	marks int    // instructions so far
	sides []side // branches out of the middle
}

// trFunc translates the instruction t.in.
type trFunc func(t *translator)

// translators are the themes' tables. A name is in one of them at most, and
// raises #UD if it is in none.
var translators = [...]map[string]trFunc{
	aluTable, movTable, shiftTable, mulTable, bitTable, ctlTable, stringTable, sysTable, segTable, umipTable, sseTable, x87Table,
	vexTable, avxTable, avx2Table, fmaTable, f16cTable, bmi1Table, bmi2Table, adxTable,
	xsaveTable, xsaveOptTable, xsavecTable, xsavesTable, rdrandTable, rdseedTable,
}

// translatorOf is the translator of a row, or nil.
func (g *Guest) translatorOf(row *dec.Row) trFunc {
	if f := g.override[row.Name]; f != nil {
		return f
	}
	for _, t := range &translators {
		if f := t[row.Name]; f != nil {
			return f
		}
	}
	return nil
}

// rowInfo is what the translator knows of a row: programs use few of them, so it
// is found when the row is met first.
type rowInfo struct {
	known     bool
	has       [2]bool // the model has it, for VEX.L 0 and 1
	translate trFunc  // nil if it raises #UD
	unit      unit
}

func (g *Guest) info(row *dec.Row) *rowInfo {
	if g.rows == nil {
		g.rows = make([]rowInfo, len(dec.Rows()))
	}
	r := &g.rows[row.ID]
	if !r.known {
		*r = rowInfo{true, [2]bool{g.model.has(row, 0), g.model.has(row, 1)}, g.translatorOf(row), g.unitOf(row)}
	}
	return r
}

// merge is all tables in one.
func merge(tables ...map[string]trFunc) map[string]trFunc {
	all := map[string]trFunc{}
	for _, t := range tables {
		for name, f := range t { // a map again
			if all[name] != nil {
				panic("BUG: two translators for " + name)
			}
			all[name] = f
		}
	}
	return all
}

// Translate writes the block at pc into b.
func (g *Guest) Translate(b *ir.Builder, code []byte, pc guest.Addr, mode uint64, max int) (size, want int) {
	t := &g.tr
	b.Rules = softfloat.SSE
	*t = translator{via: t.via[:0], sides: t.sides[:0], b: b, g: g, bits: int(mode & modeBits), mode: mode, cc: ccDynamic}
	if t.single() {
		max = 1
	}
	t.alone = max == 1
	t.in = &t.inst
	for n := 0; n < max; n++ {
		t.pc, t.marks = uint64(pc)+uint64(size), n+1
		err := dec.Decode(t.in, code[size:], dec.Mode(t.bits))
		if errors.Is(err, dec.ErrTruncated) {
			if n == 0 {
				return 0, len(code) + 1
			}
			break
		}
		size += t.insn(err)
		if t.done || t.last || b.Full() {
			break
		}
	}
	if !t.done {
		t.jump(0, uint64(pc)+uint64(size))
	}
	b.Step = t.steps() && !t.loadsSS() && !t.stepsItself()
	t.sideExits()
	return size, 0
}

// steps reports whether TF was set before the block, which then has one
// instruction.
func (t *translator) steps() bool { return t.mode&modeStep != 0 }

// single says that a block has one instruction: there is something to be done after each.
func (t *translator) single() bool { return t.mode&(modeStep|modeBreak) != 0 }

// stepsItself says of an instruction that TF when it is done decides of its trap, so that
// system software that clears TF on entry is not stepped.
func (t *translator) stepsItself() bool {
	return t.in.Row != nil && (t.in.Row.Name == "syscall" || t.in.Row.Name == "sysret")
}

// loadsSS: the trap after an instruction that loads SS by MOV or POP is put off
// until the next one is done (SDM vol. 3A 6.8.3).
func (t *translator) loadsSS() bool {
	a := &t.in.Args[0]
	return t.last && a.Kind == dec.SegReg && ir.Ref(a.Reg) == regs.SS
}

// side is a branch out of a block that goes on when it is not taken.
type side struct {
	label int
	to    uint64
	cc    regs.CC
	done  int // instructions
}

// sideExits writes the exits of the branches within the block.
func (t *translator) sideExits() {
	for n, s := range t.sides {
		t.b.Place(s.label)
		t.cc = s.cc
		t.sync()
		t.b.GotoSide(uint8(2+n), s.to, t.marks-s.done)
	}
}

// insn translates one instruction, or the exception that decoding it raises: that
// one belongs to all bytes that the decoder looked at, so that the translation goes
// when one of them changes.
func (t *translator) insn(err error) (size int) {
	if err != nil {
		t.b.Mark(t.pc, int(t.in.Len), uint64(t.cc))
		t.breakInsn()
		if errors.Is(err, dec.ErrTooLong) {
			t.raise(guest.Exception{Vector: regs.VecGP, HasCode: true})
		} else {
			t.undefined()
		}
		return int(t.in.Len)
	}
	t.next = t.in.Next(t.pc)
	t.b.Mark(t.pc, int(t.in.Len), uint64(t.cc))
	t.breakInsn()
	from := len(t.b.Insns)
	t.anyAlign = false
	t.checkFetch()
	switch r := t.g.info(t.in.Row); {
	case r.translate == nil || !r.has[t.in.VexL&1]:
		t.undefined()
	case t.mode&modeFPU == 0 || !t.switchedOff(r.unit):
		r.translate(t)
	}
	t.checkAccesses(from)
	return int(t.in.Len)
}

// breakInsn emits the check for a breakpoint at the instruction, if there are any.
func (t *translator) breakInsn() {
	if t.mode&modeBreak == 0 {
		return
	}
	repeats := uint64(0)
	if row := t.in.Row; row != nil && row.Flags&(dec.RepOK|dec.RepZOK) != 0 && t.in.Prefix&(dec.RepE|dec.RepNE) != 0 {
		repeats = 1
	}
	t.b.CallTo(ir.None, t.g.helpers.breakInsn, t.b.Word(ir.K(t.pc)), t.b.Word(ir.K(repeats)))
}

// undefined ends the block with #UD.
func (t *translator) undefined() {
	t.sync()
	t.b.Exit(ir.ExitUndefined, t.pc)
	t.done = true
}

// raiseHere raises an exception where control gets there.
func (t *translator) raiseHere(e guest.Exception) {
	t.b.CallTo(ir.None, hRaise, t.b.Word(ir.K(packException(e))))
}

// raise ends the block with an exception of this instruction.
func (t *translator) raise(e guest.Exception) {
	t.sync()
	t.raiseHere(e)
	t.b.Exit(ir.ExitRaise, t.pc) // not reached: hRaise does not return
	t.done = true
}

// sync stores the form of the flags, which code outside the block looks at.
func (t *translator) sync() {
	if t.cc != ccDynamic {
		t.b.MovTo(regs.CCOp, ir.I64, ir.K(uint64(t.cc)))
	}
}

// jump ends the block by going to a constant address through a chain slot.
func (t *translator) jump(slot uint8, to uint64) {
	t.sync()
	t.b.GotoTB(slot, to)
	t.done = true
}

// jumpTo ends the block by going to the address in a word.
func (t *translator) jumpTo(to ir.Ref) {
	t.sync()
	t.b.GotoPtr(to)
	t.done = true
}

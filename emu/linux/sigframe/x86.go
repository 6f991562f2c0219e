package sigframe

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
)

// Reload loads a segment register when a handler returns. The result is 0, or the
// vector that loading a selector raises which the program may not have there.
type Reload func(seg ir.Ref, sel uint16) (vector uint8)

const vecGeneral = 13 // #GP

// enter loads CS and SS as the kernel's IRET into the program does (SDM vol. 2A,
// IRET), and returns what that raises.
func enter(w *regs.Words, cs, ss uint16, reload Reload) *guest.Exception {
	w[regs.Sel+regs.CS], w[regs.Sel+regs.SS] = uint64(cs), uint64(ss)
	x := load(w, cs, ss, reload)
	if x == nil {
		return nil
	}
	x.HasCode = true
	if ss&selLDT != 0 { // the kernel enters by a stack of its own there, and knows no more
		x.Vector, x.Code = vecGeneral, 0
	}
	return x
}

// selLDT in a selector says that its descriptor is in the LDT.
const selLDT = 4

func load(w *regs.Words, cs, ss uint16, reload Reload) *guest.Exception {
	if vec := reload(regs.CS, cs); vec != 0 {
		return &guest.Exception{Vector: vec, Code: uint32(cs) &^ 3}
	}
	if vec := reload(regs.SS, ss); vec != 0 {
		return &guest.Exception{Vector: vec, Code: uint32(ss) &^ 3}
	}
	ok := int64(w[regs.RIP])<<16>>16 == int64(w[regs.RIP])
	if regs.CodeBits(w) != 64 {
		w[regs.RIP], w[regs.RSP] = uint64(uint32(w[regs.RIP])), uint64(uint32(w[regs.RSP]))
		ok = w[regs.RIP] <= w[regs.Limit+regs.CS]
	}
	if !ok {
		return &guest.Exception{Vector: vecGeneral}
	}
	return nil
}

// flat loads a segment that every program has.
func flat(w *regs.Words, seg ir.Ref, sel uint16) {
	d, _ := regs.FlatDescriptor(sel)
	regs.LoadSegment(w[:], seg, sel, d)
}

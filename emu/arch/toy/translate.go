package toy

import (
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
)

// translator is the state of translating a block.
type translator struct {
	b    *ir.Builder
	in   Insn
	pc   uint64 // of the instruction
	done bool   // the block has left
}

// Translate writes the block at pc into b.
func (g *Guest) Translate(b *ir.Builder, code []byte, pc guest.Addr, _ uint64, max int) (size, want int) {
	t := &g.tr
	*t = translator{b: b}
	b.Rules = softfloat.ARM
	if len(code) < Size {
		return 0, Size
	}
	for n := 0; n < max && len(code) >= size+Size && !t.done && !b.Full(); n++ {
		t.pc = uint64(pc) + uint64(size)
		t.insn(code[size:])
		size += Size
	}
	if !t.done {
		b.GotoTB(0, uint64(pc)+uint64(size))
	}
	return size, 0
}

func (t *translator) insn(code []byte) {
	t.b.Mark(t.pc, Size, 0)
	var ok bool
	if t.in, ok = Decode(code); t.pc%Size != 0 {
		t.raise(Unaligned)
	} else if !ok {
		t.b.Exit(ir.ExitUndefined, t.pc)
		t.done = true
	} else {
		t.in.translate(t)
	}
}

// next is where the next instruction is.
func (t *translator) next() uint64 { return t.pc + Size }

// reg is the register of an operand to read.
func (t *translator) reg(k rune) ir.Ref {
	kind := Kinds[k]
	r := ir.Ref(kind.Field(t.in.Word))
	if kind.Sort == Float {
		r += float0
	}
	return r
}

// to is the register of operand d to write: what goes to z is lost.
func (t *translator) to() ir.Ref {
	if r := t.reg('d'); r != Zero {
		return r
	}
	return t.b.Temp()
}

// number is the operand of a kind, of an address all of it.
func (t *translator) number(k rune) uint64 {
	kind := Kinds[k]
	v := uint64(kind.Field(t.in.Word))
	if kind.Sort == Relative {
		v += t.pc
	}
	return v
}

// raise ends the block with an exception of the instruction.
func (t *translator) raise(vector uint64) {
	t.b.CallTo(ir.None, hRaise, t.b.Word(ir.K(vector)))
	t.b.Exit(ir.ExitRaise, t.pc) // not reached
	t.done = true
}

// all are the slots of a helper that may look at, or change, any.
var all = []ir.Ref{ir.AllSlots}

// hRaise raises an exception.
var hRaise = &ir.Helper{Name: "raise", Reads: all, MayFault: true, Fn: func(c *vcpu.CPU, vector, _, _ uint64) uint64 {
	c.Raise(guest.Exception{Vector: uint8(vector)})
	return 0
}}

package amd64

import (
	"fmt"
	"slices"

	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
)

// Helpers that have a Body are subroutines, which stand after the prologue and
// return to where Host.Link says, as there is no stack. They find slots at home
// or in their registers, leave them so, change the scratch registers, and return
// their result in subResult.

const subResult = asm.R10

// subTemps is the first temporary of a subroutine: above those of the blocks
// that call it.
const subTemps = ir.FrameWords - 128

// subroutine writes the code of a helper at an offset of the arena.
func (t *Target) subroutine(h *ir.Helper, origin uint32) []byte {
	var b ir.Builder
	b.Reset(0, subTemps)
	d := h.Body(&b)
	if b.Temps > ir.FrameWords-8 {
		panic(fmt.Sprintf("BUG: %s needs %d temporaries", h.Name, b.Temps-subTemps))
	}
	b.Exit(ir.ExitEnd, 0) // the end that a block must have: RET is written for it
	l := &t.l
	l.begin(&jit.Unit{Block: &b.Block, Origin: origin}, t)
	end := len(b.Insns) - 1
	l.done = end
	if d != ir.None {
		l.lastUse[d] = int32(end)
	}
	if err := l.body(); err != nil {
		panic("BUG: " + h.Name + ": " + err.Error())
	}
	l.pc = end
	l.flush(false)
	if d != ir.None {
		l.moveTo(subResult, d)
	}
	l.JmpMem(atLink)
	l.setJumps()
	return slices.Clone(l.Buf)
}

// lowCall calls a subroutine, or leaves the call to the interpreter.
func lowCall(l *lower, i *ir.Insn) {
	h := l.b.Helpers[i.Imm]
	if l.lowX87(i) {
		return
	}
	place, ok := l.t.subs[h]
	if !ok {
		lowOperate(l, i)
		return
	}
	if len(h.Writes) > 0 {
		l.flush(true)
		l.forget(true)
		l.vecs.reset()
	} else {
		l.subReads(h)
	}
	back := l.LeaNext(subResult)
	l.Store(8, atLink, subResult)
	l.patchTo(l.Jmp(), place)
	l.Patch(back, l.Pos())
	l.flags, l.locked = fact{}, 0
	if i.D != ir.None {
		l.lock(subResult)
		l.finish(i.D, subResult)
	}
}

// subReads brings home what a subroutine that writes nothing looks at, and
// what is in the scratch registers.
func (l *lower) subReads(h *ir.Helper) {
	for _, w := range h.Reads {
		if l.vecs.n != 0 {
			l.vecHome(w, 1)
		}
		l.clean(w)
	}
	for _, r := range scratch {
		for s := &l.regs[r]; s.n > 0; {
			l.clean(s.words[s.n-1])
			l.unbind(s.words[s.n-1])
		}
	}
}

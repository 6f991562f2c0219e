package interp

import (
	"fmt"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Single is one operation compiled alone, for an engine that leaves some to
// this one. The second record is the room that a successor would take.
type Single [2]op

// Single compiles an operation of guest instruction insn of a block. It must not
// be a jump within the block.
func (e *Engine) Single(b *ir.Block, tb *vcpu.TB, i *ir.Insn, insn int) (*Single, error) {
	e.b, e.tb, e.insn = b, tb, uint16(insn)
	s := new(Single)
	e.ops = s[:0]
	if err := e.insnOp(i); err != nil {
		return nil, fmt.Errorf("interp: %s: %w", ir.Format(b, i, nil), err)
	}
	return s, nil
}

// AtStack has an access be one at the stack: see mmu.TLBHead.
func (s *Single) AtStack(of ir.Op) { s[0].fn = stackFns[of] }

// Do does the operation with the words of the frame, and reports whether it left
// the block; how is in c.Leave. It panics as Enter's operations do.
func (s *Single) Do(c *vcpu.CPU) (left bool) { return s[0].fn(c, &s[0]) == nil }

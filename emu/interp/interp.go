// Package interp runs ir blocks: the reference engine, on every host.
//
// Problem: an interpreter in Go must spend a few nanoseconds on a guest
// instruction and still be the plain statement of what each operation means.
// Idea: Compile turns each operation into a record with a pointer to a small Go
// function for exactly that operation, type and kind of operand; the record
// holds frame indices, so a function is one line. Running a block is a loop of
// indirect calls, and a block that knows its successor enters it without leaving
// the loop.
// Invariants: the guest's registers are in the frame whenever a function that
// can fault, a probe or a helper runs; CPU.TB and CPU.Insn name the
// instruction that such a function belongs to. Records name no block, so that
// blocks with the same code may share them.
//
// Functions that differ in an operator or a width only are generated: zz_*.go.
package interp

//go:generate go run ./gen

import (
	"fmt"
	"unsafe"

	"panda/emu/ir"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
)

// fn does one operation and returns the next, nil to leave.
type fn func(c *vcpu.CPU, o *op) *op

// op is a compiled operation. d, a, b and c are frame indices.
type op struct {
	fn         fn
	imm        uint64
	d, a, b, c uint16
	insn       uint16 // index of the guest instruction
	aux, sub   uint8
	size       uint8 // bytes of an access
	rules      softfloat.Rules
	ext        *extra
}

// extra is what few operations need.
type extra struct {
	target *op // of a branch
	helper func(c *vcpu.CPU, a, b, d uint64) uint64
	ring   *vcpu.Ring // of a record
	pc     uint64
	live   *bool
	site   *vcpu.Site // of a probe
	mark   *ir.Mark   // of the instruction that comes next, nil at the end
}

// Engine compiles and runs blocks. It must not be copied.
type Engine struct{ compiler }

// Name is the engine's name for -accel and messages.
func (*Engine) Name() string { return "interp" }

// Apart has each block that is compiled from now on return, and none lead to another.
func (e *Engine) Apart() { e.apart = true }

// Link has nothing to do: blocks look at their Next.
func (*Engine) Link(*vcpu.TB, int, *vcpu.TB) {}

// Copy has the blocks share their records, which name no block.
func (*Engine) Copy(of, tb *vcpu.TB) error {
	tb.Entry = of.Entry
	return nil
}

// Extends is false: its blocks have no state to carry along.
func (*Engine) Extends() bool { return false }

// Full is false: records go with their blocks.
func (*Engine) Full() bool { return false }

// Reset has nothing to do.
func (*Engine) Reset() {}

// Compile sets tb.Entry. The block's slices are not kept.
func (e *Engine) Compile(b *ir.Block, tb *vcpu.TB) error {
	e.begin(b, tb)
	return e.run()
}

// compiler makes records of operations. Records and extras are cut from slabs:
// blocks come by the thousand and go together.
type compiler struct {
	b      *ir.Block
	tb     *vcpu.TB
	ops    []op
	labels []int // operation index by label
	jumps  []jump
	insn   uint16
	apart  bool

	opSlab    []op
	extraSlab []extra
}

const slabSize = 1024

// begin prepares for a block, with room for all of its operations.
func (cp *compiler) begin(b *ir.Block, tb *vcpu.TB) {
	cp.b, cp.tb, cp.insn, cp.jumps = b, tb, 0, cp.jumps[:0]
	cp.labels = append(cp.labels[:0], make([]int, b.Labels)...)
	n := 1
	for i := range b.Insns {
		if op := b.Insns[i].Op; op != ir.Nop && op != ir.Unset && op != ir.InsnMark && op != ir.SetLabel {
			n++
		}
	}
	if len(cp.opSlab) < n {
		cp.opSlab = make([]op, max(slabSize, n))
	}
	cp.ops, cp.opSlab = cp.opSlab[:0:n], cp.opSlab[n:]
}

// newExtra cuts an extra.
func (cp *compiler) newExtra(x extra) *extra {
	if len(cp.extraSlab) == 0 {
		cp.extraSlab = make([]extra, slabSize)
	}
	p := &cp.extraSlab[0]
	cp.extraSlab = cp.extraSlab[1:]
	*p = x
	return p
}

type jump struct{ op, label int }

func (cp *compiler) run() error {
	enter := enterBlock
	if cp.tb.Once {
		enter = enterOnce
	}
	cp.ops = append(cp.ops, op{fn: enter, imm: uint64(len(cp.tb.Marks))})
	for n := range cp.b.Insns {
		if err := cp.insnOp(&cp.b.Insns[n]); err != nil {
			return fmt.Errorf("interp: %s: %w", ir.Format(cp.b, &cp.b.Insns[n], nil), err)
		}
	}
	for _, j := range cp.jumps {
		cp.ops[j.op].ext.target = &cp.ops[cp.labels[j.label]]
	}
	cp.tb.Entry = unsafe.Pointer(&cp.ops[0])
	return nil
}

func (cp *compiler) insnOp(i *ir.Insn) error {
	switch i.Op {
	case ir.Nop, ir.Unset:
		return nil
	case ir.InsnMark:
		cp.insn = uint16(i.Imm)
		return nil
	case ir.SetLabel:
		cp.labels[i.Imm] = len(cp.ops)
		return nil
	}
	f := cp.lookup(i)
	if f == nil {
		return fmt.Errorf("no such operation")
	}
	cp.ops = append(cp.ops, op{})
	o := &cp.ops[len(cp.ops)-1] // in its place: a copy would wait for the stores of the small fields
	o.fn, o.imm, o.d, o.a, o.b, o.c = f, i.Imm, word(i.D, scratch), word(i.A, zero), word(i.B, zero), word(i.C, zero)
	o.insn, o.aux, o.sub, o.size, o.rules = cp.insn, i.Aux, i.Sub, uint8(i.Type.Bytes()), i.Rules
	cp.extra(i, o)
	return nil
}

// extra fills what the operation needs besides frame indices.
func (cp *compiler) extra(i *ir.Insn, o *op) {
	switch i.Op {
	case ir.Br:
		cp.branch(o, int(i.Imm))
	case ir.BrCond:
		cp.branch(o, int(i.C))
	case ir.Probe, ir.ProbeMem:
		if i.Op == ir.Probe {
			o.ext = cp.newExtra(cp.siteExtra(&cp.tb.Sites[i.Imm]))
		}
		if ring := ringAt(cp.tb, i); ring != nil {
			o.ext = cp.newExtra(extra{ring: ring, live: ring.Live, pc: cp.tb.Marks[cp.insn].PC})
			if i.Op == ir.ProbeMem {
				o.size = uint8(cp.tb.MemSites[i.Imm].Size)
			}
		}
	case ir.Call:
		o.ext = cp.newExtra(extra{helper: cp.b.Helpers[i.Imm].Fn.(func(c *vcpu.CPU, a, b, d uint64) uint64)})
	}
}

func (cp *compiler) branch(o *op, label int) {
	o.ext = cp.newExtra(extra{})
	cp.jumps = append(cp.jumps, jump{len(cp.ops) - 1, label})
}

// word makes a frame index; an absent operand becomes one that functions can
// use like any other.
func word(r ir.Ref, absent uint16) uint16 {
	if r >= ir.FrameWords {
		return absent
	}
	return uint16(r)
}

const (
	scratch = ir.FrameWords - 1 // written for absent results, never read
	zero    = ir.FrameWords - 5 // the first of four, never written
)

const frameMask = ir.FrameWords - 1

// lookup finds the function for an operation.
func (cp *compiler) lookup(i *ir.Insn) fn {
	if f := softFns[i.Op]; cp.tb.Soft && f != nil {
		return f
	}
	switch i.Op {
	case ir.GotoTB, ir.GotoPtr:
		if i.Op == ir.GotoTB && i.Aux >= 2 {
			return leaveSide
		}
		if cp.tb.Unchained || cp.apart {
			return leaveFns[i.Op-ir.GotoTB]
		}
	case ir.Ld, ir.St, ir.Lea:
		return lookupAddress(i)
	case ir.SetCond, ir.BrCond:
		return condFns[b2i(i.Op == ir.BrCond)][i.Aux][b2i(i.Type == ir.I64)][b2i(i.B == ir.Const)]
	case ir.ZExt, ir.SExt:
		return extFns[b2i(i.Op == ir.SExt)][i.Aux][b2i(i.Type == ir.I64)]
	case ir.Flags:
		return flagFns[i.Aux][b2i(i.B == ir.Const)]
	case ir.Vec:
		return vecFn(i)
	case ir.Probe, ir.ProbeMem:
		return probeFn(cp.tb, i)
	}
	r := &opFns[i.Op]
	return r[b2i(i.Type == ir.I64)][b2i(i.B == ir.Const)]
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

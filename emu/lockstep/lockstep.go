// Package lockstep is an engine that runs every block on two: on the interpreter
// first, then, from the same state, on the engine under test, whose result the
// guest goes on with. It reports the first block after which they differ.
//
// Problem: a mistake of a code generator shows long after it was made, as a
// program that goes astray.
//
// Idea: the interpreter is the plain statement of what a block means. Its stores
// are noted with what they overwrite, so that they can be taken back and the
// block run again. Registers, the count of instructions, how the block was left,
// a fault and the bytes that were stored are then compared.
//
// Invariants: blocks are not linked, and the jump cache is empty while one runs,
// so that either engine comes back after one block. A block that machine code
// repeats without leaving is run as often on the interpreter.
//
// Not compared are blocks with instrumentation, whose callbacks would fire
// twice, instructions that a plugin may answer, and stores of the engine under
// test where the interpreter makes none.
package lockstep

import (
	"fmt"
	"io"
	"slices"

	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/interp"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Backend is the pair of engines.
type Backend struct {
	exec.Backend
	// Show prints the guest code of a block; Names are those of slots.
	Show  func(w io.Writer, tb *vcpu.TB)
	Names ir.Names

	// Blocks and Skipped count the blocks that ran on both engines, and those
	// that ran on one.
	Blocks, Skipped uint64

	interp  interp.Engine
	shadows map[*vcpu.TB]*shadow
	jumps   *vcpu.JumpCache // empty
	before  vcpu.Saved
	ways    [repeats]way
	got     way
	log     journal
	note    *ir.Helper
}

// shadow is a block as the interpreter has it.
type shadow struct {
	tb    vcpu.TB
	block ir.Block
}

// New pairs an engine with the interpreter.
func New(b exec.Backend) *Backend {
	if i, ok := b.(*interp.Engine); ok { // which needs no Link to lead from block to block
		i.Apart()
	}
	k := &Backend{Backend: b, shadows: map[*vcpu.TB]*shadow{}, jumps: vcpu.NewJumpCache()}
	k.note = &ir.Helper{
		Name: "note", Reads: []ir.Ref{ir.AllSlots},
		Fn: func(c *vcpu.CPU, a, n, _ uint64) uint64 { k.log.note(c, a, int(n)); return 0 },
	}
	return k
}

// Close closes the engine under test.
func (k *Backend) Close() error {
	if c, ok := k.Backend.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Copy lets the block have a shadow of its own, with the records of the other's.
func (k *Backend) Copy(of, tb *vcpu.TB) error {
	if err := k.Backend.Copy(of, tb); err != nil {
		return err
	}
	if s := k.shadows[of]; s != nil {
		mine := &shadow{tb: *tb, block: s.block}
		mine.tb.Entry = s.tb.Entry
		k.shadows[tb] = mine
	}
	return nil
}

// Link has nothing to do: each block returns.
func (*Backend) Link(*vcpu.TB, int, *vcpu.TB) {}

// Reset forgets all blocks.
func (k *Backend) Reset() {
	clear(k.shadows)
	k.Backend.Reset()
}

// Compile makes the block for both engines.
func (k *Backend) Compile(b *ir.Block, tb *vcpu.TB) error {
	s := k.shadow(b, tb)
	if err := k.Backend.Compile(b, tb); err != nil {
		return err
	}
	if s != nil {
		k.shadows[tb] = s
	}
	return nil
}

// shadow compiles the block for the interpreter, or is nil for one that must not
// run twice.
func (k *Backend) shadow(b *ir.Block, tb *vcpu.TB) *shadow {
	once := slices.ContainsFunc(b.Helpers, func(h *ir.Helper) bool { return h.Once })
	if once || len(tb.Sites)+len(tb.MemSites)+len(tb.Counters) > 0 || tb.Left != nil {
		return nil
	}
	s := &shadow{tb: *tb, block: *b}
	s.block.Insns, s.block.Helpers = slices.Clone(b.Insns), slices.Clone(b.Helpers)
	noted := k.noted(b)
	if err := k.interp.Compile(&noted, &s.tb); err != nil {
		panic(fmt.Sprintf("BUG: %v", err))
	}
	return s
}

// unset is what the interpreter finds in a word that has no value; the engine
// under test may have anything there.
const unset = 0x756e736574_c0ffee

// noted is a block that notes what its stores overwrite, and sets the words that
// are to have no value.
func (k *Backend) noted(b *ir.Block) ir.Block {
	at, size := b.Temps, b.Temps+1
	n := *b
	n.Temps += 2
	n.Helpers = append(slices.Clone(b.Helpers), k.note)
	n.Insns = nil
	for _, i := range b.Insns {
		switch i.Op {
		case ir.Unset:
			i = ir.Insn{Op: ir.Mov, Type: ir.I64, D: i.D, A: ir.None, B: ir.Const, C: ir.None, Imm: unset}
		case ir.St:
			n.Insns = append(n.Insns,
				ir.Insn{Op: ir.Lea, Type: ir.I64, Aux: i.Aux & ir.ScaleMask, D: at, A: i.A, B: i.B, C: ir.None, Imm: i.Imm},
				ir.Insn{Op: ir.Mov, Type: ir.I64, D: size, A: ir.None, B: ir.Const, C: ir.None, Imm: uint64(i.Type.Bytes())},
				ir.Insn{Op: ir.Call, Type: ir.I64, D: ir.None, A: at, B: size, C: ir.None, Imm: uint64(len(b.Helpers))})
		}
		n.Insns = append(n.Insns, i)
	}
	return n
}

// Enter runs a block on both engines.
func (k *Backend) Enter(c *vcpu.CPU, tb *vcpu.TB) (fault any) {
	jumps := c.Jump
	c.Jump = k.jumps
	defer func() { c.Jump = jumps }()
	s := k.shadows[tb]
	if s == nil || c.StopWord() {
		k.Skipped++
		return k.Backend.Enter(c, tb)
	}
	k.Blocks++
	start, ways := c.Icount(), k.model(c, tb, s)
	budget := c.Left
	spare := budget - min(budget, repeats*int64(len(tb.Marks)))
	c.Left -= spare
	c.Deadline -= uint64(spare)
	fault = k.Backend.Enter(c, tb)
	c.Left += spare
	c.Deadline += uint64(spare)
	if fault != nil || c.Leave.Why != ir.ExitNone || c.Icount() != start { // else it did not begin
		k.compare(c, tb, s, ways, fault)
	}
	return fault
}

// repeats is how often a block that leads to itself runs at most.
const repeats = 3

// model runs the block on the interpreter, once or, while it leads to itself,
// several times, and takes everything back. The result is the state after each.
func (k *Backend) model(c *vcpu.CPU, tb *vcpu.TB, s *shadow) []way {
	k.before.Keep(c, int(c.Machine.Arch.TempBase))
	k.log.reset()
	c.Wrote = func(a uint64, n int) { k.log.note(c, a, n) }
	s.tb.Dead, s.tb.Next = false, [2]*vcpu.TB{}
	n := 0
	for again := true; again; {
		w := &k.ways[n]
		w.take(c, k.interp.Enter(c, &s.tb), &k.log)
		n++
		again = w.fault == nil && n < repeats && w.repeats(tb) && c.Left >= int64(len(tb.Marks)) && !c.StopWord()
	}
	c.Wrote = nil
	c.Unkick()
	k.log.undo(c)
	k.before.Restore(c)
	return k.ways[:n]
}

// Report is the panic of a difference.
type Report struct{ Text string }

// Fatal keeps it from being taken for the failure of a callback.
func (*Report) Fatal() {}

func (r *Report) Error() string { return r.Text }

var _ error = (*Report)(nil)

// access is the guest's address of a fault, with what it is.
func access(c *vcpu.CPU, fault any) (kind string, a guest.Addr) {
	switch f := fault.(type) {
	case nil:
		return "", 0
	case *guest.MemFault:
		return "memory", f.Addr
	case interface{ Addr() uintptr }:
		if a, inside := c.Offset(f.Addr()); inside {
			return "memory", a
		}
	case *guest.Exception:
		return fmt.Sprintf("exception %+v", *f), 0
	}
	return fmt.Sprintf("%T %v", fault, fault), 0
}

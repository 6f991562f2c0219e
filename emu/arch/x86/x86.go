// Package x86 is the i386 and x86-64 guest architecture: it translates decoded
// instructions into ir, one small function for each behaviour, and describes
// the registers. Operand size, address size, code size, segments and privilege
// are parameters of the translator. Tables map the decoder's names to
// translators; a name without one translates to #UD.
//
// An instruction changes registers only after its last access that can fault,
// so that a fault leaves the state of before. The arithmetic flags are lazy:
// see package regs.
package x86

import (
	"panda/emu/arch"
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Mode bits of a translation.
const (
	modeBits  = 0x7f   // 16, 32 or 64
	modeStack = 1 << 7 // 32-bit stack in a 16- or 32-bit code segment
	modeBased = 1 << 8 // CS, DS, ES or SS has a base that is not 0
	modeCPL   = 3 << 9 // privilege
	cplShift  = 9

	modeChecked = 1 << 11 // six bits, by segment number: accesses through it are checked
	modeAC      = 1 << 17 // accesses must be aligned
	modeStep    = 1 << 18 // TF is set: a trap after each instruction

	baseShift = 32 // the base of CS
)

// Guest is the architecture for one CPU model.
type Guest struct {
	view64, view32 *vcpu.Arch
	model          *Model
	tr             translator // of the block that is translated
	rows           []rowInfo  // by dec.Row.ID
	env            regs.Environment
	override       map[string]trFunc // of a machine's CPU
	answer         cpuidAnswer       // the same
	helpers        helpers
}

var _ arch.Guest = (*Guest)(nil)

// New makes the architecture for a CPU model.
func New(m *Model) *Guest {
	g := &Guest{view64: newView(64), view32: newView(32), model: m}
	g.helpers = newHelpers(g)
	return g
}

// Environment is what the CPU asks of its surroundings, for those to fill in.
func (g *Guest) Environment() *regs.Environment { return &g.env }

// helpers are those that need more than a vCPU: the model, or the environment.
type helpers struct {
	cpuid                                                        *ir.Helper
	loadSegment, checkCode, loadCode, iret, selector, localTable *ir.Helper
	breakInsn, breakData                                         *ir.Helper // of a machine's CPU
}

func newHelpers(g *Guest) helpers {
	return helpers{
		cpuid:       newCpuid(g),
		loadSegment: newLoadSegment(&g.env), checkCode: newCheckCode(&g.env), loadCode: newLoadCode(&g.env), iret: newIret(&g.env),
		selector: newSelector(&g.env), localTable: newLocalTable(&g.env),
	}
}

// View describes the registers as code of the mode sees them.
func (g *Guest) View(mode uint64) *vcpu.Arch {
	if mode&modeBits == 64 {
		return g.view64
	}
	return g.view32
}

// Mode packs code size, stack size, segments and privilege. The pc is an offset into
// the code segment, so its base belongs to it.
func (g *Guest) Mode(c *vcpu.CPU) uint64 {
	m := uint64(regs.CodeBits(&c.W)) | c.W[regs.Sel+regs.CS]&3<<cplShift
	if c.W[regs.EFL]&regs.AC != 0 && m&modeCPL == modeCPL { // Linux sets CR0.AM
		m |= modeAC
	}
	if c.W[regs.EFL]&regs.TF != 0 {
		m |= modeStep
	}
	return m | segmentMode(&c.W)
}

// segmentMode is what a mode says of segments, which 64-bit code hardly has.
func segmentMode(w *regs.Words) (m uint64) {
	if regs.CodeBits(w) == 64 {
		return 0
	}
	for s := range ir.Ref(6) {
		if !regs.Plain(w, s) {
			m |= modeChecked << s
		}
	}
	if w[regs.Attr+regs.SS]&regs.AttrB != 0 {
		m |= modeStack
	}
	for _, s := range [...]ir.Ref{regs.ES, regs.CS, regs.SS, regs.DS} {
		if w[regs.Base+s] != 0 {
			m |= modeBased
		}
	}
	return m | w[regs.Base+regs.CS]<<baseShift
}

// CodeBase is the base of CS, which has none in 64-bit code.
func (g *Guest) CodeBase(mode uint64) uint64 { return mode >> baseShift }

// Mnemonic names the instruction at the head of code.
func (g *Guest) Mnemonic(code []byte, mode uint64) string {
	var in dec.Inst
	if dec.Decode(&in, code, dec.Mode(mode&modeBits)) != nil {
		return ""
	}
	return in.Mnemonic()
}

// Undefined is #UD.
func (g *Guest) Undefined() guest.Exception { return guest.Exception{Vector: regs.VecUD} }

// Stepped is #DB after an instruction that began with TF set. Code is what DR6
// says of it.
func (g *Guest) Stepped() guest.Exception {
	return guest.Exception{Vector: regs.VecDB, Code: regs.DR6Step, Next: true}
}

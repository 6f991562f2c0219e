package amd64

import (
	"fmt"

	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// Names for who prints machine code: what lies at R15, and where jumps out of a
// block lead.

// places are the fields of the CPU that machine code uses, with their sizes.
var places = []struct {
	name string
	at   asm.Mem
	size int32
}{
	{"Left", atLeft, 8},
	{"Base", atBase, 8},
	{"Limit", atLimit, 8},
	{"Jump", atJump, 8},
	{"TLB.Mask", atTLBMask, 8},
	{"TB", atTB, 8},
	{"Deadline", atDeadline, 8},
	{"Machine", atMachine, 8},
	{"Insn", atInsn, 8},
	{"Stop", atStop, 8},
	{"Target", atTarget, 8},
	{"Exit", atExit, 4},
	{"FP", atFP, 4},
	{"Vec", atVec, 16 * 32},
	{"Canonical", atCanonical, 8},
	{"Link", atLink, 8},
	{"SP", atSP, 8},
	{"MXCSR", atMXCSR, 4},
	{"Addr", atAddr, 8},
	{"Scratch", atScratch, 4 * 8},
	{"X87", atX87, 4},
	{"X87Temp", atX87Temp, 2 * 8},
	{"X87Image", atX87Image, 14 * 8},
	{"GoCW", atGoCW, 4},
	{"Before", atBefore, 8},
	{"Access.PC", atAccPC, 8},
	{"Access.Addr", atAccAddr, 8},
	{"Access.Size", atAccSize, 8},
	{"Access.Buf", atAccBuf, 3 * 8},
	{"Access.data", atAccData, accessRoom},
}

// PlaceName is what lies at a displacement from the context register: a word of
// the frame by its name, or as w and its number, or a field of the CPU.
func PlaceName(disp int32, words ir.Names) string {
	if at := disp + ctxBias; at >= 0 && at < 8*ir.FrameWords {
		name, ok := words[ir.Ref(at/8)]
		if !ok {
			name = fmt.Sprintf("w%d", at/8)
		}
		return plus(name, at%8)
	}
	for _, p := range places {
		if off := disp - p.at.Disp; off >= 0 && off < p.size {
			return plus(p.name, off)
		}
	}
	return fmt.Sprintf("%#x", disp)
}

func plus(name string, off int32) string {
	if off == 0 {
		return name
	}
	return fmt.Sprintf("%s+%d", name, off)
}

// EntryName is what begins at an offset of the arena that all blocks share.
func (t *Target) EntryName(at uint32) (name string, ok bool) {
	switch at {
	case t.leave:
		return "leave", true
	case t.call:
		return "call", true
	case t.callAgain:
		return "callAgain", true
	case t.landing:
		return "landing", true
	}
	for h, sub := range t.subs { // each is elsewhere
		if sub == at {
			return h.Name, true
		}
	}
	return "", false
}

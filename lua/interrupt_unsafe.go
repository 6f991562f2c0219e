package lua

import (
	"sync/atomic"
	"unsafe"

	glua "github.com/yuin/gopher-lua"
)

// instruction is gopher-lua's function of an instruction; the last argument is a
// frame, which only it knows.
type instruction func(L *glua.LState, inst uint32, frame unsafe.Pointer) int

// opcodes is how many there are, and opcodeShift where they stand in an instruction
// (gopher-lua, opcode.go).
const (
	opcodes     = 42
	opcodeShift = 26
)

// jumpTable is the table from which gopher-lua's loop takes the function of an
// instruction.
//
//go:linkname jumpTable github.com/yuin/gopher-lua.jumpTable
var jumpTable [opcodes]instruction

// instructions are the functions that gopher-lua puts there.
var instructions [opcodes]instruction

func init() { instructions = jumpTable }

func trap(L *glua.LState, inst uint32, frame unsafe.Pointer) int {
	trapped(L)
	return instructions[inst>>opcodeShift](L, inst, frame)
}

// setTraps puts trap into the table, or what belongs there. A function is one
// pointer, so that each is written at once.
func setTraps(on bool) {
	for i := range jumpTable {
		fn := instructions[i]
		if on {
			fn = trap
		}
		atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&jumpTable[i])), *(*unsafe.Pointer)(unsafe.Pointer(&fn)))
	}
}

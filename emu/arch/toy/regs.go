package toy

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// The words of the registers.
const (
	Zero ir.Ref = 0  // z, always 0
	P0   ir.Ref = 9  // p0 to p5, the parameters of a function
	V    ir.Ref = 15 // v, its result
	N    ir.Ref = 16 // n, the number of a system call
	TP   ir.Ref = 25 // tp, the thread's own area
	FP   ir.Ref = 26 // fp, the frame of a function
	SP   ir.Ref = 27 // sp, the stack
	LR   ir.Ref = 28 // lr, where a function returns to
	PC   ir.Ref = 32 // pc, of the instruction
	FS   ir.Ref = 33 // the environment of floating point, as ir has it

	static ir.Ref = 34 // what blocks keep statically: nothing
	float0 ir.Ref = 40 // f0 to f7
	floats        = 8
	// Words is how many words the registers have.
	Words = float0 + floats
)

// general are the names of the 32 general registers: t and u are a function's to
// change, s are its caller's.
var general = [32]string{
	"z", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "p0", "p1", "p2", "p3", "p4", "p5", "v",
	"n", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "tp", "fp", "sp", "lr", "u0", "u1", "u2",
}

// register is a Register of one whole word.
type register struct{ word ir.Ref }

func (r register) Value(w *[ir.FrameWords]uint64) uint64 { return w[r.word] }

// SetValue leaves the register that is always zero.
func (r register) SetValue(w *[ir.FrameWords]uint64, v uint64) {
	if r.word != Zero {
		w[r.word] = v
	}
}

// Place is the whole word.
func (r register) Place() (w ir.Ref, bit, n uint8, ok bool) { return r.word, 0, 64, r.word != PC }

// lookup finds a register by its name.
func lookup(name string) vcpu.Register {
	if i := slices.Index(allNames, strings.ToLower(name)); i >= 0 {
		return register{allWords[i]}
	}
	return nil
}

// allNames are the names of all registers, and allWords where they are.
var allNames, allWords = func() (names []string, words []ir.Ref) {
	for i, n := range general {
		names, words = append(names, n), append(words, ir.Ref(i))
	}
	names, words = append(names, "pc", "fs"), append(words, PC, FS)
	for i := range ir.Ref(floats) {
		names, words = append(names, floatName(i)), append(words, float0+i)
	}
	return names, words
}()

func floatName(i ir.Ref) string { return fmt.Sprintf("f%d", i) }

// flagsSet names the exceptions that floating point has noted.
func flagsSet(name string, v uint64) (set []string, ok bool) {
	for i, f := range []string{"invalid", "denormal", "zero", "overflow", "underflow", "inexact"} {
		if v>>i&1 != 0 {
			set = append(set, f)
		}
	}
	return set, name == "fs"
}

// Register is the number of a register in an operand of a sort, by its name.
func Register(s Sort, name string) (n int64, ok bool) {
	names := general[:]
	if s == Float {
		names = allNames[len(general)+2:]
	}
	n = int64(slices.Index(names, name))
	return n, n >= 0
}

// SetRegisters takes all words from memory, as far as programs may choose them: z stays
// zero, and no exception of floating point can be unmasked.
func SetRegisters(w *[ir.FrameWords]uint64, b []byte) {
	for i := range w[:Words] {
		w[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	const free = ir.EnvFlags | 3<<ir.EnvRound
	w[Zero], w[static], w[FS] = 0, 0, w[FS]&free|initialFS
}

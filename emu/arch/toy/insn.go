package toy

import (
	"encoding/binary"

	"panda/emu/vcpu"
)

// Size is how many bytes an instruction has.
const Size = 4

// Row is an instruction: its opcode is its number among the Rows.
type Row struct {
	Name      string
	Operands  string // a letter each: see Kinds
	Class     vcpu.Class
	translate func(t *translator)
	used      uint32 // the bits of opcode and operands
}

// Rows are the instructions. A word of zeroes is none.
var Rows = makeRows(
	[]Row{{Name: ""}},
	aluRows, immediateRows, constantRows, memoryRows, branchRows, jumpRows, floatRows, systemRows,
)

func makeRows(themes ...[]Row) (rows []Row) {
	for _, theme := range themes {
		rows = append(rows, theme...)
	}
	for i := range rows {
		r := &rows[i]
		r.used = 0xff << opcodeAt
		for _, k := range r.Operands {
			kind := Kinds[k]
			r.used |= (1<<kind.Bits - 1) << kind.At
		}
	}
	return rows
}

const opcodeAt = 24

// Kind is a field of an instruction that an operand is in.
type Kind struct {
	At, Bits uint8
	Sort     Sort
	Signed   bool
	Scale    int64 // what its number is multiplied by
}

// Sort says what a field holds.
type Sort uint8

// The sorts.
const (
	General Sort = iota // register
	Float               // register
	Number
	Relative // address, from that of the instruction
	Base     // register of an address in memory
	Offset   // number that is added to the Base before it
)

// Kinds are the operands by the letters of Row.Operands.
var Kinds = map[rune]Kind{
	'd': {At: 19, Bits: 5},
	'a': {At: 14, Bits: 5},
	'b': {At: 9, Bits: 5},
	'D': {At: 19, Bits: 5, Sort: Float},
	'A': {At: 14, Bits: 5, Sort: Float},
	'B': {At: 9, Bits: 5, Sort: Float},
	'i': {Bits: 14, Sort: Number, Signed: true, Scale: 1},
	'l': {Bits: 14, Sort: Number, Scale: 1},
	'u': {Bits: 19, Sort: Number, Signed: true, Scale: 1},
	'k': {Bits: 16, Sort: Number, Scale: 1},
	'p': {Bits: 19, Sort: Relative, Signed: true, Scale: 1},
	't': {Bits: 14, Sort: Relative, Signed: true, Scale: Size},
	'j': {Bits: 24, Sort: Relative, Signed: true, Scale: Size},
	'm': {At: 14, Bits: 5, Sort: Base},
	'o': {Bits: 14, Sort: Offset, Signed: true, Scale: 1},
}

// Field is what a field of an instruction holds.
func (k *Kind) Field(word uint32) int64 {
	v := int64(word>>k.At) & (1<<k.Bits - 1)
	if k.Signed {
		v = v << (64 - k.Bits) >> (64 - k.Bits)
	}
	return v * max(k.Scale, 1)
}

// Put makes a field hold a value. ok is false if it cannot.
func (k *Kind) Put(v int64) (word uint32, ok bool) {
	word = uint32(v/max(k.Scale, 1)) & (1<<k.Bits - 1) << k.At
	return word, k.Field(word) == v
}

// Insn is an instruction.
type Insn struct {
	*Row
	Word uint32
}

// Decode reads the instruction at the head of code; ok is false for what is none.
func Decode(code []byte) (in Insn, ok bool) {
	if len(code) < Size {
		return in, false
	}
	in.Word = binary.LittleEndian.Uint32(code)
	op := int(in.Word >> opcodeAt)
	if op == 0 || op >= len(Rows) {
		return in, false
	}
	if in.Row = &Rows[op]; in.Word&^in.used != 0 {
		return in, false
	}
	for _, k := range in.Operands {
		if kind := Kinds[k]; kind.Sort == Float && kind.Field(in.Word) >= floats {
			return in, false
		}
	}
	return in, true
}

// Opcode is the word of a row without its operands.
func Opcode(n int) uint32 { return uint32(n) << opcodeAt }

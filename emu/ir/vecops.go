package ir

// The vector operations.
const (
	VMov VecOp = iota
	VAnd
	VAndNot // ^a & b
	VOr
	VXor
	NumVecOps
)

// VecRows is the table of vector operations.
var VecRows = [NumVecOps]VecRow{
	VMov:    {Name: "mov", D: own, A: own, B: none},
	VAnd:    {Name: "and", D: own, A: own, B: own},
	VAndNot: {Name: "andn", D: own, A: own, B: own},
	VOr:     {Name: "or", D: own, A: own, B: own},
	VXor:    {Name: "xor", D: own, A: own, B: own},
}

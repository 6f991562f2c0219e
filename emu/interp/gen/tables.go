package main

// cond is a comparison of x and y, one of ir.Cond.
type cond struct{ Name, Expr string }

var conds = []cond{
	{"Eq", "x == y"},
	{"Ne", "x != y"},
	{"LtU", "x < y"},
	{"GeU", "x >= y"},
	{"LeU", "x <= y"},
	{"GtU", "x > y"},
	{"LtS", "intNN(x) < intNN(y)"},
	{"GeS", "intNN(x) >= intNN(y)"},
	{"LeS", "intNN(x) <= intNN(y)"},
	{"GtS", "intNN(x) > intNN(y)"},
	{"TestEq", "x&y == 0"},
	{"TestNe", "x&y != 0"},
}

// alu is an operation of ir on words of 32 and 64 bits. Expr64 is for 64 bits
// where the two differ in more than the width. An operation without y has no
// function for a constant operand.
type alu struct{ Name, Expr, Expr64 string }

var alus = []alu{
	{Name: "Mov", Expr: "y"},
	{Name: "Add", Expr: "x + y"},
	{Name: "Sub", Expr: "x - y"},
	{Name: "Mul", Expr: "x * y"},
	{Name: "MulHU", Expr: "uint32(uint64(x) * uint64(y) >> 32)", Expr64: "mulHigh(x, y)"},
	{Name: "MulHS", Expr: "uint32(uint64(int64(int32(x))*int64(int32(y))) >> 32)", Expr64: "mulHighSigned(x, y)"},
	{Name: "And", Expr: "x & y"},
	{Name: "Or", Expr: "x | y"},
	{Name: "Xor", Expr: "x ^ y"},
	{Name: "AndNot", Expr: "x &^ y"},
	{Name: "Shl", Expr: "x << (y & MM)"},
	{Name: "Shr", Expr: "x >> (y & MM)"},
	{Name: "Sar", Expr: "uintNN(intNN(x) >> (y & MM))"},
	{Name: "Rotl", Expr: "bits.RotateLeftNN(x, int(y&MM))"},
	{Name: "Rotr", Expr: "bits.RotateLeftNN(x, -int(y&MM))"},
	{Name: "Neg", Expr: "-x"},
	{Name: "Not", Expr: "^x"},
	{Name: "Clz", Expr: "bits.LeadingZerosNN(x)", Expr64: "uint64(bits.LeadingZeros64(x))"},
	{Name: "Ctz", Expr: "bits.TrailingZerosNN(x)", Expr64: "uint64(bits.TrailingZeros64(x))"},
	{Name: "Popcnt", Expr: "bits.OnesCountNN(x)", Expr64: "uint64(bits.OnesCount64(x))"},
	{Name: "Bswap", Expr: "bits.ReverseBytesNN(x)"},
}

// vec is a vector operation of ir on words x and y, for the lengths that
// programs use it on most. NN is the width of a lane.
type vec struct {
	Name, Expr string
	Whole      string // the expression for lanes of a word, if it is another
	Lanes128   []int  // those that have a function on 128 bits
	Lanes256   []int  // and on 256
	Bits       bool   // it knows no lanes
}

var vecs = []vec{
	{Name: "And", Expr: "x & y", Bits: true},
	{Name: "AndNot", Expr: "^x & y", Bits: true},
	{Name: "Or", Expr: "x | y", Bits: true},
	{Name: "Xor", Expr: "x ^ y", Bits: true},
	{Name: "Add", Expr: "addLanes(x, y, topNN)", Whole: "x + y", Lanes128: []int{8, 16, 32, 64}},
	{Name: "Sub", Expr: "subLanes(x, y, topNN)", Whole: "x - y", Lanes128: []int{8, 16, 32, 64}},
	{Name: "SubSatU", Expr: "subSatULanes(x, y, topNN, NN)", Lanes128: []int{8}, Lanes256: []int{8}},
	{Name: "MinU", Expr: "minULanes(x, y, topNN, NN)", Lanes128: []int{8}, Lanes256: []int{8}},
	{Name: "MaxU", Expr: "maxULanes(x, y, topNN, NN)", Lanes128: []int{8}},
	{Name: "CmpEq", Expr: "eqLanes(x, y, topNN, NN)", Lanes128: []int{8, 16, 32}, Lanes256: []int{8, 32}},
	{Name: "CmpGtS", Expr: "gtSLanes(x, y, topNN, NN)", Lanes128: []int{8, 32}},
}

// float is floating-point arithmetic that the host can do on ordinary numbers.
type float struct{ Name, Op string }

var floats = []float{{"Add", "+"}, {"Sub", "-"}, {"Mul", "*"}, {"Div", "/"}}

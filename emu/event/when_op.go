package event

// whenOp is a row of the binary operators.
type whenOp struct {
	sign string
	rank int
	do   func(a, b uint64, signed bool) uint64
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func compared(u func(a, b uint64) bool, s func(a, b int64) bool) func(a, b uint64, signed bool) uint64 {
	return func(a, b uint64, signed bool) uint64 {
		if signed {
			return truth(s(int64(a), int64(b)))
		}
		return truth(u(a, b))
	}
}

var whenOps = []whenOp{
	{"||", 1, nil},
	{"or", 1, nil},
	{"&&", 2, nil},
	{"and", 2, nil},
	{"==", 3, func(a, b uint64, _ bool) uint64 { return truth(a == b) }},
	{"!=", 3, func(a, b uint64, _ bool) uint64 { return truth(a != b) }},
	{"~=", 3, func(a, b uint64, _ bool) uint64 { return truth(a != b) }},
	{"<", 4, compared(func(a, b uint64) bool { return a < b }, func(a, b int64) bool { return a < b })},
	{"<=", 4, compared(func(a, b uint64) bool { return a <= b }, func(a, b int64) bool { return a <= b })},
	{">", 4, compared(func(a, b uint64) bool { return a > b }, func(a, b int64) bool { return a > b })},
	{">=", 4, compared(func(a, b uint64) bool { return a >= b }, func(a, b int64) bool { return a >= b })},
	{"|", 5, func(a, b uint64, _ bool) uint64 { return a | b }},
	{"^", 6, func(a, b uint64, _ bool) uint64 { return a ^ b }},
	{"&", 7, func(a, b uint64, _ bool) uint64 { return a & b }},
	{"<<", 8, func(a, b uint64, _ bool) uint64 { return a << b }},
	{">>", 8, shiftRight},
	{"+", 9, func(a, b uint64, _ bool) uint64 { return a + b }},
	{"-", 9, func(a, b uint64, _ bool) uint64 { return a - b }},
	{"*", 10, func(a, b uint64, _ bool) uint64 { return a * b }},
	{"/", 10, divide},
	{"%", 10, remainder},
}

func shiftRight(a, b uint64, signed bool) uint64 {
	if signed {
		return uint64(int64(a) >> min(b, 63))
	}
	return a >> b
}

// divide gives 0 for a division by zero.
func divide(a, b uint64, signed bool) uint64 {
	switch {
	case b == 0:
		return 0
	case signed && int64(b) == -1:
		return -a
	case signed:
		return uint64(int64(a) / int64(b))
	}
	return a / b
}

func remainder(a, b uint64, signed bool) uint64 {
	return a - divide(a, b, signed)*b
}

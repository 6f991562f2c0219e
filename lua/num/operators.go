package num

import glua "github.com/yuin/gopher-lua"

// Operator is a row of Lua's arithmetic.
type Operator struct {
	Sign, Event string // as the source has it, and the metamethod
	Do          Operation
}

// Operators are those with two operands.
var Operators = []Operator{
	{"+", "__add", Add},
	{"-", "__sub", Sub},
	{"*", "__mul", mul},
	{"/", "__div", Div},
	{"%", "__mod", Mod},
	{"^", "__pow", pow},
}

// Operate applies an operator by its sign; nil says that an operand is no number.
func Operate(sign string, a, b glua.LValue) glua.LValue {
	for _, o := range Operators {
		if o.Sign == sign {
			return o.Do(a, b)
		}
	}
	return nil
}

// Is reports whether a value is a number, and not only text that spells one.
func Is(v glua.LValue) bool {
	switch v.(type) {
	case glua.LNumber, U64:
		return true
	}
	return false
}

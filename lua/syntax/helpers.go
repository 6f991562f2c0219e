package syntax

import glua "github.com/yuin/gopher-lua"

// Helpers are the functions that rewritten source calls in place of operators.
// They are put among a function's constants, so that no name a script may use stands
// for them.
type Helpers struct {
	Arith     map[string]*glua.LFunction // by operator
	Less      *glua.LFunction
	LessEqual *glua.LFunction
	Steps     *glua.LFunction // iterator of a numeric for
	Limit     *glua.LFunction // limit of a numeric for
	Concat    *glua.LFunction // a chain of concatenations, under limits
}

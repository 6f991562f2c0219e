package interp

import "panda/emu/ir"

// vecSpecialFns are operations made for one purpose.
var vecSpecialFns = map[ir.VecOp]laneFns{}

// Package opt improves ir blocks by a list of passes. A pass keeps what the
// outside can see: slots at barriers, and slots wherever an operation can fault.
package opt

import "panda/emu/ir"

// Pass is one pass. Order matters where the comment says so.
type Pass struct {
	Name string
	Run  func(b *ir.Block, tempBase ir.Ref)
}

// Passes are run in this order on every block.
var Passes = []Pass{
	{"dead", Dead},
}

// Run runs all passes.
func Run(b *ir.Block, tempBase ir.Ref) {
	for _, p := range Passes {
		p.Run(b, tempBase)
	}
}

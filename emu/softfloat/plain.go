package softfloat

// For callers that keep the environment in a word of their own and would rather
// not open it: operands that are Plain and a result, rounded to nearest, that is
// Settled raise nothing but PE.

// Plain64 reports that a is not denormal; likewise Plain32.
func Plain64(a uint64) bool { return plain64(a) }

func Plain32(a uint32) bool { return plain32(a) }

// Settled64 reports that a rounded result is a number well inside the normal
// range; likewise Settled32.
func Settled64(r uint64) bool { return settled64(r) }

func Settled32(r uint32) bool { return settled32(r) }

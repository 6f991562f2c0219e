// Package jit runs blocks as machine code of the host: it keeps the code, knows
// what each exit of it is for, and finds the guest's state where it faulted. How
// code looks is decided by a Target, of which jit/amd64 is one.
//
// Machine code never calls Go. It returns with the number of an exit (Site), and
// Enter does what that asks for: an operation that has no code of its own, by the
// interpreter's function for it, a helper, a callback; then it goes on behind the
// exit. So what a target cannot do it leaves, and is still right.
//
// Invariants: a register word is at home in the frame whenever Go code runs,
// except after a fault, when Fault and Value say where the rest is. Positions in
// the arena only grow until Reset, so that the fault table is sorted.
//
// The package knows no guest.
package jit

// Package jit runs blocks as machine code of the host: it keeps the code, knows
// what each exit of it is for, and finds the guest's state where it faulted. How
// code looks is decided by a Target, of which jit/amd64 is one.
//
// Machine code never calls Go. It returns with the number of an exit (Site), and
// Enter does what that asks for: an operation that has no code of its own, by the
// interpreter's function for it, or a helper; then the code continues after the
// exit. So what a target cannot do it leaves, and is still right. For a callback that stands
// alone at its place it returns with a vcpu.Call, and the assembly code that
// entered it calls the function and enters it again; only what the function wants
// beyond that reaches Enter (call.go).
//
// What a subscription needs no function for is done by the code: counters, which
// are added to where the code is left; records of batches; conditions over
// registers and addresses, so that only what they choose leaves the code.
//
// Invariants: a register word is at home in the frame whenever Go code runs,
// except after a fault, when Fault and Value say where the rest is. Positions in
// the arena only grow until Reset, so that the fault table is sorted.
//
// The package knows no guest, and no host: what a target keeps of the guest in a place
// of its own, it restores itself (Target.Restore).
package jit

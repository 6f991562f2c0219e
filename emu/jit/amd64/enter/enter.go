// Package enter runs machine code of x86-64 hosts from Go, and sees to the signals that
// arrive meanwhile: to those that machine code causes, which it is told of in vcpu.Host,
// and to that of Go's scheduler. It knows nothing of what the code does.
package enter

// Bias is how far the context register, R15, points into a CPU's frame: the words used
// most then have short displacements.
const Bias = 128

// ResumeAt is the offset of the code's entry at which it goes on, at the address in R11,
// after a function that it had called.
const ResumeAt = 7

package emutest

import (
	"errors"
	"testing"

	"panda/emu/arch/x86"
	"panda/emu/host"
)

// SameMaker reports whether the host's CPU is of the maker that our CPUID names.
// Makers differ in flags and bits that the manuals leave undefined, in which of two
// faults comes first, and in the last bits of x87 functions: elsewhere the host
// cannot say what is right.
func SameMaker() bool { return host.Vendor() == x86.Vendor }

// errItself says why the interpreter has no judge here.
var errItself = errors.New("the host's CPU is of another maker than ours, so the interpreter judges: not itself")

// NewJudge is what an engine is held against: the host's CPU if it is of our CPU's
// maker, else the interpreter.
func NewJudge(t testing.TB, bits int) CPU {
	t.Helper()
	if SameMaker() {
		return NewHost(t)
	}
	return newReference(t, bits)
}

// newReference is a machine that the interpreter runs.
func newReference(t testing.TB, bits int) *Machine {
	t.Helper()
	if *accel == "interp" {
		t.Skip(errItself)
	}
	defer func(was string) { *accel = was }(*accel)
	*accel = "interp"
	return NewMachine(t, bits, "max")
}

package amd64

import (
	"errors"

	"panda/emu/host"
	"panda/emu/jit"
	"panda/emu/vcpu"
)

// NewEngine makes an engine that runs machine code on this host for a guest
// architecture. The error says why this host cannot.
func NewEngine(a *vcpu.Arch) (*jit.Engine, error) {
	if f := host.CPU(); !f.AVX2 || !f.BMI1 || !f.BMI2 || !f.LZCNT || !f.POPCNT || !f.FMA {
		return nil, errors.New("the CPU lacks AVX2, BMI2, LZCNT or FMA")
	}
	if err := unusable(); err != nil {
		return nil, err
	}
	return jit.New(New(a))
}

// ReturnSlot is where, from R15, machine code has the address of its return
// address.
func ReturnSlot() int64 { return int64(atSP.Disp) }

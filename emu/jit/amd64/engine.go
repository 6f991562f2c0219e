package amd64

import (
	"errors"

	"panda/emu/host"
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/enter"
	"panda/emu/vcpu"
)

// NewEngine makes an engine that runs machine code on this host for a guest
// architecture. The error says why this host cannot.
func NewEngine(a *vcpu.Arch) (*jit.Engine, error) {
	f := host.CPU()
	if !f.AVX2 || !f.BMI1 || !f.BMI2 || !f.LZCNT || !f.POPCNT || !f.FMA {
		return nil, errors.New("the CPU lacks AVX2, BMI2, LZCNT or FMA")
	}
	if err := enter.Unusable(); err != nil {
		return nil, err
	}
	t := New(a)
	t.without(f)
	return jit.New(t)
}

// without leaves to the interpreter what the host may lack though it has AVX2, as a
// virtual machine that hides it.
func (t *Target) without(f host.Features) {
	if !f.AES {
		t.lacks(ir.VAESEnc, ir.VAESEncLast, ir.VAESDec, ir.VAESDecLast, ir.VAESMix, ir.VAESKey)
	}
	if !f.PCLMULQDQ {
		t.lacks(ir.VClMul)
	}
}

func (t *Target) lacks(ops ...ir.VecOp) {
	for _, op := range ops {
		t.lacking[op] = true
	}
}

// ReturnSlot is where, from R15, machine code has the address of its return
// address.
func ReturnSlot() int64 { return int64(atSP.Disp) }

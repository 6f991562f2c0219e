package user

import (
	"panda/emu"
	"panda/emu/arch"
	"panda/emu/arch/toy"
	"panda/emu/linux"
	"panda/emu/vcpu"
)

// model is the only CPU.
const model = "wood"

func init() {
	emu.AddArchitecture(emu.Architecture{Name: "toy", Model: model, Models: []string{model}, Build: build})
}

func build(_ string, c *vcpu.CPU) (arch.Guest, *linux.Guest, error) {
	g := new(toy.Guest)
	g.Reset(c)
	return g, newGuest(), nil
}

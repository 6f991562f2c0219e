package user

import (
	"fmt"

	"panda/emu"
	"panda/emu/arch"
	"panda/emu/arch/toy"
	"panda/emu/linux"
	"panda/emu/vcpu"
)

// model is the only CPU.
const model = "wood"

func init() {
	emu.AddArchitecture(emu.Architecture{Name: "toy", Model: model, Build: build})
}

func build(name string, c *vcpu.CPU) (arch.Guest, *linux.Guest, error) {
	if name != model {
		return nil, nil, fmt.Errorf("no CPU model %q; there is %s", name, model)
	}
	g := new(toy.Guest)
	g.Reset(c)
	return g, newGuest(), nil
}

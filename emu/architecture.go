package emu

import (
	"fmt"

	"panda/emu/arch"
	"panda/emu/event"
	"panda/emu/linux"
	"panda/emu/vcpu"
)

// architecture is a guest architecture that a machine can have.
type architecture struct {
	name  string
	model string // of the CPU, where Config names none
	// build makes the architecture for a model, as the engine and as the personality
	// see it, and gives the vCPU the registers that it has after reset.
	build func(model string, c *vcpu.CPU) (arch.Guest, *linux.Guest, error)
}

// architectures are those that there are, the usual one first.
var architectures = []architecture{x86Architecture}

// chooseArchitecture makes the architecture that the machine's Config names.
func (m *Machine) chooseArchitecture() error {
	a, err := findArchitecture(m.cfg.Arch)
	if err != nil {
		return err
	}
	if m.cfg.CPU == "" {
		m.cfg.CPU = a.model
	}
	m.guest, m.kernel, err = a.build(m.cfg.CPU, m.cpu)
	return err
}

func findArchitecture(name string) (*architecture, error) {
	var names []string
	for i := range architectures {
		if a := &architectures[i]; a.name == name || name == "" {
			return a, nil
		}
		names = append(names, architectures[i].name)
	}
	return nil, &OptionError{"arch", fmt.Errorf("there is no architecture %q%s", name, event.DidYouMean(name, names))}
}

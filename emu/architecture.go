package emu

import (
	"fmt"
	"slices"
	"strings"

	"panda/emu/arch"
	"panda/emu/event"
	"panda/emu/linux"
	"panda/emu/vcpu"
)

// Architecture is a guest architecture that a machine can have.
type Architecture struct {
	Name  string // as Config.Arch has it
	Model string // of the CPU, where Config names none
	// Models are those that Build knows, for people to choose from.
	Models []string
	// Build makes the architecture for a model, as the engine and as the personality
	// see it, and gives the vCPU the registers that it has after reset.
	Build func(model string, c *vcpu.CPU) (arch.Guest, *linux.Guest, error)
	// Boards are the machines that there are with such a CPU, the usual one first, and
	// System makes one around a vCPU, with what it has of the world.
	Boards []string
	System func(s *System, model string, c *vcpu.CPU, e *edge) (arch.Guest, whole, error)
}

// architectures are those that there are, the usual one first.
var architectures = []Architecture{x86Architecture}

// AddArchitecture adds one to those of every program that imports the package which
// calls this when it is initialised.
func AddArchitecture(a Architecture) {
	if slices.Contains(Architectures(), a.Name) {
		panic("BUG: two architectures " + a.Name)
	}
	architectures = append(architectures, a)
}

// Architectures are the names of those that there are.
func Architectures() (names []string) {
	for i := range architectures {
		names = append(names, architectures[i].Name)
	}
	return names
}

// Boards are the machines that there are, with their architectures where these are not the
// usual one.
func Boards() (names []string) {
	for i := range architectures {
		names = append(names, architectures[i].Boards...)
	}
	return names
}

// Models says for each architecture which CPU models it has, in words.
func Models() (texts []string) {
	for i := range architectures {
		a := &architectures[i]
		texts = append(texts, fmt.Sprintf("of %s %s, by default %s", a.Name, strings.Join(a.Models, ", "), a.Model))
	}
	return texts
}

// chooseArchitecture makes the architecture that the machine's Config names.
func (m *Machine) chooseArchitecture() error {
	a, err := findArchitecture(m.cfg.Arch)
	if err != nil {
		return err
	}
	if m.cfg.CPU == "" {
		m.cfg.CPU = a.Model
	}
	if err := a.checkModel(m.cfg.CPU); err != nil {
		return err
	}
	if m.cfg.System != nil {
		m.guest, err = m.systemOf(a)
		return err
	}
	m.guest, m.kernel, err = a.Build(m.cfg.CPU, m.cpu)
	return err
}

func (a *Architecture) checkModel(name string) error {
	if slices.Contains(a.Models, name) {
		return nil
	}
	return &OptionError{"cpu", fmt.Errorf("%s has no model %q%s; there are %s", a.Name, name, event.DidYouMean(name, a.Models), strings.Join(a.Models, ", "))}
}

func findArchitecture(name string) (*Architecture, error) {
	names := Architectures()
	if name == "" {
		name = names[0]
	}
	if i := slices.Index(names, name); i >= 0 {
		return &architectures[i], nil
	}
	return nil, &OptionError{"arch", fmt.Errorf("there is no architecture %q%s; there is %s", name, event.DidYouMean(name, names), strings.Join(names, ", "))}
}

package emu

import (
	"fmt"
	"strings"

	"panda/emu/exec"
	"panda/emu/interp"
	"panda/emu/jit/amd64"
	"panda/emu/lockstep"
	"panda/emu/vcpu"
)

// Accels are the engines by the names of -accel.
var Accels = []string{"jit", "interp"}

// NewBackend makes the engine of a name; "" is the fastest that works here, and
// note says why it is not the first one.
func NewBackend(name string, a *vcpu.Arch) (b exec.Backend, note string, err error) {
	switch name {
	case "interp":
		return new(interp.Engine), "", nil
	case "", "jit":
		e, err := amd64.NewEngine(a)
		if err == nil {
			return e, "", nil
		}
		if name == "" {
			return new(interp.Engine), fmt.Sprintf("the interpreter runs the guest, machine code cannot: %v", err), nil
		}
		return nil, "", &OptionError{"accel", fmt.Errorf("jit: %w", err)}
	}
	return nil, "", &OptionError{"accel", fmt.Errorf("there is no engine %q; there are %s", name, strings.Join(Accels, ", "))}
}

// pair lets an engine run beside the interpreter.
func (m *Machine) pair(b exec.Backend) exec.Backend {
	k := lockstep.New(b)
	k.Show, k.Names = m.dumpGuest, m.guest.SlotNames()
	return k
}

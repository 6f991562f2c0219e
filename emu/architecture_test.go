package emu

import (
	"errors"
	"strings"
	"testing"

	"panda/emu/arch"
	"panda/emu/vcpu"
)

// TestArchitectures: each can be made by its name with its usual CPU, and others are
// refused.
func TestArchitectures(t *testing.T) {
	for i := range architectures {
		a := &architectures[i]
		m := &Machine{cfg: Config{Arch: a.Name}, cpu: &vcpu.CPU{Machine: new(vcpu.Machine)}}
		if err := m.chooseArchitecture(); err != nil || m.cfg.CPU != a.Model || m.kernel == nil {
			t.Errorf("%s: %v, CPU %q", a.Name, err, m.cfg.CPU)
			continue
		}
		view := m.cpu.Machine.Arch
		if view == nil || m.guest.View(m.guest.Mode(m.cpu)) != view || view.TempBase == 0 || len(view.Names) == 0 {
			t.Errorf("%s: the vCPU has no registers of it", a.Name)
		}
		if view.Longest > arch.LongestInsn {
			t.Errorf("%s has longer instructions than any architecture", a.Name)
		}
		for _, model := range a.Models {
			if m.cfg.CPU = model; m.chooseArchitecture() != nil {
				t.Errorf("%s lists the model %s and has none", a.Name, model)
			}
		}
		var bad *OptionError
		m.cfg.CPU = "none"
		if err := m.chooseArchitecture(); !errors.As(err, &bad) || bad.Option != "cpu" || !strings.Contains(err.Error(), strings.Join(a.Models, ", ")) {
			t.Errorf("%s: a model that there is none of: %v", a.Name, err)
		}
	}
	var bad *OptionError
	if _, err := findArchitecture("x68"); !errors.As(err, &bad) || bad.Option != "arch" || !strings.Contains(err.Error(), `"x86"`) {
		t.Error(err)
	}
	if a, err := findArchitecture(""); err != nil || a != &architectures[0] {
		t.Error(a, err)
	}
}

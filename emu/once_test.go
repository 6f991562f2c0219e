package emu

import (
	"os"
	"runtime"
	"testing"

	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// TestLockstepOnce: an instruction that asks plugins asks them as often when each block
// runs on two engines.
func TestLockstepOnce(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is one engine")
	}
	path := exactProgram(t)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	fd := int(null.Fd())
	counted := map[bool]int{}
	for _, lockstep := range []bool{false, true} {
		m, err := New(Config{
			Program:  &Program{Path: path, Args: []string{path}, Dir: "/", Stdin: fd, Stdout: fd, Stderr: fd},
			Lockstep: lockstep,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		_, err = m.Plugins().Start("test", "", &testPlugin{init: func(h *plugin.Host) error {
			h.Hypercall(func(*vcpu.CPU) bool { counted[lockstep]++; return false })
			return nil
		}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Run() // the program ends with a fault
	}
	if counted[true] != counted[false] || counted[false] == 0 {
		t.Errorf("asked %d times, with -lockstep %d", counted[false], counted[true])
	}
}

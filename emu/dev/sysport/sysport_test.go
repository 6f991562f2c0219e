package sysport

import (
	"testing"

	"panda/emu/dev/devtest"
	"panda/emu/snap"
)

// both is both ports as one chip.
type both struct {
	*ControlA
	latch *Latch
}

func (b both) Reset() {
	b.ControlA.Reset()
	b.latch.Reset()
}

func (b both) State(s *snap.Stream) {
	b.ControlA.State(s)
	b.latch.State(s)
}

func build(r *devtest.Rig) {
	b := both{NewControlA(r.Wire("a20"), r.Wire("reset")), new(Latch)}
	r.Chip = b
	r.Bus.Attach(0x92, 0x92, 1, b.ControlA)
	r.Bus.Attach(0x80, 0x80, 1, b.latch)
}

func TestScript(t *testing.T) {
	devtest.Run(t, build, `
		in 92 = 00; out 92 2; wire a20 = 1; in 92 = 02; rises reset = 0; out 92 3 3; rises reset = 1; wire a20 = 1
		out 92 0; wire a20 = 0; out 92 1; rises reset = 1
		out 80 a5; in 80 = a5; out 92 2; reset; wire a20 = 0; in 92 = 00; in 80 = 00`)
}

func FuzzPorts(f *testing.F) {
	n := devtest.Noise{Build: build, Ports: []uint16{0x92, 0x80}}
	n.Fuzz(f)
}

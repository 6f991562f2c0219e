package emu

import (
	"testing"

	"panda/emu/event"
	"panda/emu/vcpu"
)

// TestStopAtStore: a callback stops the guest at a store of a constant that, as a number
// of 64 bits, is longer than what is stored.
func TestStopAtStore(t *testing.T) {
	exe := compileGuest(t, "gcc", `int x; int main(void) { for (int i = 0; i < 50; i++) x = -1; return x + 1; }`, "-O0")
	for _, accel := range Accels {
		m := newMachineOn(t, accel, exe)
		stores := 0
		m.host.MemWrite(event.Bytes("c7 05"), func(_ *vcpu.CPU, a *vcpu.MemAccess) { // mov $imm32, x(%rip)
			if stores++; stores%3 == 0 {
				m.Stop()
			}
		})
		if m.finish(t); stores < 50 {
			t.Errorf("%s: %d stores", accel, stores)
		}
	}
}

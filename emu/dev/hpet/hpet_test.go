package hpet

import (
	"fmt"
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/chiptest"
)

func rig() *chiptest.Rig {
	r := &chiptest.Rig{Time: chiptest.NewTime()}
	rises := r.Word("rises")
	count := func(name string) dev.Wire {
		w := r.Wire(name)
		return func(high bool) {
			if high {
				*rises++
			}
			w.Set(high)
		}
	}
	o := Outputs{Legacy: r.Wire("legacy"), IRQ0: count("irq0"), IRQ8: count("irq8")}
	for i := range o.IOAPIC {
		o.IOAPIC[i] = count(fmt.Sprintf("in%d", i))
	}
	h := New(r.Clock, o)
	r.Chip = h
	r.MMIO("", h)
	return r
}

func TestHPET(t *testing.T) {
	chiptest.Script(t, rig, `
		r4 0 = 8086a201
		r4 4 = 989680
		r8 100 = 00ff000400000030
		pass 1000
		r8 f0 = 0
		w8 f0 123456789
		w4 f4 5
		r8 f0 = 523456789
		w8 f0 0
		w4 10 1
		pass 3e8               # 1000 ns
		r4 f0 = 64
		w4 10 0
		pass 3e8
		r4 f0 = 64
		w4 10 3
		legacy = 1
		w4 108 c8              # one-shot, edge, IRQ 0
		w4 10c 0
		w4 100 104
		pass 3e0
		rises = 0
		pass 8
		rises = 1
		irq0 = 0
		pass 10000
		rises = 0
		w4 100 14c             # periodic
		w4 108 10000
		w4 108 64
		r4 108 = 10000
		r4 100 = 13c
		w4 f0 ff00
		pass a00
		rises = 1
		pass bb8
		rises = 3
		w4 100 130
		pass bb8
		rises = 0
		w4 128 20000           # level, to input 16
		w4 12c 0
		w4 120 2106
		w4 f0 1fff0
		w4 f4 0
		w4 10 1
		legacy = 0
		w4 120 2106
		pass a0
		in16 = 1
		r4 20 = 2
		w4 120 2306            # to 17
		in16 = 0
		in17 = 1
		r4 20 = 2
		w4 20 2
		in17 = 0
		r4 20 = 0
		reset
		r4 128 = ffffffff
	`)
}

func FuzzHPET(f *testing.F) { chiptest.Fuzz(f, rig) }

package i8259

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"panda/emu/dev/devtest"
)

func build(r *devtest.Rig) {
	p := New(r.Wire("intr"))
	r.Chip = p
	r.Bus.Attach(0x20, 0x21, 1, p)
	r.Bus.Attach(0xa0, 0xa1, 1, p)
	r.Bus.Attach(0x4d0, 0x4d1, 1, p)
	set := func(high bool) func([]string) string {
		return func(args []string) string {
			for _, a := range args {
				n, _ := strconv.Atoi(a)
				p.IRQ(n).Set(high)
			}
			return ""
		}
	}
	r.Verbs["up"], r.Verbs["down"] = set(true), set(false)
	r.Verbs["ack"] = func([]string) string { return fmt.Sprintf("%02x", p.Acknowledge()) }
}

// usual is how a PC sets them up.
const usual = "out 20 11; out 21 8 4 1; out a0 11; out a1 70 2 1\n"

var scripts = []struct{ name, script string }{
	{"edges and priorities", usual + `
		in 21 = 00
		up 4 3; wire intr = 1; in 20 = 18
		ack = 0b; wire intr = 0; out 20 b; in 20 = 08; out 20 a; in 20 = 10
		up 1; wire intr = 1; ack = 09; wire intr = 0
		out 20 20; wire intr = 0
		out 20 63; wire intr = 1; ack = 0c; out 20 20
		wire intr = 0			# still high, but no edge
		down 4; up 4; ack = 0c; out 20 20`},
	{"masks", usual + `
		out 21 fe; in 21 = fe; up 3; wire intr = 0; up 0; wire intr = 1
		ack = 08; out 20 20; out 21 0; ack = 0b; out 20 20`},
	{"gone before it is acknowledged", usual + `
		up 3; wire intr = 1; down 3; wire intr = 0; ack = 0f; out 20 b; in 20 = 00
		up 12; wire intr = 1; down 12; wire intr = 0; ack = 0f`},
	{"gone in the second one", usual + `
		out a1 ff; up 12; wire intr = 0; out a1 0; wire intr = 1; ack = 74; out 20 b; in 20 = 04; out a0 b; in a0 = 10
		out a0 20; out 20 20; in a0 = 00; in 20 = 00`},
	{"cascade", usual + `
		up 12 8; ack = 70; wire intr = 0; up 0; wire intr = 1; ack = 08; out 20 20
		wire intr = 0; out a0 20; wire intr = 0; out 20 20; wire intr = 1; ack = 74
		out a0 20; out 20 20; wire intr = 0`},
	{"level triggered", usual + `
		out 4d0 ff; out 4d1 ff; in 4d0 = f8; in 4d1 = de
		up 5; ack = 0d; wire intr = 0; out 20 20; wire intr = 1; ack = 0d; down 5; out 20 20; wire intr = 0
		up 10; ack = 72; out a0 20; out 20 20; wire intr = 1; down 10; wire intr = 0
		up 6; out 4d0 0; wire intr = 1; ack = 0e; out 20 20; wire intr = 0; out 4d0 40; wire intr = 1`},
	{"level by ICW1", `
		out 20 1b; out 21 20 1; up 1; ack = 21; out 20 20; wire intr = 1; down 1; wire intr = 0`},
	{"automatic EOI", `
		out 20 11; out 21 8 4 3; out a0 11; out a1 70 2 3
		up 12 13 1; ack = 09; wire intr = 1; ack = 74; wire intr = 1; ack = 75; wire intr = 0
		out 20 b; in 20 = 00; out a0 b; in a0 = 00`},
	{"rotation", usual + `
		up 4 5; ack = 0c; out 20 a0; down 4; up 4; ack = 0d; out 20 a0; ack = 0c; out 20 20
		out 20 c2			# 3 is the highest now
		down 4; up 0 4 3; ack = 0b; out 20 e3; ack = 0c; out 20 20; ack = 08; out 20 20`},
	{"rotation in automatic EOI", `
		out 20 11; out 21 8 4 3; out 20 80
		up 0 1; ack = 08; down 0; up 0; ack = 09; ack = 08; out 20 0; down 0 1; up 0 1; ack = 09; ack = 08`},
	{"special mask mode", usual + `
		up 3; ack = 0b; up 6; wire intr = 0
		out 21 8; wire intr = 0; out 20 68; wire intr = 1; ack = 0e; out 20 20; out 20 b; in 20 = 08
		out 20 20; in 20 = 08		# it does not end what is masked
		out 20 48; out 20 20; in 20 = 00`},
	{"special fully nested mode", `
		out 20 11; out 21 8 4 11; out a0 11; out a1 70 2 1
		up 12; ack = 74; up 9; wire intr = 1; ack = 71; wire intr = 0; up 14; wire intr = 0
		out a0 20 20; wire intr = 1; ack = 76`},
	{"without it", usual + "up 12; ack = 74; up 9; wire intr = 0; out 20 20; wire intr = 1; ack = 71"},
	{"poll", usual + `
		out 20 c; in 20 = 00; up 3; out 20 c; in 20 = 83 00; out 20 b; in 20 = 08; wire intr = 0
		out 20 20; up 12; out 20 c; in 21 = 82; in 21 = 00; out a0 c; in a0 = 84; out a0 b; in a0 = 10
		out a0 20; up 11; wire intr = 0; out 20 20; wire intr = 1; ack = 73`},
	{"initialization", `
		up 3; out 20 b; out 21 ff; out 20 12; out 21 40 55; in 21 = 55; in 20 = 00
		out 21 0; wire intr = 0; down 3; up 3; ack = 43; out 20 10; out 21 30 4; wire intr = 0
		down 3; up 3; ack = 33; reset; in 21 = 00; in 20 = 00; wire intr = 0`},
}

func TestScripts(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { devtest.Run(t, build, s.script) })
	}
}

func FuzzPair(f *testing.F) {
	n := devtest.Noise{Build: build, Ports: []uint16{0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1}, Other: func(r *devtest.Rig, random *rand.Rand) {
		r.Verbs[[]string{"up", "down", "ack"}[random.IntN(3)]]([]string{strconv.Itoa(random.IntN(16))})
	}}
	n.Fuzz(f)
}

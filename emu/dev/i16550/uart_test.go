package i16550

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"panda/emu/dev/devtest"
)

func build(r *devtest.Rig) {
	u := New(r.Clock, r.Wire("irq"), func(b byte) { r.Note(fmt.Sprintf("%02x", b)) })
	r.Chip = u
	r.Bus.Attach(0x3f8, 0x3ff, 1, u)
	r.Verbs["receive"] = func(args []string) string {
		var b []byte
		for _, a := range args {
			b = append(b, byte(devtest.Hex(a)))
		}
		return strconv.Itoa(u.Receive(b))
	}
	r.Verbs["room"] = func([]string) string { return strconv.Itoa(u.Room()) }
	r.Verbs["break"] = func([]string) string { u.Break(); return "" }
	r.Verbs["modem"] = func(args []string) string { u.Modem(uint8(devtest.Hex(args[0]))); return "" }
	r.Verbs["timer"] = func([]string) string { return strconv.FormatUint(uint64(r.Clock.Next()), 10) }
}

var scripts = []struct{ name, script string }{
	{"registers", `
		in 3f9 = 00; in 3fa = 01; in 3fb = 00; in 3fc = 00; in 3fd = 60; in 3fe = b0; in 3f8 = 00
		out 3ff 5a; in 3ff = 5a; out 3f9 ff; in 3f9 = 0f; out 3fc ff; in 3fc = 1f; out 3fb 80; in 3f8 = 0c; out 3f8 1
		out 3f9 2; in 3f8 = 01; in 3f9 = 02
		out 3fb 3; in 3f9 = 0f; out 3fd 1; out 3fe 1; in 3fd = 60; reset; in 3fc = 00; in 3f9 = 00; in 3ff = 5a`},
	{"transmitter", `
		out 3f8 41 42; log = 41 42; out 3fc 8; out 3f9 2; wire irq = 1; in 3fa = 02 01; wire irq = 0; rises irq = 1
		out 3f8 43; wire irq = 1; log = 43; out 3f8 44; rises irq = 2; in 3fd = 60; wire irq = 1; out 3f9 0
		wire irq = 0; out 3f9 2; wire irq = 1
		out 3fc 0; wire irq = 0; in 3fa = 02; out 3fc 8; wire irq = 0; log = 44`},
	{"without FIFO", `
		room = 1; out 3fc 8; out 3f9 1; receive 41 42 = 1; room = 0; wire irq = 1; in 3fa = 04; in 3fd = 61; in 3f8 = 41
		wire irq = 0; in 3fd = 60; room = 1
		out 3f9 5; receive 43 = 1; break; in 3fa = 06; in 3fd = 7b; in 3fa = 04; in 3f8 = 00; in 3fa = 01`},
	{"FIFO and timeout", `
		out 3fa 87; in 3fa = c1; out 3fb 83; out 3f8 1; out 3fb 3; out 3fc 8; out 3f9 1; room = 16; receive 1 2 3 = 3
		wire irq = 0; in 3fd = 61; timer = 347220
		wait 347us; wire irq = 0; wait 1us; wire irq = 1; in 3fa = cc; in 3f8 = 01; in 3fa = c1; wait 348us; in 3fa = cc
		receive 4 = 1; in 3fa = c1
		receive 5 6 7 8 9 = 5; in 3fa = c4; receive 1 2 3 4 5 6 7 8 9 = 8; room = 0; in 3f8 = 02 03 04 05 06 07 08 09
		in 3fa = c4; in 3f8 = 01; in 3fa = c1
		out 3fa 3; in 3fd = 60; receive 8 = 1; in 3fa = c4; out 3fa 0; in 3fd = 60; in 3fa = 01; timer = 18446744073709551615`},
	{"errors in the FIFO", `
		out 3fa 1; out 3fc 8; out 3f9 4; receive 41; break; wire irq = 0; in 3fd = e1; in 3f8 = 41; wire irq = 1
		in 3fa = c6; in 3fd = f9; wire irq = 0; in 3fd = 61
		out 3fc 18; out 3f8 1 2 3 4 5 6 7 8 9 a b c d e f; in 3fd = 61; out 3f8 10; in 3fd = 63; in 3f8 = 00 01`},
	{"loop", `
		out 3fc 1a; in 3fe = 92 90; log = ; out 3fc 1f; in 3fe = f2 f0; out 3fc 10; in 3fe = 0f 00; room = 0
		receive 1 = 0; out 3f8 77; log = ; in 3fd = 61; in 3f8 = 77
		break; in 3fd = 60; out 3fc 0; in 3fe = bb b0`},
	{"modem", `
		out 3fc 8; out 3f9 8; modem f0; wire irq = 0; in 3fe = f0; modem b0; wire irq = 1; in 3fa = 00; in 3fe = b4
		wire irq = 0; modem 30; in 3fe = 38; modem 0; in 3fe = 03 00`},
	{"priorities", `
		out 3fc 8; out 3f9 f; receive 1; break; modem 0; in 3fa = 06; in 3fd = 7b; in 3fa = 04; in 3f8 = 00
		in 3fa = 02 00; in 3fe = 0b; in 3fa = 01; wire irq = 0`},
}

func TestScripts(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { devtest.Run(t, build, s.script) })
	}
}

func FuzzUART(f *testing.F) {
	n := devtest.Noise{Build: build, Other: func(r *devtest.Rig, random *rand.Rand) {
		r.Verbs[[]string{"receive", "break", "modem"}[random.IntN(3)]]([]string{fmt.Sprintf("%x", random.IntN(256))})
	}}
	for p := range uint16(8) {
		n.Ports = append(n.Ports, 0x3f8+p)
	}
	n.Fuzz(f)
}

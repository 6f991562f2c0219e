package mc146818

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"panda/emu/dev/devtest"
)

// start is Friday, 1999-12-31 23:59:57.
const start = 946684797

func build(r *devtest.Rig) {
	c := New(r.Clock, r.Wire("irq"), start)
	r.Chip = c
	r.Bus.Attach(0x70, 0x71, 1, c)
	r.Verbs["get"] = func(args []string) string {
		got := ""
		for i, a := range args {
			r.Bus.Out(0x70, 1, uint32(devtest.Hex(a)))
			got += fmt.Sprintf("%.*s%02x", min(i, 1), " ", r.Bus.In(0x71, 1))
		}
		return got
	}
	r.Verbs["put"] = func(args []string) string {
		r.Bus.Out(0x70, 1, uint32(devtest.Hex(args[0])))
		r.Bus.Out(0x71, 1, uint32(devtest.Hex(args[1])))
		return ""
	}
	r.Verbs["nmi"] = func([]string) string { return devtest.Bit(c.NMIMasked()) }
	r.Verbs["cmos"] = func(args []string) string { c.CMOS(int(devtest.Hex(args[0])), uint8(devtest.Hex(args[1]))); return "" }
	r.Verbs["timer"] = func([]string) string { return strconv.FormatUint(uint64(r.Clock.Next()), 10) }
}

var scripts = []struct{ name, script string }{
	{"the time", `
		get 32 9 8 7 6 4 2 0 = 19 99 12 31 06 23 59 57; wait 2999ms; get 0 = 59; wait 1ms
		get 32 9 8 7 6 4 2 0 = 20 00 01 01 07 00 00 00; wait 24h; get 6 7 4 = 01 02 00; leap 1440h; get 9 8 7 6 = 00 03 02 05
		put 8 2; put 7 28; put 9 1; wait 24h; get 8 7 = 03 01`},
	{"binary, and 12 hours", `
		put b 4; put 4 8c; put 2 3b; put 0 3b; put 9 63; put 32 13; wait 1s; get 4 2 0 = 81 00 00; put b 0; put 4 11
		put 2 59; put 0 59; wait 1s
		get 4 2 0 = 92 00 00; put 4 91; put 2 59; put 0 59; put 8 5; put 7 14; wait 1s; get 4 7 = 12 15`},
	{"UIP", `
		get a = 26; wait 997ms; wait 771us; get a = 26; wait 1us; get a = a6; wait 2227us; get a = a6; get 0 = 57
		wait 1us; get a = 26; get 0 = 58
		wait 999ms; get a = a6; put b 82; get a = 26; wait 10s; get 0 = 58; put 0 10; put b 2; get 0 = 10; wait 1ms
		get 0 = 11; get c = 50`},
	{"divider", `
		wait 300ms; put a 70; wait 10s; get 0 = 57; get a = 70; put a 26; wait 499ms; get 0 = 57; get a = a6; wait 1ms
		get 0 = 58; wait 999ms; get 0 = 58; wait 1ms; get 0 = 59`},
	{"update ended", `
		wait 1s; get c = 50; wire irq = 0; put b 12; wait 999ms; wire irq = 0; wait 1ms; wire irq = 1; get c = d0
		get c = 00; wire irq = 0
		wait 1s; wire irq = 1; put b 2; wire irq = 0; put b 12; wire irq = 1; put b 92; get b = 82; wire irq = 0
		timer = 18446744073709551615`},
	{"alarm", `
		put 1 1; put 3 0; put 5 0; put b 22; wait 3999ms; wire irq = 0; wait 1ms; wire irq = 1; get c = f0; wait 24h; get c = f0
		put 5 ff; put 3 c0; wait 58s; wire irq = 0; wait 2s; wire irq = 1; leap 30h; get c = f0; wait 70s; get c = f0
		put 1 99; wait 70s; get c = 50`},
	{"periodic", `
		timer = 18446744073709551615; put b 42; timer = 976563; wait 976562ns; wire irq = 0; wait 1ns; wire irq = 1
		get c = c0; get c = 00; wire irq = 0
		wait 976562ns; wire irq = 1; get c = c0; put a 2f; wait 100ms; wire irq = 0; wait 399ms; wire irq = 1
		get c = c0; put a 23; wait 123us; wire irq = 1
		put a 21; get c = c0; wait 3906us; get c = c0; put a 20; get c = 00; wait 900ms; get c = 10`},
	{"RAM", `
		out 70 91; nmi = 1; out 71 5; in 71 = 05; in 70 = ff; get 11 = 05; nmi = 0; put 7f 12; get 7f = 12; put d 0
		put c ff; get d c = 80 00
		cmos 10 ff; cmos 2d 4; get 2e 2f = 01 08; put b 7a; wait 2s; wire irq = 1; reset; wire irq = 0
		get b c 11 0 = 02 00 05 59`},
}

func TestScripts(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { devtest.Run(t, build, s.script) })
	}
}

func FuzzClock(f *testing.F) {
	n := devtest.Noise{Build: build, Ports: []uint16{0x70, 0x71}, Other: func(r *devtest.Rig, random *rand.Rand) {
		r.Verbs["put"]([]string{fmt.Sprintf("%x", random.IntN(14)), fmt.Sprintf("%x", random.IntN(256))})
	}}
	n.Fuzz(f)
}

package i8254

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/devtest"
)

func build(r *devtest.Rig) {
	c := New(r.Clock, r.Wire("out"))
	r.Chip = c
	r.Bus.Attach(0x40, 0x43, 1, c)
	r.Bus.Attach(0x61, 0x61, 1, c.ControlB())
	to := func(args []string) dev.Time {
		n, _ := strconv.ParseUint(args[0], 10, 64)
		return dev.TickTime(n, Hz)
	}
	r.Verbs["tick"] = func(args []string) string { r.Until(to(args)); return "" }
	r.Verbs["leaptick"] = func(args []string) string { r.Leap(to(args)); return "" }
	r.Verbs["changes"] = func([]string) string { return strconv.FormatUint(r.Clock.Next().Ticks(Hz), 10) }
	r.Verbs["counter"] = func(args []string) string { // what counter 0 would show later, and its output
		n, _ := strconv.ParseUint(args[0], 10, 64)
		k := c.counters[0]
		return strconv.Itoa(int(k.value(n))) + " " + devtest.Bit(k.out(n))
	}
	r.Verbs["gate"] = func(args []string) string { // that of counter 0, which a PC has tied high
		c.catchUp()
		c.counters[0].setGate(c.now(), args[0] == "1")
		c.show()
		return ""
	}
}

var scripts = []struct{ name, script string }{
	{"mode 0", `
		tick 100; out 43 30; wire out = 0; out 40 4 0; changes = 105
		counter 100 = 0 0; counter 101 = 4 0; counter 104 = 1 0; counter 105 = 0 1; counter 106 = 65535 1
		tick 104; wire out = 0; tick 105; wire out = 1; rises out = 1; tick 900000; rises out = 0
		out 40 5; wire out = 0; tick 950000; out 40 1; tick 950001; in 40 = 05 01; tick 950261; wire out = 0
		tick 950262; wire out = 1`},
	{"mode 0, gate", `
		tick 10; gate 0; out 43 10; out 40 3; tick 20; in 40 = 03; gate 1; tick 22; in 40 = 01; gate 0; tick 40
		in 40 = 01; wire out = 0
		gate 1; tick 41; wire out = 1; in 40 = 00`},
	{"mode 1", `
		out 43 12; wire out = 1; out 40 3; tick 10; wire out = 1; gate 0; gate 1; wire out = 1; tick 11; wire out = 0
		in 40 = 03; tick 13; wire out = 0; tick 14; wire out = 1; in 40 = 00; tick 20; gate 0; gate 1; tick 22; gate 0
		tick 23; gate 1
		out 40 9; tick 26; wire out = 0; tick 27; wire out = 1; gate 0; gate 1; tick 28; in 40 = 09; tick 36
		wire out = 0; tick 37; wire out = 1`},
	{"mode 2", `
		out 43 34; out 40 4 0; wire out = 1; counter 1 = 4 1; counter 3 = 2 1; counter 4 = 1 0; counter 5 = 4 1; counter 8 = 1 0
		tick 4; wire out = 0; tick 5; wire out = 1; tick 41; rises out = 11; tick 400; wire out = 0; rises out = 89
		leaptick 805; rises out = 1
		tick 806; out 40 a 0; changes = 808; tick 808; wire out = 0; tick 809; wire out = 1; in 40 = 0a 00; changes = 818
		gate 0; tick 830; wire out = 1; in 40 = 0a 00; gate 1; tick 831; in 40 = 0a 00; changes = 840; tick 840; gate 0
		wire out = 1`},
	{"mode 3", `
		out 43 36; out 40 6 0; counter 1 = 6 1; counter 3 = 2 1; counter 4 = 6 0; counter 6 = 2 0; counter 7 = 6 1
		tick 4; wire out = 0; tick 7; wire out = 1; out 40 5 0; tick 10; wire out = 0; in 40 = 04 00; tick 12; wire out = 1
		counter 12 = 4 1; counter 13 = 2 1; counter 14 = 0 1; counter 15 = 4 0; counter 16 = 2 0; counter 17 = 4 1
		tick 13; rises out = 3; leaptick 18; rises out = 1; leaptick 23; wire out = 1; rises out = 1`},
	{"mode 4", `
		out 43 18; out 40 3; wire out = 1; tick 3; wire out = 1; tick 4; wire out = 0; tick 5; wire out = 1; tick 70000
		rises out = 2
		out 40 3; tick 70002; out 40 3; tick 70005; wire out = 1; tick 70006; wire out = 0; gate 0; wire out = 1`},
	{"mode 5", `
		out 43 1a; out 40 3; tick 10; wire out = 1; gate 0; gate 1; tick 13; wire out = 1; tick 14; wire out = 0
		tick 15; wire out = 1`},
	{"BCD", `
		out 43 35; out 40 0 10; tick 1; in 40 = 00 10; tick 2; in 40 = 99 09; tick 1001; in 40 = 00 10; out 43 31; out 40 0 0
		tick 1002; in 40 = 00 00; tick 1003; in 40 = 99 99; tick 11003; in 40 = 99 99; tick 11009; in 40 = 93 99`},
	{"bytes", `
		out 43 14; out 40 80; tick 1; in 40 = 80 80; out 43 24; out 40 2; tick 2; in 40 = 02 02; tick 3; out 43 34
		out 40 34; tick 9; out 40 12
		tick 10; in 40 = 34 12 34; out 43 36; out 40 0 0; tick 11; in 40 = 00 00; tick 12; in 40 = fe ff`},
	{"latches", `
		out 43 34; out 40 0 80; tick 2; out 43 0; tick 50; out 43 0; in 40 = ff 7f; in 40 = cf 7f
		out 43 c2; tick 60; in 40 = b4 cf 7f; out 43 e2; out 43 34; out 43 e2; in 40 = f4; out 40 0; out 43 e2
		in 40 = f4; out 40 20
		out 43 e2; in 40 = f4; tick 61; out 43 e2; in 40 = b4 00 20; in 43 = ff
		tick 62; out 40 7 0; out 43 e2; in 40 = f4; tick 9000; out 43 e2; in 40 = b4
		out 43 12; out 40 1; out 43 e2; in 40 = d2; gate 0; gate 1; tick 9001; out 43 e2; in 40 = 12`},
	{"counter 2 and port 61", `
		in 61 = 00; out 61 1; out 43 b0; in 61 = 01; out 42 2 0; tick 2; in 61 = 01; tick 3; in 61 = 21
		tick 18; in 61 = 31; tick 36; in 61 = 21; out 61 ff; in 61 = 2f; out 61 0; out 43 b6; out 42 4 0; in 61 = 20
		tick 50; in 61 = 20; out 61 1
		tick 52; in 61 = 21; tick 53; in 61 = 01; tick 55; in 61 = 31; wire out = 0; reset; in 61 = 10`},
	{"counter 1", "out 43 54; out 41 12; tick 1; in 41 = 12; tick 18; in 41 = 01; tick 19; in 41 = 12"},
}

func TestScripts(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { devtest.Run(t, build, s.script) })
	}
}

// TestNext: between the changes that a counter announces its output stays, and it is
// another one after each.
func TestNext(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		c := counter{n: 1, gate: true, outBefore: true, access: accessBoth}
		now := uint64(random.IntN(100))
		c.command(now, uint8(3<<4|random.IntN(16)))
		for i := range 60 {
			if i%10 == 0 {
				c.write(now, uint8(random.IntN(9)))
				c.write(now, 0)
			}
			if random.IntN(7) == 0 {
				c.setGate(now, !c.gate)
			}
			next, was, d := c.next(now), c.out(now), uint64(1+random.IntN(5))
			for at := now + 1; at <= now+d; at++ {
				if copied := c; copied.out(at) != was && at < next {
					t.Fatalf("mode %d: changes at %d, announced for %d: %+v", c.mode, at, next, c)
				}
			}
			now += d
		}
	}
}

func FuzzTimer(f *testing.F) {
	n := devtest.Noise{Build: build, Ports: []uint16{0x40, 0x41, 0x42, 0x43, 0x61}, Other: func(r *devtest.Rig, random *rand.Rand) {
		r.Verbs["gate"]([]string{strconv.Itoa(random.IntN(2))})
	}}
	n.Fuzz(f)
}

package i8042

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"panda/emu/dev/devtest"
)

func build(r *devtest.Rig) {
	c := New(r.Clock, Wires{r.Wire("irq1"), r.Wire("irq12"), r.Wire("a20"), r.Wire("reset")})
	r.Chip = c
	r.Bus.Attach(0x60, 0x60, 1, c)
	r.Bus.Attach(0x64, 0x64, 1, c)
	r.Verbs["key"] = func(args []string) string { return devtest.Bit(c.Key(args[0], args[1] == "down")) }
	r.Verbs["mouse"] = func(args []string) string {
		var n [4]int
		for i := range n {
			n[i], _ = strconv.Atoi(args[i])
		}
		c.Mouse(n[0], n[1], n[2], uint8(n[3]))
		return ""
	}
	r.Verbs["leds"] = func([]string) string { return strconv.Itoa(int(c.LEDs())) }
	r.Verbs["setup"] = func([]string) string { c.Setup(); return "" }
	r.Verbs["get"] = func([]string) string { return get(r) }
}

// get waits for bytes, as a driver does; those of the mouse have an m.
func get(r *devtest.Rig) (got string) {
	for range 100 {
		r.Until(r.Clock.Now() + 100_000)
		switch s := r.Bus.In(0x64, 1); {
		case s&0x21 == 0x21:
			got += fmt.Sprintf(" m%02x", r.Bus.In(0x60, 1))
		case s&1 != 0:
			got += fmt.Sprintf(" %02x", r.Bus.In(0x60, 1))
		}
	}
	return strings.TrimSpace(got)
}

var scripts = []struct{ name, script string }{
	{"the controller", `
		in 64 = 10; out 64 aa; in 64 = 1d; in 60 = 55; in 64 = 1c; out 64 ab; in 60 = 00; out 64 a9; in 60 = 00
		out 64 a4; in 60 = f1; out 64 c0; in 60 = 80; out 64 e0; in 60 = 00
		out 64 20; in 60 = 04; out 64 60; out 60 65; in 64 = 14; out 64 20; wire irq1 = 1; in 60 = 65; wire irq1 = 0
		out 64 7f; out 60 9; out 64 3f; in 60 = 09
		out 64 ad; out 64 20; in 60 = 75; out 64 ae; out 64 a8; out 64 20; in 60 = 45; out 64 a7; out 64 20; in 60 = 65
		out 64 1; in 64 = 1c`},
	{"A20 and reset", `
		out 64 d0; in 60 = 03; out 64 d1; out 60 dd; wire a20 = 0; out 64 d0; in 60 = cd; out 64 df; wire a20 = 1
		out 64 dd; wire a20 = 0; out 64 d1; out 60 df; wire a20 = 1
		rises reset = 0; out 64 ff; rises reset = 0; out 64 fe; rises reset = 1; out 64 d1; out 60 2; rises reset = 1
		out 64 d2; out 60 1; out 64 d0; in 60 = 01 13; reset; wire a20 = 1`},
	{"loops", `
		out 64 60; out 60 3; out 64 d2; out 60 41; wire irq1 = 1; wire irq12 = 0; in 60 = 41; wire irq1 = 0; out 64 d3
		out 60 42; in 64 = 31; wire irq12 = 1; in 60 = 42 42; wire irq12 = 0`},
	{"interrupts and time", `
		setup; key a down = 1; in 64 = 14; wait 660us; in 64 = 15; wire irq1 = 1; key a up = 1; in 60 = 1e
		wire irq1 = 0; in 60 = 1e; in 64 = 14; wait 660us; wire irq1 = 0; wait 660us; wire irq1 = 1; in 60 = 9e
		out 64 ad; key b down; wait 10ms; in 64 = 1c; out 64 20; in 60 = 75; out 64 ae; get = 30`},
	{"translated keys", `
		setup; key up down; key up up; get = e0 48 e0 c8; key print down; key print up; get = e0 2a e0 37 e0 b7 e0 aa
		key pause down; key pause up; get = e1 1d 45 e1 9d c5
		key f7 down; key f7 up; get = 41 c1; key ret down; key ctrl_r down; get = 1c e0 1d; key nothing down = 0`},
	{"sets", `
		key a down; key up up; get = 1c e0 f0 75; out 60 f0; get = fa; out 60 1; get = fa; key up up; key pause down
		get = e0 c8 e1 1d 45 e1 9d c5
		out 60 f0; out 60 3; get = fa fa; key up up; key esc down; key power down; get = f0 63 08; out 60 f0; out 60 0
		get = fa fa 03; out 60 f8; out 60 fb; out 60 1; get = fa fa fa`},
	{"keyboard commands", `
		out 60 ff; get = fa aa; out 60 f2; get = fa ab 83; out 60 ee; get = ee; out 60 fe; get = ee; out 60 ed; get = fa
		out 60 7; get = fa; leds = 7; out 60 5; get = fe
		out 60 f5; get = fa; key a down = 1; get = ; out 60 f4; get = fa; key a down; get = 1c; out 60 f3; out 60 20
		out 60 f6; get = fa fa fa
		setup; out 60 f2; get = fa ab 41; out 60 ff; get = fa aa`},
	{"a full keyboard", "setup" + strings.Repeat("; key print down = 1", 16) + "; key print down = 0; key a down = 0"},
	{"mouse", `
		out 64 60; out 60 2; out 64 d4; out 60 ff; wait 1ms; wire irq12 = 1; in 64 = 31; get = mfa maa m00; out 64 d4
		out 60 f2; get = mfa m00; mouse 1 1 0 0; get =
		out 64 d4; out 60 f4; get = mfa; mouse 5 -3 2 1; get = m09 m05 m03; mouse -5 3 0 0; get = m38 mfb mfd
		mouse 600 0 0 0; get = m08 mff m00 m08 mff m00 m08 m5a m00
		mouse 0 0 0 4; mouse 0 0 0 0; mouse 0 0 0 4; get = m0c m00 m00 m08 m00 m00 m0c m00 m00; out 64 d4; out 60 e9
		get = mfa m22 m02 m64
		out 64 d4; out 60 e7; get = mfa; mouse -3 -4 0 0; get = m18 mfd m06; out 64 d4; out 60 e6; out 64 d4; out 60 e8
		out 64 d4; out 60 3; out 64 d4; out 60 e9; get = mfa mfa mfa mfa m20 m03 m64
		out 64 d4; out 60 e0; get = mfe; out 64 d4; out 60 f6; get = mfa; mouse 1 1 0 0; get = `},
	{"remote and wrap", `
		out 64 d4; out 60 f0; out 64 d4; out 60 f4; get = mfa mfa; mouse 1 2 0 2; get = ; out 64 d4; out 60 eb
		get = mfa m2a m01 mfe; out 64 d4; out 60 e9; get = mfa m61 m02 m64
		out 64 d4; out 60 ea; out 64 d4; out 60 ee; out 64 d4; out 60 12; out 64 d4; out 60 ec; get = mfa mfa m12 mfa
		mouse 0 0 0 0; get = m08 m00 m00; out 64 d4; out 60 f5; get = mfa; mouse 1 0 0 0; get = `},
	{"wheel", `
		out 64 d4; out 60 f3; out 64 d4; out 60 c8; out 64 d4; out 60 f3; out 64 d4; out 60 64; out 64 d4; out 60 f3
		out 64 d4; out 60 50; out 64 d4; out 60 f2; get = mfa mfa mfa mfa mfa mfa mfa m03
		out 64 d4; out 60 f4; get = mfa; mouse 0 0 1 0; get = m08 m00 m00 mff; mouse 0 0 -9 8
		get = m08 m00 m00 m07 m08 m00 m00 m02
		out 64 d4; out 60 f3; out 64 d4; out 60 c8; out 64 d4; out 60 f3; out 64 d4; out 60 c8; out 64 d4; out 60 f3
		out 64 d4; out 60 50; out 64 d4; out 60 f2; get = mfa mfa mfa mfa mfa mfa mfa m04
		mouse 0 0 1 24; get = m08 m00 m00 m3f; setup; reset; out 64 d4; out 60 f2; get = mfa m00`},
}

func TestScripts(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { devtest.Run(t, build, s.script) })
	}
}

// TestKeys: no two keys say the same, and each has a name of its own.
func TestKeys(t *testing.T) {
	twice := map[string]bool{"menu": true, "asterisk": true}
	seen := map[string]string{}
	for name, c := range keys {
		if said := string(c.bytes(2, true)); !twice[name] {
			if seen[said] != "" {
				t.Errorf("%s and %s say % x", name, seen[said], said)
			}
			seen[said] = name
		}
		if b := c.bytes(1, false); !c.isPause() && b[len(b)-1]&0x80 == 0 {
			t.Errorf("%s released says % x in set 1", name, b)
		}
	}
}

func (c *code) isPause() bool { return c.odd != "" && c.end == "" }

func FuzzController(f *testing.F) {
	var names []string
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	n := devtest.Noise{Build: build, Ports: []uint16{0x60, 0x64}, Other: func(r *devtest.Rig, random *rand.Rand) {
		if random.IntN(2) == 0 {
			r.Verbs["key"]([]string{names[random.IntN(len(names))], []string{"down", "up"}[random.IntN(2)]})
			return
		}
		r.Verbs["mouse"]([]string{strconv.Itoa(random.IntN(1000) - 500), strconv.Itoa(random.Int()), "-3", strconv.Itoa(random.IntN(64))})
	}}
	n.Fuzz(f)
}

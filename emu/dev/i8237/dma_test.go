package i8237

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"panda/emu/dev/devtest"
)

func build(r *devtest.Rig) {
	r.Memory = make(devtest.Memory, 0x41000)
	d := New(r.Memory)
	r.Chip = d
	r.Bus.Attach(0, 0xf, 1, d)
	r.Bus.Attach(0x80, 0x8f, 1, d)
	r.Bus.Attach(0xc0, 0xdf, 1, d)
	r.Bus.Attach(0x480, 0x48f, 1, d)
	// give and take are a device's: the channel, then bytes, or how many.
	r.Verbs["give"] = func(args []string) string {
		var b []byte
		for _, a := range args[1:] {
			b = append(b, byte(devtest.Hex(a)))
		}
		n, end := d.Transfer(int(devtest.Hex(args[0])), b, true)
		return strconv.Itoa(n) + " " + devtest.Bit(end)
	}
	r.Verbs["take"] = func(args []string) string {
		b := make([]byte, devtest.Hex(args[1]))
		n, end := d.Transfer(int(devtest.Hex(args[0])), b, false)
		return strings.TrimSpace(fmt.Sprintf("% x %s", b[:n], devtest.Bit(end)))
	}
	r.Verbs["ready"] = func(args []string) string { return devtest.Bit(d.Ready(int(devtest.Hex(args[0])), args[1] == "in")) }
}

var scripts = []struct{ name, script string }{
	{"to memory", `
		ready 2 in = 0; out c 0; out b 46; out 4 fe 1; out 5 4 0; out 81 1; ready 2 in = 0; out a 2; ready 2 in = 1
		ready 2 out = 0
		give 2 11 22 33 = 3 0; mem 101fe = 11 22 33 00; in 5 = 01 00; in 4 = 01 02; give 2 44 55 66 = 2 1
		mem 10201 = 44 55 00; in 8 = 04 00; in f = ff; give 2 1 = 0 0`},
	{"from memory, automatic", `
		mem 3fffe 1 2 3 4; mem 30000 5 6; out c 0; out b 59; out 2 fe ff; out 3 3 0; out 83 3; out a 1
		take 1 3 = 01 02 05 0; take 1 9 = 06 1; take 1 1 = 01 0; in 8 = 02
		out c 0; in 3 = 02 00; out d 0; in f = ff; in d = 00; take 1 1 = 0`},
	{"down", `
		out c 0; out b 65; out 2 2 0; out 3 7 0; out a 1; give 1 1 2 3 = 3 0; mem 0 = 03 02 01; out b 69; out c 0
		out 2 2 0; take 1 2 = 01 02 0`},
	{"words", `
		out d8 0; out d6 45; out c4 ff 7f; out c6 1 0; out 8b 3; out d4 1; give 5 1 2 3 = 2 0; mem 2fffe = 01 02
		give 5 3 4 5 = 2 1; mem 30000 = 03 04 00; in d0 = 02
		out d8 0; out d6 49; out c4 ff ff; out c6 2 0; out d4 1; mem 3fffe 7 8; mem 20000 9 a; take 5 4 = 07 08 09 0a 0`},
	{"verify, masks, command", `
		out c 0; out b 42; out 4 0 0; out 5 1 0; out e 0; in f = f0; give 2 7 7 7 = 2 1; mem 0 = 00 00; in f = f4
		out f 0; out 8 4; ready 2 in = 0; out 8 0; ready 2 in = 1
		out f 9; in f = f9; out a 6; in f = fd; out 9 5; in 8 = 24; out 9 1; in 8 = 00; out de 0; ready 4 in = 0
		out b c2; ready 2 in = 0; in a = ff; reset; in f = ff`},
	{"pages, and no memory", `
		out 80 12; in 80 = 12; out 481 1; out 81 5; in 481 = 00; in 81 = 05; out 481 7; in 481 = 07; in 81 = 05
		out b 46; out c 0; out 4 0 0; out 5 ff 0; out a 2; give 2 1 = 1 0; out b 4a; take 2 2 = ff ff 0`},
}

func TestScripts(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { devtest.Run(t, build, s.script) })
	}
}

func FuzzDMA(f *testing.F) {
	n := devtest.Noise{Build: build, Other: func(r *devtest.Rig, random *rand.Rand) {
		c := strconv.Itoa(random.IntN(8))
		r.Verbs["give"]([]string{c, "1", "2", "3", "4", "5"}[:1+random.IntN(6)])
		r.Verbs["take"]([]string{c, fmt.Sprintf("%x", random.IntN(70000))})
	}}
	for p := range uint16(16) {
		n.Ports = append(n.Ports, p, 0x80+p, 0xc0+2*p, 0x480+p)
	}
	n.Fuzz(f)
}

package vga

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/devtest"
	"panda/emu/snap"
)

const testMemory = 256 << 10

func build(r *devtest.Rig) { buildWith(r, testMemory) }

func buildWith(r *devtest.Rig, memory int) {
	r.Memory = make(devtest.Memory, memory)
	v := New(r.Clock, r.Memory)
	r.Chip = v
	v.Attach(&r.Bus)
	r.Verbs["mode"] = func(args []string) string { setMode(&r.Bus, allModes[args[0]]); return "" }
	r.Verbs["poke"] = func(args []string) string {
		for i, b := range args[1:] {
			poke(v, uint32(devtest.Hex(args[0]))+uint32(i), uint8(devtest.Hex(b)))
		}
		return ""
	}
	r.Verbs["peek"] = func(args []string) string { return fmt.Sprintf("%02x", peek(v, uint32(devtest.Hex(args[0])))) }
	r.Verbs["seq"] = indexVerb(r, 0x3c4)
	r.Verbs["gc"] = indexVerb(r, 0x3ce)
	r.Verbs["crtc"] = indexVerb(r, 0x3d4)
	r.Verbs["attr"] = func(args []string) string {
		r.Bus.In(0x3da, 1)
		for _, a := range append(args, "20") {
			r.Bus.Out(0x3c0, 1, uint32(devtest.Hex(a)))
		}
		return ""
	}
	r.Verbs["dispi"] = dispiVerb(r)
	r.Verbs["linear"] = func([]string) string {
		off, ok := v.Linear()
		return fmt.Sprintf("%x %s", off, devtest.Bit(ok))
	}
	r.Verbs["bar"] = func(args []string) string { return barVerb(v.BAR(), args) }
	r.Verbs["text"] = func([]string) string {
		rows, _ := v.Text()
		return strings.Join(strings.Fields(strings.Join(rows, " ")), " ")
	}
}

// barVerb reads what is there, or writes: an address, a size, a value.
func barVerb(b BAR, args []string) string {
	at, size := devtest.Hex(args[0]), int(devtest.Hex(args[1]))
	if len(args) > 2 {
		b.Store(at, size, devtest.Hex(args[2]))
		return ""
	}
	return fmt.Sprintf("%0*x", 2*size, b.Load(at, size))
}

// indexVerb writes a register, or reads it.
func indexVerb(r *devtest.Rig, port uint16) func(args []string) string {
	return func(args []string) string {
		r.Bus.Out(port, 1, uint32(devtest.Hex(args[0])))
		if len(args) > 1 {
			r.Bus.Out(port+1, 1, uint32(devtest.Hex(args[1])))
			return ""
		}
		return fmt.Sprintf("%02x", r.Bus.In(port+1, 1))
	}
}

func dispiVerb(r *devtest.Rig) func(args []string) string {
	return func(args []string) string {
		at := int(devtest.Hex(args[0]))
		if len(args) > 1 {
			dispiOut(&r.Bus, at, int(devtest.Hex(args[1])))
			return ""
		}
		r.Bus.Out(0x1ce, 2, uint32(at))
		return fmt.Sprintf("%04x", r.Bus.In(0x1d0, 2))
	}
}

var scripts = []struct{ name, script string }{
	{"addresses", `
		in 3cc = 00; in 3c2 = 10; out 3b4 e; out 3b5 55; in 3b5 = 55; in 3d5 = ff; out 3d5 66; in 3b5 = 55
		out 3c2 1; in 3cc = 01; in 3b4 = ff; in 3d4 = 0e; in 3d5 = 55; out 3b5 77; in 3d5 = 55
		out 3da 3; in 3ca = 03; out 3ba 0; in 3ca = 03; out 3c2 ff; in 3cc = ef; in 3c3 = 01; out 3c3 0; in 3c3 = 00
		in 3cd = ff; in 3d8 = ff; in 3df = ff; out 3df 1; in 3b0 = ff`},
	{"masks", `
		seq 0 ff; seq 0 = 03; seq 1 ff; seq 1 = 3d; seq 2 ff; seq 2 = 0f; seq 3 ff; seq 3 = 3f; seq 4 ff; seq 4 = 0e
		seq 5 ff; seq 5 = 00; gc 3 ff; gc 3 = 1f; gc 4 ff; gc 4 = 03; gc 5 ff; gc 5 = 7b; gc 8 a5; gc 8 = a5; gc 9 1
		gc 9 = 00; in 3ce = 09`},
	{"protection", `
		out 3c2 1; crtc 0 5f; crtc 7 1f; crtc 11 8e; crtc 0 11; crtc 0 = 5f; crtc 6 11; crtc 6 = 00; crtc 7 e0
		crtc 7 = 0f; crtc 7 10; crtc 7 = 1f; crtc 8 12; crtc 8 = 12; crtc 11 0e; crtc 0 11; crtc 0 = 11; crtc 19 5
		crtc 19 = 00; crtc 18 5; crtc 18 = 05`},
	{"attribute controller", `
		out 3c2 1; in 3da; out 3c0 10 c; in 3c0 = 10; in 3c1 = 0c; crtc 24 = 00; out 3c0 31; crtc 24 = 80; out 3c0 ff
		in 3c0 = 31; in 3c1 = ff; out 3c0 0; in 3da; out 3c0 1 7f; in 3c1 = 3f; out 3c0 15 1; in 3c1 = 00
		out 3c0 14; out 3c1 3; in 3c1 = 00; out 3c0 2; in 3c1 = 02`},
	{"DAC", `
		in 3c6 = ff; out 3c6 f; in 3c6 = 0f; out 3c8 10; in 3c7 = 00; out 3c9 1 2 ff 4 5 6; in 3c8 = 12; out 3c7 10
		in 3c7 = 03; in 3c8 = 11; in 3c9 = 01 02 3f 04 05 06 00; out 3c7 ff; in 3c9 = 00 00 00; in 3c9 = 00
		out 3c8 20; out 3c9 1 2; out 3c7 20; in 3c9 = 00 00 00
		dispi 4 20; out 3c8 0; out 3c9 ff 80 1; out 3c7 0; in 3c9 = ff 80 01`},
	{"text window", `
		mode text80; poke b8000 41 7 42 1f; mem 0 = 41 07 00 00 42 1f 00 00; peek b8001 = 07; peek b8002 = 42
		peek a0000 = ff; peek b0000 = ff; text = AB
		seq 0 1; seq 2 4; seq 4 7; seq 0 3; gc 4 2; gc 5 0; gc 6 4; poke a0000 11 22 33; mem 0 = 41 07 11 00 42 1f 22 00 00 00 33
		peek a0002 = 33; text = AB
		seq 0 1; seq 2 3; seq 4 3; seq 0 3; gc 4 0; gc 5 10; gc 6 e; poke b8001 70; mem 0 = 41 70 11; linear = 0 0`},
	{"chain 4", `
		mode chained; linear = 0 1; poke a0000 1 2 3 4 5; mem 0 = 01 02 03 04 05; peek a0003 = 04; poke affff 9; mem ffff = 09
		peek b0000 = ff; seq 2 5; linear = 0 0; poke a0000 aa bb cc dd; mem 0 = aa 02 cc 04; seq 2 f; gc 8 f0; poke a0004 12; mem 4 = 11
		gc 8 ff; linear = 0 1; gc 6 1; linear = 0 1; poke b0000 7; mem 10000 = 07; gc 6 9; linear = 0 0; gc 6 5
		gc 0 f; linear = 0 1; gc 1 1; linear = 0 0; gc 1 0; gc 3 1; linear = 0 0; gc 3 0; gc 5 48; linear = 0 0; gc 5 40
		out 3c2 61; linear = 0 0; peek a0000 = ff; poke a0000 5; mem 0 = aa; out 3c2 63; linear = 0 1; reset; linear = 0 0`},
	{"write mode 0", `
		mode planar480; poke a0000 a5; mem 0 = a5 a5 a5 a5; seq 2 5; poke a0001 ff; mem 4 = ff 00 ff 00; seq 2 f
		gc 0 9; gc 1 3; poke a0001 3c; mem 4 = ff 00 3c 3c
		gc 1 0; gc 3 3; poke a0002 b1; mem 8 = 36 36 36 36
		gc 3 0; peek a0000 = a5; gc 8 f; poke a0000 0; mem 0 = a0 a0 a0 a0; gc 8 ff
		gc 3 8; peek a0000 = a0; poke a0000 cc; mem 0 = 80 80 80 80; gc 3 10; poke a0000 3; mem 0 = a3 a3 a3 a3
		gc 3 18; poke a0000 ff; mem 0 = 5f 5f 5f 5f; gc 3 1c; poke a0000 f; mem 0 = 50 50 50 50`},
	{"write modes 1 to 3", `
		mode planar480; mem 0 1 2 3 4; gc 4 2; peek a0000 = 03; crtc 22 = 03; gc 4 3; crtc 22 = 04; gc 5 1; poke a0005 ff
		mem 14 = 01 02 03 04; seq 2 8; poke a0006 0; mem 18 = 00 00 00 04; seq 2 f
		gc 5 2; gc 8 f0; poke a0001 5; mem 4 = f1 02 f3 04
		gc 5 3; gc 0 6; gc 8 7f; gc 3 1; poke a0002 1f; mem 8 = 00 0f 0f 00; mem 0 f1 f2 f3 f4; peek a0000; poke a0002 1f; mem 8 = f0 ff ff f0`},
	{"read modes", `
		mode planar480; mem 0 f0 cc aa ff; gc 4 1; peek a0000 = cc; gc 5 8; gc 7 f; gc 2 f; peek a0000 = 80; gc 2 8
		peek a0000 = 01; gc 7 1; gc 2 1; peek a0000 = f0; gc 2 0; peek a0000 = 0f; gc 7 0; peek a0000 = ff`},
	{"odd and even", `
		mode cga4; poke b8000 11 22 33; mem 0 = 11 22 00 00 33; seq 2 f; poke b8000 44; mem 0 = 44 22 44 00; gc 4 2; peek b8000 = 44
		peek b8001 = 00; gc 4 1; peek b8001 = 22; gc 6 3; poke b0001 9; mem 20000 = 00 09 00 09`},
	{"memory wraps in a VGA", `
		mode planar480; gc 6 1; poke b0000 1; mem 0 = 01; poke bffff 2; mem 3fffc = 02`},
	{"display interface", `
		dispi 0 = b0c5; dispi 0 b0c0; dispi 0 = b0c0; dispi 0 b0c6; dispi 0 = b0c0; dispi a = 0004; dispi b = 0000; in 1cf = 00
		dispi 1 140; dispi 2 c8; dispi 3 8; mem 0 55; dispi 4 41; mem 0 = 00; dispi 4 = 0041; dispi 6 = 0140; dispi 7 = 0333; inw 1ce = 0007
		dispi 6 280; dispi 6 = 0280; dispi 7 = 0199; dispi 6 ffff; dispi 6 = 051e; dispi 8 5; dispi 8 = 0005; dispi 9 6; dispi 9 = 0006
		dispi 7 1; dispi 7 = 00c8; dispi 4 43; dispi 1 = 1000; dispi 2 = 1000; dispi 3 = 0020; dispi 4 41; dispi 3 = 0008
		dispi 5 3; linear = 30000 1; poke a0001 77; mem 30001 = 77; peek a0001 = 77; peek b0000 = ff; poke b0000 1; dispi 5 7; dispi 5 = 0003
		dispi 4 0; dispi 5 = 0000; linear = 0 0; dispi 3 5; dispi 3 = 0008; dispi 3 f; dispi 3 = 000f; dispi 3 0; dispi 3 = 0008
		mem 0 99; dispi 4 81; mem 0 = 99; dispi 4 = 0081; dispi 1 ffff; dispi 1 = 1000; dispi 2 = 0040; dispi c 1; dispi c = 0000`},
	{"planes of the display interface", `
		mode planar480; dispi 1 20; dispi 2 20; dispi 3 4; dispi 4 1; seq 2 2; poke a0001 ff; mem 4 = 00 ff 00 00
		gc 4 1; peek a0001 = ff; dispi 5 1; poke a0000 7; mem 0 = 00 07; dispi 6 = 0020; dispi 7 = 4000`},
	{"BAR", `
		bar 600 4 = 00000008; bar 604 4 = 1e1e1e1e; bar 604 4 bebebebe; bar 604 4 = bebebebe; bar 604 4 5; bar 604 4 = bebebebe
		bar 604 4 1e1e1e1e; bar 604 4 = 1e1e1e1e; bar 500 2 = b0c5; bar 502 2 280; bar 504 2 1e0; bar 502 4 = 01e00280; bar 503 1 = 02
		bar 506 2 20; bar 506 1 = 20; bar 506 1 10; bar 506 2 = 0010; bar 0 8 = 0000000000000000; bar fff 1 = 00; bar 514 4 = 00000004
		bar 402 1 67; bar 40c 1 = 67; bar 414 2 550e; crtc e = 55; bar 41a 1; bar 400 1 20; in 3c0 = 20; bar 41f 1 = ff; bar 41e 4 = ffffffff
		bar 605 1 = 1e; bar 4ff 2 = 0000; bar 515 8 1; bar ffc 4 1`},
	{"retrace", `
		mode text80; in 3da = 00; wait 12712us; in 3da = 01; wait 390us; in 3da = 09; wait 64us; in 3da = 01; wait 1103us; in 3da = 00
		leap 29us; in 3da = 01; wait 3us; in 3da = 00; wait 10s; in 3da = 01; reset; out 3c2 1; in 3da = 00`},
}

func TestScripts(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { devtest.Run(t, build, s.script) })
	}
}

// TestRates: programs count frames by the bit of the vertical retrace.
func TestRates(t *testing.T) {
	for _, c := range []struct {
		mode string
		want int
	}{{"text80", 70}, {"text40", 70}, {"chained", 70}, {"planar480", 60}, {"modeX", 59}, {"", 60}} {
		r := newRig(t, testMemory)
		r.outs(0x3c2, 1)
		if c.mode != "" {
			setMode(&r.Bus, allModes[c.mode])
		}
		frames, was := 0, true
		for us := range 100_000 {
			r.Until(10_000 * dev.Time(us))
			now := r.Bus.In(0x3da, 1)&statusVRetrace != 0
			if now && !was {
				frames++
			}
			was = now
		}
		if frames != c.want {
			t.Errorf("%q has %d frames a second, want %d", c.mode, frames, c.want)
		}
	}
}

func TestRemapped(t *testing.T) {
	r := newRig(t, testMemory)
	setMode(&r.Bus, &chained)
	if off, ok := r.Linear(); off != 0 || !ok || r.remapped != 1 {
		t.Errorf("%#x %v, told %d times", off, ok, r.remapped)
	}
	state := snap.Save(r.State)
	setDispi(&r.Bus, 320, 200, 8, enableOn)
	told := r.remapped
	dispiOut(&r.Bus, dispiBank, 2)
	if off, ok := r.Linear(); off != 2*bankSize || !ok || r.remapped != told+1 {
		t.Errorf("%#x %v, told %d times", off, ok, r.remapped)
	}
	dispiOut(&r.Bus, dispiOffsetX, 8)
	if r.remapped != told+1 {
		t.Error("told of what changes no mapping")
	}
	if err := snap.Load(state, r.State); err != nil || r.remapped != told+1 {
		t.Errorf("told of a state that is loaded: %v", err)
	}
	if r.Reset(); r.remapped != told+2 {
		t.Error("not told of a reset")
	}
}

func TestChanged(t *testing.T) {
	r := newRig(t, 1<<20)
	setMode(&r.Bus, &text80)
	expect := func(want bool, what string) {
		t.Helper()
		if r.Changed() != want {
			t.Errorf("%s: changed is %v", what, !want)
		}
	}
	expect(true, "a mode")
	expect(false, "nothing")
	poke(r.VGA, 0xb8000, 'x')
	expect(true, "a character")
	r.Bus.In(0x3da, 1)
	expect(false, "a read")
	r.Until(120_000_000)
	expect(true, "the cursor blinks")
	r.Steady = true
	expect(true, "the cursor is steady")
	r.Until(240_000_000)
	expect(false, "a steady cursor")
	r.Touched(leastVRAM, 4)
	expect(false, "a page that is not shown")
	r.Touched(leastVRAM-1, 1)
	expect(true, "a page that is")
	setDispi(&r.Bus, 640, 400, 16, enableOn)
	expect(true, "a mode of the display interface")
	r.Touched(640*400*2-1, 1)
	expect(true, "its last pixel")
	r.Touched(640*400*2, 4096)
	expect(false, "behind its last pixel")
	r.Touched(-5, 1<<40)
	expect(true, "all")
}

func FuzzVGA(f *testing.F) {
	n := devtest.Noise{Build: build, Ports: []uint16{
		0x1ce, 0x1cf, 0x1d0, 0x1ce, 0x1cf, 0x3b4, 0x3b5, 0x3ba, 0x3c0, 0x3c1, 0x3c2, 0x3c3, 0x3c4, 0x3c5, 0x3c6, 0x3c7,
		0x3c8, 0x3c9, 0x3ca, 0x3cc, 0x3ce, 0x3cf, 0x3d4, 0x3d5, 0x3da, 0x3df,
	}, Other: func(r *devtest.Rig, random *rand.Rand) {
		v := r.Chip.(*VGA)
		size := 1 << random.IntN(4)
		off := uint64(random.IntN(pageSize-size+1)) &^ uint64(size-1)
		switch random.IntN(9) {
		case 0, 1:
			v.Window(random.IntN(32)).Store(off, size, random.Uint64())
		case 2, 3:
			v.Window(random.IntN(32)).Load(off, size)
		case 4:
			v.BAR().Store([]uint64{off, barPorts, barDispi, barOrder}[random.IntN(4)], size, random.Uint64()>>random.IntN(64))
		case 5:
			v.BAR().Load(off, size)
		case 6:
			setDispi(&r.Bus, random.IntN(1<<random.IntN(17)), random.IntN(1<<random.IntN(17)), []int{4, 8, 15, 16, 24, 32}[random.IntN(6)], 1)
		default:
			look(v, random)
		}
	}}
	n.Fuzz(f)
}

// look has all that can be asked of a picture be asked.
func look(v *VGA, random *rand.Rand) {
	v.Touched(random.IntN(testMemory)-5, random.IntN(testMemory))
	v.Changed()
	v.Text()
	v.Attributes()
	v.Cursor()
	if off, ok := v.Linear(); ok {
		_ = v.vram[off : off+bankSize]
	}
	if random.IntN(8) == 0 {
		v.attr.at |= attrShown * uint8(random.IntN(2))
		v.Frame()
	}
}

// TestStates: a state with what no register can be is none.
func TestStates(t *testing.T) {
	for _, spoil := range []func(v *VGA){
		func(v *VGA) { v.seq.r[seqMapMask] = 0x10 },
		func(v *VGA) { v.gc.r[gcReadMap] = 4 },
		func(v *VGA) { v.attr.r[attrSelect] = 0xff },
		func(v *VGA) { v.dispi.bpp = 5 },
		func(v *VGA) { v.dispi.bank = testMemory / bankSize },
		func(v *VGA) { v.dispi.x = mostX + 1 },
		func(v *VGA) { v.dac.part = 3 },
	} {
		r := newRig(t, testMemory)
		spoil(r.VGA)
		if err := snap.Load(snap.Save(r.State), newRig(t, testMemory).State); err == nil {
			t.Error("it is taken")
		}
	}
	for _, n := range []int{0, bankSize, leastVRAM + 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a VGA of %d bytes", n)
				}
			}()
			New(nil, make([]byte, n))
		}()
	}
}

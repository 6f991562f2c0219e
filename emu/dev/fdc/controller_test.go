package fdc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/devtest"
	"panda/emu/guest"
	"panda/emu/snap"
)

// wired is a controller with a DMA channel that moves to address 0 on, up to a count, and
// is part of its state.
type wired struct {
	*Controller
	address, left int
}

func (w *wired) State(s *snap.Stream) {
	w.Controller.State(s)
	snap.Below(s, &w.address, 1<<20)
	snap.Below(s, &w.left, 1<<20)
}

func (w *wired) dma(r *devtest.Rig) DMA {
	return func(b []byte, toMemory bool) (int, bool) {
		n := min(len(b), w.left)
		if a := guest.PhysAddr(w.address); toMemory {
			_ = r.Memory.Write(a, b[:n])
		} else {
			_ = r.Memory.Read(a, b[:n])
		}
		w.address, w.left = w.address+n, w.left-n
		return n, n > 0 && w.left == 0
	}
}

func build(r *devtest.Rig) {
	r.Memory = make(devtest.Memory, 0x3000)
	r.Disks = []*devtest.Disk{{Data: make([]byte, 360<<10)}, {Data: make([]byte, 160<<10), Locked: true}}
	for _, d := range r.Disks {
		for i := range d.Data { // each sector is full of its number
			d.Data[i] = byte(i >> 9)
		}
	}
	w := &wired{}
	c := New(r.Clock, r.Wire("irq"), w.dma(r))
	w.Controller, r.Chip = c, w
	for i, d := range r.Disks {
		if err := c.Insert(i, d); err != nil {
			panic(err)
		}
	}
	r.Follow = func(o *devtest.Rig) {
		for i := range r.Disks {
			if o.Chip.(*wired).drives[i].disk == nil {
				c.Eject(i)
			}
		}
	}
	r.Bus.Attach(0x3f0, 0x3f5, 1, c)
	r.Bus.Attach(0x3f7, 0x3f7, 1, c)
	verbs(r, w)
}

func verbs(r *devtest.Rig, w *wired) {
	r.Verbs["dma"] = func(args []string) string { w.address, w.left = 0, int(devtest.Hex(args[0])); return "" }
	r.Verbs["disk"] = func(args []string) string {
		n, at := devtest.Hex(args[0]), devtest.Hex(args[1])
		return fmt.Sprintf("% x", r.Disks[n].Data[at:at+3])
	}
	r.Verbs["eject"] = func(args []string) string { w.Eject(int(devtest.Hex(args[0]))); return "" }
	r.Verbs["insert"] = func(args []string) string {
		n := int(devtest.Hex(args[0]))
		return strconv.FormatBool(w.Insert(n, r.Disks[n]) == nil)
	}
	r.Verbs["break"] = func(args []string) string { r.Disks[0].Broken = errors.New("scratched"); return "" }
	r.Verbs["mend"] = func(args []string) string { r.Disks[0].Broken = nil; return "" }
	r.Verbs["fill"] = func(args []string) string { return pio(r, args) }
}

// pio writes as many bytes to the FIFO as it takes.
func pio(r *devtest.Rig, args []string) string {
	n := 0
	for r.Bus.In(0x3f4, 1)&0xc0 == 0x80 && n < 512 {
		r.Bus.Out(0x3f5, 1, uint32(devtest.Hex(args[0])))
		n++
	}
	return strconv.Itoa(n)
}

// usual comes out of reset as a kernel does.
const usual = `
	out 3f2 1c; wait 1ms; wire irq = 1; out 3f5 8; wire irq = 0; in 3f5 = c0 00; out 3f5 8; in 3f5 = c1 00; out 3f5 8; in 3f5 = c2 00; out 3f5 8; in 3f5 = c3 00
	out 3f5 8; in 3f5 = 80; out 3f5 3 df 2; out 3f7 2
`

var scripts = []struct{ name, script string }{
	{"reset and registers", `
		in 3f4 = 00; in 3f0 = ff; out 3f5 10; out 3f2 4; in 3f4 = 00; wait 1ms; wire irq = 0; in 3f4 = 80; out 3f2 c
		wire irq = 1; in 3f2 = 0c; out 3f3 ff; in 3f3 = 03
		out 3f5 10; in 3f4 = d0; in 3f5 = 90; in 3f4 = 80; in 3f5 = ff; out 3f5 8; in 3f5 = c0 00; out 3f4 80
		wire irq = 0; wait 1ms; wire irq = 1; reset; in 3f4 = 00; wire irq = 0`},
	{"small commands", usual + `
		out 3f5 13 0 57 5; out 3f5 94; in 3f5 = 10; out 3f5 12 86; out 3f5 e; in 3f5 = 00 00 00 00 df 02 00 86 57 05
		out 3f5 12 1; out 3f4 80; wait 1ms; out 3f5 e; in 3f5 = 00 00 00 00 df 02 00 84 57 05
		out 3f5 14; in 3f5 = 00; out 3f2 8; out 3f2 c; wait 1ms; out 3f5 e; in 3f5 = 00 00 00 00 df 02 00 04 20 00
		out 3f5 18; in 3f5 = 80; out 3f5 4 0; in 3f5 = 38; out 3f5 4 5; in 3f5 = 7d; out 3f5 4 2; in 3f5 = 2a`},
	{"seeks and the change line", usual + `
		in 3f7 = 80; out 3f5 7 0; in 3f4 = 81; wait 20ms; wire irq = 1; out 3f5 8; in 3f5 = 20 00; in 3f7 = 80
		out 3f5 f 4 3; wait 17ms; in 3f4 = 81; wait 1ms; wire irq = 1; in 3f4 = 80
		out 3f5 8; wire irq = 0; in 3f5 = 24 03; in 3f7 = 00; out 3f5 4 0; in 3f5 = 28; out 3f5 cf 0 2; wait 20ms
		out 3f5 8f 0 1; wait 20ms; out 3f5 8; in 3f5 = 20 04; eject 0; in 3f7 = 80
		out 3f5 f 0 5; out 3f5 f 1 1; in 3f4 = 83; wait 30ms; in 3f7 = 80; out 3f5 8; wire irq = 1; in 3f5 = 20 05
		wire irq = 1; out 3f5 8; in 3f5 = 21 01; wire irq = 0; insert 0 = true; out 3f5 7 0; wait 1s; in 3f7 = 00
		out 3f2 c; eject 0; in 3f7 = 00; out 3f5 8; in 3f5 = 20 00; out 3f5 7 3; wait 10ms; out 3f5 8; in 3f5 = 73 00`},
	{"read by DMA", usual + `
		dma 400; out 3f5 46 0 0 0 2 2 9 2a ff; in 3f4 = 10; wait 1ms; wire irq = 1; in 3f4 = d0
		in 3f5 = 00 00 00 00 00 04 02; wire irq = 0; mem 1fe = 01 01 02 02
		dma 400; out 3f5 c6 0 0 0 9 2 9 2a ff; wait 1ms; in 3f5 = 04 00 00 00 01 02 02; mem 1fe = 08 08 09 09; dma 800
		out 3f5 46 4 0 1 9 2 9 2a ff; wait 1ms; in 3f5 = 44 80 00 01 01 01 02
		dma 200; out 3f5 46 4 0 1 9 2 9 2a ff; wait 1ms; in 3f5 = 04 00 00 01 01 01 02; dma 1
		out 3f5 4c 0 0 0 1 2 9 2a ff; wait 1ms; in 3f5 = 00 00 40 00 00 02 02
		dma 600; out 3f5 42 0 0 0 7 2 3 2a ff; wait 1ms; in 3f5 = 00 00 00 01 00 01 02; mem 1fe = 00 00 01 01`},
	{"write by DMA", usual + `
		mem 0 aa bb cc; dma 2; out 3f5 45 0 0 0 3 2 9 2a ff; wait 1ms; in 3f5 = 00 00 00 00 00 04 02
		disk 0 400 = aa bb 00; dma 200; out 3f5 45 1 0 0 1 2 8 2a ff; wait 1ms; in 3f5 = 41 02 00 00 00 01 02
		break; dma 200; out 3f5 45 0 0 0 1 2 9 2a ff; wait 1ms; in 3f5 = 40 20 20 00 00 01 02
		out 3f5 46 0 0 0 1 2 9 2a ff; wait 1ms; in 3f5 = 40 20 20 00 00 01 02; mend`},
	{"what is not there", usual + `
		dma 200; out 3f5 46 0 1 0 1 2 9 2a ff; wait 1ms; in 3f5 = 40 04 10 01 00 01 02; out 3f5 46 0 0 0 a 2 9 2a ff
		wait 1ms; in 3f5 = 40 04 00 00 00 0a 02; out 3f5 46 0 0 0 1 3 9 2a ff; wait 1ms; in 3f5 = 40 04 00 00 00 01 03
		out 3f7 0; out 3f5 46 0 0 0 1 2 9 2a ff; wait 1ms; in 3f4 = 10; wait 1s; in 3f5 = 40 01 00 00 00 01 02
		out 3f7 2; out 3f5 6 0 0 0 1 2 9 2a ff; wait 1s; in 3f5 = 40 01 00 00 00 01 02
		eject 0; out 3f5 46 0 0 0 1 2 9 2a ff; wait 1s; wire irq = 1; in 3f5 = 40 01 00 00 00 01 02
		out 3f5 46 2 0 0 1 2 9 2a ff; wait 1s; in 3f5 = 42 01 00 00 00 01 02; insert 0 = true
		dma 0; out 3f5 46 0 0 0 1 2 9 2a ff; wait 1ms; in 3f5 = 40 10 00 00 00 01 02`},
	{"without DMA", usual + `
		out 3f5 3 df 3; out 3f5 46 0 0 0 2 2 2 2a ff; wait 1ms; wire irq = 1; in 3f4 = f0; in 3f5 = 01
		wire irq = 0` + repeat("; in 3f5 = 01", 511) + `
		in 3f4 = d0; in 3f5 = 40 80 00 01 00 01 02
		out 3f5 45 0 0 0 3 2 4 2a ff; wait 1ms; wire irq = 1; in 3f4 = b0; fill 77 = 512; wait 1ms; fill 78 = 512
		in 3f5 = 40 80 00 01 00 01 02; disk 0 5fe = 77 77 78`},
	{"READ ID and VERIFY", usual + `
		out 3f5 4a 0; wait 1ms; in 3f5 = 00 00 00 00 00 01 02; wait 100ms; out 3f5 4a 4; wait 1ms
		in 3f5 = 04 00 00 00 01 05 02; out 3f7 1; out 3f5 4a 0; wait 1ms; in 3f5 = 00 00 00 00 00 05 02
		out 3f7 3; out 3f5 4a 0; wait 1s; in 3f5 = 40 01 00 00 00 00 00; out 3f7 2; out 3f5 56 0 0 0 1 2 9 2a ff
		wait 1ms; in 3f5 = 00 00 00 01 00 01 02; out 3f5 56 80 0 0 1 2 9 2a 3; wait 1ms; in 3f5 = 00 00 00 00 00 04 02
		out 3f5 13 0 40 0; out 3f5 56 80 5 0 1 2 9 2a 1; wait 1ms; in 3f5 = 00 00 00 05 00 02 02`},
	{"FORMAT TRACK", usual + `
		mem 0 0 0 1 2 0 0 2 2 0 0 c 2; dma c; out 3f5 4d 0 2 3 54 f6; wait 1ms; wire irq = 1
		in 3f5 = 00 00 00 00 00 0c 02; disk 0 1ff = f6 f6 f6; disk 0 3ff = f6 02 02; dma c; out 3f5 4d 1 2 3 54 f6
		wait 1ms; in 3f5 = 41 02 00 00 00 00 02
		out 3f5 3 df 3; out 3f5 4d 0 2 1 54 e5; wait 1ms; in 3f4 = b0; out 3f5 0 0 1 2; in 3f5 = 00 00 00 00 00 01 02
		disk 0 1fe = e5 e5 f6; out 3f5 4d 0 2 0 54 e5; wait 1ms; in 3f5 = 00 00 00 00 00 00 02`},
	{"scans", usual + `
		mem 0 2 2 2; dma 200; out 3f5 51 0 0 0 1 2 1 2a 1; wait 1ms; in 3f5 = 00 00 04 01 00 01 02; dma 2
		out 3f5 59 0 0 0 1 2 9 2a 1; wait 1ms; in 3f5 = 00 00 00 00 00 02 02
		out 3f5 3 df 3; out 3f5 51 0 0 0 1 2 9 2a 2; wait 1ms; fill 2 = 512; wait 1ms; fill 2 = 512
		in 3f5 = 00 00 08 00 00 05 02; out 3f5 5d 0 0 0 1 2 9 2a 1; wait 1ms; fill ff = 512
		in 3f5 = 00 00 08 00 00 02 02`},
}

func repeat(s string, n int) (all string) {
	for range n / 64 { // several a step, as each step is one to be loaded before
		all += "; in 3f5 ="
		for range 64 {
			all += " 01"
		}
	}
	for range n % 64 {
		all += s
	}
	return all
}

func TestScripts(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { devtest.Run(t, build, s.script) })
	}
}

func TestSizes(t *testing.T) {
	c := New(dev.NewClock(func() dev.Time { return 0 }), nil, nil)
	for _, g := range geometries {
		if size := int64(g.cylinders) * int64(g.heads) * int64(g.sectors) * 512; size != g.size || Kind(size) != g.kind {
			t.Errorf("%d sectors of %d bytes", size, g.size)
		}
	}
	if Kind(512) != 0 || c.Insert(0, &devtest.Disk{Data: make([]byte, 512)}) == nil {
		t.Error("a disk of one sector")
	}
}

func FuzzController(f *testing.F) {
	n := devtest.Noise{Build: build, Ports: []uint16{0x3f2, 0x3f3, 0x3f4, 0x3f5, 0x3f5, 0x3f5, 0x3f5, 0x3f7}, Other: func(r *devtest.Rig, random *rand.Rand) {
		switch random.IntN(4) {
		case 0:
			r.Verbs[[]string{"eject", "insert", "break", "mend"}[random.IntN(4)]]([]string{strconv.Itoa(random.IntN(2))})
		case 1:
			r.Verbs["dma"]([]string{"1000"})
		default: // a whole command, into the track
			k := commands[random.IntN(len(commands))]
			r.Bus.Out(0x3f5, 1, uint32(k.code|uint8(random.Uint32())&k.flags|flagMFM&k.flags))
			for i := range k.length - 1 {
				r.Bus.Out(0x3f5, 1, []uint32{0, 0, uint32(random.IntN(2)), 1, 2, 9, 1, 1}[i])
			}
			r.Until(r.Clock.Now() + 1_000_000)
		}
	}}
	n.Fuzz(f)
}

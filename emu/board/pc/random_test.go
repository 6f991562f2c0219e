package pc_test

import (
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"panda/emu"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
)

var (
	randomFor  = flag.Duration("random.for", time.Second, "how long random privileged instructions are tried, in each mode")
	randomSeed = flag.Uint64("random.seed", 0, "try this one only")
)

// Places that the guests know of.
const (
	slotsAt   = 0x20010
	slots     = 127
	slotSize  = 16
	startRegs = 0x1f000
	tablesAt  = 0x70000
	tables    = 6 * 4096
	startEnd  = 0x3000 // of the image, where descriptor tables are
)

// TestRandomSystem runs random privileged instructions in worlds of random descriptors and
// page tables: the engines must come to the same states.
func TestRandomSystem(t *testing.T) {
	for _, name := range []string{"random32", "random64"} {
		t.Run(name, func(t *testing.T) {
			image := assemble(t, "testdata/bare/"+name+".S")
			end := time.Now().Add(*randomFor)
			n := 0
			for seed := *randomSeed; n == 0 || *randomSeed == 0 && time.Now().Before(end) && !t.Failed(); seed++ {
				randomWorld(t, image, seed, name == "random64")
				n++
			}
			t.Logf("%d worlds", n)
		})
	}
}

// randomWorld runs the world of a seed on all engines.
func randomWorld(t *testing.T, image []byte, seed uint64, long bool) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("seed %d: panic: %v\n%s", seed, r, debug.Stack())
		}
	}()
	var first ending
	var words regs.Words
	var ram []byte
	for n, accel := range emu.Accels {
		b := newBare(t, image, accel, "max")
		b.patience = time.Second / 2
		makeWorld(t, b, image, seed, long)
		e := b.run(t, 20000)
		if e.late { // a long repetition, or exceptions without end
			b.close()
			return
		}
		now := b.Memory().Frames(0, bareRAM)
		if n == 0 {
			words, ram = b.c.W, slices.Clone(now)
		} else if e.hash != first.hash {
			whereDiffer(t, &words, &b.c.W, ram, now)
		}
		b.close()
		if n == 0 {
			first = e
		} else if e.hash != first.hash || e.icount != first.icount || string(e.serial) != string(first.serial) {
			t.Errorf("seed %d: %s and %s differ at icounts %d and %d; they tell\n%s", seed, accel, emu.Accels[0], e.icount, first.icount,
				difference(records(image, first.serial), records(image, e.serial)))
		}
	}
}

// whereDiffer tells of the words and bytes in which two states differ.
func whereDiffer(t *testing.T, v, w *regs.Words, a, b []byte) {
	for i := range regs.TempBase {
		if v[i] != w[i] {
			t.Logf("word %d: %#x, %#x", i, v[i], w[i])
		}
	}
	for i, n := 0, 0; i < len(a) && n < 10; i++ {
		if a[i] != b[i] {
			t.Logf("byte %#x: %#x, %#x", i, a[i], b[i])
			n++
		}
	}
}

// makeWorld writes the random parts into memory.
func makeWorld(t *testing.T, b *bare, image []byte, seed uint64, long bool) {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), long: long}
	write := func(at int, v []byte) {
		if err := b.Memory().Write(guest.PhysAddr(at), v); err != nil {
			t.Fatal(err)
		}
	}
	for n := range slots {
		write(slotsAt+n*slotSize, g.slot())
	}
	regs := make([]byte, 64)
	for i := 0; i < len(regs); i += 8 {
		binary.LittleEndian.PutUint64(regs[i:], g.value())
	}
	write(startRegs, regs)
	rcx := map[bool]int{true: 8, false: 24}[long] // repetitions are short
	write(startRegs+rcx, le(uint64(g.IntN(256)), 8))
	if !long {
		write(tablesAt, g.pageTables())
	}
	if g.IntN(2) == 0 { // descriptors with wrong bits
		bad := slices.Clone(image[0x100:min(startEnd, len(image))])
		for range g.IntN(20) {
			bad[g.IntN(len(bad))] ^= 1 << g.IntN(8)
		}
		write(0x7c00+0x100, bad)
	}
}

// generator makes instructions.
type generator struct {
	*rand.Rand
	long bool
}

// slot is some instructions, and INT 30h.
func (g *generator) slot() []byte {
	var b []byte
	for range 1 + g.IntN(3) {
		in := g.insn()
		if len(b)+len(in) > slotSize-2 {
			break
		}
		b = append(b, in...)
	}
	for len(b) < slotSize {
		b = append(b, 0xcd, 0x30)
	}
	return b[:slotSize]
}

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// value is one that means something to system software.
func (g *generator) value() uint64 {
	switch g.IntN(6) {
	case 0:
		return g.Uint64()
	case 1:
		return 1 << g.IntN(64)
	case 2:
		return uint64(g.address())
	case 3:
		return uint64(g.selector())
	case 4:
		return ^uint64(0) << g.IntN(64)
	}
	return uint64(g.IntN(256))
}

func (g *generator) selector() uint16 { return uint16(g.IntN(0x28)*8 + g.IntN(8)&pick(g, 0, 3, 7)) }

// address is one of the tables, the code, or anything.
func (g *generator) address() uint32 {
	return pick(g, 0x7c00+uint32(g.IntN(0x2a00)), tablesAt+uint32(g.IntN(tables)), slotsAt+uint32(g.IntN(0x800)), 0x5000, 0x6ffe, uint32(g.Uint64()), 0x40000000+uint32(g.IntN(0x30000)), 0x80000000+uint32(g.IntN(0x8000)))
}

func le(v uint64, n int) []byte { return binary.LittleEndian.AppendUint64(nil, v)[:n] }

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// simple are instructions without anything to choose.
var simple = []string{
	"\xfa", "\xfb", "\x9c", "\x9d", "\xcf", "\xcb", "\xcc", "\xce", "\xf1", "\x0f\x06", "\x0f\x08", "\x0f\x09", "\x0f\x0b", "\x0f\x30", "\x0f\x31", "\x0f\x32", "\x0f\x33",
	"\x0f\x34", "\x0f\x35", "\x0f\x05", "\x0f\x07", "\x48\x0f\x07", "\x48\xcf", "\x48\xcb", "\x0f\xa2", "\x0f\x01\xf8", "\x0f\x01\xca", "\x0f\x01\xcb", "\x0f\x01\xd0", "\x0f\x01\xd1",
	"\x60", "\x61", "\x1f", "\x07", "\x17", "\x0f\xa1", "\x0f\xa9", "\x6c", "\x6e", "\xf3\x6c", "\xf3\xa4", "\xf3\xab", "\xd9\xe8", "\x9b", "\x0f\x77", "\x0f\x58\xc0", "\xc5\xfc\x58\xc0",
	"\x0f\x20\xc0", "\x0f\x20\xd8", "\x0f\x20\xe0", "\x0f\x21\xf8", "\x0f\x00\xc0", "\x0f\x00\xc8", "\x0f\x01\xe0", "\xec", "\xee", "\x66\xcf", "\x66\xcb", "\x66\x9d", "\xca\x08\x00", "\x90", "\x40\x90",
}

// insn is an instruction, or a few that belong together.
func (g *generator) insn() []byte {
	forms := []func() []byte{
		func() []byte { return []byte(pick(g, simple...)) },
		func() []byte { // a segment register
			return join([]byte{0x66, 0xb8}, le(uint64(g.selector()), 2), []byte{0x8e, 0xc0 | byte(g.IntN(8))<<3})
		},
		func() []byte { // LLDT and the like
			return join([]byte{0x66, 0xb8}, le(uint64(g.selector()), 2), []byte{0x0f, 0x00, 0xd0 | byte(g.IntN(4))<<3})
		},
		func() []byte { // LAR and LSL
			return join([]byte{0xb8}, le(uint64(g.selector()), 4), []byte{0x0f, pick[byte](g, 2, 3), 0xc8})
		},
		func() []byte { // a far jump or call
			return join([]byte{pick[byte](g, 0xea, 0x9a)}, le(uint64(g.address()), 4), le(uint64(g.selector()), 2))
		},
		func() []byte { // a far return
			return join([]byte{0x68}, le(uint64(g.selector()), 4), []byte{0x68}, le(uint64(g.address()), 4), pick(g, []byte{0xcb}, []byte{0x48, 0xcb}))
		},
		g.control, g.control, g.debug, g.flags, g.memory, g.memory,
		func() []byte { return []byte{0xcd, pick(g, byte(g.IntN(0x44)), 0x30, 3, 4)} },
		func() []byte { return []byte{pick[byte](g, 0xe4, 0xe5, 0xe6, 0xe7), pick[byte](g, 0x80, 0x61, 0x84)} },
		func() []byte { // a model-specific register
			n := pick[uint32](g, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0x174, 0x175, 0x176, 0x10, 0x277, g.Uint32())
			return join([]byte{0xb9}, le(uint64(n), 4), []byte{0x0f, pick[byte](g, 0x30, 0x32)})
		},
		func() []byte { return le(g.Uint64(), 1+g.IntN(8)) },
	}
	return pick(g, forms...)()
}

// control writes a control register.
func (g *generator) control() []byte {
	n := pick[byte](g, 0, 0, 3, 4, 4, 2, 8)
	var v uint64
	switch n {
	case 0:
		v = pick[uint64](g, 0x11, 0x80000011, 0x80010011, 0x10, 0x80000019, 0x8000001b, 0x80000015) ^ 1<<g.IntN(32)*pick[uint64](g, 0, 0, 1)
	case 3:
		v = tablesAt + uint64(g.IntN(6))<<12 | pick[uint64](g, 0, 0, 1, 0x18)
	default:
		v = pick[uint64](g, 0, 0x10, 0x20, 0x30, 0x220, 0x2a0, 0x40220, 0x300220, 0x20220) ^ 1<<g.IntN(23)*pick[uint64](g, 0, 0, 1)
	}
	return join([]byte{0xb8}, le(v, 4), []byte{0x0f, 0x22, 0xc0 | n<<3})
}

// debug writes a debug register.
func (g *generator) debug() []byte {
	n := byte(g.IntN(8))
	v := uint64(g.address())
	if n >= 6 {
		v = uint64(g.Uint32()) & pick[uint64](g, 0xffff00ff, 0xffff0003, 0x000f0003, 0xffffffff)
	}
	return join([]byte{0xb8}, le(v, 4), []byte{0x0f, 0x23, 0xc0 | n<<3})
}

// flags loads flags.
func (g *generator) flags() []byte {
	v := uint64(2) | 1<<g.IntN(22) | 1<<pick(g, 8, 9, 12, 13, 14, 16, 17, 18)
	return join([]byte{0x68}, le(v, 4), pick(g, []byte{0x9d}, []byte{0x9d, 0x90}, []byte{0x66, 0x9d}))
}

// memory accesses an address.
func (g *generator) memory() []byte {
	op := pick(g, []byte{0x8b, 0x00}, []byte{0x89, 0x00}, []byte{0xff, 0x00}, []byte{0x88, 0x00}, []byte{0x0f, 0x01, 0x38}, []byte{0x0f, 0x01, 0x10}, []byte{0x0f, 0x01, 0x18}, []byte{0x0f, 0x01, 0x00},
		[]byte{0x0f, 0xb2, 0x20}, []byte{0xff, 0x28}, []byte{0xff, 0x18}, []byte{0x0f, 0xae, 0x00}, []byte{0xff, 0x30}, []byte{0x8f, 0x00}, []byte{0xff, 0xe0}, []byte{0x0f, 0xc7, 0x28}, []byte{0x0f, 0xc7, 0x18}, []byte{0x8e, 0x18})
	return join([]byte{0xb8}, le(uint64(g.address()), 4), op)
}

// pageTables are two pages of tables of 32-bit paging, and three of PAE, of which most bits
// are right.
func (g *generator) pageTables() []byte {
	b := make([]byte, tables)
	put := func(at int, v uint64, n int) {
		if g.IntN(200) == 0 {
			v ^= 1 << g.IntN(8*n)
		}
		copy(b[at:], le(v, n))
	}
	for i := range 1024 {
		put(4*i, uint64(i)<<22|0x87, 4)
		put(0x1000+4*i, uint64(i)<<12|7, 4)
	}
	put(0, tablesAt+0x1007, 4)
	for i := range 4 {
		put(0x2000+8*i, tablesAt+0x3001, 8)
	}
	for i := range 512 {
		put(0x3000+8*i, uint64(i)<<21|0x87, 8)
		put(0x4000+8*i, uint64(i)<<12|7, 8)
	}
	put(0x3000, tablesAt+0x4007, 8)
	return b
}

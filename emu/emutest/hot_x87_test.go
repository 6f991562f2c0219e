package emutest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// x87Gen writes a loop of random x87 instructions that leave the stack as deep as
// they find it.
type x87Gen struct {
	r     *rand.Rand
	code  []byte
	depth int // registers that are full
	bad   bool
	walk  byte // rdi moves by so many bytes in each turn, up to the end of memory; no control instructions
}

// x87Start is how deep the stack is before the loop.
const x87Start = 3

// loop is the code, up to what ends it: the data is at rdi, rcx counts.
func (g *x87Gen) loop(end ...byte) []byte {
	g.code = []byte{0xdb, 0xe3} // fninit
	for range x87Start {
		g.code = append(g.code, 0xd9, 0xeb) // fldpi
	}
	top := len(g.code)
	g.depth = x87Start
	for range 5 + g.r.IntN(25) {
		g.insn()
	}
	for ; g.depth > x87Start; g.depth-- {
		g.code = append(g.code, 0xdd, 0xd8) // fstp st(0)
	}
	for ; g.depth < x87Start; g.depth++ {
		g.code = append(g.code, 0xd9, 0xe8) // fld1
	}
	if g.walk != 0 {
		g.emit(0x48, 0x83, 0xc7, g.walk) // add rdi, imm8
	}
	g.code = append(g.code, 0x48, 0xff, 0xc9, 0x0f, 0x85) // dec rcx; jnz
	back := int32(top - len(g.code) - 4)
	g.code = append(g.code, byte(back), byte(back>>8), byte(back>>16), byte(back>>24))
	return append(g.code, end...)
}

// st is a register of the stack that is full; seldom, when the sequence is to be
// bad, one that is not.
func (g *x87Gen) st(from int) byte {
	if g.bad && g.r.IntN(40) == 0 {
		return byte(g.r.IntN(8))
	}
	return byte(from + g.r.IntN(g.depth-from))
}

// mem is ModRM with an operand in memory.
func (g *x87Gen) mem(reg byte) []byte { return []byte{0x47 | reg<<3, byte(8 * g.r.IntN(16))} }

func (g *x87Gen) emit(b ...byte) { g.code = append(g.code, b...) }

func (g *x87Gen) insn() {
	kinds := 18
	if g.walk != 0 {
		kinds = 16
	}
	switch n := g.r.IntN(kinds); {
	case n >= 16:
		g.control()
	case n == 15: // another block
		g.emit(0xeb, 0x00)
	case n == 13: // another control word, and back
		g.emit(0xd9, 0xbf, 0, 2, 0, 0, 0x66, 0x81, 0x8f, 0, 2, 0, 0, 0, [3]byte{0x0c, 0x08, 0x04}[g.r.IntN(3)]) // fnstcw; or
		g.emit(0xd9, 0xaf, 0, 2, 0, 0, 0xd9, 0xfc)                                                              // fldcw; frndint
		if g.r.IntN(2) == 0 {
			g.emit(0x66, 0x81, 0xa7, 0, 2, 0, 0, 0xff, 0xf3, 0xd9, 0xaf, 0, 2, 0, 0) // and; fldcw
		}
	case n < 4 && g.depth < 8:
		g.push()
	case n < 7:
		g.emit(append([]byte{[4]byte{0xd8, 0xdc, 0xde, 0xda}[g.r.IntN(4)]}, g.mem([6]byte{0, 1, 4, 5, 6, 7}[g.r.IntN(6)])...)...)
	case n == 7:
		g.emit(0xd9, [4]byte{0xe0, 0xe1, 0xfa, 0xfc}[g.r.IntN(4)])
	case n == 8:
		g.emit(0xd9, 0xc8|g.st(0)) // fxch
	case n == 9:
		g.emit(0xdd, 0xd0|g.st(0)) // fst
	case n == 10:
		g.compare()
	case n == 11 && g.depth > 1:
		g.emit(0xde, [6]byte{0xc0, 0xc8, 0xe0, 0xe8, 0xf0, 0xf8}[g.r.IntN(6)]|g.st(1))
		g.depth--
	case n == 12 && g.depth > 1:
		g.store()
	default:
		g.emit([2]byte{0xd8, 0xdc}[g.r.IntN(2)], [6]byte{0xc0, 0xc8, 0xe0, 0xe8, 0xf0, 0xf8}[g.r.IntN(6)]|g.st(0))
	}
}

func (g *x87Gen) push() {
	g.depth++
	switch g.r.IntN(6) {
	case 0:
		g.emit(append([]byte{0xd9}, g.mem(0)...)...)
	case 1:
		g.emit(append([]byte{0xdd}, g.mem(0)...)...)
	case 2:
		g.emit(append([]byte{[2]byte{0xdf, 0xdb}[g.r.IntN(2)]}, g.mem(0)...)...)
	case 3:
		g.emit(append([]byte{[2]byte{0xdf, 0xdb}[g.r.IntN(2)]}, g.mem(5)...)...) // 64 bits; 80 bits
	case 4:
		g.emit(0xd9, 0xe8+byte(g.r.IntN(7)))
	default:
		g.depth--
		g.emit(0xd9, 0xc0|g.st(0))
		g.depth++
	}
}

func (g *x87Gen) compare() {
	switch g.r.IntN(4) {
	case 0:
		g.emit(0xdb, [2]byte{0xf0, 0xe8}[g.r.IntN(2)]|g.st(0)) // fcomi, fucomi
		g.emit(0x73, 0x03, 0x4d, 0x01, 0xda)                   // jae over; add r10, r11
	case 1:
		g.emit(0xd8, 0xd0|g.st(0))
		g.emit(0xdf, 0xe0, 0x01, 0xc3) // fnstsw ax; add ebx, eax
	case 2:
		g.emit(append([]byte{[2]byte{0xd8, 0xdc}[g.r.IntN(2)]}, g.mem(2)...)...)
	default:
		if g.depth > 2 {
			g.emit([2]byte{0xde, 0xda}[g.r.IntN(2)], 0)
			if g.code[len(g.code)-1] = 0xd9; g.code[len(g.code)-2] == 0xda {
				g.code[len(g.code)-1] = 0xe9
			}
			g.depth -= 2
		}
	}
}

// store writes to the second half of the data.
func (g *x87Gen) store() {
	op := [...][2]byte{{0xd9, 2}, {0xd9, 3}, {0xdd, 2}, {0xdd, 3}, {0xdf, 2}, {0xdf, 3}, {0xdb, 2}, {0xdb, 3}, {0xdf, 7}, {0xdb, 7}, {0xdd, 1}, {0xdb, 1}, {0xdf, 1}}[g.r.IntN(13)]
	g.emit(op[0], 0x87|op[1]<<3, byte(8*g.r.IntN(16)), 1, 0, 0)
	if op[1] != 2 {
		g.depth--
	}
}

// TestHotX87 runs loops of x87 instructions on every engine, stops them at
// arbitrary places, and compares everything that the architecture shows.
func TestHotX87(t *testing.T) {
	for seed := range uint64(16) {
		g := &x87Gen{r: rand.New(rand.NewPCG(seed, 5)), bad: seed%4 == 3}
		sameX87(t, g, seed, 1)
	}
}

// TestFaultX87 has loops walk to the end of memory, so that an access faults while
// registers of the x87 are on the host's, in some of them in a block that is hot.
func TestFaultX87(t *testing.T) {
	for seed := range uint64(24) {
		g := &x87Gen{r: rand.New(rand.NewPCG(seed, 7)), walk: 2 + byte(seed%8)}
		stops := sameX87(t, g, seed, 8)
		if len(stops) == 0 {
			continue
		}
		if s := stops[len(stops)-1]; s.why != vcpu.StopException || s.vector != 14 {
			t.Errorf("seed %d ends with %v, vector %d; want a page fault", seed, s.why, s.vector)
		}
	}
}

// sameX87 runs a loop on every engine and compares what they show.
func sameX87(t *testing.T, g *x87Gen, seed uint64, pages int) []x87Stop {
	code := g.loop(0x0f, 0x0b) // ud2
	var ran [][]x87Stop
	t.Run(fmt.Sprint(seed), func(t *testing.T) {
		eachEngine(t, func(t *testing.T) { ran = append(ran, runX87(t, code, seed, pages)) })
		for _, stops := range ran[1:] {
			if len(stops) != len(ran[0]) {
				t.Fatalf("%d stops, and %d\n% x", len(ran[0]), len(stops), code)
			}
			for n, s := range stops {
				if s != ran[0][n] {
					t.Fatalf("stop %d:\n%+v\n%+v\n% x", n, ran[0][n], s, code)
				}
			}
		}
	})
	if len(ran) == 0 { // -run has another seed
		return nil
	}
	return ran[0]
}

// x87Stop is what is seen when the run stops.
type x87Stop struct {
	why    vcpu.Stop
	icount uint64
	vector uint8
	addr   guest.Addr
	flags  uint64
	gpr    [17]uint64
	fpu    [regs.FOP - regs.FCW + 1]uint64
	st     [16]uint64
	memory uint64
}

func runX87(t *testing.T, code []byte, seed uint64, pages int) (stops []x87Stop) {
	b := NewBare(t, 64, "max")
	b.Map(t, hotCode, mmu.PageSize, guest.Read|guest.Exec)
	size := pages * mmu.PageSize
	b.Map(t, hotData, uint64(size), guest.Read|guest.Write)
	b.Write(t, hotCode, code)
	rng := rand.New(rand.NewPCG(seed, 6))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	for i := range (size-mmu.PageSize)/8 + 16 { // mostly plain numbers
		if f := 0x3f + byte(rng.IntN(2)); rng.IntN(4) > 0 {
			data[8*i+7], data[8*i+3] = f, f
		}
	}
	b.Write(t, hotData, data)
	w := &b.CPU.W
	w[regs.RCX], w[regs.RDI], w[regs.R11], w[regs.RIP] = 30_000, uint64(hotData), 3, uint64(hotCode)
	if seed%5 == 4 && pages == 1 { // the operands lie across the end of memory
		w[regs.RDI] = uint64(hotData) + mmu.PageSize - 0x7c
	}
	for range 200 {
		stop := b.Engine.Run(b.CPU, 1+rng.Int64N(500_000))
		s := x87Stop{why: stop, icount: b.CPU.Icount(), flags: hotFlags(b)}
		copy(s.gpr[:], w[:17])
		copy(s.fpu[:], w[regs.FCW:])
		copy(s.st[:], w[regs.ST:])
		if stop == vcpu.StopException {
			s.vector, s.addr = b.CPU.Exc.Vector, b.CPU.Exc.Addr
		}
		if err := b.Space.Read(hotData, data); err != nil {
			t.Fatal(err)
		}
		s.memory = sum(data)
		if stops = append(stops, s); stop != vcpu.StopBudget {
			break
		}
	}
	return stops
}

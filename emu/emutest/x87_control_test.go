package emutest

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/oracle"
)

// Where loops of x87 instructions keep the control word and the images of the
// state, from rdi. What lies from x87Images on holds pointers to instructions,
// and what the CPU says of itself: it is not compared with the host's.
const (
	x87Word   = 0x200
	x87Mxcsr  = 0x208
	x87Images = 0x300
	x87Save   = x87Images
	x87Env    = 0x380
	x87FX     = 0x400
	x87X      = 0x600
)

// at is ModRM with the operand off bytes from rdi.
func (g *x87Gen) at(reg byte, off int) []byte {
	return []byte{0x87 | reg<<3, byte(off), byte(off >> 8), 0, 0}
}

func (g *x87Gen) insnAt(reg byte, off int, op ...byte) { g.emit(append(op, g.at(reg, off)...)...) }

// change gives the x87's control word at off another rounding and precision,
// changeMxcsr SSE's another rounding.
func (g *x87Gen) change(off int) {
	g.insnAt(4, off, 0x66, 0x81) // and word, imm16
	g.emit(0xff, 0xf0)
	g.insnAt(1, off, 0x66, 0x81) // or word, imm16
	g.emit(0, byte(g.r.IntN(4))<<2|[3]byte{0, 2, 3}[g.r.IntN(3)])
}

func (g *x87Gen) changeMxcsr(off int) {
	g.insnAt(4, off, 0x66, 0x81)
	g.emit(0xc0, 0x9f) // without flags
	g.insnAt(1, off, 0x66, 0x81)
	g.emit(0, byte(g.r.IntN(4))<<5)
}

// control writes the control words in one of the ways there are. Between a save
// and the load of what it saved other instructions may run.
func (g *x87Gen) control() {
	switch g.r.IntN(7) {
	case 0:
		g.emit(0xdb, 0xe3) // fninit
		g.refill()
	case 1:
		g.insnAt(6, x87Save, 0xdd) // fnsave
		depth := g.depth
		g.refill()
		g.change(x87Save)
		g.some()
		g.insnAt(4, x87Save, 0xdd) // frstor
		g.depth = depth
	case 2:
		g.insnAt(6, x87Env, 0xd9) // fnstenv
		g.change(x87Env)
		g.insnAt(4, x87Env, 0xd9) // fldenv
	case 3:
		g.insnAt(0, x87FX, 0x0f, 0xae) // fxsave
		depth := g.depth
		g.change(x87FX)
		g.changeMxcsr(x87FX + 24)
		g.some()
		g.insnAt(1, x87FX, 0x0f, 0xae) // fxrstor
		g.depth = depth
	case 4:
		g.feature(0x0f, 0xae, 4) // xsave
		depth := g.depth
		g.change(x87X)
		g.changeMxcsr(x87X + 24)
		g.some()
		g.feature(0x0f, 0xae, 5) // xrstor
		g.depth = depth
	case 5:
		g.insnAt(7, x87Word, 0xd9) // fnstcw
		g.change(x87Word)
		g.insnAt(5, x87Word, 0xd9) // fldcw
	default:
		g.insnAt(3, x87Mxcsr, 0x0f, 0xae) // stmxcsr
		g.changeMxcsr(x87Mxcsr)
		g.insnAt(2, x87Mxcsr, 0x0f, 0xae) // ldmxcsr
	}
	for n := range g.r.IntN(3) {
		g.insnAt(3, x87Mxcsr+8+8*n, 0x0f, 0xae)   // stmxcsr
		g.emit(0xf2, 0x0f, 0x5e, 0xc1|byte(n)<<3) // divsd xmm, xmm1
		g.insnAt(3, x87Mxcsr+8*(3+n), 0x0f, 0xae) // stmxcsr
	}
	if g.depth > 0 {
		g.emit(0xd9, 0xfc) // frndint
	}
}

// feature is XSAVE or XRSTOR of the x87's state and SSE's.
func (g *x87Gen) feature(op1, op2, reg byte) {
	g.emit(0xb8, 3, 0, 0, 0, 0x31, 0xd2) // mov eax, 3; xor edx, edx
	g.insnAt(reg, x87X, op1, op2)
}

// refill fills some of an empty stack.
func (g *x87Gen) refill() {
	for g.depth = 0; g.depth < 1+g.r.IntN(3); g.depth++ {
		g.emit(0xd9, 0xe8|byte(g.r.IntN(6)))
	}
}

// some emits instructions that write no control word.
func (g *x87Gen) some() {
	for range g.r.IntN(3) {
		if g.depth < 8 {
			g.push()
		}
		g.emit(0xd8, 0xc1, 0xeb, 0x00) // fadd st(1); jmp
	}
}

var x87Loops = flag.Int("x87.loops", 120, "how many random loops of x87 instructions to compare with the host")

// TestX87Loops runs loops of x87 instructions, among them everything that writes a
// control word, on the host and on our CPU.
func TestX87Loops(t *testing.T) { eachEngine(t, x87HostLoops) }

func x87HostLoops(t *testing.T) {
	h, m := NewHost(t), NewMachine(t, 64, "max")
	for seed := range uint64(*x87Loops) {
		g := &x87Gen{r: rand.New(rand.NewPCG(seed, 7)), bad: seed%4 == 3}
		code := g.loop(0xcc) // int3
		data := make([]byte, dataSize)
		for i := range data[:x87Images] {
			data[i] = byte(g.r.Uint32())
		}
		in := oracle.NewState(64)
		in.RIP, in.GPR[regs.RDI], in.GPR[regs.RCX], in.GPR[regs.RSP] = LineCode+0x100, LineData, 40, LineData+dataSize
		for n := range in.YMM {
			g.plain(in.YMM[n][:8])
		}
		for n := range 24 {
			g.plain(data[8*n:][:8])
		}
		want, wantData := x87Whole(t, h, code, data, in)
		got, gotData := x87Whole(t, m, code, data, in)
		got.RIP = want.RIP // the trap's, and the host's at its instruction
		ds := StateDiff(got, want, 0)
		if !bytes.Equal(gotData[:x87Images], wantData[:x87Images]) {
			ds = append(ds, "memory differs")
		}
		if ds != nil {
			t.Fatalf("seed %d: %q\n% x", seed, ds, code)
		}
	}
}

// plain makes a number that is near 1, mostly.
func (g *x87Gen) plain(b []byte) {
	for i := range b {
		b[i] = byte(g.r.Uint32())
	}
	if g.r.IntN(4) > 0 {
		b[7], b[3] = 0x3f, 0x3f
	}
}

// x87Whole runs code from the state to the int3 at its end.
func x87Whole(t *testing.T, c CPU, code, data []byte, in *oracle.State) (out *oracle.State, mem []byte) {
	t.Helper()
	copy(c.Memory(), data)
	c.Code(LineCode, blank)
	c.Code(in.RIP, code)
	must(c.Put(in))
	var stop oracle.Stop
	var err error
	if m, ours := c.(*Machine); ours {
		m.Engine.FlushTB()
		stop, err = m.Run(1 << 20)
	} else {
		stop, err = c.Step() // to the next int3
	}
	if err != nil || stop.Vector != oracle.NoVector && stop.Vector != oracle.VecBP {
		t.Fatalf("%v %v", stop, err)
	}
	out = new(oracle.State)
	must(c.Take(out))
	return out, slices.Clone(c.Memory())
}

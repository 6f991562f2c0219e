package toy_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"panda/emu/arch/toy"
	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// after is the state that a sequence leaves.
type after struct {
	words [toy.Words]uint64
	mem   [0x100]byte
	stop  string
}

// TestRandom: sequences of instructions leave the same state on every engine.
func TestRandom(t *testing.T) {
	const sequences, length = 400, 24
	want := map[int]after{}
	var first string
	engines(t, func(t *testing.T, b exec.Backend, paged bool) {
		made := &counted{Backend: b}
		c, e := newMachine(t, made, paged)
		if first == "" {
			first = t.Name()
		}
		for n := range sequences {
			rnd := rand.New(rand.NewPCG(uint64(n), 1))
			code := sequence(rnd, length)
			got := runSequence(t, rnd, c, e, code)
			if t.Name() == first {
				want[n] = got
			} else if got != want[n] {
				t.Errorf("sequence %d:\n%s\n%s: %+v\n%s: %+v", n, listing(code), t.Name(), got, first, want[n])
			}
		}
		if made.blocks < sequences {
			t.Errorf("%d blocks: something else has run them", made.blocks)
		}
	})
	if len(want) < sequences {
		t.Error("nothing was compared")
	}
}

// sequence is code that goes nowhere else, at the end of the page. Registers are few,
// so that instructions meet.
func sequence(rnd *rand.Rand, length int) (code []byte) {
	for len(code) < length*toy.Size {
		n := 1 + rnd.IntN(len(toy.Rows)-1)
		row := &toy.Rows[n]
		if row.Class != vcpu.ClassPlain || row.Operands == "" {
			continue
		}
		word := toy.Opcode(n)
		for _, k := range row.Operands {
			kind := toy.Kinds[k]
			v := rnd.Uint32() & (1<<kind.Bits - 1)
			if kind.Sort == toy.General || kind.Sort == toy.Float {
				v %= 8
			}
			switch {
			case kind.Sort == toy.Base:
				v = uint32(toy.SP)
			case kind.Sort == toy.Offset && rnd.IntN(16) > 0: // else it is a fault, most times
				v %= 0x60
			}
			word |= v << kind.At
		}
		code = binary.LittleEndian.AppendUint32(code, word)
	}
	return code
}

func runSequence(t *testing.T, rnd *rand.Rand, c *vcpu.CPU, e *exec.Engine, code []byte) (a after) {
	new(toy.Guest).Reset(c)
	for r := range ir.Ref(8) {
		c.W[r+1] = rnd.Uint64() >> rnd.IntN(64)
		c.W[toy.Words-1-r] = rnd.Uint64()
	}
	c.W[toy.SP] = memAt + 0x80
	at := codeAt + toy.Size - uint64(len(code))
	if c.Write(memAt, make([]byte, len(a.mem))) != nil || c.Write(guest.Addr(at), code) != nil {
		t.Fatal("the memory cannot be written")
	}
	c.SetPC(guest.Addr(at))
	a.stop = fmt.Sprint(e.Run(c, int64(len(code)/toy.Size)), " ", c.Exc.Vector)
	a.words = [toy.Words]uint64(c.W[:])
	if err := c.Read(memAt, a.mem[:]); err != nil {
		t.Fatal(err)
	}
	return a
}

func listing(code []byte) string {
	var b strings.Builder
	for ; len(code) > 0; code = code[toy.Size:] {
		in, _ := toy.Decode(code)
		fmt.Fprintln(&b, in.Text(0, nil))
	}
	return b.String()
}

package softfloat

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"panda/emu/softfloat/hostfp"
)

// x87Case is one instruction's input.
type x87Case struct {
	a, b F80
	mem  [10]byte
}

func (c *x87Case) m32() uint32 { return binary.LittleEndian.Uint32(c.mem[:]) }
func (c *x87Case) m64() uint64 { return binary.LittleEndian.Uint64(c.mem[:]) }

// x87Result is what an instruction leaves: one or two registers, or memory,
// and condition codes.
type x87Result struct {
	st  [2]F80
	mem [10]byte
	cc  uint16 // C0, C2, C3 at their place in the status word
}

const (
	c0 = 1 << 8
	c1 = 1 << 9
	c2 = 1 << 10
	c3 = 1 << 14
)

// x87Row pairs an operation with the host's. The fields tell what to compare.
type x87Row struct {
	name   string
	host   hostfp.X87
	soft   func(e *Env, c *x87Case) x87Result
	format *format // of the memory operand, nil for random bytes
	st     int     // registers to compare
	mem    int     // bytes to compare
	cc     uint16
}

func envOfCW(e Env) uint16 {
	return uint16(e.Masks) | 0x40 | uint16(e.Precision)<<8 | uint16(e.Round)<<10
}

// randomEnv masks everything in half the cases.
func randomEnv(r *rand.Rand) Env {
	e := Env{
		Round: Rounding(r.IntN(4)), Masks: AllFlags,
		Precision: []Precision{Single, Double, Extended, Extended}[r.IntN(4)],
	}
	if r.IntN(2) == 0 {
		e.Masks = Flags(r.IntN(64))
	}
	return e
}

func runX87(s *hostfp.X87State, row *x87Row, c *x87Case) (got x87Result, sw uint16) {
	hostfp.Put80(&s.A, c.a.Man, c.a.SE)
	hostfp.Put80(&s.B, c.b.Man, c.b.SE)
	s.Mem = c.mem
	row.host(s)
	for i := range row.st {
		got.st[i].Man, got.st[i].SE = s.ST(i)
	}
	copy(got.mem[:row.mem], s.Mem[:])
	got.cc = s.SW() & row.cc
	return got, s.SW()
}

func checkX87(t *testing.T, row *x87Row, e Env, c *x87Case) {
	s := hostfp.X87State{CW: envOfCW(e)}
	want, sw := runX87(&s, row, c)
	masks := e.Masks
	got := row.soft(&e, c)
	trapped := e.Flags&^masks != 0
	bad := uint16(e.Flags) != sw&0x3F || row.cc&c1 == 0 && e.C1 != (sw&c1 != 0)
	if writes := e.Flags&^masks&(IE|DE|ZE) == 0 && (row.mem == 0 || !trapped || e.Flags&^masks == PE); writes {
		bad = bad || got != want
	}
	if bad {
		t.Errorf("%s a=%v b=%v mem=%x cw=%04x:\n got %+v flags %02x C1 %v\nhost %+v flags %02x C1 %v",
			row.name, c.a, c.b, c.mem, s.CW, got, e.Flags, e.C1, want, sw&0x3F, sw&c1 != 0)
	}
}

// fillMemory draws a memory operand for the row.
func fillMemory(r *rand.Rand, row *x87Row, c *x87Case) {
	binary.LittleEndian.PutUint64(c.mem[:], r.Uint64()>>r.UintN(64))
	c.mem[9] = byte(r.Uint32())
	if row.format == nil {
		return
	}
	sp := specials(row.format)
	v := sp[r.IntN(len(sp))]
	if r.IntN(3) != 0 {
		v = operand(r, row.format, v)
	}
	binary.LittleEndian.PutUint64(c.mem[:], v)
}

func runX87Row(t *testing.T, row *x87Row) int {
	n := 0
	sp := specials80()
	rnd := newRand()
	for _, a := range sp {
		for _, b := range sp {
			c := x87Case{a: a, b: b}
			fillMemory(rnd, row, &c)
			checkX87(t, row, randomEnv(rnd), &c)
			n++
		}
	}
	for range *cases {
		var c x87Case
		c.a = operand80(rnd, F80{intBit, bias80})
		c.b = operand80(rnd, c.a)
		if rnd.IntN(8) == 0 {
			c.a = sp[rnd.IntN(len(sp))]
		}
		fillMemory(rnd, row, &c)
		checkX87(t, row, randomEnv(rnd), &c)
		n++
		if t.Failed() {
			return n
		}
	}
	return n
}

// traps are the rows that trap by the maker's choice when a tiny result's exception
// is not masked.
var traps = map[string]bool{"fprem": true, "fprem1": true, "fscale": true}

func runX87Rows(t *testing.T, rows []x87Row) {
	for i := range rows {
		t.Run(rows[i].name, func(t *testing.T) {
			t.Parallel()
			if traps[rows[i].name] {
				sameMaker(t)
			}
			t.Logf("%d cases", runX87Row(t, &rows[i]))
		})
	}
}

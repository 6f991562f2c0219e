package softfloat

import (
	"testing"

	"panda/emu/softfloat/hostfp"
)

// FuzzHostSSE and FuzzHostX87 let the fuzzer choose operation, mode and
// operands, and compare with the host as the table tests do.

func FuzzHostSSE(f *testing.F) {
	rows := append(append([]row(nil), arithmeticRows...), conversionRows...)
	if hostfp.HasFMA() {
		rows = append(rows, fmaRows...)
	}
	all := settings()
	for i := range rows {
		f.Add(uint8(i), uint8(i), uint64(1), uint64(inf64), uint64(min64))
	}
	f.Fuzz(func(t *testing.T, op, mode uint8, a, b, c uint64) {
		check(t, &rows[int(op)%len(rows)], all[int(mode)%len(all)], [3]uint64{a, b, c})
	})
}

func FuzzHostX87(f *testing.F) {
	var rows []x87Row
	for _, r := range [][]x87Row{x87Arithmetic, x87Compares, x87Conversions, x87Parts} {
		rows = append(rows, r...)
	}
	for i := range rows {
		f.Add(uint8(i), uint16(0x33F), uint64(intBit), uint16(1), uint64(3<<62), uint16(bias80), uint64(min64))
	}
	f.Fuzz(func(t *testing.T, op uint8, cw uint16, aMan uint64, aSE uint16, bMan uint64, bSE uint16, m uint64) {
		e := Env{Round: Rounding(cw >> 10 & 3), Precision: Precision(cw >> 8 & 3), Masks: Flags(cw) & AllFlags}
		if e.Precision == 1 {
			e.Precision = Extended // 01 is reserved
		}
		c := x87Case{a: F80{aMan, aSE}, b: F80{bMan, bSE}}
		for i := range 8 {
			c.mem[i] = byte(m >> (8 * i))
		}
		checkX87(t, &rows[int(op)%len(rows)], e, &c)
	})
}

package main

import (
	"fmt"
		"panda/emu/softfloat/hostfp"
)

type f80 struct {
	se  uint16
	man uint64
}

var (
	one  = f80{0x3fff, 1 << 63}
	zero = f80{}
	inf  = f80{0x7fff, 1 << 63}
	den  = f80{0, 1}
	pden = f80{0, 1<<63 | 1}
	minn = f80{1, 1 << 63}
	maxn = f80{0x7ffe, 1<<64 - 1}
	q1   = f80{0x7fff, 0xC000000000000001}
	q2   = f80{0xffff, 0xC000000000000002}
	q1n  = f80{0xffff, 0xC000000000000001}
	s1   = f80{0x7fff, 0x8000000000000001}
	s2   = f80{0xffff, 0x8000000000000002}
	pnan = f80{0x7fff, 0x4000000000000002}
	pinf = f80{0x7fff, 0}
	unn  = f80{0x4000, 0x4000000000000000}
)

func (a f80) neg() f80 { a.se ^= 0x8000; return a }

const M = 0x37f

func r(n string, f hostfp.X87, cw uint16, a, b f80, mem ...byte) {
	s := &hostfp.X87State{CW: cw}
	hostfp.Put80(&s.A, a.man, a.se)
	hostfp.Put80(&s.B, b.man, b.se)
	copy(s.Mem[:], mem)
	f(s)
	m0, e0 := s.ST(0)
	m1, e1 := s.ST(1)
	sw := s.SW()
	fmt.Printf("%-14s cw=%04x %04x:%016x %04x:%016x -> %04x:%016x %04x:%016x mem %x sw=%04x fl=%02x c3210=%d%d%d%d\n", n, cw, a.se, a.man, b.se, b.man, e0, m0, e1, m1, s.Mem, sw, sw&0x3f, sw>>14&1, sw>>10&1, sw>>9&1, sw>>8&1)
}


func main() {
	U := uint16(0x37f &^ 0x10)
	pi := f80{0x4000, 0xc90fdaa22168c235}
	h := f80{0x3ffe, 1 << 63}
	for _, x := range []struct {
		n string
		f hostfp.X87
	}{{"sin", hostfp.Fsin}, {"cos", hostfp.Fcos}, {"tan", hostfp.Fptan}, {"sincos", hostfp.Fsincos}, {"2xm1", hostfp.F2xm1}} {
		for _, a := range []f80{pi, den, pden, den.neg(), minn, {1, 3 << 62}, zero.neg(), inf, inf.neg(), q2, s2, unn, {0x3fff + 63, 1 << 63}, {0x3fff + 62, 1<<64 - 1}, {0x3fff - 70, 3 << 62}, one, one.neg(), h, h.neg(), {0x4000, 1 << 63}, {0xc000, 1 << 63}, {0xbfff, 3 << 62}, maxn, {0x3fff - 32, 1 << 63},{0x3fff - 33, 1 << 63}, {0x3fff - 70, 1 << 63}} {
			r(x.n, x.f, M, a, one)
			if a.se&0x7fff <= 2 {
				r(x.n+" um", x.f, U, a, one)
				r(x.n+" up", x.f, M|0x800, a, one)
				r(x.n+" z", x.f, M|0xc00, a, one)
			}
		}
	}
	vals := []f80{zero, zero.neg(), den, den.neg(), h, h.neg(), one, one.neg(), {0x4000, 1 << 63}, {0xc000, 1 << 63}, inf, inf.neg(), q2, maxn}
	for _, x := range []struct {
		n string
		f hostfp.X87
	}{{"yl2x", hostfp.Fyl2x}, {"yl2xp1", hostfp.Fyl2xp1}, {"patan", hostfp.Fpatan}} {
		for _, a := range vals {
			for _, b := range vals {
				r(x.n, x.f, M, a, b)
			}
		}
	}
}

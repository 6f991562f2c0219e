package softfloat

import (
	"fmt"
	"testing"

	"panda/emu/softfloat/hostfp"
)

func TestExplore2(t *testing.T) {
	host := func(f hostfp.X87, cw uint16, a, b F80, st int) (F80, uint16) {
		s := hostfp.X87State{CW: cw}
		hostfp.Put80(&s.A, a.Man, a.SE)
		hostfp.Put80(&s.B, b.Man, b.SE)
		f(&s)
		var r F80
		r.Man, r.SE = s.ST(st)
		return r, s.SW()
	}
	for _, se := range []uint16{bias80 - 3, bias80-2, bias80-1, bias80 + 1, bias80 + 2, bias80 + 5, bias80+1000} {
		for _, y := range []F80{{intBit, bias80}, {0xD123456789abcdef, bias80}, {0xD123456789abcdef, bias80|sign80}} {
			for rc := uint16(0); rc < 4; rc++ {
				r, sw := host(hostfp.Fyl2x, 0x37f|rc<<10, F80{intBit, se}, y, 0)
				fmt.Printf("x %x y %x rc %d: %x c1 %v\n", se, y, rc, r, sw&c1 != 0)
			}
		}
	}
	for rc := uint16(0); rc < 4; rc++ {
		r, sw := host(hostfp.Fpatan, 0x37f|rc<<10, F80{intBit, bias80}, F80{intBit|1, bias80-50}, 0)
		fmt.Printf("patan rc %d: %x c1 %v\n", rc, r, sw&c1 != 0)
		r, sw = host(hostfp.Fpatan, 0x37f|rc<<10, F80{intBit|3, bias80}, F80{intBit|1, bias80-50}, 0)
		fmt.Printf("patan rc %d: %x c1 %v\n", rc, r, sw&c1 != 0)
		r, sw = host(hostfp.Fpatan, 0x37f|rc<<10, F80{intBit, bias80}, F80{intBit|1, bias80-33}, 0)
		fmt.Printf("patan rc %d: %x c1 %v\n", rc, r, sw&c1 != 0)
		for _, x := range []F80{{intBit,bias80},{intBit,bias80|sign80}} {
			for _, y := range []F80{{0,0}, {intBit,maxExp80}, {intBit, bias80}} {
				r, sw := host(hostfp.Fpatan, 0x37f|rc<<10, x, y, 0)
				fmt.Printf("patan x %x y %x rc %d: %x c1 %v\n",x,y, rc, r, sw&c1 != 0)
			}
		}
		for _, x := range []F80{{intBit,bias80},{intBit,bias80|sign80},{intBit,bias80-1}} {
			r, sw := host(hostfp.F2xm1, 0x37f|rc<<10, x, x, 0)
			fmt.Printf("f2xm1 x %x rc %d: %x c1 %v\n",x, rc, r, sw&c1 != 0)
			r, sw = host(hostfp.Fyl2xp1, 0x37f|rc<<10, x, F80{intBit,bias80}, 0)
			fmt.Printf("fyl2xp1 x %x rc %d: %x c1 %v %x\n",x, rc, r, sw&c1 != 0,sw&63)
		}
	}
}

package pc

import "panda/emu/dev"

// source is who may raise an interrupt line: a line is high while one of them is.
type source uint8

const (
	fromChip  source = 1 << iota // of the board
	fromOther                    // another one, at the same line
	fromPIT
	fromHPET
	fromPCI
	fromSCI
)

// lines are the sixteen interrupt lines of a PC.
type lines struct {
	high   [16]source
	legacy bool // lines 0 and 8 are the HPET's
}

// line is the wire by which a source raises a line.
func (p *PC) line(n int, from source) dev.Wire {
	return func(high bool) {
		p.lines.high[n] &^= from
		if high {
			p.lines.high[n] |= from
		}
		p.drive(n)
	}
}

// drive gives a line's level to the interrupt controllers.
func (p *PC) drive(n int) {
	on := p.lines.high[n]
	if n == 0 || n == 8 {
		if p.lines.legacy {
			on &= fromHPET
		} else {
			on &^= fromHPET
		}
	}
	p.pic.IRQ(n).Set(on != 0)
	if p.pci != nil {
		pin := n
		if n == 0 { // ISA's line 0 is wired to input 2
			pin = 2
		}
		p.pci.ioapic.Set(pin, on != 0)
	}
}

// intr is the output of the 8259s.
func (p *PC) intr(high bool) {
	if p.pci != nil {
		p.pci.apic.SetLINT0(high)
		return
	}
	p.cpu.CPU().INTR(high)
}

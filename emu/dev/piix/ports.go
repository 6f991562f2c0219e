package piix

// base are the ports at PMBASE.
type base struct{ p *PM }

// port16 is a register of 16 bits, of which parts can be accessed.
type port16 struct {
	read  func(p *PM) uint16
	write func(p *PM, v, mask uint16)
}

var pm16 = map[uint16]port16{
	pmStatus: {(*PM).events, (*PM).clearStatus},
	pmEnable: {
		func(p *PM) uint16 { return p.enable },
		func(p *PM, v, mask uint16) { p.enable = (p.enable&^mask | v) & eventBits },
	},
	pmControl: {
		func(p *PM) uint16 { return p.control },
		func(p *PM, v, mask uint16) { p.setControl(p.control&^mask | v) },
	},
	pmGlobal:     {func(p *PM) uint16 { return uint16(p.global) }, func(p *PM, v, mask uint16) { p.global = p.global&^uint32(mask) | uint32(v) }},
	pmGlobal + 2: {func(p *PM) uint16 { return uint16(p.global >> 16) }, func(p *PM, v, mask uint16) { p.global = p.global&^(uint32(mask)<<16) | uint32(v)<<16 }},
	pmTimer:      {read: func(p *PM) uint16 { return uint16(p.ticks()) }},
	pmTimer + 2:  {read: func(p *PM) uint16 { return uint16(p.ticks() >> 16) }},
}

// ticks are those of the timer, which has 24 bits.
func (p *PM) ticks() uint32 { return uint32(p.clock.Now().Ticks(TimerHz)) & (1<<timerWidth - 1) }

func (p *PM) clearStatus(v, _ uint16) {
	p.status &^= v & (eventBits | eventWake | 1<<4)
	if v&eventTimer != 0 {
		p.turns = p.highest()
	}
}

// In reads registers, two bytes of them at once.
func (b base) In(port uint16, size int) (v uint32) {
	for i := 0; i < size; {
		off := (port + uint16(i)) & (pmSize - 1)
		if r := pm16[off&^1]; r.read != nil {
			v |= uint32(r.read(b.p)>>(off&1*8)) << (8 * i)
		}
		i += 2 - int(off&1)
	}
	return v
}

// Out writes registers.
func (b base) Out(port uint16, size int, v uint32) {
	for i := 0; i < size; {
		off := (port + uint16(i)) & (pmSize - 1)
		mask, part := uint16(0xffff), uint16(v>>(8*i))
		if off&1 != 0 {
			mask, part = 0xff00, part<<8
		} else if size-i == 1 {
			mask, part = 0xff, part&0xff
		}
		if r := pm16[off&^1]; r.write != nil {
			r.write(b.p, part, mask)
		}
		i += 2 - int(off&1)
	}
	b.p.update()
}

// gpe are the general-purpose events: two bytes of status and two that enable them.
type gpe struct{ p *PM }

// In reads a byte.
func (g gpe) In(port uint16, _ int) uint32 {
	all := uint32(g.p.gpeEnable)<<16 | uint32(g.p.gpeStatus)
	return all >> (port & 3 * 8) & 0xff
}

// Out writes a byte.
func (g gpe) Out(port uint16, _ int, v uint32) {
	shift := port & 1 * 8
	if port&2 == 0 {
		g.p.gpeStatus &^= uint16(v) << shift
	} else {
		g.p.gpeEnable = g.p.gpeEnable&^(0xff<<shift) | uint16(v)<<shift
	}
	g.p.update()
}

// apm are the ports by which an operating system asks firmware in SMM. What it would do
// there happens at once.
type apm struct{ p *PM }

// In reads what was written.
func (a apm) In(port uint16, _ int) uint32 { return uint32(a.p.apm[port&1]) }

// Out takes commands.
func (a apm) Out(port uint16, _ int, v uint32) {
	a.p.apm[port&1] = uint8(v)
	switch {
	case port != PortCommand:
	case v == ACPIEnable:
		a.p.control |= controlSCI
	case v == ACPIDisable:
		a.p.control &^= controlSCI
	}
	a.p.update()
}

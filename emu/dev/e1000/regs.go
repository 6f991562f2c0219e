package e1000

const deviceID = 0x100e

// Registers (table 13-2).
const (
	regCTRL    = 0x0000
	regSTATUS  = 0x0008
	regEECD    = 0x0010
	regEERD    = 0x0014
	regMDIC    = 0x0020
	regVET     = 0x0038
	regICR     = 0x00c0
	regICS     = 0x00c8
	regIMS     = 0x00d0
	regIMC     = 0x00d8
	regRCTL    = 0x0100
	regTCTL    = 0x0400
	regLEDCTL  = 0x0e00
	regPBA     = 0x1000
	regRDBAL   = 0x2800
	regRDLEN   = 0x2808
	regRDH     = 0x2810
	regRDT     = 0x2818
	regTDBAL   = 0x3800
	regTDLEN   = 0x3808
	regTDH     = 0x3810
	regTDT     = 0x3818
	regStats   = 0x4000
	regStatEnd = 0x4124
	regTSCTC   = 0x40f8
	regMTA     = 0x5200
	regRA      = 0x5400
	regVFTA    = 0x5600

	raValid = 1 << 31
	raCount = 16
)

// Bits of the control register (13.4.1).
const (
	ctrlReset    = 1 << 26
	ctrlVLAN     = 1 << 30
	ctrlPHYReset = 1 << 31
)

// Reasons of interrupts (13.4.17).
const (
	causeTXDW   = 1 << 0
	causeTXQE   = 1 << 1
	causeLSC    = 1 << 2
	causeRXDMT0 = 1 << 4
	causeRXT0   = 1 << 7
	causeMDAC   = 1 << 9
	causeBits   = 0x1ffff
)

// value is that of a register after reset.
type value struct {
	reg int
	v   uint32
}

var defaults = []value{
	{regCTRL, 0x00000a41}, // full duplex, link up, 1000 Mb/s
	{regSTATUS, 0x00000083},
	{regEECD, eecdPresent},
	{regMDIC, mdicReady},
	{regPBA, 0x00100030},
	{regLEDCTL, 0x07068302},
}

// special are registers that do something, or are not what was written.
type special struct {
	read  func(e *E1000) uint32
	write func(e *E1000, v uint32)
}

var specials = map[int]special{
	regCTRL:   {write: (*E1000).setControl},
	regSTATUS: {write: ignore},
	regEECD:   {read: (*E1000).readEECD, write: (*E1000).setEECD},
	regEERD:   {write: (*E1000).setEERD},
	regMDIC:   {write: (*E1000).setMDIC},
	regICR:    {read: (*E1000).takeICR, write: func(e *E1000, v uint32) { e.regs[regICR/4] &^= v; e.signal() }},
	regICS:    {read: zero, write: func(e *E1000, v uint32) { e.raise(v & causeBits) }},
	regIMS:    {write: func(e *E1000, v uint32) { e.regs[regIMS/4] |= v & causeBits; e.signal() }},
	regIMC:    {read: zero, write: func(e *E1000, v uint32) { e.regs[regIMS/4] &^= v; e.signal() }},
	regRCTL:   {write: func(e *E1000, v uint32) { e.regs[regRCTL/4] = v; e.roomMade() }},
	regTCTL:   {write: func(e *E1000, v uint32) { e.regs[regTCTL/4] = v; e.transmit() }},
	regRDBAL:  masked(regRDBAL, 0xfffffff0),
	regTDBAL:  masked(regTDBAL, 0xfffffff0),
	regRDLEN:  masked(regRDLEN, 0xfff80),
	regTDLEN:  masked(regTDLEN, 0xfff80),
	regRDH:    masked(regRDH, 0xffff),
	regTDH:    masked(regTDH, 0xffff),
	regRDT:    {write: func(e *E1000, v uint32) { e.regs[regRDT/4] = v & 0xffff; e.roomMade() }},
	regTDT:    {write: func(e *E1000, v uint32) { e.regs[regTDT/4] = v & 0xffff; e.transmit() }},
}

func zero(*E1000) uint32 { return 0 }

func ignore(*E1000, uint32) {}

func masked(reg int, mask uint32) special {
	return special{write: func(e *E1000, v uint32) { e.regs[reg/4] = v & mask }}
}

// takeICR reads the reasons, which are over then (13.4.17).
func (e *E1000) takeICR() uint32 {
	v := e.regs[regICR/4]
	if v&e.regs[regIMS/4] != 0 {
		v |= 1 << 31
	}
	e.regs[regICR/4] = 0
	e.signal()
	return v
}

func (e *E1000) setControl(v uint32) {
	if v&ctrlReset != 0 {
		e.reset()
		return
	}
	if v&ctrlPHYReset != 0 {
		e.phy = phyDefaults
	}
	e.regs[regCTRL/4] = v &^ (ctrlReset | ctrlPHYReset)
}

// readReg reads a register. Statistics are cleared by that (13.7).
func (e *E1000) readReg(reg int) uint32 {
	if reg >= regWords*4 {
		return 0
	}
	if s := specials[reg]; s.read != nil {
		return s.read(e)
	}
	v := e.regs[reg/4]
	if reg >= regStats && reg <= regStatEnd {
		e.regs[reg/4] = 0
	}
	return v
}

func (e *E1000) writeReg(reg int, v uint32) {
	if reg >= regWords*4 || reg >= regStats && reg <= regStatEnd {
		return
	}
	if s := specials[reg]; s.write != nil {
		s.write(e, v)
		return
	}
	e.regs[reg/4] = v
}

// Load reads registers, which are of 32 bits.
func (e *E1000) Load(off uint64, size int) uint64 {
	v := uint64(e.readReg(int(off & (memorySize - 4))))
	if size == 8 {
		return v | uint64(e.readReg(int((off+4)&(memorySize-4))))<<32
	}
	return v >> (off % 4 * 8)
}

// Store writes registers.
func (e *E1000) Store(off uint64, size int, v uint64) {
	if off%4 != 0 || size < 4 {
		return
	}
	e.writeReg(int(off&(memorySize-4)), uint32(v))
	if size == 8 {
		e.writeReg(int((off+4)&(memorySize-4)), uint32(v>>32))
	}
}

// ports are two: the number of a register, and the register (13.3.1).
type ports struct{ e *E1000 }

// In reads one of them.
func (p ports) In(port uint16, size int) uint32 {
	switch port & (portsSize - 4) {
	case 0:
		return p.e.port >> (port % 4 * 8)
	case 4:
		return uint32(p.e.Load(uint64(p.e.port), 4) >> (port % 4 * 8))
	}
	return 0
}

// Out writes one of them.
func (p ports) Out(port uint16, size int, v uint32) {
	switch {
	case size != 4:
	case port&(portsSize-1) == 0:
		p.e.port = v & (memorySize - 4)
	case port&(portsSize-1) == 4:
		p.e.Store(uint64(p.e.port), 4, uint64(v))
	}
}

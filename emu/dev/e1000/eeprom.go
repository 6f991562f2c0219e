package e1000

import "panda/emu/snap"

const (
	eepromWords = 64
	eepromSum   = 0xbaba // of all words (5.6.35)

	eecdClock   = 1 << 0
	eecdSelect  = 1 << 1
	eecdIn      = 1 << 2
	eecdOut     = 1 << 3
	eecdRequest = 1 << 6
	eecdGrant   = 1 << 7
	eecdPresent = 1 << 8
)

// eeprom is what is in it (5.6): the address and who made the card.
func eeprom(mac [6]byte) (w [eepromWords]uint16) {
	for i := range 3 {
		w[i] = uint16(mac[2*i]) | uint16(mac[2*i+1])<<8
	}
	w[0x03], w[0x08], w[0x09] = 0x0800, 0x3000, 0x1000
	w[0x0a], w[0x0b], w[0x0c], w[0x0d], w[0x0e] = 0x6403, 0x1100, 0x1af4, deviceID, 0x8086
	w[0x0f], w[0x21] = 0x3040, 0x7061
	sum := uint16(eepromSum)
	for _, v := range w[:eepromWords-1] {
		sum -= v
	}
	w[eepromWords-1] = sum
	return w
}

// microwire is the EEPROM's side of its four wires: a start bit, two bits of a command, six
// of an address, and then sixteen of data and more (5.3.1).
type microwire struct {
	wires   uint32 // as they were written last
	bits    uint8  // that have come since the start
	shift   uint16
	reading bool
	left    uint8 // bits of the word
	out     bool
}

const (
	microwireBits = 9
	microwireRead = 6 // the start bit and the command
)

func (m *microwire) state(s *snap.Stream) {
	snap.Int(s, &m.wires)
	snap.Int(s, &m.shift)
	snap.Below(s, &m.bits, microwireBits)
	snap.Below(s, &m.left, 17)
	s.Bool(&m.reading, &m.out)
}

// clock is a rising edge of the clock.
func (m *microwire) clock(words *[eepromWords]uint16, in bool) {
	if m.reading {
		if m.left == 0 {
			m.shift, m.left = (m.shift+1)%eepromWords, 16
		}
		m.left--
		m.out = words[m.shift%eepromWords]>>m.left&1 != 0
		return
	}
	if m.bits == 0 && !in {
		return
	}
	m.shift <<= 1
	if in {
		m.shift |= 1
	}
	if m.bits++; m.bits < microwireBits {
		return
	}
	command := m.shift >> 6
	m.bits, m.shift, m.out = 0, m.shift%eepromWords, false
	m.reading, m.left = command == microwireRead, 16
}

func (e *E1000) setEECD(v uint32) {
	m := &e.rom
	rises := v&^m.wires&eecdClock != 0
	m.wires = v & (eecdClock | eecdSelect | eecdIn | eecdRequest)
	switch {
	case v&eecdSelect == 0:
		*m = microwire{wires: m.wires, out: true} // it is not busy
	case rises:
		m.clock(&e.words, v&eecdIn != 0)
	}
}

func (e *E1000) readEECD() uint32 {
	v := e.rom.wires | eecdPresent
	if e.rom.out {
		v |= eecdOut
	}
	if v&eecdRequest != 0 {
		v |= eecdGrant
	}
	return v
}

// setEERD reads a word at once (13.4.4).
func (e *E1000) setEERD(v uint32) {
	const start, done = 1 << 0, 1 << 4
	if v&start != 0 {
		v = v&0xff00 | done | uint32(e.words[v>>8%eepromWords])<<16
	}
	e.regs[regEERD/4] = v
}

// Bits of the register of the PHY's (13.4.6).
const (
	mdicWrite   = 1 << 26
	mdicRead    = 2 << 26
	mdicReady   = 1 << 28
	mdicIRQ     = 1 << 29
	mdicError   = 1 << 30
	mdicAddress = 1 << 21

	phyControl   = 0
	phyReset     = 1 << 15
	phyRestart   = 1 << 9
	phyWritable  = 1<<0 | 1<<4 | 1<<7 | 1<<9 | 1<<16 | 1<<18 | 1<<20 | 1<<29 | 1<<30 | 1<<31
	phyRegisters = 32
)

// phyDefaults are those of a PHY whose link is up at 1000 Mb/s (IEEE 802.3, 22.2.4; 13.5).
var phyDefaults = [phyRegisters]uint16{
	0: 0x1140, 1: 0x796d, 2: 0x0141, 3: 0x0c20, 4: 0x0de1, 5: 0xcde1, 6: 0x0001,
	9: 0x0e00, 10: 0x3c00, 15: 0x3000, 16: 0x0360, 17: 0xac00, 20: 0x0d60,
}

func (e *E1000) setMDIC(v uint32) {
	reg := v >> 16 & 31
	switch {
	case v&(31<<21) != mdicAddress:
		v |= mdicError
	case v&(3<<26) == mdicRead:
		v = v&^0xffff | uint32(e.phy[reg])
	case v&(3<<26) == mdicWrite:
		e.setPHY(reg, uint16(v))
	}
	e.regs[regMDIC/4] = v | mdicReady
	if v&mdicIRQ != 0 {
		e.raise(causeMDAC)
	}
}

func (e *E1000) setPHY(reg uint32, v uint16) {
	if reg == phyControl {
		if v&phyReset != 0 {
			e.phy = phyDefaults
			return
		}
		if v&phyRestart != 0 { // the link is negotiated at once
			e.raise(causeLSC)
		}
		v &^= phyReset | phyRestart
	}
	if phyWritable>>reg&1 != 0 {
		e.phy[reg] = v
	}
}

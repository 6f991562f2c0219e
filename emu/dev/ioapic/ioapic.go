// Package ioapic is the I/O APIC of a PC (Intel 82093AA datasheet, 290566): 24 inputs that
// become messages for local APICs.
//
// A high input means that its interrupt is asserted, whatever the voltage is that stands for
// it: the polarity of an entry is kept, and changes nothing. So a guest need not be told how
// a board that has no voltages is wired.
package ioapic

import "panda/emu/snap"

// Inputs is how many there are.
const Inputs = 24

// Bits of an entry of the redirection table (datasheet 3.2.4).
const (
	entryLogical   = 1 << 11
	entryRemoteIRR = 1 << 14
	entryLevel     = 1 << 15
	entryMasked    = 1 << 16
	entryWritable  = 0xff<<56 | 0x1afff
)

// Message is an interrupt on its way to local APICs.
type Message struct {
	Dest    uint8
	Logical bool
	Mode    uint8 // the delivery mode: 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT
	Vector  uint8
	Level   bool
}

// IOAPIC is an I/O APIC.
type IOAPIC struct {
	deliver func(Message) (taken bool)
	index   uint8
	id      uint32
	inputs  [Inputs]bool
	entries [Inputs]uint64
}

// New is an I/O APIC after reset. deliver reports whether a local APIC took the message.
func New(deliver func(Message) (taken bool)) *IOAPIC {
	a := &IOAPIC{deliver: deliver}
	a.Reset()
	return a
}

// Reset masks all inputs.
func (a *IOAPIC) Reset() {
	a.index, a.id = 0, 0
	for i := range a.entries {
		a.entries[i] = entryMasked
	}
}

// State names its state.
func (a *IOAPIC) State(s *snap.Stream) {
	s.Name("ioapic 1")
	snap.Int(s, &a.index)
	snap.Int(s, &a.id)
	for i := range a.inputs {
		s.Bool(&a.inputs[i])
	}
	snap.Ints(s, a.entries[:])
}

// Set gives an input a level.
func (a *IOAPIC) Set(input int, high bool) {
	was := a.inputs[input]
	a.inputs[input] = high
	switch {
	case a.entries[input]&entryLevel != 0:
		a.level(input)
	case high && !was && a.entries[input]&entryMasked == 0:
		a.send(input)
	}
}

// level sends the interrupt of a level-triggered input, unless the last one has not ended.
func (a *IOAPIC) level(input int) {
	e := &a.entries[input]
	if a.inputs[input] && *e&(entryLevel|entryMasked|entryRemoteIRR) == entryLevel && a.send(input) {
		*e |= entryRemoteIRR
	}
}

func (a *IOAPIC) send(input int) (taken bool) {
	e := a.entries[input]
	return a.deliver(Message{
		Dest: uint8(e >> 56), Logical: e&entryLogical != 0,
		Mode: uint8(e >> 8 & 7), Vector: uint8(e), Level: e&entryLevel != 0,
	})
}

// EOI is the message of a local APIC that a level-triggered interrupt has ended.
func (a *IOAPIC) EOI(vector uint8) {
	for i, e := range a.entries {
		if uint8(e) == vector && e&entryRemoteIRR != 0 {
			a.entries[i] &^= entryRemoteIRR
			a.level(i)
		}
	}
}

// Registers of the page, and behind them (datasheet 3.1, 3.2).
const (
	offIndex  = 0x00
	offWindow = 0x10

	regID      = 0
	regVersion = 1
	regArb     = 2
	regTable   = 0x10

	version = (Inputs-1)<<16 | 0x11
)

// Load reads the page.
func (a *IOAPIC) Load(off uint64, size int) uint64 {
	switch off &^ 3 {
	case offIndex:
		return uint64(a.index) >> (off % 4 * 8)
	case offWindow:
		return uint64(a.read(int(a.index))) >> (off % 4 * 8)
	}
	return 0
}

func (a *IOAPIC) read(reg int) uint32 {
	switch {
	case reg == regID, reg == regArb:
		return a.id
	case reg == regVersion:
		return version
	case reg >= regTable && reg < regTable+2*Inputs:
		return uint32(a.entries[(reg-regTable)/2] >> (reg % 2 * 32))
	}
	return 0
}

// Store writes the page.
func (a *IOAPIC) Store(off uint64, size int, v uint64) {
	switch {
	case off == offIndex:
		a.index = uint8(v)
	case off == offWindow && size >= 4:
		a.write(int(a.index), uint32(v))
	}
}

func (a *IOAPIC) write(reg int, v uint32) {
	switch {
	case reg == regID:
		a.id = v & 0x0f000000
	case reg >= regTable && reg < regTable+2*Inputs:
		input, shift := (reg-regTable)/2, reg%2*32
		e := &a.entries[input]
		mask := uint64(entryWritable) & (0xffffffff << shift)
		*e = *e&^mask | uint64(v)<<shift&mask
		if *e&entryLevel == 0 { // an edge has none; guests make it forget in this way
			*e &^= entryRemoteIRR
		}
		a.level(input)
	}
}

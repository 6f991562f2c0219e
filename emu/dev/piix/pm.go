package piix

import (
	"panda/emu/dev"
	"panda/emu/dev/pci"
	"panda/emu/snap"
)

// Outputs are what power management is wired to. All may be nil.
type Outputs struct {
	SCI      dev.Wire
	PowerOff func()
	// Sleep is told of other states than off, by the type that the guest wrote. Wake ends it.
	Sleep func(kind uint8)
}

// Where the ports are that no register moves, and what they take. ACPI's fixed table names
// them.
const (
	PortGPE0    = 0xafe0
	PortCommand = 0xb2
	ACPIEnable  = 0xf1
	ACPIDisable = 0xf0
)

// TimerHz is how often the timer of ACPI counts in a second.
const TimerHz = 3_579_545

// Registers of configuration space (datasheet of the PIIX4, 7.1).
const (
	regDevActB = 0x58
	regPMBase  = 0x40
	regPMMisc  = 0x80

	pmSize = 64
)

// Registers at PMBASE (datasheet of the PIIX4, 7.2).
const (
	pmStatus  = 0x00
	pmEnable  = 0x02
	pmControl = 0x04
	pmTimer   = 0x08
	pmGlobal  = 0x28
)

// Their bits.
const (
	eventTimer  = 1 << 0
	eventGlobal = 1 << 5
	eventPower  = 1 << 8
	eventRTC    = 1 << 10
	eventWake   = 1 << 15
	eventBits   = eventTimer | eventGlobal | eventPower | eventRTC

	controlSCI   = 1 << 0
	controlBits  = 0x1c03
	controlSleep = 1 << 13
	sleepShift   = 10
	sleepOff     = 0

	timerWidth = 24
)

// PM is the power management function.
type PM struct {
	f     *pci.Function
	out   Outputs
	clock *dev.Clock
	alarm *dev.Timer
	ports *pci.Region

	status, enable, control uint16
	global                  uint32
	turns                   uint64 // of the timer's highest bit that the guest knows of
	gpeStatus, gpeEnable    uint16
	apm                     [2]uint8
	sci                     bool
}

// NewPM is power management, whose fixed ports are attached to the bus.
func NewPM(clock *dev.Clock, ports *dev.PortBus, out Outputs) *PM {
	p := &PM{out: out, clock: clock, f: pci.NewFunction(pci.ID{
		Vendor: 0x8086, Device: 0x7113, Revision: 3, Class: 0x068000, SubVendor: 0x1af4, SubDevice: 0x1100, Pin: 1,
	})}
	p.alarm = clock.NewTimer(p.update)
	p.f.Registers([]pci.Register{
		{Off: 0x04, Size: 2, Writable: 0x0101},
		{Off: 0x06, Size: 2, Value: 0x0280, Clear: 0xf900},
		{Off: regPMBase, Size: 4, Value: 1, Writable: 0xffc0},
		{Off: 0x44, Size: 4, Writable: 0xffffffff},
		{Off: 0x48, Size: 4, Writable: 0xffffffff},
		{Off: 0x4c, Size: 4, Writable: 0xffffffff},
		{Off: 0x50, Size: 4, Writable: 0xffffffff},
		{Off: 0x54, Size: 4, Writable: 0xffffffff},
		// SMIs of the APM ports are on already: firmware that finds them off installs a
		// handler for SMM, which there is none of, and waits for it.
		{Off: regDevActB, Size: 4, Value: 1 << 25, Writable: 0x03ffffff},
		{Off: 0x5c, Size: 4, Writable: 0xffffffff},
		{Off: 0x60, Size: 4, Writable: 0xffffffff},
		{Off: regPMMisc, Size: 1, Writable: 1},
		{Off: 0x90, Size: 4, Value: 1, Writable: 0xfff0},
		{Off: 0xd2, Size: 4, Writable: 0xffffff0f},
	})
	p.ports = p.f.PortsAt(pmSize, 4, base{p})
	p.f.OnWrite = func(int, int) { p.move() }
	ports.Attach(PortGPE0, PortGPE0+3, 1, gpe{p})
	ports.Attach(PortCommand, PortCommand+1, 1, apm{p})
	return p
}

// Function is its place on the bus.
func (p *PM) Function() *pci.Function { return p.f }

// Setup is what firmware does: the ports are at an address.
func (p *PM) Setup(at uint16) {
	p.f.Set32(regPMBase, uint32(at)&0xffc0|1)
	p.f.Set8(regPMMisc, 1)
	p.move()
}

func (p *PM) move() {
	p.f.Move(p.ports, uint64(p.f.Get32(regPMBase)&0xffc0), p.f.Get8(regPMMisc)&1 != 0)
}

// Reset is as after power-up; the timer counts on.
func (p *PM) Reset() {
	p.f.Reset()
	p.status, p.enable, p.control, p.global = 0, 0, 0, 0
	p.gpeStatus, p.gpeEnable, p.apm = 0, 0, [2]uint8{}
	p.turns = p.highest()
	p.move()
	p.update()
}

// State names its state.
func (p *PM) State(s *snap.Stream) {
	s.Name("piix pm 1")
	p.f.State(s)
	snap.Int(s, &p.status, &p.enable, &p.control, &p.gpeStatus, &p.gpeEnable)
	snap.Int(s, &p.global)
	snap.Int(s, &p.turns)
	snap.Int(s, &p.apm[0], &p.apm[1])
	s.Bool(&p.sci)
	p.alarm.State(s)
}

// PowerButton is pressed.
func (p *PM) PowerButton() { p.event(eventPower) }

// Wake ends a sleep.
func (p *PM) Wake() { p.event(eventWake) }

// SetGPE is a general-purpose event, 0 to 15.
func (p *PM) SetGPE(n int) {
	p.gpeStatus |= 1 << n
	p.update()
}

func (p *PM) event(bit uint16) {
	p.status |= bit
	p.update()
}

// highest is how often the highest bit of the timer has turned.
func (p *PM) highest() uint64 { return p.clock.Now().Ticks(TimerHz) >> (timerWidth - 1) }

func (p *PM) events() uint16 {
	if p.highest() != p.turns {
		return p.status | eventTimer
	}
	return p.status
}

// update finds the level of the SCI. The timer is waited for only if it would change it.
func (p *PM) update() {
	on := p.control&controlSCI != 0
	sci := on && (p.events()&p.enable&eventBits != 0 || p.gpeStatus&p.gpeEnable != 0)
	if sci != p.sci {
		p.sci = sci
		p.out.SCI.Set(sci)
	}
	at := dev.Never
	if on && p.enable&eventTimer != 0 && p.events()&eventTimer == 0 {
		at = dev.TickTime((p.turns+1)<<(timerWidth-1), TimerHz)
	}
	if p.alarm.At() != at {
		p.alarm.Set(at)
	}
}

func (p *PM) setControl(v uint16) {
	p.control = v & controlBits
	if v&controlSleep == 0 {
		return
	}
	switch kind := uint8(v >> sleepShift & 7); {
	case kind == sleepOff && p.out.PowerOff != nil:
		p.out.PowerOff()
	case kind != sleepOff && p.out.Sleep != nil:
		p.out.Sleep(kind)
	}
}

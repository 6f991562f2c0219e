// Package pc is the boards of PCs: it makes the chips and wires them. What a chip does is its
// own affair, and what the wires mean the board's.
package pc

import (
	"fmt"

	"panda/emu/arch/x86"
	"panda/emu/board"
	"panda/emu/dev"
	"panda/emu/dev/backend"
	"panda/emu/dev/i16550"
	"panda/emu/dev/i8042"
	"panda/emu/dev/i8254"
	"panda/emu/dev/i8259"
	"panda/emu/dev/ide"
	"panda/emu/dev/mc146818"
	"panda/emu/dev/sysport"
	"panda/emu/mmu"
	"panda/emu/snap"
	"panda/emu/vcpu"
)

// Config says what is in the PC.
type Config struct {
	PCI   bool // the board of a PC with PCI, else of one with ISA
	RAM   uint64
	Model *x86.Model
	// Start is the time at which it is switched on, in seconds of Unix.
	Start int64
	// Serial get what the serial ports send. There is always the first of them, and four at
	// most. Debug gets what firmware says of itself.
	Serial []func(b byte)
	Debug  func(b byte)
	// Firmware is a BIOS, whose end is where the CPU begins; VGABIOS that of the screen.
	Firmware, VGABIOS []byte
	Kernel            *Kernel // booted without firmware
	Boot              string  // the order of what is booted from: a floppy, c disk, d CD-ROM
	// Disks are those of the IDE controller, two on each channel; nil for none.
	Disks [4]*ide.Drive
	// Image is code that runs without firmware, in real mode at ImageAt.
	Image []byte
	// DebugExit puts a port at F4h that ends the machine: see sysport.Exit.
	DebugExit bool
}

// PC is one.
type PC struct {
	*board.Board
	cfg Config
	c   *vcpu.CPU
	cpu *x86.System
	mem *mmu.Physical
	lay layout

	ports dev.PortBus
	lines lines
	pic   *i8259.Pair
	pit   *i8254.Timer
	rtc   *mc146818.Clock
	uarts []*i16550.UART
	kbd   *i8042.Controller
	ctl   *sysport.ControlA
	post  sysport.Latch
	disks *ide.Controller
	pci   *pciParts // nil on the ISA board

	gates [2]bool // of A20, by the keyboard controller and by port 92h
	chips []chip
}

// chip is a chip with the name that its state has.
type chip struct {
	name string
	dev.Chip
}

// New makes a PC around a vCPU.
func New(cfg Config, c *vcpu.CPU) (*PC, error) {
	lay, err := newLayout(&cfg)
	if err != nil {
		return nil, err
	}
	mem, err := mmu.NewFrames(lay.frames)
	if err != nil {
		return nil, err
	}
	p := &PC{Board: board.New(), cfg: cfg, c: c, mem: mem, lay: lay}
	p.cpu = x86.NewSystem(cfg.Model, x86.Wiring{APIC: cfg.PCI}, c, mem, bus{p})
	p.wire()
	if cfg.PCI {
		p.wirePCI()
	}
	p.showMemory()
	p.setCMOS()
	if err := p.load(); err != nil {
		return nil, err
	}
	return p, nil
}

// CPU is the architecture of the machine's CPU.
func (p *PC) CPU() *x86.System { return p.cpu }

// Memory is its physical memory.
func (p *PC) Memory() *mmu.Physical { return p.mem }

// wire makes the chips that every PC has.
func (p *PC) wire() {
	clock := p.Clock
	p.pic = i8259.New(p.intr)
	p.pit = i8254.New(clock, p.line(0, fromPIT))
	p.rtc = mc146818.New(clock, p.line(8, fromChip), p.cfg.Start)
	p.kbd = i8042.New(clock, i8042.Wires{Keyboard: p.line(1, fromChip), Mouse: p.line(12, fromChip), A20: p.gate(0), Reset: p.resets})
	p.ctl = sysport.NewControlA(p.gate(1), p.resets)
	for _, a := range []struct {
		first, last uint16
		ports       dev.Ports
	}{
		{0x20, 0x21, p.pic},
		{0xa0, 0xa1, p.pic},
		{0x4d0, 0x4d1, p.pic},
		{0x40, 0x43, p.pit},
		{0x61, 0x61, p.pit.ControlB()},
		{0x60, 0x60, p.kbd},
		{0x64, 0x64, p.kbd},
		{0x70, 0x71, p.rtc},
		{0x80, 0x80, &p.post},
		{0x92, 0x92, p.ctl},
		{0x402, 0x402, debugPort{p.cfg.Debug}},
	} {
		p.ports.Attach(a.first, a.last, 1, a.ports)
	}
	if p.cfg.DebugExit {
		p.ports.Attach(0xf4, 0xf4, 1, sysport.NewExit(func(status int) { p.Exit(status) }))
	}
	p.chips = []chip{{"pic", p.pic}, {"pit", p.pit}, {"rtc", p.rtc}, {"i8042", p.kbd}, {"port92", p.ctl}, {"port80", &p.post}}
	p.wireSerial()
	p.wireDisks()
}

// serialPorts are where PCs have them.
var serialPorts = [...]struct {
	port uint16
	line int
	from source
}{{0x3f8, 4, fromChip}, {0x2f8, 3, fromChip}, {0x3e8, 4, fromOther}, {0x2e8, 3, fromOther}}

// SerialPorts is how many serial ports there are at most.
const SerialPorts = len(serialPorts)

func (p *PC) wireSerial() {
	for n, at := range serialPorts[:max(1, len(p.cfg.Serial))] {
		send := func(byte) {}
		if n < len(p.cfg.Serial) {
			send = p.cfg.Serial[n]
		}
		u := i16550.New(p.Clock, p.line(at.line, at.from), send)
		u.Space = p.Offer
		p.ports.Attach(at.port, at.port+7, 1, u)
		p.uarts = append(p.uarts, u)
		p.chips = append(p.chips, chip{fmt.Sprintf("serial%d", n), u})
	}
}

// wireDisks makes the controller of IDE.
func (p *PC) wireDisks() {
	p.disks = ide.New(p.Clock, &p.ports, [2]dev.Wire{p.line(14, fromChip), p.line(15, fromChip)})
	for n, d := range p.cfg.Disks {
		if d != nil {
			p.disks.Attach(n/2, n%2, *d)
		}
	}
	p.chips = append(p.chips, chip{"ide", p.disks})
}

// Insert changes the medium of a CD-ROM.
func (p *PC) Insert(drive int, d backend.Disk) { p.disks.Insert(drive/2, drive%2, d) }

// debugPort is where firmware says what it does.
type debugPort struct{ say func(b byte) }

// In tells firmware that somebody listens.
func (d debugPort) In(uint16, int) uint32 { return 0xe9 }

// Out takes a byte.
func (d debugPort) Out(_ uint16, _ int, v uint32) {
	if d.say != nil {
		d.say(byte(v))
	}
}

// gate is one of the wires that open A20: one is enough.
func (p *PC) gate(n int) dev.Wire {
	return func(high bool) {
		p.gates[n] = high
		p.cpu.CPU().SetA20(p.gates[0] || p.gates[1])
	}
}

func (p *PC) resets(high bool) {
	if high {
		p.Board.Reset()
	}
}

// Start makes the PC ready to run.
func (p *PC) Start(cfg board.Config) {
	cfg.CPU = p.c
	p.Board.Start(cfg, chips{p})
}

// Close gives back what the PC was made of.
func (p *PC) Close() { p.mem.Close() }

// chips is the PC as its board sees it.
type chips struct{ *PC }

// Reset resets the CPU and all chips.
func (c chips) Reset() {
	p := c.PC
	p.cpu.CPU().Reset()
	for _, d := range p.chips {
		d.Reset()
	}
	p.showMemory()
	p.load() // which it has done before
}

// Wakes reports whether the CPU has a reason to go on.
func (c chips) Wakes() bool { return c.cpu.CPU().Wakes() }

// Deaf reports whether it takes no interrupts.
func (c chips) Deaf() bool { return c.cpu.CPU().Deaf() }

// Input takes what has come in.
func (c chips) Input(in board.Input) (rest []byte, done bool) {
	for n, u := range c.uarts {
		if in.Port == fmt.Sprintf("serial%d", n) {
			taken := u.Receive(in.Data)
			return in.Data[taken:], taken == len(in.Data)
		}
	}
	panic("BUG: input for " + in.Port)
}

// State is what all of the machine remembers, without its memory.
func (p *PC) State(s *snap.Stream) {
	p.Board.State(s)
	p.cpu.CPU().State(s)
	s.Bool(&p.gates[0], &p.gates[1], &p.lines.legacy)
	snap.Ints(s, p.lines.high[:])
	for _, d := range p.chips {
		s.Name(d.name)
		d.State(s)
	}
}

// bus is what the CPU is wired to.
type bus struct{ *PC }

func (b bus) In(port uint16, size int) uint32 { return b.ports.In(port, size) }

func (b bus) Out(port uint16, size int, v uint32) { b.ports.Out(port, size, v) }

// Acknowledge is the cycle by which the CPU asks for the vector.
func (b bus) Acknowledge() (uint8, bool) {
	if b.pci != nil {
		return b.pci.apic.Acknowledge()
	}
	return b.pic.Acknowledge(), true
}

func (b bus) Time() uint64 { return uint64(b.Clock.Now()) }

func (b bus) MSR(n uint32) (uint64, bool) {
	if b.pci != nil {
		return b.pci.apic.MSR(n)
	}
	return 0, false
}

func (b bus) SetMSR(n uint32, v uint64) bool { return b.pci != nil && b.pci.apic.SetMSR(n, v) }

func (b bus) Priority() uint64 {
	if b.pci != nil {
		return uint64(b.pci.apic.TPR())
	}
	return 0
}

func (b bus) SetPriority(v uint64) {
	if b.pci != nil {
		b.pci.apic.SetTPR(uint8(v))
	}
}

// nothing answers where there is nothing.
type nothing struct{}

func (nothing) Load(uint64, int) uint64 { return ^uint64(0) }

func (nothing) Store(uint64, int, uint64) {}

// Package ide is the IDE controller of a PIIX3 (Intel 82371SB datasheet, 290550) and its
// drives: disks (ATA/ATAPI-7, INCITS 397-2005, volume 1 and 2) and CD-ROMs (MMC-3 commands
// in packets). It is two channels of two drives at the ports of old, with the bus master of
// "Programming Interface for Bus Master IDE Controller" 1.0.
//
// A command does what it does within the access that starts it, data and all. Its interrupt
// comes a short time later, so that a handler never runs within its own command.
package ide

import (
	"panda/emu/dev"
	"panda/emu/dev/backend"
	"panda/emu/dev/pci"
	"panda/emu/snap"
)

// Ports of the two channels.
var (
	portCommand = [2]uint16{0x1f0, 0x170}
	portControl = [2]uint16{0x3f6, 0x376}
)

const (
	channels = 2
	units    = 2
	delay    = 5_000 // ns from the end of a command to its interrupt
	mostBuf  = 64 << 10
)

// Drive is what is connected as a unit of a channel.
type Drive struct {
	Disk   backend.Disk // nil for a CD-ROM without a medium
	CDROM  bool
	Model  string // at most 40 letters
	Serial string // at most 20
}

// Controller is a controller and its drives.
type Controller struct {
	f        *pci.Function
	channels [channels]channel
}

// New is a controller at its ports. Without a PCI bus it is that of an ISA machine. irq are
// inputs 14 and 15 of the 8259.
func New(clock *dev.Clock, ports *dev.PortBus, irq [2]dev.Wire) *Controller {
	c := &Controller{f: pci.NewFunction(pci.ID{Vendor: 0x8086, Device: 0x7010, Class: 0x010180, SubVendor: 0x1af4, SubDevice: 0x1100})}
	c.f.Registers([]pci.Register{
		{Off: 0x04, Size: 2, Writable: 0x0005},
		{Off: 0x06, Size: 2, Value: 0x0280, Clear: 0x7900},
		{Off: 0x40, Size: 4, Writable: 0xf3fff3ff},
		{Off: 0x44, Size: 1, Writable: 0xff},
	})
	c.f.PortsBAR(4, 16, 4, master{c})
	for i := range c.channels {
		ch := &c.channels[i]
		*ch = channel{c: c, irq: irq[i], clock: clock, timer: clock.NewTimer(ch.ring)}
		ports.Attach(portCommand[i], portCommand[i]+7, 4, taskFile{ch})
		ports.Attach(portControl[i], portControl[i], 1, control{ch})
		for u := range ch.drives {
			ch.drives[u].reset()
		}
	}
	return c
}

// Function is the controller's place on the bus.
func (c *Controller) Function() *pci.Function { return c.f }

// Attach connects a drive, before the guest runs.
func (c *Controller) Attach(channel, unit int, d Drive) {
	at := &c.channels[channel].drives[unit]
	at.Drive, at.present = d, true
	at.defaults()
	at.reset()
}

// Insert changes the medium of a CD-ROM; nil takes it out.
func (c *Controller) Insert(channel, unit int, d backend.Disk) {
	at := &c.channels[channel].drives[unit]
	at.Disk, at.open, at.changed = d, d == nil, d != nil
	at.event = true
}

// Reset is as after power-up.
func (c *Controller) Reset() {
	c.f.Reset()
	for i := range c.channels {
		ch := &c.channels[i]
		ch.stop()
		ch.control, ch.selected, ch.bm = 0, 0, busMaster{}
		for u := range ch.drives {
			ch.drives[u].defaults()
			ch.drives[u].reset()
		}
		ch.lower()
	}
}

// State names its state. Media are the board's, which has the same ones in their places when
// a state is loaded.
func (c *Controller) State(s *snap.Stream) {
	s.Name("ide 1")
	c.f.State(s)
	for i := range c.channels {
		c.channels[i].state(s)
	}
}

// What a channel waits for.
const (
	idle     = iota
	sending  // that the guest reads data
	taking   // that it writes data
	packet   // that it writes a packet
	dmaReady // that it starts the bus master
	phases
)

// channel is a cable with two drives, of which one has a command.
type channel struct {
	c        *Controller
	irq      dev.Wire
	clock    *dev.Clock
	timer    *dev.Timer
	drives   [units]drive
	selected uint8
	control  uint8
	intrq    bool
	level    bool // of irq

	phase uint8
	buf   []byte // data on its way
	at    int    // of them what comes next
	end   int    // and where this block of them ends
	job   job
	bm    busMaster
}

// job is the part of a command that is still to be done: bytes of the medium.
type job struct {
	unit   uint8
	write  bool
	dma    bool
	packet bool
	pos    int64
	left   int64
	block  int64 // bytes for each interrupt
}

func (ch *channel) state(s *snap.Stream) {
	snap.Below(s, &ch.selected, units)
	snap.Int(s, &ch.control)
	s.Bool(&ch.intrq, &ch.level)
	snap.Below(s, &ch.phase, phases)
	s.Blob(&ch.buf, mostBuf)
	snap.Below(s, &ch.end, len(ch.buf)+1)
	snap.Below(s, &ch.at, ch.end+1)
	j := &ch.job
	snap.Below(s, &j.unit, units)
	s.Bool(&j.write, &j.dma, &j.packet)
	snap.Below(s, &j.pos, 1<<62)
	snap.Below(s, &j.left, 1<<40)
	snap.Below(s, &j.block, mostBuf+1)
	if s.Loading() && (j.left%backend.SectorSize != 0 || j.pos%backend.SectorSize != 0 || j.left > 0 && (j.block == 0 || !j.packet && j.block%backend.SectorSize != 0)) {
		s.Fail("a transfer of parts of sectors")
	}
	if s.Loading() && ch.phase == packet && len(ch.buf) != packetSize {
		s.Fail("a packet of %d bytes", len(ch.buf))
	}
	ch.bm.state(s)
	for i := range ch.drives {
		ch.drives[i].state(s)
	}
	ch.timer.State(s)
}

func (ch *channel) drive() *drive { return &ch.drives[ch.selected] }

// soon has the interrupt come.
func (ch *channel) soon() { ch.timer.Set(ch.clock.Now() + delay) }

// ring is the interrupt.
func (ch *channel) ring() {
	ch.intrq = true
	ch.bm.status |= bmInterrupt
	ch.signal()
}

func (ch *channel) lower() {
	ch.intrq = false
	ch.signal()
}

func (ch *channel) signal() {
	if high := ch.intrq && ch.control&controlNoIRQ == 0; high != ch.level {
		ch.level = high
		ch.irq.Set(high)
	}
}

// stop ends what the channel does.
func (ch *channel) stop() {
	ch.phase, ch.buf, ch.at, ch.end, ch.job = idle, nil, 0, 0, job{}
	ch.timer.Set(dev.Never)
	ch.intrq = false
}

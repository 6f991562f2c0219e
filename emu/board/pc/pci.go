package pc

import (
	"panda/emu/dev"
	"panda/emu/dev/fwcfg"
	"panda/emu/dev/hpet"
	"panda/emu/dev/i440fx"
	"panda/emu/dev/ioapic"
	"panda/emu/dev/lapic"
	"panda/emu/dev/pci"
	"panda/emu/dev/piix"
	"panda/emu/dev/vga"
	"panda/emu/guest"
	"panda/emu/mmu"
)

// pciParts are the chips that the board with PCI has besides.
type pciParts struct {
	bus    *pci.Bus
	host   *i440fx.Bridge
	isa    *piix.ISA
	pm     *piix.PM
	apic   *lapic.APIC
	ioapic *ioapic.IOAPIC
	hpet   *hpet.HPET
	fw     *fwcfg.Device
	vga    *vga.VGA

	apicAt guest.PhysAddr // where the page of the local APIC is
}

// Where chips answer in memory.
const (
	ioapicAt = 0xfec00000
	hpetAt   = 0xfed00000
)

func (p *PC) wirePCI() {
	x := &pciParts{}
	cpu := p.cpu.CPU()
	x.apic = lapic.New(p.Clock, lapic.Features{X2APIC: true}, lapic.Outputs{
		Pending: cpu.INTR,
		NMI: func(high bool) {
			if high {
				cpu.NMI()
			}
		},
		INIT:  p.resets,
		EOI:   func(v uint8) { x.ioapic.EOI(v) },
		INTA:  p.pic.Acknowledge,
		Moved: func(uint64) { p.placeAPIC() },
	})
	x.ioapic = ioapic.New(func(m ioapic.Message) bool {
		return x.apic.Deliver(lapic.Message{Dest: uint32(m.Dest), Logical: m.Logical, Mode: m.Mode, Vector: m.Vector, Level: m.Level})
	})
	p.pci = x
	p.mem.Attach(ioapicAt, x.ioapic)
	p.placeAPIC()
	p.wireHPET()
	p.wireBridges()
	p.wireScreen()
	p.wireFirmware()
	p.chips = append(p.chips, chip{"pci", x.bus}, chip{"lapic", x.apic}, chip{"ioapic", x.ioapic}, chip{"hpet", x.hpet},
		chip{"host bridge", x.host}, chip{"isa bridge", x.isa}, chip{"acpi", x.pm}, chip{"fw_cfg", x.fw}, chip{"vga", x.vga})
}

// placeAPIC puts the page of the local APIC where its base says.
func (p *PC) placeAPIC() {
	x := p.pci
	if x == nil { // it is being made
		return
	}
	if x.apicAt != 0 {
		p.mem.AttachRange(x.apicAt, mmu.PageSize, func(guest.PhysAddr) mmu.Device { return nil })
		x.apicAt = 0
	}
	if x.apic.Enabled() {
		x.apicAt = guest.PhysAddr(x.apic.Base())
		p.mem.Attach(x.apicAt, x.apic)
	}
}

func (p *PC) wireHPET() {
	var inputs [24]dev.Wire
	for n := range inputs {
		inputs[n] = func(high bool) { p.pci.ioapic.Set(n, high) }
	}
	p.pci.hpet = hpet.New(p.Clock, hpet.Outputs{
		IOAPIC: inputs, IRQ0: p.line(0, fromHPET), IRQ8: p.line(8, fromHPET),
		Legacy: func(on bool) {
			p.lines.legacy = on
			p.drive(0)
			p.drive(8)
		},
	})
	p.mem.Attach(hpetAt, p.pci.hpet)
}

func (p *PC) wireBridges() {
	x := p.pci
	x.bus = pci.NewBus(pci.World{
		Ports: &p.ports, Memory: ranges{p}, RAM: p.mem,
		MSI: func(addr uint64, data uint32) {
			if m, ok := lapic.MSI(addr, data); ok {
				x.apic.Deliver(m)
			}
		},
	})
	x.host = i440fx.New(p.shadow)
	x.bus.Add(0, 0, x.host.Function())
	var irqs [16]dev.Wire
	for n := range irqs {
		irqs[n] = p.line(n, fromPCI)
	}
	x.isa = piix.NewISA(irqs, func() { p.resets(true) })
	x.bus.Add(1, 0, x.isa.Function())
	x.isa.Connect(x.bus)
	x.bus.Add(1, 1, p.disks.Function())
	x.pm = piix.NewPM(p.Clock, &p.ports, piix.Outputs{SCI: p.line(9, fromSCI), PowerOff: func() { p.Exit(0) }})
	x.bus.Add(1, 3, x.pm.Function())
}

// wireScreen puts the VGA on the bus, and its window where PCs have it.
func (p *PC) wireScreen() {
	x := p.pci
	x.vga = vga.New(p.Clock, p.mem.Frames(p.lay.vram, vramSize))
	x.vga.Attach(&p.ports)
	p.mem.AttachRange(baseEnd, optionROM-baseEnd, func(off guest.PhysAddr) mmu.Device { return x.vga.Window(int(off / mmu.PageSize)) })
	f := pci.NewFunction(pci.ID{Vendor: 0x1234, Device: 0x1111, Revision: 2, Class: 0x030000, SubVendor: 0x1af4, SubDevice: 0x1100})
	f.MemoryBAR(0, vramSize, frameBuffer{})
	f.MemoryBAR(2, mmu.PageSize, x.vga.BAR())
	if len(p.cfg.VGABIOS) > 0 {
		f.ROM(p.cfg.VGABIOS)
	}
	x.bus.Add(2, 0, f)
	p.chips = append(p.chips, chip{"vga function", f})
}

// frameBuffer is the memory of the screen on the bus, which is shown as memory.
type frameBuffer struct{}

func (frameBuffer) Load(uint64, int) uint64 { panic("BUG: the frame buffer is memory") }

func (frameBuffer) Store(uint64, int, uint64) { panic("BUG: the frame buffer is memory") }

// ranges is where functions of the bus have their memory.
type ranges struct{ *PC }

// Map has a range answered.
func (r ranges) Map(at guest.PhysAddr, size uint64, d pci.Device) bool {
	if !r.mem.Free(at, guest.PhysAddr(size)) || uint64(at)+size > 1<<40 {
		return false
	}
	if d == pci.Device(frameBuffer{}) {
		r.mem.Show(mmu.Shown{At: at, Size: guest.PhysAddr(size), Frame: r.lay.vram, Write: r.lay.vram, Access: everything})
		return true
	}
	r.mem.AttachRange(at, guest.PhysAddr(size), func(off guest.PhysAddr) mmu.Device { return pci.Page(d, uint64(off)) })
	return true
}

// Unmap ends that.
func (r ranges) Unmap(at guest.PhysAddr, size uint64) {
	r.mem.Hide(at, guest.PhysAddr(size))
	r.mem.AttachRange(at, guest.PhysAddr(size), func(guest.PhysAddr) mmu.Device { return nil })
}

// Keys of fw_cfg (docs/specs/fw_cfg of QEMU).
const (
	fwRAM     = 0x03
	fwCPUs    = 0x05
	fwMenu    = 0x0e
	fwMaxCPUs = 0x0f
)

func (p *PC) wireFirmware() {
	fw := fwcfg.New(&p.ports, p.mem)
	fw.Add64(fwRAM, min(p.cfg.RAM, holeFrom))
	fw.Add16(fwCPUs, 1)
	fw.Add16(fwMaxCPUs, 1)
	fw.Add16(fwMenu, 0)
	e820 := []fwcfg.Range{{At: 0, Size: min(p.cfg.RAM, holeFrom), Kind: 1}}
	if p.cfg.RAM > holeFrom {
		e820 = append(e820, fwcfg.Range{At: holeEnd, Size: p.cfg.RAM - holeFrom, Kind: 1})
	}
	fw.AddFile(fwcfg.E820Table, fwcfg.E820(e820))
	p.pci.fw = fw
}

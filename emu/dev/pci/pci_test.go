package pci

import (
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/chiptest"
	"panda/emu/guest"
	"panda/emu/snap"
)

// pages is a map that has RAM in its first MiB.
type pages struct {
	at map[guest.PhysAddr]Device
}

func (p *pages) Map(at guest.PhysAddr, size uint64, d Device) bool {
	if at < 1<<20 || uint64(at)+size > 1<<40 || size%pageSize != 0 {
		return false
	}
	for off := range size / pageSize {
		if p.at[at+guest.PhysAddr(off*pageSize)] != nil {
			return false
		}
	}
	for off := uint64(0); off < size; off += pageSize {
		p.at[at+guest.PhysAddr(off)] = Page(d, off)
	}
	return true
}

func (p *pages) Unmap(at guest.PhysAddr, size uint64) {
	for off := uint64(0); off < size; off += pageSize {
		delete(p.at, at+guest.PhysAddr(off))
	}
}

// device is a function that answers with where it was asked.
type device struct{ f *Function }

func (d *device) In(port uint16, size int) uint32      { return uint32(port) }
func (d *device) Out(uint16, int, uint32)              { d.f.SetInterrupt(true) }
func (d *device) Load(off uint64, size int) uint64     { return off }
func (d *device) Store(off uint64, size int, v uint64) { d.f.SetInterrupt(v != 0) }

// board is a bus with two devices.
type board struct {
	b       *Bus
	devices [2]*device
}

func (b *board) Reset() {
	b.b.Reset()
	for _, d := range b.devices {
		d.f.Reset()
	}
}

func (b *board) State(s *snap.Stream) {
	b.b.State(s)
	for _, d := range b.devices {
		d.f.State(s)
	}
}

func rig() *chiptest.Rig {
	r := &chiptest.Rig{RAM: make([]byte, 64)}
	mem := &pages{at: map[guest.PhysAddr]Device{}}
	bus := &dev.PortBus{}
	addr, data := r.Word("msi"), r.Word("data")
	b := &board{b: NewBus(World{Ports: bus, Memory: mem, RAM: r.RAM, MSI: func(a uint64, d uint32) { *addr, *data = a, uint64(d) }})}
	r.Chip = b
	for i := range b.devices {
		f := NewFunction(ID{Vendor: 0x8086, Device: uint16(0x1000 + i), Class: 0x020000, Revision: 3, SubVendor: 0x1af4, SubDevice: 0x1100, Pin: 1})
		d := &device{f}
		b.devices[i] = d
		f.PortsBAR(0, 32, 4, d)
		f.MemoryBAR64(2, 0x4000, d)
		f.MSIX(1, 3)
		f.MSI()
		f.ROM([]byte{0x55, 0xaa, 1})
		f.Registers([]Register{{0xf0, 4, 0x12345678, 0xffff, 0xff000000}})
		b.b.Add(3+i, 0, f)
	}
	for i := range pirqs {
		b.b.SetPIRQ(i, r.Wire("pirq"+string(rune('a'+i))))
	}
	r.Ports(bus, 0xcf8, 8)
	r.Try("get", func(v []uint64) uint64 { return uint64(b.b.Config(uint32(v[0]), 4)) })
	r.Try("put", func(v []uint64) uint64 { b.b.SetConfig(uint32(v[0]), 4, uint32(v[1])); return 0 })
	r.Try("put in 3", func(v []uint64) uint64 { b.b.SetConfig(0x1800|uint32(v[0]&0xfc), 4, uint32(v[1])); return 0 })
	r.Try("mem", func(v []uint64) uint64 {
		if d := mem.at[guest.PhysAddr(v[0]&^0xfff)]; d != nil {
			return d.Load(v[0]&0xff8, 4)
		}
		return 0xbad
	})
	r.Try("setmem", func(v []uint64) uint64 {
		if d := mem.at[guest.PhysAddr(v[0]&^0xfff)]; d != nil {
			d.Store(v[0]&0xff8, 4, v[1])
		}
		return 0
	})
	r.Try("notify", func(v []uint64) uint64 { b.devices[0].f.Notify(int(v[0])); return 0 })
	r.Try("line", func(v []uint64) uint64 { b.devices[v[0]&1].f.SetInterrupt(v[1]&1 != 0); return 0 })
	r.Try("dma", func(v []uint64) uint64 {
		if b.devices[0].f.DMA().Write(guest.PhysAddr(v[0]), []byte{1, 2}) != nil {
			return 0xbad
		}
		return 0
	})
	return r
}

func TestConfiguration(t *testing.T) {
	chiptest.Script(t, rig, `
		out4 cf8 80001800
		in4 cf8 = 80001800
		in4 cfc = 10008086
		in2 cfe = 1000
		in1 cfd = 80
		out1 cfb 1             # no access of the bridge
		in4 cf8 = 80001800
		in1 cf8 = ff
		out4 cf8 1800          # not enabled
		in4 cfc = ffffffff
		out4 cf8 80011800      # another bus
		in4 cfc = ffffffff
		out4 cf8 80002800      # an empty slot
		in2 cfc = ffff
		get 1808 = 2000003
		get 182c = 11001af4
		put 1800 0
		get 1800 = 10008086
		get 18f0 = 12345678
		put 18f0 f1001111
		get 18f0 = 2341111
		put 1804 ffffffff
		get 1804 = 100547
		reset
		get 1804 = 100000
		get 18f0 = 12345678
	`)
}

func TestBARs(t *testing.T) {
	chiptest.Script(t, rig, `
		put 1810 ffffffff
		get 1810 = ffffffe1
		put 1818 ffffffff
		get 1818 = ffffc00c
		put 181c ffffffff
		get 181c = ffffffff
		put 1820 ffffffff
		get 1820 = 0
		put 1830 ffffffff
		get 1830 = fffff001
		put 1810 c000
		put 1818 e0000000
		put 181c 1
		put 1830 e8000001
		in4 c004 = ffffffff
		put 1804 3
		in4 c004 = c004
		mem 1e0003008 = 3008
		mem e8000000 = 1aa55
		put 1830 e8000000
		mem e8000000 = bad
		put 2010 c010          # in the way, and not aligned
		put 2004 1
		get 2010 = c001
		in4 c004 = c004
		put 1810 d000
		in4 c004 = c004        # the other is there now
		in4 d000 = d000
		put 1810 cf0           # where the bus is
		in4 cf4 = ffffffff
		put 1810 100000c1      # no such ports
		in4 c0 = ffffffff
		put 1818 0             # RAM
		put 181c 0
		mem 0 = bad
		put 1804 0
		put 1810 e001
		in1 e000 = ff
		reset
		in4 c004 = ffffffff
	`)
}

func TestInterrupts(t *testing.T) {
	chiptest.Script(t, rig, `
		line 0 1
		pirqc = 1             # slot 3, INTA
		get 1804 = 180000
		line 1 1
		pirqd = 1
		put 1804 400
		pirqc = 0
		get 1804 = 180400
		put 1804 0
		pirqc = 1
		line 0 0
		pirqc = 0
		reset
		pirqd = 0
		get 1834 = 4c         # MSI before MSI-X
		get 184c = 804005
		get 1840 = 20011
		get 1844 = 1
		get 1848 = 801
		put 1850 fee01004
		put 1858 4041
		put 184c 10000
		notify 0
		msi = 0               # no bus master
		put 1804 6
		notify 0
		msi = fee01004
		data = 4041
		put 1814 f0000000
		put 1840 80000000
		setmem f0000010 fee02000
		setmem f0000018 55
		notify 1              # masked
		msi = 0
		mem f0000800 = 2
		notify 7              # none
	`+`
		get 1840 = 80020011
		put 1840 c0000000
		mem f0000010 = fee02000
	`+`
		notify 2
		mem f0000800 = 6
		dma 0 = 0
		dma 3f = bad
		put 1804 2
		dma 0 = bad
	`)
}

// TestUnmask: a message that waits is sent when its mask goes.
func TestUnmask(t *testing.T) {
	r := rig()
	f := r.Chip.(*board).devices[0].f
	f.write(regCommand, 2, 6)
	f.write(f.msix.cap+msixControl, 2, msixEnable|msixMask)
	f.msix.Store(0, 8, 0xfee03000)
	f.msix.Store(8, 4, 0x66)
	f.msix.Store(12, 4, 0)
	f.Notify(0)
	if got := r.Verbs["data"](nil); got != 0 {
		t.Errorf("a masked message sent %x", got)
	}
	f.write(f.msix.cap+msixControl, 2, msixEnable)
	if got := r.Verbs["data"](nil); got != 0x66 || f.msix.pending[0] != 0 {
		t.Errorf("sent %x", got)
	}
}

func FuzzBus(f *testing.F) { chiptest.Fuzz(f, rig) }

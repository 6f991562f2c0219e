package ide

import (
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/chiptest"
	"panda/emu/dev/pci"
	"panda/emu/guest"
	"panda/emu/snap"
)

type board struct {
	bus *pci.Bus
	*Controller
}

func (b *board) State(s *snap.Stream) {
	b.bus.State(s)
	b.Controller.State(s)
}

const master0 = 0xc000

// rig has a disk of 1008 sectors as the first drive and a CD of 5.5 blocks as the third.
func rig() *chiptest.Rig {
	r := &chiptest.Rig{Time: chiptest.NewTime(), RAM: make([]byte, 0x4000)}
	ports := &dev.PortBus{}
	b := &board{pci.NewBus(pci.World{Ports: ports, RAM: r.RAM}), New(r.Clock, ports, [2]dev.Wire{r.Wire("irq14"), r.Wire("irq15")})}
	disk := &chiptest.Disk{Data: make([]byte, 1008*block), Log: r.Word("flushed")}
	for i := range disk.Data {
		disk.Data[i] = byte(i/block) ^ byte(i)
	}
	cd := &chiptest.Disk{Data: disk.Data[:11*1024], Locked: true}
	b.Attach(0, 0, Drive{Disk: disk, Serial: "12"})
	b.Attach(1, 0, Drive{CDROM: true, Disk: cd})
	b.bus.Add(1, 1, b.Function())
	r.Chip, r.Disks = b, []*chiptest.Disk{disk}
	setup := func([]uint64) uint64 {
		b.bus.SetConfig(0x920, 4, master0)
		b.bus.SetConfig(0x904, 2, 5)
		return 0
	}
	r.Try("setup", setup)
	for i := range 2 {
		r.Ports(ports, uint64(portCommand[i]), 8)
		r.Ports(ports, uint64(portControl[i]), 1)
	}
	r.Ports(ports, master0, 16)
	r.Try("insert", func(v []uint64) uint64 {
		if v[0]&1 == 0 {
			b.Insert(1, 0, nil)
		} else {
			b.Insert(1, 0, cd)
		}
		return 0
	})
	// read and write do the words of a sector, and give the first or last 4 bytes.
	r.Verb("sector", func(v []uint64) uint64 {
		first := ports.In(portCommand[v[0]], 4)
		for range block/4 - 1 {
			ports.In(portCommand[v[0]], 4)
		}
		return uint64(first)
	})
	r.Verb("fill", func(v []uint64) uint64 {
		for range block / 2 {
			ports.Out(portCommand[v[0]], 2, uint32(v[1]))
		}
		return 0
	})
	r.Verb("disk", func(v []uint64) uint64 { return uint64(disk.Data[v[0]]) })
	r.Verb("bad", func(v []uint64) uint64 { disk.Bad = int64(v[0]); return 0 })
	r.Verb("mem", func(v []uint64) uint64 { return uint64(r.RAM[v[0]]) })
	r.Try("poke", func(v []uint64) uint64 {
		r.RAM.Write(guest.PhysAddr(v[0]&0x3ffc), []byte{byte(v[1]), byte(v[1] >> 8), byte(v[1] >> 16), byte(v[1] >> 24)})
		return 0
	})
	ata := func(channel int, v []uint64) { // count, address, command
		base := portCommand[channel]
		for i, x := range []uint64{v[0], v[1], v[1] >> 8, v[1] >> 16, 0xe0 | v[1]>>24&0xf, v[2]} {
			ports.Out(base+2+uint16(i), 1, uint32(x))
		}
	}
	r.Try("ata", func(v []uint64) uint64 { ata(0, v); return uint64(ports.In(0x3f6, 1)) })
	r.Verb("cd", func(v []uint64) uint64 { // features, limit and the packet in four words
		ports.Out(0x171, 1, uint32(v[0]))
		ata(1, []uint64{0, v[1] << 8, 0xa0})
		for _, w := range v[2:] {
			ports.Out(0x170, 2, uint32(w>>8|w<<8&0xff00))
		}
		for range 8 - len(v) {
			ports.Out(0x170, 2, 0)
		}
		return uint64(ports.In(0x376, 1))
	})
	r.Try("cd command", func(v []uint64) uint64 {
		commands := []uint64{0, 0x3, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x43, 0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbd, 0xbe}
		return r.Verbs["cd"]([]uint64{v[0] & 1, v[0] >> 1 & 0xff, commands[v[1]%uint64(len(commands))] << 8, 0, v[1] >> 8 & 0xff, v[2] & 0xff, v[2] >> 8, 0})
	})
	return r
}

func TestPIO(t *testing.T) {
	chiptest.Script(t, rig, `
		in1 1f7 = 50
		in1 1f3 = 1
		in1 1f5 = 0
		ata 2 3 20 = 58
		irq14 = 0
		pass 1388
		irq14 = 1
		in1 1f7 = 58
		irq14 = 0
		sector 0 = 10203        # sector 3: bytes are 3 xor their places
		in1 3f6 = 58
		pass 1388
		irq14 = 1
		sector 0 = 7060504
		in1 1f7 = 50
		irq14 = 0
		pass 2000
		irq14 = 0
		ata 2 10 30 = 58
		pass 2000
		irq14 = 0               # the first block is asked for by no interrupt
		fill 0 1234
		pass 2000
		irq14 = 1
		in1 1f7 = 58
		disk 2000 = 34
		fill 0 5678
		pass 2000
		in1 1f7 = 50
		disk 23ff = 56
		ata 1 3ef 20 = 58
		ata 2 3ef 20 = 51       # beyond the end
		in1 1f1 = 10
		ata 4 0 c6 = 50         # blocks of 4
		ata 5 0 c4 = 58
		pass 2000
		in1 1f7 = 58
		sector 0 = 3020100
		sector 0 = 2030001
		sector 0 = 1000302
		pass 2000
		irq14 = 0
		sector 0 = 10203
		pass 2000
		irq14 = 1
		sector 0 = 7060504
		in1 1f7 = 50
		ata 3 0 c6 = 51
		in1 1f1 = 4
		ata 0 0 b0 = 51         # SMART
		ata 0 0 e7 = 50
		flushed = 1
		ata 42 0 ef = 51
		out1 1f1 3
		ata 42 0 ef = 50
		bad 5
		ata 9 0 40 = 51
		in1 1f1 = 40
		ata 5 0 40 = 50
		out1 1f6 b0             # no such drive
		in1 1f7 = 0
		out1 1f7 ec
		in1 1f7 = 0
	`)
}

func TestIdentify(t *testing.T) {
	chiptest.Script(t, rig, `
		ata 0 0 ec = 58
		in4 1f0 = 10040
		in2 1f0 = 0
		in2 1f0 = 10
		in4 1f0 = 2007e00
		in2 1f0 = 3f
		in4 1f0 = 0
		in2 1f0 = 0
		in2 1f0 = 3132
		ata 0 0 a1 = 51
		in1 177 = 0
		in1 174 = 14
		in1 175 = eb
		out1 177 ec
		in1 177 = 51
		in1 174 = 14
		out1 177 a1
		in1 177 = 58
		in2 170 = 85c0
		out1 3f6 4
		in1 1f7 = 80
		out1 3f6 0
		in1 1f7 = 50
		in1 1f1 = 1
		out1 1f7 90
		pass 2000
		irq14 = 1
		in1 1f7 = 50
		out1 3f6 2              # no interrupts
		ata 0 0 e5 = 50
		in1 1f2 = ff
		in1 1f7 = 50
		out1 3f6 0
		pass 2000
		irq14 = 0
	`)
}

func TestLBA48(t *testing.T) {
	chiptest.Script(t, rig, `
		out1 1f2 0
		out1 1f3 0
		ata 1 5 24 = 58         # the values before are zeros
		sector 0 = 6070405
		ata 0 0 27 = 50
		in1 1f3 = ef
		in1 1f4 = 3
		out1 3f6 80
		in1 1f3 = 0
		out1 1f5 1              # far away
		ata 1 5 24 = 51
		ata 4 0 91 = 50         # heads 1, 4 sectors
		out1 1f2 1
		out1 1f3 2
		out1 1f4 3
		out1 1f5 0
		out1 1f6 a0
		out1 1f7 20             # cylinder 3
		sector 0 = e0f0c0d
		out1 1f6 a1
		out1 1f7 20
		in1 1f7 = 51
	`)
}

func TestDMA(t *testing.T) {
	chiptest.Script(t, rig, `
		setup
		poke 100 1000
		poke 104 300
		poke 108 2001
		poke 10c 80000100
		out4 c004 100
		ata 2 3 c8 = 58
		in1 c002 = 0
		out1 c000 9
		in1 c002 = 0            # it is over
		in1 3f6 = 50
		mem 1001 = 2
		mem 1200 = 4
		mem 2000 = 4
		mem 20ff = fb
		pass 2000
		irq14 = 1
		in1 c002 = 4
		out1 c002 4
		in1 c002 = 0
		out1 c000 0
		in1 1f7 = 50
		out1 c000 1             # first the master, then the command
		ata 2 20 ca = 50
		disk 4001 = 2
		disk 43ff = fb
		out1 c000 0
		ata 3 3 c8 = 58         # more than there is room for
		out1 c000 9
		in1 c002 = 0
		in1 3f6 = 58
		out1 c000 0
		poke 100 ffff0000
		ata 1 3 c8 = 58
		out1 c000 9
		in1 c002 = 2
		in1 3f6 = 51
		reset
		in1 1f7 = 50
		in1 c002 = ff
	`)
}

func TestCDROM(t *testing.T) {
	chiptest.Script(t, rig, `
		cd 0 8 2500 = 58        # READ CAPACITY
		in1 172 = 2
		in1 174 = 8
		pass 2000
		irq15 = 1
		in4 170 = 5000000
		in4 170 = 80000
		in1 177 = 50
		in1 172 = 3
		cd 0 800 2800 0000 0001 0000 0200 = 58
		in1 175 = 8
		sector 1 = 7060504
		sector 1 = 6070405
		sector 1 = 5040706
		pass 2000
		in1 177 = 58
		sector 1 = 4050607
		pass 2000
		irq15 = 1
		in1 177 = 58
		sector 1 = b0a0908
		sector 1 = a0b0809
		sector 1 = 9080b0a
		sector 1 = 8090a0b
		in1 177 = 50
		cd 0 800 2800 0000 0005 0000 0100 = 58
		sector 1 = 17161514
		sector 1 = 16171415
		sector 1 = 0            # the medium ends
		cd 0 800 2800 0000 0005 0000 0200 = 51
		in1 171 = 54
		cd 0 12 0300 0000 1200 = 58
		in4 170 = 50070
		in4 170 = a000000
		in4 170 = 0
		in1 170 = 21
		cd 0 12 ff00 = 51
		cd 0 ff 4300 0000 0000 00ff 0000 = 58
		in4 170 = 1011200
		in4 170 = 11400
		in4 170 = 0
		in4 170 = aa1600
		cd 0 3 1200 0000 2400 = 58   # an odd limit
		in1 174 = 2
		cd 0 0 1e00 0000 0100 = 50   # it cannot be taken out
		cd 0 0 1b00 0000 0200 = 51
		cd 0 0 1e00 = 50
		cd 0 0 1b00 0000 0200 = 50
		cd 0 0 0000 = 51
		in1 171 = 24
		cd 0 0 1b00 0000 0300 = 50
		cd 0 0 0000 = 51
		in1 171 = 64                 # another medium, as far as it knows
		cd 0 0 0000 = 50
		insert 0
		cd 0 8 4a01 0000 1000 0000 0800 = 58
		in4 170 = 10040600
		in4 170 = 103
		insert 1
		cd 0 0 0000 = 51
		cd 0 8 4a01 0000 1000 0000 0800 = 58
		in4 170 = 10040600
		in4 170 = 202
		setup
		poke 100 1000
		poke 104 80001000
		out4 c00c 100
		out1 c008 9
		cd 1 0 2800 0000 0000 0000 0200 = 50
		mem 1201 = 0
		mem 1fff = f8
		in1 c00a = 4
	`)
}

func FuzzIDE(f *testing.F) { chiptest.Fuzz(f, rig) }

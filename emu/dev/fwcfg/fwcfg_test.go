package fwcfg

import (
	"encoding/binary"
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/chiptest"
	"panda/emu/guest"
)

func rig() *chiptest.Rig {
	r := &chiptest.Rig{RAM: make([]byte, 8192)}
	ports := &dev.PortBus{}
	d := New(ports, r.RAM)
	d.Add16(NumCPUs, 1)
	d.Add64(RAMSize, 256<<20)
	d.AddFile("opt/b", []byte{1, 2, 3})
	d.AddFile(E820Table, E820([]Range{{0, 0xa0000, 1}}))
	r.Chip = d
	r.Ports(ports, 0x510, 12)
	r.Try("dma", func(v []uint64) uint64 {
		at := v[0] & 0xff0
		binary.BigEndian.PutUint32(r.RAM[at:], uint32(v[1]))
		binary.BigEndian.PutUint32(r.RAM[at+4:], uint32(v[2]))
		binary.BigEndian.PutUint64(r.RAM[at+8:], 0x1100)
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(at))
		ports.Out(0x518, 4, binary.LittleEndian.Uint32(b[:]))
		return uint64(binary.BigEndian.Uint32(r.RAM[at:]))
	})
	r.Verb("mem", func(v []uint64) uint64 {
		var b [4]byte
		r.RAM.Read(guest.PhysAddr(v[0]), b[:])
		return uint64(binary.BigEndian.Uint32(b[:]))
	})
	return r
}

func TestItems(t *testing.T) {
	chiptest.Script(t, rig, `
		out2 510 0
		in1 511 = 51
		in1 511 = 45
		in2 511 = ff4d       # one byte at this port, and nobody at the next
		in1 511 = 55
		in1 511 = 0
		out2 510 1
		in1 511 = 3
		out2 510 19
		in1 511 = 0
		in1 511 = 0
		in1 511 = 0
		in1 511 = 2
		out2 510 5
		in1 511 = 1
		out2 510 7777
		in1 511 = 0
		in4 514 = 554d4551
		in4 518 = 47464320
		dma 10 19000a 4 = 0
		mem 1100 = 2
		dma 10 4 8 = 0        # skip size, number and reserved bytes
		dma 10 2 8 = 0
		mem 1100 = 6574632f   # etc/e820
		dma 10 21000a 8 = 0   # opt/b, and zeros after it
		mem 1100 = 1020300
		dma 10 21000a 7fffffff = 1
		dma 10 10 4 = 1       # no writing
		dma 10 20000c 8 = 0
		dma 10 2 4 = 0
		mem 1100 = a00
		out4 514 ffffffff
		out4 518 0            # out of memory: nothing
		reset
		in1 511 = 51
	`)
}

func FuzzItems(f *testing.F) { chiptest.Fuzz(f, rig) }

package e1000

import (
	"bytes"
	"encoding/binary"
	"testing"

	"panda/emu/dev"
	"panda/emu/dev/chiptest"
	"panda/emu/dev/pci"
	"panda/emu/guest"
	"panda/emu/snap"
)

type board struct {
	bus *pci.Bus
	*E1000
}

func (b *board) Reset() { b.bus.Reset(); b.E1000.Reset() }

func (b *board) State(s *snap.Stream) {
	b.bus.State(s)
	b.E1000.State(s)
}

type nowhere struct{}

func (nowhere) Map(guest.PhysAddr, uint64, pci.Device) bool { return true }
func (nowhere) Unmap(guest.PhysAddr, uint64)                {}

var mac = [6]byte{0x52, 0x54, 0, 0x12, 0x34, 0x56}

func newRig(send func(r *chiptest.Rig, frame []byte)) *chiptest.Rig {
	r := &chiptest.Rig{RAM: make([]byte, 0x8000)}
	portBus := &dev.PortBus{}
	e := New(mac, func(f []byte) { send(r, f) })
	ready := r.Word("ready")
	e.Ready = func() { *ready++ }
	bus := pci.NewBus(pci.World{Ports: portBus, Memory: nowhere{}, RAM: r.RAM})
	bus.Add(3, 0, e.Function())
	bus.SetPIRQ(2, r.Wire("irq"))
	r.Chip = &board{bus, e}
	r.Try("setup", func([]uint64) uint64 {
		bus.SetConfig(0x1814, 4, 0xc000)
		bus.SetConfig(0x1804, 4, 7)
		return 0
	})
	r.Try("r4", func(v []uint64) uint64 { return e.Load(v[0]&0x1fffc, 4) })
	r.Try("w4", func(v []uint64) uint64 { e.Store(v[0]&0x1fffc, 4, v[1]&0xffffffff); return 0 })
	r.Try("ring", func(v []uint64) uint64 {
		e.Store([]uint64{0x2800, 0x3800}[v[0]>>7&1]|v[0]&0x1c, 4, v[1]&0xffff)
		return 0
	})
	r.Ports(portBus, 0xc000, portsSize)
	r.Try("desc", func(v []uint64) uint64 {
		at := 0x1000 + 16*(v[0]&15)
		binary.LittleEndian.PutUint64(r.RAM[at:], v[1])
		binary.LittleEndian.PutUint64(r.RAM[at+8:], v[2])
		return 0
	})
	r.Verb("mem", func(v []uint64) uint64 { return uint64(binary.LittleEndian.Uint32(r.RAM[v[0]:])) })
	// frame is one to an address, of a length.
	r.Try("frame", func(v []uint64) uint64 {
		f := make([]byte, v[1]&0x7ff)
		copy(f, binary.BigEndian.AppendUint64(nil, v[0]<<16)[:6])
		if e.Receive(f) {
			return 1
		}
		return 0
	})
	return r
}

func rig() *chiptest.Rig {
	var sent, length *uint64
	r := newRig(func(r *chiptest.Rig, f []byte) { *sent, *length = uint64(f[0]), uint64(len(f)) })
	sent, length = r.Word("sent"), r.Word("length")
	return r
}

func TestRegisters(t *testing.T) {
	chiptest.Script(t, rig, `
		setup
		w4 d0 4
		w4 c8 4
		irq = 1
		r4 c0 = 80000004
		irq = 0
		r4 d0 = 4
		w4 d8 4
		r4 d0 = 0
		w4 14 1
		r4 14 = 54520010
		w4 20 8220000
		r4 20 = 18220141
		w4 20 8420000
		r4 20 = 58420000
		w4 20 4201340
		r4 c0 = 4
		out4 c000 5400
		in4 c004 = 12005452
		out4 c004 1
		r4 5400 = 1
		w4 0 4000000
		r4 5400 = 12005452
		r4 6000 = 0
	`)
}

// TestMicrowire reads the EEPROM by its wires.
func TestMicrowire(t *testing.T) {
	e := New(mac, nil)
	sum := uint16(0)
	for at := range uint32(eepromWords) {
		clock := func(in uint32) uint32 {
			e.Store(regEECD, 4, uint64(eecdSelect|in))
			e.Store(regEECD, 4, uint64(eecdSelect|in|eecdClock))
			return uint32(e.Load(regEECD, 4)) / eecdOut & 1
		}
		for i := range 9 {
			clock((6<<6 | at) >> (8 - i) & 1 * eecdIn)
		}
		w := uint16(0)
		for range 16 {
			w = w<<1 | uint16(clock(0))
		}
		e.Store(regEECD, 4, 0)
		if w != e.words[at] {
			t.Fatalf("word %d is %x, want %x", at, w, e.words[at])
		}
		sum += w
	}
	if sum != eepromSum {
		t.Errorf("the sum is %x", sum)
	}
}

func TestReceive(t *testing.T) {
	chiptest.Script(t, rig, `
		setup
		frame 525400123456 40 = 0
		w4 2800 1000
		w4 2808 80
		w4 2818 2
		w4 100 2
		ready = 1
		desc 0 4000 0
		desc 1 5000 0
		frame 525400123456 2a = 1
		mem 4000 = 12005452
		mem 1008 = 40           # padded, and four bytes of checksum
		mem 100c = 7
		r4 2810 = 1
		r4 c0 = 90
		frame 525400123457 40 = 1
		r4 2810 = 1             # for another
		frame 010000000000 40 = 1
		frame ffffffffffff 40 = 1
		r4 2810 = 1
		w4 100 4008002          # broadcasts, without the checksum
		frame ffffffffffff 5dc = 1
		mem 1018 = 5dc
		r4 2810 = 2
		frame ffffffffffff 40 = 0
		r4 4074 = 2
		r4 4074 = 0
		r4 4078 = 1
		w4 100 4038012          # multicast, buffers of 256
		w4 2818 7
		desc 2 6000 0
		desc 3 6100 0
		desc 4 6200 0
		frame 010203040506 210 = 1
		r4 2810 = 5
		mem 102c = 5
		mem 104c = 7
		mem 1048 = 10
		frame 010203040506 700 = 1 # too long
		r4 2810 = 5
		w4 2810 900
		frame ffffffffffff 40 = 0
	`)
}

func TestTransmit(t *testing.T) {
	chiptest.Script(t, rig, `
		setup
		w4 d0 1
		w4 3800 1000
		w4 3808 80
		w4 400 a
		desc 0 4000 9000014     # 20 bytes, end and report
		desc 1 4000 10
		desc 2 4000 1000020
		w4 3818 1
		length = 3c
		irq = 1
		r4 c0 = 80000003
		mem 100c = 1
		r4 3810 = 1
		w4 3818 2
		length = 0
		w4 3818 3
		length = 3c
		r4 4080 = 2
		desc 3 ffffff000 1000040 # nowhere
		desc 4 4000 1005000
		w4 3818 5
		length = 0
		w4 3818 99
		length = 0
		w4 3810 0
		w4 3818 1
		length = 3c
	`)
}

// TestSegments: what the card makes of a long piece of TCP has the checksums that it should.
func TestSegments(t *testing.T) {
	var frames [][]byte
	r := newRig(func(_ *chiptest.Rig, f []byte) { frames = append(frames, bytes.Clone(f)) })
	do := func(verb string, v ...uint64) { r.Verbs[verb](v) }
	do("setup")
	do("w4", regTDBAL, 0x1000)
	do("w4", regTDLEN, 0x80)
	do("w4", regTCTL, tctlEnable)
	h := make([]byte, 54)
	h[14], h[23], h[46], h[47] = 0x45, 6, 0x50, 0x19 // FIN, PSH and ACK
	copy(h[26:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(h[50:], 10<<8+1+10<<8+2+6) // the pseudo header
	copy(r.RAM[0x4000:], h)
	for i := range 250 {
		r.RAM[0x4036+i] = byte(i)
	}
	context := uint64(250) | uint64(txExtended|txSegments|tucmdIP|tucmdTCP)<<24 | 54<<40 | 100<<48
	do("desc", 0, 14|24<<8|33<<16|34<<32|50<<40, context)
	do("desc", 1, 0x4000, 304|1<<20|uint64(txExtended|txSegments|txEnd)<<24|uint64(optionIP|optionTCP)<<40)
	do("w4", regTDT, 2)
	if len(frames) != 3 {
		t.Fatalf("%d frames", len(frames))
	}
	for i, f := range frames {
		size := []int{154, 154, 104}[i]
		last := i == 2
		ip, tcp := bytes.Clone(f), bytes.Clone(f)
		copy(tcp[22:26], []byte{0, 6, 0, byte(len(f) - 34)}) // in the place of TTL and checksum
		checksum(ip, sum{start: 14, at: 0, end: 33})
		checksum(tcp, sum{start: 22, at: 0})
		if len(f) != size || ip[0]|ip[1] != 0 || tcp[0]|tcp[1] != 0 || (f[47] == 0x19) != last || binary.BigEndian.Uint32(f[38:]) != uint32(100*i) || f[19] != byte(i) {
			t.Errorf("segment %d, %d bytes: sums %x %x, header %x", i, len(f), ip[:2], tcp[:2], f[14:54])
		}
	}
}

func FuzzE1000(f *testing.F) { chiptest.Fuzz(f, rig) }

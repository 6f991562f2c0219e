package virtio

import (
	"encoding/binary"
	"testing"

	"panda/emu/dev/chiptest"
	"panda/emu/guest"
)

// Where a test has its rings and buffers.
const (
	ringDesc  = 0x1000
	ringAvail = 0x2000
	ringUsed  = 0x3000
	atHeader  = 0x4000
	atStatus  = 0x4100
	atData    = 0x5000
	ramSize   = 0x10000
)

// driver puts chains into memory.
type driver struct{ ram chiptest.RAM }

func (d driver) desc(n int, at uint64, size uint32, flags, next uint16) {
	b := binary.LittleEndian.AppendUint64(nil, at)
	b = binary.LittleEndian.AppendUint32(b, size)
	b = binary.LittleEndian.AppendUint16(b, flags)
	d.ram.Write(guest.PhysAddr(ringDesc+16*n), binary.LittleEndian.AppendUint16(b, next))
}

// offer makes a chain available.
func (d driver) offer(head, size uint16) {
	n := binary.LittleEndian.Uint16(d.ram[ringAvail+2:])
	binary.LittleEndian.PutUint16(d.ram[ringAvail+4+2*(n%size):], head)
	binary.LittleEndian.PutUint16(d.ram[ringAvail+2:], n+1)
}

// verbs are steps that all rigs have.
func verbs(r *chiptest.Rig, size uint16) {
	d := driver{r.RAM}
	r.Try("desc", func(v []uint64) uint64 {
		v = append(v, 0, 0, 0, 0)
		d.desc(int(v[0]&15), v[1], uint32(v[2]), uint16(v[3]), uint16(v[4]))
		return 0
	})
	r.Try("near", func(v []uint64) uint64 {
		d.desc(int(v[0]&3), atData+v[1]&0xff, uint32(v[1]>>8), uint16(v[2]&3), uint16(v[2]>>4&3))
		return 0
	})
	r.Try("offer", func(v []uint64) uint64 { d.offer(uint16(v[0]), size); return 0 })
	r.Try("poke", func(v []uint64) uint64 {
		binary.LittleEndian.PutUint32(r.RAM[v[0]%(ramSize-4):], uint32(v[1]))
		return 0
	})
	// req is a request to a disk: kind, sector, bytes out, bytes in.
	r.Try("req", func(v []uint64) uint64 {
		v = append(v, 0, 0)
		binary.LittleEndian.PutUint32(r.RAM[atHeader:], uint32(v[0]))
		binary.LittleEndian.PutUint64(r.RAM[atHeader+8:], v[1])
		r.RAM[atStatus] = 0xee
		d.desc(0, atHeader, 16, descNext, 1)
		d.desc(1, atData, uint32(v[2]), descNext, 2)
		if len(v) > 5 {
			d.desc(1, atData, uint32(v[3]), descNext|descWrite, 2)
		}
		d.desc(2, atStatus, 1, descWrite, 0)
		d.offer(0, size)
		return 0
	})
	r.Verb("mem", func(v []uint64) uint64 { return uint64(binary.LittleEndian.Uint32(r.RAM[v[0]:])) })
	r.Verb("status", func([]uint64) uint64 { return uint64(r.RAM[atStatus]) })
	r.Verb("used", func([]uint64) uint64 { return uint64(binary.LittleEndian.Uint16(r.RAM[ringUsed+2:])) })
}

func newDisk(r *chiptest.Rig) *chiptest.Disk {
	disk := &chiptest.Disk{Data: make([]byte, 16*sector), Log: r.Word("log")}
	for i := range disk.Data {
		disk.Data[i] = byte(i/sector) ^ byte(i)
	}
	r.Disks = append(r.Disks, disk)
	r.Verb("disk", func(v []uint64) uint64 { return uint64(binary.LittleEndian.Uint32(disk.Data[v[0]:])) })
	r.Verb("bad", func(v []uint64) uint64 { disk.Bad = int64(v[0]); return 0 })
	return disk
}

func mmioRig(version uint32) func() *chiptest.Rig {
	return func() *chiptest.Rig {
		r := &chiptest.Rig{RAM: make([]byte, ramSize)}
		m := NewMMIO(NewBlk(newDisk(r), "serial"), version, r.RAM, r.Wire("irq"))
		r.Chip = m
		r.MMIO("", m)
		verbs(r, 8)
		r.Try("start", func([]uint64) uint64 {
			for _, w := range [][2]uint64{
				{0x70, 3},
				{0x24, 1},
				{0x20, 1},
				{0x24, 0},
				{0x20, featureIndirect},
				{0x70, 11},
				{0x30, 0},
				{0x38, 8},
				{0x80, ringDesc},
				{0x90, ringAvail},
				{0xa0, ringUsed},
				{0x44, 1},
				{0x70, 15},
			} {
				m.Store(w[0], 4, w[1])
			}
			return m.Load(0x70, 4)
		})
		r.Try("kick", func([]uint64) uint64 { m.Store(0x50, 4, 0); return 0 })
		return r
	}
}

func TestBlk(t *testing.T) {
	chiptest.Script(t, mmioRig(2), `
		r4 0 = 74726976
		r4 4 = 2
		r4 8 = 2
		r4 10 = 18006254
		w4 14 1
		r4 10 = 1
		r4 34 = 100
		r8 100 = 10
		r4 114 = 200
		w4 20 ffffffff
		w4 70 8
		r4 70 = 0             # there are no such features
		start = f
		req 0 3 0 400 1
		kick
		used = 1
		irq = 1
		r4 60 = 1
		w4 64 1
		irq = 0
		status = 0
		mem 5000 = 10203
		mem 5200 = 7060504
		mem 3008 = 401        # bytes that were written
		req 0 f 0 400 1       # beyond the end
		kick
		status = 1
		req 0 ffffffffffffffff 0 200 1
		kick
		status = 1
		req 0 0 0 201 1
		kick
		status = 1
		poke 5000 12345678
		req 1 5 200
		kick
		status = 0
		disk a00 = 12345678
		req 1 5 fffffe00
		kick
		status = 1
		req 8 0 0 14 1
		kick
		status = 0
		mem 5000 = 69726573
		req 4 0
		kick
		log = 1
		req 7 0
		kick
		status = 2
		poke 5000 5
		poke 5004 0
		poke 5008 1
		poke 500c 0
		req d 0 10
		kick
		status = 0
		disk a00 = 0
		req b 0 10
		kick
		log = 10
		req b 0 11
		kick
		status = 1
		poke 5000 f
		poke 5008 2
		req b 0 10
		kick
		status = 1
		bad 4
		req 0 3 0 400 1
		kick
		status = 1
		r4 70 = f
	`)
}

func TestHostileRings(t *testing.T) {
	for name, script := range map[string]string{
		"a loop":                     "desc 0 4000 10 1 1 \n desc 1 5000 10 1 0 \n offer 0",
		"no such head":               "offer 8",
		"no such next":               "desc 0 4000 10 1 99 \n offer 0",
		"far away":                   "desc 0 4000 10 1 1 \n desc 1 5000 1 0 0 \n poke 2002 9",
		"nested tables":              "desc 0 1000 20 4 0 \n offer 0",
		"half an entry":              "desc 0 1000 18 4 0 \n offer 0",
		"no entries":                 "desc 0 1000 0 4 0 \n offer 0",
		"a table and a next":         "desc 0 1000 20 5 1 \n offer 0",
		"a table nowhere":            "desc 0 ffffffff0000 20 4 0 \n offer 0",
		"a table at the very end":    "desc 0 fffffffffffffff0 fffffff0 4 0 \n offer 0",
		"writable before readable":   "desc 0 4000 10 3 1 \n desc 1 5000 10 0 0 \n offer 0",
		"a used ring that is no RAM": "w4 a0 ffff0000 \n desc 0 4000 10 0 0 \n offer 0",
	} {
		t.Run(name, func(t *testing.T) {
			chiptest.Script(t, mmioRig(2), "start = f\n"+script+"\n kick\n r4 70 = 4f\n irq = 1\n r4 60 = 2\n kick\n w4 70 0\n irq = 0\n r4 70 = 0")
		})
	}
	chiptest.Script(t, mmioRig(2), `
		start = f
		desc 0 4000 10 1 1
		desc 1 fffffffffffff000 200 3 2
		desc 2 4100 1 2 0
		offer 0
		kick
		status = 1
		desc 1 5000 ffffffff 3 2
		offer 0
		kick
		status = 1
		desc 0 4000 4 1 2       # half a header
		offer 0
		kick
		used = 3
		desc 0 6000 30 4 0      # an indirect table
		poke 6000 4000
		poke 6008 10
		poke 600c 10001
		poke 6010 5000
		poke 6018 200
		poke 601c 20003
		poke 6020 4100
		poke 6028 1
		poke 602c 2
		offer 0
		kick
		status = 0
		mem 5000 = 3020100
		poke 2000 40001         # no interrupts, please
	`)
}

func TestMMIO1(t *testing.T) {
	chiptest.Script(t, mmioRig(1), `
		r4 4 = 1
		w4 14 1
		r4 10 = 0
		w4 28 1000
		w4 38 10
		w4 3c 1000
		w4 40 1
		r4 40 = 1
		w4 70 7
		desc 0 4000 10 1 1
		desc 1 5000 200 3 2
		desc 2 4100 1 2 0
		poke 1100 10000        # the available ring follows
		kick
		mem 2000 = 10000       # and the used one is on the next page
		status = 0
		mem 5000 = 3020100
		irq = 1
	`)
}

func FuzzMMIO(f *testing.F)    { chiptest.Fuzz(f, mmioRig(2)) }
func FuzzMMIO1(f *testing.F)   { chiptest.Fuzz(f, mmioRig(1)) }
func FuzzBlk(f *testing.F)     { chiptest.Fuzz(f, pciRig(blkKind)) }
func FuzzNet(f *testing.F)     { chiptest.Fuzz(f, netRig) }
func FuzzConsole(f *testing.F) { chiptest.Fuzz(f, consoleRig) }

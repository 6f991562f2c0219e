package ide

import (
	"errors"

	"panda/emu/dev/backend"
	"panda/emu/snap"
)

// Bits of the status register (ATA/ATAPI-7, 5.14).
const (
	statusERR  = 1 << 0
	statusDRQ  = 1 << 3
	statusDSC  = 1 << 4
	statusDF   = 1 << 5
	statusDRDY = 1 << 6
	statusBSY  = 1 << 7
	ready      = statusDRDY | statusDSC
)

// Bits of the error register (5.8).
const (
	errAbort     = 1 << 2
	errNotFound  = 1 << 4
	errMedium    = 1 << 6 // uncorrectable, of a read
	errProtected = 1 << 6 // of a write
)

// Bits of the device register (5.7).
const (
	deviceUnit = 1 << 4
	deviceLBA  = 1 << 6
	deviceOnes = 0xa0
)

// The registers of a command: the second of each is what was written before (5.1.2).
const (
	tfFeature = iota
	tfCount
	tfLow
	tfMid
	tfHigh
	taskRegs
)

// drive is a unit of a channel.
type drive struct {
	Drive
	present bool

	regs           [taskRegs][2]uint8
	device         uint8
	status, err    uint8
	heads, sectors uint8 // of the translation that INITIALIZE DEVICE PARAMETERS sets
	multiple       uint8 // sectors of a block
	mode           uint8 // of transfers, as SET FEATURES takes it
	noCache        bool

	// Of a CD-ROM.
	sense   sense
	open    bool // the tray
	locked  bool
	changed bool // the medium is another one, which the next command says
	event   bool // and so does the next question for events
}

const (
	heads         = 16
	sectors       = 63
	mostCylinders = 16383
	mostMultiple  = 16
	block         = backend.SectorSize
	cdBlock       = 2048
)

func (d *drive) state(s *snap.Stream) {
	for i := range d.regs {
		snap.Ints(s, d.regs[i][:])
	}
	snap.Int(s, &d.device, &d.status, &d.err, &d.heads, &d.sectors, &d.mode)
	snap.Below(s, &d.multiple, mostMultiple+1)
	snap.Ints(s, d.sense[:])
	s.Bool(&d.noCache, &d.open, &d.locked, &d.changed, &d.event)
}

// defaults are the settings after power-up.
func (d *drive) defaults() {
	d.heads, d.sectors, d.multiple, d.mode, d.noCache = heads, sectors, 0, 0, false
	d.locked, d.sense = false, sense{}
}

// reset leaves the signature in the registers (ATA/ATAPI-7, 5.15).
func (d *drive) reset() {
	d.device = 0
	d.signature()
	d.err, d.status = 1, ready
	switch {
	case !d.present:
		d.err, d.status = 0, 0
	case d.CDROM:
		d.status = 0
	}
}

func (d *drive) signature() {
	d.regs = [taskRegs][2]uint8{tfCount: {1}, tfLow: {1}}
	switch {
	case !d.present:
		d.regs[tfMid][0], d.regs[tfHigh][0] = 0xff, 0xff
	case d.CDROM:
		d.regs[tfMid][0], d.regs[tfHigh][0] = 0x14, 0xeb
	}
}

// total is the size of a disk in sectors.
func (d *drive) total() int64 {
	if d.Disk == nil {
		return 0
	}
	return d.Disk.Size() / block
}

var errRange = errors.New("beyond the medium")

// covers reports whether all of a range is on the medium, and nothing but whole sectors.
func (d *drive) covers(off int64, n int) bool {
	return d.Disk != nil && off >= 0 && off%block == 0 && n%block == 0 && off <= d.Disk.Size() && int64(n) <= d.Disk.Size()-off
}

func (d *drive) read(off int64, b []byte) error {
	if d.CDROM && d.Disk != nil && off < d.Disk.Size() { // its last block may be in parts
		n := min(int64(len(b)), d.Disk.Size()-off) / block * block
		clear(b[n:])
		b = b[:n]
	}
	if !d.covers(off, len(b)) {
		return errRange
	}
	return d.Disk.Read(off, b)
}

func (d *drive) write(off int64, b []byte) error {
	if !d.covers(off, len(b)) || d.Disk.ReadOnly() {
		return errRange
	}
	return d.Disk.Write(off, b)
}

// count is the number of sectors of a command, where 0 stands for the most there can be.
func (d *drive) count(ext bool) int64 {
	n, most := int64(d.regs[tfCount][0]), int64(1<<8)
	if ext {
		n, most = n|int64(d.regs[tfCount][1])<<8, 1<<16
	}
	if n == 0 {
		return most
	}
	return n
}

// address is the sector that the registers name, by number or by cylinder, head and sector.
func (d *drive) address(ext bool) (lba int64, ok bool) {
	r := &d.regs
	low := int64(r[tfLow][0]) | int64(r[tfMid][0])<<8 | int64(r[tfHigh][0])<<16
	switch {
	case ext:
		return low | int64(r[tfLow][1])<<24 | int64(r[tfMid][1])<<32 | int64(r[tfHigh][1])<<40, d.device&deviceLBA != 0
	case d.device&deviceLBA != 0:
		return low | int64(d.device&0xf)<<24, true
	}
	head, sector := int64(d.device&0xf), int64(r[tfLow][0])
	if sector == 0 || sector > int64(d.sectors) || head >= int64(d.heads) {
		return 0, false
	}
	return (low>>8*int64(d.heads)+head)*int64(d.sectors) + sector - 1, true
}

// setAddress has the registers name a sector.
func (d *drive) setAddress(lba int64, ext bool) {
	switch {
	case ext:
		for i, at := range []int{tfLow, tfMid, tfHigh} {
			d.regs[at] = [2]uint8{uint8(lba >> (8 * i)), uint8(lba >> (24 + 8*i))}
		}
		return
	case d.device&deviceLBA == 0 && d.sectors != 0 && d.heads != 0:
		track := lba / int64(d.sectors)
		lba = (lba%int64(d.sectors) + 1) | track/int64(d.heads)<<8&0xffff00 | track%int64(d.heads)<<24
	}
	for i, at := range []int{tfLow, tfMid, tfHigh} {
		d.regs[at][0] = uint8(lba >> (8 * i))
	}
	d.device = d.device&0xf0 | uint8(lba>>24)&0xf
}

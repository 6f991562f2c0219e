package fdc

import (
	"fmt"
	"slices"

	"panda/emu/dev"
	"panda/emu/dev/backend"
	"panda/emu/snap"
)

// Data rates, as CCR and DSR select them.
const (
	rate500 = 1 << iota
	rate300
	rate250
	rate1000
)

// geometry is a format of disks.
type geometry struct {
	size      int64
	cylinders uint8
	heads     uint8
	sectors   uint8 // of a track
	rates     uint8 // at which it can be read
	kind      uint8 // of the drive that is made for it, as CMOS byte 10h has it
}

var geometries = []geometry{
	{160 << 10, 40, 1, 8, rate250 | rate300, 1},
	{180 << 10, 40, 1, 9, rate250 | rate300, 1},
	{320 << 10, 40, 2, 8, rate250 | rate300, 1},
	{360 << 10, 40, 2, 9, rate250 | rate300, 1},
	{720 << 10, 80, 2, 9, rate250 | rate300, 3},
	{1200 << 10, 80, 2, 15, rate500, 2},
	{1440 << 10, 80, 2, 18, rate500, 4},
	{1680 << 10, 80, 2, 21, rate500, 4},
	{1722 << 10, 82, 2, 21, rate500, 4},
	{2880 << 10, 80, 2, 36, rate1000, 5},
}

func geometryOf(size int64) *geometry {
	for i := range geometries {
		if geometries[i].size == size {
			return &geometries[i]
		}
	}
	return nil
}

// Kind is what CMOS byte 10h says of the drive that a disk of that size is made for, or 0
// where no floppy disk has that size.
func Kind(size int64) uint8 {
	if g := geometryOf(size); g != nil {
		return g.kind
	}
	return 0
}

const lastTrack = 84 // at which the head stops

// drive is a drive, with a disk in it or none.
type drive struct {
	disk backend.Disk
	*geometry

	changed  bool  // the change line
	track    uint8 // where the head is
	cylinder uint8 // where the controller thinks that it is
	target   uint8 // of a seek
	status   uint8 // ST0 when the seek ends, or has
	told     bool  // it has, and SENSE INTERRUPT STATUS has not told
	seek     *dev.Timer
}

// Insert puts a disk into drive 0 or 1, instead of the one that is there.
func (c *Controller) Insert(n int, disk backend.Disk) error {
	if n < 0 || n >= Drives {
		panic("BUG: no such drive")
	}
	g := geometryOf(disk.Size())
	if g == nil {
		return fmt.Errorf("no floppy disk has %d bytes", disk.Size())
	}
	d := &c.drives[n]
	d.disk, d.geometry, d.changed = disk, g, true
	return nil
}

// Eject takes the disk out.
func (c *Controller) Eject(n int) {
	d := &c.drives[n]
	d.disk, d.geometry, d.changed = nil, nil, true
}

// drive is the one that a command's second byte selects. Those that do not exist step, and
// have no disk.
func (c *Controller) drive(b uint8) *drive { return &c.drives[b&3] }

func (c *Controller) exists(b uint8) bool { return b&3 < Drives }

// stepTime is that of a step: SRT counts down from 16 ms at 500 kbit/s.
func (c *Controller) stepTime() dev.Time {
	const ms = 1_000_000
	unit := [4]dev.Time{ms, ms * 5 / 3, ms * 2, ms / 2}[c.rate]
	return unit * dev.Time(16-c.specify[0]>>4)
}

// startSeek steps the head of a drive, which other commands do not wait for.
func (c *Controller) startSeek(unit uint8, target int, status uint8) {
	d := c.drive(unit)
	d.target = uint8(max(0, min(target, 255)))
	d.status, d.told = status|unit&7, false
	steps := max(1, int(d.target)-int(d.cylinder), int(d.cylinder)-int(d.target))
	d.seek.Set(c.clock.Now() + dev.Time(steps)*c.stepTime())
}

// recalibrate steps to where the drive says that track 0 is, if there is one.
func (c *Controller) recalibrate() {
	unit, status := c.command[1]&3, uint8(st0SeekEnd)
	if !c.exists(unit) {
		status |= st0Failed | st0NoTrack0
	}
	d := c.drive(unit)
	d.cylinder = d.track
	c.startSeek(unit, 0, status)
}

func (c *Controller) relativeSeek() {
	by := int(c.command[2])
	if c.command[0]&flagUp == 0 {
		by = -by
	}
	c.startSeek(c.command[1], int(c.drive(c.command[1]).cylinder)+by, st0SeekEnd)
}

// seekEnds is called when the head has arrived.
func (c *Controller) seekEnds(d *drive) {
	d.move()
	d.told = true
	c.interrupt, c.resets = true, 0
}

// move moves the head by as many tracks as the controller steps. A step shows that the
// disk that is in the drive has been noticed.
func (d *drive) move() {
	if d.target != d.cylinder && d.disk != nil {
		d.changed = false
	}
	at := int(d.track) + int(d.target) - int(d.cylinder)
	d.track, d.cylinder = uint8(max(0, min(at, lastTrack))), d.target
}

// anyTold reports whether the end of a seek is still to be told.
func (c *Controller) anyTold() bool {
	return slices.ContainsFunc(c.drives[:], func(d drive) bool { return d.told })
}

// sense is SENSE INTERRUPT STATUS.
func (c *Controller) sense() {
	if c.resets > 0 {
		n := 4 - c.resets
		c.resets--
		c.interrupt = false
		c.answer(st0Polled|n, 0)
		return
	}
	for i := range c.drives {
		if d := &c.drives[i]; d.told {
			d.told = false
			c.interrupt = c.anyTold()
			c.answer(d.status, d.cylinder)
			return
		}
	}
	invalid.do(c)
}

func (d *drive) state(s *snap.Stream) {
	s.Bool(&d.changed, &d.told)
	snap.Below(s, &d.track, lastTrack+1)
	snap.Int(s, &d.cylinder, &d.target, &d.status)
	d.seek.State(s)
}

package fdc

import (
	"panda/emu/dev"
	"panda/emu/dev/backend"
)

const turn = 200_000_000 // at 300 a minute

// readID looks for any ID of the track.
func (c *Controller) readID() {
	c.job = job{code: c.command[0], unit: c.command[1] & 7}
	if c.formatted() == nil {
		c.job.st1 |= st1NoAddress
		c.later(workFail, searchTime)
		return
	}
	c.later(workID, sectorTime)
}

// foundID answers the ID that comes by: which one follows from the time.
func (c *Controller) foundID() {
	j := &c.job
	d := c.formatted()
	if d == nil {
		j.st1 |= st1NoAddress
		c.finish(false)
		return
	}
	at := c.clock.Now() % turn * dev.Time(d.sectors) / turn
	j.id = [4]uint8{d.track, j.head(), uint8(at) + 1, size512}
	c.finish(true)
}

// startFormat begins FORMAT TRACK.
func (c *Controller) startFormat() {
	k := c.command
	c.job = job{code: k[0], unit: k[1] & 7, last: k[3], left: k[3], fill: k[5]}
	c.job.id[idSize] = k[2]
	d := c.formatted()
	switch {
	case d == nil:
		c.job.st1 |= st1NoAddress
		c.later(workFail, searchTime)
	case d.disk.ReadOnly():
		c.job.st1 |= st1Protected
		c.later(workFail, sectorTime)
	default:
		c.later(workFormat, sectorTime)
	}
}

// formatNext asks for the ID of the next sector.
func (c *Controller) formatNext() {
	if c.job.left == 0 {
		c.finish(true)
		return
	}
	clear(c.job.data[:])
	c.exchange(false, len(c.job.id))
}

// formatOne fills a sector whose ID has come. One that the format of the disk has not is
// lost.
func (c *Controller) formatOne(terminal bool) {
	j := &c.job
	j.id = [4]uint8(j.data[:])
	if d, off, ok := c.locate(); ok {
		var b [backend.SectorSize]byte
		for i := range b {
			b[i] = j.fill
		}
		if d.disk.ReadOnly() || d.disk.Write(off, b[:]) != nil {
			c.badData()
			return
		}
	}
	j.st1, j.st2 = 0, 0
	j.left--
	if terminal || j.left == 0 {
		c.finish(true)
		return
	}
	c.later(workFormat, sectorTime)
}

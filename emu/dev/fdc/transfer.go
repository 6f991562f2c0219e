package fdc

import (
	"panda/emu/dev/backend"
	"panda/emu/snap"
)

// Bits of ST0 to ST2.
const (
	st0Failed   = 0x40
	st0Invalid  = 0x80
	st0Polled   = 0xc0
	st0SeekEnd  = 0x20
	st0NoTrack0 = 0x10

	st1NoAddress    = 1 << 0
	st1Protected    = 1 << 1
	st1NoData       = 1 << 2
	st1Overrun      = 1 << 4
	st1DataError    = 1 << 5
	st1EndOfTrack   = 1 << 7
	st2NotSatisfied = 1 << 2
	st2Equal        = 1 << 3
	st2WrongTrack   = 1 << 4
	st2DataError    = 1 << 5
	st2Mark         = 1 << 6
)

// The sector ID: what the bytes of id are.
const (
	idCylinder = iota
	idHead
	idSector
	idSize

	size512 = 2 // as idSize
)

// job is a command that moves data.
type job struct {
	code  uint8 // its first byte
	unit  uint8 // its second: drive and head
	id    [4]uint8
	last  uint8 // sector of the track; of FORMAT TRACK, how many
	left  uint8 // sectors to verify
	step  uint8 // of a scan
	fill  uint8 // of FORMAT TRACK
	count bool  // left counts
	st1   uint8
	st2   uint8
	data  [backend.SectorSize]byte
	at    int // where in data the processor is
	size  int // of what it moves
}

// kind is how a command moves data of a sector: which way, and what is done with it then.
type kind struct {
	toHost, toDisk, writes bool
	done                   func(c *Controller, d *drive, off int64) bool // whether to go on
}

var kinds = map[uint8]kind{
	cmdRead:         {toHost: true},
	cmdReadTrack:    {toHost: true},
	cmdReadDeleted:  {toHost: true, done: func(c *Controller, _ *drive, _ int64) bool { c.job.st2 |= st2Mark; return false }},
	cmdWrite:        {toDisk: true, writes: true, done: (*Controller).store},
	cmdWriteDeleted: {toDisk: true, writes: true, done: (*Controller).store},
	cmdVerify:       {},
	cmdScanEqual:    {toDisk: true, done: scan(func(disk, host byte) bool { return disk == host })},
	cmdScanLow:      {toDisk: true, done: scan(func(disk, host byte) bool { return disk <= host })},
	cmdScanHigh:     {toDisk: true, done: scan(func(disk, host byte) bool { return disk >= host })},
}

func (j *job) kind() kind { return kinds[j.code&0x1f] }

func (j *job) head() uint8 { return j.unit >> 2 & 1 }

// startData begins a command whose bytes are the ID of the first sector, the last sector of
// a track, a gap, and DTL.
func (c *Controller) startData() {
	k := c.command
	c.job = job{code: k[0], unit: k[1] & 7, id: [4]uint8(k[2:6]), last: k[6], step: k[8]}
	switch k[0] & 0x1f {
	case cmdReadTrack:
		c.job.id[idSector] = 1
	case cmdVerify:
		c.job.count, c.job.left = k[1]&0x80 != 0, k[8]
	}
	if d := c.drive(k[1]); c.configure[0]&configImpliedSeek != 0 {
		d.target = c.job.id[idCylinder]
		d.move()
	}
	c.later(workSector, sectorTime)
}

// formatted is the drive of the job, if there is something on the track that it can read.
func (c *Controller) formatted() *drive {
	j := &c.job
	d := c.drive(j.unit)
	if d.disk == nil || j.code&flagMFM == 0 || d.rates>>c.rate&1 == 0 || d.track >= d.cylinders || j.head() >= d.heads {
		return nil
	}
	return d
}

// locate is where on the disk the sector of the job is. Where there is none, the status
// says why.
func (c *Controller) locate() (*drive, int64, bool) {
	j := &c.job
	d := c.formatted()
	switch {
	case d == nil:
		j.st1 |= st1NoAddress
		return nil, 0, false
	case j.id[idCylinder] != d.track:
		j.st2 |= st2WrongTrack
	case j.id[idHead] == j.head() && j.id[idSize] == size512 && j.id[idSector] > 0 && j.id[idSector] <= d.sectors:
		track := int64(d.track)*int64(d.heads) + int64(j.head())
		return d, (track*int64(d.sectors) + int64(j.id[idSector]) - 1) * backend.SectorSize, true
	}
	j.st1 |= st1NoData
	return nil, 0, false
}

// sector begins with a sector: it is there, and its data is read or asked for.
func (c *Controller) sector() {
	j, k := &c.job, c.job.kind()
	d, off, ok := c.locate()
	switch {
	case !ok && j.st1&st1NoAddress != 0:
		c.later(workFail, searchTime)
		return
	case !ok:
		c.finish(false)
		return
	case k.writes && d.disk.ReadOnly():
		j.st1 |= st1Protected
		c.finish(false)
		return
	}
	clear(j.data[:])
	if !k.toDisk && d.disk.Read(off, j.data[:]) != nil {
		c.badData()
		return
	}
	if !k.toDisk && !k.toHost {
		c.next(true, false)
		return
	}
	c.exchange(k.toHost, len(j.data))
}

func (c *Controller) badData() {
	c.job.st1 |= st1DataError
	c.job.st2 |= st2DataError
	c.finish(false)
}

// exchange moves the first n bytes of the data to the host or from it, by DMA at once, or
// as the processor does.
func (c *Controller) exchange(toHost bool, n int) {
	j := &c.job
	if c.specify[1]&specifyNoDMA == 0 {
		moved, terminal := 0, false
		if c.dma != nil && c.dor&dorGate != 0 {
			moved, terminal = c.dma(j.data[:n], toHost)
		}
		if moved < n && !terminal {
			j.st1 |= st1Overrun
			c.finish(false)
			return
		}
		c.exchanged(terminal)
		return
	}
	c.phase, c.interrupt, j.at, j.size = phaseToDisk, true, 0, n
	if toHost {
		c.phase = phaseToHost
	}
}

// give has the processor read a byte.
func (j *job) give(c *Controller) uint8 {
	c.interrupt = c.anyTold()
	b := j.data[j.at]
	j.moved(c)
	return b
}

// take has the processor write a byte.
func (j *job) take(c *Controller, b uint8) {
	c.interrupt = c.anyTold()
	j.data[j.at] = b
	j.moved(c)
}

// moved ends the exchange with its last byte.
func (j *job) moved(c *Controller) {
	if j.at++; j.at >= j.size {
		j.at = 0
		c.exchanged(false)
	}
}

// exchanged goes on when data has been moved.
func (c *Controller) exchanged(terminal bool) {
	j := &c.job
	if j.code&0x1f == cmdFormat {
		c.formatOne(terminal)
		return
	}
	d, off, ok := c.locate() // again: the disk may have gone
	if !ok {
		c.finish(false)
		return
	}
	more := true
	if done := j.kind().done; done != nil {
		more = done(c, d, off)
	}
	if c.phase != phaseResult {
		c.next(more, terminal)
	}
}

// store writes the data to the disk.
func (c *Controller) store(d *drive, off int64) bool {
	if d.disk.ReadOnly() || d.disk.Write(off, c.job.data[:]) != nil {
		c.badData()
	}
	return true
}

// scan compares the data of the host with that of the disk. FFh fits all.
func scan(fits func(disk, host byte) bool) func(c *Controller, d *drive, off int64) bool {
	return func(c *Controller, d *drive, off int64) bool {
		j := &c.job
		var disk [backend.SectorSize]byte
		if d.disk.Read(off, disk[:]) != nil {
			c.badData()
			return true
		}
		equal, all := true, true
		for i, host := range j.data {
			if host != 0xff && disk[i] != 0xff {
				equal, all = equal && disk[i] == host, all && fits(disk[i], host)
			}
		}
		j.st2 &^= st2Equal | st2NotSatisfied
		switch {
		case !all:
			j.st2 |= st2NotSatisfied
		case equal:
			j.st2 |= st2Equal
		}
		return !all
	}
}

// next goes on to the next sector, or ends: more says whether the command wants one,
// terminal that DMA does not.
func (c *Controller) next(more, terminal bool) {
	j := &c.job
	has := j.advance()
	code := j.code & 0x1f
	j.left--
	switch {
	case !more || terminal || j.count && j.left == 0:
		c.finish(true)
	case has:
		c.later(workSector, sectorTime)
	case code == cmdVerify && !j.count || j.st2&st2NotSatisfied != 0:
		c.finish(true)
	default:
		j.st1 |= st1EndOfTrack
		c.finish(false)
	}
}

// advance makes the ID that of the next sector, and says whether the command reaches it:
// see the data sheet's table of results of READ DATA.
func (j *job) advance() bool {
	by := uint8(1)
	if code := j.code & 0x1f; (code == cmdScanEqual || code == cmdScanLow || code == cmdScanHigh) && j.step == 2 {
		by = 2
	}
	if at := j.id[idSector]; at != j.last && at+by > at && (by == 1 || at+by <= j.last) {
		j.id[idSector] += by
		return true
	}
	j.id[idSector] = 1
	if j.code&flagMulti != 0 {
		j.id[idHead] ^= 1
		j.unit ^= 4
		if j.head() == 1 {
			return true
		}
	}
	j.id[idCylinder]++
	return false
}

// finish ends a command with its results, and interrupts.
func (c *Controller) finish(ok bool) {
	j := &c.job
	st0 := j.unit
	if !ok {
		st0 |= st0Failed
	}
	c.answer(st0, j.st1, j.st2, j.id[idCylinder], j.id[idHead], j.id[idSector], j.id[idSize])
	c.interrupt, c.resets = true, 0
}

func (j *job) state(s *snap.Stream) {
	snap.Int(s, &j.code, &j.last, &j.left, &j.step, &j.fill, &j.st1, &j.st2)
	snap.Below(s, &j.unit, 8)
	snap.Ints(s, j.id[:])
	s.Bool(&j.count)
	s.Bytes(j.data[:])
	snap.Below(s, &j.at, len(j.data))
	snap.Below(s, &j.size, len(j.data)+1)
}

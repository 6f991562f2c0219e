package fdc

import "slices"

// The longest command and result.
const (
	mostCommand = 9
	mostResult  = 10
)

// Bits of commands' first bytes.
const (
	flagSkip  = 1 << 5
	flagMFM   = 1 << 6
	flagMulti = 1 << 7
	flagLock  = 1 << 7
	flagUp    = 1 << 6 // of RELATIVE SEEK
)

// Bits of SPECIFY and CONFIGURE.
const (
	specifyNoDMA = 1 << 0

	configNoPoll      = 1 << 4
	configNoFIFO      = 1 << 5
	configImpliedSeek = 1 << 6
)

// command is a row of the data sheet's table of commands.
type command struct {
	code   uint8
	flags  uint8 // of the first byte
	length int
	do     func(c *Controller)
}

// Commands by the low bits of their first bytes.
const (
	cmdReadTrack    = 0x02
	cmdSpecify      = 0x03
	cmdSenseDrive   = 0x04
	cmdWrite        = 0x05
	cmdRead         = 0x06
	cmdRecalibrate  = 0x07
	cmdSense        = 0x08
	cmdWriteDeleted = 0x09
	cmdReadID       = 0x0a
	cmdReadDeleted  = 0x0c
	cmdFormat       = 0x0d
	cmdDump         = 0x0e
	cmdSeek         = 0x0f
	cmdVersion      = 0x10
	cmdScanEqual    = 0x11
	cmdPerpendic    = 0x12
	cmdConfigure    = 0x13
	cmdLock         = 0x14
	cmdVerify       = 0x16
	cmdScanLow      = 0x19
	cmdScanHigh     = 0x1d
	cmdRelative     = 0x8f
)

var invalid = command{length: 1, do: func(c *Controller) { c.answer(st0Invalid) }}

var commands []command

func init() { // they lead to what looks for commands
	commands = []command{
		{cmdReadTrack, flagMFM | flagSkip, 9, (*Controller).startData},
		{cmdSpecify, 0, 3, func(c *Controller) { copy(c.specify[:], c.command[1:]) }},
		{cmdSenseDrive, 0, 2, (*Controller).senseDrive},
		{cmdWrite, flagMulti | flagMFM, 9, (*Controller).startData},
		{cmdRead, flagMulti | flagMFM | flagSkip, 9, (*Controller).startData},
		{cmdRecalibrate, 0, 2, (*Controller).recalibrate},
		{cmdSense, 0, 1, (*Controller).sense},
		{cmdWriteDeleted, flagMulti | flagMFM, 9, (*Controller).startData},
		{cmdReadID, flagMFM, 2, (*Controller).readID},
		{cmdReadDeleted, flagMulti | flagMFM | flagSkip, 9, (*Controller).startData},
		{cmdFormat, flagMFM, 6, (*Controller).startFormat},
		{cmdDump, 0, 1, (*Controller).dump},
		{cmdSeek, 0, 3, func(c *Controller) { c.startSeek(c.command[1], int(c.command[2]), st0SeekEnd) }},
		{cmdRelative, flagUp, 3, (*Controller).relativeSeek},
		{cmdVersion, 0, 1, func(c *Controller) { c.answer(0x90) }},
		{cmdScanEqual, flagMulti | flagMFM | flagSkip, 9, (*Controller).startData},
		{cmdPerpendic, 0, 2, (*Controller).setPerpendicular},
		{cmdConfigure, 0, 4, func(c *Controller) { copy(c.configure[:], c.command[2:]) }},
		{cmdLock, flagLock, 1, (*Controller).lock},
		{cmdVerify, flagMulti | flagMFM | flagSkip, 9, (*Controller).startData},
		{cmdScanLow, flagMulti | flagMFM | flagSkip, 9, (*Controller).startData},
		{cmdScanHigh, flagMulti | flagMFM | flagSkip, 9, (*Controller).startData},
	}
}

// find is the command that a byte begins.
func find(b uint8) *command {
	i := slices.IndexFunc(commands, func(k command) bool { return b&^k.flags == k.code })
	if i < 0 {
		return &invalid
	}
	return &commands[i]
}

// setPerpendicular keeps the bits of drives unless OW says that they are meant.
func (c *Controller) setPerpendicular() {
	v := c.command[1]
	c.perpendicular = c.perpendicular&^3 | v&3
	if v&0x80 != 0 {
		c.perpendicular = v & 0x3f
	}
}

func (c *Controller) lock() {
	c.locked = c.command[0]&flagLock != 0
	c.answer(c.command[0] & flagLock >> 3)
}

// dump is DUMPREG.
func (c *Controller) dump() {
	flags := c.perpendicular
	if c.locked {
		flags |= 0x80
	}
	d := &c.drives
	c.answer(d[0].cylinder, d[1].cylinder, d[2].cylinder, d[3].cylinder,
		c.specify[0], c.specify[1], c.job.last, flags, c.configure[0], c.configure[1])
}

// senseDrive answers ST3.
func (c *Controller) senseDrive() {
	v := 0x28 | c.command[1]&7 // ready, two sides
	d := c.drive(c.command[1])
	if d.track == 0 && c.exists(c.command[1]) {
		v |= 1 << 4
	}
	if d.disk != nil && d.disk.ReadOnly() {
		v |= 1 << 6
	}
	c.answer(v)
}

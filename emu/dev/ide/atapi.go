package ide

import "encoding/binary"

const (
	packetSize = 12
	mostLimit  = 0xfffe // of bytes for an interrupt
	featureDMA = 1
)

// sense is why a packet command failed: key, code and qualifier (MMC-3, annex F).
type sense [3]uint8

var (
	senseMedium  = sense{3, 0x11, 0x00} // unrecovered read error
	senseNone    = sense{2, 0x3a, 0x00} // no medium
	senseCommand = sense{5, 0x20, 0x00} // no such command
	senseRange   = sense{5, 0x21, 0x00}
	senseField   = sense{5, 0x24, 0x00} // something in the packet
	senseLocked  = sense{5, 0x53, 0x02}
	senseMode    = sense{5, 0x64, 0x00} // not for this kind of sector
	senseChanged = sense{6, 0x28, 0x00}
	senseAborted = sense{0xb, 0x00, 0x00}
)

// packetCommand is a row of the commands in packets.
type packetCommand struct {
	do     func(ch *channel, d *drive, p []byte)
	always bool // also when the medium has changed and nobody knows
	medium bool // only with one
}

var packets = [256]packetCommand{
	0x00: {do: func(ch *channel, _ *drive, _ []byte) { ch.done() }, medium: true}, // TEST UNIT READY
	0x03: {do: requestSense, always: true},
	0x12: {do: inquiry, always: true},
	0x1b: {do: startStop},
	0x1e: {do: preventRemoval},
	0x25: {do: readCapacity, medium: true},
	0x28: {do: func(ch *channel, d *drive, p []byte) { ch.readCD(d, p, uint32(binary.BigEndian.Uint16(p[7:]))) }, medium: true},
	0x2b: {do: seek, medium: true},
	0x43: {do: readTOC, medium: true},
	0x46: {do: getConfiguration, always: true},
	0x4a: {do: getEvent, always: true},
	0x51: {do: discInformation, medium: true},
	0x5a: {do: modeSense},
	0xa8: {do: func(ch *channel, d *drive, p []byte) { ch.readCD(d, p, binary.BigEndian.Uint32(p[6:])) }, medium: true},
	0xbb: {do: func(ch *channel, _ *drive, _ []byte) { ch.done() }}, // SET CD SPEED
	0xbd: {do: mechanismStatus},
	0xbe: {do: readRaw, medium: true},
}

// takePacket waits for one.
func takePacket(ch *channel, d *drive) {
	ch.job.packet = true
	ch.job.dma = d.regs[tfFeature][0]&featureDMA != 0
	ch.job.block = int64(d.regs[tfMid][0]) | int64(d.regs[tfHigh][0])<<8
	if ch.job.block == 0 || ch.job.block > mostLimit {
		ch.job.block = mostLimit
	}
	d.regs[tfCount][0] = reasonCommand
	ch.buf = make([]byte, packetSize)
	ch.phase, ch.at, ch.end = packet, 0, packetSize
	d.status = ready | statusDRQ
}

// packet does the command of one that has come.
func (ch *channel) packet() {
	d, p := &ch.drives[ch.job.unit], ch.buf
	ch.phase, ch.buf, ch.at, ch.end = idle, nil, 0, 0
	switch row := &packets[p[0]]; {
	case row.do == nil:
		ch.check(d, senseCommand)
	case d.changed && !row.always:
		d.changed = false
		ch.check(d, senseChanged)
	case row.medium && !d.loaded():
		ch.check(d, senseNone)
	default:
		if p[0] != 0x03 {
			d.sense = sense{}
		}
		row.do(ch, d, p)
	}
}

// check fails a packet command.
func (ch *channel) check(d *drive, s sense) {
	d.sense = s
	ch.fail(s[0]<<4 | errAbort)
}

// give answers with bytes, at most as many as the packet allows.
func (ch *channel) give(b []byte, most int) {
	if most = min(most, len(b)); most == 0 {
		ch.done()
		return
	}
	if ch.job.block%2 != 0 && ch.job.block < int64(most) { // only the last block may be odd
		ch.job.block--
	}
	if ch.job.block == 0 {
		ch.check(&ch.drives[ch.job.unit], senseField)
		return
	}
	ch.answer(b[:most])
}

func (d *drive) loaded() bool { return d.Disk != nil && !d.open }

// blocks is how many of 2048 bytes a CD has.
func (d *drive) blocks() int64 {
	if !d.loaded() {
		return 0
	}
	return min((d.Disk.Size()+cdBlock-1)/cdBlock, 1<<31)
}

// readCD sends blocks.
func (ch *channel) readCD(d *drive, p []byte, n uint32) {
	at := int64(binary.BigEndian.Uint32(p[2:]))
	switch {
	case at+int64(n) > d.blocks():
		ch.check(d, senseRange)
		return
	case n == 0:
		ch.done()
		return
	}
	if ch.job.block%2 != 0 {
		ch.job.block--
	}
	if ch.job.block == 0 {
		ch.check(d, senseField)
		return
	}
	ch.job.pos, ch.job.left = at*cdBlock, int64(n)*cdBlock
	ch.transfer()
}

// readRaw is READ CD of the data of sectors, which is all that a medium has here.
func readRaw(ch *channel, d *drive, p []byte) {
	n := uint32(p[6])<<16 | uint32(p[7])<<8 | uint32(p[8])
	switch p[9] & 0xf8 {
	case 0:
		ch.done()
	case 0x10:
		ch.readCD(d, p, n)
	default:
		ch.check(d, senseMode)
	}
}

func seek(ch *channel, d *drive, p []byte) {
	if int64(binary.BigEndian.Uint32(p[2:])) >= d.blocks() {
		ch.check(d, senseRange)
		return
	}
	ch.done()
}

func startStop(ch *channel, d *drive, p []byte) {
	const load, start = 2, 1
	if p[4]&load != 0 {
		if p[4]&start == 0 && d.locked {
			ch.check(d, senseLocked)
			return
		}
		was := d.open
		d.open = p[4]&start == 0
		d.changed = d.changed || was && !d.open && d.Disk != nil
		d.event = d.event || was != d.open
	}
	ch.done()
}

func preventRemoval(ch *channel, d *drive, p []byte) {
	d.locked = p[4]&1 != 0
	ch.done()
}

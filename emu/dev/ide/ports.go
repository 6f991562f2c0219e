package ide

import "panda/emu/dev"

// Ports of a channel (ATA/ATAPI-7 volume 2, 5.1): those of regs are 1 to 5.
const (
	portDataReg = 0
	portFeature = 1
	portHigh    = 5
	portDevice  = 6
	portStatus  = 7
)

// Bits of the device control register (ATA/ATAPI-7 volume 1, 5.6).
const (
	controlNoIRQ = 1 << 1
	controlReset = 1 << 2
	controlOld   = 1 << 7 // the values before are read
)

// taskFile are the eight ports of a channel. All but those of data are of a byte.
type taskFile struct{ ch *channel }

// In reads data, or registers.
func (p taskFile) In(port uint16, size int) (v uint32) {
	if port&7 == portDataReg && size > 1 {
		return p.ch.readData(size)
	}
	for i := range size {
		v |= uint32(p.ch.read(int(port&7)+i)) << (8 * i)
	}
	return v
}

// Out writes data, or registers.
func (p taskFile) Out(port uint16, size int, v uint32) {
	if port&7 == portDataReg && size > 1 {
		p.ch.writeData(size, v)
		return
	}
	for i := range size {
		p.ch.write(int(port&7)+i, uint8(v>>(8*i)))
	}
}

func (ch *channel) empty() bool { return !ch.drives[0].present && !ch.drives[1].present }

func (ch *channel) read(reg int) uint8 {
	d, old := ch.drive(), ch.control>>7&1
	switch {
	case reg == portStatus:
		v := ch.status()
		if ch.control&controlNoIRQ != 0 { // who polls has seen the end
			ch.timer.Set(dev.Never)
		}
		ch.lower()
		return v
	case ch.empty():
		return 0
	case reg == portDataReg:
		return uint8(ch.readData(1))
	case reg == portFeature:
		return d.err
	case reg == portDevice:
		return d.device&^deviceUnit | deviceOnes | ch.selected<<4
	}
	return d.regs[reg-1][old]
}

func (ch *channel) status() uint8 {
	d := ch.drive()
	if ch.control&controlReset != 0 && d.present {
		return statusBSY
	}
	return d.status
}

// write goes to both drives (ATA/ATAPI-7 volume 2, 5.1.1).
func (ch *channel) write(reg int, v uint8) {
	ch.control &^= controlOld
	switch {
	case reg == portDataReg:
		ch.writeData(1, uint32(v))
	case reg == portDevice:
		ch.selected = v >> 4 & 1
		ch.drives[0].device, ch.drives[1].device = v, v
	case reg == portStatus:
		ch.command(v)
	case ch.drive().status&statusBSY == 0:
		for i := range ch.drives {
			r := &ch.drives[i].regs[reg-1]
			r[1], r[0] = r[0], v
		}
	}
}

// control is the port of alternate status and device control.
type control struct{ ch *channel }

// In reads the status, and ends no interrupt.
func (p control) In(uint16, int) uint32 { return uint32(p.ch.status()) }

// Out resets the drives while its bit is set.
func (p control) Out(_ uint16, _ int, v uint32) {
	ch := p.ch
	was := ch.control
	ch.control = uint8(v)
	if uint8(v)&controlReset != 0 && was&controlReset == 0 {
		ch.stop()
		ch.selected = 0
		for i := range ch.drives {
			ch.drives[i].reset()
		}
	}
	ch.signal()
}

// readData gives the guest what it waits for, a word or two at once.
func (ch *channel) readData(size int) (v uint32) {
	if ch.phase != sending {
		return 0
	}
	n := min(size, ch.end-ch.at)
	for i := range n {
		v |= uint32(ch.buf[ch.at+i]) << (8 * i)
	}
	if ch.at += n; ch.at == ch.end {
		ch.sent()
	}
	return v
}

func (ch *channel) writeData(size int, v uint32) {
	if ch.phase != taking && ch.phase != packet {
		return
	}
	n := min(size, ch.end-ch.at)
	for i := range n {
		ch.buf[ch.at+i] = uint8(v >> (8 * i))
	}
	if ch.at += n; ch.at < ch.end {
		return
	}
	if ch.phase == packet {
		ch.packet()
	} else {
		ch.taken()
	}
}

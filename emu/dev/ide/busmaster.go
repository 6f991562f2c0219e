package ide

import (
	"encoding/binary"

	"panda/emu/guest"
	"panda/emu/snap"
)

// Bits of the command and status registers of the bus master (1.0, 2.1 and 2.2).
const (
	bmStart     = 1 << 0
	bmToMemory  = 1 << 3
	bmActive    = 1 << 0
	bmError     = 1 << 1
	bmInterrupt = 1 << 2
	bmCapable   = 1<<5 | 1<<6

	prdLast    = 1 << 31
	prdSize    = 8
	prdEntries = 8192 // a table does not leave its 64 KiB
)

// busMaster is the part of a channel that moves data by itself.
type busMaster struct {
	command, status uint8
	table           uint32

	entry uint32 // the number of the next one in the table
	at    uint32 // what is left of the present one
	left  uint32
	last  bool
}

func (m *busMaster) state(s *snap.Stream) {
	snap.Int(s, &m.command, &m.status)
	snap.Int(s, &m.table, &m.at, &m.left)
	snap.Below(s, &m.entry, prdEntries+1)
	s.Bool(&m.last)
}

// master are the 16 ports of both channels.
type master struct{ c *Controller }

// In reads registers byte by byte.
func (p master) In(port uint16, size int) (v uint32) {
	for i := range size {
		at := port&15 + uint16(i)
		m := &p.c.channels[at>>3&1].bm
		regs := [8]uint8{m.command, 0, m.status, 0}
		binary.LittleEndian.PutUint32(regs[4:], m.table)
		v |= uint32(regs[at&7]) << (8 * i)
	}
	return v
}

// Out writes registers byte by byte.
func (p master) Out(port uint16, size int, v uint32) {
	for i := range size {
		at := port&15 + uint16(i)
		p.c.channels[at>>3&1].setMaster(int(at&7), uint8(v>>(8*i)))
	}
}

func (ch *channel) setMaster(reg int, v uint8) {
	m := &ch.bm
	switch {
	case reg == 0:
		was := m.command
		m.command = v & (bmStart | bmToMemory)
		switch {
		case v&bmStart == 0:
			m.status &^= bmActive
		case was&bmStart == 0:
			m.status |= bmActive
			m.entry, m.left, m.last = 0, 0, false
			if ch.phase == dmaReady {
				ch.runDMA()
			}
		}
	case reg == 2:
		m.status = m.status&(bmActive|bmError|bmInterrupt)&^(v&(bmError|bmInterrupt)) | v&bmCapable
	case reg >= 4:
		shift := 8 * (reg - 4)
		m.table = (m.table&^(0xff<<shift) | uint32(v)<<shift) &^ 3
	}
}

// Results of moving.
const (
	moved = iota
	short // the table has no more room
	wrong // it lies, or leads, outside memory
)

// move moves bytes from or to where the table says next.
func (ch *channel) move(b []byte, toMemory bool) int {
	m, memory := &ch.bm, ch.c.f.DMA()
	for len(b) > 0 {
		if m.left == 0 && !ch.nextEntry() {
			if m.last || m.entry >= prdEntries {
				return short
			}
			return wrong
		}
		n := min(uint32(len(b)), m.left)
		do := memory.Read
		if toMemory {
			do = memory.Write
		}
		if do(guest.PhysAddr(m.at), b[:n]) != nil {
			return wrong
		}
		b, m.at, m.left = b[n:], m.at+n, m.left-n
	}
	return moved
}

// nextEntry takes the next physical region descriptor (1.0, 1.2).
func (ch *channel) nextEntry() bool {
	m := &ch.bm
	var e [prdSize]byte
	if m.last || m.entry >= prdEntries || ch.c.f.DMA().Read(guest.PhysAddr(m.table+m.entry*prdSize), e[:]) != nil {
		return false
	}
	m.entry++
	m.at = binary.LittleEndian.Uint32(e[:]) &^ 1
	size := binary.LittleEndian.Uint32(e[4:])
	m.last = size&prdLast != 0
	if m.left = size & 0xfffe; m.left == 0 {
		m.left = 64 << 10
	}
	return true
}

// runDMA does the rest of a command by DMA. What the table has no room for waits for a
// reset, as a drive does.
func (ch *channel) runDMA() {
	result := moved
	if len(ch.buf) > 0 {
		result = ch.move(ch.buf, true)
		ch.buf = nil
	}
	for ch.job.left > 0 && result == moved {
		if ch.job.write {
			ch.buf = make([]byte, min(ch.job.left, mostBuf))
			if result = ch.move(ch.buf, false); result == moved && !ch.flushBuf() {
				return
			}
		} else if !ch.fill(mostBuf) {
			return
		} else {
			result = ch.move(ch.buf, true)
		}
		ch.buf, ch.at, ch.end = nil, 0, 0
	}
	ch.endDMA(result)
}

func (ch *channel) endDMA(result int) {
	m := &ch.bm
	switch {
	case result == wrong:
		m.status = m.status&^bmActive | bmError
		if ch.job.packet {
			ch.check(&ch.drives[ch.job.unit], senseAborted)
			return
		}
		ch.fail(errAbort)
	case result == short:
		m.status &^= bmActive
	default:
		if m.last && m.left == 0 {
			m.status &^= bmActive
		}
		ch.done()
	}
}

package e1000

import (
	"encoding/binary"

	"panda/emu/guest"
)

// Bits of the receive control register (13.4.22).
const (
	rctlEnable    = 1 << 1
	rctlUnicast   = 1 << 3
	rctlMulticast = 1 << 4
	rctlLong      = 1 << 5
	rctlBroadcast = 1 << 15
	rctlVLAN      = 1 << 18
	rctlBSEX      = 1 << 25
	rctlStrip     = 1 << 26
)

const (
	descSize = 16

	rxDone     = 1 << 0
	rxEnd      = 1 << 1
	rxNoSums   = 1 << 2 // the device has looked at no checksum
	rxVLAN     = 1 << 3
	shortFrame = 60
	longFrame  = 1518 // without the checksum, with a tag

	statGPRC  = 0x4074
	statBPRC  = 0x4078
	statMPRC  = 0x407c
	statGORC  = 0x4088
	statTOR   = 0x40c0
	statTPR   = 0x40d0
	statPRC64 = 0x405c
	statRNBC  = 0x40a0
)

// ring is where a queue of descriptors is.
type ring struct {
	base             uint64
	size, head, tail uint32
}

// ring reads the registers of one, the first of which is its base address. ok is false if
// there is no such ring.
func (e *E1000) ring(reg int) (r ring, ok bool) {
	r = ring{
		uint64(e.regs[reg/4+1])<<32 | uint64(e.regs[reg/4]),
		min(e.regs[reg/4+2]/descSize, 1<<16), e.regs[reg/4+4], e.regs[reg/4+6],
	}
	return r, r.head < r.size
}

func (e *E1000) roomMade() {
	if e.Ready != nil && e.regs[regRCTL/4]&rctlEnable != 0 {
		e.Ready()
	}
}

// bufferSize is how much each descriptor has room for.
func (e *E1000) bufferSize() int {
	rctl := e.regs[regRCTL/4]
	n := 2048 >> (rctl >> 16 & 3)
	if rctl&rctlBSEX != 0 && n < 2048 {
		n *= 16
	}
	return n
}

// Receive is a frame for the guest, without its checksum. One for which there is no room is
// not taken; one that is not for this card is.
func (e *E1000) Receive(frame []byte) (taken bool) {
	rctl := e.regs[regRCTL/4]
	switch {
	case rctl&rctlEnable == 0 || !e.f.Master():
		return false
	case len(frame) < 14 || len(frame) > mostFrame-4 || len(frame) > longFrame && rctl&rctlLong == 0 || !e.wants(frame):
		return true
	}
	b := append(make([]byte, 0, len(frame)+shortFrame), frame...)
	status, tag := uint8(rxDone|rxNoSums), uint16(0)
	if e.regs[regCTRL/4]&ctrlVLAN != 0 && e.tagged(b) {
		status, tag = status|rxVLAN, binary.BigEndian.Uint16(b[14:])
		b = append(b[:12], b[16:]...)
	}
	for len(b) < shortFrame {
		b = append(b, 0)
	}
	whole := b
	if rctl&rctlStrip == 0 {
		b = append(b, 0, 0, 0, 0)
	}
	r, ok := e.ring(regRDBAL)
	need := uint32((len(b) + e.bufferSize() - 1) / e.bufferSize())
	if !ok || (r.tail+r.size-r.head)%r.size < need || r.tail >= r.size {
		e.count(statRNBC, 1)
		return false
	}
	e.scatter(r, b, status, tag)
	e.counted(whole, statGPRC, statBPRC, statMPRC, statGORC, statTPR, statPRC64, statTOR)
	return true
}

// scatter writes a frame into the buffers of as many descriptors as it takes.
func (e *E1000) scatter(r ring, b []byte, status uint8, tag uint16) {
	for len(b) > 0 {
		at := guest.PhysAddr(r.base + uint64(r.head)*descSize)
		part := b[:min(len(b), e.bufferSize())]
		b = b[len(part):]
		var d [descSize]byte
		if e.mem.Read(at, d[:]) == nil {
			if len(b) == 0 {
				status |= rxEnd
			}
			if to := binary.LittleEndian.Uint64(d[:]); to != 0 { // a null descriptor has no buffer (3.2.3)
				e.mem.Write(guest.PhysAddr(to), part) // outside memory there is nobody to be told
			}
			binary.LittleEndian.PutUint32(d[8:], uint32(len(part)))
			d[12], d[13] = status, 0
			binary.LittleEndian.PutUint16(d[14:], tag)
			e.mem.Write(at, d[:]) // it was read there
		}
		r.head = (r.head + 1) % r.size
	}
	e.regs[regRDH/4] = r.head
	cause := uint32(causeRXT0)
	if free := (r.tail + r.size - r.head) % r.size; free <= r.size>>(1+e.regs[regRCTL/4]>>8&3) {
		cause |= causeRXDMT0
	}
	e.raise(cause)
}

// tagged reports whether a frame has the tag of a VLAN.
func (e *E1000) tagged(frame []byte) bool {
	return len(frame) >= 18 && uint32(binary.BigEndian.Uint16(frame[12:])) == e.regs[regVET/4]&0xffff
}

// wants is the filter of addresses (3.2.1).
func (e *E1000) wants(frame []byte) bool {
	rctl := e.regs[regRCTL/4]
	if rctl&rctlVLAN != 0 && e.tagged(frame) {
		id := binary.BigEndian.Uint16(frame[14:]) & 0xfff
		if e.regs[regVFTA/4+int(id>>5)]>>(id&31)&1 == 0 {
			return false
		}
	}
	multicast := frame[0]&1 != 0
	switch {
	case isBroadcast(frame) && rctl&rctlBroadcast != 0, multicast && rctl&rctlMulticast != 0, !multicast && rctl&rctlUnicast != 0:
		return true
	}
	low, high := binary.LittleEndian.Uint32(frame), uint32(binary.LittleEndian.Uint16(frame[4:]))
	for i := range raCount {
		if e.regs[regRA/4+2*i] == low && e.regs[regRA/4+2*i+1]&(raValid|0xffff) == raValid|high {
			return true
		}
	}
	if !multicast {
		return false
	}
	hash := high >> [4]uint32{4, 3, 2, 0}[rctl>>12&3] & 0xfff
	return e.regs[regMTA/4+int(hash>>5)]>>(hash&31)&1 != 0
}

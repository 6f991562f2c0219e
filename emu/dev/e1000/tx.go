package e1000

import (
	"encoding/binary"

	"panda/emu/guest"
	"panda/emu/snap"
)

const (
	tctlEnable = 1 << 1
	tctlPad    = 1 << 3

	// Commands of descriptors (3.3.3, 3.3.6 and 3.3.7).
	txEnd      = 1 << 0
	txSum      = 1 << 2 // of a legacy one
	txSegments = 1 << 2 // of others
	txReport   = 1 << 3
	txExtended = 1 << 5
	txVLAN     = 1 << 6

	tucmdTCP  = 1 << 0
	tucmdIP   = 1 << 1
	optionIP  = 1 << 0
	optionTCP = 1 << 1

	statGPTC  = 0x4080
	statGOTC  = 0x4090
	statTOT   = 0x40c8
	statTPT   = 0x40d4
	statPTC64 = 0x40d8
	statMPTC  = 0x40f0
	statBPTC  = 0x40f4
)

// sum is where a checksum goes: over the bytes from start to the one before end, which is
// the end of the frame when it is 0.
type sum struct {
	start, at uint8
	end       uint16
}

// context is a descriptor of what the next ones leave to the card.
type context struct {
	ip, tcp sum
	header  uint8
	mss     uint16
	command uint8
}

func (c *context) state(s *snap.Stream) {
	for _, m := range []*sum{&c.ip, &c.tcp} {
		snap.Int(s, &m.start, &m.at)
		snap.Int(s, &m.end)
	}
	snap.Int(s, &c.header, &c.command)
	snap.Int(s, &c.mss)
}

// options are what the first descriptor of a frame says of it.
type options struct {
	first    bool // it has come
	segments bool
	sums     uint8
	vlan     bool
	tag      uint16
}

func (o *options) state(s *snap.Stream) {
	s.Bool(&o.first, &o.segments, &o.vlan)
	snap.Int(s, &o.sums)
	snap.Int(s, &o.tag)
}

// transmit sends what the ring has.
func (e *E1000) transmit() {
	r, ok := e.ring(regTDBAL)
	if !ok || r.tail >= r.size || e.regs[regTCTL/4]&tctlEnable == 0 || !e.f.Master() || r.head == r.tail {
		return
	}
	cause := uint32(causeTXQE)
	for r.head != r.tail {
		at := guest.PhysAddr(r.base + uint64(r.head)*descSize)
		var d [descSize]byte
		if e.mem.Read(at, d[:]) == nil {
			e.descriptor(d[:])
			if d[11]&txReport != 0 {
				d[12] |= rxDone
				e.mem.Write(at, d[:]) // it was read there
				cause |= causeTXDW
			}
		}
		r.head = (r.head + 1) % r.size
	}
	e.regs[regTDH/4] = r.head
	e.raise(cause)
}

// descriptor is one of three kinds.
func (e *E1000) descriptor(d []byte) {
	word := binary.LittleEndian.Uint32(d[8:])
	command, n := d[11], word&0xffff
	if command&txExtended != 0 {
		if n = word & 0xfffff; word>>20&0xf == 0 {
			e.setContext(d)
			return
		}
	}
	if !e.chosen.first {
		e.chosen = options{first: true}
		if command&txExtended != 0 {
			e.chosen.segments, e.chosen.sums = command&txSegments != 0, d[13]&(optionIP|optionTCP)
		}
	}
	e.gather(guest.PhysAddr(binary.LittleEndian.Uint64(d)), n)
	if command&txEnd == 0 {
		return
	}
	if command&(txExtended|txSum) == txSum {
		checksum(e.frame, sum{start: d[13], at: d[10]})
	}
	e.chosen.vlan, e.chosen.tag = command&txVLAN != 0, binary.LittleEndian.Uint16(d[14:])
	if !e.tooLong {
		e.complete()
	}
	e.frame, e.tooLong, e.chosen = nil, false, options{}
}

// gather adds the bytes of a descriptor to the frame.
func (e *E1000) gather(at guest.PhysAddr, n uint32) {
	most := mostFrame
	if e.chosen.segments {
		most = mostTSO
	}
	if e.tooLong = e.tooLong || len(e.frame)+int(n) > most; e.tooLong {
		e.frame = nil
		return
	}
	b := make([]byte, n)
	if e.mem.Read(at, b) != nil {
		e.tooLong = true
	}
	e.frame = append(e.frame, b...)
}

func (e *E1000) setContext(d []byte) {
	word := binary.LittleEndian.Uint16
	e.offload = context{
		ip: sum{d[0], d[1], word(d[2:])}, tcp: sum{d[4], d[5], word(d[6:])},
		command: d[11], header: d[13], mss: word(d[14:]),
	}
}

// complete sends a frame, or the segments of one.
func (e *E1000) complete() {
	c := &e.offload
	if !e.chosen.segments || c.mss == 0 || int(c.header) >= len(e.frame) {
		e.out(e.frame)
		return
	}
	e.count(regTSCTC, 1)
	header, data := e.frame[:c.header], e.frame[c.header:]
	for n := 0; len(data) > 0; n++ {
		part := data[:min(len(data), int(c.mss))]
		data = data[len(part):]
		b := append(append(make([]byte, 0, len(header)+len(part)+4), header...), part...)
		c.segment(b, n, len(data) == 0)
		e.out(b)
	}
}

// add16 adds to a number of 16 bits, if the frame has it.
func add16(b []byte, at int, v uint16) {
	if at+2 <= len(b) {
		binary.BigEndian.PutUint16(b[at:], binary.BigEndian.Uint16(b[at:])+v)
	}
}

// segment makes the header of a frame that of its n-th segment (3.5.7).
func (c *context) segment(b []byte, n int, last bool) {
	ip, tcp := int(c.ip.start), int(c.tcp.start)
	if c.command&tucmdIP != 0 {
		set16(b, ip+2, uint16(len(b)-ip))
		add16(b, ip+4, uint16(n))
	} else {
		set16(b, ip+4, uint16(len(b)-ip-40))
	}
	length := len(b) - tcp
	if c.command&tucmdTCP == 0 {
		set16(b, tcp+4, uint16(length))
	} else if tcp+14 <= len(b) {
		at := b[tcp+4:]
		binary.BigEndian.PutUint32(at, binary.BigEndian.Uint32(at)+uint32(n)*uint32(c.mss))
		if !last {
			b[tcp+13] &^= 1<<0 | 1<<3 // FIN and PSH
		}
	}
	// The driver's sum of the pseudo header lacks the length.
	if at := int(c.tcp.at); length > 0 && at+2 <= len(b) {
		v := uint32(binary.BigEndian.Uint16(b[at:])) + uint32(length)
		set16(b, at, uint16(v+v>>16))
	}
}

func set16(b []byte, at int, v uint16) {
	if at+2 <= len(b) {
		binary.BigEndian.PutUint16(b[at:], v)
	}
}

// checksum is the one of the internet (RFC 1071) over a part of a frame, of which it may
// be a part itself.
func checksum(b []byte, s sum) {
	end := len(b)
	if s.end != 0 {
		end = min(end, int(s.end)+1)
	}
	if int(s.start) >= end || int(s.at)+2 > len(b) {
		return
	}
	total := uint32(0)
	for i, v := range b[s.start:end] {
		total += uint32(v) << (8 * (1 - i&1))
	}
	for total>>16 != 0 {
		total = total&0xffff + total>>16
	}
	binary.BigEndian.PutUint16(b[s.at:], ^uint16(total))
}

// out completes a frame and sends it.
func (e *E1000) out(b []byte) {
	if e.chosen.sums&optionTCP != 0 {
		checksum(b, e.offload.tcp)
	}
	if e.chosen.sums&optionIP != 0 {
		checksum(b, e.offload.ip)
	}
	if e.chosen.vlan && e.regs[regCTRL/4]&ctrlVLAN != 0 && len(b) >= 12 {
		tag := binary.BigEndian.AppendUint16(nil, uint16(e.regs[regVET/4]))
		tag = binary.BigEndian.AppendUint16(tag, e.chosen.tag)
		b = append(b[:12:12], append(tag, b[12:]...)...)
	}
	for e.regs[regTCTL/4]&tctlPad != 0 && len(b) < shortFrame {
		b = append(b, 0)
	}
	if len(b) < 14 {
		return
	}
	e.counted(b, statGPTC, statBPTC, statMPTC, statGOTC, statTPT, statPTC64, statTOT)
	e.send(b)
}
